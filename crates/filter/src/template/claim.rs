use serde_json::Value;

/// Appends a claim as one line of text, or gives `None` and leaves `out` as it was for `null` and
/// empty lists.
///
/// Text is taken as it is, numbers and booleans as in JSON, objects as compact JSON. A list is its
/// items with commas between them: an item that has a comma itself cannot be told from two.
#[must_use]
pub fn claim_text(claim: &Value, out: &mut Vec<u8>) -> Option<()> {
    match claim {
        Value::Null => None,
        Value::Array(items) if items.is_empty() => None,
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                scalar(item, out);
            }
            Some(())
        }
        claim => {
            scalar(claim, out);
            Some(())
        }
    }
}

fn scalar(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::String(text) => out.extend_from_slice(text.as_bytes()),
        // A JSON value always serialises, and a `Vec` takes every write.
        value => serde_json::to_writer(out, value).unwrap_or_default(),
    }
}
