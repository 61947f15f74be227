//! `body-transform`: changes bodies of requests and responses.
//!
//! The first rule that a request matches says what happens to its body and to that of its response.
//! A body is collected only where a rule asks for it; everything else streams by.

mod asking;
mod code;
mod config;
mod content_type;
mod fault;
mod form;
mod format;
mod made;
mod making;
mod multipart;
mod patterns;
mod query;
mod refusal;
mod request_body;
mod response;
mod side;
mod state;

pub use code::Code;
pub use state::State;

use asking::{ask_for_the_whole, ask_for_what_can_be_read};
use format::Format;
use gatehouse_filter::config::{ConfigError, Node};
use gatehouse_filter::rules::Rules;
use gatehouse_filter::{
    Collect, CountedRule, Decision, Filter, Host, Mode, Need, Never, NoCodes, Request, Step,
    Wording,
};
use gatehouse_shape::Needs;
use made::Made;
use refusal::refuse;
use side::{Announced, Side};
use state::{Asked, Matched};
use std::rc::Rc;

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
    /// What takes the place of a request's body.
    request_body: Option<Made>,
    /// What takes the place of responses' bodies: the first that is for the response.
    response_bodies: Vec<Made>,
}

impl Transform {
    /// Whether it may ask for the body of a request.
    fn reads_requests(&self) -> bool {
        self.request.is_some() || self.request_body.is_some()
    }

    /// Whether a template asks for the time.
    fn needs_clock(&self) -> bool {
        let made = self.request_body.as_ref();
        self.needs_later().clock || made.is_some_and(|made| made.needs.clock)
    }

    /// Whether a template names facts of the request when its head has been read.
    fn needs_request_later(&self) -> bool {
        self.needs_later().request
    }

    fn needs_later(&self) -> Needs {
        let sides = self.request.iter().chain(&self.response).map(|side| side.shaping.needs());
        let made = self.response_bodies.iter().map(|made| made.needs);
        sides.chain(made).fold(Needs::default(), Needs::and)
    }
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
                | Code::TooManyFinds
                | Code::QueryTooLong
                | Code::HeaderInvalid
        );
        self.rules.wording(rule).filter(|_| is_worded)
    }

    fn needs(&self) -> Vec<Need> {
        let clock = self.rules.iter().any(|rule| rule.action.needs_clock()).then_some(Need::Clock);
        [Need::Bodies, Need::Edits].into_iter().chain(clock).collect()
    }

    fn on_request(&self, request: &mut Request<'_>, state: &mut State) -> Decision<Code> {
        let Some((rule, captures)) = self.rules.find(request) else {
            return Decision::pass(Code::Unmatched, None);
        };
        let name = Rc::clone(&rule.name);
        let transform = Rc::clone(&rule.action);
        if transform.response.is_some() {
            ask_for_what_can_be_read(&mut request.headers);
        } else if !transform.response_bodies.is_empty() {
            ask_for_the_whole(&mut request.headers);
        }
        let keeps = transform.needs_request_later().then(|| request.headers.clone());
        state.matched = Some(Matched {
            rule: Rc::clone(&name),
            transform: Rc::clone(&transform),
            request: keeps.map(|head| (head, captures.clone())),
            asked: Asked::by(request),
        });
        if let Some(made) = &transform.request_body {
            return self.make_request(made, request, &captures, name, state);
        }
        let Some(side) = &transform.request else {
            return Decision::pass(Code::Untouched, Some(name));
        };
        // The rule's, whatever becomes of the body.
        if !side.shaping.fields().is_empty() {
            request.headers.remove_in_every_spelling(side.shaping.fields());
        }
        if !request.body_follows() {
            if side.write == Format::Query {
                query::without_content(&mut request.headers);
            }
            return Decision::pass(Code::Untouched, Some(name));
        }
        let announced = if asks_for_another_protocol(request) {
            side.announced_before_another_protocol(&request.headers)
        } else {
            side.announced(&request.headers)
        };
        match announced {
            Ok(Announced::OtherType) => Decision::pass(Code::Untouched, Some(name)),
            Ok(Announced::Body(labelled)) => {
                if !self.hold_heads {
                    side.relabel(&mut request.headers, labelled.coding);
                }
                state.request_body = Some(labelled);
                Decision {
                    step: Step::ReadBody(self.wish(side)),
                    ..Decision::pass(Code::Transformed, Some(name))
                }
            }
            Err(fault) => refuse(fault, side, state),
        }
    }
}

impl BodyTransform {
    fn wish(&self, side: &Side) -> Collect {
        Collect { max_bytes: side.most, hold_head: self.hold_heads, may_replace: true }
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
