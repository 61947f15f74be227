//! Parts of a query that say nothing (`No-Vary-Search`, draft-ietf-httpbis-no-vary-search).

use crate::structured::{Item, dictionary};
use gatehouse_filter::{Headers, form_decoded, percent_encoded, query_pairs};
use std::collections::BTreeMap;

/// Which parameters of a query select a response.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NoVarySearch {
    /// Names of parameters, decoded.
    params: Params,
    /// Whether the order of different parameters says nothing.
    any_order: bool,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Params {
    AllBut(Vec<Vec<u8>>),
    Only(Vec<Vec<u8>>),
}

impl Default for Params {
    fn default() -> Self {
        Self::AllBut(Vec::new())
    }
}

impl NoVarySearch {
    /// What a response says; where it says nothing or what cannot be read, the whole query counts
    /// (§5.1).
    pub fn read(response: &Headers) -> Self {
        dictionary(response, "no-vary-search").and_then(Self::parse).unwrap_or_default()
    }

    fn parse(members: BTreeMap<Vec<u8>, Item>) -> Option<Self> {
        let mut read = Self::default();
        let (mut params, mut except) = (None, None);
        for (name, item) in members {
            match (name.as_slice(), item) {
                (b"key-order", Item::Boolean(any_order)) => read.any_order = any_order,
                (b"params", Item::Inner(items)) => params = Some(names(items)?),
                (b"except", Item::Inner(items)) => except = Some(names(items)?),
                (b"key-order" | b"params" | b"except", _) => return None,
                _ => {}
            }
        }
        read.params = match (params, except) {
            (Some(_), Some(_)) => return None,
            (Some(params), None) => Params::AllBut(params),
            (None, Some(except)) => Params::Only(except),
            (None, None) => Params::default(),
        };
        Some(read)
    }

    /// Whether the whole query counts as it was sent.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// A form of a query that is the same for two exactly where they are for the same resource
    /// (§6).
    pub fn reduce(&self, query: Option<&[u8]>) -> Vec<u8> {
        if self.is_default() {
            // None is another than an empty one then (§6).
            return query.map_or(Vec::new(), |query| [b"?", query].concat());
        }
        let query = query.unwrap_or_default();
        let pairs = query_pairs(query).map(|(name, value)| (decoded(name), decoded(value)));
        let mut pairs: Vec<_> = pairs.filter(|(name, _)| self.counts(name)).collect();
        if self.any_order {
            // Those of one name keep their order.
            pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
        }
        let mut reduced = Vec::with_capacity(query.len());
        for (name, value) in pairs {
            if !reduced.is_empty() {
                reduced.push(b'&');
            }
            reduced.extend(percent_encoded(&name));
            reduced.push(b'=');
            reduced.extend(percent_encoded(&value));
        }
        reduced
    }

    fn counts(&self, name: &Vec<u8>) -> bool {
        match &self.params {
            Params::AllBut(names) => !names.contains(name),
            Params::Only(names) => names.contains(name),
        }
    }
}

/// §5.3
fn names(items: Vec<Item>) -> Option<Vec<Vec<u8>>> {
    let name = |item| match item {
        Item::String(text) => Some(decoded(&text)),
        _ => None,
    };
    items.into_iter().map(name).collect()
}

/// As forms are decoded: what is not UTF-8 stands for one character, the same for all.
fn decoded(text: &[u8]) -> Vec<u8> {
    match String::from_utf8(form_decoded(text).collect()) {
        Ok(text) => text.into_bytes(),
        Err(invalid) => String::from_utf8_lossy(invalid.as_bytes()).into_owned().into_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> NoVarySearch {
        NoVarySearch::read(&Headers::from_list(&[("no-vary-search", value)]))
    }

    #[test]
    fn what_cannot_be_read_leaves_the_query_whole() {
        for value in [
            "",
            "params=()",
            "key-order=?0",
            "key-order=\"not a boolean\"",
            "params=\"not an inner list\"",
            "params=(not-a-string)",
            "params=?0",
            "params",
            "params=?1, except=(\"x\")",
            "params=(\"a\"), except=(\"x\")",
            "params=(), except=()",
            "except=\"not an inner list\"",
            "except=(not-a-string)",
            "except",
            "params=(\"a\"",
            "other=(\"a\")",
        ] {
            assert!(read(value).is_default(), "{value}");
        }
        assert!(NoVarySearch::read(&Headers::default()).is_default());
        let queries = (Some(&b"a=b&&&c"[..]), Some(&b"a=b&c="[..]));
        assert_ne!(read("").reduce(queries.0), read("").reduce(queries.1));
        assert_ne!(read("").reduce(None), read("").reduce(Some(b"")));
    }

    #[test]
    fn queries_are_told_apart_by_what_counts() {
        for (value, one, other, want) in [
            ("params=(\"a\")", "a=1&b=2", "b=2&a=3", true),
            ("params=(\"a\")", "a=1&b=2", "b=3", false),
            ("params=(\"a\")", "b=1&c=2", "c=2&b=1", false),
            ("params=(\"a\"), key-order", "b=1&c=2", "c=2&a&b=1", true),
            ("key-order", "b=1&c=2", "c=2&b=1", true),
            ("key-order", "b=1&b=2", "b=2&b=1", false),
            ("except=(\"id\")", "id=1&x=2", "y=3&id=1", true),
            ("except=(\"id\")", "id=1", "id=2", false),
            ("except=()", "a=1", "b=2", true),
            ("except=(\"x\"), future=1", "a=1", "b=2", true),
            // Names of parameters are decoded on both sides.
            ("params=(\"%C3%A9+x\")", "\u{e9}+x=1", "%c3%a9%20x=2", true),
            // §6.1
            ("key-order", "", "&&", true),
            ("key-order", "a=x", "%61=%78", true),
            ("key-order", "a=\u{e9}", "a=%C3%A9", true),
            ("key-order", "a=%f6", "a=%ef%bf%bd", true),
            ("key-order", "a=x&&&&", "a=x", true),
            ("key-order", "a=", "a", true),
            ("key-order", "a=%20", "a= &", true),
            ("key-order", "a=+", "a=%20", true),
            ("key-order", "a=%26b", "a&b", false),
            ("key-order", "a=%3D", "a==", true),
        ] {
            let config = read(value);
            let reduce = |query: &str| config.reduce(Some(query.as_bytes()));
            assert_eq!(reduce(one) == reduce(other), want, "{value}: {one} {other}");
        }
        assert_eq!(read("key-order").reduce(None), read("key-order").reduce(Some(b"")));
    }
}
