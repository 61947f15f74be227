//! The `api-key-auth` filter: who is a request from, by its API key, or without one by the
//! certificate of its connection (`certificate`).
//!
//! The key of a request is found in one of `config`'s sources; the table of consumers
//! ([`Consumers`]) says whose it is (keys are stored nowhere, only their [`Digest`]s) and whether
//! it is good now; the rule says whether its owner may pass; and the key is taken out of the
//! request. `refusal` says what a client is told.

#![cfg_attr(
    test,
    allow(clippy::arithmetic_side_effects, reason = "an overflow in a test fails it")
)]

mod certificate;
mod config;
mod refusal;

pub use gatehouse_filter::api_key::{Digest, MAX_KEY, Secret};

use config::{Access, Config, Require};
use gatehouse_consumers::{Consumer, Consumers, Source};
use gatehouse_filter::config::{ConfigError, Node};
use gatehouse_filter::fetched::{self, Awaits, Waiters};
use gatehouse_filter::rules::AmbiguousTarget;
use gatehouse_filter::{
    Caller, CountedRule, Decision, Event as _, Fetches, Filter, HeaderValue, Headers, Host, Mode,
    Need, Never, NoCodes, OnRequestTrailers, Polled, Request, Step, Timestamp, Until, Wording,
    credential,
};
use refusal::{Refusal, Refused};
use std::rc::Rc;

/// The filter, configured.
pub struct ApiKeyAuth {
    config: Config,
    waiters: Waiters,
}

/// A request's slot while it waits for a list of consumers.
pub type Slot = fetched::Slot<()>;

gatehouse_filter::codes! {
    /// What the filter can decide.
    pub enum Code {
        /// The key or the certificate is good.
        Allowed = "allowed",
        /// There is no key and no verified certificate, and none is needed.
        Anonymous = "anonymous",
        /// The rule asks for nothing.
        NotRequired = "not_required",
        /// A CORS preflight: browsers send it without credentials.
        Preflight = "preflight",
        /// The path, the host or a parameter can be read as another one than the rules read.
        TargetAmbiguous = "target_ambiguous",
        /// No key was sent, and no certificate does instead.
        KeyMissing = "key_missing",
        /// More than one key was sent.
        KeyRepeated = "key_repeated",
        /// The key is unknown, too long, or not good at this time.
        KeyInvalid = "key_invalid",
        /// The key or the certificate is good, but not here.
        ConsumerNotAllowed = "consumer_not_allowed",
        /// The certificate is good, and of no consumer that there is.
        ConsumerUnknown = "consumer_unknown",
        /// The key or the certificate is good, and its consumer is disabled.
        ConsumerDisabled = "consumer_disabled",
        /// There is no list of consumers yet.
        ConsumersUnavailable = "consumers_unavailable",
        /// What is left of the request without its key cannot be written.
        RequestMalformed = "request_malformed",
    }
}

gatehouse_filter::events! {
    /// Why keys were refused, which clients are not told, and what became of the list of consumers.
    pub enum Event {
        /// The key is longer than any is.
        KeyTooLong = "key_too_long",
        /// It is in credentials of the scheme `Basic` that cannot be read.
        KeyMalformed = "key_malformed",
        /// It is nobody's.
        KeyUnknown = "key_unknown",
        /// It is not good yet.
        KeyNotYetValid = "key_not_yet_valid",
        /// It is not good any more.
        KeyExpired = "key_expired",
        /// The connection has a certificate that Envoy has not verified in its handshake.
        CertificateUnverified = "certificate_unverified",
        /// See [`fetched::Event::Fetched`].
        ConsumersFetched = "consumers_fetched",
        /// See [`fetched::Event::FetchFailed`].
        ConsumersFetchFailed = "consumers_fetch_failed",
        /// See [`fetched::Event::Refused`].
        ConsumersRefused = "consumers_refused",
        /// See [`fetched::Event::Dropped`].
        ConsumersDropped = "consumers_dropped",
    }
}

impl Filter for ApiKeyAuth {
    const NAME: &'static str = "api-key-auth";

    type Code = Code;
    type Event = Event;
    type RuleEvent = NoCodes;
    type State = Option<Slot>;
    type RequestBody = Never;
    type RequestTrailers = Self;
    type Response = Never;
    type ResponseBody = Never;
    type Answers = Never;
    type Fetching = Self;
    type GrpcAnswers = Never;
    type Logging = Never;
    type Waking = Never;
    type Ending = Never;

    fn configure(node: Node<'_>) -> Option<Self> {
        Some(Self { config: Config::read(node)?, waiters: Waiters::default() })
    }

    fn mode(&self) -> Mode {
        self.config.mode
    }

    fn start(&self, _host: &dyn Host) -> Result<(), Vec<ConfigError>> {
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
            Code::KeyMissing
                | Code::KeyRepeated
                | Code::KeyInvalid
                | Code::ConsumerNotAllowed
                | Code::ConsumerUnknown
                | Code::ConsumerDisabled
        );
        self.config.rules.wording(rule).filter(|_| is_worded)
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::Clock, Need::Edits]
    }

    fn on_request(&self, request: &mut Request<'_>, slot: &mut Option<Slot>) -> Decision<Code> {
        // First, so that no rule sees it, and whatever is decided: this field comes from here or
        // from nobody.
        request.headers.remove_in_every_spelling(self.config.consumer_header.as_slice());
        request.headers.remove_other_spellings(&self.config.fields);
        let (rule, decided) = match self.config.rules.guard(request, &self.config.default) {
            Ok((rule, access)) => (rule, self.decide(request, access, slot)),
            Err(AmbiguousTarget) => (None, Err(Refused::from(Refusal::TargetAmbiguous))),
        };
        let decided = match decided {
            Ok(Verdict::Wait) => {
                let code = Code::ConsumersUnavailable;
                let step = Step::Wait(Until::Fetched);
                return Decision { step, ..Decision::pass(code, rule) };
            }
            Ok(Verdict::Pass(code)) => Ok((code, None)),
            Ok(Verdict::Known(consumer, caller)) => Ok((Code::Allowed, Some((consumer, caller)))),
            Err(refused) => Err(refused),
        };
        *slot = None;
        // Whatever is decided, and also where the key was not looked at: it is for the gateway
        // only.
        let stripped = match self.config.forward {
            true => Ok(()),
            false => credential::strip(&self.config.sources, request)
                .map_err(|_| Refused::from(Refusal::RequestMalformed)),
        };
        let decided = decided.and_then(|decided| stripped.map(|()| decided));
        match decided {
            Ok((code, None)) => Decision::pass(code, rule),
            Ok((code, Some((consumer, caller)))) => {
                if let Some(consumer) = consumer {
                    self.tell_upstream(request, &consumer);
                }
                Decision::pass(code, rule).with_caller(caller)
            }
            Err(Refused { refusal, why }) => {
                if let Some(event) = refusal.event() {
                    event.count(request.host());
                }
                Decision::refuse(
                    self.config.mode,
                    refusal.code(),
                    rule,
                    refusal.reply(&self.config.challenge),
                )
                .because(why)
            }
        }
    }
}

impl OnRequestTrailers for ApiKeyAuth {
    fn clear_trailers(&self, trailers: &mut Headers, _slot: &Option<Slot>) {
        trailers.remove_in_every_spelling(self.config.consumer_header.as_slice());
    }
}

impl Fetches for ApiKeyAuth {
    fn fetched(&self) -> Vec<&dyn Polled> {
        self.config.source.polled().into_iter().collect()
    }
}

/// What becomes of a request that is not refused.
enum Verdict {
    Pass(Code),
    /// It is from this caller, whom the table has as this consumer, where it has one.
    Known(Option<Rc<Consumer>>, Rc<Caller>),
    Wait,
}

impl ApiKeyAuth {
    /// Whether the request may pass, and whose it is.
    fn decide(
        &self,
        request: &Request<'_>,
        access: &Access,
        slot: &mut Option<Slot>,
    ) -> Result<Verdict, Refused> {
        if access.require == Require::Nothing {
            return Ok(Verdict::Pass(Code::NotRequired));
        }
        if self.config.skip_preflight && request.is_preflight() {
            return Ok(Verdict::Pass(Code::Preflight));
        }
        let key = credential::find(&self.config.sources, request, MAX_KEY)
            .map_err(refusal::for_unclear)?;
        let Some(key) = key else { return self.decide_without_key(request, access, slot) };
        let now = request.host().now();
        let Some(list) = self.consumers(slot, now)? else { return Ok(Verdict::Wait) };
        let secret = self.config.hmac_secret.as_ref();
        let consumer = list.of_key(&key, secret, now).map_err(refusal::for_key)?;
        access.check(consumer).map_err(|refusal| {
            Refused::because(refusal, format!("a key of `{}`", consumer.name))
        })?;
        Ok(Verdict::Known(Some(Rc::clone(consumer)), Rc::clone(&consumer.caller)))
    }

    /// The consumers there are; `None` where the request has to wait for them.
    fn consumers(
        &self,
        slot: &mut Option<Slot>,
        now: Timestamp,
    ) -> Result<Option<Rc<Consumers>>, Refusal> {
        match &self.config.source {
            Source::Inline(consumers) => Ok(Some(Rc::clone(consumers))),
            Source::Polled(list) => match list.current(now) {
                Some(consumers) => Ok(Some(consumers)),
                // A dry run delays nobody.
                None if self.config.mode == Mode::Enforce
                    && self.waiters.may_wait(slot, (), list, Awaits::Any, now) =>
                {
                    Ok(None)
                }
                None => Err(Refusal::ConsumersUnavailable),
            },
        }
    }

    fn tell_upstream(&self, request: &mut Request<'_>, consumer: &Consumer) {
        // A consumer's name has no control characters.
        if let Some(name) = &self.config.consumer_header
            && let Ok(value) = HeaderValue::try_from(consumer.name.as_bytes())
        {
            request.headers.set(name, value);
        }
    }
}

#[cfg(all(target_family = "wasm", feature = "module"))]
gatehouse_host::load!(ApiKeyAuth);

#[cfg(test)]
mod tests;
