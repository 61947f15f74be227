//! What the claims of a token must be.

use crate::requirement::{Item, Requirement, Requirements, Subject, Type, Want};
use gatehouse_filter::config::{Fields, Kind, Node, may_be_number};
use gatehouse_filter::{Reference, TextPattern};
use serde_json::Value;
use std::convert::Infallible;

/// The fields of a provider that say what its tokens must be.
pub(super) fn requirements(fields: &mut Fields<'_>) -> Option<Requirements> {
    let subjects =
        fields.with_default("subjects", vec![], |node| node.nonempty_list(|node| subject(&node)));
    let claims = fields.with_default("required_claims", vec![], |node| {
        node.nonempty_list(|node| requirement(&node, no_references))
    });
    Some(Requirements { subjects: subjects?, claims: claims? })
}

fn subject(node: &Node<'_>) -> Option<Subject> {
    let pattern = node.text()?;
    let stars = pattern.bytes().filter(|byte| *byte == b'*').count();
    if stars > 1 || (stars == 1 && !pattern.ends_with('*')) {
        return node.fault("must be a subject, or the beginning of one with `*` at its end");
    }
    Some(Subject::new(pattern))
}

/// Where the tokens of a provider could be compared with a request: nowhere.
fn no_references(fields: &mut Fields<'_>) -> Option<Vec<Infallible>> {
    let of_rules = |name| fields.optional(name, |node| node.fault::<Infallible>(OF_RULES));
    let none: Vec<_> = Reference::FIELDS.into_iter().map(of_rules).collect();
    none.into_iter().flatten().flatten().next().map_or(Some(Vec::new()), |never| match never {})
}

const OF_RULES: &str =
    "is for `required_claims` of a rule: what a request says is not the same for each";

/// A claim and what it must be; `references` reads where a request may say what.
pub(super) fn requirement<R>(
    node: &Node<'_>,
    references: impl Fn(&mut Fields<'_>) -> Option<Vec<R>>,
) -> Option<Requirement<R>> {
    const TYPES: [(&str, Type); 5] = [
        ("text", Type::Text),
        ("number", Type::Number),
        ("boolean", Type::Boolean),
        ("list", Type::List),
        ("mapping", Type::Mapping),
    ];
    let mut fields = node.fields()?;
    let claim = fields.required("claim", |node| node.text().map(str::to_owned));
    let equals = fields.optional("equals", |node| match ambiguous(node.value()) {
        Some(text) => node.ambiguous(text, "Instead of `equals`, write"),
        None => Some(Want::Equals(node.any().clone())),
    });
    let json = fields.optional("json", |node| node.json().map(Want::Equals));
    let any_of = fields.optional("any_of", |node| {
        node.nonempty_list(|node| item(&node, &references)).map(Want::AnyOf)
    });
    let kind = fields.optional("type", |node| node.one_of(&TYPES).map(Want::Type));
    let compared = compared(&mut fields, &references);
    fields.finish();
    let compared = compared?.into_iter().map(|item| Want::AnyOf(vec![item]));
    let mut wants = [equals?, json?, any_of?, kind?].into_iter().flatten().chain(compared);
    match (wants.next(), wants.next()) {
        (want, None) => Some(Requirement { claim: claim?, want: want.unwrap_or(Want::Present) }),
        _ => node.fault(
            "must have only one of equals, json, any_of, type, prefix, suffix, regex and, in a \
             rule, capture, header, query, host",
        ),
    }
}

/// The fields that say what a text is compared with.
fn compared<R>(
    fields: &mut Fields<'_>,
    references: impl Fn(&mut Fields<'_>) -> Option<Vec<R>>,
) -> Option<Vec<Item<R>>> {
    let texts = TextPattern::inexact(fields, |node| node.text().map(Box::from));
    let references = references(fields);
    let texts = texts?.into_iter().map(Item::Text);
    Some(texts.chain(references?.into_iter().map(Item::Reference)).collect())
}

/// What can be an item of a list.
fn item<R>(
    node: &Node<'_>,
    references: impl Fn(&mut Fields<'_>) -> Option<Vec<R>>,
) -> Option<Item<R>> {
    match node.kind() {
        Kind::Text if node.may_be_number() => node.ambiguous(node.text()?, "Write a mapping,"),
        Kind::Mapping => {
            let mut fields = node.fields()?;
            let value = fields.optional("json", |node| match node.json()? {
                Value::Array(_) | Value::Object(_) | Value::Null => {
                    node.fault("must be the JSON of a text, a number or a boolean")
                }
                value => Some(Item::Value(value)),
            });
            let compared = compared(&mut fields, references);
            fields.finish();
            let mut items = value?.into_iter().chain(compared?);
            match (items.next(), items.next()) {
                (Some(item), None) => Some(item),
                _ => node.fault(
                    "must have exactly one of json, prefix, suffix, regex and, in a rule, \
                     capture, header, query, host",
                ),
            }
        }
        Kind::List | Kind::Null => node.fault(
            "must be text, a number, a boolean, {json: text}, or what a text is compared with, \
             such as {prefix: text}",
        ),
        Kind::Text | Kind::Number | Kind::Boolean => node.scalar().cloned().map(Item::Value),
    }
}

/// A text in the value that may be a number.
fn ambiguous(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text.as_str()).filter(|text| may_be_number(text)),
        Value::Array(items) => items.iter().find_map(ambiguous),
        Value::Object(members) => members.values().find_map(ambiguous),
        _ => None,
    }
}
