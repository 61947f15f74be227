//! The rules in schemas, `x-kubernetes-validations`: CEL, as an API server runs it over an object
//! that is made.

use std::collections::HashMap;
use std::sync::Arc;

use cel::extractors::This;
use cel::{Context, Program, Value as Cel};
use serde_json::Value;

/// Adds what the rules of this schema, and of those within, say of a value.
pub(crate) fn check(schema: &Value, value: &Value, path: &str, faults: &mut Vec<String>) {
    let rules = schema.get("x-kubernetes-validations").and_then(Value::as_array);
    for rule in rules.into_iter().flatten() {
        let text = rule["rule"].as_str().expect("a rule is a text");
        // Rules about a change say nothing of what is new.
        if text.contains("oldSelf") {
            continue;
        }
        match holds(text, value) {
            Ok(true) => {}
            Ok(false) => {
                let message = rule["message"].as_str().unwrap_or(text);
                faults.push(format!("{path}: {message}"));
            }
            Err(fault) => faults.push(format!("{path}: `{text}` cannot be judged: {fault}")),
        }
    }
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let known = schema.get("properties").and_then(|known| known.get(name));
                let schema = known.or_else(|| schema.get("additionalProperties"));
                if let Some(schema) = schema {
                    check(schema, value, &format!("{path}/{name}"), faults);
                }
            }
        }
        Value::Array(items) => {
            if let Some(schema) = schema.get("items") {
                for (index, item) in items.iter().enumerate() {
                    check(schema, item, &format!("{path}/{index}"), faults);
                }
            }
        }
        _ => {}
    }
}

fn holds(rule: &str, value: &Value) -> Result<bool, String> {
    let program = Program::compile(rule).map_err(|fault| fault.to_string())?;
    let mut context = Context::default();
    context.add_variable_from_value("self", cel(value));
    // Kubernetes' own, as far as the schemas ask for them.
    for added in [
        context.add_function("isURL", |text: Arc<String>| scheme(&text).is_some()),
        context.add_function("url", |text: Arc<String>| text),
        context.add_function("getScheme", |This(text): This<Arc<String>>| {
            scheme(&text).unwrap_or_default().to_owned()
        }),
    ] {
        added.map_err(|fault| format!("{fault:?}"))?;
    }
    match program.execute(&context) {
        Ok(Cel::Bool(holds)) => Ok(holds),
        Ok(other) => Err(format!("is {other:?}")),
        Err(fault) => Err(fault.to_string()),
    }
}

/// The scheme of an absolute URL. (Kubernetes takes what begins with a slash for one without.)
fn scheme(text: &str) -> Option<&str> {
    if text.starts_with('/') {
        return Some("");
    }
    let (scheme, _) = text.split_once("://")?;
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.chars().all(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(letter));
    is_scheme.then_some(scheme)
}

/// Whole numbers are `int`, whatever their size.
fn cel(value: &Value) -> Cel {
    match value {
        Value::Null => Cel::Null,
        Value::Bool(truth) => Cel::Bool(*truth),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Cel::Int(whole),
            None => Cel::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => text.as_str().into(),
        Value::Array(items) => items.iter().map(cel).collect::<Vec<_>>().into(),
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| (name.clone(), cel(value));
            fields.iter().map(field).collect::<HashMap<String, Cel>>().into()
        }
    }
}

#[test]
fn rules_are_judged_as_kubernetes_judges_them() {
    use serde_json::json;
    let url = r#"isURL(self) ? (url(self).getScheme() in ["", "oci"]) : isURL("http://" + self)"#;
    for (rule, value, want) in [
        ("self.size() == 0", json!(""), Ok(true)),
        ("self.size() == 0", json!("a"), Ok(false)),
        ("!self.contains(\"*\")", json!("a*"), Ok(false)),
        ("self.all(key, key.size() != 0)", json!({"": "a"}), Ok(false)),
        ("self.all(key, key.size() != 0)", json!({"a": "a"}), Ok(true)),
        ("(has(self.a) ? 1 : 0) + (has(self.b) ? 1 : 0) <= 1", json!({"a": 1, "b": 1}), Ok(false)),
        ("(has(self.a) ? 1 : 0) + (has(self.b) ? 1 : 0) <= 1", json!({"a": 1}), Ok(true)),
        ("0 < self && self <= 65535", json!(80), Ok(true)),
        ("0 < self && self <= 65535", json!(65_536), Ok(false)),
        ("self.kind in ['A', 'B']", json!({"kind": "C"}), Ok(false)),
        (url, json!("oci://ghcr.io/a/b:1"), Ok(true)),
        (url, json!("ghcr.io/a/b:1"), Ok(true)),
        (url, json!("ftp://ghcr.io/a"), Ok(false)),
        ("self.unheardOf()", json!("a"), Err(())),
        ("self ==", json!("a"), Err(())),
    ] {
        assert_eq!(holds(rule, &value).map_err(|_| ()), want, "{rule} of {value}");
    }
}
