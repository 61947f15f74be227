//! The plugin configuration as Envoy hands it over.
//!
//! `PluginConfig.configuration` is a `google.protobuf.Any`. A `StringValue` or `BytesValue` arrives
//! as the text itself, which is JSON; a `google.protobuf.Struct`, which is how YAML is written
//! there, arrives as its serialised protobuf message.

use gatehouse_filter::config::json_value;
use gatehouse_filter::protobuf::{Fields, Payload};
use serde_json::{Map, Number, Value};
use std::fmt;

/// The configuration as a JSON value. No configuration at all is an empty object.
///
/// # Errors
/// [`Unreadable`] where the bytes are neither JSON nor a `google.protobuf.Struct`.
pub fn decode(bytes: &[u8]) -> Result<Value, Unreadable> {
    if bytes.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    // A Struct begins with the tag of its field 1, which is also the byte of a line feed: text that
    // begins with one is no well-formed Struct, so it falls through to JSON.
    if bytes.first() == Some(&0x0a)
        && let Some(value) = read_struct(bytes, 0)
    {
        return Ok(value);
    }
    json_value(bytes).map_err(Unreadable)
}

/// Neither JSON nor a `google.protobuf.Struct`; holds what is wrong with it as JSON.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unreadable(String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "is neither a google.protobuf.Struct nor a StringValue or BytesValue of JSON: {}",
            self.0
        )
    }
}

/// As deep as `serde_json` goes; protobuf itself stops at 100.
const DEEPEST: u32 = 100;

/// `message Struct { map<string, Value> fields = 1; }`, a map being repeated `{ key = 1; value = 2;
/// }`.
fn read_struct(message: &[u8], depth: u32) -> Option<Value> {
    let mut members = Map::new();
    for field in Fields(message) {
        let (1, Payload::Bytes(entry)) = field? else {
            return None;
        };
        let (mut key, mut value) = ("", Value::Null);
        for field in Fields(entry) {
            match field? {
                (1, Payload::Bytes(text)) => key = std::str::from_utf8(text).ok()?,
                (2, Payload::Bytes(message)) => value = read_value(message, depth)?,
                _ => return None,
            }
        }
        // A map with a key twice is no map that Envoy writes.
        if members.insert(key.to_owned(), value).is_some() {
            return None;
        }
    }
    Some(Value::Object(members))
}

/// `message Value { oneof kind { null = 1; double = 2; string = 3; bool = 4; Struct = 5;
/// ListValue = 6; } }`
fn read_value(message: &[u8], depth: u32) -> Option<Value> {
    let depth = depth.checked_add(1).filter(|depth| *depth <= DEEPEST)?;
    let mut value = Value::Null;
    for field in Fields(message) {
        value = match field? {
            (1, Payload::Varint(_)) => Value::Null,
            (2, Payload::Fixed64(bits)) => read_number(f64::from_bits(bits)),
            (3, Payload::Bytes(text)) => Value::from(std::str::from_utf8(text).ok()?),
            (4, Payload::Varint(truth)) => Value::from(truth != 0),
            (5, Payload::Bytes(message)) => read_struct(message, depth)?,
            (6, Payload::Bytes(message)) => read_list(message, depth)?,
            _ => return None,
        };
    }
    Some(value)
}

/// `message ListValue { repeated Value values = 1; }`
fn read_list(message: &[u8], depth: u32) -> Option<Value> {
    let item = |field: Option<(u32, Payload<'_>)>| match field? {
        (1, Payload::Bytes(message)) => read_value(message, depth),
        _ => None,
    };
    Fields(message).map(item).collect::<Option<Vec<_>>>().map(Value::Array)
}

/// A Struct has no integers. A whole number that a double holds exactly is taken for the integer
/// that was written.
fn read_number(number: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() <= EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53, checked above")]
        let integer = number as i64;
        return Value::from(integer);
    }
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Encodes as protobuf does, for values whose messages are shorter than 128 bytes.
    fn encoded(value: &Value) -> Vec<u8> {
        let field = |tag: u8, bytes: Vec<u8>| {
            [vec![tag, u8::try_from(bytes.len()).unwrap()], bytes].concat()
        };
        match value {
            Value::Null => vec![0x08, 0],
            Value::Number(number) => {
                [&[0x11][..], &number.as_f64().unwrap().to_le_bytes()].concat()
            }
            Value::String(text) => field(0x1a, text.clone().into_bytes()),
            Value::Bool(truth) => vec![0x20, u8::from(*truth)],
            Value::Object(_) => field(0x2a, message(value)),
            Value::Array(items) => {
                field(0x32, items.iter().flat_map(|item| field(0x0a, encoded(item))).collect())
            }
        }
    }

    fn message(object: &Value) -> Vec<u8> {
        let field = |tag: u8, bytes: Vec<u8>| {
            [vec![tag, u8::try_from(bytes.len()).unwrap()], bytes].concat()
        };
        let members = object.as_object().unwrap().iter();
        let entry = |(key, value): (&String, &Value)| {
            field(
                0x0a,
                [field(0x0a, key.clone().into_bytes()), field(0x12, encoded(value))].concat(),
            )
        };
        members.flat_map(entry).collect()
    }

    #[test]
    fn a_struct_decodes_to_the_json_that_it_stands_for() {
        for value in [
            json!({"a": "b"}),
            json!({"a": null, "b": true, "c": false, "d": [1, -2, 0.5, "x", []], "e": {"f": {"g": 1}}}),
            json!({"": ""}),
            json!({"big": 9_007_199_254_740_992_u64}),
        ] {
            assert_eq!(decode(&message(&value)), Ok(value));
        }
    }

    #[test]
    fn json_text_decodes_as_it_is() {
        for text in [r#"{"a": 1}"#, " {\"a\": 1}", "\n{\"a\": 1}", "\n\n  {\"a\": 1}\n"] {
            assert_eq!(decode(text.as_bytes()), Ok(json!({"a": 1})), "{text:?}");
        }
        assert_eq!(decode(b""), Ok(json!({})));
    }

    #[test]
    fn anything_else_is_refused_and_traps_nothing() {
        for bytes in [
            &b"\x0a"[..],
            b"\x0a\xff",
            b"\x0a\x02\x0a",
            b"mode: enforce",
            b"\xff\xff\xff\xff\xff\xff",
            b"\x0b",
        ] {
            assert!(decode(bytes).is_err(), "{}", bytes.escape_ascii());
        }
        let whole = message(&json!({"a": [1, "x", {"b": true}]}));
        for length in 1..whole.len() {
            assert!(decode(&whole[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn a_name_that_comes_twice_is_refused_in_every_form() {
        let fault = decode(br#"{"rules": [], "mode": "enforce", "mode": "shadow"}"#).unwrap_err();
        assert!(fault.to_string().contains("`mode` comes twice"), "{fault}");
        let once = message(&json!({"a": "b"}));
        assert!(decode(&once).is_ok());
        assert!(decode(&[once.clone(), once].concat()).is_err());
    }

    #[test]
    fn nesting_is_bounded() {
        let mut bytes = vec![];
        for _ in 0..10_000_u32 {
            let mut length = bytes.len();
            let mut outer = vec![0x0a];
            while length >= 0x80 {
                outer.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
                length >>= 7;
            }
            outer.push(u8::try_from(length).unwrap());
            outer.extend(bytes);
            bytes = outer;
        }
        assert!(decode(&bytes).is_err());
    }
}
