//! Expressions in the Common Expression Language, as far as a parser can tell.

use cel::Program;
use gatehouse_sandbox::example::WasmFilter;
use serde_json::Value;

use super::placed::{placed, walk};
use super::{Found, Level};

/// The type of an access log's filter by expression.
const LOG_FILTER: &str =
    "type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter";

/// Expressions that do not parse: conditions of authorization, filters of access logs, and
/// `%CEL(…)%` in formats. (RBAC has its conditions as trees, which Envoy reads with the file.)
pub(super) fn check(tree: &Value, filters: &[WasmFilter]) -> Vec<Found> {
    let mut found = Vec::new();
    let mut read = |place: String, text: &str| {
        if Program::compile(text).is_err() {
            let what = "is not a CEL expression that the host can compile";
            found.push((Level::Fault, format!("{place}: {what}: `{text}`")));
        }
    };
    for filter in filters.iter().flat_map(placed).filter(|filter| filter.filter == "authorization")
    {
        let rules = filter.block.get("rules").and_then(Value::as_array);
        for (index, rule) in rules.into_iter().flatten().enumerate() {
            if let Some(condition) = rule.get("condition").and_then(Value::as_str) {
                read(format!("{}: rules[{index}].condition", filter.label), condition);
            }
        }
    }
    walk(tree, "", &mut |path, value| match value {
        Value::Object(fields) if fields.get("@type").is_some_and(|kind| kind == LOG_FILTER) => {
            let text = fields.get("expression").and_then(Value::as_str).unwrap_or_default();
            read(format!("{path}.expression"), text);
        }
        Value::String(text) if is_format(path) => {
            in_format(text).for_each(|text| read(path.to_owned(), text));
        }
        _ => {}
    });
    found
}

/// Whether Envoy may read this text as a format. A filter's own configuration is not one.
fn is_format(path: &str) -> bool {
    !path.contains(".configuration.")
}

fn in_format(text: &str) -> impl Iterator<Item = &str> {
    // A length may follow: `%CEL(request.path):10%`.
    text.split("%CEL(").skip(1).filter_map(|rest| {
        let end = rest.find(")%").or_else(|| rest.find("):"))?;
        rest.get(..end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expressions_of_a_format_are_found() {
        let text = "%CEL(request.path)% %REQ(A)% %CEL(size(request.host)):10%";
        let found: Vec<&str> = in_format(text).collect();
        assert_eq!(found, ["request.path", "size(request.host)"]);
    }
}
