use crate::request::RequestOperation;
use crate::response::ResponseOperation;
use crate::{HeaderTransform, ResponseTransform, Transform};
use gatehouse_filter::config::{Fields, Node};
use gatehouse_filter::rules::{self, Rules};
use gatehouse_filter::template::Scope;

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
    let request = rule.optional("request", |node| {
        node.nonempty_list(|node| RequestOperation::read(&node, &of_request))
    });
    let response = rule.optional("response", |node| {
        node.nonempty_list(|node| ResponseOperation::read(&node, &of_response))
    });
    let reroute = rule.with_default("reroute", false, |node| node.boolean());
    let (request, response, reroute) = (request?, response?, reroute?);
    if request.is_none() && response.is_none() {
        return rule.node().fault("must have operations: request, response or both");
    }
    let request = request.unwrap_or_default();
    if !reroute && request.iter().any(RequestOperation::changes_route) {
        return rule.node().fault(
            "must say `reroute: true`: it changes the path, the query, the method or the host, and Envoy chooses \
             the route again by them, after the filters before this one have decided on the first route",
        );
    }
    let response = response.map(|operations| ResponseTransform {
        needs_request: operations.iter().any(ResponseOperation::needs_request),
        operations: operations.into(),
    });
    Some(Transform { request, response })
}

/// Reports an operation that is not a mapping with its name as the only key, beside those that it
/// may have.
pub(crate) fn one_operation(
    node: &Node<'_>,
    beside: &[&str],
    names: impl Fn() -> Vec<&'static str>,
) -> Option<()> {
    let keys = node.value().as_object().map(|members| members.keys().map(String::as_str));
    let operations: Vec<&str> =
        keys.into_iter().flatten().filter(|key| !beside.contains(key)).collect();
    match operations.as_slice() {
        [name]
            if names().contains(name)
                && node.value().get(name).is_some_and(serde_json::Value::is_null) =>
        {
            node.fault("the operation must have its fields")
        }
        [_] => Some(()),
        _ => node.fault(format!(
            "must be a mapping with one key, the operation: {}",
            names().join(", ")
        )),
    }
}
