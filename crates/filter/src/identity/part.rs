//! What an identity must be.

use super::Identity;
use crate::Members;
use crate::config::{Fields, Node};
use crate::truth::{self, Truth};

/// What one part of an identity must be; `P` says what a text must be.
#[derive(Debug)]
pub enum IdentityPart<P> {
    /// Whether there is an identity at all.
    Authenticated(bool),
    /// One text of the identity, of this name, is one of these.
    Text(&'static str, Field<Option<String>>, Vec<P>),
    /// A list of the identity, of this name, has these.
    List(&'static str, Field<Vec<String>>, Members<P>),
}

/// A field of an identity.
type Field<T> = fn(&Identity) -> &T;

const TEXTS: [(&str, Field<Option<String>>); 4] = [
    ("issuers", |identity| &identity.issuer),
    ("subjects", |identity| &identity.subject),
    ("consumers", |identity| &identity.consumer),
    ("tiers", |identity| &identity.tier),
];

const LISTS: [(&str, Field<Vec<String>>); 3] = [
    ("scopes", |identity| &identity.scopes),
    ("roles", |identity| &identity.roles),
    ("groups", |identity| &identity.groups),
];

impl<P> IdentityPart<P> {
    /// Every part that is there, in the order of what they cost; `pattern` reads what a text must
    /// be. All faults are reported before it gives up.
    pub fn read_all<'a>(
        fields: &mut Fields<'a>,
        pattern: impl Fn(Node<'_>) -> Option<P>,
    ) -> Option<Vec<Self>> {
        let mut parts =
            vec![fields.optional("authenticated", |node| node.boolean().map(Self::Authenticated))];
        for (name, field) in TEXTS {
            parts.push(fields.optional(name, |node| {
                Some(Self::Text(name, field, node.nonempty_list(&pattern)?))
            }));
        }
        for (name, field) in LISTS {
            parts.push(fields.optional(name, |node| {
                Some(Self::List(name, field, Members::read(&node, &pattern)?))
            }));
        }
        let parts: Option<Vec<Option<Self>>> = parts.into_iter().collect();
        Some(parts?.into_iter().flatten().collect())
    }

    /// Whether nobody is this without an identity.
    pub fn needs_identity(&self) -> bool {
        !matches!(self, Self::Authenticated(false))
    }

    /// What a configuration calls it.
    pub fn name(&self) -> String {
        match self {
            Self::Authenticated(authenticated) => format!("authenticated: {authenticated}"),
            Self::Text(name, ..) | Self::List(name, ..) => (*name).to_owned(),
        }
    }

    /// What there is of what it asks for, for operators; `None` where there is nothing.
    pub fn seen(&self, identity: &Identity) -> Option<String> {
        match self {
            Self::Authenticated(_) => None,
            Self::Text(_, field, _) => field(identity).clone(),
            Self::List(_, field, _) => {
                let texts = field(identity);
                (!texts.is_empty()).then(|| texts.join(" "))
            }
        }
    }

    /// Whether it holds; `wanted` tells whether a text is what is wanted, which is found out once
    /// for all texts. Without an identity there are no texts.
    pub fn holds<'p, W: Fn(&str) -> Truth>(
        &'p self,
        identity: Option<&Identity>,
        wanted: impl Fn(&'p P) -> W,
    ) -> Truth {
        match (self, identity) {
            (Self::Authenticated(authenticated), identity) => {
                Some(identity.is_some() == *authenticated)
            }
            (_, None) => Some(false),
            (Self::Text(_, field, patterns), Some(identity)) => match field(identity) {
                Some(text) => truth::any(patterns.iter().map(|pattern| wanted(pattern)(text))),
                None => Some(false),
            },
            (Self::List(_, field, members), Some(identity)) => {
                members.hold(field(identity), |pattern| {
                    let is = wanted(pattern);
                    move |text: &String| is(text)
                })
            }
        }
    }
}

impl<P: PartialEq> PartialEq for IdentityPart<P> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Authenticated(is), Self::Authenticated(other)) => is == other,
            // The fields are those of the names.
            (Self::Text(name, _, texts), Self::Text(other, _, others)) => {
                name == other && texts == others
            }
            (Self::List(name, _, members), Self::List(other, _, others)) => {
                name == other && members == others
            }
            _ => false,
        }
    }
}
