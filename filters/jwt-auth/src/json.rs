//! JSON as two parsers cannot disagree on it: an object without members of the same name, at any
//! depth.
//!
//! RFC 7515 §4 and RFC 7519 §4 allow the last of two to win; a reader before us may have taken the
//! first.

use gatehouse_filter::claim_names;
use gatehouse_json::{Document, Id, Kind};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// The members of an object; `None` where [`Members::read`] finds none.
pub(crate) fn object(json: &[u8]) -> Option<Map<String, Value>> {
    let members = Members::read(json.to_vec())?;
    serde_json::from_slice(members.raw()).ok()
}

/// The members of an object, where they stand: nothing is copied.
pub(crate) struct Members(Document);

impl Members {
    /// Reads a text; `None` where it is no object, has a name twice, or has what serde_json does
    /// not read either: filters after this one read it with that.
    pub(crate) fn read(json: Vec<u8>) -> Option<Self> {
        let document = Document::read(json, 0).ok()?;
        let is_readable = |id| document.kind(id) != Kind::Number || is_finite(document.raw(id));
        let is_good = document.kind(document.root()) == Kind::Object
            && document.depth() <= MOST_DEPTH
            && document.values_read().all(is_readable);
        is_good.then_some(Self(document))
    }

    pub(crate) fn get(&self, name: &str) -> Option<Member<'_>> {
        self.whole().member(name)
    }

    /// The member at a path, found as [`Identity::claim`](gatehouse_filter::Identity::claim) finds
    /// it.
    pub(crate) fn at(&self, path: &str) -> Option<Member<'_>> {
        let named =
            || claim_names(path).try_fold(self.whole(), |member, name| member.member(&name));
        self.get(path).or_else(named)
    }

    /// Each member's name and where it is.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Cow<'_, [u8]>, Id)> {
        self.0.children_read(self.0.root()).map(|id| (self.0.name(id), id))
    }

    /// The member there.
    pub(crate) fn member(&self, id: Id) -> Member<'_> {
        Member { document: &self.0, id }
    }

    /// The object as it was written.
    pub(crate) fn raw(&self) -> &[u8] {
        self.0.raw(self.0.root())
    }

    fn whole(&self) -> Member<'_> {
        self.member(self.0.root())
    }
}

/// A value somewhere in an object.
#[derive(Clone, Copy)]
pub(crate) struct Member<'m> {
    document: &'m Document,
    id: Id,
}

impl<'m> Member<'m> {
    pub(crate) fn kind(self) -> Kind {
        self.document.kind(self.id)
    }

    /// What a string says.
    pub(crate) fn text(self) -> Option<Cow<'m, str>> {
        Some(match self.document.string(self.id)? {
            Cow::Borrowed(text) => Cow::Borrowed(std::str::from_utf8(text).ok()?),
            Cow::Owned(text) => Cow::Owned(String::from_utf8(text).ok()?),
        })
    }

    /// The value as it was written.
    pub(crate) fn raw(self) -> &'m [u8] {
        self.document.raw(self.id)
    }

    /// The items of an array; none of anything else.
    pub(crate) fn items(self) -> impl Iterator<Item = Self> {
        let is_array = self.kind() == Kind::Array;
        let items = self.document.children_read(self.id).filter(move |_| is_array);
        items.map(move |id| Self { id, ..self })
    }

    /// The value as serde_json has it.
    pub(crate) fn value(self) -> Value {
        serde_json::from_slice(self.raw()).unwrap_or_default()
    }

    /// The member of an object; `None` where it has none, or is no object.
    pub(crate) fn member(self, name: &str) -> Option<Self> {
        let id = self.document.member_read(self.id, name.as_bytes())?;
        Some(Self { id, ..self })
    }
}

/// serde_json goes to 127; inside an identity an object is one deeper, and in a claim of it one
/// more.
const MOST_DEPTH: usize = 120;

/// Whether a number is one for serde_json: beyond the largest float it is not.
fn is_finite(number: &[u8]) -> bool {
    let is_small = number.len() < 300 && !number.iter().any(|byte| matches!(byte, b'e' | b'E'));
    let parsed = || std::str::from_utf8(number).ok()?.parse::<f64>().ok();
    is_small || parsed().is_some_and(f64::is_finite)
}

#[cfg(test)]
mod tests {
    use super::{Members, object};
    use serde_json::{Map, Value};

    #[test]
    fn an_object_that_two_parsers_could_read_differently_is_refused() {
        for (json, want) in [
            (r#"{}"#, true),
            (r#" {"a": [1, -2, 1.5, 1e3, true, null, "\u0061", {"a": {}}]} "#, true),
            (r#"{"a": {"b": 1}, "b": {"b": 1}}"#, true),
            (r#"{"a": 1, "a": 1}"#, false),
            (r#"{"a": 1, "\u0061": 2}"#, false),
            (r#"{"a": {"b": 1, "b": 2}}"#, false),
            (r#"{"a": [{"b": 1, "b": 2}]}"#, false),
            (r#"{"a": 1}{"a": 1}"#, false),
            (r#"{"a": 1},"#, false),
            (r#"{"a": 1e400}"#, false),
            (r#"{"a": NaN}"#, false),
            (r#"{'a': 1}"#, false),
            (r#"{"a": 01}"#, false),
            (r#"{"a": 1,}"#, false),
            (r#"{"a": "\ud800"}"#, false),
            ("{\"a\": \"\n\"}", false),
            ("\u{feff}{}", false),
            (r#"[]"#, false),
            (r#""{}""#, false),
            ("null", false),
            ("", false),
        ] {
            assert_eq!(object(json.as_bytes()).is_some(), want, "{json}");
        }
        assert!(object(b"{\"a\": \"\xff\"}").is_none(), "not UTF-8");
    }

    #[test]
    fn what_is_read_here_says_the_same_to_whoever_reads_it_next() {
        let good = br#"{"a":{"b":[1,-2.5e3]}, "\u00e9\"":"\n\ud83d\ude00", "n":12345678901234567890,"t":true,"z":null,"s":"k"}"#;
        let mut read = 0;
        for at in 0..good.len() {
            for byte in 0..=255 {
                let mut json = good.to_vec();
                json[at] = byte;
                let theirs = serde_json::from_slice::<Map<String, Value>>(&json).ok();
                let Some(members) = Members::read(json.clone()) else { continue };
                read += 1;
                let theirs = theirs.unwrap_or_else(|| panic!("{}", json.escape_ascii()));
                assert_eq!(members.iter().count(), theirs.len(), "{}", json.escape_ascii());
                for (name, value) in &theirs {
                    let member = members.get(name).unwrap();
                    assert_eq!(member.value(), *value, "{name} of {}", json.escape_ascii());
                    assert_eq!(
                        member.text().as_deref(),
                        value.as_str(),
                        "{name} of {}",
                        json.escape_ascii()
                    );
                }
            }
        }
        // Of each place a few bytes at least.
        assert!(read > 1000, "{read}");
    }

    #[test]
    fn deep_nesting_is_refused_before_it_costs_the_stack() {
        let nested =
            |depth: usize| format!("{{\"a\":{}1{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(object(nested(100).as_bytes()).is_some());
        assert!(object(nested(10_000).as_bytes()).is_none());
        assert!(object("{\"a\":".repeat(10_000).as_bytes()).is_none());
    }
}
