//! Writing a tree as YAML that Envoy reads as it was meant.
//!
//! Envoy has rules of its own for what a word is (`yes`, `010`, `1.5`), so what is not surely a text
//! is written with quotes. What is small stands on one line.

use serde_json::{Map, Value};

/// The widest line that a small value may make.
const WIDEST: usize = 96;
/// What stands first in a mapping, as people write it; all else is in alphabetical order.
const FIRST: [&str; 12] = [
    "@type",
    "name",
    "match",
    "admin",
    "stats_config",
    "overload_manager",
    "static_resources",
    "listeners",
    "address",
    "type",
    "path",
    "stat_prefix",
];

/// The tree as text.
pub(crate) fn write(tree: &Value) -> String {
    let mut out = String::new();
    block(tree, 0, &mut out);
    out
}

fn block(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (index, (name, value)) in ordered(members).into_iter().enumerate() {
                // The first stands behind what opened the mapping.
                if index > 0 || out.is_empty() || out.ends_with('\n') {
                    out.push_str(&" ".repeat(indent));
                }
                out.push_str(&text(name));
                out.push(':');
                member(value, indent, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                out.push_str(&" ".repeat(indent));
                out.push_str("- ");
                match small(item, indent.saturating_add(2)) {
                    Some(line) => {
                        out.push_str(&line);
                        out.push('\n');
                    }
                    None => block(item, indent.saturating_add(2), out),
                }
            }
        }
        other => {
            out.push_str(&flow(other));
            out.push('\n');
        }
    }
}

fn member(value: &Value, indent: usize, out: &mut String) {
    let width = out.len().saturating_sub(out.rfind('\n').map_or(0, |at| at.saturating_add(1)));
    if let Some(line) = small(value, width) {
        out.push(' ');
        out.push_str(&line);
        out.push('\n');
        return;
    }
    out.push('\n');
    block(value, indent.saturating_add(2), out);
}

/// The value on one line, where that is not too much for a line.
fn small(value: &Value, width: usize) -> Option<String> {
    let line = flow(value);
    let is_flat = !matches!(value, Value::Object(_) | Value::Array(_)) || depth(value) <= 3;
    (is_flat && line.len().saturating_add(width) <= WIDEST
        || !matches!(value, Value::Object(_) | Value::Array(_))
        || line.len() <= 2)
        .then_some(line)
}

fn depth(value: &Value) -> usize {
    let deepest = match value {
        Value::Object(members) => members.values().map(depth).max(),
        Value::Array(items) => items.iter().map(depth).max(),
        _ => return 0,
    };
    deepest.unwrap_or(0).saturating_add(1)
}

fn flow(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members: Vec<String> = ordered(members)
                .into_iter()
                .map(|(name, value)| format!("{}: {}", text(name), flow(value)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", "))
        }
        Value::String(value) => text(value),
        other => other.to_string(),
    }
}

fn ordered(members: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let place = |name: &str| FIRST.iter().position(|first| *first == name).unwrap_or(FIRST.len());
    let mut members: Vec<_> = members.iter().collect();
    members.sort_by_key(|(name, _)| place(name));
    members
}

/// A text, with quotes unless everybody takes it for one. In quotes, YAML reads what JSON writes.
fn text(text: &str) -> String {
    let word = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    let is_plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-./".contains(letter))
        && !word.contains(&text.to_ascii_lowercase().as_str());
    match is_plain {
        true => text.to_owned(),
        false => Value::from(text).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Kind, Node, read};
    use serde_json::json;

    /// What was read, as a tree: words are JSON, as they are written here.
    fn tree(node: &Node) -> Value {
        match &node.kind {
            Kind::Word(word) => {
                serde_json::from_str(word).unwrap_or_else(|_| Value::from(word.as_str()))
            }
            Kind::Text(text) => Value::from(text.as_str()),
            Kind::List(items) => items.iter().map(tree).collect(),
            Kind::Mapping(members) => members
                .iter()
                .map(|member| (member.name.clone(), tree(&member.value)))
                .collect::<Map<_, _>>()
                .into(),
        }
    }

    #[test]
    fn what_is_written_reads_as_it_was() {
        for value in [
            json!({}),
            json!([]),
            json!({"a": {}, "b": [], "c": ""}),
            json!({"@type": "x", "yes": "no", "on": true, "n": 17, "t": "17", "f": "1.5"}),
            json!({"a": {"b": {"c": {"d": {"e": [1, [2, [3, {"f": null}]]]}}}}}),
            json!([[["a"]], [{"b": [{"c": {"d": {"e": {}}}}]}]]),
            json!({"t": "a: b # c", "u": "\u{e9}\n\"\\\u{0}\u{2028}", "v": " a ", "w": "- a", "~": "~"}),
            json!({"long": "x".repeat(200), "list": vec!["y".repeat(40); 5]}),
            json!([{"name": "z", "x": vec![json!({"name": "a".repeat(60), "b": "c".repeat(60)}); 2]}]),
        ] {
            let text = write(&value);
            let read = read(&text).unwrap_or_else(|fault| panic!("{fault}\n{text}"));
            assert_eq!(tree(&read), value, "{text}");
        }
    }

    #[test]
    fn what_is_small_stands_on_one_line() {
        let value = json!({"name": "a", "match": {"prefix": "/"}, "b": [1, 2]});
        assert_eq!(write(&value), "name: a\nmatch: {prefix: \"/\"}\nb: [1, 2]\n");
    }
}
