//! Values of header fields.

use std::borrow::Cow;
use std::fmt;

/// The value of a header field: bytes that cannot end the field (RFC 9110 §5.5: no CR, LF, NUL or
/// other control character but tab). Envoy writes response values as they are, so this is the guard
/// against response splitting.
#[derive(Clone, PartialEq, Eq)]
pub struct HeaderValue(Cow<'static, [u8]>);

impl HeaderValue {
    /// The value of text that the program itself knows; it must have no control characters.
    pub const fn from_static(value: &'static str) -> Self {
        Self(Cow::Borrowed(value.as_bytes()))
    }

    /// The value of a number.
    pub fn from_number(number: u64) -> Self {
        Self(number.to_string().into_bytes().into())
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl TryFrom<Vec<u8>> for HeaderValue {
    type Error = InvalidValue;

    fn try_from(value: Vec<u8>) -> Result<Self, InvalidValue> {
        let allowed = |byte: &u8| matches!(byte, b'\t' | 0x20..=0x7e | 0x80..=0xff);
        if value.iter().all(allowed) { Ok(Self(value.into())) } else { Err(InvalidValue) }
    }
}

impl TryFrom<&[u8]> for HeaderValue {
    type Error = InvalidValue;

    fn try_from(value: &[u8]) -> Result<Self, InvalidValue> {
        Self::try_from(value.to_vec())
    }
}

impl fmt::Debug for HeaderValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

/// Has a control character.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InvalidValue;

impl fmt::Display for InvalidValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must not contain CR, LF, NUL or other control characters")
    }
}
