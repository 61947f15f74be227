//! Names of header fields.

use std::fmt;
use std::rc::Rc;

/// The name of a header field: a lower-case token (RFC 9110 §5.1, §5.6.2), never a pseudo-header.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeaderName(Name);

#[derive(Clone, Debug)]
enum Name {
    Static(&'static str),
    Shared(Rc<str>),
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Name {}

impl Name {
    fn as_str(&self) -> &str {
        match self {
            Self::Static(name) => name,
            Self::Shared(name) => name,
        }
    }
}

impl HeaderName {
    /// A name that the program itself knows; it must be a lower-case token.
    pub const fn from_static(name: &'static str) -> Self {
        Self(Name::Static(name))
    }

    /// The name in lower case.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether some upstream takes a field of that name for this one: letters and digits are the
    /// same. CGI and its heirs write `_` for `-` (RFC 3875 §4.1.18), some of them for whatever is
    /// no letter and no digit, and some for all that stand together.
    pub fn is_read_as(&self, other: &Self) -> bool {
        self.is_spelt(other.as_str().as_bytes())
    }

    /// [`is_read_as`](Self::is_read_as), of a name as it was received.
    pub fn is_spelt(&self, received: &[u8]) -> bool {
        let name = self.as_str().as_bytes();
        // Most differ in the first byte already.
        name.first() == received.first() && spelling(name).eq(spelling(received))
    }

    /// Whether the field is of one connection (RFC 9110 §7.6.1, §10.1.1) or frames the message (RFC
    /// 9112 §6). A filter that writes or removes it could make the gateway and the upstream see
    /// different messages.
    pub fn is_framing(&self) -> bool {
        matches!(
            self.as_str(),
            "connection"
                | "content-length"
                | "expect"
                | "keep-alive"
                | "proxy-connection"
                | "te"
                | "trailer"
                | "transfer-encoding"
                | "upgrade"
        )
    }
}

impl TryFrom<&[u8]> for HeaderName {
    type Error = InvalidName;

    fn try_from(name: &[u8]) -> Result<Self, InvalidName> {
        // A token is ASCII.
        std::str::from_utf8(name).map_err(|_| InvalidName)?.try_into()
    }
}

impl TryFrom<&str> for HeaderName {
    type Error = InvalidName;

    fn try_from(name: &str) -> Result<Self, InvalidName> {
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(token) {
            return Err(InvalidName);
        }
        Ok(Self(Name::Shared(name.to_ascii_lowercase().into())))
    }
}

/// Not a token (RFC 9110 §5.6.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InvalidName;

impl fmt::Display for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be a header field name: letters, digits and !#$%&'*+-.^_`|~")
    }
}

/// The bytes of a name, with one dash for all that stand together of what is no letter and no
/// digit.
fn spelling(name: &[u8]) -> impl Iterator<Item = u8> {
    let mut was_dash = false;
    name.iter().filter_map(move |byte| {
        let is_dash = !byte.is_ascii_alphanumeric();
        let again = std::mem::replace(&mut was_dash, is_dash) && is_dash;
        (!again).then_some(if is_dash { b'-' } else { *byte })
    })
}
