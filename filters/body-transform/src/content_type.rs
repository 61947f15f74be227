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
        let is_token =
            |byte: &u8| byte.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]{}".contains(byte);
        rest.is_some_and(|rest| rest.len() > after.len() && rest.ends_with(after.as_bytes()))
            && essence.iter().filter(|byte| **byte == b'/').count() == 1
            && essence.iter().all(|byte| *byte == b'/' || is_token(byte))
            && essence != b"application/problem+json"
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
