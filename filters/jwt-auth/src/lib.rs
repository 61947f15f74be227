//! The `jwt-auth` filter: who is a request from, by its bearer token.
//!
//! A request passes these files in order, and stops at the first that refuses it: `source` finds the token,
//! `token` takes it apart, `claims` names its issuer and with it the provider; then everything that costs no
//! signature (algorithm, key name, times, audience); then the signature (`jwks`, `key`); and only then does
//! anything of the token leave this filter: its identity, and its claims as header fields (`forward`).
//! [`Refusal`] says what a client is told.

mod algorithm;
mod base64url;
mod claims;
mod config;
mod forward;
mod json;
mod jwk;
mod jwks;
mod key;
mod refusal;
mod source;
mod token;
mod verify;

pub use algorithm::{Algorithm, Curve};
pub use jwk::KeyFault;
pub use jwks::{KeySet, KeySetError, SkippedKey};
pub use refusal::Refusal;
pub use verify::verify_compact;

use claims::Claims;
use config::{Config, Require};
use gatehouse_filter::config::{ConfigError, Node};
use gatehouse_filter::{Decision, Filter, Identity, Mode, Request};
use std::cell::Cell;
use std::rc::Rc;
use token::Token;
use verify::HostVerifier;

/// The longest token that is looked at, in bytes.
pub const MAX_TOKEN: usize = 16 * 1024;

/// The filter, configured.
pub struct JwtAuth {
    config: Config,
    /// Remembered, so that a host that cannot verify is asked once.
    host_cannot_verify: Cell<bool>,
}

gatehouse_filter::codes! {
    /// What the filter can decide.
    pub enum Code {
        /// The token is good.
        Allowed = "allowed",
        /// There is no token, and none is needed.
        Anonymous = "anonymous",
        /// The rule asks for nothing.
        NotRequired = "not_required",
        /// A CORS preflight: browsers send it without credentials.
        Preflight = "preflight",
        /// See [`Refusal::TokenMissing`].
        TokenMissing = "token_missing",
        /// See [`Refusal::TokenRepeated`].
        TokenRepeated = "token_repeated",
        /// See [`Refusal::TokenTooLarge`].
        TokenTooLarge = "token_too_large",
        /// See [`Refusal::TokenMalformed`].
        TokenMalformed = "token_malformed",
        /// See [`Refusal::CriticalUnsupported`].
        CriticalUnsupported = "critical_unsupported",
        /// See [`Refusal::AlgorithmNotAllowed`].
        AlgorithmNotAllowed = "algorithm_not_allowed",
        /// See [`Refusal::KeyUnknown`].
        KeyUnknown = "key_unknown",
        /// See [`Refusal::SignatureInvalid`].
        SignatureInvalid = "signature_invalid",
        /// See [`Refusal::TokenExpired`].
        TokenExpired = "token_expired",
        /// See [`Refusal::TokenNotYetValid`].
        TokenNotYetValid = "token_not_yet_valid",
        /// See [`Refusal::IssuerUnknown`].
        IssuerUnknown = "issuer_unknown",
        /// See [`Refusal::AudienceMismatch`].
        AudienceMismatch = "audience_mismatch",
        /// See [`Refusal::ClaimInvalid`].
        ClaimInvalid = "claim_invalid",
    }
}

impl Filter for JwtAuth {
    const NAME: &'static str = "jwt-auth";

    type Code = Code;
    type Stream = ();

    fn configure(node: Node<'_>) -> Option<Self> {
        Some(Self { config: Config::read(node)?, host_cannot_verify: Cell::new(false) })
    }

    fn mode(&self) -> Mode {
        self.config.mode
    }

    fn on_request(&self, request: &mut Request<'_>, (): &mut ()) -> Decision<Code> {
        // First, and whatever is decided: these fields come from here or from nobody.
        for name in &self.config.written {
            request.headers.remove(name);
        }
        let (rule, require) = match self.config.rules.find(request) {
            Some((rule, _)) => (Some(Rc::clone(&rule.name)), &rule.action),
            None => (None, &self.config.default),
        };
        if matches!(require, Require::Nothing) {
            return Decision::pass(Code::NotRequired, rule);
        }
        if self.config.skip_preflight && is_preflight(request) {
            return Decision::pass(Code::Preflight, rule);
        }
        match self.authenticate(request, require) {
            Ok(Some(identity)) => Decision::pass(Code::Allowed, rule).with_identity(Rc::new(identity)),
            Ok(None) => Decision::pass(Code::Anonymous, rule),
            Err(refusal) => {
                let reply = refusal.reply(&self.config.realm);
                Decision::refuse(self.config.mode, refusal.code(), rule, reply)
            }
        }
    }
}

impl JwtAuth {
    /// Who the request is from; `None` where it need not say.
    fn authenticate(
        &self,
        request: &mut Request<'_>,
        require: &Require,
    ) -> Result<Option<Identity>, Refusal> {
        let host = request.host();
        let token = match source::bearer(&request.headers)? {
            Some(token) => Token::parse(token)?,
            None if matches!(require, Require::Optional) => return Ok(None),
            None => return Err(Refusal::TokenMissing),
        };
        let claims = Claims::parse(&token.payload)?;
        let issuer = claims.issuer().ok_or(Refusal::IssuerUnknown)?;
        let provider = self.config.provider(require, issuer).ok_or(Refusal::IssuerUnknown)?;

        // What costs nothing comes first: a forged token should not buy a verification.
        let is_allowed = |allowed: &Vec<Algorithm>| allowed.contains(&token.algorithm);
        if !provider.algorithms.as_ref().is_none_or(is_allowed) {
            return Err(Refusal::AlgorithmNotAllowed);
        }
        provider.keys.check(&token)?;
        claims.check_time(host.now(), provider.leeway, provider.requires_expiration)?;
        claims.check_audience(&provider.audiences)?;

        let verifier = HostVerifier { host, is_absent: &self.host_cannot_verify };
        provider.keys.verify(&token, Some(&verifier))?;

        // From here on the claims are the issuer's word.
        let payload = token.payload;
        let identity = claims.into_identity();
        forward::write(&mut request.headers, &provider.claims_to_headers, &identity, &payload)?;
        Ok(Some(identity))
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
    gatehouse_filter::config::read(configuration, JwtAuth::configure).err().unwrap_or_default()
}

#[cfg(target_family = "wasm")]
gatehouse_host::load!(JwtAuth: on_request);

#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    clippy::string_slice,
    reason = "a test that panics is a test that fails"
)]
mod tests;
