//! Expressions in the Common Expression Language, as far as a parser can tell.

use cel::Program;
use gatehouse_config_file::{WasmFilter, joined};
use serde_json::Value;

use super::Level::Fault;
use super::found::Found;
use super::placed::{placed, walk};

/// Messages that hold an expression, and the field that it is in: an access log's filter, and a
/// descriptor of rate limits.
const HOLDERS: [(&str, &str); 2] = [
    (
        "type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter",
        "expression",
    ),
    ("type.googleapis.com/envoy.extensions.rate_limit_descriptors.expr.v3.Descriptor", "text"),
];

/// The functions that Envoy 1.40 compiles. (Macros, such as `has`, are no functions any more once
/// they are parsed, and operators have names that no function can have.)
const FUNCTIONS: [&str; 25] = [
    "bool",
    "bytes",
    "contains",
    "double",
    "duration",
    "dyn",
    "endsWith",
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getFullYear",
    "getHours",
    "getMilliseconds",
    "getMinutes",
    "getMonth",
    "getSeconds",
    "int",
    "matches",
    "size",
    "startsWith",
    "string",
    "timestamp",
    "type",
    "uint",
];

/// Expressions that do not compile: conditions of authorization, filters of access logs,
/// descriptors, and `%CEL(…)%` in formats. (RBAC has its conditions as trees, which Envoy reads
/// with the file.)
pub(super) fn check(tree: &Value, filters: &[WasmFilter]) -> Vec<Found> {
    let mut found = Vec::new();
    for filter in filters.iter().flat_map(placed).filter(|filter| filter.filter == "authorization")
    {
        let rules = filter.block.get("rules").and_then(Value::as_array);
        for (index, rule) in rules.into_iter().flatten().enumerate() {
            if let Some(condition) = rule.get("condition").and_then(Value::as_str) {
                let field = format!("rules[{index}].condition");
                let told = faults(condition).into_iter();
                found.extend(told.map(|what| Found::in_filter(Fault, &filter, &field, &what)));
            }
        }
    }
    let mut read = |path: &str, text: &str| {
        let told = faults(text).into_iter();
        found.extend(told.map(|what| Found::in_file(Fault, path, &what)));
    };
    walk(tree, "", &mut |path, value| match value {
        Value::Object(fields) => {
            for (kind, field) in HOLDERS {
                if fields.get("@type").is_some_and(|is| is == kind) {
                    let text = fields.get(field).and_then(Value::as_str).unwrap_or_default();
                    read(&joined(path, field), text);
                }
            }
        }
        Value::String(text) if is_format(path) => {
            in_format(text).for_each(|text| read(path, text));
        }
        _ => {}
    });
    found
}

/// What is wrong with an expression.
fn faults(text: &str) -> Vec<String> {
    let Ok(program) = Program::compile(text) else {
        return vec![format!("is not a CEL expression that the host can compile: `{text}`")];
    };
    let references = program.references();
    let mut unknown = references.functions();
    unknown.retain(|name| is_name(name) && !FUNCTIONS.contains(name));
    unknown.sort_unstable();
    let told = |name: &str| {
        let near = FUNCTIONS.iter().find(|known| known.eq_ignore_ascii_case(name));
        let near = near.map_or(String::new(), |near| format!(", did you mean `{near}`?"));
        format!("CEL has no function `{name}` in Envoy{near}")
    };
    unknown.into_iter().map(told).collect()
}

/// Whether a function is called by a name; operators are called `_==_` and `@in`.
fn is_name(function: &str) -> bool {
    function.starts_with(|letter: char| letter.is_ascii_alphabetic())
}

/// Whether Envoy may read this text as a format. A filter's own configuration is not one.
fn is_format(path: &str) -> bool {
    !path.contains(".configuration.")
}

/// The expressions in a format. A length may follow: `%CEL(request.path):10%`.
fn in_format(text: &str) -> impl Iterator<Item = &str> {
    text.split("%CEL(").skip(1).filter_map(|rest| {
        let is_end = |end: &usize| {
            let after = rest.get(end.saturating_add(1)..).unwrap_or_default();
            let length = after.strip_prefix(':').unwrap_or(after);
            length.trim_start_matches(|letter: char| letter.is_ascii_digit()).starts_with('%')
        };
        let end = rest.match_indices(')').map(|(end, _)| end).find(is_end)?;
        rest.get(..end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expressions_of_a_format_are_found() {
        let text = "%CEL(request.path)% %REQ(A)% %CEL(size(request.host)):10% %CEL((1))% 5%";
        let found: Vec<&str> = in_format(text).collect();
        assert_eq!(found, ["request.path", "size(request.host)", "(1)"]);
    }

    #[test]
    fn a_function_that_envoy_has_not_is_told_and_what_it_has_is_not() {
        for (text, want) in [
            (
                "has(a.b) && [1].exists(x, x > 1) && !(1 in [2]) || -a[0] % 2 == 1 ? true : false",
                "",
            ),
            ("[1].map(x, x).all(x, x > 0) && [1].filter(x, true).exists_one(x, true)", ""),
            ("a.matches('b') && size(a) == int('1')", ""),
            ("a.startswith('b')", "no function `startswith` in Envoy, did you mean `startsWith`?"),
            ("a.lowerAscii() == 'b'", "CEL has no function `lowerAscii` in Envoy"),
            ("a ==", "is not a CEL expression that the host can compile: `a ==`"),
        ] {
            let faults = faults(text).concat();
            assert!(
                faults.contains(want) && want.is_empty() == faults.is_empty(),
                "{text}: {faults}"
            );
        }
    }
}
