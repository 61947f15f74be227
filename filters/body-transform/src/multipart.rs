//! Forms with files: `multipart/form-data` (RFC 7578, RFC 2046 §5.1).
//!
//! A form is read as a JSON object: each field of text is a text, each file an object that says of
//! it what is known, and its number; a name that is there more than once has a list. It is written
//! from such an object: a file goes on byte for byte, under the name that it has there.
//!
//! Readers of such forms differ in everything that is not plain. What two of them could read in two
//! ways is no form here, so that nothing that is kept out comes in by another reading.

mod part;

use crate::content_type::parameter;
use gatehouse_json::{Document, Id, Kind, push_quoted};
use part::{Part, PartKind, lines, push_name, read_part};
use std::collections::BTreeMap;

/// The content type of forms with files.
pub(crate) const MULTIPART: &str = "multipart/form-data";

/// The most parts of a form, as many as upstreams take.
const MOST_PARTS: usize = 1000;

/// What parts begin with, of a form: two dashes, and what `boundary` says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Delimiter(Vec<u8>);

/// Why a body is no form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unread {
    /// Readers could read it in several ways, or in none.
    Invalid,
    TooManyParts,
}

/// A form as it came.
pub(crate) struct Form {
    body: Vec<u8>,
    delimiter: Delimiter,
    parts: Vec<Part>,
}

impl Delimiter {
    /// The delimiter that a `content-type` says; `None` where it says none, or one that is none (RFC
    /// 2046 §5.1.1).
    pub(crate) fn of(content_type: &[u8]) -> Option<Self> {
        let boundary = parameter(content_type, "boundary").ok()??;
        let is_one = |byte: &u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(byte);
        let is_boundary = matches!(boundary.len(), 1..=70)
            && boundary.iter().all(is_one)
            && !boundary.ends_with(b" ");
        is_boundary.then(|| Self([b"--", boundary.as_slice()].concat()))
    }

    /// Where it is next.
    fn find(&self, text: &[u8], from: usize) -> Option<usize> {
        let rest = text.get(from..)?;
        let found = rest
            .windows(self.0.len())
            .position(|window| window.starts_with(b"--") && window == self.0)?;
        Some(from.saturating_add(found))
    }
}

impl Form {
    /// Reads a form.
    ///
    /// # Errors
    /// [`Unread`].
    pub(crate) fn read(body: Vec<u8>, delimiter: Delimiter) -> Result<Self, Unread> {
        let mut parts = Vec::new();
        // Nothing before the first part but an empty line, and nothing after the last one.
        let mut at = if body.starts_with(b"\r\n") { 2 } else { 0 };
        if delimiter.find(&body, 0) != Some(at) {
            return Err(Unread::Invalid);
        }
        loop {
            let after = at.saturating_add(delimiter.0.len());
            let rest = body.get(after..).unwrap_or_default();
            if matches!(rest, b"--" | b"--\r\n") {
                return Ok(Self { body, delimiter, parts });
            }
            // Nothing else may stand behind it: a longer line would be a delimiter to some.
            if !rest.starts_with(b"\r\n") {
                return Err(Unread::Invalid);
            }
            if parts.len() >= MOST_PARTS {
                return Err(Unread::TooManyParts);
            }
            let start = after.saturating_add(2);
            let next = delimiter.find(&body, start).ok_or(Unread::Invalid)?;
            let text = body.get(start..next).ok_or(Unread::Invalid)?;
            let text = text.strip_suffix(b"\r\n").ok_or(Unread::Invalid)?;
            parts.push(read_part(text, start).ok_or(Unread::Invalid)?);
            at = next;
        }
    }

    /// The form as a JSON object.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        let mut fields: Vec<(&str, Vec<usize>)> = Vec::new();
        for (number, part) in self.parts.iter().enumerate() {
            match places.get(part.name.as_str()).and_then(|place| fields.get_mut(*place)) {
                Some((_, numbers)) => numbers.push(number),
                None => {
                    places.insert(&part.name, fields.len());
                    fields.push((&part.name, vec![number]));
                }
            }
        }
        let mut json = b"{".to_vec();
        for (name, numbers) in &fields {
            separate(&mut json, b'{');
            push_quoted(name.as_bytes(), &mut json);
            json.push(b':');
            if let [number] = numbers.as_slice() {
                self.push_part(*number, &mut json);
                continue;
            }
            json.push(b'[');
            for number in numbers {
                separate(&mut json, b'[');
                self.push_part(*number, &mut json);
            }
            json.push(b']');
        }
        json.push(b'}');
        json
    }

    fn push_part(&self, number: usize, json: &mut Vec<u8>) {
        let Some(part) = self.parts.get(number) else { return };
        let content = self.body.get(part.content.clone()).unwrap_or_default();
        let PartKind::File { filename, content_type } = &part.kind else {
            return push_quoted(content, json);
        };
        json.push(b'{');
        for (name, value) in [("filename", filename), ("content_type", content_type)] {
            if let Some(value) = value {
                push_quoted(name.as_bytes(), json);
                json.push(b':');
                push_quoted(String::from_utf8_lossy(value).as_bytes(), json);
                json.push(b',');
            }
        }
        json.extend_from_slice(
            format!("\"size\":{},\"part\":{number}}}", content.len()).as_bytes(),
        );
    }

    /// The form that a JSON object says, with the files of this one. Fields that this one did not
    /// have stand before the first file, because some readers stop there. `None` where the object
    /// has another shape, or a text of it what parts begin with.
    pub(crate) fn written(&self, document: &mut Document) -> Option<Vec<u8>> {
        let root = document.root();
        if document.kind(root) != Kind::Object {
            return None;
        }
        let members: Vec<Id> = document.children(root).collect();
        let (mut parts, mut first_file) = (Vec::new(), None);
        for member in members {
            let name = document.name(member).into_owned();
            let values = match document.kind(member) {
                Kind::Array => document.children(member).collect(),
                _ => vec![member],
            };
            let is_known = self.parts.iter().any(|part| part.name.as_bytes() == name);
            for value in values {
                let Some(part) = self.part_of(&name, document, value)? else { continue };
                let is_file = document.kind(value) == Kind::Object;
                match first_file {
                    Some(at) if !is_file && !is_known => {
                        parts.insert(at, part);
                        first_file = Some(at.saturating_add(1));
                    }
                    None if is_file => {
                        first_file = Some(parts.len());
                        parts.push(part);
                    }
                    _ => parts.push(part),
                }
            }
        }
        let mut out = Vec::with_capacity(self.body.len());
        for part in &parts {
            // The text of a client could end its part.
            if self.delimiter.find(part, 0).is_some() {
                return None;
            }
            out.extend_from_slice(&self.delimiter.0);
            out.extend_from_slice(b"\r\n");
            out.extend_from_slice(part);
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(&self.delimiter.0);
        out.extend_from_slice(b"--\r\n");
        Some(out)
    }

    /// Head and content of the part that a value says; an inner `None` for `null`, which is none.
    fn part_of(&self, name: &[u8], document: &mut Document, id: Id) -> Option<Option<Vec<u8>>> {
        let text = match document.kind(id) {
            Kind::Null => return Some(None),
            Kind::String => document.string(id)?.into_owned(),
            Kind::Number | Kind::Boolean => document.raw(id).to_vec(),
            Kind::Object => return self.file_of(name, document, id).map(Some),
            Kind::Array => return None,
        };
        let mut part = b"Content-Disposition: form-data; name=\"".to_vec();
        push_name(name, &mut part);
        part.extend_from_slice(b"\"\r\n\r\n");
        part.extend_from_slice(&text);
        Some(Some(part))
    }

    fn file_of(&self, name: &[u8], document: &mut Document, id: Id) -> Option<Vec<u8>> {
        let number = document.member(id, b"part")?;
        let number: usize = std::str::from_utf8(document.raw(number)).ok()?.parse().ok()?;
        let part = self.parts.get(number)?;
        let PartKind::File { filename, .. } = &part.kind else { return None };
        let now = match document.member(id, b"filename") {
            Some(now) => Some(document.string(now)?.into_owned()),
            None => None,
        };
        let was =
            filename.as_ref().map(|was| String::from_utf8_lossy(was).into_owned().into_bytes());
        if part.name.as_bytes() == name && now == was {
            return self.body.get(part.head.start..part.content.end).map(<[u8]>::to_vec);
        }
        let head = self.body.get(part.head.clone())?;
        let mut out = b"Content-Disposition: form-data; name=\"".to_vec();
        push_name(name, &mut out);
        out.push(b'"');
        if let Some(now) = now {
            out.extend_from_slice(b"; filename=\"");
            push_name(&now, &mut out);
            out.push(b'"');
        }
        out.extend_from_slice(b"\r\n");
        for (name, line, _) in lines(head)? {
            if !name.eq_ignore_ascii_case(b"content-disposition") {
                out.extend_from_slice(line);
                out.extend_from_slice(b"\r\n");
            }
        }
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(self.body.get(part.content.clone())?);
        Some(out)
    }
}

fn separate(out: &mut Vec<u8>, open: u8) {
    if out.last() != Some(&open) {
        out.push(b',');
    }
}

#[cfg(test)]
mod tests;
