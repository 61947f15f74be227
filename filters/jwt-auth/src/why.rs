//! Why a token was refused, for operators: what was seen, short and printable, and what was wanted.
//!
//! Clients are told none of it, and nothing of a signature, nor a whole token, is in it.

use crate::claims::{Claims, Lifetime, Validity};
use crate::config::Provider;
use crate::json::Member;
use crate::kind::Kind;
use crate::refusal::Refusal;
use crate::requirement::Unmet;
use crate::token::{Header, Token};
use gatehouse_filter::truth::Truth;
use gatehouse_filter::{Explained, Timestamp, printable};
use serde_json::Value;
use std::time::Duration;

/// A refusal, with what operators are told of it.
pub(crate) type Refused = Explained<Refusal>;

/// For want of a token that could be taken apart.
pub(crate) fn for_form(refusal: Refusal, token: &[u8], most: usize) -> Refused {
    let why = match refusal {
        Refusal::AlgorithmNotAllowed => match Header::algorithm_named(token) {
            Some(name) => format!("alg {} is not known", shown(&name)),
            None => return refusal.into(),
        },
        Refusal::TokenTooLarge => too_large(token.len(), most),
        Refusal::TokenMalformed => {
            let dots = token.iter().filter(|byte| **byte == b'.').count();
            format!("{} bytes with {dots} dots", token.len())
        }
        refusal => return refusal.into(),
    };
    Refused::because(refusal, why)
}

/// For a token that is longer than its provider's may be.
pub(crate) fn for_size(length: usize, provider: &Provider) -> Refused {
    let why = too_large(length, provider.max_token_size);
    Refused::because(Refusal::TokenTooLarge, of_provider(&why, provider))
}

/// For claims that are not of their types.
pub(crate) fn for_types(refusal: Refusal) -> Refused {
    match refusal {
        Refusal::ClaimInvalid(detail) => Refused::because(refusal, detail.to_owned()),
        refusal => refusal.into(),
    }
}

/// For want of a provider that takes the token here: `owner` has its issuer, and `others` would
/// do.
pub(crate) fn for_issuer(
    claims: &Claims,
    owner: Option<&Provider>,
    others: impl Iterator<Item = impl AsRef<str>>,
) -> Refused {
    let others: Vec<_> = others.take(MOST_NAMES).map(|name| shown(name.as_ref())).collect();
    let others = others.join(", ");
    let seen =
        claims.issuer().map_or_else(|| "no iss".to_owned(), |iss| format!("iss {}", shown(&iss)));
    let whose = match owner {
        Some(owner) => format!(
            " is of the provider {}, whose tokens are not taken by this rule, or not from \
             this place",
            shown(&owner.name)
        ),
        None => String::new(),
    };
    Refused::because(Refusal::IssuerUnknown, format!("{seen}{whose}; tokens of {others} will do"))
}

/// Of a token that its issuer was to be asked about.
pub(crate) fn of_opaque(refusal: Refusal, token: &[u8], provider: &Provider) -> Refused {
    let why = match refusal {
        Refusal::TokenTooLarge | Refusal::TokenIllegible => format!("{} bytes", token.len()),
        Refusal::TokenInactive => "its issuer says so".to_owned(),
        Refusal::ClaimInvalid(detail) => detail.to_owned(),
        refusal => return refusal.into(),
    };
    Refused::because(refusal, of_provider(&why, provider))
}

/// Of a token that was taken apart.
pub(crate) fn of_token(
    refusal: Refusal,
    token: &Token<'_>,
    claims: &Claims,
    provider: &Provider,
    now: Timestamp,
) -> Refused {
    let Header { algorithm, kid, .. } = &*token.header;
    let kid =
        kid.as_deref().map_or_else(|| "no kid".to_owned(), |kid| format!("kid {}", shown(kid)));
    let signed = || format!("alg {}, {kid}", algorithm.name());
    let keys = || {
        let keys = provider.keys.current(now);
        keys.map_or_else(|| "none".to_owned(), |keys| keys.names(MOST_NAMES, now))
    };
    let why = match refusal {
        Refusal::TypeNotAllowed => kind(token, claims, provider),
        Refusal::KeyUnknown | Refusal::KidMissing => {
            format!("{kid}, and the keys are {}", keys())
        }
        Refusal::KeysUnavailable => {
            format!("{kid}, and the keys that are there are {}", keys())
        }
        Refusal::AlgorithmNotAllowed | Refusal::SignatureInvalid | Refusal::VerifierBusy => {
            signed()
        }
        refusal => return of_claims(refusal, claims, provider, now),
    };
    Refused::because(refusal, of_provider(&why, provider))
}

/// Of claims that say what is not taken.
pub(crate) fn of_claims(
    refusal: Refusal,
    claims: &Claims,
    provider: &Provider,
    now: Timestamp,
) -> Refused {
    let raw = |member: Option<Member<'_>>| {
        member.map_or_else(|| "missing".to_owned(), |it| shown(&String::from_utf8_lossy(it.raw())))
    };
    let why = match refusal {
        Refusal::TokenExpired
        | Refusal::TokenNotYetValid
        | Refusal::TokenTooOld
        | Refusal::LifetimeTooLong => times(refusal, &claims.validity, &provider.lifetime, now),
        Refusal::AudienceMismatch => {
            let wanted = match provider.all_audiences.is_empty() {
                true => format!("one of {}", list(&provider.audiences)),
                false => format!("each of {}", list(&provider.all_audiences)),
            };
            format!("aud is {}, wanted {wanted}", raw(claims.audience()))
        }
        Refusal::SubjectMismatch | Refusal::ClaimMismatch => {
            match provider.requirements.unmet(claims) {
                Some(Unmet::Claim(claim)) => {
                    format!("{} is {}", shown(claim), raw(claims.at(claim)))
                }
                _ => format!("sub is {}", subject(claims)),
            }
        }
        Refusal::TokenRevoked => {
            format!("jti is {}, sub is {}", raw(claims.at("jti")), subject(claims))
        }
        Refusal::BindingMissing | Refusal::BindingUnchecked => {
            format!("cnf is {}", raw(claims.confirmation()))
        }
        Refusal::ClaimInvalid(detail) => detail.to_owned(),
        refusal => return refusal.into(),
    };
    Refused::because(refusal, of_provider(&why, provider))
}

/// Of a token that is of no kind that a rule takes.
pub(crate) fn for_kind(kind: Option<&Kind>, wanted: &[Kind], provider: &str) -> Refused {
    let why = format!("{}, wanted {} by the rule", typ(kind), one_of(wanted));
    Refused::because(Refusal::TypeNotAllowed, of_provider_named(&why, provider))
}

/// Of a token that is for no audience that a rule takes.
pub(crate) fn for_audience(seen: Option<&Value>, wanted: &[String], provider: &str) -> Refused {
    let why = format!("aud is {}, wanted one of {} by the rule", value(seen), list(wanted));
    Refused::because(Refusal::AudienceMismatch, of_provider_named(&why, provider))
}

/// Of a claim that is not what a rule asks, or of which that cannot be told.
pub(crate) fn for_claim(
    claim: &str,
    seen: Option<&Value>,
    is_met: Truth,
    provider: &str,
) -> Refused {
    let whether = match is_met {
        None => ", and the request says in several ways what it must be",
        Some(_) => ", which is not what the rule wants",
    };
    let why = format!("{} is {}{whether}", shown(claim), value(seen));
    Refused::because(Refusal::ClaimMismatch, of_provider_named(&why, provider))
}

/// Of a token that was verified before.
pub(crate) fn of_known(
    refusal: Refusal,
    validity: &Validity,
    subject: Option<&str>,
    provider: &Provider,
    now: Timestamp,
) -> Refused {
    let why = match refusal {
        Refusal::TokenRevoked => {
            format!("sub is {}", subject.map_or_else(|| "missing".to_owned(), shown))
        }
        refusal => times(refusal, validity, &provider.lifetime, now),
    };
    Refused::because(refusal, of_provider(&why, provider))
}

/// Of a token whose consumer is not let through: this is what it says of it.
pub(crate) fn of_owner(refusal: Refusal, value: Option<&str>, provider: &Provider) -> Refused {
    let Some(mapping) = &provider.consumer else { return refusal.into() };
    let claim = shown(&mapping.claim);
    let why = match value {
        Some(value) => format!("{claim} is {}", shown(value)),
        None => format!("{claim} is no text, or missing"),
    };
    Refused::because(refusal, of_provider(&why, provider))
}

fn too_large(length: usize, most: usize) -> String {
    format!("{length} bytes, and {most} are the most")
}

/// What kind of token it says that it is, and what was wanted.
fn kind(token: &Token<'_>, claims: &Claims, provider: &Provider) -> String {
    let kind = token.header.kind.as_ref();
    let said = typ(kind);
    match &provider.kinds {
        _ if provider.takes(kind) && claims.tells_events() => {
            format!("{said}, and the claim events, as security events have it")
        }
        Some(kinds) => format!("{said}, wanted {}", one_of(kinds)),
        None => format!("{said}, which is no access token's"),
    }
}

/// What kind of token it says that it is.
fn typ(kind: Option<&Kind>) -> String {
    kind.map_or_else(|| "no typ".to_owned(), |kind| format!("typ {}", shown(kind.name())))
}

fn one_of(kinds: &[Kind]) -> String {
    let names: Vec<_> = kinds.iter().map(|kind| kind.name().to_owned()).collect();
    format!("one of {}", list(&names))
}

/// A claim as it is, in JSON.
fn value(claim: Option<&Value>) -> String {
    claim.map_or_else(|| "missing".to_owned(), |claim| shown(&claim.to_string()))
}

/// What a token says of its times, as seen from now.
pub(crate) fn times(
    refusal: Refusal,
    validity: &Validity,
    lifetime: &Lifetime,
    now: Timestamp,
) -> String {
    let now = Duration::from_nanos(now.0);
    let leeway = format!("leeway {} s", lifetime.leeway.as_secs());
    let said = |name: &str, date: Option<Duration>| match date {
        None => format!("no {name}"),
        Some(date) if date > now => {
            format!("{name} {} is in {} s", date.as_secs(), date.saturating_sub(now).as_secs())
        }
        Some(date) => {
            format!("{name} {} was {} s ago", date.as_secs(), now.saturating_sub(date).as_secs())
        }
    };
    let seconds = |limit: Option<Duration>| limit.unwrap_or_default().as_secs();
    match refusal {
        Refusal::TokenNotYetValid if validity.not_before.is_some_and(|date| date > now) => {
            format!("{}, {leeway}", said("nbf", validity.not_before))
        }
        Refusal::TokenNotYetValid => format!("{}, {leeway}", said("iat", validity.issued)),
        Refusal::TokenTooOld => format!(
            "{}, max_age {} s, {leeway}",
            said("iat", validity.issued),
            seconds(lifetime.max_age)
        ),
        Refusal::LifetimeTooLong => format!(
            "{}, max_lifetime {} s, {leeway}",
            said("exp", validity.expires),
            seconds(lifetime.max_lifetime)
        ),
        _ => format!("{}, {leeway}", said("exp", validity.expires)),
    }
}

fn of_provider(why: &str, provider: &Provider) -> String {
    of_provider_named(why, &provider.name)
}

fn of_provider_named(why: &str, provider: &str) -> String {
    format!("{why}; provider {}", shown(provider))
}

fn subject(claims: &Claims) -> String {
    claims.subject().map_or_else(|| "missing".to_owned(), |subject| shown(&subject))
}

fn list(names: &[String]) -> String {
    names.iter().take(MOST_NAMES).map(|name| shown(name)).collect::<Vec<_>>().join(", ")
}

fn shown(text: &str) -> String {
    format!("`{}`", printable(text, MOST))
}

/// The most characters of what was seen.
const MOST: usize = 64;

/// The most names in a list.
const MOST_NAMES: usize = 5;
