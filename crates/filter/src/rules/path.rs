use super::condition::regex;
use crate::config::Node;
use regex_lite::Regex;
use std::rc::Rc;

/// A condition on the path, without the query.
#[derive(Debug)]
pub(super) enum PathPattern {
    /// The very path.
    Exact(String),
    /// The path or anything below it, by whole segments: `/a` matches `/a` and `/a/b`, not `/ab`.
    /// A slash at the end makes no difference (as in the Gateway API's `PathPrefix`).
    Prefix(String),
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
        let patterns = [
            fields.optional("exact", |node| absolute(&node))?.map(Self::Exact),
            fields
                .optional("prefix", |node| absolute(&node))?
                .map(|prefix| Self::Prefix(prefix.trim_end_matches('/').to_owned())),
            fields.optional("template", |node| Template::read(&node))?.map(Self::Template),
            fields.optional("regex", |node| regex(&node))?.map(Self::Regex),
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
            Self::Prefix(prefix) => {
                let rest = path.strip_prefix(prefix.as_bytes())?;
                (rest.is_empty() || rest.starts_with(b"/")).then(Captures::default)
            }
            Self::Template(template) => template.matches(path),
            Self::Regex(regex) => {
                let path = std::str::from_utf8(path).ok()?;
                regex.is_match(path).then(Captures::default)
            }
        }
    }
}

fn absolute(node: &Node<'_>) -> Option<String> {
    let text = node.text()?;
    if !text.starts_with('/') {
        return node.fault("must begin with a slash");
    }
    if text.contains(['?', '#']) {
        return node.fault("is compared with the path only: it cannot have a query or a fragment");
    }
    Some(text.to_owned())
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
    Literal(String),
    /// One segment, not empty.
    One(Option<Rc<str>>),
    /// All that follows, which may be nothing.
    Rest(Option<Rc<str>>),
}

impl Template {
    fn read(node: &Node<'_>) -> Option<Self> {
        let text = absolute(node)?;
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
}

impl Segment {
    fn read(part: &str) -> Result<Self, &'static str> {
        let inner = match part {
            "*" => return Ok(Self::One(None)),
            "**" => return Ok(Self::Rest(None)),
            part => part.strip_prefix('{').and_then(|part| part.strip_suffix('}')),
        };
        match inner {
            None if part.contains(['{', '}', '*']) => Err("braces must enclose a whole segment"),
            None => Ok(Self::Literal(part.to_owned())),
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
