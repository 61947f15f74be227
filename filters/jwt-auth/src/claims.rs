//! The claims of a token (RFC 7519 §4.1): their types, and whether they hold now and here.

use crate::{Refusal, json};
use gatehouse_filter::{Identity, Timestamp};
use serde_json::{Map, Value};
use std::time::Duration;

/// What a token says. Whether it is true, the signature tells.
pub(crate) struct Claims {
    members: Map<String, Value>,
    pub(crate) validity: Validity,
}

/// When a token is valid.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Validity {
    expires: Option<Duration>,
    not_before: Option<Duration>,
    issued: Option<Duration>,
}

impl Claims {
    /// Reads a payload: a JSON object whose registered claims are of their types.
    pub(crate) fn parse(payload: &[u8]) -> Result<Self, Refusal> {
        let members = json::object(payload).ok_or(Refusal::TokenMalformed)?;
        let is_text = |name| members.get(name).is_none_or(Value::is_string);
        if !is_text("iss") {
            return Err(Refusal::ClaimInvalid("The claim iss must be text"));
        }
        if !is_text("sub") {
            return Err(Refusal::ClaimInvalid("The claim sub must be text"));
        }
        // Of another type it could not be found on a list of what was revoked.
        if !is_text("jti") {
            return Err(Refusal::ClaimInvalid("The claim jti must be text"));
        }
        if !members.get("aud").is_none_or(is_text_or_texts) {
            return Err(Refusal::ClaimInvalid("The claim aud must be text or a list of texts"));
        }
        let date = |name, refusal| match members.get(name) {
            None => Ok(None),
            Some(value) => numeric_date(value).map(Some).ok_or(Refusal::ClaimInvalid(refusal)),
        };
        let validity = Validity {
            expires: date("exp", "The claim exp must be a number of seconds since 1970")?,
            not_before: date("nbf", "The claim nbf must be a number of seconds since 1970")?,
            issued: date("iat", "The claim iat must be a number of seconds since 1970")?,
        };
        Ok(Self { members, validity })
    }

    /// `iss`.
    pub(crate) fn issuer(&self) -> Option<&str> {
        self.members.get("iss").and_then(Value::as_str)
    }

    /// Whether the token is for one of `any`, where there are some, and for each of `all`.
    pub(crate) fn check_audience(&self, any: &[String], all: &[String]) -> Result<(), Refusal> {
        let is_for = |ours: &String| match self.members.get("aud") {
            Some(Value::Array(list)) => list.iter().any(|audience| audience == ours),
            Some(audience) => audience == ours,
            None => false,
        };
        let is_for_us = (any.is_empty() || any.iter().any(is_for)) && all.iter().all(is_for);
        if is_for_us { Ok(()) } else { Err(Refusal::AudienceMismatch) }
    }

    /// Who the token is about. To be called after the signature was verified.
    pub(crate) fn into_identity(self) -> Identity {
        let text = |name| self.members.get(name).and_then(Value::as_str).map(str::to_owned);
        // RFC 8693 §4.2 has `scope`; `scp` is its older spelling, a list or a text.
        let scopes = self.members.get("scope").or_else(|| self.members.get("scp"));
        Identity {
            issuer: text("iss"),
            subject: text("sub"),
            scopes: scopes.map(words).unwrap_or_default(),
            roles: self.members.get("roles").map(texts).unwrap_or_default(),
            groups: self.members.get("groups").map(texts).unwrap_or_default(),
            claims: self.members,
            ..Identity::default()
        }
    }
}

impl Validity {
    /// When the token was issued, by what it says. What is from the future does not say when.
    pub(crate) fn issued(&self, now: Timestamp, lifetime: &Lifetime) -> Option<Duration> {
        let latest = Duration::from_nanos(now.0).saturating_add(lifetime.leeway);
        self.issued.filter(|issued| *issued <= latest)
    }

    /// Whether the token is valid now.
    pub(crate) fn check(&self, now: Timestamp, lifetime: &Lifetime) -> Result<(), Refusal> {
        let now = Duration::from_nanos(now.0);
        let leeway = lifetime.leeway;
        match self.expires {
            None if lifetime.requires_expiration => {
                return Err(Refusal::ClaimInvalid("The claim exp is required"));
            }
            // RFC 7519 §4.1.4: not "on or after".
            Some(expires) if now >= expires.saturating_add(leeway) => return Err(Refusal::TokenExpired),
            _ => {}
        }
        let is_future = |date: Duration| date > now.saturating_add(leeway);
        if self.not_before.is_some_and(is_future) {
            return Err(Refusal::TokenNotYetValid);
        }
        // RFC 7519 §4.1.6: `iat` is for telling the age, and says nothing about whether a token is good already.
        let Some(max_age) = lifetime.max_age else { return Ok(()) };
        match self.issued {
            None => Err(Refusal::ClaimInvalid("The claim iat is required")),
            Some(issued) if is_future(issued) => Err(Refusal::TokenNotYetValid),
            Some(issued) if now >= issued.saturating_add(max_age).saturating_add(leeway) => {
                Err(Refusal::TokenTooOld)
            }
            Some(_) => Ok(()),
        }
    }
}

/// How long a provider's tokens are good.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Lifetime {
    /// How far the issuer's clock may be off.
    pub(crate) leeway: Duration,
    pub(crate) requires_expiration: bool,
    /// From `iat` on, whatever `exp` says.
    pub(crate) max_age: Option<Duration>,
}

/// A NumericDate (RFC 7519 §2): seconds since 1970, whole or not. Nothing negative, and nothing that does not fit into
/// 64 bits. Beyond 2^53 it is rounded, as JSON's numbers are.
pub(crate) fn numeric_date(value: &Value) -> Option<Duration> {
    let Value::Number(number) = value else { return None };
    Duration::try_from_secs_f64(number.as_f64()?).ok()
}

fn is_text_or_texts(value: &Value) -> bool {
    match value {
        Value::Array(list) => list.iter().all(Value::is_string),
        other => other.is_string(),
    }
}

/// The texts of a list; one text stands for a list of one. Whatever is no text grants nothing.
fn texts(value: &Value) -> Vec<String> {
    let list = match value {
        Value::Array(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The words of a text separated by spaces, or the texts of a list.
fn words(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect(),
        list => texts(list),
    }
}
