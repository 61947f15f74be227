//! What a text must be.

use crate::capture;
use gatehouse_filter::config::Node;
use gatehouse_filter::rules::Captures;
use gatehouse_filter::truth::Truth;

/// What a text must be: compared byte for byte, with case.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pattern {
    Exact(Box<str>),
    Prefix(Box<str>),
    Suffix(Box<str>),
    /// What the rule's path template captured under this name.
    Capture(Box<str>),
}

impl Pattern {
    /// Reads a text, or a mapping that says how it is compared. `captures` are the names that the
    /// rule's path template captures.
    pub(crate) fn read(node: &Node<'_>, captures: &[&str]) -> Option<Self> {
        if node.value().is_string() {
            return text(node).map(Self::Exact);
        }
        if !node.value().is_object() {
            return node.fault("must be text, {prefix: text}, {suffix: text} or {capture: name}");
        }
        let mut fields = node.fields()?;
        let prefix = fields.optional("prefix", |node| text(&node).map(Self::Prefix));
        let suffix = fields.optional("suffix", |node| text(&node).map(Self::Suffix));
        let capture =
            fields.optional("capture", |node| capture_name(&node, captures).map(Self::Capture));
        fields.finish();
        let mut patterns = [prefix?, suffix?, capture?].into_iter().flatten();
        match (patterns.next(), patterns.next()) {
            (Some(pattern), None) => Some(pattern),
            _ => node.fault("must have exactly one of prefix, suffix, capture"),
        }
    }

    /// The one text that it is, where that can be the name of a scope in a challenge (RFC 6749
    /// §3.3).
    pub(crate) fn scope(&self) -> Option<&str> {
        let is_of_a_scope = |byte: u8| matches!(byte, b'!' | b'#'..=b'[' | b']'..=b'~');
        match self {
            Self::Exact(text) if text.bytes().all(is_of_a_scope) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn matches(&self, text: &str, captures: &Captures) -> Truth {
        match self {
            Self::Exact(want) => Some(text == want.as_ref()),
            Self::Prefix(want) => Some(text.starts_with(want.as_ref())),
            Self::Suffix(want) => Some(text.ends_with(want.as_ref())),
            Self::Capture(name) => capture::is(captures.get(name)?, text),
        }
    }
}

fn text(node: &Node<'_>) -> Option<Box<str>> {
    node.text().map(Box::from)
}

fn capture_name(node: &Node<'_>, captures: &[&str]) -> Option<Box<str>> {
    let name = node.text()?;
    if captures.contains(&name) {
        return Some(name.into());
    }
    match captures {
        [] => node.fault("nothing is captured: give the rule a path template such as /users/{id}"),
        known => {
            let known = known.join(", ");
            node.fault(format!("is not captured by the rule's path template, which has {known}"))
        }
    }
}
