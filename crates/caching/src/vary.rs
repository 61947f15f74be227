//! Which fields of a request select a response, and what they hold (RFC 9111 §4.1).

use crate::delta::{list, members};
use gatehouse_filter::{HeaderName, Headers};

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
        for member in list(response, "vary") {
            if member == b"*" {
                return Self::Any;
            }
            if let Ok(Ok(name)) = std::str::from_utf8(member).map(HeaderName::try_from) {
                names.push(name);
            }
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
            let mut lines = request.values(name).peekable();
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
                    for member in lines.flat_map(members) {
                        to(member);
                        to(b",");
                    }
                }
            }
        }
    }

    fn write_choice<'a>(
        &self,
        _offered: &[String],
        lines: impl Iterator<Item = &'a [u8]>,
        to: &mut impl FnMut(&[u8]),
    ) {
        for member in lines.flat_map(members) {
            to(member);
            to(b",");
        }
    }
}
