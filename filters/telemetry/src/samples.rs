//! Samples: lines in the log about single requests that were slow or failed, so many a minute.

use gatehouse_filter::{Ended, LinesAMinute, RequestLine};
use serde_json::{Map, Value, json};

/// What is told of single requests.
#[derive(Debug)]
pub(crate) struct Samples {
    /// Those that took at least so many milliseconds.
    pub(crate) slow: Option<u64>,
    /// Those that were answered with 500 or more, or not at all.
    pub(crate) errors: bool,
    pub(crate) lines: LinesAMinute,
}

impl Samples {
    /// Tells of a request, where there is a reason to. `took` is in milliseconds.
    pub(crate) fn take(
        &self,
        asked: &RequestLine,
        status: Option<u16>,
        took: u64,
        ended: &Ended<'_>,
    ) {
        let is_slow = self.slow.is_some_and(|slow| took >= slow);
        let has_failed = self.errors && status.is_none_or(|status| status >= 500);
        let kind = match (has_failed, is_slow) {
            (true, _) => "error",
            (false, true) => "slow",
            (false, false) => return,
        };
        let host = ended.host();
        self.lines.tell(
            host.now(),
            |line| host.warn(&line),
            "samples",
            || {
                let identity = ended.identity();
                let consumer =
                    identity.as_deref().and_then(|identity| identity.consumer.as_deref());
                let route = ended.route().map(|route| String::from_utf8_lossy(&route).into_owned());
                let members = [
                    ("sample", json!(kind)),
                    ("method", json!(asked.method)),
                    ("path", json!(asked.path)),
                    ("status", json!(status)),
                    ("milliseconds", json!(took)),
                    ("route", json!(route)),
                    ("consumer", json!(consumer)),
                    ("request_id", json!(asked.id)),
                ];
                let members = members.into_iter().filter(|(_, value)| !value.is_null());
                let members: Map<_, _> =
                    members.map(|(name, value)| (name.to_owned(), value)).collect();
                Value::Object(members).to_string()
            },
        );
    }
}
