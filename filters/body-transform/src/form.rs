//! Forms: `application/x-www-form-urlencoded`.

use gatehouse_filter::{form_decoded, percent_encoded, percent_encoded_byte, query_pairs};
use gatehouse_json::{Document, Id, Kind, push_quoted};
use std::collections::BTreeMap;

/// The content type of forms (WHATWG URL standard, "application/x-www-form-urlencoded").
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// The JSON object that a form says: each field a string, or an array of strings where it is there
/// more than once. `None` where a name or a value is not UTF-8.
pub(crate) fn to_json(form: &[u8]) -> Option<Vec<u8>> {
    let mut names: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
    let mut fields: Vec<(Vec<u8>, Vec<Vec<u8>>)> = Vec::new();
    for (name, value) in query_pairs(form) {
        let (name, value) = (decoded(name)?, decoded(value)?);
        match names.get(&name).and_then(|at| fields.get_mut(*at)) {
            Some((_, values)) => values.push(value),
            None => {
                names.insert(name.clone(), fields.len());
                fields.push((name, vec![value]));
            }
        }
    }
    let mut json = Vec::with_capacity(form.len().saturating_mul(2));
    json.push(b'{');
    for (name, values) in &fields {
        separate(&mut json, b'{', b',');
        push_quoted(name, &mut json);
        json.push(b':');
        match values.as_slice() {
            [value] => push_quoted(value, &mut json),
            values => {
                json.push(b'[');
                for value in values {
                    separate(&mut json, b'[', b',');
                    push_quoted(value, &mut json);
                }
                json.push(b']');
            }
        }
    }
    json.push(b'}');
    Some(json)
}

/// The form that a JSON object says: arrays of scalars are repeated fields, `null` is no field.
/// `None` for what is not an object of scalars and arrays of them: a form has no other shape.
pub(crate) fn from_json(document: &mut Document, push: fn(&[u8], &mut Vec<u8>)) -> Option<Vec<u8>> {
    let root = document.root();
    if document.kind(root) != Kind::Object {
        return None;
    }
    let mut form = Vec::new();
    let members: Vec<Id> = document.children(root).collect();
    for member in members {
        let values = match document.kind(member) {
            Kind::Array => document.children(member).collect(),
            _ => vec![member],
        };
        for value in values {
            let text = match document.kind(value) {
                Kind::Null => continue,
                Kind::String => document.string(value)?.into_owned(),
                Kind::Number | Kind::Boolean => document.raw(value).to_vec(),
                Kind::Array | Kind::Object => return None,
            };
            if !form.is_empty() {
                form.push(b'&');
            }
            push(&document.name(member), &mut form);
            form.push(b'=');
            push(&text, &mut form);
        }
    }
    Some(form)
}

fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    let bytes: Vec<u8> = form_decoded(text).collect();
    std::str::from_utf8(&bytes).is_ok().then_some(bytes)
}

/// Appends a name or a value of a form.
pub(crate) fn push_encoded(text: &[u8], out: &mut Vec<u8>) {
    for byte in text {
        match byte {
            b' ' => out.push(b'+'),
            b'*' | b'-' | b'.' | b'_' => out.push(*byte),
            byte if byte.is_ascii_alphanumeric() => out.push(*byte),
            byte => out.extend(percent_encoded_byte(*byte)),
        }
    }
}

/// The same in a query, where a `+` is a space to some readers only.
pub(crate) fn push_in_query(text: &[u8], out: &mut Vec<u8>) {
    out.extend(percent_encoded(text));
}

fn separate(out: &mut Vec<u8>, open: u8, separator: u8) {
    if out.last() != Some(&open) {
        out.push(separator);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_and_json_say_the_same() {
        for (form, json) in [
            ("", "{}"),
            ("a=1", r#"{"a":"1"}"#),
            ("a=1&b=x+y%26z", r#"{"a":"1","b":"x y&z"}"#),
            ("a=1&b=2&a=3", r#"{"a":["1","3"],"b":"2"}"#),
            ("a", r#"{"a":""}"#),
            ("&&a=1&", r#"{"a":"1"}"#),
            ("a=b=c", r#"{"a":"b=c"}"#),
            ("%22=%0a%5c", r#"{"\"":"\n\\"}"#),
            ("caf%C3%A9=%F0%9F%98%80", "{\"café\":\"😀\"}"),
        ] {
            assert_eq!(
                String::from_utf8(to_json(form.as_bytes()).unwrap()).unwrap(),
                json,
                "{form}"
            );
        }
        assert_eq!(to_json(b"a=%ff"), None);
        for (json, form) in [
            (r#"{"a":"1","b":2.50,"c":true,"d":null}"#, Some("a=1&b=2.50&c=true")),
            (r#"{"a":["x y","&"]}"#, Some("a=x+y&a=%26")),
            (r#"{"é":"=+"}"#, Some("%C3%A9=%3D%2B")),
            ("{}", Some("")),
            (r#"{"a":{}}"#, None),
            (r#"{"a":[[]]}"#, None),
            ("[]", None),
        ] {
            let mut document = Document::read(json.as_bytes().to_vec(), 1000).unwrap();
            let form = form.map(|form| form.as_bytes().to_vec());
            assert_eq!(from_json(&mut document, push_encoded), form, "{json}");
        }
    }
}
