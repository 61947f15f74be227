//! Conditions on the path.

mod loose;
mod segments;
mod text;

use super::ambiguity;
use crate::config::Node;
use crate::text_pattern::regex;
use gatehouse_steps::took;
use regex_lite::Regex;
use std::rc::Rc;

pub(super) use loose::loosened;
pub(super) use segments::Path;
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
        if node.is_text() {
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
            _ => node.not_exactly_one(&["exact", "prefix", "template", "regex"]),
        }
    }

    /// Whether the pattern is for the path.
    pub(super) fn fits(&self, path: &Path<'_>) -> bool {
        match self {
            Self::Exact(want) => path.text() == want.as_bytes(),
            Self::Prefix(prefix) => is_below(path.text(), prefix.as_bytes()),
            Self::Template(template) => template.fits(path, |want, part| want.as_bytes() == part),
            Self::Regex(regex) => is_match(regex, path.text()),
        }
    }

    /// What a pattern that fits captures.
    pub(super) fn captures(&self, path: &Path<'_>) -> Captures {
        match self {
            Self::Template(template) => template.captures(path),
            Self::Exact(_) | Self::Prefix(_) | Self::Regex(_) => Captures::default(),
        }
    }

    /// Whether the pattern answers otherwise for one of the forms in which others may read the
    /// path. A pattern that was written with escapes itself is compared in its own other forms.
    pub(super) fn is_misled_by(&self, path: &Path<'_>, forms: &[Path<'_>]) -> bool {
        let fits = self.fits(path);
        let knows_escapes = |regex: &Regex| fits && regex.as_str().contains('%');
        forms.iter().any(|form| match self {
            Self::Exact(want) => want.any_form(|want| want == form.text()) != fits,
            Self::Prefix(prefix) => prefix.any_form(|prefix| is_below(form.text(), prefix)) != fits,
            Self::Template(template) => {
                let is_form = |want: &Literal, part: &[u8]| want.any_form(|want| want == part);
                template.fits(form, is_form) != fits
            }
            Self::Regex(regex) => !knows_escapes(regex) && is_match(regex, form.text()) != fits,
        })
    }

    /// The pattern for paths as [`loosened`] has them.
    pub(super) fn loosened(&self) -> Option<Self> {
        Some(match self {
            Self::Exact(want) => Self::Exact(want.loosened()),
            // The prefix of all paths stays empty.
            Self::Prefix(prefix) if prefix.as_bytes().is_empty() => {
                Self::Prefix(Literal::segment(""))
            }
            Self::Prefix(prefix) => Self::Prefix(prefix.loosened()),
            Self::Template(template) => Self::Template(template.loosened()),
            Self::Regex(regex) => Self::Regex(Regex::new(&format!("(?i){regex}")).ok()?),
        })
    }

    /// Whether every path that `other` is for is one of this pattern's. False where that cannot be
    /// told, as of two different regexes.
    pub(super) fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Regex(regex), Self::Regex(other)) => regex.as_str() == other.as_str(),
            (Self::Regex(regex), Self::Exact(path)) => is_match(regex, path.as_bytes()),
            (Self::Exact(_) | Self::Template(_), Self::Exact(path)) => {
                self.fits(&Path::new(path.as_bytes()))
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
    took(path.len());
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

/// What the first of these patterns captures that fits.
pub(super) fn captured(patterns: &[PathPattern], path: &Path<'_>) -> Captures {
    let fitting = patterns.iter().find(|pattern| pattern.fits(path));
    fitting.map_or_else(Captures::default, |pattern| pattern.captures(path))
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

    /// Whether the template is for the path, by what `is` says of a segment that is written out.
    fn fits(&self, path: &Path<'_>, is: impl Fn(&Literal, &[u8]) -> bool) -> bool {
        for (number, segment) in self.0.iter().enumerate() {
            let part = path.segment(number);
            let fits = match segment {
                Segment::Rest(_) => return path.is_absolute(),
                Segment::Literal(want) => part.is_some_and(|part| is(want, part)),
                Segment::One(_) => part.is_some_and(|part| !part.is_empty()),
            };
            if !fits {
                return false;
            }
        }
        path.segment(self.0.len()).is_none()
    }

    fn captures(&self, path: &Path<'_>) -> Captures {
        let captured = self.0.iter().enumerate().filter_map(|(number, segment)| {
            let (name, value) = match segment {
                Segment::Literal(_) => return None,
                Segment::One(name) => (name, path.segment(number)?),
                Segment::Rest(name) => (name, path.rest(number)),
            };
            let name = name.as_ref()?;
            took(value.len());
            Some((Rc::clone(name), value.to_vec()))
        });
        Captures(captured.collect())
    }

    /// The path as far as it is the same for all: `/users` of `/users/{id}/orders`.
    fn literal_start(&self) -> String {
        let literal = |segment: &Segment| match segment {
            Segment::Literal(text) => Some(format!("/{}", text.as_str())),
            Segment::One(_) | Segment::Rest(_) => None,
        };
        self.0.iter().map_while(literal).collect()
    }

    /// The template for paths as [`loosened`] has them.
    fn loosened(&self) -> Self {
        let loosened = |segment: &Segment| match segment {
            Segment::Literal(text) => Some(Segment::Literal(Literal::segment(
                text.loosened().as_str().strip_prefix('/').filter(|text| !text.is_empty())?,
            ))),
            Segment::One(_) => Some(Segment::One(None)),
            Segment::Rest(_) => Some(Segment::Rest(None)),
        };
        let segments: Vec<Segment> = self.0.iter().filter_map(loosened).collect();
        match segments.is_empty() {
            true => Self(vec![Segment::Literal(Literal::segment(""))]),
            false => Self(segments),
        }
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
