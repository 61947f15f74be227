/// A body as all workers share it; an empty one before the first came.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Stored {
    /// The length of the tag in one byte, the tag, and the body as it came.
    bytes: Vec<u8>,
}

impl Stored {
    /// A body, and its tag, if it has one that can be sent back.
    pub(super) fn new(tag: Option<&[u8]>, body: &[u8]) -> Self {
        // RFC 9110 §8.8.3: `"…"` or `W/"…"`, without spaces and controls.
        let is_tag = |tag: &&[u8]| tag.ends_with(b"\"") && tag.iter().all(u8::is_ascii_graphic);
        let tag = tag.filter(is_tag).unwrap_or_default();
        let (length, tag) = u8::try_from(tag.len()).map_or((0, &b""[..]), |length| (length, tag));
        Self { bytes: [&[length], tag, body].concat() }
    }

    pub(super) fn tag(&self) -> Option<&str> {
        let (tag, _) = self.parts()?;
        std::str::from_utf8(tag).ok().filter(|tag| !tag.is_empty())
    }

    pub(super) fn body(&self) -> &[u8] {
        self.parts().map(|(_, body)| body).unwrap_or_default()
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        self.bytes.clone()
    }

    /// What [`to_bytes`](Self::to_bytes) wrote; `None` for anything else.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let stored = Self { bytes: bytes.to_vec() };
        stored.parts()?;
        Some(stored)
    }

    fn parts(&self) -> Option<(&[u8], &[u8])> {
        let (length, rest) = self.bytes.split_first()?;
        rest.split_at_checked(usize::from(*length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_kept_with_the_tag_that_may_be_sent_back() {
        let long = format!("\"{}\"", "x".repeat(254));
        for (tag, want) in [
            (None, None),
            (Some("\"a\""), Some("\"a\"")),
            (Some("W/\"a\""), Some("W/\"a\"")),
            (Some(""), None),
            (Some("a"), None),
            (Some("\"a b\""), None),
            (Some("\"a\r\nb\""), None),
            (Some("\"\u{e9}\""), None),
            (Some(long.as_str()), None),
        ] {
            let stored = Stored::new(tag.map(str::as_bytes), b"body");
            assert_eq!((stored.tag(), stored.body()), (want, &b"body"[..]), "{tag:?}");
            assert_eq!(Stored::from_bytes(&stored.to_bytes()), Some(stored));
        }
        assert_eq!(Stored::from_bytes(&[2, b'a']), None);
        assert_eq!(Stored::from_bytes(b""), None);
    }
}
