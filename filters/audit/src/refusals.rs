//! Lines in the log about what was refused.

use crate::decided::who;
use crate::note;
use crate::record::{FilterName, of_request};
use gatehouse_filter::{Attribute, LinesAMinute, RequestLine, Response};
use serde_json::{Value, json};

/// Who was refused what, and why: so many lines a minute.
#[derive(Debug)]
pub(crate) struct Refusals {
    pub(crate) lines: LinesAMinute,
}

impl Refusals {
    /// Tells of a response by which one of these filters has refused a request.
    pub(crate) fn see(&self, filters: &[FilterName], line: &RequestLine, response: &Response<'_>) {
        let Some((filter, code)) = refused(filters, response) else { return };
        let host = response.callouts();
        self.lines.tell(
            host.now(),
            |line| host.warn(&line),
            "refusals",
            || {
                let mut members = of_request(line, response);
                let address = host.attribute(Attribute::SourceAddress);
                let address = address.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
                let note =
                    host.attribute(Attribute::FilterState(&filter.state)).unwrap_or_default();
                let mut note = note::read(&note);
                for (name, value) in [
                    ("refused", Some(json!(code))),
                    ("client", address.map(Value::String)),
                    ("identity", who(host).map(Value::Object)),
                    ("rule", note.remove("rule")),
                    ("why", note.remove("why")),
                ] {
                    members.extend(value.map(|value| (name.to_owned(), value)));
                }
                Value::Object(members).to_string()
            },
        );
    }
}

/// Which of these filters has refused the request of this response, and its code.
pub(crate) fn refused<'a>(
    filters: &'a [FilterName],
    response: &Response<'_>,
) -> Option<(&'a FilterName, String)> {
    if response.status().is_none_or(|status| status < 400) {
        return None;
    }
    let details = response.host().attribute(Attribute::CodeDetails)?;
    let code = String::from_utf8(details).ok()?;
    // What Envoy says of an upstream's answer, or of its own, is the code of no filter.
    let is_by = |filter: &&FilterName| {
        code.strip_prefix(&filter.name).is_some_and(|rest| rest.starts_with('.'))
    };
    Some((filters.iter().find(is_by)?, code))
}
