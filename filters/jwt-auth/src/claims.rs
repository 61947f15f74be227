//! The claims of a token (RFC 7519 §4.1): their types, and whether they hold now and here.

use crate::Refusal;
use crate::json::{Member, Members};
use gatehouse_filter::{Caller, RawIdentity, Timestamp};
use gatehouse_json::{Kind, push_quoted};
use serde_json::Value;
use std::borrow::Cow;
use std::time::Duration;

/// What a token says. Whether it is true, the signature tells.
pub(crate) struct Claims {
    members: Members,
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
    pub(crate) fn parse(payload: Vec<u8>) -> Result<Self, Refusal> {
        let members = Members::read(payload).ok_or(Refusal::TokenMalformed)?;
        let is_text = |name| members.get(name).is_none_or(|member| member.kind() == Kind::String);
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
            Some(member) => date(member).map(Some).ok_or(Refusal::ClaimInvalid(refusal)),
        };
        let validity = Validity {
            expires: date("exp", "The claim exp must be a number of seconds since 1970")?,
            not_before: date("nbf", "The claim nbf must be a number of seconds since 1970")?,
            issued: date("iat", "The claim iat must be a number of seconds since 1970")?,
        };
        Ok(Self { members, validity })
    }

    /// `iss`, `sub` or another claim that is text.
    pub(crate) fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.members.get(name)?.text()
    }

    /// The claim at a path, found as [`Identity::claim`](gatehouse_filter::Identity::claim) finds it.
    pub(crate) fn at(&self, path: &str) -> Option<Member<'_>> {
        self.members.at(path)
    }

    /// Whether the token is for one of `any`, where there are some, and for each of `all`.
    pub(crate) fn check_audience(&self, any: &[String], all: &[String]) -> Result<(), Refusal> {
        let audience = self.members.get("aud");
        let is_for = |ours: &String| {
            let is_ours = |member: Member<'_>| member.text().is_some_and(|text| text == *ours);
            audience.is_some_and(|audience| is_ours(audience) || audience.items().any(is_ours))
        };
        let is_for_us = (any.is_empty() || any.iter().any(is_for)) && all.iter().all(is_for);
        if is_for_us { Ok(()) } else { Err(Refusal::AudienceMismatch) }
    }

    /// Who the token is about. To be called after the signature was verified.
    pub(crate) fn caller(&self) -> Caller {
        // RFC 8693 §4.2 has `scope`; `scp` is its older spelling, a list or a text.
        let scopes = self.members.get("scope").or_else(|| self.members.get("scp"));
        let raw = |name| self.members.get(name).map(Member::raw);
        let identity = RawIdentity {
            issuer: raw("iss"),
            subject: raw("sub"),
            scopes: scopes.map(words),
            roles: self.members.get("roles").map(texts),
            groups: self.members.get("groups").map(texts),
            claims: self.members.raw(),
        };
        Caller::from_json(self.text("sub").map(Cow::into_owned), identity.to_bytes())
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
        if let Some(max_lifetime) = lifetime.max_lifetime {
            let latest = now.saturating_add(max_lifetime).saturating_add(leeway);
            match self.expires {
                None => return Err(Refusal::ClaimInvalid("The claim exp is required")),
                Some(expires) if expires > latest => return Err(Refusal::LifetimeTooLong),
                Some(_) => {}
            }
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
    /// From now on, until `exp`.
    pub(crate) max_lifetime: Option<Duration>,
}

/// A claim that is a NumericDate.
fn date(member: Member<'_>) -> Option<Duration> {
    match member.raw() {
        // As nearly all are: at most ten digits do not overflow.
        raw @ [b'1'..=b'9', ..] if raw.len() <= 10 && raw.iter().all(u8::is_ascii_digit) => {
            let digit = |seconds: u64, digit: &u8| {
                seconds.wrapping_mul(10).wrapping_add(u64::from(digit.wrapping_sub(b'0')))
            };
            Some(Duration::from_secs(raw.iter().fold(0, digit)))
        }
        _ => numeric_date(&member.value()),
    }
}

/// A NumericDate (RFC 7519 §2): seconds since 1970, whole or not. Nothing negative, and nothing that does not fit into
/// 64 bits. Beyond 2^53 it is rounded, as JSON's numbers are.
pub(crate) fn numeric_date(value: &Value) -> Option<Duration> {
    let Value::Number(number) = value else { return None };
    Duration::try_from_secs_f64(number.as_f64()?).ok()
}

fn is_text_or_texts(member: Member<'_>) -> bool {
    let is_text = |member: Member<'_>| member.kind() == Kind::String;
    is_text(member) || (member.kind() == Kind::Array && member.items().all(is_text))
}

/// The texts of a list, as a list in JSON; one text stands for a list of one. Whatever is no text grants nothing.
fn texts(member: Member<'_>) -> Cow<'_, [u8]> {
    let is_text = |member: &Member<'_>| member.kind() == Kind::String;
    if member.kind() == Kind::Array && member.items().all(|item| is_text(&item)) {
        return Cow::Borrowed(member.raw());
    }
    let texts = [member].into_iter().chain(member.items()).filter(is_text);
    Cow::Owned(list(texts.map(|text| Cow::Borrowed(text.raw()))))
}

/// The words of a text separated by spaces, or the texts of a list, as a list in JSON.
fn words(member: Member<'_>) -> Cow<'_, [u8]> {
    let Some(text) = member.text() else { return texts(member) };
    let words = text.split(' ').filter(|word| !word.is_empty());
    Cow::Owned(list(words.map(|word| {
        let mut quoted = Vec::with_capacity(word.len().saturating_add(2));
        push_quoted(word.as_bytes(), &mut quoted);
        Cow::Owned(quoted)
    })))
}

/// Values in JSON as a list of them.
fn list<'v>(values: impl Iterator<Item = Cow<'v, [u8]>>) -> Vec<u8> {
    let mut list = vec![b'['];
    for value in values {
        if list.len() > 1 {
            list.push(b',');
        }
        list.extend_from_slice(&value);
    }
    list.push(b']');
    list
}
