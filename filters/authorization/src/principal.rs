//! Who may be meant by a rule.

use crate::claim::Claim;
use crate::members::Members;
use crate::pattern::Pattern;
use crate::truth::{self, Truth};
use gatehouse_filter::config::{Fields, Node};
use gatehouse_filter::rules::Captures;
use gatehouse_filter::{Identity, Network, Request, printable};

/// A description of somebody: every part must hold.
#[derive(Debug)]
pub(crate) struct Principal(Vec<Part>);

#[derive(Debug)]
enum Part {
    /// Whether there is an identity at all.
    Authenticated(bool),
    /// The client's address is in one of these.
    Sources(Vec<Network>),
    /// One text of the identity, of this name, is one of these.
    Text(&'static str, Field<Option<String>>, Vec<Pattern>),
    /// The scopes have these.
    Scopes(Members<Pattern>),
    /// Another list of the identity, of this name, has these.
    List(&'static str, Field<Vec<String>>, Members<Pattern>),
    Claim(Claim),
}

/// A field of an identity.
type Field<T> = fn(&Identity) -> &T;

/// What a principal is judged by.
pub(crate) struct Facts<'a> {
    pub(crate) request: &'a Request<'a>,
    /// What the rule's path template captured.
    pub(crate) captures: Captures,
}

const TEXTS: [(&str, Field<Option<String>>); 4] = [
    ("issuers", |identity| &identity.issuer),
    ("subjects", |identity| &identity.subject),
    ("consumers", |identity| &identity.consumer),
    ("tiers", |identity| &identity.tier),
];

const LISTS: [(&str, Field<Vec<String>>); 2] =
    [("roles", |identity| &identity.roles), ("groups", |identity| &identity.groups)];

impl Principal {
    pub(crate) fn read(node: &Node<'_>, captures: &[&str]) -> Option<Self> {
        let mut fields = node.fields()?;
        let parts = parts(&mut fields, captures);
        fields.finish();
        let parts = parts?;
        let anonymous = |part: &Part| matches!(part, Part::Authenticated(false));
        if parts.iter().any(anonymous) && parts.iter().any(Part::needs_identity) {
            return node.fault("can never be: a request that is not authenticated has no identity");
        }
        if parts.is_empty() {
            return node.fault("must have a part: leave `principals` out of a rule for everybody");
        }
        Some(Self(parts))
    }

    pub(crate) fn is(&self, facts: &Facts<'_>) -> Truth {
        truth::all(self.0.iter().map(|part| part.holds(facts)))
    }

    /// Whether a request without identity might be of this principal if it had one.
    pub(crate) fn might_be_with_identity(&self, facts: &Facts<'_>) -> bool {
        let fits = |part: &Part| part.needs_identity() || part.holds(facts) == Some(true);
        self.needs_identity() && self.0.iter().all(fits)
    }

    /// The scopes that the client would have to have as well to be of this principal; none where
    /// something else is missing too, or where a scope is not known by its whole name.
    pub(crate) fn missing_scopes(&self, facts: &Facts<'_>) -> Option<Vec<&str>> {
        let mut scopes = Vec::new();
        for part in &self.0 {
            match part {
                Part::Scopes(members) => {
                    let identity = facts.request.identity()?;
                    let is =
                        |pattern: &Pattern, text: &String| pattern.matches(text, &facts.captures);
                    let missing = members.missing(&identity.scopes, is);
                    let names: Option<Vec<&str>> =
                        missing.into_iter().map(Pattern::scope).collect();
                    scopes.extend(names?);
                }
                part if part.holds(facts) == Some(true) => {}
                _ => return None,
            }
        }
        (!scopes.is_empty()).then_some(scopes)
    }

    /// The parts that do not hold, each with what there is instead.
    pub(crate) fn lacks(&self, facts: &Facts<'_>) -> Vec<String> {
        let failing = self.0.iter().filter(|part| part.holds(facts) != Some(true));
        failing.map(|part| part.seen(facts)).collect()
    }

    /// Whether it is somebody because there is no identity.
    pub(crate) fn is_anonymous(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Authenticated(false)))
    }

    fn needs_identity(&self) -> bool {
        self.0.iter().any(Part::needs_identity)
    }
}

/// Every part that is there, those that cost least to judge first. All faults are reported before
/// it gives up.
fn parts(fields: &mut Fields<'_>, captures: &[&str]) -> Option<Vec<Part>> {
    let pattern = |node: Node<'_>| Pattern::read(&node, captures);
    let mut parts = vec![
        fields.optional("authenticated", |node| node.boolean().map(Part::Authenticated)),
        fields.optional("sources", |node| node.nonempty_list(network).map(Part::Sources)),
    ];
    for (name, field) in TEXTS {
        parts
            .push(fields.optional(name, |node| {
                Some(Part::Text(name, field, node.nonempty_list(pattern)?))
            }));
    }
    parts
        .push(fields.optional("scopes", |node| Some(Part::Scopes(Members::read(&node, pattern)?))));
    for (name, field) in LISTS {
        parts.push(
            fields.optional(name, |node| {
                Some(Part::List(name, field, Members::read(&node, pattern)?))
            }),
        );
    }
    let claims = fields.with_default("claims", vec![], |node| {
        node.nonempty_list(|node| Claim::read(&node, captures).map(Part::Claim))
    });
    let parts: Option<Vec<Option<Part>>> = parts.into_iter().collect();
    Some(parts?.into_iter().flatten().chain(claims?).collect())
}

/// What somebody is said to be, for a line in a log.
fn shown(text: &str) -> String {
    format!("`{}`", printable(text, MOST))
}

/// The most characters of that.
const MOST: usize = 64;

fn network(node: Node<'_>) -> Option<Network> {
    Network::parse(node.text()?).map_or_else(|invalid| node.fault(invalid.to_string()), Some)
}

impl Part {
    fn needs_identity(&self) -> bool {
        !matches!(self, Self::Authenticated(false) | Self::Sources(_))
    }

    /// What there is of what it asks for, for operators.
    fn seen(&self, facts: &Facts<'_>) -> String {
        if let Self::Sources(_) = self {
            let address = facts.request.client_address();
            let address = address.map_or_else(|| "unknown".to_owned(), |it| it.to_string());
            return format!("sources, and the client is {address}");
        }
        let Some(identity) = facts.request.identity() else {
            return format!("{}, and there is no identity", self.name());
        };
        let list = |texts: &Vec<String>| match texts.as_slice() {
            [] => "none".to_owned(),
            texts => shown(&texts.join(" ")),
        };
        let seen = match self {
            Self::Text(_, field, _) => {
                field(identity).as_deref().map_or_else(|| "none".to_owned(), shown)
            }
            Self::Scopes(_) => list(&identity.scopes),
            Self::List(_, field, _) => list(field(identity)),
            Self::Claim(claim) => {
                claim.seen(identity).map_or_else(|| "none".to_owned(), |it| shown(&it))
            }
            Self::Authenticated(_) | Self::Sources(_) => "an identity".to_owned(),
        };
        format!("{}, and there is {seen}", self.name())
    }

    /// What a configuration calls it.
    fn name(&self) -> String {
        match self {
            Self::Authenticated(authenticated) => format!("authenticated: {authenticated}"),
            Self::Sources(_) => "sources".to_owned(),
            Self::Text(name, ..) | Self::List(name, ..) => (*name).to_owned(),
            Self::Scopes(_) => "scopes".to_owned(),
            Self::Claim(claim) => format!("the claim `{}`", claim.path()),
        }
    }

    fn holds(&self, facts: &Facts<'_>) -> Truth {
        if let Self::Sources(networks) = self {
            // A client on a Unix socket has none, and what cannot be read may be any: it cannot be
            // told, so nobody is allowed by it, and whoever is denied by it stays out.
            let address = facts.request.client_address()?;
            return Some(networks.iter().any(|network| network.has(address)));
        }
        let identity = facts.request.identity();
        if let Self::Authenticated(authenticated) = self {
            return Some(identity.is_some() == *authenticated);
        }
        let Some(identity) = identity else { return Some(false) };
        let captures = &facts.captures;
        match self {
            Self::Text(_, field, patterns) => match field(identity) {
                Some(text) => {
                    truth::any(patterns.iter().map(|pattern| pattern.matches(text, captures)))
                }
                None => Some(false),
            },
            Self::Scopes(members) => {
                members.hold(&identity.scopes, |pattern, text| pattern.matches(text, captures))
            }
            Self::List(_, field, members) => {
                members.hold(field(identity), |pattern, text| pattern.matches(text, captures))
            }
            Self::Claim(claim) => claim.holds(identity, captures),
            Self::Authenticated(_) | Self::Sources(_) => None,
        }
    }
}
