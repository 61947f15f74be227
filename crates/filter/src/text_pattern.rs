//! What a text must be.

use crate::config::{Fields, Node};
use gatehouse_steps::took;
use regex_lite::Regex;

/// What a text must be: compared byte for byte, with case.
#[derive(Debug)]
pub enum TextPattern {
    /// The very text.
    Exact(Box<str>),
    /// What it begins with.
    Prefix(Box<str>),
    /// What it ends with.
    Suffix(Box<str>),
    /// What is found anywhere in it, in linear time; anchors are the writer's. No bytes that are
    /// not UTF-8 have it.
    Regex(Regex),
}

impl TextPattern {
    /// Reads those of `prefix`, `suffix` and `regex` that are there; `text` reads the texts.
    pub fn inexact<'a>(
        fields: &mut Fields<'a>,
        text: impl Fn(&Node<'a>) -> Option<Box<str>>,
    ) -> Option<Vec<Self>> {
        let prefix = fields.optional("prefix", |node| text(&node).map(Self::Prefix));
        let suffix = fields.optional("suffix", |node| text(&node).map(Self::Suffix));
        let regex = fields.optional("regex", |node| regex(&node).map(Self::Regex));
        Some([prefix?, suffix?, regex?].into_iter().flatten().collect())
    }

    /// Whether the text is what it must be.
    pub fn fits(&self, text: &[u8]) -> bool {
        match self {
            Self::Exact(want) => text == want.as_bytes(),
            Self::Prefix(want) => text.starts_with(want.as_bytes()),
            Self::Suffix(want) => text.ends_with(want.as_bytes()),
            Self::Regex(regex) => {
                took(text.len());
                std::str::from_utf8(text).is_ok_and(|text| regex.is_match(text))
            }
        }
    }
}

impl PartialEq for TextPattern {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Exact(text), Self::Exact(other))
            | (Self::Prefix(text), Self::Prefix(other))
            | (Self::Suffix(text), Self::Suffix(other)) => text == other,
            (Self::Regex(regex), Self::Regex(other)) => regex.as_str() == other.as_str(),
            _ => false,
        }
    }
}

/// A pattern that is matched in time linear in the input; it need not match the whole of it.
pub(crate) fn regex(node: &Node<'_>) -> Option<Regex> {
    Regex::new(node.text()?)
        .map_or_else(|error| node.fault(format!("is not a valid pattern: {error}")), Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_compared_byte_for_byte() {
        let regex = |text: &str| TextPattern::Regex(Regex::new(text).unwrap());
        for (pattern, text, want) in [
            (TextPattern::Exact("ab".into()), &b"ab"[..], true),
            (TextPattern::Exact("ab".into()), b"aB", false),
            (TextPattern::Exact("ab".into()), b"abc", false),
            (TextPattern::Prefix("ab".into()), b"abc", true),
            (TextPattern::Prefix("ab".into()), b"a", false),
            (TextPattern::Suffix("bc".into()), b"abc", true),
            (TextPattern::Suffix("bc".into()), b"bcd", false),
            (regex("b.$"), b"abc", true),
            (regex("^b"), b"abc", false),
            (regex("."), b"\xff", false),
        ] {
            assert_eq!(pattern.fits(text), want, "{pattern:?} and {}", text.escape_ascii());
        }
    }
}
