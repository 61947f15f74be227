//! The mistakes that people make in a configuration, each by itself.

use serde_json::{Value, json};

/// A configuration with one mistake.
pub(crate) struct Mistake {
    /// Where.
    pub(crate) path: String,
    /// What.
    pub(crate) kind: &'static str,
    /// The whole configuration.
    pub(crate) value: Value,
}

/// Every mistake of these kinds, at every place of a good configuration.
pub(crate) fn mistakes(good: &Value) -> Vec<Mistake> {
    let mut found = Vec::new();
    for pointer in pointers(good, String::new()) {
        let mut add = |kind, change: &dyn Fn(&mut Value)| {
            let mut value = good.clone();
            let Some(place) = value.pointer_mut(&pointer) else { return };
            change(place);
            if value != *good {
                found.push(Mistake { path: pointer.clone(), kind, value });
            }
        };
        add("a field that nobody knows", &|place| {
            if let Some(members) = place.as_object_mut() {
                members.insert("nobody_knows_this".to_owned(), json!(1));
            }
        });
        add("nothing", &|place| *place = Value::Null);
        add("a truth in place of another value", &|place| {
            if !place.is_boolean() {
                *place = json!(true);
            }
        });
        add("a list of lists", &|place| *place = json!([[]]));
        add("a negative number", &|place| *place = json!(-1));
        add("a mapping in place of another value", &|place| {
            if !place.is_object() {
                *place = json!({"nobody_knows_this": 1});
            }
        });
        add("an empty list", &|place| {
            if place.is_array() {
                *place = json!([]);
            }
        });
        add("an empty text", &|place| {
            if place.is_string() {
                *place = json!("");
            }
        });
    }
    found
}

/// Every place in it, as JSON pointers (RFC 6901).
fn pointers(value: &Value, at: String) -> Vec<String> {
    let mut all = vec![at.clone()];
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                all.extend(pointers(value, format!("{at}/{name}")));
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                all.extend(pointers(value, format!("{at}/{index}")));
            }
        }
        _ => {}
    }
    all
}
