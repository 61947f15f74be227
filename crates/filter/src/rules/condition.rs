use super::host_pattern::HostPattern;
use super::path::{Captures, PathPattern};
use crate::config::Node;
use crate::{HeaderName, Request};
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

    /// Whether the matched route matters.
    pub(super) fn reads_route(&self) -> bool {
        self.route.is_some() || self.policy.is_some()
    }

    /// Whether the host matters.
    pub(super) fn reads_host(&self) -> bool {
        !self.hosts.is_empty()
    }

    /// What the path captured, or `None` where a part does not hold. The parts that cost a host
    /// call are looked at last.
    pub(super) fn matches(&self, request: &Request<'_>) -> Option<Captures> {
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
        let captures = match &self.path {
            Some(path) => path.matches(request.path())?,
            None => Captures::default(),
        };
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
        Some(captures)
    }
}

/// A method, compared as it is: methods are case-sensitive (RFC 9110 §9.1), so `get` would never
/// match.
fn method(node: Node<'_>) -> Option<String> {
    let method = node.text()?;
    if method.bytes().any(|byte| byte.is_ascii_lowercase()) {
        return node.fault(format!(
            "methods are case-sensitive, did you mean `{}`?",
            method.to_ascii_uppercase()
        ));
    }
    Some(method.to_owned())
}

/// A condition on one header field; any of its values may satisfy it.
#[derive(Debug)]
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
        let bytes = |node: Node<'_>| node.text().map(|text| text.as_bytes().to_vec());
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
            Test::Regex(regex) => values
                .any(|value| std::str::from_utf8(value).is_ok_and(|value| regex.is_match(value))),
            Test::Present(present) => values.next().is_some() == *present,
        }
    }
}

/// A header field's name, in lower case.
fn header_name(node: &Node<'_>) -> Option<HeaderName> {
    HeaderName::try_from(node.text()?).map_or_else(|invalid| node.fault(invalid.to_string()), Some)
}

/// A pattern that is matched in time linear in the input; it need not match the whole of it.
pub(super) fn regex(node: &Node<'_>) -> Option<Regex> {
    Regex::new(node.text()?)
        .map_or_else(|error| node.fault(format!("is not a valid pattern: {error}")), Some)
}
