//! `body-transform`: changes JSON bodies of requests and responses.
//!
//! The first rule that a request matches says what happens to its body and to that of its response.
//! A body is collected only where a rule asks for it; everything else streams by.

mod asking;
mod config;
mod content_type;
mod fault;
mod form;
mod refusal;
mod side;

use asking::ask_for_what_can_be_read;
use gatehouse_coding::Coding;
use gatehouse_filter::config::{ConfigError, Node};
use gatehouse_filter::rules::{Captures, Rules};
use gatehouse_filter::template::Sources;
use gatehouse_filter::{
    Body, Broken, Callouts, Collect, Copied, CountedRule, Decision, Filter, Headers, Host, Mode,
    Need, Never, NoCodes, OnRequestBody, OnRequestTrailers, OnResponse, OnResponseBody, Request,
    Response, ResponseDecision, ResponseStep, Step, Wording,
};
use refusal::{refuse, refuse_response};
use side::{Announced, Outcome, Side};
use std::rc::Rc;

gatehouse_filter::codes! {
    /// What this filter can decide.
    pub enum Code {
        /// The request's body was transformed.
        Transformed = "transformed",
        /// A rule matches, and there is no body, or none that it is for.
        Untouched = "untouched",
        /// The request's body could not be transformed and went on as it was: the rule says `pass`.
        Passed = "passed",
        /// No rule matches.
        Unmatched = "unmatched",
        /// The body is longer than `max_body`.
        TooLarge = "too_large",
        /// The body is longer than `max_body` when decoded.
        ExpandsTooLarge = "expands_too_large",
        /// The body is not JSON, or not a form.
        Invalid = "invalid",
        /// An object in the body has a name twice.
        DuplicateName = "duplicate_name",
        /// The body is nested too deep.
        TooDeep = "too_deep",
        /// The body's encoding is not known.
        EncodingUnknown = "encoding_unknown",
        /// The body is not in the encoding that it is said to be in.
        EncodingInvalid = "encoding_invalid",
        /// The body's type is none that the rule is for, and the rule says `reject`; or it has two
        /// types.
        TypeRefused = "type_refused",
        /// Two members would get the same name.
        NameConflict = "name_conflict",
        /// The transformed body would be too long.
        GrownTooLarge = "grown_too_large",
        /// A path that is written to does not fit the body.
        Misfit = "misfit",
        /// The body cannot be written as a form.
        NoForm = "no_form",
        /// A value of the body cannot be the value of a header field.
        HeaderInvalid = "header_invalid",
        /// The response's body was transformed.
        ResponseTransformed = "response_transformed",
        /// The response has no body that the rule is for.
        ResponseUntouched = "response_untouched",
        /// The response could not be transformed and went on as it was: the rule says `pass`.
        ResponsePassed = "response_passed",
        /// As `too_large`, of the response.
        ResponseTooLarge = "response_too_large",
        /// As `expands_too_large`, of the response.
        ResponseExpandsTooLarge = "response_expands_too_large",
        /// As `invalid`, of the response.
        ResponseInvalid = "response_invalid",
        /// As `duplicate_name`, of the response.
        ResponseDuplicateName = "response_duplicate_name",
        /// As `too_deep`, of the response.
        ResponseTooDeep = "response_too_deep",
        /// As `encoding_unknown`, of the response.
        ResponseEncodingUnknown = "response_encoding_unknown",
        /// As `encoding_invalid`, of the response.
        ResponseEncodingInvalid = "response_encoding_invalid",
        /// As `type_refused`, of the response.
        ResponseTypeRefused = "response_type_refused",
        /// As `name_conflict`, of the response.
        ResponseNameConflict = "response_name_conflict",
        /// As `grown_too_large`, of the response.
        ResponseGrownTooLarge = "response_grown_too_large",
        /// As `misfit`, of the response.
        ResponseMisfit = "response_misfit",
        /// As `no_form`, of the response.
        ResponseNoForm = "response_no_form",
        /// As `header_invalid`, of the response.
        ResponseHeaderInvalid = "response_header_invalid",
    }
}

/// The filter, configured.
#[derive(Debug)]
pub struct BodyTransform {
    rules: Rules<Rc<Transform>>,
    hold_heads: bool,
}

/// What a rule does.
#[derive(Debug)]
struct Transform {
    request: Option<Side>,
    response: Option<Side>,
}

/// What is remembered of a request: the rule, and the facts that its templates name.
#[derive(Debug, Default)]
pub struct State {
    matched: Option<Matched>,
    /// The content coding of the request's body, while it is being collected.
    request_coding: Option<Coding>,
    /// That of the response's body: an upstream may answer before it has the whole request.
    response_coding: Option<Coding>,
    /// The response's head, where a template names it and it will be gone when the body has come.
    response: Option<Headers>,
    /// Whether something was done to the request, and is in filter state.
    is_noted: bool,
}

#[derive(Debug)]
struct Matched {
    rule: Rc<str>,
    transform: Rc<Transform>,
    request: Option<(Headers, Captures)>,
}

impl Filter for BodyTransform {
    const NAME: &'static str = "body-transform";
    type Code = Code;
    type Event = NoCodes;
    type RuleEvent = NoCodes;
    type State = State;
    type RequestBody = Self;
    type RequestTrailers = Self;
    type Response = Self;
    type ResponseBody = Self;
    type Answers = Never;
    type Fetching = Never;
    type GrpcAnswers = Never;
    type Logging = Never;
    type Waking = Never;
    type Ending = Never;

    fn configure(node: Node<'_>) -> Option<Self> {
        config::read(&node)
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
        self.rules.ask_for_route()
    }

    fn wording(&self, code: Code, rule: Option<&str>) -> Option<&Wording> {
        let is_worded = matches!(
            code,
            Code::TooLarge
                | Code::ExpandsTooLarge
                | Code::Invalid
                | Code::DuplicateName
                | Code::TooDeep
                | Code::EncodingUnknown
                | Code::EncodingInvalid
                | Code::TypeRefused
                | Code::NameConflict
                | Code::GrownTooLarge
                | Code::Misfit
                | Code::NoForm
                | Code::HeaderInvalid
        );
        self.rules.wording(rule).filter(|_| is_worded)
    }

    fn needs(&self) -> Vec<Need> {
        let asks =
            |side: &Option<Side>| side.as_ref().is_some_and(|side| side.shaping.needs().clock);
        let any = |rule: &Transform| asks(&rule.request) || asks(&rule.response);
        let clock = self.rules.iter().any(|rule| any(&rule.action)).then_some(Need::Clock);
        [Need::Bodies, Need::Edits].into_iter().chain(clock).collect()
    }

    fn on_request(&self, request: &mut Request<'_>, state: &mut State) -> Decision<Code> {
        let Some((rule, captures)) = self.rules.find(request) else {
            return Decision::pass(Code::Unmatched, None);
        };
        let name = Rc::clone(&rule.name);
        let transform = Rc::clone(&rule.action);
        let needs =
            |side: &Option<Side>| side.as_ref().is_some_and(|side| side.shaping.needs().request);
        let snapshot = needs(&transform.request) || needs(&transform.response);
        state.matched = Some(Matched {
            rule: Rc::clone(&name),
            transform: Rc::clone(&transform),
            request: snapshot.then(|| (request.headers.clone(), captures)),
        });
        if transform.response.is_some() {
            ask_for_what_can_be_read(&mut request.headers);
        }
        let Some(side) = &transform.request else {
            return Decision::pass(Code::Untouched, Some(name));
        };
        // The rule's, whatever becomes of the body.
        if !side.shaping.fields().is_empty() {
            request.headers.remove_in_every_spelling(side.shaping.fields());
        }
        if !request.body_follows() {
            return Decision::pass(Code::Untouched, Some(name));
        }
        let announced = if asks_for_another_protocol(request) {
            side.announced_before_another_protocol(&request.headers)
        } else {
            side.announced(&request.headers)
        };
        match announced {
            Ok(Announced::OtherType) => Decision::pass(Code::Untouched, Some(name)),
            Ok(Announced::Body(coding)) => {
                state.request_coding = Some(coding);
                if !self.hold_heads {
                    side.relabel(&mut request.headers, coding);
                }
                Decision {
                    step: Step::ReadBody(self.wish(side)),
                    ..Decision::pass(Code::Transformed, Some(name))
                }
            }
            Err(fault) => refuse(fault, side, state),
        }
    }
}

impl OnRequestBody for BodyTransform {
    fn may_hold_for_body(&self, request: &Request<'_>) -> bool {
        self.hold_heads
            && self.rules.find(request).is_some_and(|(rule, _)| rule.action.request.is_some())
    }

    fn holds_heads(&self) -> Option<&'static str> {
        self.hold_heads.then_some("hold_heads")
    }

    fn on_request_body(
        &self,
        head: Option<&mut Request<'_>>,
        body: &mut Body,
        callouts: &dyn Callouts,
        state: &mut State,
    ) -> Result<Decision<Code>, Broken> {
        let (coding, matched) = state
            .request_coding
            .take()
            .zip(state.matched.as_ref())
            .ok_or(Broken("has no rule for this body"))?;
        let transform = Rc::clone(&matched.transform);
        let side =
            transform.request.as_ref().ok_or(Broken("has a rule that is not for requests"))?;
        let rule = Rc::clone(&matched.rule);
        let before = matched
            .request
            .as_ref()
            .map(|(head, captures)| (Request::new(head.clone(), callouts), captures));
        let facts = Sources {
            request: before.as_ref().map(|(request, _)| request),
            captures: before.as_ref().map(|(_, captures)| *captures),
            ..Sources::default()
        };
        let head = head.map(|request| &mut request.headers);
        match side.apply(body, coding, facts, head) {
            Ok(Outcome::Untouched) => Ok(Decision::pass(Code::Untouched, Some(rule))),
            Ok(Outcome::Transformed) => {
                state.is_noted = true;
                Ok(Decision::pass(Code::Transformed, Some(rule)))
            }
            Err(fault) => Ok(refuse(fault, side, state)),
        }
    }
}

impl OnRequestTrailers for BodyTransform {
    fn clear_trailers(&self, trailers: &mut Headers, state: &State) {
        let side = state.matched.as_ref().and_then(|matched| matched.transform.request.as_ref());
        if let Some(side) = side {
            trailers.remove_in_every_spelling(side.shaping.fields());
        }
    }
}

impl OnResponse for BodyTransform {
    fn on_response(
        &self,
        response: &mut Response<'_>,
        state: &mut State,
    ) -> ResponseDecision<Code> {
        let Some(matched) = &state.matched else { return ResponseDecision::undecided() };
        let transform = Rc::clone(&matched.transform);
        let Some(side) = &transform.response else { return ResponseDecision::undecided() };
        let status = response.status();
        if !side.has_status(status) {
            return state.done(Code::ResponseUntouched);
        }
        state.response = side.shaping.needs().response.then(|| response.headers.clone());
        side.shaping.fields().iter().for_each(|field| response.headers.remove(field));
        if !response.body_follows() {
            side.unlabel(status, &mut response.headers);
            return state.done(Code::ResponseUntouched);
        }
        // After a 101 comes another protocol, and no document.
        let announced = match status {
            Some(101) => side.other_type(),
            _ => side.announced(&response.headers),
        };
        match announced {
            Ok(Announced::OtherType) => state.done(Code::ResponseUntouched),
            Ok(Announced::Body(coding)) => {
                state.response_coding = Some(coding);
                if !self.hold_heads {
                    side.relabel(&mut response.headers, coding);
                }
                let step = ResponseStep::ReadBody(self.wish(side));
                ResponseDecision { step, ..state.done(Code::ResponseTransformed) }
            }
            Err(fault) => refuse_response(fault, side, state),
        }
    }
}

impl OnResponseBody for BodyTransform {
    fn holds_response_heads(&self) -> Option<&'static str> {
        self.holds_heads()
    }

    fn on_response_body(
        &self,
        head: Option<&mut Response<'_>>,
        body: &mut Body,
        host: &dyn Callouts,
        state: &mut State,
    ) -> Result<ResponseDecision<Code>, Broken> {
        let (coding, matched) = state
            .response_coding
            .take()
            .zip(state.matched.as_ref())
            .ok_or(Broken("has no rule for this body"))?;
        let transform = Rc::clone(&matched.transform);
        let side =
            transform.response.as_ref().ok_or(Broken("has a rule that is not for responses"))?;
        let of_request = matched
            .request
            .as_ref()
            .map(|(head, captures)| (Request::new(head.clone(), host), captures));
        let of_response = state.response.take().map(|head| Response::new(head, host));
        let facts = Sources {
            request: of_request.as_ref().map(|(request, _)| request),
            captures: of_request.as_ref().map(|(_, captures)| *captures),
            response: of_response.as_ref(),
            ..Sources::default()
        };
        let head = head.map(|response| &mut response.headers);
        match side.apply(body, coding, facts, head) {
            Ok(Outcome::Untouched) => Ok(state.done(Code::ResponseUntouched)),
            Ok(Outcome::Transformed) => Ok(state.done(Code::ResponseTransformed)),
            Err(fault) => Ok(refuse_response(fault, side, state)),
        }
    }

    fn on_copied_body(&self, _copied: Copied, _callouts: &dyn Callouts, _state: &mut State) {}
}

impl BodyTransform {
    fn wish(&self, side: &Side) -> Collect {
        Collect { max_bytes: side.most, hold_head: self.hold_heads, may_replace: true }
    }
}

impl State {
    /// A response that goes on. What was done to it is noted where nothing was done to the request.
    fn done(&self, code: Code) -> ResponseDecision<Code> {
        let is_noted = self.is_noted || code == Code::ResponseUntouched;
        let rule = self.matched.as_ref().filter(|_| !is_noted);
        ResponseDecision::pass(code, rule.map(|matched| Rc::clone(&matched.rule)))
    }
}

/// Whether what follows the head may be something else than a body (RFC 9110 §7.8, §9.3.6).
fn asks_for_another_protocol(request: &Request<'_>) -> bool {
    request.method() == b"CONNECT" || request.headers.first("upgrade").is_some()
}

#[cfg(all(target_family = "wasm", feature = "module"))]
gatehouse_host::load!(BodyTransform);

#[cfg(test)]
mod tests;
