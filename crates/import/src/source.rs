//! The file that is imported, as a tree in which every value knows its line.
//!
//! What a plain word is (a number, a truth, nothing) is for whoever asks: the tree keeps words as
//! they are written. So no reader's rules for words are put on a file of another's.

mod reader;

use std::fmt;

pub(crate) use reader::read;

/// A value of the file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    /// The line on which it begins, from 1.
    pub(crate) line: usize,
    pub(crate) kind: Kind,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    /// Without quotes: a number, a truth, nothing, or a text.
    Word(String),
    /// With quotes.
    Text(String),
    List(Vec<Node>),
    Mapping(Vec<Member>),
}

/// A member of a mapping.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) value: Node,
}

/// Why a file cannot be imported at all.
#[derive(Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The line, from 1; 0 where the file as a whole is meant.
    pub line: usize,
    /// What is wrong, with the field.
    pub reason: String,
}

impl Unreadable {
    pub(crate) fn new(line: usize, reason: impl Into<String>) -> Self {
        Self { line, reason: reason.into() }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => out.write_str(&self.reason),
            line => write!(out, "line {line}: {}", self.reason),
        }
    }
}

impl std::error::Error for Unreadable {}

pub(crate) type Read<T> = Result<T, Unreadable>;

impl Node {
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Word(word) if is_null(word))
    }

    /// The members of a mapping; none where it is something else.
    pub(crate) fn members(&self) -> &[Member] {
        match &self.kind {
            Kind::Mapping(members) => members,
            _ => &[],
        }
    }

    /// The member of this name, unless there is none or it is nothing.
    pub(crate) fn get(&self, name: &str) -> Option<&Node> {
        let member = self.members().iter().find(|member| member.name == name)?;
        Some(&member.value).filter(|value| !value.is_null())
    }

    /// The text of a word or of a text.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Word(text) if !is_null(text) => Some(text),
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The same, or what is wrong with `name`.
    pub(crate) fn text(&self, name: &str) -> Read<&str> {
        self.as_text().ok_or_else(|| self.not(name, "text"))
    }

    pub(crate) fn text_of(&self, name: &str) -> Read<Option<&str>> {
        self.get(name).map(|value| value.text(name)).transpose()
    }

    /// The items of the list `name`; none where it is not there.
    pub(crate) fn list_of(&self, name: &str) -> Read<&[Node]> {
        match self.get(name).map(|value| (value, &value.kind)) {
            None => Ok(&[]),
            Some((_, Kind::List(items))) => Ok(items),
            // Kong and KrakenD write an empty list so that JSON made of tables has `{}` for it.
            Some((_, Kind::Mapping(members))) if members.is_empty() => Ok(&[]),
            Some((value, _)) => Err(value.not(name, "a list")),
        }
    }

    /// The texts of the list `name`.
    pub(crate) fn texts_of(&self, name: &str) -> Read<Vec<&str>> {
        self.list_of(name)?.iter().map(|item| item.text(name)).collect()
    }

    /// The mapping `name`.
    pub(crate) fn mapping_of(&self, name: &str) -> Read<Option<&Node>> {
        self.get(name).map(|value| value.mapping(name)).transpose()
    }

    /// Itself, where it is a mapping.
    pub(crate) fn mapping(&self, name: &str) -> Read<&Node> {
        match &self.kind {
            Kind::Mapping(_) => Ok(self),
            Kind::List(items) if items.is_empty() => Ok(self),
            _ => Err(self.not(name, "a mapping")),
        }
    }

    pub(crate) fn flag_of(&self, name: &str) -> Read<Option<bool>> {
        self.get(name)
            .map(|value| value.as_flag().ok_or_else(|| value.not(name, "true or false")))
            .transpose()
    }

    /// A whole number that is not negative.
    pub(crate) fn number_of(&self, name: &str) -> Read<Option<u64>> {
        self.get(name).map(|value| value.number(name)).transpose()
    }

    pub(crate) fn number(&self, name: &str) -> Read<u64> {
        let number = match &self.kind {
            // Tables of Lua and Go's JSON write whole numbers with a fraction now and then.
            Kind::Word(word) => word.strip_suffix(".0").unwrap_or(word).parse().ok(),
            _ => None,
        };
        number.ok_or_else(|| self.not(name, "a whole number, 0 or more"))
    }

    pub(crate) fn as_flag(&self) -> Option<bool> {
        let Kind::Word(word) = &self.kind else { return None };
        match word.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => Some(true),
            "false" | "no" | "off" => Some(false),
            _ => None,
        }
    }

    /// A fault of this value.
    pub(crate) fn not(&self, name: &str, what: &str) -> Unreadable {
        Unreadable::new(self.line, format!("{name}: must be {what}"))
    }
}

fn is_null(word: &str) -> bool {
    ["", "~", "null", "Null", "NULL"].contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_what_it_is_asked_for() {
        let tree = read("a: yes\nb: 'yes'\nc: 17\nd: 17.0\ne: ~\nf: x\ng: []\nh: {}").unwrap();
        assert_eq!(tree.flag_of("a"), Ok(Some(true)));
        assert_eq!(tree.text_of("a"), Ok(Some("yes")));
        assert_eq!(tree.number_of("c"), Ok(Some(17)));
        assert_eq!(tree.number_of("d"), Ok(Some(17)));
        assert_eq!((tree.flag_of("e"), tree.text_of("e")), (Ok(None), Ok(None)));
        assert_eq!(tree.list_of("h").map(<[Node]>::len), Ok(0));
        assert!(tree.mapping_of("g").is_ok());
        for (fault, want) in [
            (tree.flag_of("b").unwrap_err(), "line 2: b: must be true or false"),
            (tree.number_of("f").unwrap_err(), "line 6: f: must be a whole number, 0 or more"),
            (tree.list_of("f").unwrap_err(), "line 6: f: must be a list"),
            (tree.mapping_of("f").unwrap_err(), "line 6: f: must be a mapping"),
            (tree.text_of("g").unwrap_err(), "line 7: g: must be text"),
        ] {
            assert_eq!(fault.to_string(), want);
        }
    }
}
