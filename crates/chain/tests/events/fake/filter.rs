//! Filters that do as their configuration says: a list of words for each phase, one entry a time
//! that the filter is asked; the last entry holds from then on.
//!
//! Words that change the head: `+name=value` adds a field, `=name=value` replaces, `-name` removes.
//! Then one word decides: `pass`, `refuse`, `document`, `wait`, `wait-grpc`, `wait-stray`,
//! `wait-topic` with a number, `replay` with a text (a kept response instead), `call` or `call-each`
//! with how many, `read` with `hold` or `free`, then `look` or `replace`, then how much, `copy` with
//! how much, `broken`. `caller` with a name tells who it is, `rule` with a name what decided,
//! `replace` with a text puts that in place of the body; `route`, `who`, `field` with a name,
//! `follows` and `time` tell what the filter sees, `warn` tells operators.

use super::journal::{tell, text};
use super::script::{Script, Turns};
use super::words::{decide, decide_response};
use gatehouse_chain::{Chain, Placed, Tells, link};
use gatehouse_filter::config::{self, ConfigError, Environment, Node};
use gatehouse_filter::{
    Answered, Body, Broken, CallId, Callouts, Copied, CountedRule, Decision, Ended, Fetches,
    Filter, GrpcAnswer, Headers, Host, Log, Mode, Never, NoCodes, OnAnswers, OnEnd, OnGrpcAnswer,
    OnLog, OnRequestBody, OnRequestTrailers, OnResponse, OnResponseBody, OnWake, Polled, Request,
    Response, ResponseDecision, Topic, Wording, codes,
};
use serde_json::Value;

codes! {
    /// What such a filter decides.
    pub(crate) enum Code {
        Passed = "passed",
        Refused = "refused",
        Served = "served",
        Undecided = "undecided",
    }
}

/// Makes the filters of a configuration: a list of objects, or an object with a list of `filters`
/// and what the chain `tells`.
pub(crate) fn configure(
    value: &Value,
    environment: &dyn Environment,
) -> Result<Chain, Vec<String>> {
    let make = |(at, value): (usize, &Value)| {
        let is_bare = value["bare"] == true;
        if value["heads"] == true {
            return config::read_value_in(value, environment, link::<Heads>)
                .map(|link| Placed { link, prefix: String::new() });
        }
        let reader = match (at, is_bare) {
            (0, false) => link::<Full<0>>,
            (1, false) => link::<Full<1>>,
            (_, false) => link::<Full<2>>,
            (0, true) => link::<Bare<0>>,
            (_, true) => link::<Bare<1>>,
        };
        config::read_value_in(value, environment, reader)
            .map(|link| Placed { link, prefix: format!("[{at}]") })
    };
    let list = value
        .get("filters")
        .unwrap_or(value)
        .as_array()
        .ok_or_else(|| vec!["must be a list".to_owned()])?;
    match list.iter().enumerate().map(make).collect::<Result<Vec<_>, Vec<ConfigError>>>() {
        Ok(links) => {
            let tells = |what: &str| value["tells"][what] != false;
            Ok(Chain::new(links)
                .telling(Tells { identity: tells("identity"), decisions: tells("decisions") }))
        }
        Err(faults) => Err(faults.iter().map(ToString::to_string).collect()),
    }
}

const NAMES: [&str; 3] = ["first", "second", "third"];

/// A filter that takes part in every phase.
pub(crate) struct Full<const AT: usize>(Script);

/// A filter that takes part in none but the request's head.
pub(crate) struct Bare<const AT: usize>(Script);

/// A filter that takes part in heads only, and calls by itself.
pub(crate) struct Heads(Script);

macro_rules! filter {
    ($name:ident $(<$at:ident>)?, $number:expr, $phase:ident, $some:ident) => {
        impl $(<const $at: usize>)? Filter for $name $(<$at>)? {
            const NAME: &'static str = NAMES[$number];
            type Code = Code;
            type Event = NoCodes;
            type RuleEvent = NoCodes;
            type State = Turns;
            type RequestBody = $phase;
            type RequestTrailers = $phase;
            type Response = $some;
            type ResponseBody = $phase;
            type Answers = $phase;
            type Fetching = $phase;
            type GrpcAnswers = $some;
            type Logging = $phase;
            type Waking = $phase;
            type Ending = $phase;

            fn configure(node: Node<'_>) -> Option<Self> {
                Some(Self(Script::read(&node)))
            }

            fn mode(&self) -> Mode {
                Mode::Enforce
            }

            fn start(&self, _: &dyn Host) -> Result<(), Vec<ConfigError>> {
                let fault = ConfigError { path: "start".to_owned(), message: "fails".to_owned() };
                if self.0.start_fails { Err(vec![fault]) } else { Ok(()) }
            }

            fn counted_rules(&self) -> Vec<CountedRule> {
                Vec::new()
            }

            fn wording(&self, code: Code, _rule: Option<&str>) -> Option<&Wording> {
                self.0.wording.as_ref().filter(|_| code == Code::Refused)
            }

            fn asks_for_route(&self) -> bool {
                self.0.asks_for_route
            }

            fn on_request(&self, request: &mut Request<'_>, turns: &mut Turns) -> Decision<Code> {
                tell(format!("{} is asked", Self::NAME));
                let callouts = request.callouts();
                let words = self.0.words("head", turns);
                decide(Self::NAME, words, Some(request), None, callouts).unwrap()
            }
        }
    };
}

filter!(Full<AT>, AT, Self, Self);
filter!(Bare<AT>, AT, Never, Never);
filter!(Heads, 0, Never, Self);

impl OnGrpcAnswer for Heads {
    const MAX_ANSWER_BYTES: usize = 4;

    fn on_grpc_answer(&self, _: CallId, _: &GrpcAnswer, _: &dyn Callouts) {}
}

impl OnResponse for Heads {
    fn on_response(
        &self,
        response: &mut Response<'_>,
        turns: &mut Turns,
    ) -> ResponseDecision<Code> {
        decide_response(NAMES[0], self.0.words("response", turns), Some(response), None).unwrap()
    }
}

impl<const AT: usize> OnRequestBody for Full<AT> {
    fn may_hold_for_body(&self, _: &Request<'_>) -> bool {
        self.0.may_hold
    }

    fn holds_heads(&self) -> Option<&'static str> {
        None
    }

    fn on_request_body(
        &self,
        head: Option<&mut Request<'_>>,
        body: &mut Body,
        callouts: &dyn Callouts,
        turns: &mut Turns,
    ) -> Result<Decision<Code>, Broken> {
        self.0.see(NAMES[AT], body, head.is_some(), "body");
        decide(NAMES[AT], self.0.words("body", turns), head, Some(body), callouts)
    }
}

impl<const AT: usize> OnRequestTrailers for Full<AT> {
    fn clear_trailers(&self, trailers: &mut Headers, _: &Turns) {
        trailers.remove_in_every_spelling(&self.0.owns);
    }
}

impl<const AT: usize> OnAnswers for Full<AT> {
    fn on_answers(
        &self,
        answers: Vec<Answered>,
        request: &mut Request<'_>,
        turns: &mut Turns,
    ) -> Result<Decision<Code>, Broken> {
        let answer = |Answered { call, answer }: &Answered| match answer.refused {
            Some(why) => format!("{call}={why:?}"),
            None => {
                let status = answer.status().unwrap_or_default();
                format!("{call}={status}:{}", text(&answer.body))
            }
        };
        let answers: Vec<_> = answers.iter().map(answer).collect();
        tell(format!("{} has answers {}", NAMES[AT], answers.join(" ")));
        let callouts = request.callouts();
        decide(NAMES[AT], self.0.words("answers", turns), Some(request), None, callouts)
    }
}

impl<const AT: usize> OnResponse for Full<AT> {
    fn on_response(
        &self,
        response: &mut Response<'_>,
        turns: &mut Turns,
    ) -> ResponseDecision<Code> {
        if !self.0.is_blind {
            let status = response.status().unwrap_or_default();
            tell(format!("{} sees response {status}", NAMES[AT]));
        }
        decide_response(NAMES[AT], self.0.words("response", turns), Some(response), None).unwrap()
    }
}

impl<const AT: usize> OnResponseBody for Full<AT> {
    fn holds_response_heads(&self) -> Option<&'static str> {
        None
    }

    fn on_response_body(
        &self,
        head: Option<&mut Response<'_>>,
        body: &mut Body,
        _: &dyn Callouts,
        turns: &mut Turns,
    ) -> Result<ResponseDecision<Code>, Broken> {
        self.0.see(NAMES[AT], body, head.is_some(), "response body");
        decide_response(NAMES[AT], self.0.words("response_body", turns), head, Some(body))
    }

    fn on_copied_body(&self, copied: Copied, _: &dyn Callouts, _: &mut Turns) {
        let what = copied.0.map_or("too much".to_owned(), |bytes| format!("[{}]", text(&bytes)));
        tell(format!("{} has a copy {what}", NAMES[AT]));
    }

    fn on_body_part(&self, part: &[u8], _: &dyn Callouts, _: &mut Turns) {
        tell(format!("{} is shown {}", NAMES[AT], text(part)));
    }

    fn on_body_end(&self, _: &dyn Callouts, _: &mut Turns) {
        tell(format!("{} is shown the end", NAMES[AT]));
    }
}

impl<const AT: usize> Fetches for Full<AT> {
    fn fetched(&self) -> Vec<&dyn Polled> {
        self.0.fetched.iter().map(|feed| feed as &dyn Polled).collect()
    }
}

impl<const AT: usize> OnGrpcAnswer for Full<AT> {
    const MAX_ANSWER_BYTES: usize = 4;

    fn on_grpc_answer(&self, call: CallId, answer: &GrpcAnswer, _: &dyn Callouts) {
        tell(format!("{} has message {} {}", NAMES[AT], call.0, text(&answer.message)));
    }
}

impl<const AT: usize> OnWake for Full<AT> {
    fn waits_for_others(&self) -> bool {
        self.0.phases.values().flatten().any(|words| words.contains("wait-topic"))
    }
}

impl<const AT: usize> OnEnd for Full<AT> {
    fn on_end(&self, end: &Ended<'_>, _: &mut Turns) {
        let Some(queue) = end.host().queue() else { return };
        tell(format!("{} ends", NAMES[AT]));
        if let Some(topic) = self.0.wakes {
            end.host().wake(queue, Topic(topic));
        }
    }
}

impl<const AT: usize> OnLog for Full<AT> {
    fn on_log(&self, log: &Log<'_>, turns: &mut Turns) {
        let first = |head: &Headers, name| head.first(name).map(text).unwrap_or_default();
        let (path, status) = (first(&log.request, ":path"), first(&log.response, ":status"));
        let asked: usize = turns.0.values().sum();
        tell(format!("{} logs {path} {status}, asked {asked} times", NAMES[AT]));
    }
}
