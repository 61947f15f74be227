//! Other paths.

use super::segments;
use crate::refusal::Refusal;
use gatehouse_filter::config::Node;
use gatehouse_filter::template::{Scope, Sources, Template, placeholder_end};
use gatehouse_filter::{HeaderValue, Request, percent_encoded, rules};
use regex_lite::Regex;

/// Another path in place of the request's; its query stays as it is.
#[derive(Debug)]
pub(crate) enum PathRewrite {
    /// What follows the prefix, by whole segments, follows another one. Neither ends with a slash.
    Prefix { from: Box<[u8]>, to: Box<[Piece]> },
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
    /// A value that is one segment, or a part of one.
    Value(Template),
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
                let no_capture = |_: &str| {
                    Err("is no capture: a prefix has none, write `${…}` for a value".to_owned())
                };
                let mut to = pieces(&at, to, scope, no_capture)?.into_vec();
                if let Some(Piece::Literal(text)) = to.last_mut() {
                    let end = text.iter().rposition(|byte| *byte != b'/');
                    let length = end.map_or(0, |end| end.saturating_add(1));
                    *text = text.iter().copied().take(length).collect();
                }
                Some(Self::Prefix { from: without_slash(from), to: to.into() })
            }
            (None, Some(regex)) => {
                let pieces = pieces(&at, to, scope, |name| group(&regex, name))?;
                Some(Self::Regex(regex, pieces))
            }
            (None, None) => {
                let pieces = pieces(&at, to, scope, |name| {
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
        sources: &Sources<'_>,
    ) -> Result<Option<HeaderValue>, Refusal> {
        let path = request.path();
        // `*` (RFC 9112 §3.2.4), and nothing at all in CONNECT.
        if !path.starts_with(b"/") {
            return Ok(None);
        }
        let Some(mut target) = self.new_path(path, sources)? else { return Ok(None) };
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

    /// Whether it asks for the time.
    pub(crate) fn needs_clock(&self) -> bool {
        let (Self::Prefix { to, .. } | Self::Template(to) | Self::Regex(_, to)) = self;
        to.iter().any(|piece| matches!(piece, Piece::Value(value) if value.needs_clock()))
    }

    fn new_path(&self, path: &[u8], sources: &Sources<'_>) -> Result<Option<Vec<u8>>, Refusal> {
        match self {
            Self::Prefix { from, to } => {
                let rest = path.strip_prefix(&**from);
                let Some(rest) = rest.filter(|rest| rest.is_empty() || rest.starts_with(b"/"))
                else {
                    return Ok(None);
                };
                let mut new = joined(to, sources, |_| b"")?;
                new.extend_from_slice(rest);
                Ok(Some(if new.is_empty() { b"/".to_vec() } else { new }))
            }
            Self::Template(pieces) => joined(pieces, sources, |_| b"").map(Some),
            Self::Regex(regex, pieces) => {
                let found = std::str::from_utf8(path).ok().and_then(|path| regex.captures(path));
                let Some(found) = found else { return Ok(None) };
                let group = |group| found.get(group).map_or("", |group| group.as_str()).as_bytes();
                joined(pieces, sources, group).map(Some)
            }
        }
    }
}

fn joined<'a>(
    pieces: &[Piece],
    sources: &Sources<'_>,
    group: impl Fn(usize) -> &'a [u8],
) -> Result<Vec<u8>, Refusal> {
    let mut path = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Literal(text) => path.extend_from_slice(text),
            Piece::Capture(name) => {
                let captured = sources.captures.and_then(|captures| captures.get(name));
                path.extend_from_slice(captured.unwrap_or_default());
            }
            Piece::Group(number) => path.extend_from_slice(group(*number)),
            Piece::Value(value) => {
                let mut text = Vec::new();
                value.render(sources, &mut text).ok_or(Refusal::NoSegment)?;
                path.extend(segment(&text).ok_or(Refusal::NoSegment)?);
            }
        }
    }
    Ok(path)
}

/// A value as it stands in a segment; `None` where it would not stay there, whoever reads it and
/// however often escapes are undone.
fn segment(value: &[u8]) -> Option<Vec<u8>> {
    let encoded: Vec<u8> = percent_encoded(value).collect();
    let stays = !value.is_empty() && !rules::may_lead_elsewhere(&[b"/", &*encoded].concat());
    stays.then_some(encoded)
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

/// Takes a new path apart. Captures stand in braces, values in braces behind a dollar sign.
fn pieces(
    node: &Node<'_>,
    text: &str,
    scope: &Scope<'_>,
    capture: impl Fn(&str) -> Result<Piece, String>,
) -> Option<Box<[Piece]>> {
    let mut pieces = Vec::new();
    // With a letter for each capture and each value, it must be a path.
    let mut example = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, behind)) =
            placeholder_end(after).and_then(|end| after.split_at_checked(end))
        else {
            return node.fault("has an opening brace without a closing one");
        };
        let literal = before.strip_suffix('$');
        let piece = match literal {
            Some(_) => Template::parse(&format!("${{{name}}}"), scope)
                .map(Piece::Value)
                .map_err(|error| error.to_string()),
            None => capture(name).map_err(|fault| format!("`{{{name}}}` {fault}")),
        };
        let literal = literal.unwrap_or(before);
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal.as_bytes().into()));
        }
        match piece {
            Ok(piece) => pieces.push(piece),
            Err(message) => return node.fault(message),
        }
        example.push_str(literal);
        example.push('x');
        rest = behind.strip_prefix('}').unwrap_or(behind);
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
