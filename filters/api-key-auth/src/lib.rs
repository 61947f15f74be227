//! The `api-key-auth` filter: who is a request from, by its API key.
//!
//! The key of a request is found in one of `config`'s sources; `consumer` finds out whose it is (keys are stored
//! nowhere, only their [`Digest`]s) and whether it is good now; the rule says whether its owner may pass; and the key
//! is taken out of the request. `refusal` says what a client is told.

#![cfg_attr(test, allow(clippy::arithmetic_side_effects, reason = "an overflow in a test fails it"))]

mod config;
mod consumer;
mod digest;
mod refusal;
mod rfc3339;

pub use digest::{Digest, MAX_KEY, Secret};

use config::{Access, Config, Require};
use consumer::{Consumer, Useless};
use gatehouse_filter::config::{ConfigError, Node};
use gatehouse_filter::{Decision, Filter, HeaderValue, Mode, Request, credential};
use refusal::Refusal;
use std::rc::Rc;

/// The filter, configured.
pub struct ApiKeyAuth {
    config: Config,
}

gatehouse_filter::codes! {
    /// What the filter can decide.
    pub enum Code {
        /// The key is good.
        Allowed = "allowed",
        /// There is no key, and none is needed.
        Anonymous = "anonymous",
        /// The rule asks for nothing.
        NotRequired = "not_required",
        /// A CORS preflight: browsers send it without credentials.
        Preflight = "preflight",
        /// No key was sent.
        KeyMissing = "key_missing",
        /// More than one key was sent.
        KeyRepeated = "key_repeated",
        /// The key is unknown, too long, or not good at this time.
        KeyInvalid = "key_invalid",
        /// The key is good, but not here.
        ConsumerNotAllowed = "consumer_not_allowed",
        /// What is left of the request without its key cannot be written.
        RequestMalformed = "request_malformed",
    }
}

impl Filter for ApiKeyAuth {
    const NAME: &'static str = "api-key-auth";

    type Code = Code;
    type Stream = ();

    fn configure(node: Node<'_>) -> Option<Self> {
        Some(Self { config: Config::read(node)? })
    }

    fn mode(&self) -> Mode {
        self.config.mode
    }

    /// Why keys were refused: what clients are not told.
    fn events() -> Vec<&'static str> {
        Useless::ALL.iter().map(|useless| useless.event()).collect()
    }

    fn on_request(&self, request: &mut Request<'_>, (): &mut ()) -> Decision<Code> {
        // First, so that no rule sees it, and whatever is decided: this field comes from here or from nobody.
        if let Some(name) = &self.config.consumer_header {
            request.headers.remove(name);
        }
        let (rule, access) = match self.config.rules.find(request) {
            Some((rule, _)) => (Some(Rc::clone(&rule.name)), &rule.action),
            None => (None, &self.config.default),
        };
        let decided = self.decide(request, access);
        // Whatever is decided, and also where the key was not looked at: it is for the gateway only.
        let stripped = match self.config.forward {
            true => Ok(()),
            false => credential::strip(&self.config.sources, request).map_err(|_| Refusal::RequestMalformed),
        };
        let decided = decided.and_then(|decided| stripped.map(|()| decided));
        match decided {
            Ok((code, None)) => Decision::pass(code, rule),
            Ok((code, Some(consumer))) => {
                self.tell_upstream(request, &consumer);
                Decision::pass(code, rule).with_identity(Rc::clone(&consumer.identity))
            }
            Err(refusal) => {
                if let Refusal::KeyInvalid(useless) = refusal {
                    request.host().count(useless as usize);
                }
                Decision::refuse(self.config.mode, refusal.code(), rule, refusal.reply(&self.config.realm))
            }
        }
    }
}

impl ApiKeyAuth {
    /// Whether the request may pass, and whose it is.
    fn decide(
        &self,
        request: &Request<'_>,
        access: &Access,
    ) -> Result<(Code, Option<Rc<Consumer>>), Refusal> {
        if access.require == Require::Nothing {
            return Ok((Code::NotRequired, None));
        }
        if self.config.skip_preflight && is_preflight(request) {
            return Ok((Code::Preflight, None));
        }
        let key =
            credential::find(&self.config.sources, request, MAX_KEY).map_err(|_| Refusal::KeyRepeated)?;
        let Some(key) = key else {
            return match access.require {
                Require::Key => Err(Refusal::KeyMissing),
                Require::Nothing | Require::Optional => Ok((Code::Anonymous, None)),
            };
        };
        let secret = self.config.hmac_secret.as_ref();
        let consumer = self
            .config
            .consumers
            .authenticate(&key, secret, request.host().now())
            .map_err(Refusal::KeyInvalid)?;
        if !access.allows(consumer) {
            return Err(Refusal::ConsumerNotAllowed);
        }
        Ok((Code::Allowed, Some(Rc::clone(consumer))))
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

/// A CORS preflight (Fetch standard, "CORS-preflight request"). It never has credentials: refusing it would
/// refuse every request of a browser on another origin.
fn is_preflight(request: &Request<'_>) -> bool {
    request.method() == b"OPTIONS"
        && request.headers.first("origin").is_some()
        && request.headers.first("access-control-request-method").is_some()
}

/// The faults of a configuration, with the path of each; none where the filter would start with it.
pub fn check(configuration: &[u8]) -> Vec<ConfigError> {
    gatehouse_filter::config::read(configuration, ApiKeyAuth::configure).err().unwrap_or_default()
}

#[cfg(target_family = "wasm")]
gatehouse_host::load!(ApiKeyAuth: on_request);

#[cfg(test)]
mod tests;
