//! Which fields of a request select a response, and what they hold (RFC 9111 §4.1).

use crate::accepted::Accepted;
use gatehouse_filter::{HeaderName, Headers, list};

/// What `Vary` says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Vary {
    /// Something that is not in the request selects the response, too: it answers no other request.
    Any,
    /// These fields do, sorted, each once; none, where there is no `Vary`.
    Fields(Vec<HeaderName>),
}

impl Vary {
    /// That of a response, over all lines of the field. A member that is no field name is one that
    /// no request has.
    pub fn read(response: &Headers) -> Self {
        let mut names = Vec::new();
        for member in response.values("vary").flat_map(list::members) {
            if member == b"*" {
                return Self::Any;
            }
            names.extend(HeaderName::try_from(member));
        }
        names.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
        names.dedup();
        Self::Fields(names)
    }
}

/// How selecting fields are made comparable.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Selection {
    /// Codings that the origin has, best first: `accept-encoding` is the first of them that the
    /// client takes. Where empty, it is only normalised.
    pub encodings: Vec<String>,
    /// Languages that the origin has, best first, in the same way.
    pub languages: Vec<String>,
}

impl Selection {
    /// Writes what a request holds in these fields, in a form that is the same for two requests
    /// exactly where the fields mean the same (§4.1): the secondary key. The names are lower case.
    ///
    /// A field that the request lacks costs a look-up and no allocation.
    pub fn write_key<'n>(
        &self,
        names: impl IntoIterator<Item = &'n str>,
        request: &Headers,
        mut to: impl FnMut(&[u8]),
    ) {
        for name in names {
            // Envoy calls it so in every version of HTTP.
            let field = if name == "host" { ":authority" } else { name };
            let mut lines = request.values(field).peekable();
            if lines.peek().is_none() {
                to(b"\0-");
                continue;
            }
            to(b"\0+");
            match name {
                "accept-encoding" => self.write_choice(&self.encodings, lines, &mut to),
                "accept-language" => self.write_choice(&self.languages, lines, &mut to),
                _ => {
                    // White space around commas and the lines that they are on say nothing.
                    for member in lines.flat_map(list::quoted_members) {
                        to(member);
                        to(b",");
                    }
                }
            }
        }
    }

    fn write_choice<'a>(
        &self,
        offered: &[String],
        lines: impl Iterator<Item = &'a [u8]>,
        to: &mut impl FnMut(&[u8]),
    ) {
        let accepted = Accepted::read(lines);
        if offered.is_empty() {
            accepted.write(to);
        } else if let Some(best) = accepted.best(offered) {
            to(best.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vary(lines: &[&str]) -> Option<Vec<String>> {
        let fields: Vec<_> = lines.iter().map(|line| ("vary", *line)).collect();
        match Vary::read(&Headers::from_list(&fields)) {
            Vary::Any => None,
            Vary::Fields(names) => {
                Some(names.iter().map(|name| name.as_str().to_owned()).collect())
            }
        }
    }

    #[test]
    fn vary_is_a_list_of_names_over_all_its_lines() {
        for (lines, want) in [
            (&[][..], Some(&[][..])),
            (&[""], Some(&[])),
            (&["Foo, bar", "BAZ,foo"], Some(&["bar", "baz", "foo"])),
            (&["*"], None),
            (&["*, *"], None),
            (&["*", "*"], None),
            (&[", *"], None),
            (&["", "*"], None),
            (&["*, Foo"], None),
            (&["Foo, *"], None),
            // No request has such a field.
            (&["a b, foo"], Some(&["foo"])),
        ] {
            let want = want.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
            assert_eq!(vary(lines), want, "{lines:?}");
        }
    }

    fn key(selection: &Selection, names: &[&str], request: &[(&str, &str)]) -> Vec<u8> {
        let mut key = Vec::new();
        let names = names.iter().copied();
        selection.write_key(names, &Headers::from_list(request), |bytes| key.extend(bytes));
        key
    }

    #[test]
    fn requests_that_mean_the_same_have_one_key() {
        let language = |value| vec![("accept-language", value)];
        let coding = |value| vec![("accept-encoding", value)];
        let foo = |value| vec![("foo", value)];
        for (what, one, other, want) in [
            ("the same", foo("1"), foo("1"), true),
            ("another", foo("1"), foo("2"), false),
            ("none", foo("1"), vec![], false),
            ("empty is not none", foo(""), vec![], false),
            ("4.1 white space", foo("1,2"), foo(" 1, 2 "), true),
            ("4.1 combined", foo("1, 2"), vec![("foo", "1"), ("foo", "2")], true),
            ("the order counts where nothing is known of it", foo("1,2"), foo("2,1"), false),
            ("case counts where nothing is known of it", foo("a"), foo("A"), false),
            ("members are told apart", foo("1,2"), foo("12"), false),
            ("white space in quotes counts", foo("\"1, 2\""), foo("\"1,2\""), false),
            ("the host", vec![(":authority", "a")], vec![(":authority", "b")], false),
            ("others do not count", vec![("foo", "1"), ("bar", "1")], foo("1"), true),
            ("languages in another order", language("en, de"), language("de, en"), true),
            ("languages in other case", language("en, de"), language("eN, De"), true),
            ("languages with spaces", language("en, de"), language(" en ,   de"), true),
            ("a weight of 1", language("en;q=1.0"), language("en"), true),
            ("weights by value", language("en;q=0.50"), language("en; Q=0.5"), true),
            ("another weight", language("en;q=0.5"), language("en;q=0.6"), false),
            ("the order by weight", language("de;q=0.5, en"), language("en, de;q=0.5"), true),
            ("none of it", language("en;q=0"), language("en"), false),
            ("a weight that is none", language("en;q=2"), language("en"), false),
            ("codings", coding("gzip, br"), coding("BR,gzip"), true),
            ("twice", coding("gzip, gzip"), coding("gzip"), true),
            ("an old name", coding("x-gzip"), coding("gzip"), true),
            ("another coding", coding("gzip"), coding("br"), false),
        ] {
            let names = ["accept-encoding", "accept-language", "foo", "host"];
            let key = |request: &[(&str, &str)]| key(&Selection::default(), &names, request);
            assert_eq!(key(&one) == key(&other), want, "{what}");
        }
        // Neither does a value reach into the next field.
        let two = ["bar", "foo"];
        let none = Selection::default();
        assert_ne!(
            key(&none, &two, &[("bar", "1"), ("foo", "2")]),
            key(&none, &two, &[("bar", "1,2"), ("foo", "")])
        );
    }

    #[test]
    fn lists_reduce_what_a_client_takes_to_the_best_offer() {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let selection =
            Selection { encodings: list(&["br", "gzip"]), languages: list(&["en", "de-CH"]) };
        for (field, value, want) in [
            ("accept-encoding", "gzip, deflate, br", "br"),
            ("accept-encoding", "gzip;q=1.0, br;q=0.5", "gzip"),
            ("accept-encoding", "deflate", ""),
            ("accept-encoding", "", ""),
            ("accept-encoding", "*", "br"),
            ("accept-encoding", "br;q=0, *", "gzip"),
            ("accept-encoding", "identity, *;q=0", ""),
            ("accept-language", "de, en;q=0.5", "de-CH"),
            ("accept-language", "de-CH", "de-CH"),
            ("accept-language", "en-US, en;q=0.9", "en"),
            ("accept-language", "en-US;q=0.5, de-CH;q=0.6", "de-CH"),
            ("accept-language", "deu, fr", ""),
            ("accept-language", "en, en-US;q=0, de-CH;q=0.9", "en"),
            ("accept-language", "de, de-CH;q=0, en;q=0.1", "en"),
            ("accept-language", "fr, *;q=0.5", "en"),
        ] {
            let key = key(&selection, &[field], &[(field, value)]);
            assert_eq!(key, [b"\0+", want.as_bytes()].concat(), "{field}: {value}");
        }
    }
}
