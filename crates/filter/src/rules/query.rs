//! Conditions on the parameters of the query.

mod parameter;
mod parameters;
mod spelling;

pub use parameter::Parameter;
pub(super) use parameters::Parameters;

use super::ambiguity::Disguised;
use super::test::Test;
use crate::config::Node;
use crate::percent_decoded;
use spelling::{Readings, folded};
use std::rc::Rc;

/// A condition on one parameter of the query; any of its values may satisfy it. Names and values
/// are compared percent-decoded; a `+` stays a `+`.
#[derive(PartialEq, Debug)]
pub(super) struct QueryCondition {
    name: Rc<str>,
    /// The name as parameters are found by.
    folded: Folded,
    test: Test,
}

/// The name of a parameter in the one spelling that all have that some upstreams take for the same.
pub(super) type Folded = Rc<[u8]>;

impl QueryCondition {
    pub(super) fn read(node: Node<'_>) -> Option<Self> {
        let mut fields = node.fields()?;
        let name = fields.required("name", |node| decoded_text(&node));
        let test = Test::read(&mut fields, decoded_text);
        fields.finish();
        let name: Rc<str> = name?.into();
        let folded = folded(name.bytes()).collect();
        Some(Self { name, folded, test: test? })
    }

    /// The name as parameters are found by.
    pub(super) fn folded(&self) -> &Folded {
        &self.folded
    }

    pub(super) fn matches(&self, parameters: &Parameters<'_>) -> bool {
        let mut values = parameters.values(&self.folded, &self.name);
        match &self.test {
            Test::Value(pattern) => values.any(|value| match value.contains(&b'%') {
                true => pattern.fits(&percent_decoded(value).collect::<Vec<u8>>()),
                false => pattern.fits(value),
            }),
            Test::Present(present) => values.next().is_some() == *present,
        }
    }

    /// Whether the condition answers otherwise for what others may read in the query: another one
    /// of several values, the parameter in another spelling of its name, one behind a semicolon, or
    /// a value decoded in another way.
    pub(super) fn is_misled_by(&self, parameters: &Parameters<'_>) -> bool {
        let mut spelt = parameters.spelt(&self.folded).peekable();
        match &self.test {
            Test::Present(_) => {
                spelt.peek().is_some()
                    && parameters.values(&self.folded, &self.name).next().is_none()
            }
            Test::Value(pattern) => {
                let answer = spelt.peek().is_some() && self.matches(parameters);
                spelt.any(|value| match Readings::of(value) {
                    Err(Disguised) => true,
                    // Whoever cannot read a value may leave the parameter out.
                    Ok(Readings { is_broken: true, .. }) if answer => true,
                    Ok(readings) => readings.forms.iter().any(|form| pattern.fits(form) != answer),
                })
            }
        }
    }

    /// Whether no request fits both.
    pub(super) fn excludes(&self, other: &Self) -> bool {
        self.name == other.name && self.test.excludes(&other.test)
    }
}

/// A name, or a value, as it is once it is decoded.
fn decoded_text(node: &Node<'_>) -> Option<Box<str>> {
    let text = node.text()?;
    if text.chars().any(|c| c.is_ascii_control()) {
        return node.fault("never fits: a parameter with control characters is ambiguous");
    }
    let decoded: Vec<u8> = percent_decoded(text.as_bytes()).collect();
    if decoded != text.as_bytes() {
        let decoded = String::from_utf8_lossy(&decoded);
        return node.fault(format!("is compared decoded: write `{decoded}`"));
    }
    Some(text.into())
}
