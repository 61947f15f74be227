//! Header fields of calls.

use gatehouse_filter::config::Node;
use gatehouse_filter::template::{Scope, Template};
use gatehouse_filter::{FieldChange, Head, HeaderName};

/// A field of the request that goes with calls as it is.
pub(super) fn passed(node: &Node<'_>) -> Option<HeaderName> {
    let name = Head::Request.field(FieldChange::Write, node)?;
    refuse(&name, node)?;
    match name.as_str() {
        "accept" | "content-type" => {
            node.fault("is about another document: give calls one of their own by `headers`")
        }
        _ => Some(name),
    }
}

/// A field of calls, with its template.
pub(super) fn template(
    name: &str,
    node: &Node<'_>,
    scope: &Scope<'_>,
) -> Option<(HeaderName, Template)> {
    let name = match HeaderName::try_from(name) {
        Ok(name) => name,
        Err(invalid) => return node.fault(invalid.to_string()),
    };
    if let Some(owner) = Head::Request.owner(FieldChange::Write, &name) {
        return node.fault(owner);
    }
    refuse(&name, node)?;
    Some((name, Template::read(node, scope)?))
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
