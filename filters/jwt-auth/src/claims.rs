//! The claims of a token (RFC 7519 §4.1): their types, and whether they hold now and here.

use crate::json::{Member, Members};
use crate::refusal::Refusal;
use gatehouse_filter::Timestamp;
use gatehouse_json::{Id, Kind};
use serde_json::Value;
use std::borrow::Cow;
use std::time::Duration;

/// What a token says. Whether it is true, the signature tells.
pub(crate) struct Claims {
    members: Members,
    known: Known,
    pub(crate) validity: Validity,
}

/// Where the claims are that mean something here.
#[derive(Default)]
struct Known {
    issuer: Option<Id>,
    subject: Option<Id>,
    audience: Option<Id>,
    expires: Option<Id>,
    not_before: Option<Id>,
    issued: Option<Id>,
    token: Option<Id>,
    scope: Option<Id>,
    scp: Option<Id>,
    roles: Option<Id>,
    groups: Option<Id>,
    events: Option<Id>,
    confirmation: Option<Id>,
}

impl Known {
    fn find(members: &Members) -> Self {
        let mut known = Self::default();
        for (name, id) in members.iter() {
            let place = match &*name {
                b"iss" => &mut known.issuer,
                b"sub" => &mut known.subject,
                b"aud" => &mut known.audience,
                b"exp" => &mut known.expires,
                b"nbf" => &mut known.not_before,
                b"iat" => &mut known.issued,
                b"jti" => &mut known.token,
                // RFC 8693 §4.2 has `scope`; `scp` is its older spelling, a list or a text.
                b"scope" => &mut known.scope,
                b"scp" => &mut known.scp,
                b"roles" => &mut known.roles,
                b"groups" => &mut known.groups,
                b"events" => &mut known.events,
                b"cnf" => &mut known.confirmation,
                _ => continue,
            };
            *place = Some(id);
        }
        known
    }
}

/// When a token is valid.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Validity {
    pub(crate) expires: Option<Duration>,
    pub(crate) not_before: Option<Duration>,
    pub(crate) issued: Option<Duration>,
}

impl Claims {
    /// Reads a payload: a JSON object whose registered claims are of their types.
    pub(crate) fn parse(payload: Vec<u8>) -> Result<Self, Refusal> {
        let members = Members::read(payload).ok_or(Refusal::TokenMalformed)?;
        let known = Known::find(&members);
        let is = |claim: Option<Id>, is_type: fn(Member<'_>) -> bool| {
            claim.is_none_or(|claim| is_type(members.member(claim)))
        };
        if !is(known.issuer, is_text) {
            return Err(Refusal::ClaimInvalid("The claim iss must be text"));
        }
        // Whether numbers will do, the provider says, which is not known yet.
        if !is(known.subject, is_text_or_whole) {
            return Err(SUBJECT);
        }
        // Of another type it could not be found on a list of what was revoked.
        if !is(known.token, is_text_or_whole) {
            return Err(TOKEN);
        }
        if !is(known.audience, is_text_or_texts) {
            return Err(Refusal::ClaimInvalid("The claim aud must be text or a list of texts"));
        }
        let date = |claim: Option<Id>, refusal| match claim.map(|claim| date(members.member(claim)))
        {
            None => Ok(None),
            Some(date) => date.map(Some).ok_or(Refusal::ClaimInvalid(refusal)),
        };
        let validity = Validity {
            expires: date(known.expires, "The claim exp must be a number of seconds since 1970")?,
            not_before: date(
                known.not_before,
                "The claim nbf must be a number of seconds since 1970",
            )?,
            issued: date(known.issued, "The claim iat must be a number of seconds since 1970")?,
        };
        Ok(Self { members, known, validity })
    }

    /// `iss`.
    pub(crate) fn issuer(&self) -> Option<Cow<'_, str>> {
        self.members.member(self.known.issuer?).text()
    }

    /// Whether `sub` and `jti` are texts, or whole numbers where these will do.
    pub(crate) fn check_ids(&self, may_be_numbers: bool) -> Result<(), Refusal> {
        let is_text = |claim: Option<Id>| claim.is_none_or(|it| is_text(self.members.member(it)));
        match may_be_numbers {
            false if !is_text(self.known.subject) => Err(SUBJECT),
            false if !is_text(self.known.token) => Err(TOKEN),
            _ => Ok(()),
        }
    }

    /// `sub`; of a number, the text that it is written as.
    pub(crate) fn subject(&self) -> Option<Cow<'_, str>> {
        let subject = self.members.member(self.known.subject?);
        subject.text().or_else(|| whole(subject).map(Cow::Borrowed))
    }

    /// `sub` that is a number, as a text in JSON.
    fn numeric_subject(&self) -> Option<Cow<'_, [u8]>> {
        let number = whole(self.members.member(self.known.subject?))?;
        Some(Cow::Owned(format!("\"{number}\"").into_bytes()))
    }

    /// `jti` that is a number, as it was written: a reader of JSON may round it.
    pub(crate) fn numeric_token(&self) -> Option<&str> {
        whole(self.members.member(self.known.token?))
    }

    /// `aud`.
    pub(crate) fn audience(&self) -> Option<Member<'_>> {
        Some(self.members.member(self.known.audience?))
    }

    /// `scope`, else `scp`.
    pub(crate) fn scopes(&self) -> Option<Member<'_>> {
        Some(self.members.member(self.known.scope.or(self.known.scp)?))
    }

    /// `roles`.
    pub(crate) fn roles(&self) -> Option<Member<'_>> {
        Some(self.members.member(self.known.roles?))
    }

    /// `groups`.
    pub(crate) fn groups(&self) -> Option<Member<'_>> {
        Some(self.members.member(self.known.groups?))
    }

    /// `cnf`: what the token is bound to.
    pub(crate) fn confirmation(&self) -> Option<Member<'_>> {
        Some(self.members.member(self.known.confirmation?))
    }

    /// Whether the token tells of events, as a security event token does (RFC 8417 §2.2), and as a
    /// logout token does (OpenID Connect Back-Channel Logout 1.0 §2.4), which need not say so in
    /// its `typ`.
    pub(crate) fn tells_events(&self) -> bool {
        self.known.events.is_some_and(|events| self.members.member(events).kind() == Kind::Object)
    }

    /// `iss` and `sub` as texts in JSON.
    pub(crate) fn raw_names(&self) -> [Option<Cow<'_, [u8]>>; 2] {
        let raw = |claim: Option<Id>| Some(Cow::Borrowed(self.members.member(claim?).raw()));
        [raw(self.known.issuer), self.numeric_subject().or_else(|| raw(self.known.subject))]
    }

    /// All of them as they were written.
    pub(crate) fn raw(&self) -> &[u8] {
        self.members.raw()
    }

    /// The claim at a path, found as [`Identity::claim`](gatehouse_filter::Identity::claim) finds
    /// it.
    pub(crate) fn at(&self, path: &str) -> Option<Member<'_>> {
        self.members.at(path)
    }

    /// Whether the token is for one of `any`, where there are some, and for each of `all`.
    pub(crate) fn check_audience(&self, any: &[String], all: &[String]) -> Result<(), Refusal> {
        let audience = self.audience();
        let is_for = |ours: &String| {
            let is_ours = |member: Member<'_>| member.text().is_some_and(|text| text == *ours);
            audience.is_some_and(|audience| is_ours(audience) || audience.items().any(is_ours))
        };
        let is_for_us = (any.is_empty() || any.iter().any(is_for)) && all.iter().all(is_for);
        if is_for_us { Ok(()) } else { Err(Refusal::AudienceMismatch) }
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
            Some(expires) if now >= expires.saturating_add(leeway) => {
                return Err(Refusal::TokenExpired);
            }
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
        // RFC 7519 §4.1.6: `iat` is for telling the age, and says nothing about whether a token is
        // good already.
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

/// A NumericDate (RFC 7519 §2): seconds since 1970, whole or not. Nothing negative, and nothing
/// that does not fit into 64 bits. Beyond 2^53 it is rounded, as JSON's numbers are.
pub(crate) fn numeric_date(value: &Value) -> Option<Duration> {
    let Value::Number(number) = value else { return None };
    Duration::try_from_secs_f64(number.as_f64()?).ok()
}

pub(crate) fn is_text(member: Member<'_>) -> bool {
    member.kind() == Kind::String
}

fn is_text_or_whole(member: Member<'_>) -> bool {
    is_text(member) || whole(member).is_some()
}

/// A whole number as it was written, in the one spelling that it has: `1e3`, `1.0` and `-0` are
/// others of what `1000`, `1` and `0` are.
fn whole(member: Member<'_>) -> Option<&str> {
    let raw = std::str::from_utf8(member.raw()).ok().filter(|_| member.kind() == Kind::Number)?;
    let digits = raw.strip_prefix('-').unwrap_or(raw);
    (digits.bytes().all(|byte| byte.is_ascii_digit()) && raw != "-0").then_some(raw)
}

const SUBJECT: Refusal = Refusal::ClaimInvalid("The claim sub must be text");
const TOKEN: Refusal = Refusal::ClaimInvalid("The claim jti must be text");

fn is_text_or_texts(member: Member<'_>) -> bool {
    is_text(member) || (member.kind() == Kind::Array && member.items().all(is_text))
}
