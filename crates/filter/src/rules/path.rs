//! Conditions on the path.

mod text;

use super::ambiguity;
use super::condition::regex;
use crate::config::Node;
use regex_lite::Regex;
use std::rc::Rc;
use text::{Literal, Wildcards};

/// A condition on the path, without the query.
#[derive(Debug)]
pub(super) enum PathPattern {
    /// The very path.
    Exact(Literal),
    /// The path or anything below it, by whole segments: `/a` matches `/a` and `/a/b`, not `/ab`.
    /// A slash at the end makes no difference (as in the Gateway API's `PathPrefix`).
    Prefix(Literal),
    /// Segments with names in braces: `/users/{id}`, and at the end `{rest=**}` for all that
    /// follows.
    Template(Template),
    /// A pattern, matched in linear time; anchors are the writer's.
    Regex(Regex),
}

impl PathPattern {
    pub(super) fn read(node: Node<'_>) -> Option<Self> {
        if node.value().is_string() {
            return node
                .fault("must have one of exact, prefix, template, regex, as in {prefix: /orders}");
        }
        let mut fields = node.fields()?;
        let literal = |node: &Node<'_>| Literal::read(node, Wildcards::None);
        let prefix = |node: &Node<'_>| Literal::read(node, Wildcards::Below);
        let patterns = [
            fields.optional("exact", |node| literal(&node))?.map(Self::Exact),
            fields.optional("prefix", |node| prefix(&node))?.map(Self::Prefix),
            fields.optional("template", |node| Template::read(&node))?.map(Self::Template),
            fields.optional("regex", |node| path_regex(&node))?.map(Self::Regex),
        ];
        fields.finish();
        let mut patterns = patterns.into_iter().flatten();
        match (patterns.next(), patterns.next()) {
            (Some(pattern), None) => Some(pattern),
            _ => node.fault("must have exactly one of exact, prefix, template, regex"),
        }
    }

    pub(super) fn matches(&self, path: &[u8]) -> Option<Captures> {
        match self {
            Self::Exact(want) => (path == want.as_bytes()).then(Captures::default),
            Self::Prefix(prefix) => is_below(path, prefix.as_bytes()).then(Captures::default),
            Self::Template(template) => template.matches(path),
            Self::Regex(regex) => is_match(regex, path).then(Captures::default),
        }
    }

    /// Whether the pattern answers otherwise for one of the forms in which others may read the
    /// path. A pattern that was written with escapes itself is compared in its own other forms.
    pub(super) fn is_misled_by(&self, path: &[u8], forms: &[Vec<u8>]) -> bool {
        let fits = self.matches(path).is_some();
        forms.iter().any(|form| match self {
            Self::Exact(want) => want.any_form(|want| want == form) != fits,
            Self::Prefix(prefix) => prefix.any_form(|prefix| is_below(form, prefix)) != fits,
            Self::Template(template) => template.fits_form(form) != fits,
            Self::Regex(regex) => {
                let knows_escapes = fits && regex.as_str().contains('%');
                !knows_escapes && is_match(regex, form) != fits
            }
        })
    }

    /// Whether every path that `other` is for is one of this pattern's. False where that cannot be
    /// told, as of two different regexes.
    pub(super) fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Regex(regex), Self::Regex(other)) => regex.as_str() == other.as_str(),
            (Self::Regex(regex), Self::Exact(path)) => is_match(regex, path.as_bytes()),
            (Self::Exact(_) | Self::Template(_), Self::Exact(path)) => {
                self.matches(path.as_bytes()).is_some()
            }
            (Self::Prefix(prefix), Self::Exact(path) | Self::Prefix(path)) => {
                is_below(path.as_bytes(), prefix.as_bytes())
            }
            (Self::Prefix(prefix), Self::Template(template)) => {
                is_below(template.literal_start().as_bytes(), prefix.as_bytes())
            }
            (Self::Prefix(prefix), Self::Regex(_)) => prefix.as_bytes().is_empty(),
            (Self::Template(template), Self::Template(other)) => template.covers(other),
            _ => false,
        }
    }
}

/// Whether a path is this prefix or below it, by whole segments.
fn is_below(path: &[u8], prefix: &[u8]) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

fn is_match(regex: &Regex, path: &[u8]) -> bool {
    std::str::from_utf8(path).is_ok_and(|path| regex.is_match(path))
}

/// A regex that a path can fit: an anchored one begins with a slash.
fn path_regex(node: &Node<'_>) -> Option<Regex> {
    let regex = regex(node)?;
    let first = regex.as_str().strip_prefix('^').and_then(|rest| rest.chars().next());
    if first.is_some_and(char::is_alphanumeric) {
        return node.fault("never fits: a path begins with a slash, write `^/`");
    }
    Some(regex)
}

/// What the path template of a rule captured, raw: still percent-encoded.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Captures(Vec<(Rc<str>, Vec<u8>)>);

impl Captures {
    /// The part of the path that a name in the template stands for.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.0
            .iter()
            .find(|(captured, _)| captured.as_ref() == name)
            .map(|(_, value)| value.as_slice())
    }
}

/// The names that a path template captures; those of a template that is wrong are told apart
/// elsewhere.
pub(super) fn captured_names(template: &str) -> Vec<&str> {
    let segments = template.split('/');
    let names = segments.filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names.map(|name| name.strip_suffix("=**").unwrap_or(name)).collect()
}

#[derive(Debug)]
pub(super) struct Template(Vec<Segment>);

#[derive(Debug)]
enum Segment {
    Literal(Literal),
    /// One segment, not empty.
    One(Option<Rc<str>>),
    /// All that follows, which may be nothing.
    Rest(Option<Rc<str>>),
}

impl Template {
    fn read(node: &Node<'_>) -> Option<Self> {
        let text = text::absolute(node, Wildcards::Segments)?;
        let mut names: Vec<Rc<str>> = Vec::new();
        let mut segments = Vec::new();
        for part in text.split('/').skip(1) {
            if matches!(segments.last(), Some(Segment::Rest(_))) {
                return node.fault("`**` must be the last segment");
            }
            let segment = Segment::read(part)
                .map_or_else(|message| node.fault(format!("`{part}`: {message}")), Some)?;
            if let Segment::One(Some(name)) | Segment::Rest(Some(name)) = &segment {
                if names.contains(name) {
                    return node.fault(format!("`{name}` is captured twice"));
                }
                names.push(Rc::clone(name));
            }
            segments.push(segment);
        }
        Some(Self(segments))
    }

    fn matches(&self, path: &[u8]) -> Option<Captures> {
        let mut rest = Some(path.strip_prefix(b"/")?);
        let mut captures = Captures::default();
        let mut capture = |name: &Option<Rc<str>>, value: &[u8]| {
            if let Some(name) = name {
                captures.0.push((Rc::clone(name), value.to_vec()));
            }
        };
        for segment in &self.0 {
            if let Segment::Rest(name) = segment {
                capture(name, rest.unwrap_or_default());
                return Some(captures);
            }
            let mut parts = rest?.splitn(2, |byte| *byte == b'/');
            let part = parts.next().unwrap_or_default();
            rest = parts.next();
            match segment {
                Segment::Literal(want) if part == want.as_bytes() => {}
                Segment::One(name) if !part.is_empty() => capture(name, part),
                _ => return None,
            }
        }
        rest.is_none().then_some(captures)
    }

    /// Whether the template is for one of the forms in which others may read a path.
    fn fits_form(&self, form: &[u8]) -> bool {
        let Some(form) = form.strip_prefix(b"/") else { return false };
        let mut parts = form.split(|byte| *byte == b'/');
        for segment in &self.0 {
            match (segment, parts.next()) {
                (Segment::Rest(_), _) => return true,
                (Segment::Literal(want), Some(part)) if want.any_form(|want| want == part) => {}
                (Segment::One(_), Some(part)) if !part.is_empty() => {}
                _ => return false,
            }
        }
        parts.next().is_none()
    }

    /// The path as far as it is the same for all: `/users` of `/users/{id}/orders`.
    fn literal_start(&self) -> String {
        let literal = |segment: &Segment| match segment {
            Segment::Literal(text) => Some(format!("/{}", text.as_str())),
            Segment::One(_) | Segment::Rest(_) => None,
        };
        self.0.iter().map_while(literal).collect()
    }

    fn covers(&self, other: &Self) -> bool {
        let mut others = other.0.iter();
        for segment in &self.0 {
            match (segment, others.next()) {
                (Segment::Rest(_), _) => return true,
                (Segment::Literal(text), Some(Segment::Literal(other)))
                    if text.as_bytes() == other.as_bytes() => {}
                (Segment::One(_), Some(Segment::One(_))) => {}
                (Segment::One(_), Some(Segment::Literal(other)))
                    if !other.as_bytes().is_empty() => {}
                _ => return false,
            }
        }
        others.next().is_none()
    }
}

impl Segment {
    fn read(part: &str) -> Result<Self, &'static str> {
        if ambiguity::readings(part.as_bytes())
            .is_ok_and(|forms| forms.iter().any(|form| form.contains(&b'/')))
        {
            return Err("an escaped slash makes two segments for some upstreams: \
                        use exact, prefix or regex");
        }
        let inner = match part {
            "*" => return Ok(Self::One(None)),
            "**" => return Ok(Self::Rest(None)),
            part => part.strip_prefix('{').and_then(|part| part.strip_suffix('}')),
        };
        match inner {
            None if part.contains(['{', '}', '*']) => Err("braces must enclose a whole segment"),
            None => Ok(Self::Literal(Literal::segment(part))),
            Some(inner) => match inner.strip_suffix("=**") {
                Some(name) => capture_name(name).map(|name| Self::Rest(Some(name))),
                None => capture_name(inner).map(|name| Self::One(Some(name))),
            },
        }
    }
}

fn capture_name(name: &str) -> Result<Rc<str>, &'static str> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if name.is_empty() || !name.bytes().all(allowed) {
        return Err("a capture's name is made of letters, digits and _");
    }
    Ok(name.into())
}
