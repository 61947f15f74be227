//! The `jwt-auth` filter: who is a request from, by its bearer token.
//!
//! A request passes these files in order (`authentication` leads it through), and stops at the
//! first that refuses it: `token` takes its token apart, `claims` names its issuer and with it the
//! provider; then everything that costs no signature (algorithm, key name, times, audience); then
//! the signature (`jwks`, `key`), what its provider asks of it (`requirement`) and what the rule
//! asks besides (`demand`); and only then does anything of the token leave this filter: who it is
//! about (`identity`), and its claims as header fields (`forward`, `payload`). Keys that are not in
//! the configuration, and what has been revoked (`revocation`), are fetched beside that
//! ([`gatehouse_filter::fetched`]), and requests wait for them. A token that says nothing by itself
//! (`opaque`) is not taken apart: its issuer is asked about it (`introspection`), and what it
//! answers is judged as the claims of a token are (`introspected`). Whose it is, a table may say
//! (`consumer`). [`Refusal`] says what a client is told.

mod algorithm;
mod authentication;
mod base64url;
mod binding;
mod cache;
mod certificate;
mod claims;
mod code;
mod config;
mod consumer;
mod demand;
mod discovery;
mod event;
mod forward;
mod identity;
mod introspected;
mod introspection;
mod json;
mod jwk;
mod jwks;
mod key;
mod keys;
mod kind;
mod opaque;
mod payload;
mod pem;
mod possession;
mod proof;
mod recent;
mod refusal;
mod requirement;
mod revocation;
mod slot;
mod spki;
mod token;
mod trial;
mod verify;
mod why;

pub use algorithm::{Algorithm, Curve};
pub use code::Code;
pub use event::Event;
pub use jwk::KeyFault;
pub use jwks::{KeySet, KeySetError, SkippedKey};
pub use keys::MAX_KEY_SET;
pub use refusal::Refusal;
pub use revocation::MAX_DENYLIST;
pub use slot::{Awaited, Slot};
pub use token::MAX_TOKEN;
pub use verify::verify_compact;

use authentication::Found;
use cache::Cache;
use config::{Config, Require};
use gatehouse_consumers::Source as Consumers;
use gatehouse_filter::config::{ConfigError, Node};
use gatehouse_filter::credential::Source;
use gatehouse_filter::fetched::Waiters;
use gatehouse_filter::rules::{AmbiguousTarget, Captures};
use gatehouse_filter::{
    Codes as _, CountedRule, Decision, Fetches, Filter, HeaderName, HeaderValue, Headers, Host,
    InvalidValue, Mode, Need, Never, NoCodes, OnRequestTrailers, Polled, Request, Secret, Step,
    StoreError, Wording, credential,
};
use proof::Nonces;
use refusal::Scheme;
use std::cell::{Cell, OnceCell};
use std::rc::Rc;
use token::UsualHeader;
use trial::Spent;
use why::Refused;

/// The filter, configured.
pub struct JwtAuth {
    config: Config,
    /// Remembered, so that a host that cannot verify is asked once.
    host_cannot_verify: Cell<bool>,
    /// What verifying tokens has taken this worker.
    spent: Spent,
    /// What verifying proofs has taken it: apart, so that neither stops the other.
    spent_on_proofs: Spent,
    /// For what is known of proofs and nonces, of all workers.
    secret: OnceCell<Secret>,
    waiters: Waiters,
    usual_header: UsualHeader,
    cache: Cache,
}

impl Filter for JwtAuth {
    const NAME: &'static str = "jwt-auth";

    type Code = Code;
    type Event = Event;
    type RuleEvent = NoCodes;
    /// The request's slot, while it waits for keys.
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
        let config = Config::read(node)?;
        Some(Self {
            cache: Cache::new(config.cached_tokens),
            config,
            host_cannot_verify: Cell::new(false),
            spent: Spent::default(),
            spent_on_proofs: Spent::default(),
            secret: OnceCell::new(),
            waiters: Waiters::default(),
            usual_header: UsualHeader::default(),
        })
    }

    fn mode(&self) -> Mode {
        self.config.mode
    }

    fn start(&self, host: &dyn Host) -> Result<(), Vec<ConfigError>> {
        // A failure shows again at the first proof, which is then refused.
        if let Some(dpop) = &self.config.dpop {
            let _ = dpop.replays.prepare(host);
            let _ = self.secret(host);
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
        self.config.rules.wording(rule).filter(|_| code.is_worded())
    }

    fn needs(&self) -> Vec<Need> {
        let mut needs = vec![Need::Clock, Need::Edits];
        needs.extend(self.config.dpop.as_ref().map(|_| Need::Store));
        needs
    }

    fn on_request(&self, request: &mut Request<'_>, slot: &mut Option<Slot>) -> Decision<Code> {
        // First, and whatever is decided: these fields come from here or from nobody.
        request.headers.remove_in_every_spelling(&self.config.written);
        request.headers.remove_other_spellings(&self.config.fields);
        let found = match self.config.rules.guard_each(request) {
            Ok(mut rules) => rules.next(),
            Err(AmbiguousTarget) => {
                return self.refuse(request, Refusal::TargetAmbiguous.into(), None);
            }
        };
        let (rule, asked, captures) = match found {
            Some((rule, captures)) => (Some(Rc::clone(&rule.name)), &rule.action, captures),
            None => (None, &self.config.default, Captures::default()),
        };
        if matches!(asked.require, Require::Nothing) {
            return Decision::pass(Code::NotRequired, rule);
        }
        if self.config.skip_preflight && request.is_preflight() {
            return Decision::pass(Code::Preflight, rule);
        }
        let found = self.authenticate(request, (asked, &captures), slot);
        let found = match found {
            Ok(Found::NotYet(_)) => found,
            found => {
                *slot = None;
                // Also one that nobody asked for here. What a dry run does not refuse stays as it
                // was.
                found.and_then(|found| match self.config.forwards_token {
                    true => Ok(found),
                    false => Ok(self.take_out_tokens(request).map(|()| found)?),
                })
            }
        };
        match found {
            Ok(Found::Identity(identity)) => {
                Decision::pass(Code::Allowed, rule).with_caller(identity)
            }
            Ok(Found::Nobody) => Decision::pass(Code::Anonymous, rule),
            Ok(Found::Identified) => Decision::pass(Code::Identified, rule),
            Ok(Found::NotYet(until)) => {
                Decision { step: Step::Wait(until), ..Decision::pass(Code::KeysUnavailable, rule) }
            }
            // Never on to an upstream, which may take it for one that was looked at.
            Err(ignored) if matches!(asked.require, Require::Lenient(_)) => {
                match self.take_out_tokens(request) {
                    Ok(()) => {
                        let code = ignored.refusal.code().name();
                        let why = ignored.why.map_or_else(String::new, |why| format!(": {why}"));
                        Decision::pass(Code::TokenIgnored, rule)
                            .because(Some(format!("{code}{why}")))
                    }
                    Err(refusal) => self.refuse(request, refusal.into(), rule),
                }
            }
            Err(refused) => self.refuse(request, refused, rule),
        }
    }
}

impl OnRequestTrailers for JwtAuth {
    fn clear_trailers(&self, trailers: &mut Headers, _slot: &Option<Slot>) {
        trailers.remove_in_every_spelling(&self.config.written);
    }
}

impl Fetches for JwtAuth {
    fn fetched(&self) -> Vec<&dyn Polled> {
        let list =
            self.config.revocations.as_ref().map(|revocations| &revocations.list as &dyn Polled);
        let providers = &self.config.providers;
        let keys = providers.iter().filter_map(|provider| provider.keys.fetched());
        let asked = providers.iter().filter_map(|provider| provider.introspection.as_ref());
        let keys = keys.map(|keys| keys as &dyn Polled);
        let consumers = self.config.consumers.as_ref().and_then(Consumers::polled);
        let lists = list.into_iter().chain(consumers);
        keys.chain(asked.map(|asked| asked as &dyn Polled)).chain(lists).collect()
    }
}

impl JwtAuth {
    fn refuse(
        &self,
        request: &Request<'_>,
        refused: Refused,
        rule: Option<Rc<str>>,
    ) -> Decision<Code> {
        let Refused { refusal, why } = refused;
        let mut reply = refusal.reply(&self.config.challenge, self.scheme(request));
        if refusal == Refusal::NonceNeeded
            && let Ok(secret) = self.secret(request.host())
            && let Ok(nonce) =
                HeaderValue::try_from(Nonces::make(secret, request.host().now()).into_bytes())
        {
            // RFC 9449 §8.2: an answer that was kept would give an old nonce.
            reply = reply.with_header(DPOP_NONCE, nonce).with_header(CACHE_CONTROL, NO_STORE);
        }
        Decision::refuse(self.config.mode, refusal.code(), rule, reply).because(why)
    }

    /// How the client has sent its token; asked for where a request is refused.
    fn scheme(&self, request: &Request<'_>) -> Scheme {
        let sources = self.config.proof_sources.iter();
        let mut sources = sources.filter_map(|index| self.config.sources.get(*index));
        let has_one = |source: &Source| {
            let found = credential::find(std::slice::from_ref(source), request, 0);
            found.is_ok_and(|found| found.is_some())
        };
        let is_only = self.config.challenge.is_of("DPoP");
        if is_only || sources.any(has_one) { Scheme::Dpop } else { Scheme::Bearer }
    }

    fn secret(&self, host: &dyn Host) -> Result<&Secret, StoreError> {
        if self.secret.get().is_none() {
            let _ = self.secret.set(Secret::agreed(host, b"d1/secret")?);
        }
        self.secret.get().ok_or(StoreError)
    }

    fn take_out_tokens(&self, request: &mut Request<'_>) -> Result<(), Refusal> {
        if self.config.dpop.is_some() {
            request.headers.remove(&DPOP);
        }
        credential::strip(&self.config.sources, request)
            .map_err(|InvalidValue| Refusal::TokenMalformed)
    }
}

const DPOP: HeaderName = HeaderName::from_static("dpop");
const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");
const CACHE_CONTROL: HeaderName = HeaderName::from_static("cache-control");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

#[cfg(all(target_family = "wasm", feature = "module"))]
gatehouse_host::load!(JwtAuth);

#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    clippy::string_slice,
    reason = "a test that panics is a test that fails"
)]
mod tests;
