//! The shape of an operation in a configuration.

use gatehouse_filter::config::Node;

/// Reports an operation that is not a mapping with its name as the only key, beside those that it
/// may have.
pub(crate) fn one_operation(
    node: &Node<'_>,
    beside: &[&str],
    names: impl Fn() -> Vec<&'static str>,
) -> Option<()> {
    let known = names();
    let Some(name) = node.only_key(&known, beside) else {
        return node
            .fault(format!("must be a mapping with one key, the operation: {}", known.join(", ")));
    };
    let fields = node.value().get(name);
    if known.contains(&name) && fields.is_some_and(serde_json::Value::is_null) {
        return node.fault("the operation must have its fields");
    }
    // Whom it is for stands beside what it does, in every filter.
    if fields.is_some_and(|fields| fields.get("when").is_some()) {
        return node.fault(match beside {
            [] => "`when` is for response operations only".to_owned(),
            _ => format!("`when` stands beside the operation: {{{name}: …, when: …}}"),
        });
    }
    Some(())
}
