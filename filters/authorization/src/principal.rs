//! Who may be meant by a rule.

use crate::claim::Claim;
use crate::pattern::Pattern;
use gatehouse_filter::config::{Fields, Node};
use gatehouse_filter::rules::Captures;
use gatehouse_filter::truth::{self, Truth};
use gatehouse_filter::{IdentityPart, Network, Request, printable};

/// A description of somebody: every part must hold.
#[derive(Debug)]
pub(crate) struct Principal(Vec<Part>);

#[derive(Debug, PartialEq)]
enum Part {
    /// The client's address is in one of these.
    Sources(Vec<Network>),
    Identity(IdentityPart<Pattern>),
    Claim(Claim),
    /// Not all of these hold.
    Not(Vec<Part>),
}

/// What a principal is judged by.
pub(crate) struct Facts<'a> {
    pub(crate) request: &'a Request<'a>,
    /// What the rule's path template captured.
    pub(crate) captures: Captures,
}

impl Principal {
    pub(crate) fn read(node: &Node<'_>, captures: &[&str]) -> Option<Self> {
        let mut fields = node.fields()?;
        let parts = parts(&mut fields, captures);
        let not = fields.with_default("not", vec![], |node| match node.is_list() {
            true => node.nonempty_list(|node| Part::read_not(&node, captures)),
            false => Part::read_not(&node, captures).map(|part| vec![part]),
        });
        fields.finish();
        let (mut parts, not) = (parts?, not?);
        let takes_out_all = |part: &Part| match part {
            Part::Not(not) => not.iter().all(|part| parts.contains(part)),
            _ => false,
        };
        if not.iter().any(takes_out_all) {
            return node.fault("can never be: what is under `not` is all that it is");
        }
        parts.extend(not);
        if parts.iter().any(Part::is_anonymous) && parts.iter().any(Part::needs_identity) {
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
                Part::Identity(IdentityPart::List("scopes", _, members)) => {
                    let identity = facts.request.identity()?;
                    let missing = members.missing(&identity.scopes, |pattern| {
                        let wanted = pattern.wanted(facts);
                        move |text: &String| wanted.is(text)
                    });
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
        self.0.iter().any(Part::is_anonymous)
    }

    fn needs_identity(&self) -> bool {
        self.0.iter().any(Part::needs_identity)
    }
}

/// Every part that is there, those that cost least to judge first. All faults are reported before
/// it gives up.
fn parts(fields: &mut Fields<'_>, captures: &[&str]) -> Option<Vec<Part>> {
    let sources =
        fields.optional("sources", |node| node.nonempty_list(Network::read).map(Part::Sources));
    let identity = IdentityPart::read_all(fields, |node| Pattern::read(&node, captures));
    let claims = fields.with_default("claims", vec![], |node| {
        node.nonempty_list(|node| Claim::read(&node, captures).map(Part::Claim))
    });
    let (sources, identity, claims) = (sources?, identity?, claims?);
    let identity = identity.into_iter().map(Part::Identity);
    Some(sources.into_iter().chain(identity).chain(claims).collect())
}

/// What somebody is said to be, for a line in a log.
fn shown(text: &str) -> String {
    format!("`{}`", printable(text, MOST))
}

/// The most characters of that.
const MOST: usize = 64;

impl Part {
    fn read_not(node: &Node<'_>, captures: &[&str]) -> Option<Self> {
        let mut fields = node.fields()?;
        let parts = parts(&mut fields, captures);
        fields.finish();
        let parts = parts?;
        if parts.is_empty() {
            return node.fault("must have a part: without any it would take out everybody");
        }
        if parts.iter().any(|part| matches!(part, Self::Identity(IdentityPart::Authenticated(_)))) {
            return node.fault("says of `authenticated` what can be said without `not`");
        }
        Some(Self::Not(parts))
    }

    fn needs_identity(&self) -> bool {
        match self {
            Self::Not(parts) => parts.iter().any(Self::needs_identity),
            Self::Sources(_) => false,
            Self::Identity(part) => part.needs_identity(),
            Self::Claim(_) => true,
        }
    }

    /// Whether it is somebody because there is no identity.
    fn is_anonymous(&self) -> bool {
        matches!(self, Self::Identity(IdentityPart::Authenticated(false)))
    }

    /// What there is of what it asks for, for operators.
    fn seen(&self, facts: &Facts<'_>) -> String {
        if let Self::Sources(_) = self {
            let address = facts.request.client_address();
            let address = address.map_or_else(|| "unknown".to_owned(), |it| it.to_string());
            return format!("sources, and the client is {address}");
        }
        if let Self::Not(parts) = self {
            let seen: Vec<String> = parts.iter().map(|part| part.seen(facts)).collect();
            return format!("not: {}", seen.join(", "));
        }
        let Some(identity) = facts.request.identity() else {
            return format!("{}, and there is no identity", self.name());
        };
        let seen = match self {
            Self::Identity(IdentityPart::Authenticated(_)) => {
                return format!("{}, and there is an identity", self.name());
            }
            Self::Identity(part) => part.seen(identity),
            Self::Claim(claim) => claim.seen(identity),
            Self::Sources(_) | Self::Not(_) => None,
        };
        let seen = seen.map_or_else(|| "none".to_owned(), |it| shown(&it));
        format!("{}, and there is {seen}", self.name())
    }

    /// What a configuration calls it.
    fn name(&self) -> String {
        match self {
            Self::Sources(_) => "sources".to_owned(),
            Self::Identity(part) => part.name(),
            Self::Claim(claim) => format!("the claim `{}`", claim.path()),
            Self::Not(_) => "not".to_owned(),
        }
    }

    fn holds(&self, facts: &Facts<'_>) -> Truth {
        match self {
            // A client on a Unix socket has none, and what cannot be read may be any: it cannot be
            // told, so nobody is allowed by it, and whoever is denied by it stays out.
            Self::Sources(networks) => {
                let address = facts.request.client_address()?;
                Some(networks.iter().any(|network| network.has(address)))
            }
            Self::Identity(part) => part.holds(facts.request.identity(), |pattern| {
                let wanted = pattern.wanted(facts);
                move |text: &str| wanted.is(text)
            }),
            Self::Claim(claim) => match facts.request.identity() {
                Some(identity) => claim.holds(identity, facts),
                None => Some(false),
            },
            Self::Not(parts) => {
                let holds = |part: &Part| match part.needs_identity() {
                    // Nobody knows who a client is not of whom nobody knows who it is.
                    true if facts.request.identity().is_none() => None,
                    _ => part.holds(facts),
                };
                truth::negated(truth::all(parts.iter().map(holds)))
            }
        }
    }
}
