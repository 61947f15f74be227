//! What the claims of a verified token must be.

use crate::claims::Claims;
use crate::refusal::Refusal;
use gatehouse_filter::config::same_number;
use serde_json::Value;

/// Whom a provider's tokens may be about, and what they must say.
#[derive(Debug)]
pub(crate) struct Requirements {
    /// Empty: anybody.
    pub(crate) subjects: Vec<Subject>,
    pub(crate) claims: Vec<Requirement>,
}

/// What is not as it must be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unmet<'r> {
    Subject,
    /// The claim at this path.
    Claim(&'r str),
}

/// One `sub`, or all that begin alike.
#[derive(Debug)]
pub(crate) enum Subject {
    Exact(String),
    Prefix(String),
}

/// A claim and what it must be.
#[derive(Debug)]
pub(crate) struct Requirement {
    /// Its path; see [`claim_names`](gatehouse_filter::claim_names).
    pub(crate) claim: String,
    pub(crate) want: Want,
}

/// What a claim must be.
#[derive(Debug)]
pub(crate) enum Want {
    /// There, and not `null`.
    Present,
    /// This value: a list is the same list.
    Equals(Value),
    /// One of these values, or a list with one of them in it.
    AnyOf(Vec<Value>),
    /// Any value of this type.
    Type(Type),
}

/// A type of JSON.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Type {
    Text,
    Number,
    Boolean,
    List,
    Mapping,
}

impl Requirements {
    /// Whether the claims are as they must be. To be asked after the signature was verified.
    pub(crate) fn check(&self, claims: &Claims) -> Result<(), Refusal> {
        match self.unmet(claims) {
            None => Ok(()),
            Some(Unmet::Subject) => Err(Refusal::SubjectMismatch),
            Some(Unmet::Claim(_)) => Err(Refusal::ClaimMismatch),
        }
    }

    /// The first that is not as it must be.
    pub(crate) fn unmet(&self, claims: &Claims) -> Option<Unmet<'_>> {
        if !self.subjects.is_empty() {
            let subject = claims.subject();
            let is_allowed =
                |allowed: &Subject| subject.as_deref().is_some_and(|subject| allowed.is(subject));
            if !self.subjects.iter().any(is_allowed) {
                return Some(Unmet::Subject);
            }
        }
        let is_met = |required: &Requirement| {
            claims.at(&required.claim).is_some_and(|claim| required.want.is_met(&claim.value()))
        };
        let unmet = self.claims.iter().find(|required| !is_met(required))?;
        Some(Unmet::Claim(&unmet.claim))
    }
}

impl Subject {
    /// A text; with `*` at its end, what is before it.
    pub(crate) fn new(pattern: &str) -> Self {
        match pattern.strip_suffix('*') {
            Some(prefix) => Self::Prefix(prefix.to_owned()),
            None => Self::Exact(pattern.to_owned()),
        }
    }

    fn is(&self, subject: &str) -> bool {
        match self {
            Self::Exact(exact) => subject == exact,
            Self::Prefix(prefix) => subject.starts_with(prefix),
        }
    }
}

impl Want {
    fn is_met(&self, claim: &Value) -> bool {
        match (self, claim) {
            (_, Value::Null) => false,
            (Self::Present, _) => true,
            (Self::Equals(value), claim) => is_same(value, claim),
            (Self::AnyOf(values), Value::Array(list)) => {
                list.iter().any(|item| values.iter().any(|value| is_same(value, item)))
            }
            (Self::AnyOf(values), claim) => values.iter().any(|value| is_same(value, claim)),
            (Self::Type(Type::Text), claim) => claim.is_string(),
            (Self::Type(Type::Number), claim) => claim.is_number(),
            (Self::Type(Type::Boolean), claim) => claim.is_boolean(),
            (Self::Type(Type::List), claim) => claim.is_array(),
            (Self::Type(Type::Mapping), claim) => claim.is_object(),
        }
    }
}

/// Whether two values are one. Numbers are compared as such: an Envoy configuration has floats
/// only.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => same_number(one, other),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len()
                && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        _ => one == other,
    }
}
