//! A running gateway that several cases share.

use std::sync::{Mutex, PoisonError};

use gatehouse_sandbox::raw::{Request, Response};
use gatehouse_sandbox::{Builder, Gateway};
use serde_json::Value;

use super::trap;

/// A gateway with one worker on which requests are sent one at a time, so that the n-th line of the
/// access log belongs to the n-th request.
///
/// Kept in a static by the cases that share it. The sandbox ends its Envoy together with this
/// process.
pub(crate) struct Shared {
    gateway: Gateway,
    /// Requests sent so far; held while one is under way.
    sent: Mutex<usize>,
}

/// A request's answer, and what the access log says of it.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) response: Response,
    pub(crate) log: Value,
}

impl Shared {
    /// Starts the gateway.
    #[track_caller]
    pub(crate) fn start(builder: Builder) -> Self {
        Self { gateway: super::start(builder), sent: Mutex::new(0) }
    }

    /// Starts a gateway for a static: it is never given back, so it takes no Envoy from those that
    /// gateways have one after the other.
    #[track_caller]
    pub(crate) fn kept(builder: Builder) -> Self {
        Self::start(builder.alone())
    }

    /// Sends a request on a connection of its own; waits for its line in the access log.
    #[track_caller]
    pub(crate) fn ask(&self, request: Request) -> Exchange {
        self.ask_by(|| self.gateway.request(request))
    }

    /// Sends a request in another way; waits for its line in the access log.
    #[track_caller]
    pub(crate) fn ask_by(&self, send: impl FnOnce() -> Response) -> Exchange {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let response = send();
        *sent += 1;
        let log = self.gateway.access_log_after(*sent).swap_remove(*sent - 1);
        if log["details"] == "wasm_fail_stream" {
            // Said before the case wonders at the status.
            trap::assert_none(&self.gateway);
        }
        Exchange { response, log }
    }

    /// Sends a request on a connection of its own, and does not wait for the access log: for the
    /// many requests that only use up a limit.
    #[track_caller]
    pub(crate) fn send(&self, request: Request) -> Response {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let response = self.gateway.request(request);
        *sent += 1;
        response
    }

    /// Counts a request that was sent another way: it has its line in the access log.
    pub(crate) fn skip(&self) {
        *self.sent.lock().unwrap_or_else(PoisonError::into_inner) += 1;
    }

    /// The gateway, for what sends no request to it.
    pub(crate) fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// Fails the case when a filter has trapped.
    #[track_caller]
    pub(crate) fn assert_no_trap(&self) {
        trap::assert_none(&self.gateway);
    }
}

impl Exchange {
    /// A field of the access log line; empty where it has none.
    pub(crate) fn logged(&self, field: &str) -> &str {
        self.log.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    /// What a filter has left in filter state of its decision, but for what it says of why.
    pub(crate) fn noted(&self, filter: &str) -> &str {
        self.logged(filter).split(";why=").next().unwrap_or_default()
    }

    /// Why, where it says so.
    pub(crate) fn why(&self, filter: &str) -> String {
        let why = self.logged(filter).split(";why=").nth(1).unwrap_or_default();
        let bytes = gatehouse_filter::percent_decoded(why.as_bytes()).collect();
        String::from_utf8(bytes).expect("it was text")
    }

    /// Fails unless the request was refused with this status and code, in all the places where a
    /// code is told.
    #[track_caller]
    pub(crate) fn assert_refused(&self, case: &str, status: u16, code: &str) {
        let text = self.response.text();
        assert_eq!(self.response.status, status, "{case}: {text}");
        let kind = self.response.header_text("content-type");
        assert_eq!(kind.as_deref(), Some("application/problem+json"), "{case}");
        let problem = self.response.json();
        assert_eq!(problem["code"], code, "{case}: {text}");
        assert_eq!(problem["status"], status, "{case}: {text}");
        assert_eq!(problem["type"], "about:blank", "{case}: {text}");
        for member in ["title", "detail"] {
            assert!(
                problem[member].as_str().is_some_and(|text| !text.is_empty()),
                "{case}: {text}"
            );
        }
        assert_eq!(self.logged("details"), code, "{case}: {}", self.log);
    }
}

/// What the upstream got under this name, each value apart: the echo service answers with what it
/// received.
#[track_caller]
pub(crate) fn received(response: &Response, name: &str) -> Vec<String> {
    let named = |header: &(String, String)| header.0 == name;
    received_headers(response).into_iter().filter(named).map(|(_, value)| value).collect()
}

/// The names and values of all that the upstream got.
#[track_caller]
pub(crate) fn received_headers(response: &Response) -> Vec<(String, String)> {
    let mut echo = response.json();
    serde_json::from_value(echo["headers"].take())
        .unwrap_or_else(|_| panic!("not an echo: {}", response.text()))
}
