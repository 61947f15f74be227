//! Entity tags (RFC 9110 §8.8.3).

/// An entity tag as it was received. One without its quotes is none, and is still the same as
/// itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct EntityTag<'a> {
    /// With the quotes.
    opaque: &'a [u8],
    is_weak: bool,
}

impl<'a> EntityTag<'a> {
    pub(crate) fn parse(text: &'a [u8]) -> Self {
        let text = text.trim_ascii();
        match text.strip_prefix(b"W/") {
            Some(opaque) => Self { opaque, is_weak: true },
            None => Self { opaque: text, is_weak: false },
        }
    }

    /// The tags of one line of a list. A comma within quotes ends none; a tag has no escapes, which
    /// quoted strings have.
    pub(crate) fn list(line: &'a [u8]) -> impl Iterator<Item = Self> {
        let mut is_quoted = false;
        let members = line.split(move |byte| {
            is_quoted ^= *byte == b'"';
            *byte == b',' && !is_quoted
        });
        members.map(<[u8]>::trim_ascii).filter(|tag| !tag.is_empty()).map(Self::parse)
    }

    /// Equal, weak or not (§8.8.3.2).
    pub(crate) fn is_weakly(self, other: EntityTag<'_>) -> bool {
        self.opaque == other.opaque && !self.opaque.is_empty()
    }

    /// Equal, and neither weak (§8.8.3.2): byte by byte the same content.
    pub(crate) fn is_strongly(self, other: EntityTag<'_>) -> bool {
        self.is_strong() && other.is_strong() && self.opaque == other.opaque
    }

    /// Whether it is a tag, and not weak.
    pub(crate) fn is_strong(self) -> bool {
        let inner = self.opaque.strip_prefix(b"\"").and_then(|tag| tag.strip_suffix(b"\""));
        !self.is_weak && inner.is_some_and(|tag| !tag.contains(&b'"'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_compared_in_both_ways() {
        for (one, other, strongly, weakly) in [
            // RFC 9110 §8.8.3.2, the table.
            ("W/\"1\"", "W/\"1\"", false, true),
            ("W/\"1\"", "W/\"2\"", false, false),
            ("W/\"1\"", "\"1\"", false, true),
            ("\"1\"", "\"1\"", true, true),
            ("w/\"1\"", "\"1\"", false, false),
            ("1", "1", false, true),
            ("1", "\"1\"", false, false),
            ("\"", "\"", false, true),
            ("\"\"", "\"\"", true, true),
            ("", "", false, false),
            ("W/", "W/", false, false),
        ] {
            let tag = |text: &'static str| EntityTag::parse(text.as_bytes());
            assert_eq!(tag(one).is_strongly(tag(other)), strongly, "{one} {other}");
            assert_eq!(tag(one).is_weakly(tag(other)), weakly, "{one} {other}");
            assert_eq!(tag(other).is_weakly(tag(one)), weakly, "{one} {other}");
        }
    }

    #[test]
    fn a_comma_in_a_tag_ends_none() {
        for (line, want) in [
            ("\"a\", W/\"b,c\",,\"d\"", &["\"a\"", "W/\"b,c\"", "\"d\""][..]),
            ("\"a\"\"b\"", &["\"a\"\"b\""]),
            ("\"a, b", &["\"a, b"]),
            (" , ", &[]),
            ("", &[]),
        ] {
            let have: Vec<_> = EntityTag::list(line.as_bytes()).collect();
            let want: Vec<_> = want.iter().map(|tag| EntityTag::parse(tag.as_bytes())).collect();
            assert_eq!(have, want, "{line}");
        }
    }
}
