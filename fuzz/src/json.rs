use gatehouse_json::{Document, Fault, Kind, MOST_DEPTH};
use serde_json::Value;

/// A JSON text. Where this reader and serde_json differ it is in what this one's documentation
/// says: names that are there twice, depth, and numbers beyond a float. What is not changed is
/// written as it came.
pub fn json(data: &[u8]) {
    let theirs = serde_json::from_slice::<Value>(data);
    let read = Document::read(data.to_vec(), data.len());
    let checked = Document::check(data.to_vec(), data.len());
    assert_eq!(read.as_ref().err(), checked.as_ref().err(), "checked as it is read");
    let document = match read {
        Ok(document) => document,
        Err(invalid) => {
            assert!(invalid.at <= data.len());
            match invalid.fault {
                Fault::Syntax | Fault::NotUtf8 => {
                    assert!(theirs.is_err(), "{}", data.escape_ascii())
                }
                Fault::DuplicateName | Fault::TooDeep | Fault::TooManyValues | Fault::TooLong => {}
            }
            return;
        }
    };
    let mut written = Vec::new();
    document.write(document.root(), &mut written).expect("it grew by nothing");
    assert_eq!(written, data.trim_ascii());
    match theirs {
        Ok(value) => {
            assert_eq!(document.values_read().count(), count(&value));
            for id in document.values_read().filter(|id| document.kind(*id) == Kind::String) {
                let theirs: String = serde_json::from_slice(document.raw(id)).unwrap();
                assert_eq!(document.string(id).as_deref(), Some(theirs.as_bytes()));
            }
        }
        Err(error) => {
            let is_huge = error.to_string().starts_with("number out of range");
            assert!(
                is_huge || document.depth() >= MOST_DEPTH - 1,
                "{error}: {}",
                data.escape_ascii()
            );
        }
    }
}

/// How many values there are, the whole among them.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}
