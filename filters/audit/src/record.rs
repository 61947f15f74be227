//! The record: one JSON object of all decisions.

use crate::decided::Decided;
use gatehouse_filter::{RequestLine, Response};
use serde_json::{Map, Value, json};

/// Where the record is in filter state.
pub(crate) const STATE: &str = "gatehouse.record";

/// What was decided about the request of this response.
pub(crate) fn of(decided: Decided<'_>, line: &RequestLine, response: &Response<'_>) -> Value {
    let mut record = of_request(line, response);
    if let Some(who) = decided.identity {
        record.insert("identity".to_owned(), Value::Object(who));
    }
    let decisions = decided.decisions.into_iter();
    let decisions: Map<_, _> = decisions
        .map(|(filter, decision)| (filter.name.clone(), Value::Object(decision)))
        .collect();
    record.insert("decisions".to_owned(), Value::Object(decisions));
    for (member, field) in [("cache_status", "cache-status"), ("rate_limit", "ratelimit")] {
        if let Some(value) = response.headers.first(field) {
            record.insert(member.to_owned(), json!(String::from_utf8_lossy(value)));
        }
    }
    Value::Object(record)
}

/// What was asked for, and the status of the answer: what a line of a log begins with.
pub(crate) fn of_request(line: &RequestLine, response: &Response<'_>) -> Map<String, Value> {
    let members = [
        ("method", json!(line.method)),
        ("path", json!(line.path)),
        ("request_id", json!(line.id)),
        ("status", json!(response.status())),
    ];
    let members = members.into_iter().filter(|(_, value)| !value.is_null());
    members.map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A filter, as it is called in codes and in filter state.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct FilterName {
    /// `jwt_auth`
    pub(crate) name: String,
    /// `gatehouse.jwt_auth`
    pub(crate) state: String,
}

impl FilterName {
    /// By its name as folders and modules spell it.
    pub(crate) fn of(name: &str) -> Self {
        let name = name.replace('-', "_");
        Self { state: format!("gatehouse.{name}"), name }
    }
}
