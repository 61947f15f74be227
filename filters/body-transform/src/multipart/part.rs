//! A part of a form, its head and its content.

use crate::content_type::{is_token, is_utf8, parameter};
use gatehouse_filter::essence;
use std::ops::Range;

/// The longest head of a part, in bytes.
const MOST_OF_A_HEAD: usize = 8 * 1024;

/// A part of a form: where in the body it is.
pub(super) struct Part {
    pub(super) name: String,
    pub(super) kind: PartKind,
    pub(super) head: Range<usize>,
    pub(super) content: Range<usize>,
}

pub(super) enum PartKind {
    /// A field of UTF-8.
    Text,
    /// All others. They are not looked into.
    File { filename: Option<Vec<u8>>, content_type: Option<Vec<u8>> },
}

/// A part that begins here.
pub(super) fn read_part(text: &[u8], start: usize) -> Option<Part> {
    let window = text.get(..text.len().min(MOST_OF_A_HEAD))?;
    let end = window.windows(4).position(|window| window == b"\r\n\r\n")?.saturating_add(2);
    let head = text.get(..end)?;
    let [mut disposition, mut content_type, mut encoding] = [None, None, None];
    for (name, _, value) in lines(head)? {
        let slot = match name.to_ascii_lowercase().as_slice() {
            b"content-disposition" => &mut disposition,
            b"content-type" => &mut content_type,
            b"content-transfer-encoding" => &mut encoding,
            _ => continue,
        };
        if slot.replace(value).is_some() {
            return None;
        }
    }
    let Disposition { name, filename, is_file } = disposed(disposition?)?;
    let from = end.saturating_add(2);
    let content = text.get(from..)?;
    let is_text = !is_file
        && encoding.is_none_or(|encoding| {
            [&b"7bit"[..], b"8bit", b"binary"]
                .iter()
                .any(|known| known.eq_ignore_ascii_case(encoding))
        })
        && content_type.is_none_or(is_plain);
    let kind = if is_text {
        std::str::from_utf8(content).ok()?;
        PartKind::Text
    } else {
        PartKind::File { filename, content_type: content_type.map(<[u8]>::to_vec) }
    };
    // RFC 7578 §4.6: all fields would be read in another character set.
    if name == "_charset_" && !(is_text && content.eq_ignore_ascii_case(b"utf-8")) {
        return None;
    }
    let place = |at: usize| start.saturating_add(at);
    Some(Part { name, kind, head: place(0)..place(from), content: place(from)..place(text.len()) })
}

/// A line of a part's head: its name, the whole of it, and its value.
type Line<'a> = (&'a [u8], &'a [u8], &'a [u8]);

/// The lines of a part's head, each with its name, the whole of it, and its value. `None` for what
/// is no field, as for a line that goes on (RFC 9112 §5.2), or ends with less than CR and LF.
pub(super) fn lines(head: &[u8]) -> Option<Vec<Line<'_>>> {
    let mut lines = Vec::new();
    let mut rest = head.strip_suffix(b"\r\n\r\n").or_else(|| head.strip_suffix(b"\r\n"))?;
    loop {
        let end = rest.windows(2).position(|window| window == b"\r\n").unwrap_or(rest.len());
        let (line, after) = rest.split_at(end);
        if line.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t') {
            return None;
        }
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = line.split_at(colon);
        if name.is_empty() || !name.iter().all(is_token) {
            return None;
        }
        lines.push((name, line, value.get(1..)?.trim_ascii()));
        if after.is_empty() {
            return Some(lines);
        }
        rest = after.get(2..)?;
    }
}

struct Disposition {
    name: String,
    filename: Option<Vec<u8>>,
    is_file: bool,
}

/// What a `content-disposition` says (RFC 7578 §4.2).
fn disposed(field: &[u8]) -> Option<Disposition> {
    // Browsers write a backslash as it is, others one before a quote: where a text ends is not
    // clear.
    if field.windows(2).any(|window| window == b"\\\"") {
        return None;
    }
    let kind = field.split(|byte| *byte == b';').next()?;
    if !kind.trim_ascii().eq_ignore_ascii_case(b"form-data") {
        return None;
    }
    let (mut names, mut filename, mut is_file) = (Vec::new(), None, false);
    let mut rest = field.get(kind.len()..)?;
    while !rest.is_empty() {
        let (name, value, after) = next_parameter(rest)?;
        let name = name.to_ascii_lowercase();
        match name.as_slice() {
            // RFC 2231: some would read it in place of the name, or put it together of parts.
            _ if name.starts_with(b"name*") => return None,
            b"filename" => filename = Some(value.to_vec()),
            _ => {}
        }
        is_file |= name.starts_with(b"filename");
        if names.iter().any(|(known, _)| *known == name) {
            return None;
        }
        names.push((name, value));
        rest = after;
    }
    let (_, name) = names.iter().find(|(name, _)| name == b"name")?;
    let name = std::str::from_utf8(name).ok()?;
    // Some take the letter after a backslash alone, some decode words of RFC 2047.
    let is_plain = !name.contains('\\') && !name.contains("=?");
    is_plain.then(|| Disposition { name: name.to_owned(), filename, is_file })
}

/// A parameter, after the semicolon that this begins with: its name, its value without quotes, and
/// what follows.
fn next_parameter(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let text = text.trim_ascii_start().strip_prefix(b";")?.trim_ascii_start();
    let equals = text.iter().position(|byte| *byte == b'=')?;
    let (name, value) = text.split_at(equals);
    let value = value.get(1..)?;
    if name.is_empty() || !name.iter().all(is_token) {
        return None;
    }
    let (value, after) = match value.strip_prefix(b"\"") {
        Some(quoted) => {
            let end = quoted.iter().position(|byte| *byte == b'"')?;
            (quoted.get(..end)?, quoted.get(end.saturating_add(1)..)?)
        }
        None => {
            let end = value.iter().position(|byte| !is_token(byte)).unwrap_or(value.len());
            if end == 0 {
                return None;
            }
            value.split_at(end)
        }
    };
    Some((name, value, after.trim_ascii_start()))
}

/// Whether a part of this type is text of UTF-8.
fn is_plain(content_type: &[u8]) -> bool {
    let essence = essence(content_type);
    essence.eq_ignore_ascii_case(b"text/plain")
        && match parameter(content_type, "charset") {
            Ok(None) => true,
            Ok(Some(charset)) => is_utf8(&charset),
            Err(_) => false,
        }
}

/// A name within quotes, as browsers write it (HTML standard, "multipart/form-data encoding
/// algorithm").
pub(super) fn push_name(name: &[u8], out: &mut Vec<u8>) {
    for byte in name {
        match byte {
            b'"' => out.extend_from_slice(b"%22"),
            b'\r' => out.extend_from_slice(b"%0D"),
            b'\n' => out.extend_from_slice(b"%0A"),
            byte if byte.is_ascii_control() => out.push(b'_'),
            byte => out.push(*byte),
        }
    }
}
