//! The parts that a `match` can have.

use super::client::IdentityCondition;
use super::header::HeaderCondition;
use super::host_pattern::HostPattern;
use super::path::{Captures, Path, PathPattern, captured};
use super::query::{Folded, QueryCondition};
use super::subject::Subject;
use crate::Network;
use crate::config::{Fields, Node};
use crate::truth::{self, Truth};

/// What a request is asked for: every part that is given must hold.
#[derive(Debug, Default)]
pub(super) struct Parts {
    methods: Vec<String>,
    hosts: Vec<HostPattern>,
    /// The one `path`, or `paths`.
    pub(super) paths: Vec<PathPattern>,
    headers: Vec<HeaderCondition>,
    query: Vec<QueryCondition>,
    route: Option<String>,
    policy: Option<String>,
    sources: Vec<Network>,
    identity: Option<IdentityCondition>,
}

/// Whether a filter's rules may ask who the client is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Identities {
    Known,
    /// It is this filter that finds out.
    NotYet,
}

/// A part by its name in a configuration, and whether it holds of a request. `nobody` is what an
/// identity is of a client that nobody knows.
type Part = (&'static str, fn(&Parts, &Subject<'_, '_>, nobody: Truth) -> Truth);

/// Those that cost a host call are looked at last.
const PARTS: [Part; 9] = [
    ("methods", |parts, subject, _| parts.has_method(subject.request.method())),
    ("hosts", |parts, subject, _| {
        let is_here = |host: &HostPattern| host.matches(subject.request.authority());
        Some(parts.hosts.is_empty() || parts.hosts.iter().any(is_here))
    }),
    ("path", |parts, subject, _| Some(parts.paths.is_empty() || parts.is_for_path(subject.path()))),
    ("headers", |parts, subject, _| {
        Some(parts.headers.iter().all(|condition| condition.matches(subject.request)))
    }),
    ("query", |parts, subject, _| {
        Some(parts.query.iter().all(|condition| condition.matches(subject.parameters())))
    }),
    ("route", |parts, subject, _| {
        let is = |want: &String| subject.request.route_name() == Some(want.as_bytes());
        Some(parts.route.as_ref().is_none_or(is))
    }),
    ("policy", |parts, subject, _| {
        let is = |want: &String| subject.request.policy() == Some(want.as_bytes());
        Some(parts.policy.as_ref().is_none_or(is))
    }),
    ("sources", |parts, subject, _| match parts.sources.is_empty() {
        true => Some(true),
        false => {
            let address = subject.request.client_address()?;
            Some(parts.sources.iter().any(|network| network.has(address)))
        }
    }),
    ("identity", |parts, subject, nobody| match &parts.identity {
        None => Some(true),
        Some(condition) => condition.holds(subject.request, nobody),
    }),
];

impl Parts {
    /// Reads them; the caller finishes the fields.
    pub(super) fn read(fields: &mut Fields<'_>, identities: Identities) -> Option<Self> {
        let text = |node: Node<'_>| node.text().map(str::to_owned);
        let route = fields.optional("route", text);
        let hosts =
            fields.with_default("hosts", vec![], |node| node.nonempty_list(HostPattern::read));
        let methods = fields.with_default("methods", vec![], |node| node.nonempty_list(method));
        let path = fields.optional("path", PathPattern::read);
        let paths =
            fields.with_default("paths", vec![], |node| node.nonempty_list(PathPattern::read));
        let headers = fields.with_default("headers", vec![], |node| {
            let headers = node.nonempty_list(HeaderCondition::read)?;
            apart(headers, HeaderCondition::excludes, &node)
        });
        let query = fields.with_default("query", vec![], |node| {
            let query = node.nonempty_list(QueryCondition::read)?;
            apart(query, QueryCondition::excludes, &node)
        });
        let policy = fields.optional("policy", text);
        let sources =
            fields.with_default("sources", vec![], |node| node.nonempty_list(Network::read));
        let identity = fields.optional("identity", |node| match identities {
            Identities::Known => IdentityCondition::read(&node),
            Identities::NotYet => node.fault(
                "never fits: who the client is, is found out by this filter itself. Let a filter \
                 after it, such as authorization, decide by it",
            ),
        });
        let (path, paths) = (path?, paths?);
        if path.is_some() && !paths.is_empty() {
            return fields.node().fault("must have path or paths, not both");
        }
        Some(Self {
            methods: methods?,
            hosts: hosts?,
            paths: path.into_iter().chain(paths).collect(),
            headers: headers?,
            query: query?,
            route: route?,
            policy: policy?,
            sources: sources?,
            identity: identity?,
        })
    }

    /// Whether every part holds.
    pub(super) fn hold(&self, subject: &Subject<'_, '_>, nobody: Truth) -> Truth {
        truth::all(PARTS.iter().map(|(_, holds)| holds(self, subject, nobody)))
    }

    /// The parts that do not hold, by their names in a configuration.
    pub(super) fn unmet(&self, subject: &Subject<'_, '_>) -> impl Iterator<Item = &'static str> {
        let unmet =
            PARTS.iter().filter(|(_, holds)| holds(self, subject, Some(false)) != Some(true));
        unmet.map(|(name, _)| *name)
    }

    /// Methods are case-sensitive (RFC 9110 §9.1), but not for every upstream: what `get` is cannot
    /// be told.
    fn has_method(&self, method: &[u8]) -> Truth {
        let is = |want: &String| want.as_bytes() == method;
        if self.methods.is_empty() || self.methods.iter().any(is) {
            return Some(true);
        }
        let may_be = |want: &String| want.as_bytes().eq_ignore_ascii_case(method);
        if self.methods.iter().any(may_be) { None } else { Some(false) }
    }

    /// Whether one of the paths is this one, of those that are given.
    pub(super) fn is_for_path(&self, path: &Path<'_>) -> bool {
        self.paths.iter().any(|pattern| pattern.fits(path))
    }

    /// What the path captured.
    pub(super) fn captures(&self, subject: &Subject<'_, '_>) -> Captures {
        match self.paths.is_empty() {
            true => Captures::default(),
            false => captured(&self.paths, subject.path()),
        }
    }

    /// Whether every request that `other` is for is one of these. False where that cannot be told.
    pub(super) fn cover(&self, other: &Self) -> bool {
        let is_host = |pattern: &HostPattern| self.hosts.iter().any(|host| host.covers(pattern));
        let is_path = |other: &PathPattern| self.paths.iter().any(|path| path.covers(other));
        let is_source = |other: &Network| self.sources.iter().any(|network| network.covers(other));
        covers(&self.methods, &other.methods, |method| self.methods.contains(method))
            && covers(&self.hosts, &other.hosts, is_host)
            && covers(&self.paths, &other.paths, is_path)
            && covers(&self.sources, &other.sources, is_source)
            && self.headers.iter().all(|test| other.headers.contains(test))
            && self.query.iter().all(|test| other.query.contains(test))
            && (self.route.is_none() || self.route == other.route)
            && (self.policy.is_none() || self.policy == other.policy)
            && match (&self.identity, &other.identity) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(identity), Some(other)) => identity.covers(other),
            }
    }

    /// Whether the host matters.
    pub(super) fn read_host(&self) -> bool {
        !self.hosts.is_empty()
    }

    /// Whether the matched route matters.
    pub(super) fn read_route(&self) -> bool {
        self.route.is_some() || self.policy.is_some()
    }

    /// Whether it matters who the client is, or where it comes from.
    pub(super) fn read_client(&self) -> bool {
        !self.sources.is_empty() || self.identity.is_some()
    }

    /// The header fields that matter, in lower case.
    pub(super) fn fields(&self) -> impl Iterator<Item = &str> {
        self.headers.iter().map(HeaderCondition::name)
    }

    /// The parameters that matter, as they are found by.
    pub(super) fn parameters(&self) -> impl Iterator<Item = &Folded> {
        self.query.iter().map(QueryCondition::folded)
    }

    /// Whether a condition on the query answers otherwise for what others may read in it.
    pub(super) fn are_misled_by_query(&self, subject: &Subject<'_, '_>) -> bool {
        self.query.iter().any(|condition| condition.is_misled_by(subject.parameters()))
    }
}

/// Whether a list of choices has all of another; an empty one has them all.
fn covers<T>(choices: &[T], others: &[T], is_one: impl Fn(&T) -> bool) -> bool {
    choices.is_empty() || (!others.is_empty() && others.iter().all(is_one))
}

/// Conditions that one request can fit.
fn apart<T>(
    conditions: Vec<T>,
    excludes: impl Fn(&T, &T) -> bool,
    node: &Node<'_>,
) -> Option<Vec<T>> {
    let is_excluded = |test: &T| conditions.iter().any(|other| excludes(test, other));
    match conditions.iter().any(is_excluded) {
        true => node.fault("never fits: what must not be there must be something as well"),
        false => Some(conditions),
    }
}

/// A method, compared as it is: methods are case-sensitive (RFC 9110 §9.1), so `get` would never
/// match.
fn method(node: Node<'_>) -> Option<String> {
    // RFC 9110 §9.1: a token (§5.6.2).
    let is_of_a_method =
        |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let method = node.text()?;
    if method == "*" {
        return node.fault("`*` is no method: leave `methods` out for all of them");
    }
    if method.is_empty() || !method.bytes().all(is_of_a_method) {
        return node.fault("is no method: one is made of letters and !#$%&'*+-.^_`|~");
    }
    if method.bytes().any(|byte| byte.is_ascii_lowercase()) {
        return node.fault(format!(
            "methods are case-sensitive, did you mean `{}`?",
            method.to_ascii_uppercase()
        ));
    }
    Some(method.to_owned())
}
