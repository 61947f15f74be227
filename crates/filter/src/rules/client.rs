//! Conditions on who the client is: where it comes from, and its identity.

use crate::config::Node;
use crate::truth::{self, Truth};
use crate::{IdentityPart, Request, TextPattern};

/// What an identity must be: every part must hold.
#[derive(PartialEq, Debug)]
pub(super) struct IdentityCondition(Vec<IdentityPart<TextPattern>>);

impl IdentityCondition {
    pub(super) fn read(node: &Node<'_>) -> Option<Self> {
        let mut fields = node.fields()?;
        let parts = IdentityPart::read_all(&mut fields, |node| pattern(&node));
        fields.finish();
        let parts = parts?;
        let anonymous = |part: &IdentityPart<_>| matches!(part, IdentityPart::Authenticated(false));
        if parts.is_empty() {
            return node.fault("must have a part, such as {authenticated: true}");
        }
        if parts.iter().any(anonymous) && parts.iter().any(IdentityPart::needs_identity) {
            return node.fault("never fits: a request that is not authenticated has no identity");
        }
        Some(Self(parts))
    }

    /// Whether it holds; `nobody` is what each part that speaks of an identity is of a client that
    /// nobody knows.
    pub(super) fn holds(&self, request: &Request<'_>, nobody: Truth) -> Truth {
        let identity = request.identity();
        truth::all(self.0.iter().map(|part| match (part, identity) {
            (IdentityPart::Text(..) | IdentityPart::List(..), None) => nobody,
            _ => {
                part.holds(identity, |pattern| {
                    move |text: &str| Some(pattern.fits(text.as_bytes()))
                })
            }
        }))
    }

    /// Whether everybody who is `other` is this, too. False where that cannot be told.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.0.iter().all(|part| other.0.contains(part))
    }
}

/// A text as it is, or a mapping that says how it is compared.
fn pattern(node: &Node<'_>) -> Option<TextPattern> {
    let text = |node: &Node<'_>| node.text().map(Box::from);
    if node.is_text() {
        return text(node).map(TextPattern::Exact);
    }
    if !node.is_mapping() {
        return node.fault("must be text, {prefix: text}, {suffix: text} or {regex: pattern}");
    }
    let mut fields = node.fields()?;
    let patterns = TextPattern::inexact(&mut fields, text);
    fields.finish();
    let mut patterns = patterns?.into_iter();
    match (patterns.next(), patterns.next()) {
        (Some(pattern), None) => Some(pattern),
        _ => node.not_exactly_one(&["prefix", "suffix", "regex"]),
    }
}
