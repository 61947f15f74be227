//! What a filter leaves of its decision, as an object.

use gatehouse_filter::Note;
use serde_json::{Map, Value};

/// A note as an object: `{"code": "allowed", "rule": "orders", "subject": "alice"}`. What is no note
/// is empty.
pub(crate) fn read(note: &[u8]) -> Map<String, Value> {
    let Some(note) = Note::read(note) else { return Map::new() };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let code = ("code".to_owned(), Value::String(text(note.code)));
    let parts = note.parts().map(|(name, value)| (text(name), Value::String(value)));
    std::iter::once(code).chain(parts).collect()
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
