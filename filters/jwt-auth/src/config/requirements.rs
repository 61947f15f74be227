use crate::requirement::{Requirement, Requirements, Subject, Type, Want};
use gatehouse_filter::config::{Fields, Node, may_be_number};
use serde_json::Value;

/// The fields of a provider that say what its tokens must be.
pub(super) fn requirements(fields: &mut Fields<'_>) -> Option<Requirements> {
    let subjects =
        fields.with_default("subjects", vec![], |node| node.nonempty_list(|node| subject(&node)));
    let claims =
        fields.with_default("required_claims", vec![], |node| node.nonempty_list(requirement));
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

fn requirement(node: Node<'_>) -> Option<Requirement> {
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
        None => Some(node.value().clone()),
    });
    let json = fields.optional("json", |node| node.json());
    let any_of = fields.optional("any_of", |node| node.nonempty_list(|node| scalar(&node)));
    let kind = fields.optional("type", |node| node.one_of(&TYPES));
    fields.finish();
    let want = match (equals?, json?, any_of?, kind?) {
        (None, None, None, None) => Want::Present,
        (Some(value), None, None, None) | (None, Some(value), None, None) => Want::Equals(value),
        (None, None, Some(values), None) => Want::AnyOf(values),
        (None, None, None, Some(kind)) => Want::Type(kind),
        _ => return node.fault("must have only one of equals, json, any_of, type"),
    };
    Some(Requirement { claim: claim?, want })
}

/// A value that can be an item of a list.
fn scalar(node: &Node<'_>) -> Option<Value> {
    match node.value() {
        Value::String(text) if may_be_number(text) => node.ambiguous(text, "Write a mapping,"),
        Value::Object(members) if members.contains_key("json") => {
            let mut fields = node.fields()?;
            let value = fields.required("json", |node| match node.json()? {
                Value::Array(_) | Value::Object(_) | Value::Null => {
                    node.fault("must be the JSON of a text, a number or a boolean")
                }
                value => Some(value),
            });
            fields.finish();
            value
        }
        Value::Array(_) | Value::Object(_) | Value::Null => {
            node.fault("must be text, a number, a boolean or {json: text}")
        }
        value => Some(value.clone()),
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
