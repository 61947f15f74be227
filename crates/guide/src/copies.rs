//! Copies of response bodies: counts what upstreams send that is not JSON, and holds up nobody.

use gatehouse_filter::config::{ConfigError, Node};
use gatehouse_filter::{
    Body, Broken, Callouts, Copied, CountedRule, Decision, Event as _, Filter, Host, Mode, Never,
    NoCodes, OnResponse, OnResponseBody, Request, Response, ResponseDecision, ResponseStep,
};
use gatehouse_json::Document;

/// The filter, configured.
pub struct JsonWatch {
    max_body: usize,
}

gatehouse_filter::codes! {
    /// What the filter can decide.
    pub enum Code {
        /// Every request goes on.
        Passed = "passed",
    }
}

gatehouse_filter::events! {
    /// What bodies are.
    pub enum Event {
        /// JSON.
        Json = "json",
        /// Said to be JSON, and not.
        NotJson = "not_json",
        /// Longer than `max_body`: not looked at.
        TooLong = "too_long",
    }
}

impl Filter for JsonWatch {
    const NAME: &'static str = "json-watch";

    type Code = Code;
    type Event = Event;
    type RuleEvent = NoCodes;
    type State = ();
    type RequestBody = Never;
    type RequestTrailers = Never;
    type Response = Self;
    type ResponseBody = Self;
    type Answers = Never;
    type Fetching = Never;
    type GrpcAnswers = Never;
    type Logging = Never;
    type Waking = Never;
    type Ending = Never;

    fn configure(node: Node<'_>) -> Option<Self> {
        let mut fields = node.fields()?;
        let max_body = fields.with_default("max_body", 64 * 1024, |node| {
            let bytes = node.size()?;
            usize::try_from(bytes).ok().or_else(|| node.fault("is too large"))
        });
        fields.finish();
        Some(Self { max_body: max_body? })
    }

    fn mode(&self) -> Mode {
        Mode::Enforce
    }

    fn start(&self, _host: &dyn Host) -> Result<(), Vec<ConfigError>> {
        Ok(())
    }

    fn counted_rules(&self) -> Vec<CountedRule> {
        Vec::new()
    }

    fn asks_for_route(&self) -> bool {
        false
    }

    fn on_request(&self, _request: &mut Request<'_>, (): &mut ()) -> Decision<Code> {
        Decision::pass(Code::Passed, None)
    }
}

impl OnResponse for JsonWatch {
    fn on_response(&self, response: &mut Response<'_>, (): &mut ()) -> ResponseDecision<Code> {
        let is_json = response.headers.first("content-type") == Some(b"application/json");
        if !is_json || !response.body_follows() {
            return ResponseDecision::undecided();
        }
        let step = ResponseStep::CopyBody { max_bytes: self.max_body };
        ResponseDecision { step, ..ResponseDecision::undecided() }
    }
}

impl OnResponseBody for JsonWatch {
    fn holds_response_heads(&self) -> Option<&'static str> {
        None
    }

    fn on_response_body(
        &self,
        _head: Option<&mut Response<'_>>,
        _body: &mut Body,
        _callouts: &dyn Callouts,
        (): &mut (),
    ) -> Result<ResponseDecision<Code>, Broken> {
        Err(Broken("asks for copies only"))
    }

    fn on_copied_body(&self, Copied(bytes): Copied, callouts: &dyn Callouts, (): &mut ()) {
        let event = match bytes.map(|bytes| Document::read(bytes, self.max_body)) {
            Some(Ok(_)) => Event::Json,
            Some(Err(_)) => Event::NotJson,
            None => Event::TooLong,
        };
        event.count(callouts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatehouse_filter::Headers;
    use gatehouse_filter_test::{FakeHost, configured};

    #[test]
    fn what_is_said_to_be_json_is_copied_and_counted() {
        let filter: JsonWatch = configured("{}").unwrap();
        let host = FakeHost::default();
        let step_of = |kind: &str| {
            let headers = Headers::from_list(&[(":status", "200"), ("content-type", kind)]);
            filter.on_response(&mut Response::new(headers, &host).with_body(true), &mut ()).step
        };
        assert_eq!(step_of("application/json"), ResponseStep::CopyBody { max_bytes: 64 * 1024 });
        assert_eq!(step_of("text/plain"), ResponseStep::Continue);
        for (bytes, event) in [
            (Some(&b"[1]"[..]), Event::Json),
            (Some(b"[1"), Event::NotJson),
            (None, Event::TooLong),
        ] {
            filter.on_copied_body(Copied(bytes.map(<[u8]>::to_vec)), &host, &mut ());
            assert_eq!(host.counted(event), 1, "{event:?}");
        }
    }
}
