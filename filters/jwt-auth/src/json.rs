//! JSON as two parsers cannot disagree on it: an object without members of the same name, at any depth.
//!
//! RFC 7515 §4 and RFC 7519 §4 allow the last of two to win; a reader before us may have taken the first.

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// The members of an object; `None` for anything else, and for nesting deeper than serde_json's 128.
pub(crate) fn object(json: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice(json) {
        Ok(Unambiguous(Value::Object(members))) => Some(members),
        _ => None,
    }
}

/// A value whose objects have each name once. Names are compared unescaped: `"\u0061"` is `"a"`.
struct Unambiguous(Value);

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // `deserialize_any` keeps serde_json's limit on nesting in force.
        deserializer.deserialize_any(UnambiguousVisitor)
    }
}

struct UnambiguousVisitor;

impl<'de> Visitor<'de> for UnambiguousVisitor {
    type Value = Unambiguous;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Unambiguous, E> {
        Ok(Unambiguous(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Unambiguous, E> {
        Ok(Unambiguous(Value::Bool(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Unambiguous, E> {
        Ok(Unambiguous(Value::from(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Unambiguous, E> {
        Ok(Unambiguous(Value::from(value)))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Unambiguous, E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom("not a finite number"))?;
        Ok(Unambiguous(Value::Number(number)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Unambiguous, E> {
        Ok(Unambiguous(Value::from(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Unambiguous, A::Error> {
        let mut values = Vec::new();
        while let Some(Unambiguous(value)) = items.next_element()? {
            values.push(value);
        }
        Ok(Unambiguous(Value::Array(values)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Unambiguous, A::Error> {
        let mut map = Map::new();
        while let Some((name, Unambiguous(value))) = members.next_entry::<String, _>()? {
            if map.insert(name, value).is_some() {
                return Err(A::Error::custom("a member appears twice"));
            }
        }
        Ok(Unambiguous(Value::Object(map)))
    }
}

#[cfg(test)]
mod tests {
    use super::object;

    #[test]
    fn an_object_that_two_parsers_could_read_differently_is_refused() {
        for (json, want) in [
            (r#"{}"#, true),
            (r#" {"a": [1, -2, 1.5, 1e3, true, null, "\u0061", {"a": {}}]} "#, true),
            (r#"{"a": {"b": 1}, "b": {"b": 1}}"#, true),
            (r#"{"a": 1, "a": 1}"#, false),
            (r#"{"a": 1, "\u0061": 2}"#, false),
            (r#"{"a": {"b": 1, "b": 2}}"#, false),
            (r#"{"a": [{"b": 1, "b": 2}]}"#, false),
            (r#"{"a": 1}{"a": 1}"#, false),
            (r#"{"a": 1},"#, false),
            (r#"{"a": 1e400}"#, false),
            (r#"{"a": NaN}"#, false),
            (r#"{'a': 1}"#, false),
            (r#"{"a": 01}"#, false),
            (r#"{"a": 1,}"#, false),
            (r#"{"a": "\ud800"}"#, false),
            ("{\"a\": \"\n\"}", false),
            ("\u{feff}{}", false),
            (r#"[]"#, false),
            (r#""{}""#, false),
            ("null", false),
            ("", false),
        ] {
            assert_eq!(object(json.as_bytes()).is_some(), want, "{json}");
        }
        assert!(object(b"{\"a\": \"\xff\"}").is_none(), "not UTF-8");
    }

    #[test]
    fn deep_nesting_is_refused_before_it_costs_the_stack() {
        let nested = |depth: usize| format!("{{\"a\":{}1{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(object(nested(100).as_bytes()).is_some());
        assert!(object(nested(10_000).as_bytes()).is_none());
        assert!(object("{\"a\":".repeat(10_000).as_bytes()).is_none());
    }
}
