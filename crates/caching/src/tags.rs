//! The tags of a response, by which it can be purged together with others.

use crate::structured::{self, Item};
use gatehouse_filter::{Headers, list};

/// How the tags in a field are told apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TagSyntax {
    /// By spaces, as in `Surrogate-Key`.
    Spaces,
    /// By commas, as in `Cache-Tag`.
    Commas,
    /// They are a list of strings, as in `Cache-Groups` (RFC 9875 §2).
    Strings,
}

impl TagSyntax {
    /// That of a field, by its name; of a field that is not known, commas.
    pub fn of(field: &str) -> Self {
        match field {
            "surrogate-key" | "xkey" => Self::Spaces,
            "cache-groups" | "cache-group-invalidation" => Self::Strings,
            _ => Self::Commas,
        }
    }
}

/// The tags that a field of a response has, in order; a tag that is there twice comes twice.
pub fn tags(response: &Headers, field: &str) -> Vec<Vec<u8>> {
    let owned = |tag: &[u8]| tag.to_vec();
    match TagSyntax::of(field) {
        TagSyntax::Spaces => {
            let is_space = |byte: &u8| byte.is_ascii_whitespace();
            let words = response.values(field).flat_map(|line| line.split(is_space));
            words.filter(|word| !word.is_empty()).map(owned).collect()
        }
        TagSyntax::Commas => response.values(field).flat_map(list::members).map(owned).collect(),
        TagSyntax::Strings => {
            let items = structured::list(response, field).unwrap_or_default();
            let string = |item| match item {
                Item::String(text) => Some(text),
                _ => None,
            };
            // One member of another type spoils the field, as a malformed one would.
            items.into_iter().map(string).collect::<Option<_>>().unwrap_or_default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_told_apart_in_the_way_of_their_field() {
        for (field, lines, want) in [
            ("surrogate-key", &["a b,c  d\te", " f "][..], &["a", "b,c", "d", "e", "f"][..]),
            ("cache-tag", &["a b,c, ,d", "e"], &["a b", "c", "d", "e"]),
            ("x-own", &["a,b"], &["a", "b"]),
            ("cache-groups", &["\"a\", \"b, c\";x=1", "\"A\""], &["a", "b, c", "A"]),
            ("cache-groups", &["\"a\", b"], &[]),
            ("cache-groups", &["\"a\","], &[]),
            ("cache-groups", &[], &[]),
            ("surrogate-key", &[""], &[]),
        ] {
            let fields: Vec<_> = lines.iter().map(|line| (field, *line)).collect();
            let have = tags(&Headers::from_list(&fields), field);
            let want: Vec<_> = want.iter().map(|tag| tag.as_bytes().to_vec()).collect();
            assert_eq!(have, want, "{field}: {lines:?}");
        }
    }
}
