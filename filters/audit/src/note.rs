//! What a filter leaves of its decision: `jwt_auth.allowed;rule=orders;subject=alice`.

use gatehouse_filter::percent_decoded;
use serde_json::{Map, Value};

/// A note as an object: `{"code": "allowed", "rule": "orders", "subject": "alice"}`. What is no note
/// is empty.
pub(crate) fn read(note: &[u8]) -> Map<String, Value> {
    let mut parts = note.split(|byte| *byte == b';');
    let mut members = Map::new();
    // The filter's name is before the point.
    let code = parts.next().unwrap_or_default().splitn(2, |byte| *byte == b'.').nth(1);
    let Some(code) = code else { return members };
    members.insert("code".to_owned(), text(code));
    for part in parts {
        let mut halves = part.splitn(2, |byte| *byte == b'=');
        if let (Some(name), Some(value)) = (halves.next(), halves.next()) {
            members.insert(String::from_utf8_lossy(name).into_owned(), text(value));
        }
    }
    members
}

fn text(encoded: &[u8]) -> Value {
    let bytes: Vec<u8> = percent_decoded(encoded).collect();
    Value::String(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_note_is_read_part_by_part_and_decoded() {
        for (note, want) in [
            ("jwt_auth.allowed", json!({"code": "allowed"})),
            (
                "jwt_auth.allowed;rule=orders;subject=a%3Brule=x%0A%22%C3%A9%25;mode=shadow",
                json!({"code": "allowed", "rule": "orders", "subject": "a;rule=x\n\"é%",
                    "mode": "shadow"}),
            ),
            ("f.expired;why=exp%201%3Bx=1", json!({"code": "expired", "why": "exp 1;x=1"})),
            ("", json!({})),
            ("no note", json!({})),
            ("f.a;b", json!({"code": "a"})),
        ] {
            assert_eq!(Value::Object(read(note.as_bytes())), want, "{note}");
        }
    }
}
