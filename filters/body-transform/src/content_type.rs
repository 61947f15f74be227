//! What `content-type` says.

use gatehouse_filter::is_grpc_or_grpc_web;

/// A content type, or many: `application/json`, `application/*+json`, `text/*`.
#[derive(Debug)]
pub(crate) struct TypePattern {
    pub(crate) before: String,
    /// What follows the star; `None` where there is none.
    pub(crate) after: Option<String>,
}

impl TypePattern {
    pub(crate) fn matches(&self, essence: &[u8]) -> bool {
        let Some(after) = &self.after else { return essence == self.before.as_bytes() };
        // A problem document says what went wrong, in a form of its own (RFC 9457): it is meant by
        // its name only. So is gRPC.
        let rest = essence.strip_prefix(self.before.as_bytes());
        // RFC 9110 §8.3.1: type and subtype are tokens.
        rest.is_some_and(|rest| rest.len() > after.len() && rest.ends_with(after.as_bytes()))
            && essence.iter().filter(|byte| **byte == b'/').count() == 1
            && essence.iter().all(|byte| *byte == b'/' || is_token(byte))
            && essence != b"application/problem+json"
            // Nobody waits for the end of a stream of events.
            && essence != b"text/event-stream"
            // Messages with their lengths before them, and no document.
            && !is_grpc_or_grpc_web(essence)
    }
}

/// Whether a field says several types: a comma that stands in no quoted parameter (RFC 9110
/// §5.6.4). Some readers take the first of them, some the last.
pub(crate) fn is_several(content_type: &[u8]) -> bool {
    let (mut quoted, mut escaped, mut comma_quoted) = (false, false, false);
    for byte in content_type {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted => return true,
            b',' => comma_quoted = true,
            _ => {}
        }
    }
    quoted && comma_quoted
}

/// A parameter that is there twice, or parameters that cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Unclear;

/// The value of a parameter of a field such as `content-type` (RFC 9110 §5.6.6); quoted pairs stand
/// for themselves.
///
/// # Errors
/// [`Unclear`].
pub(crate) fn parameter(field: &[u8], wanted: &str) -> Result<Option<Vec<u8>>, Unclear> {
    let mut found = None;
    let Some(at) = field.iter().position(|byte| *byte == b';') else { return Ok(None) };
    let mut rest = field.get(at..).unwrap_or_default();
    loop {
        rest = rest.trim_ascii();
        let Some(after) = rest.strip_prefix(b";") else {
            return if rest.is_empty() { Ok(found) } else { Err(Unclear) };
        };
        rest = after.trim_ascii_start();
        if rest.is_empty() || rest.starts_with(b";") {
            continue;
        }
        let end = rest.iter().position(|byte| *byte == b'=').ok_or(Unclear)?;
        let (name, after) = rest.split_at(end);
        let (value, after) = value(after.get(1..).unwrap_or_default())?;
        if name.is_empty() || !name.iter().all(is_token) {
            return Err(Unclear);
        }
        if name.eq_ignore_ascii_case(wanted.as_bytes()) && found.replace(value).is_some() {
            return Err(Unclear);
        }
        rest = after;
    }
}

/// A token or a quoted string, and what follows it.
fn value(text: &[u8]) -> Result<(Vec<u8>, &[u8]), Unclear> {
    let Some(mut rest) = text.strip_prefix(b"\"") else {
        let end = text.iter().position(|byte| !is_token(byte)).unwrap_or(text.len());
        let (token, rest) = text.split_at(end);
        return if token.is_empty() { Err(Unclear) } else { Ok((token.to_vec(), rest)) };
    };
    let mut value = Vec::new();
    loop {
        match rest {
            [b'"', after @ ..] => return Ok((value, after)),
            [b'\\', byte, after @ ..] | [byte, after @ ..] => {
                value.push(*byte);
                rest = after;
            }
            [] => return Err(Unclear),
        }
    }
}

/// Whether text of this character set is UTF-8: ASCII is.
pub(crate) fn is_utf8(charset: &[u8]) -> bool {
    let names = ["utf-8", "utf8", "us-ascii", "ascii"];
    names.iter().any(|name| name.as_bytes().eq_ignore_ascii_case(charset))
}

/// RFC 9110 §5.6.2.
pub(crate) fn is_token(byte: &u8) -> bool {
    byte.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]{}".contains(byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_read_as_it_is_written_or_not_at_all() {
        for (field, want) in [
            ("text/html", Ok(None)),
            ("text/html;", Ok(None)),
            ("text/html; charset=utf-8", Ok(Some("utf-8"))),
            ("text/html;CHARSET=\"utf-8\" ; a=b", Ok(Some("utf-8"))),
            ("text/html; a=\"; charset=x\"", Ok(None)),
            ("text/html; charset=\"a\\\"b\"", Ok(Some("a\"b"))),
            ("text/html;; charset=a", Ok(Some("a"))),
            ("text/html; charset=a; charset=a", Err(Unclear)),
            ("text/html; charset", Err(Unclear)),
            ("text/html; charset=", Err(Unclear)),
            ("text/html; charset =a", Err(Unclear)),
            ("text/html; charset= a", Err(Unclear)),
            ("text/html; charset=a b", Err(Unclear)),
            ("text/html; charset=\"a", Err(Unclear)),
            ("text/html; charset=\"a\"b", Err(Unclear)),
        ] {
            let got = parameter(field.as_bytes(), "charset");
            let got = got.map(|found| found.map(|value| String::from_utf8(value).unwrap()));
            assert_eq!(got, want.map(|found| found.map(str::to_owned)), "{field}");
        }
    }
}
