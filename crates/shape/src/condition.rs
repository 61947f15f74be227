//! Conditions on values of a document.

use crate::path::path;
use gatehouse_filter::config::{self, Node, may_be_number};
use gatehouse_json::{Document, Id, Kind, Path, same_number};
use serde_json::Value;

/// A condition on a value of the document: one of the values that the path names
/// must satisfy the test.
#[derive(Clone, Debug)]
pub struct Condition {
    path: Path,
    test: Test,
}

#[derive(Clone, Debug)]
enum Test {
    OneOf(Vec<Scalar>),
    Exists(bool),
}

#[derive(Clone, Debug)]
enum Scalar {
    Null,
    Boolean(bool),
    /// As JSON writes it.
    Number(String),
    String(String),
    /// A text that may have been a number before Envoy read it: both are meant.
    Either(String),
}

impl Condition {
    /// Reads a condition: a path, and a test of the values there.
    pub fn read(node: &Node<'_>) -> Option<Self> {
        let mut fields = node.fields()?;
        let path = fields.required("path", |node| path(&node));
        let tests = [
            fields
                .optional("equals", |node| scalar(&node))?
                .map(|scalar| Test::OneOf(vec![scalar])),
            fields
                .optional("one_of", |node| node.nonempty_list(|node| scalar(&node)))?
                .map(Test::OneOf),
            fields.optional("json", |node| exact(&node))?.map(|scalar| Test::OneOf(vec![scalar])),
            fields.optional("exists", |node| node.boolean())?.map(Test::Exists),
        ];
        fields.finish();
        let mut tests = tests.into_iter().flatten();
        match (tests.next(), tests.next()) {
            (Some(test), None) => Some(Self { path: path?, test }),
            _ => node.not_exactly_one(&["equals", "one_of", "json", "exists"]),
        }
    }

    /// Whether it holds for the value at `base`, where its path begins.
    pub fn holds(&self, document: &mut Document, base: Id) -> bool {
        let found = document.select(base, &self.path);
        match &self.test {
            Test::Exists(exists) => *exists != found.is_empty(),
            Test::OneOf(scalars) => {
                found.into_iter().any(|id| scalars.iter().any(|scalar| scalar.is(document, id)))
            }
        }
    }
}

impl Scalar {
    fn is(&self, document: &Document, id: Id) -> bool {
        match (self, document.kind(id)) {
            (Self::Null, Kind::Null) => true,
            (Self::Boolean(want), Kind::Boolean) => (document.raw(id) == b"true") == *want,
            (Self::Number(want), Kind::Number) => same_number(document.raw(id), want.as_bytes()),
            (Self::Either(want), Kind::Number) => same_number(document.raw(id), want.as_bytes()),
            (Self::String(want) | Self::Either(want), Kind::String) => {
                document.string(id).is_some_and(|text| *text == *want.as_bytes())
            }
            _ => false,
        }
    }
}

/// The scalar that a text of JSON says, and nothing else.
fn exact(node: &Node<'_>) -> Option<Scalar> {
    Some(match node.json()? {
        // With all its digits.
        Value::Number(_) => Scalar::Number(node.text()?.trim().to_owned()),
        Value::String(text) => Scalar::String(text),
        Value::Bool(value) => Scalar::Boolean(value),
        Value::Null => Scalar::Null,
        Value::Array(_) | Value::Object(_) => {
            return node.fault("must be the JSON of a text, a number, true, false or null");
        }
    })
}

fn scalar(node: &Node<'_>) -> Option<Scalar> {
    if node.kind() == config::Kind::Null {
        return Some(Scalar::Null);
    }
    Some(match node.scalar()? {
        Value::Bool(value) => Scalar::Boolean(*value),
        Value::String(text) if may_be_number(text) => Scalar::Either(text.clone()),
        Value::String(text) => Scalar::String(text.clone()),
        number => Scalar::Number(number.to_string()),
    })
}
