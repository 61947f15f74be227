//! The shape of an operation in a configuration.

use gatehouse_filter::config::Node;

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
