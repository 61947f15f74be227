//! `response-cache`: a shared HTTP cache (RFC 9111).
//!
//! The first rule that a request matches says how its answers are stored. What can be answered from
//! the store, is; what is stale is validated with the client's own request; and of all requests for
//! one answer that is not there, on whatever worker they are, one goes to the upstream.

mod answer;
mod ask;
mod asking;
mod changes;
mod checksum;
mod codes;
mod completion;
mod config;
mod content;
mod eviction;
mod gauges;
mod hot;
mod identity;
mod index;
mod keep;
mod key;
mod leases;
mod lookup;
mod object;
mod objects;
mod purge;
mod purges;
mod refresh;
mod refusal;
mod rule;
mod searches;
mod serve;
mod status_field;
mod store_key;
mod total;
mod unkeyed;
mod work;

use ask::{Ask, Bypass, Place};
use asking::Asking;
use changes::Changes;
pub use codes::{Code, Event};
use config::Config;
pub use config::shared_store;
use gatehouse_caching::{Forward, method};
use gatehouse_filter::config::{ConfigError, Node};
use gatehouse_filter::rules::AmbiguousTarget;
use gatehouse_filter::{
    Body, Broken, Callouts, Copied, CountedRule, Decision, Ended, Fetches, Filter, HeaderName,
    Host, Mode, Need, Never, NoCodes, OnEnd, OnResponse, OnResponseBody, OnWake, Polled, Request,
    Response, ResponseDecision, Secret, Step, StoreError, Wording,
};
use gauges::Gauges;
use refresh::{Mark, Refreshes};
use refusal::Refusal;
use rule::Rule;
use status_field::handled;
use std::cell::OnceCell;
use std::rc::Rc;
use work::Work;

/// The filter, configured.
pub struct ResponseCache {
    config: Config,
    secret: OnceCell<Secret>,
    refreshes: Refreshes,
    gauges: Gauges,
}

/// What is remembered of a request.
#[derive(Default)]
pub struct State(Stage);

/// How far a request is.
#[derive(Default)]
enum Stage {
    /// It has not been read.
    #[default]
    New,
    /// The cache takes no part in it, and says why.
    Bypassed(&'static str, Forward),
    /// It is answered, or of no interest.
    Done,
    /// It is answered from the store, without a type of content.
    AnsweredUntyped,
    /// It was read, and waits.
    Waiting(Box<Ask>, Option<Mark>),
    /// It may change what is stored.
    Changes(Box<Changes>),
    /// It is at the upstream.
    Asking(Box<Asking>),
}

impl Filter for ResponseCache {
    const NAME: &'static str = "response-cache";

    type Code = Code;
    type Event = Event;
    type RuleEvent = NoCodes;
    type State = State;
    type RequestBody = Self;
    type RequestTrailers = Never;
    type Response = Self;
    type ResponseBody = Self;
    type Answers = Never;
    type Fetching = Self;
    type GrpcAnswers = Never;
    type Logging = Never;
    type Waking = Self;
    type Ending = Self;

    fn configure(node: Node<'_>) -> Option<Self> {
        Some(Self {
            config: Config::read(&node)?,
            secret: OnceCell::new(),
            refreshes: Refreshes,
            gauges: Gauges::default(),
        })
    }

    fn mode(&self) -> Mode {
        self.config.mode
    }

    fn start(&self, host: &dyn Host) -> Result<(), Vec<ConfigError>> {
        let (store, _) = &self.config.store;
        self.gauges.define(store, self.config.objects.budget(), host);
        // Where the store fails, requests go on to the upstream, and are counted so.
        let _ = self.config.objects.prepare(host);
        if let Ok(total) = self.config.objects.total(host) {
            self.gauges.show(total, host);
        }
        Ok(())
    }

    fn counted_rules(&self) -> Vec<CountedRule> {
        Vec::new()
    }

    fn asks_for_route(&self) -> bool {
        self.config.rules.ask_for_route()
    }

    fn wording(&self, code: Code, rule: Option<&str>) -> Option<&Wording> {
        let is_worded = matches!(
            code,
            Code::NotInStore
                | Code::PurgeUnauthorized
                | Code::PurgeForbidden
                | Code::PurgeMethod
                | Code::PurgeInvalid
        );
        self.config.rules.wording(rule).filter(|_| is_worded)
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::Clock, Need::Store, Need::Edits, Need::Gauges]
    }

    fn on_request(&self, request: &mut Request<'_>, state: &mut State) -> Decision<Code> {
        let mark = self.take_mark(request);
        if let Stage::Waiting(ask, mark) = std::mem::take(&mut state.0) {
            return self.go_on(ask, mark, request, state);
        }
        let Ok(secret) = self.secret(request.host()) else {
            return self.without_store(state);
        };
        if let Some(route) = self.config.purge.as_ref().filter(|route| route.is_for(request)) {
            state.0 = Stage::Done;
            return match self.purge(route, request, secret) {
                Ok(document) => Decision {
                    step: Step::Reply(document.into()),
                    ..Decision::pass(Code::Purged, None)
                },
                Err(refusal) => refuse(refusal, None),
            };
        }
        let rule = match self.config.rules.guard_each(request).map(|mut rules| rules.next()) {
            Ok(Some((rule, _))) => Rc::clone(&rule.action),
            Ok(None) => {
                state.0 = Stage::Done;
                return Decision::pass(Code::Unmatched, None);
            }
            Err(AmbiguousTarget) => {
                state.0 = Stage::Bypassed("target-ambiguous", Forward::Bypass);
                return Decision::pass(Code::TargetAmbiguous, None);
            }
        };
        match Ask::read(request, &rule, secret, &Mark::from(mark.as_ref())) {
            Ok(ask) if ask.method.has_content() => self.read_content(ask, request, state),
            Ok(ask) => self.go_on(Box::new(ask), mark, request, state),
            // Nobody asks for what a gRPC call changes by a `GET`.
            Err(Bypass::Method) if !method::is_safe(request.method()) && !request.is_grpc() => {
                let place = Place::of(request, None);
                let is_post = request.method() == b"POST";
                let post = is_post.then(|| Ask::of_post(request, &rule, secret).ok()).flatten();
                let post = post.filter(|_| !rule.is_shadow).map(Box::new);
                let changes = Changes { method: request.method().to_vec(), place, post };
                state.0 = Stage::Changes(Box::new(changes));
                Decision::pass(Code::BypassMethod, Some(Rc::clone(&rule.name)))
            }
            Err(Bypass::Method) => self.bypass(&rule, Code::BypassMethod, "method", state),
            Err(Bypass::Content) => self.bypass(&rule, Code::BypassContent, "content", state),
            Err(Bypass::Upgrade) => self.bypass(&rule, Code::BypassUpgrade, "upgrade", state),
            Err(Bypass::Unkeyed(field)) => self.bypass(&rule, Code::BypassUnkeyed, field, state),
        }
    }
}

impl OnResponse for ResponseCache {
    fn on_response(
        &self,
        response: &mut Response<'_>,
        state: &mut State,
    ) -> ResponseDecision<Code> {
        match std::mem::take(&mut state.0) {
            Stage::New | Stage::Done | Stage::Waiting(..) => {
                state.0 = Stage::Done;
                ResponseDecision::undecided()
            }
            Stage::AnsweredUntyped => {
                // Envoy gives every reply a type of content.
                response.headers.remove(&HeaderName::from_static("content-type"));
                state.0 = Stage::Done;
                ResponseDecision::undecided()
            }
            Stage::Bypassed(detail, why) => {
                self.tell(response, handled(why, None, false), None, Some(detail), None);
                state.0 = Stage::Done;
                ResponseDecision::undecided()
            }
            Stage::Changes(mut changes) => {
                self.change(&changes, response);
                if let Some(asking) = self.keeps_post(&mut changes, response) {
                    return self.answered(asking, response, state);
                }
                self.tell(response, handled(Forward::Method, None, false), None, None, None);
                state.0 = Stage::Done;
                ResponseDecision::undecided()
            }
            Stage::Asking(asking) => self.answered(asking, response, state),
        }
    }
}

impl OnResponseBody for ResponseCache {
    fn holds_response_heads(&self) -> Option<&'static str> {
        None
    }

    fn on_response_body(
        &self,
        _head: Option<&mut Response<'_>>,
        body: &mut Body,
        callouts: &dyn Callouts,
        state: &mut State,
    ) -> Result<ResponseDecision<Code>, Broken> {
        let Stage::Asking(asking) = std::mem::take(&mut state.0) else {
            return Err(Broken("has no request for this body"));
        };
        state.0 = Stage::Done;
        let secret = self.secret(callouts).map_err(|_| Broken("has no secret any more"))?;
        let work = Work { secret, host: callouts, now: callouts.now() };
        // A head of the whole has gone: a part must not follow it.
        let completed = self.completed(&asking, body, &work);
        completed.ok_or(Broken("was sent another part than was announced"))?;
        Ok(ResponseDecision::undecided())
    }

    fn on_copied_body(&self, copied: Copied, callouts: &dyn Callouts, state: &mut State) {
        if let Stage::Asking(asking) = std::mem::take(&mut state.0) {
            self.copied(*asking, copied, callouts);
        }
        state.0 = Stage::Done;
    }
}

impl OnWake for ResponseCache {
    fn waits_for_others(&self) -> bool {
        self.config.background.is_some()
            || self.config.rules.iter().any(|rule| rule.action.collapse.is_some())
    }
}

impl OnEnd for ResponseCache {
    fn on_end(&self, end: &Ended<'_>, state: &mut State) {
        if let Stage::Asking(asking) = &state.0 {
            self.give_up(asking, end.host());
        }
    }
}

impl Fetches for ResponseCache {
    fn fetched(&self) -> Vec<&dyn Polled> {
        match self.config.background {
            Some(_) => vec![&self.refreshes],
            None => Vec::new(),
        }
    }
}

impl ResponseCache {
    /// The secret of digests, made by the first that asks.
    fn secret(&self, host: &dyn Host) -> Result<&Secret, StoreError> {
        if self.secret.get().is_none() {
            let _ = self.secret.set(Secret::agreed(host, b"c/secret")?);
        }
        self.secret.get().ok_or(StoreError)
    }

    /// Takes the gateway's own mark out of a request, and what a client has made up.
    fn take_mark(&self, request: &mut Request<'_>) -> Option<Mark> {
        let is_sent = request.headers.first(refresh::FIELD.as_str()).is_some();
        if !is_sent {
            return None;
        }
        let secret = self.config.background.as_ref().and_then(|_| self.secret(request.host()).ok());
        let mark = secret.and_then(|secret| Mark::of(&request.headers, secret));
        request.headers.remove(&refresh::FIELD);
        mark
    }

    fn bypass(
        &self,
        rule: &Rule,
        code: Code,
        detail: &'static str,
        state: &mut State,
    ) -> Decision<Code> {
        let why = if code == Code::BypassMethod { Forward::Method } else { Forward::Bypass };
        state.0 = Stage::Bypassed(detail, why);
        Decision::pass(code, Some(Rc::clone(&rule.name)))
    }

    fn without_store(&self, state: &mut State) -> Decision<Code> {
        state.0 = Stage::Bypassed("store-failed", Forward::Bypass);
        Decision::pass(Code::StoreFailed, None)
    }
}

fn refuse(refusal: Refusal, rule: Option<Rc<str>>) -> Decision<Code> {
    let code = refusal.code();
    Decision { step: Step::Reply(refusal.problem().into()), ..Decision::pass(code, rule) }
}

#[cfg(all(target_family = "wasm", feature = "module"))]
gatehouse_host::load!(ResponseCache);

#[cfg(test)]
mod tests;
