//! What the claims of a verified token must be.

use crate::claims::Claims;
use crate::refusal::Refusal;
use gatehouse_filter::config::same_number;
use gatehouse_filter::truth::{self, Truth};
use gatehouse_filter::{Said, TextPattern};
use serde_json::Value;
use std::convert::Infallible;

/// Whom a provider's tokens may be about, and what they must say.
#[derive(Debug)]
pub(crate) struct Requirements {
    /// Empty: anybody.
    pub(crate) subjects: Vec<Subject>,
    pub(crate) claims: Vec<Requirement<Infallible>>,
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

/// A claim and what it must be. `R` is where a request says what: of what a provider wants nowhere,
/// for its tokens are the same whatever they are sent with.
#[derive(Debug)]
pub(crate) struct Requirement<R> {
    /// Its path; see [`claim_names`](gatehouse_filter::claim_names).
    pub(crate) claim: String,
    pub(crate) want: Want<R>,
}

/// What a claim must be.
#[derive(Debug)]
pub(crate) enum Want<R> {
    /// There, and not `null`.
    Present,
    /// This value: a list is the same list.
    Equals(Value),
    /// One of these, or a list with one of them in it.
    AnyOf(Vec<Item<R>>),
    /// Any value of this type.
    Type(Type),
}

/// What a value that is no list may be.
#[derive(Debug)]
pub(crate) enum Item<R> {
    /// This one.
    Value(Value),
    /// A text like this.
    Text(TextPattern),
    /// What the request says there.
    Reference(R),
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
        let is_met = |required: &Requirement<Infallible>| {
            let claim = claims.at(&required.claim);
            let met =
                claim.map(|claim| required.want.is_met(&claim.value(), |never| match *never {}));
            met.flatten() == Some(true)
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

    pub(crate) fn is(&self, subject: &str) -> bool {
        match self {
            Self::Exact(exact) => subject == exact,
            Self::Prefix(prefix) => subject.starts_with(prefix),
        }
    }
}

impl<R> Want<R> {
    /// Whether a claim is that; `said` tells what a request says. It cannot be told where the
    /// request says it in several ways.
    pub(crate) fn is_met<'a>(&self, claim: &Value, said: impl Fn(&R) -> Said<'a>) -> Truth {
        match (self, claim) {
            (_, Value::Null) => Some(false),
            (Self::Present, _) => Some(true),
            (Self::Equals(value), claim) => Some(is_same(value, claim)),
            (Self::AnyOf(items), Value::Array(list)) => {
                truth::any(items.iter().map(|item| item.is_in(list, &said)))
            }
            (Self::AnyOf(items), claim) => {
                let alone = std::slice::from_ref(claim);
                truth::any(items.iter().map(|item| item.is_in(alone, &said)))
            }
            (Self::Type(kind), claim) => Some(kind.is_of(claim)),
        }
    }

    /// Whether there is a claim that is as both want it, as far as that can be told.
    pub(crate) fn may_be_met_with<S>(&self, other: &Want<S>) -> bool {
        match (self, other) {
            (Self::Equals(value), other) => other.is_met(value, |_| Said::Unknown) != Some(false),
            (want, Want::Equals(value)) => want.is_met(value, |_| Said::Unknown) != Some(false),
            (Self::Type(one), Want::Type(other)) => one == other,
            (Self::Type(kind), Want::AnyOf(items)) => may_be_one_of(*kind, items),
            (Self::AnyOf(items), Want::Type(kind)) => may_be_one_of(*kind, items),
            (Self::AnyOf(_), Want::AnyOf(_)) | (Self::Present, _) | (_, Want::Present) => true,
        }
    }
}

/// Whether a claim of a type can be one of these, or have one of them.
fn may_be_one_of<R>(kind: Type, items: &[Item<R>]) -> bool {
    kind == Type::List
        || items.iter().any(|item| match item {
            Item::Value(value) => kind.is_of(value),
            Item::Text(_) => kind == Type::Text,
            Item::Reference(_) => matches!(kind, Type::Text | Type::Number),
        })
}

impl<R> Item<R> {
    fn is_in<'a>(&self, values: &[Value], said: impl Fn(&R) -> Said<'a>) -> Truth {
        match self {
            Self::Value(wanted) => Some(values.iter().any(|value| is_same(wanted, value))),
            Self::Text(pattern) => {
                let mut texts = values.iter().filter_map(Value::as_str);
                Some(texts.any(|text| pattern.fits(text.as_bytes())))
            }
            Self::Reference(reference) => {
                let said = said(reference);
                truth::any(values.iter().map(|value| match value {
                    Value::String(text) => said.is(text),
                    Value::Number(number) => said.is_number(number),
                    _ => Some(false),
                }))
            }
        }
    }
}

impl Type {
    fn is_of(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Number => value.is_number(),
            Self::Boolean => value.is_boolean(),
            Self::List => value.is_array(),
            Self::Mapping => value.is_object(),
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
