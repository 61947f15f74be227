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
        // Whom it is for stands beside what it does, in every filter.
        [name] if node.value().get(name).is_some_and(|fields| fields.get("when").is_some()) => node
            .fault(match beside {
                [] => "`when` is for response operations only".to_owned(),
                _ => format!("`when` stands beside the operation: {{{name}: …, when: …}}"),
            }),
        [_] => Some(()),
        _ => node.fault(format!(
            "must be a mapping with one key, the operation: {}",
            names().join(", ")
        )),
    }
}
