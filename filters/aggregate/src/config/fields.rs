//! Header fields of calls.

use crate::call::ALWAYS_PASSED;
use gatehouse_filter::config::Node;
use gatehouse_filter::template::{Scope, Template};
use gatehouse_filter::{FieldChange, Head, HeaderName, HeaderValue};

/// The fields of the request that go with calls as they are, each once.
pub(super) fn all_passed(node: &Node<'_>) -> Option<Vec<HeaderName>> {
    let mut known: Vec<HeaderName> = Vec::new();
    node.nonempty_list(|node| {
        let name = passed(&node)?;
        if known.contains(&name) {
            return node.fault("is there twice");
        }
        known.push(name.clone());
        Some(name)
    })
}

/// That no field is both passed on and made: what is made is what calls get.
pub(super) fn apart(
    passed: &[HeaderName],
    made: &[(HeaderName, Template)],
    node: &Node<'_>,
) -> Option<()> {
    match passed.iter().find(|name| made.iter().any(|(made, _)| made == *name)) {
        Some(name) => node.fault(format!(
            "pass_headers does nothing for {}: `headers` makes it, also where nothing is said \
             (x-user and x-consumer)",
            name.as_str()
        )),
        None => Some(()),
    }
}

fn passed(node: &Node<'_>) -> Option<HeaderName> {
    let name = Head::Request.field(FieldChange::Write, node)?;
    refuse(&name, node)?;
    match name.as_str() {
        "accept" | "content-type" => {
            node.fault("is about another document: give calls one of their own by `headers`")
        }
        name if ALWAYS_PASSED.contains(&name) => node.fault("goes with every call anyway"),
        _ => Some(name),
    }
}

/// The fields of calls, with their templates. Names differ in more than case, or one of them would
/// do nothing.
pub(super) fn templates(node: &Node<'_>, scope: &Scope<'_>) -> Option<Vec<(HeaderName, Template)>> {
    apart_from_each_other(node.table(|name, node| template(name, &node, scope))?, node)
}

/// The same fields, each of which is there once.
pub(super) fn apart_from_each_other(
    fields: Vec<(HeaderName, Template)>,
    node: &Node<'_>,
) -> Option<Vec<(HeaderName, Template)>> {
    let mut names = fields.iter().map(|(name, _)| name).enumerate();
    let twice =
        names.find(|(number, name)| fields.iter().take(*number).any(|(before, _)| before == *name));
    match twice {
        Some((_, name)) => node.fault(format!("has {} twice", name.as_str())),
        None => Some(fields),
    }
}

/// A field of calls, with its template.
fn template(name: &str, node: &Node<'_>, scope: &Scope<'_>) -> Option<(HeaderName, Template)> {
    let name = match HeaderName::try_from(name) {
        Ok(name) => name,
        Err(invalid) => return node.fault(invalid.to_string()),
    };
    if let Some(owner) = Head::Request.owner(FieldChange::Write, &name) {
        return node.fault(owner);
    }
    refuse(&name, node)?;
    let template = Template::read(node, scope)?;
    if template.literals().chain(template.fallbacks().iter().map(|text| &**text)).any(is_no_value) {
        return node.fault("has a control character, which no field can have (RFC 9110 §5.5)");
    }
    Some((name, template))
}

fn is_no_value(text: &[u8]) -> bool {
    HeaderValue::try_from(text).is_err()
}

/// Refuses a field that would not do what it does in other requests.
fn refuse(name: &HeaderName, node: &Node<'_>) -> Option<()> {
    match name.as_str() {
        "accept-encoding" => node.fault("is `identity` in calls: what they answer is read here"),
        "content-encoding" => node.fault("cannot be: bodies of calls are plain"),
        // RFC 9110 §13, §14: the answer would have no document, or a part of it.
        "if-match"
        | "if-none-match"
        | "if-modified-since"
        | "if-unmodified-since"
        | "if-range"
        | "range" => node.fault("cannot be: a call needs the whole answer"),
        "cdn-loop" => node.fault("is written by this filter itself"),
        "expect" => node.fault("cannot be: the body of a call is there already"),
        _ => Some(()),
    }
}
