//! Conditions on header fields.

use super::test::Test;
use crate::config::Node;
use crate::{HeaderName, Request};

/// A condition on one header field; any of its values may satisfy it.
#[derive(PartialEq, Debug)]
pub(super) struct HeaderCondition {
    name: HeaderName,
    test: Test,
}

impl HeaderCondition {
    pub(super) fn read(node: Node<'_>) -> Option<Self> {
        let mut fields = node.fields()?;
        let name = fields.required("name", |node| header_name(&node));
        let test = Test::read(&mut fields, field_value);
        fields.finish();
        Some(Self { name: name?, test: test? })
    }

    /// In lower case.
    pub(super) fn name(&self) -> &str {
        self.name.as_str()
    }

    pub(super) fn matches(&self, request: &Request<'_>) -> bool {
        let mut values = request.headers.values(self.name.as_str());
        match &self.test {
            Test::Value(pattern) => values.any(|value| pattern.fits(value)),
            Test::Present(present) => values.next().is_some() == *present,
        }
    }

    /// Whether no request fits both.
    pub(super) fn excludes(&self, other: &Self) -> bool {
        self.name == other.name && self.test.excludes(&other.test)
    }
}

/// The value of a field, or an end of one, as it comes: without blanks around it and without
/// control characters (RFC 9110 §5.5).
fn field_value(node: &Node<'_>) -> Option<Box<str>> {
    let text = node.secret()?;
    if text.trim_matches([' ', '\t']) != &*text {
        return node.fault("never fits: a value comes without blanks at its ends");
    }
    if text.chars().any(|c| c.is_ascii_control() && c != '\t') {
        return node.fault("never fits: a value has no control characters");
    }
    Some((*text).into())
}

/// A header field's name, in lower case.
fn header_name(node: &Node<'_>) -> Option<HeaderName> {
    if node.text()?.eq_ignore_ascii_case("host") {
        return node.fault("never fits: Envoy makes `:authority` of it, use `hosts`");
    }
    HeaderName::try_from(node.text()?).map_or_else(|invalid| node.fault(invalid.to_string()), Some)
}
