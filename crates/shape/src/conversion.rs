//! Values of other types, and lists without repetitions.

use crate::fault::Fault;
use gatehouse_json::{Document, Id, Kind, canonical_number};
use std::collections::BTreeSet;

/// A text that is a number as JSON writes them (RFC 8259 §6) becomes that number, with all its
/// digits. Everything else stays.
pub(crate) fn to_number(document: &mut Document, id: Id) -> Result<(), Fault> {
    let Some(text) = document.string(id).map(|text| text.into_owned()) else { return Ok(()) };
    if is_number(&text) {
        let put = document.put(&text)?;
        document.set(id, put);
    }
    Ok(())
}

fn is_number(text: &[u8]) -> bool {
    let is_bare = text.first().is_some_and(|byte| matches!(byte, b'-' | b'0'..=b'9'))
        && text.last().is_some_and(u8::is_ascii_digit);
    is_bare
        && Document::read(text.to_vec(), 0)
            .is_ok_and(|number| number.kind(number.root()) == Kind::Number)
}

/// A number, `true` or `false` becomes the text of it, as it is written. Everything else stays.
pub(crate) fn to_text(document: &mut Document, id: Id) -> Result<(), Fault> {
    if matches!(document.kind(id), Kind::Number | Kind::Boolean) {
        // None of its signs needs an escape.
        let text = [b"\"", document.raw(id), b"\""].concat();
        let put = document.put(&text)?;
        document.set(id, put);
    }
    Ok(())
}

/// The items of a list that are equal to one before them: numbers by what they are, texts by what
/// they say, lists and objects by how they are written.
pub(crate) fn repeated(document: &mut Document, list: Id) -> Result<Vec<Id>, Fault> {
    if document.kind(list) != Kind::Array {
        return Ok(Vec::new());
    }
    let items: Vec<Id> = document.children(list).collect();
    let mut known = BTreeSet::new();
    let mut repeated = Vec::new();
    for item in items {
        if !known.insert(key(document, item)?) {
            repeated.push(item);
        }
    }
    Ok(repeated)
}

/// What equal values have in common, and no others.
fn key(document: &mut Document, id: Id) -> Result<(bool, Vec<u8>), Fault> {
    match document.kind(id) {
        Kind::String => Ok((true, document.string(id).unwrap_or_default().into_owned())),
        Kind::Number => Ok((false, canonical_number(document.raw(id)))),
        _ => {
            let mut written = Vec::new();
            document.write(id, &mut written)?;
            Ok((false, written))
        }
    }
}
