//! Where a configuration says that credentials are.

use super::member::{Mark, Member};
use super::{Part, Source, basic, starts_with};
use crate::config::Node;
use crate::{FieldChange, Head, HeaderName};

/// Reads a list of places, of which no two can hold the same credential: `{header: x-key}`,
/// `{header: authorization, prefix: "Bearer "}`, `{query: key}`, `{cookie: key}`, and of the list
/// in a field `{header: sec-websocket-protocol, list: true, after: bearer}`.
pub fn sources(node: Node<'_>) -> Option<Vec<Source>> {
    read(&node, false)
}

/// The same, where the user or the password of HTTP's scheme `Basic` is a place, too:
/// `{header: authorization, basic: user}`.
pub fn sources_with_basic(node: Node<'_>) -> Option<Vec<Source>> {
    read(&node, true)
}

fn read(node: &Node<'_>, has_basic: bool) -> Option<Vec<Source>> {
    let mut earlier: Vec<Source> = Vec::new();
    node.nonempty_list(|node| {
        let source = source(&node, has_basic)?;
        if earlier.iter().any(|earlier| earlier.overlaps(&source)) {
            return node
                .fault("must be another place: an earlier source takes the same credentials");
        }
        if let Some(other) = earlier.iter().find_map(|earlier| earlier.other_spelling_of(&source)) {
            return node.fault(format!(
                "must be another field than `{other}`, which upstreams may take it for: an \
                 earlier source is that, and every other spelling of it is removed from requests"
            ));
        }
        earlier.push(source.clone());
        Some(source)
    })
}

fn source(node: &Node<'_>, has_basic: bool) -> Option<Source> {
    const ENCODINGS: [(&str, bool); 1] = [("base64url", true)];
    let mut fields = node.fields()?;
    let header = fields.optional("header", |node| header(&node));
    let prefix = fields.optional("prefix", |node| node.text().map(str::to_owned));
    let basic = match has_basic {
        true => fields.optional("basic", |node| node.one_of(&Part::NAMES)),
        false => Some(None),
    };
    let is_list = fields.with_default("list", false, |node| node.boolean());
    let after = fields.optional("after", |node| node.text().map(str::to_owned));
    let is_encoded = fields.with_default("encoding", false, |node| node.one_of(&ENCODINGS));
    let query = fields.optional("query", |node| node.text().map(str::to_owned));
    let cookie = fields.optional("cookie", |node| cookie(&node));
    fields.finish();
    let (prefix, after, is_encoded) = (prefix?, after?, is_encoded?);
    if !is_list? && (after.is_some() || is_encoded) {
        return node.fault("`after` and `encoding` are for `list: true` only");
    }
    match (header?, basic?, query?, cookie?) {
        (Some(_), Some(_), None, None) if is_list? => {
            node.fault("`basic` is not for `list: true`: such credentials are no list")
        }
        (Some(name), Some(part), None, None) if prefix.is_none() => {
            Some(Source::Basic { name, part })
        }
        (_, Some(_), ..) => {
            node.fault("`basic` is for `header` only, and has its prefix: `Basic `")
        }
        (Some(name), None, None, None) if is_list? => {
            let mark = mark(node, prefix, after)?;
            Some(Source::Member(Member { name, mark, is_encoded }))
        }
        (Some(name), None, None, None) => Some(Source::Header { name, prefix }),
        (None, ..) if is_list? => node.fault("`list` is for `header` only"),
        (None, None, None, Some(name)) => Some(Source::Cookie { name, prefix }),
        (None, None, Some(_), None) if prefix.is_some() => {
            node.fault("`prefix` is for `header` and `cookie` only")
        }
        (None, None, Some(name), None) => Some(Source::Query(name)),
        _ => node.not_exactly_one(&["header", "query", "cookie"]),
    }
}

/// By what a member of a list is known.
fn mark(node: &Node<'_>, prefix: Option<String>, after: Option<String>) -> Option<Mark> {
    let mark = match (prefix, after) {
        (Some(prefix), None) => Mark::Prefix(prefix),
        (None, Some(after)) => Mark::After(after),
        _ => return node.fault("must have one of prefix and after, by which the member is known"),
    };
    let (Mark::Prefix(text) | Mark::After(text)) = &mark;
    match text.bytes().any(|byte| byte == b',' || byte.is_ascii_whitespace()) {
        true => node.fault("never fits: no member of a list has a comma or a blank in it"),
        false => Some(mark),
    }
}

impl Source {
    /// Whether one credential would be found in both places.
    pub fn overlaps(&self, other: &Self) -> bool {
        if let (Some((name, prefix)), Some((other_name, other_prefix))) =
            (self.in_field(), other.in_field())
        {
            return name == other_name && meet(prefix, other_prefix);
        }
        match (self, other) {
            (
                Self::Cookie { name, prefix },
                Self::Cookie { name: other_name, prefix: other_prefix },
            ) => name == other_name && meet(prefix.as_deref(), other_prefix.as_deref()),
            (Self::Member(member), Self::Member(other)) => {
                member.name == other.name && member.mark.meets(&other.mark)
            }
            (Self::Query(name), Self::Query(other)) => name == other,
            // A field as a whole, and what is in it.
            (one, other) => one.field().is_some() && one.field() == other.field(),
        }
    }

    /// The field whose value is a credential as a whole, and what stands before that in it.
    fn in_field(&self) -> Option<(&HeaderName, Option<&str>)> {
        match self {
            Self::Header { name, prefix } => Some((name, prefix.as_deref())),
            Self::Basic { name, .. } => Some((name, Some(basic::PREFIX))),
            Self::Query(_) | Self::Cookie { .. } | Self::Member(_) => None,
        }
    }

    /// The field of this source, where another is the same in another spelling: what `x_key` is for
    /// `x-key`.
    pub fn other_spelling_of(&self, other: &Self) -> Option<&str> {
        let (name, other) = (self.field()?, other.field()?);
        (name != other && name.is_read_as(other)).then(|| name.as_str())
    }
}

/// Whether a value can have both prefixes.
fn meet(prefix: Option<&str>, other: Option<&str>) -> bool {
    match (prefix, other) {
        (Some(one), Some(other)) => {
            starts_with(one.as_bytes(), other) || starts_with(other.as_bytes(), one)
        }
        _ => true,
    }
}

fn header(node: &Node<'_>) -> Option<HeaderName> {
    let name = Head::Request.field(FieldChange::Remove, node)?;
    // They would be lost with the credential.
    if name.as_str() == "cookie" {
        return node.fault("holds cookies: take the credential from one of them by `cookie`");
    }
    Some(name)
}

/// A cookie's name (RFC 6265 §4.1.1): a token.
fn cookie(node: &Node<'_>) -> Option<String> {
    let name = node.text()?;
    match HeaderName::try_from(name) {
        Ok(_) => Some(name.to_owned()),
        Err(_) => node.fault("must be a cookie's name: letters, digits and !#$%&'*+-.^_`|~"),
    }
}
