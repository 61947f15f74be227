//! Templates: literal text with `${…}` placeholders, which stand for facts about a request or a
//! response.
//!
//! A template is parsed once, when the configuration is read; rendering it copies bytes and nothing
//! else. `$$` is a dollar sign. The placeholders:
//!
//! | placeholder | stands for |
//! |---|---|
//! | `${header.NAME}` | every value of the request header, joined with `, ` (of `cookie`: with `; `) |
//! | `${query.NAME}` | the first value of the query parameter, percent-decoded; a `+` stays a `+` |
//! | `${path.NAME}` | what the rule's path template captured, percent-decoded |
//! | `${cookie.NAME}` | the first value of the cookie, without quotes around it |
//! | `${match.NAME}` | what a group of the [`Pattern`] captured, by number or name |
//! | `${method}` | the method |
//! | `${host}` | the host as `match` compares it: lower case, without port and final dot |
//! | `${path}` | the path as it is on the wire, without the query |
//! | `${client_address}` | the client's address, after Envoy's trusted hops |
//! | `${time}` | the time, as in RFC 3339, in UTC and whole seconds |
//! | `${uuid}` | a random identifier (RFC 9562 §5.4), another one each time |
//! | `${identity.PART}` | `subject`, `issuer`, `consumer`, `tier`; `scopes`, `roles`, `groups` joined with `,` |
//! | `${claim.PATH}` | a claim by its path, as [`claim_names`](crate::claim_names) reads it; see [`Template::render`] |
//! | `${response.header.NAME}` | every value of the response header, joined with `, ` |
//! | `${response.status}` | the response's status code |
//!
//! After a bar, functions change the text before it is written, from left to right:
//! `${header.x-plan | lower | default: free}`.
//!
//! | function | makes of the text |
//! |---|---|
//! | `lower`, `upper` | the same with ASCII letters in lower or upper case |
//! | `trim` | the same without white space at both ends |
//! | `base64` | base64 with padding (RFC 4648 §4) |
//! | `url_encode` | percent-encoded, all but letters, digits and `-._~` |
//! | `base64_decode` | what base64 of either alphabet, padded or not, stands for; missing where it is none |
//! | `remove_prefix: TEXT` | the same without `TEXT` at its beginning |
//! | `replace: [PATTERN, TEXT]` | the same with `TEXT` for all that the pattern finds; `$1` in it is a group |
//! | `sha256` | its SHA-256, in 64 lower-case hexadecimal digits |
//! | `default: TEXT` | `TEXT` where the fact is missing; without spaces at its ends, and without `\|` and `}` |
//!
//! ```
//! use gatehouse_filter::template::{Scope, Sources, Template};
//!
//! let template = Template::parse("${method} costs 5$$", &Scope::default()).unwrap();
//! let mut out = Vec::new();
//! assert_eq!(template.render(&Sources::default(), &mut out), None);
//! let error = Template::parse("${metod}", &Scope::default()).unwrap_err();
//! assert!(error.to_string().starts_with("`${metod}` (character 1): unknown placeholder, did you mean `method`?"));
//! ```

mod claim;
mod expression;
mod fault;
mod function;
mod parse;
mod pattern;
mod placeholder;
mod replacement;

pub use claim::claim_text;
pub use fault::Fault;
pub use parse::{TemplateError, placeholder_end};
pub use pattern::{Matched, Pattern};

use crate::config::Node;
use crate::rules::Captures;
use crate::{Request, Response};
use expression::Expression;
use std::fmt;
use std::rc::Rc;

/// The most bytes that one placeholder stands for, functions applied: what Envoy takes for a head
/// by default and a little more.
pub const MOST_OF_A_FACT: usize = 64 * 1024;

/// Literal text and placeholders. A clone shares them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Rc<[Piece]>);

#[derive(Clone, PartialEq, Eq)]
enum Piece {
    Literal(Box<[u8]>),
    Expression(Expression),
}

impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // It may be the secret that an upstream wants.
            Self::Literal(_) => f.write_str("***"),
            Self::Expression(expression) => expression.fmt(f),
        }
    }
}

/// What a template may name where it stands.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scope<'a> {
    /// Whether there is a response: only then `${response.…}` may be used.
    pub response: bool,
    /// The names that the rule's path template captures.
    pub captures: &'a [&'a str],
    /// The pattern whose groups `${match.…}` may name.
    pub pattern: Option<&'a Pattern>,
    /// The placeholders of the filter's own, beside those that every filter has.
    pub own: Option<&'a dyn OwnNames>,
}

/// Placeholders of a filter's own: `${call.user.id}`.
pub trait OwnNames: fmt::Debug {
    /// The number of the fact that a placeholder stands for, which [`OwnFacts`] gives; `None` where
    /// the placeholder is none of the filter's own.
    ///
    /// # Errors
    /// What is wrong with it: `names no call`.
    fn number(&self, placeholder: &str) -> Option<Result<usize, String>>;

    /// How they are written, for who looks for one: `call.NAME.PATH`.
    fn spellings(&self) -> &'static str;
}

/// The facts that a filter's own placeholders stand for.
pub trait OwnFacts {
    /// Appends the text of the fact with this number; `None` where it is missing.
    fn render(&self, number: usize, out: &mut Vec<u8>) -> Option<()>;

    /// Appends the JSON of it, with its type; `None` where it is missing.
    fn render_json(&self, number: usize, out: &mut Vec<u8>) -> Option<()>;
}

/// The facts that a template is rendered from. What is not given is missing.
#[derive(Clone, Copy, Default)]
pub struct Sources<'a> {
    /// The request, with the edits made so far.
    pub request: Option<&'a Request<'a>>,
    /// What the rule's path template captured.
    pub captures: Option<&'a Captures>,
    /// What the pattern captured.
    pub matched: Option<&'a Matched>,
    /// The response, with the edits made so far.
    pub response: Option<&'a Response<'a>>,
    /// What the filter's own placeholders stand for.
    pub own: Option<&'a dyn OwnFacts>,
}

impl Template {
    /// Parses a template, which may be empty.
    ///
    /// # Errors
    /// [`TemplateError`]: which placeholder is wrong, where it stands and what would be right.
    pub fn parse(text: &str, scope: &Scope<'_>) -> Result<Self, TemplateError> {
        parse::pieces(text, scope).map(|pieces| Self(pieces.into()))
    }

    /// Reads a template from a configuration; a fault is reported on the node. What the variable
    /// of `{env: NAME}` holds is literal text, whatever is in it.
    pub fn read(node: &Node<'_>, scope: &Scope<'_>) -> Option<Self> {
        if node.is_reference() {
            return node.secret().map(|text| Self([Piece::Literal(text.as_bytes().into())].into()));
        }
        Self::parse(node.text()?, scope).map_or_else(|error| node.fault(error.to_string()), Some)
    }

    /// Appends the text to `out`, or gives `None` and leaves `out` as it was where a fact is
    /// missing.
    ///
    /// Missing is what is not there at all; an empty header or parameter is an empty text. Of a
    /// claim, text is taken as it is, numbers and booleans as in JSON, objects as compact JSON, and
    /// lists with commas between their items; `null` and empty lists are missing. What is longer
    /// than [`MOST_OF_A_FACT`], before or after its functions, counts as missing too.
    ///
    /// The bytes are those of the request: they need not be UTF-8 and may hold control characters.
    #[must_use]
    pub fn render(&self, sources: &Sources<'_>, out: &mut Vec<u8>) -> Option<()> {
        let start = out.len();
        for piece in self.0.iter() {
            let found = match piece {
                Piece::Literal(text) => {
                    out.extend_from_slice(text);
                    Some(())
                }
                Piece::Expression(expression) => expression.render(sources, out),
            };
            if found.is_none() {
                out.truncate(start);
                return None;
            }
        }
        Some(())
    }

    /// The same where what a fact says goes through `encode` before it stands in the text; literal
    /// text stays as it is. `encode` gives `None` for what must not stand there: then that is
    /// what is missing.
    #[must_use]
    pub fn render_encoded(
        &self,
        sources: &Sources<'_>,
        out: &mut Vec<u8>,
        mut encode: impl FnMut(&[u8], &mut Vec<u8>) -> Option<()>,
    ) -> Option<()> {
        let (start, mut fact) = (out.len(), Vec::new());
        for piece in self.0.iter() {
            let found = match piece {
                Piece::Literal(text) => {
                    out.extend_from_slice(text);
                    Some(())
                }
                Piece::Expression(expression) => {
                    fact.clear();
                    expression.render(sources, &mut fact).and_then(|()| encode(&fact, out))
                }
            };
            if found.is_none() {
                out.truncate(start);
                return None;
            }
        }
        Some(())
    }

    /// The same where a fact that is missing stands for nothing: the text is never missing.
    pub fn render_all(
        &self,
        sources: &Sources<'_>,
        out: &mut Vec<u8>,
        mut encode: impl FnMut(&[u8], &mut Vec<u8>),
    ) {
        let mut fact = Vec::new();
        for piece in self.0.iter() {
            match piece {
                Piece::Literal(text) => out.extend_from_slice(text),
                Piece::Expression(expression) => {
                    fact.clear();
                    if expression.render(sources, &mut fact).is_some() {
                        encode(&fact, out);
                    }
                }
            }
        }
    }

    /// What is before and after the first such byte of its literal text; `None` after, where there
    /// is none.
    pub fn split_at(&self, byte: u8) -> (Self, Option<Self>) {
        for (index, piece) in self.0.iter().enumerate() {
            let Piece::Literal(text) = piece else { continue };
            let mut halves = text.splitn(2, |other| *other == byte);
            let (Some(before), Some(after)) = (halves.next(), halves.next()) else { continue };
            let literal = |text: &[u8]| (!text.is_empty()).then(|| Piece::Literal(text.into()));
            let first = self.0.iter().take(index).cloned().chain(literal(before));
            let rest = self.0.iter().skip(index.saturating_add(1)).cloned();
            let second = literal(after).into_iter().chain(rest);
            return (Self(first.collect()), Some(Self(second.collect())));
        }
        (self.clone(), None)
    }

    /// The literal text that it begins with; empty where it begins with a fact.
    pub fn literal_start(&self) -> &[u8] {
        match self.0.first() {
            Some(Piece::Literal(text)) => text,
            _ => b"",
        }
    }

    /// Its literal text, piece by piece.
    pub fn literals(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Literal(text) => Some(&**text),
            Piece::Expression(_) => None,
        })
    }

    /// What its placeholders stand for where no fact is known: of those that have a default.
    pub fn fallbacks(&self) -> Vec<Vec<u8>> {
        let fallback = |piece: &Piece| match piece {
            Piece::Literal(_) => None,
            Piece::Expression(expression) => {
                let mut text = Vec::new();
                expression.render(&Sources::default(), &mut text).map(|()| text)
            }
        };
        self.0.iter().filter_map(fallback).collect()
    }

    /// The fact of the filter's own that it is, where it is that and nothing else: then a JSON value
    /// keeps its type.
    pub fn only_own(&self) -> Option<usize> {
        match &*self.0 {
            [Piece::Expression(expression)] => expression.only_own(),
            _ => None,
        }
    }

    /// Whether it asks for the time.
    pub fn needs_clock(&self) -> bool {
        let asks = |piece: &Piece| match piece {
            Piece::Expression(expression) => expression.needs_clock(),
            Piece::Literal(_) => false,
        };
        self.0.iter().any(asks)
    }

    /// The facts of the filter's own that it uses.
    pub fn owns(&self) -> impl Iterator<Item = usize> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Expression(expression) => expression.own(),
            Piece::Literal(_) => None,
        })
    }

    /// Whether it uses facts that are known only until the request has gone on.
    pub fn needs_request(&self) -> bool {
        let of_request = |piece: &Piece| match piece {
            Piece::Expression(expression) => !expression.is_of_response(),
            _ => false,
        };
        self.0.iter().any(of_request)
    }

    /// The same template with the facts of the request filled in, for the time when the request is
    /// gone; `None` where one of them is missing.
    #[must_use]
    pub fn bind(&self, sources: &Sources<'_>) -> Option<Self> {
        let mut pieces = Vec::with_capacity(self.0.len());
        let mut text = Vec::new();
        for piece in self.0.iter() {
            match piece {
                Piece::Literal(literal) => text.extend_from_slice(literal),
                Piece::Expression(expression) if expression.is_of_response() => {
                    if !text.is_empty() {
                        pieces.push(Piece::Literal(std::mem::take(&mut text).into()));
                    }
                    pieces.push(piece.clone());
                }
                Piece::Expression(expression) => expression.render(sources, &mut text)?,
            }
        }
        if !text.is_empty() {
            pieces.push(Piece::Literal(text.into()));
        }
        Some(Self(pieces.into()))
    }
}

#[cfg(test)]
mod tests;
