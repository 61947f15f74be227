//! Other paths.

use super::segments;
use crate::refusal::Refusal;
use gatehouse_filter::config::Node;
use gatehouse_filter::rules::Captures;
use gatehouse_filter::template::Scope;
use gatehouse_filter::{HeaderValue, Request};
use regex_lite::Regex;

/// Another path in place of the request's; its query stays as it is.
#[derive(Debug)]
pub(crate) enum PathRewrite {
    /// What follows the prefix, by whole segments, follows another one. Neither ends with a slash.
    Prefix { from: Box<[u8]>, to: Box<[u8]> },
    /// A new path with what the rule's path template captured.
    Template(Box<[Piece]>),
    /// A new path with what a pattern for the whole path captured, found in time linear in the
    /// path.
    Regex(Regex, Box<[Piece]>),
}

/// A part of a new path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Piece {
    Literal(Box<[u8]>),
    /// What a name or a number stands for, encoded as it came.
    Capture(Box<str>),
    Group(usize),
}

impl PathRewrite {
    pub(crate) fn read(node: &Node<'_>, scope: &Scope<'_>) -> Option<Self> {
        let mut fields = node.fields()?;
        let prefix = fields.optional("prefix", |node| literal(&node));
        let regex = fields.optional("regex", |node| regex(&node));
        let to = fields.required("to", |node| Some((node.text()?, node)));
        fields.finish();
        let ((to, at), prefix, regex) = (to?, prefix?, regex?);
        match (prefix, regex) {
            (Some(_), Some(_)) => node.fault("must not have both prefix and regex"),
            (Some(from), None) => {
                let without_slash = |text: &str| Box::from(text.trim_end_matches('/').as_bytes());
                Some(Self::Prefix { from: without_slash(from), to: without_slash(literal(&at)?) })
            }
            (None, Some(regex)) => {
                let pieces = pieces(&at, to, |name| group(&regex, name))?;
                Some(Self::Regex(regex, pieces))
            }
            (None, None) => {
                let pieces = pieces(&at, to, |name| {
                    match scope.captures.contains(&name) {
                    true => Ok(Piece::Capture(name.into())),
                    false if scope.captures.is_empty() => {
                        Err("captures nothing: give the rule a path template such as /users/{id}, or this a regex".to_owned())
                    }
                    false => {
                        let known = scope.captures.join(", ");
                        Err(format!("is not captured by the rule's path template, which has {known}"))
                    }
                }
                })?;
                Some(Self::Template(pieces))
            }
        }
    }

    /// The new request target; `None` where it stays the same.
    pub(crate) fn rewritten(
        &self,
        request: &Request<'_>,
        captures: &Captures,
    ) -> Result<Option<HeaderValue>, Refusal> {
        let path = request.path();
        // `*` (RFC 9112 §3.2.4), and nothing at all in CONNECT.
        if !path.starts_with(b"/") {
            return Ok(None);
        }
        let Some(mut target) = self.new_path(path, captures) else { return Ok(None) };
        if target == path {
            return Ok(None);
        }
        if !segments::are_plain(&target) {
            return Err(Refusal::PathInvalid);
        }
        if let Some(query) = request.query() {
            target.push(b'?');
            target.extend_from_slice(query);
        }
        HeaderValue::try_from(target).map(Some).map_err(|_| Refusal::PathInvalid)
    }

    fn new_path(&self, path: &[u8], captures: &Captures) -> Option<Vec<u8>> {
        match self {
            Self::Prefix { from, to } => {
                let rest = path.strip_prefix(&**from)?;
                if !(rest.is_empty() || rest.starts_with(b"/")) {
                    return None;
                }
                let new = [to, rest].concat();
                Some(if new.is_empty() { b"/".to_vec() } else { new })
            }
            Self::Template(pieces) => Some(joined(pieces, |piece| match piece {
                Piece::Literal(text) => text,
                Piece::Capture(name) => captures.get(name).unwrap_or_default(),
                Piece::Group(_) => &[],
            })),
            Self::Regex(regex, pieces) => {
                let found = regex.captures(std::str::from_utf8(path).ok()?)?;
                Some(joined(pieces, |piece| match piece {
                    Piece::Literal(text) => text,
                    Piece::Group(group) => {
                        found.get(*group).map_or(&[], |group| group.as_str().as_bytes())
                    }
                    Piece::Capture(_) => &[],
                }))
            }
        }
    }
}

fn joined<'a>(pieces: &'a [Piece], text: impl Fn(&'a Piece) -> &'a [u8]) -> Vec<u8> {
    pieces.iter().flat_map(|piece| text(piece).iter().copied()).collect()
}

/// A pattern that must match the whole path: a path of which a part was rewritten is nobody's
/// intent.
fn regex(node: &Node<'_>) -> Option<Regex> {
    let text = node.text()?;
    let whole = Regex::new(text).and_then(|_| Regex::new(&format!(r"\A(?:{text})\z")));
    whole.map_or_else(|error| node.fault(format!("is not a valid pattern: {error}")), Some)
}

fn group(regex: &Regex, name: &str) -> Result<Piece, String> {
    let number = match name.parse() {
        Ok(number) => Some(number).filter(|number| (1..regex.captures_len()).contains(number)),
        Err(_) => regex.capture_names().position(|known| known == Some(name)),
    };
    number.map(Piece::Group).ok_or_else(|| "is not captured by the pattern".to_owned())
}

/// A path without placeholders.
fn literal<'a>(node: &Node<'a>) -> Option<&'a str> {
    let text = node.text()?;
    if text.contains(['{', '}']) {
        return node.fault("has no captures: a prefix is replaced as it is");
    }
    is_path(text).map_or_else(|message| node.fault(message), |()| Some(text))
}

/// Takes a new path apart. Captures stand in braces.
fn pieces(
    node: &Node<'_>,
    text: &str,
    capture: impl Fn(&str) -> Result<Piece, String>,
) -> Option<Box<[Piece]>> {
    let mut pieces = Vec::new();
    // With a letter for each capture, it must be a path.
    let mut example = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else {
            return node.fault("has an opening brace without a closing one");
        };
        if !before.is_empty() {
            pieces.push(Piece::Literal(before.as_bytes().into()));
        }
        match capture(name) {
            Ok(piece) => pieces.push(piece),
            Err(message) => return node.fault(format!("`{{{name}}}` {message}")),
        }
        example.push_str(before);
        example.push('x');
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Literal(rest.as_bytes().into()));
    }
    example.push_str(rest);
    is_path(&example).map_or_else(|message| node.fault(message), |()| Some(pieces.into()))
}

/// RFC 3986 §3.3, and nothing that upstreams disagree about.
fn is_path(text: &str) -> Result<(), &'static str> {
    if !text.starts_with('/') {
        return Err("must begin with a slash");
    }
    if text.contains(['?', '#']) {
        return Err("must be a path only: the query is changed by the operation `query`");
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/%".contains(&byte);
    let encoded = text.split('%').skip(1).all(|after| {
        let mut digits = after.bytes();
        digits.next().is_some_and(|digit| digit.is_ascii_hexdigit())
            && digits.next().is_some_and(|digit| digit.is_ascii_hexdigit())
    });
    if !text.bytes().all(allowed) || !encoded {
        return Err("must be percent-encoded where a path needs it");
    }
    if !segments::are_plain(text.as_bytes()) {
        return Err("must not have `.` or `..` segments, nor begin with two slashes");
    }
    Ok(())
}
