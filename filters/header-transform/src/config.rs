use crate::operation::Operation;
use crate::{HeaderTransform, ResponseTransform, Transform};
use gatehouse_filter::config::{Fields, Node};
use gatehouse_filter::rules::{self, Rules};
use gatehouse_filter::template::{Scope, Template};
use gatehouse_filter::{HeaderName, HeaderValue};

/// Reads the configuration of the filter.
pub(crate) fn read(node: &Node<'_>) -> Option<HeaderTransform> {
    let mut fields = node.fields()?;
    let rules = fields.required("rules", |node| Rules::read(node, transform));
    fields.finish();
    Some(HeaderTransform { rules: rules? })
}

fn transform(rule: &mut Fields<'_>) -> Option<Transform> {
    let captures = rules::captured_names(rule);
    let of_request = Scope { response: false, captures: &captures };
    let of_response = Scope { response: true, captures: &captures };
    let request = rule.optional("request", |node| node.some(|node| operation(&node, &of_request)));
    let response = rule.optional("response", |node| node.some(|node| operation(&node, &of_response)));
    let (request, response) = (request?, response?);
    if request.is_none() && response.is_none() {
        return rule.node().fault("must have operations: request, response or both");
    }
    let response = response.map(|operations| ResponseTransform {
        needs_request: operations.iter().any(Operation::needs_request),
        operations: operations.into(),
    });
    Some(Transform { request: request.unwrap_or_default(), response })
}

/// An operation: a mapping with its name as the only key.
fn operation(node: &Node<'_>, scope: &Scope<'_>) -> Option<Operation> {
    if node.value().as_object().is_none_or(|members| members.len() != 1) {
        return node.fault(format!("must be a mapping with one key, the operation: {}", NAMES.join(", ")));
    }
    let mut fields = node.fields()?;
    let written = |node: Node<'_>| written(&node, scope);
    let moved = |node: Node<'_>| moved(&node);
    let operation = [
        fields.optional("set", written)?.map(|(name, value)| Operation::Set { name, value }),
        fields.optional("append", written)?.map(|(name, value)| Operation::Append { name, value }),
        fields
            .optional("add_if_absent", written)?
            .map(|(name, value)| Operation::AddIfAbsent { name, value }),
        fields.optional("remove", |node| removed(&node))?.map(|name| Operation::Remove { name }),
        fields.optional("rename", moved)?.map(|(from, to)| Operation::Rename { from, to }),
        fields.optional("copy", moved)?.map(|(from, to)| Operation::Copy { from, to }),
    ];
    fields.finish();
    // A key without a value is no operation either; an unknown one has been told by `finish`.
    let operation = operation.into_iter().flatten().next();
    if operation.is_none() && node.value().as_object()?.keys().any(|key| NAMES.contains(&key.as_str())) {
        return node.fault("the operation must have its fields");
    }
    operation
}

const NAMES: [&str; 6] = ["set", "append", "add_if_absent", "remove", "rename", "copy"];

fn written(node: &Node<'_>, scope: &Scope<'_>) -> Option<(HeaderName, Template)> {
    let mut fields = node.fields()?;
    let name = fields.required("name", |node| header_name(&node));
    let value = fields.required("value", |node| {
        // The literal parts, that is: placeholders have no control characters in their names.
        if let Err(invalid) = HeaderValue::try_from(node.text()?.as_bytes()) {
            return node.fault(invalid.to_string());
        }
        Template::read(&node, scope)
    });
    fields.finish();
    Some((name?, value?))
}

fn removed(node: &Node<'_>) -> Option<HeaderName> {
    let mut fields = node.fields()?;
    let name = fields.required("name", |node| header_name(&node));
    fields.finish();
    name
}

fn moved(node: &Node<'_>) -> Option<(HeaderName, HeaderName)> {
    let mut fields = node.fields()?;
    let from = fields.required("from", |node| header_name(&node));
    let to = fields.required("to", |node| header_name(&node));
    fields.finish();
    let (from, to) = (from?, to?);
    if from == to {
        return node.fault("from and to must differ");
    }
    Some((from, to))
}

/// The name of a field that this filter may change.
fn header_name(node: &Node<'_>) -> Option<HeaderName> {
    let text = node.text()?;
    if text.starts_with(':') {
        return node.fault("pseudo-header fields are not changed here: Envoy routes by them");
    }
    let name = match HeaderName::try_from(text) {
        Ok(name) => name,
        Err(invalid) => return node.fault(invalid.to_string()),
    };
    match name.as_str() {
        "host" => {
            node.fault("the host is not changed here: Envoy routes by it; a template reads it as ${host}")
        }
        _ if name.is_framing() => {
            node.fault("belongs to the connection or frames the message: Envoy writes it itself")
        }
        _ => Some(name),
    }
}
