//! Bodies: takes the member `debug` out of JSON.

use gatehouse_filter::config::{ConfigError, Node};
use gatehouse_filter::{
    Body, Broken, Callouts, Collect, CountedRule, Decision, Filter, HeaderName, HeaderValue, Host,
    Mode, Never, NoCodes, OnRequestBody, Problem, Request, Step,
};
use gatehouse_json::Document;

/// The filter, configured.
pub struct NoDebug {
    max_body: usize,
    hold_heads: bool,
}

gatehouse_filter::codes! {
    /// What the filter can decide.
    pub enum Code {
        /// There is nothing to take out.
        Untouched = "untouched",
        /// The member was taken out.
        Cleaned = "cleaned",
        /// The body is longer than `max_body`.
        TooLong = "too_long",
        /// The body is not JSON.
        NotJson = "not_json",
    }
}

/// What the upstream is told where the head was held.
const CLEANED: HeaderName = HeaderName::from_static("x-cleaned");

impl Filter for NoDebug {
    const NAME: &'static str = "no-debug";

    type Code = Code;
    type Event = NoCodes;
    type RuleEvent = NoCodes;
    type State = ();
    type RequestBody = Self;
    type RequestTrailers = Never;
    type Response = Never;
    type ResponseBody = Never;
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
        let hold_heads = fields.with_default("hold_heads", false, |node| node.boolean());
        fields.finish();
        Some(Self { max_body: max_body?, hold_heads: hold_heads? })
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

    fn on_request(&self, request: &mut Request<'_>, (): &mut ()) -> Decision<Code> {
        if !request.body_follows() {
            return Decision::pass(Code::Untouched, None);
        }
        let wish =
            Collect { max_bytes: self.max_body, hold_head: self.hold_heads, may_replace: true };
        Decision { step: Step::ReadBody(wish), ..Decision::pass(Code::Untouched, None) }
    }
}

impl OnRequestBody for NoDebug {
    fn may_hold_for_body(&self, _request: &Request<'_>) -> bool {
        self.hold_heads
    }

    fn holds_heads(&self) -> Option<&'static str> {
        self.hold_heads.then_some("hold_heads")
    }

    fn on_request_body(
        &self,
        head: Option<&mut Request<'_>>,
        body: &mut Body,
        _callouts: &dyn Callouts,
        (): &mut (),
    ) -> Result<Decision<Code>, Broken> {
        let Some(bytes) = body.bytes() else {
            return Ok(refuse(Code::TooLong, 413, "Send a shorter body"));
        };
        if bytes.is_empty() {
            return Ok(Decision::pass(Code::Untouched, None));
        }
        let Ok(mut document) = Document::read(bytes, self.max_body) else {
            return Ok(refuse(Code::NotJson, 400, "Send a body that is JSON"));
        };
        let Some(debug) = document.member(document.root(), b"debug") else {
            return Ok(Decision::pass(Code::Untouched, None));
        };
        document.remove(&[debug]);
        let mut cleaned = Vec::new();
        document
            .write(document.root(), &mut cleaned)
            .map_err(|_| Broken("what is removed takes space"))?;
        body.replace(cleaned);
        if let Some(request) = head {
            request.headers.set(&CLEANED, HeaderValue::from_static("1"));
        }
        Ok(Decision::pass(Code::Cleaned, None))
    }
}

fn refuse(code: Code, status: u16, detail: &'static str) -> Decision<Code> {
    Decision::refuse(Mode::Enforce, code, None, Problem::new(status, detail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatehouse_filter::Headers;
    use gatehouse_filter_test::{FakeHost, configured};

    #[test]
    fn the_member_is_taken_out_and_the_head_says_so_where_it_waits() {
        let filter: NoDebug = configured(r#"{"hold_heads": true}"#).unwrap();
        let host = FakeHost::default();
        for (sent, code, goes_on, cleaned) in [
            (r#"{"a": 1.0, "debug": {"b": 2}}"#, Code::Cleaned, Some(r#"{"a":1.0}"#), 1),
            (r#"{"a": 1}"#, Code::Untouched, None, 0),
            ("", Code::Untouched, None, 0),
            ("{", Code::NotJson, None, 0),
        ] {
            let fields = [(":method", "POST"), (":path", "/")];
            let mut request = Request::new(Headers::from_list(&fields), &host).with_body(true);
            assert!(matches!(filter.on_request(&mut request, &mut ()).step, Step::ReadBody(_)));
            let mut body = Body::new(sent.as_bytes().to_vec());
            let decision =
                filter.on_request_body(Some(&mut request), &mut body, &host, &mut ()).unwrap();
            assert_eq!(decision.code, code, "{sent}");
            assert_eq!(body.replacement(), goes_on.map(str::as_bytes), "{sent}");
            assert_eq!(request.headers.values("x-cleaned").count(), cleaned, "{sent}");
        }
    }

    #[test]
    fn a_body_that_is_too_long_is_refused() {
        let filter: NoDebug = configured("{}").unwrap();
        let decision =
            filter.on_request_body(None, &mut Body::too_long(), &FakeHost::default(), &mut ());
        assert_eq!(decision.unwrap().code, Code::TooLong);
    }
}
