//! The `match` of a rule.

use super::host_pattern::HostPattern;
use super::path::{Captures, Path, PathPattern};
use crate::config::Node;
use crate::{HeaderName, Request};
use gatehouse_steps::took;
use regex_lite::Regex;

/// The `match` of a rule: every part that is given must hold.
#[derive(Debug, Default)]
pub(super) struct Condition {
    route: Option<String>,
    policy: Option<String>,
    methods: Vec<String>,
    hosts: Vec<HostPattern>,
    path: Option<PathPattern>,
    headers: Vec<HeaderCondition>,
}

impl Condition {
    pub(super) fn read(node: Node<'_>) -> Option<Self> {
        let text = |node: Node<'_>| node.text().map(str::to_owned);
        let mut fields = node.fields()?;
        let route = fields.optional("route", text);
        let hosts =
            fields.with_default("hosts", vec![], |node| node.nonempty_list(HostPattern::read));
        let methods = fields.with_default("methods", vec![], |node| node.nonempty_list(method));
        let path = fields.optional("path", PathPattern::read);
        let headers = fields
            .with_default("headers", vec![], |node| node.nonempty_list(HeaderCondition::read));
        let policy = fields.optional("policy", text);
        fields.finish();
        Some(Self {
            route: route?,
            policy: policy?,
            methods: methods?,
            hosts: hosts?,
            path: path?,
            headers: headers?,
        })
    }

    /// Whether the path matters.
    pub(super) fn reads_path(&self) -> bool {
        self.path.is_some()
    }

    /// Whether there is no condition on the path, or it holds for this one.
    pub(super) fn is_for_path(&self, path: &Path<'_>) -> bool {
        self.path.as_ref().is_none_or(|it| it.fits(path))
    }

    /// Whether the condition on the path answers otherwise for one of the forms in which others
    /// may read the path.
    pub(super) fn is_misled_by(&self, path: &Path<'_>, forms: &[Path<'_>]) -> bool {
        self.path.as_ref().is_some_and(|pattern| pattern.is_misled_by(path, forms))
    }

    /// Whether every request that `other` is for is one of this condition's. False where that
    /// cannot be told.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let path = match (&self.path, &other.path) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(path), Some(other)) => path.covers(other),
        };
        let is_one_of = |pattern: &HostPattern| self.hosts.iter().any(|host| host.covers(pattern));
        path && covers(&self.methods, &other.methods, |method| self.methods.contains(method))
            && covers(&self.hosts, &other.hosts, is_one_of)
            && self.headers.iter().all(|test| other.headers.contains(test))
            && (self.route.is_none() || self.route == other.route)
            && (self.policy.is_none() || self.policy == other.policy)
    }

    /// Whether the matched route matters.
    pub(super) fn reads_route(&self) -> bool {
        self.route.is_some() || self.policy.is_some()
    }

    /// The header fields that matter, in lower case.
    pub(super) fn fields(&self) -> impl Iterator<Item = &str> {
        self.headers.iter().map(|condition| condition.name.as_str())
    }

    /// Whether the host matters.
    pub(super) fn reads_host(&self) -> bool {
        !self.hosts.is_empty()
    }

    /// The parts that do not hold, by their names in a configuration: for whoever has to say why no
    /// rule is for a request.
    pub(super) fn unmet(&self, request: &Request<'_>, path: &Path<'_>) -> Vec<&'static str> {
        let route = |fact: Option<&[u8]>, want: &Option<String>| {
            want.as_ref().is_none_or(|want| fact == Some(want.as_bytes()))
        };
        let is_allowed = |method: &String| method.as_bytes() == request.method();
        let is_here = |host: &HostPattern| host.matches(request.authority());
        let parts = [
            ("methods", self.methods.is_empty() || self.methods.iter().any(is_allowed)),
            ("hosts", self.hosts.is_empty() || self.hosts.iter().any(is_here)),
            ("path", self.is_for_path(path)),
            ("headers", self.headers.iter().all(|condition| condition.matches(request))),
            ("route", self.route.is_none() || route(request.route_name(), &self.route)),
            ("policy", self.policy.is_none() || route(request.policy(), &self.policy)),
        ];
        parts.into_iter().filter(|(_, holds)| !holds).map(|(name, _)| name).collect()
    }

    /// What the path captured, or `None` where a part does not hold. The parts that cost a host
    /// call are looked at last.
    pub(super) fn matches<'p, 'r: 'p>(
        &self,
        request: &Request<'_>,
        path: impl Fn() -> &'p Path<'r>,
    ) -> Option<Captures> {
        let any =
            |methods: &[String]| methods.iter().any(|method| method.as_bytes() == request.method());
        if !self.methods.is_empty() && !any(&self.methods) {
            return None;
        }
        if !self.hosts.is_empty()
            && !self.hosts.iter().any(|host| host.matches(request.authority()))
        {
            return None;
        }
        if self.path.as_ref().is_some_and(|pattern| !pattern.fits(path())) {
            return None;
        }
        if !self.headers.iter().all(|condition| condition.matches(request)) {
            return None;
        }
        let is = |fact: Option<&[u8]>, want: &String| fact == Some(want.as_bytes());
        if self.route.as_ref().is_some_and(|route| !is(request.route_name(), route)) {
            return None;
        }
        if self.policy.as_ref().is_some_and(|policy| !is(request.policy(), policy)) {
            return None;
        }
        Some(self.path.as_ref().map_or_else(Captures::default, |pattern| pattern.captures(path())))
    }
}

/// Whether a list of choices has all of another; an empty one has them all.
fn covers<T>(choices: &[T], others: &[T], is_one: impl Fn(&T) -> bool) -> bool {
    choices.is_empty() || (!others.is_empty() && others.iter().all(is_one))
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

/// A condition on one header field; any of its values may satisfy it.
#[derive(PartialEq, Debug)]
struct HeaderCondition {
    name: HeaderName,
    test: Test,
}

#[derive(Debug)]
enum Test {
    Exact(Vec<u8>),
    Prefix(Vec<u8>),
    Suffix(Vec<u8>),
    Regex(Regex),
    Present(bool),
}

impl HeaderCondition {
    fn read(node: Node<'_>) -> Option<Self> {
        let bytes = |node: Node<'_>| field_value(&node);
        let mut fields = node.fields()?;
        let name = fields.required("name", |node| header_name(&node));
        let tests = [
            fields.optional("exact", bytes)?.map(Test::Exact),
            fields.optional("prefix", bytes)?.map(Test::Prefix),
            fields.optional("suffix", bytes)?.map(Test::Suffix),
            fields.optional("regex", |node| regex(&node))?.map(Test::Regex),
            fields.optional("present", |node| node.boolean())?.map(Test::Present),
        ];
        fields.finish();
        let mut tests = tests.into_iter().flatten();
        match (tests.next(), tests.next()) {
            (Some(test), None) => Some(Self { name: name?, test }),
            _ => node.fault("must have exactly one of exact, prefix, suffix, regex, present"),
        }
    }

    fn matches(&self, request: &Request<'_>) -> bool {
        let mut values = request.headers.values(self.name.as_str());
        match &self.test {
            Test::Exact(want) => values.any(|value| value == want),
            Test::Prefix(want) => values.any(|value| value.starts_with(want)),
            Test::Suffix(want) => values.any(|value| value.ends_with(want)),
            Test::Regex(regex) => values.any(|value| {
                took(value.len());
                std::str::from_utf8(value).is_ok_and(|value| regex.is_match(value))
            }),
            Test::Present(present) => values.next().is_some() == *present,
        }
    }
}

impl PartialEq for Test {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Exact(text), Self::Exact(other))
            | (Self::Prefix(text), Self::Prefix(other))
            | (Self::Suffix(text), Self::Suffix(other)) => text == other,
            (Self::Regex(regex), Self::Regex(other)) => regex.as_str() == other.as_str(),
            (Self::Present(present), Self::Present(other)) => present == other,
            _ => false,
        }
    }
}

/// The value of a field, or an end of one, as it comes: without blanks around it and without
/// control characters (RFC 9110 §5.5).
fn field_value(node: &Node<'_>) -> Option<Vec<u8>> {
    let text = node.text()?;
    if text.trim_matches([' ', '\t']) != text {
        return node.fault("never fits: a value comes without blanks at its ends");
    }
    if text.chars().any(|c| c.is_ascii_control() && c != '\t') {
        return node.fault("never fits: a value has no control characters");
    }
    Some(text.as_bytes().to_vec())
}

/// A header field's name, in lower case.
fn header_name(node: &Node<'_>) -> Option<HeaderName> {
    if node.text()?.eq_ignore_ascii_case("host") {
        return node.fault("never fits: Envoy makes `:authority` of it, use `hosts`");
    }
    HeaderName::try_from(node.text()?).map_or_else(|invalid| node.fault(invalid.to_string()), Some)
}

/// A pattern that is matched in time linear in the input; it need not match the whole of it.
pub(super) fn regex(node: &Node<'_>) -> Option<Regex> {
    Regex::new(node.text()?)
        .map_or_else(|error| node.fault(format!("is not a valid pattern: {error}")), Some)
}
