//! JSON text as a value, read strictly.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// Reads JSON in which every object has each name once. RFC 8259 §4 leaves open what a second one
/// means, `serde_json` takes the last, and YAML, in which the same configuration may be written,
/// refuses it. A byte order mark before it is passed over (§8.1).
///
/// # Errors
/// What is wrong and where: with the path of a name that comes twice, else with line and column.
pub fn json_value(json: &[u8]) -> Result<Value, String> {
    let json = json.strip_prefix("\u{feff}".as_bytes()).unwrap_or(json);
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let value = At(String::new()).deserialize(&mut deserializer);
    let value = value.and_then(|value| deserializer.end().map(|()| value));
    value.map_err(|error| error.to_string())
}

/// A value, at its path.
struct At(String);

impl<'de> DeserializeSeed<'de> for At {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for At {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(At(format!("{}[{}]", self.0, list.len())))? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let path = match self.0.as_str() {
                "" => name.clone(),
                path => format!("{path}.{name}"),
            };
            if object.contains_key(&name) {
                return Err(A::Error::custom(format_args!("`{path}` comes twice")));
            }
            let value = members.next_value_seed(At(path))?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::json_value;
    use serde_json::Value;

    #[test]
    fn what_is_read_is_what_serde_json_reads() {
        for json in [
            "null",
            "true",
            "-1",
            "18446744073709551615",
            "1.5",
            "100.0",
            "1e3",
            r#""a\u0000é""#,
            "[]",
            r#"[1, "a", {"b": [null]}]"#,
            r#"{"a": {"b": 1}, "b": {"b": 1}, "": 2}"#,
        ] {
            let theirs: Value = serde_json::from_str(json).unwrap();
            assert_eq!(json_value(json.as_bytes()), Ok(theirs), "{json}");
        }
        assert_eq!(json_value("\u{feff}{}".as_bytes()), Ok(Value::Object(Default::default())));
    }

    #[test]
    fn a_name_that_comes_twice_is_told_with_its_path() {
        for (json, want) in [
            (r#"{"mode": "enforce", "mode": "shadow"}"#, "`mode` comes twice"),
            (
                r#"{"rules": [{}, {"match": {"path": 1, "path": 2}}]}"#,
                "`rules[1].match.path` comes twice",
            ),
            (r#"{"a": 1, "\u0061": 2}"#, "`a` comes twice"),
        ] {
            let fault = json_value(json.as_bytes()).unwrap_err();
            assert!(fault.starts_with(want), "{json}: {fault}");
        }
        for bad in ["", "{", "{} {}", "{\"a\": 1,}", "nul", "\"\\ud800\"", "\u{feff}\u{feff}{}"] {
            assert!(json_value(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
