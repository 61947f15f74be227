//! Replies that are documents: answers `/robots.txt` without an upstream.

use gatehouse_filter::config::{ConfigError, Node};
use gatehouse_filter::{
    CountedRule, Decision, Document, Filter, HeaderName, HeaderValue, Host, Mode, Never, NoCodes,
    OnResponse, Request, Response, ResponseDecision, Step,
};
use std::rc::Rc;

/// The filter, configured.
pub struct Robots {
    text: Rc<[u8]>,
}

gatehouse_filter::codes! {
    /// What the filter can decide.
    pub enum Code {
        /// The request is for something else.
        Passed = "passed",
        /// The document was sent.
        Served = "served",
    }
}

const CONTENT_TYPE: HeaderName = HeaderName::from_static("content-type");
const CACHE_CONTROL: HeaderName = HeaderName::from_static("cache-control");

impl Filter for Robots {
    const NAME: &'static str = "robots";

    type Code = Code;
    type Event = NoCodes;
    type RuleEvent = NoCodes;
    type State = bool;
    type RequestBody = Never;
    type RequestTrailers = Never;
    type Response = Self;
    type ResponseBody = Never;
    type Answers = Never;
    type Fetching = Never;
    type GrpcAnswers = Never;
    type Logging = Never;
    type Waking = Never;
    type Ending = Never;

    fn configure(node: Node<'_>) -> Option<Self> {
        let mut fields = node.fields()?;
        let text = fields.required("text", |node| node.text().map(str::as_bytes));
        fields.finish();
        Some(Self { text: text?.into() })
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

    fn on_request(&self, request: &mut Request<'_>, is_ours: &mut bool) -> Decision<Code> {
        if request.method() != b"GET" || request.path() != b"/robots.txt" {
            return Decision::pass(Code::Passed, None);
        }
        *is_ours = true;
        let document = Document {
            status: 200,
            headers: vec![(CONTENT_TYPE, HeaderValue::from_static("text/plain"))],
            body: Rc::clone(&self.text),
        };
        Decision { step: Step::Reply(document.into()), ..Decision::pass(Code::Served, None) }
    }
}

impl OnResponse for Robots {
    fn on_response(
        &self,
        response: &mut Response<'_>,
        is_ours: &mut bool,
    ) -> ResponseDecision<Code> {
        if *is_ours {
            response.headers.set(&CACHE_CONTROL, HeaderValue::from_static("max-age=3600"));
        }
        ResponseDecision::undecided()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatehouse_filter::Headers;
    use gatehouse_filter_test::{FakeHost, ask, configured};

    #[test]
    fn the_document_is_sent_to_whoever_asks_for_it() {
        let filter: Robots = configured(r#"{"text": "User-agent: *"}"#).unwrap();
        for (path, status) in [("/robots.txt?a", Some(200)), ("/robots", None)] {
            let host = FakeHost::default();
            let mut asked = ask(&filter, &host, &[(":path", path)]);
            assert_eq!(asked.status(), status, "{path}");
            let mut response = Response::new(Headers::default(), &host);
            let _ = filter.on_response(&mut response, &mut asked.state);
            let is_marked = response.headers.first("cache-control").is_some();
            assert_eq!(is_marked, status.is_some(), "{path}");
        }
    }
}
