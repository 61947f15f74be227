use super::Source;
use crate::config::Node;
use crate::{FieldChange, Head, HeaderName};

/// Reads a list of places, of which no two can hold the same credential: `{header: x-key}`,
/// `{header: authorization, prefix: "Bearer "}`, `{query: key}`, `{cookie: key}`.
pub fn sources(node: Node<'_>) -> Option<Vec<Source>> {
    let mut earlier: Vec<Source> = Vec::new();
    node.nonempty_list(|node| {
        let source = source(&node)?;
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

fn source(node: &Node<'_>) -> Option<Source> {
    let mut fields = node.fields()?;
    let header = fields.optional("header", |node| header(&node));
    let prefix = fields.optional("prefix", |node| node.text().map(str::to_owned));
    let query = fields.optional("query", |node| node.text().map(str::to_owned));
    let cookie = fields.optional("cookie", |node| cookie(&node));
    fields.finish();
    match (header?, prefix?, query?, cookie?) {
        (Some(name), prefix, None, None) => Some(Source::Header { name, prefix }),
        (None, None, Some(name), None) => Some(Source::Query(name)),
        (None, None, None, Some(name)) => Some(Source::Cookie(name)),
        (None, Some(_), ..) => node.fault("`prefix` is for `header` only"),
        _ => node.fault("must have exactly one of header, query, cookie"),
    }
}

impl Source {
    /// Whether one credential would be found in both places.
    pub fn overlaps(&self, other: &Self) -> bool {
        let (
            Self::Header { name, prefix },
            Self::Header { name: other_name, prefix: other_prefix },
        ) = (self, other)
        else {
            return self == other;
        };
        let (Some(prefix), Some(other_prefix)) = (prefix, other_prefix) else {
            return name == other_name;
        };
        let shorter = prefix.len().min(other_prefix.len());
        let starts =
            [prefix, other_prefix].map(|prefix| prefix.as_bytes().split_at_checked(shorter));
        let [Some((start, _)), Some((other_start, _))] = starts else { return true };
        name == other_name && start.eq_ignore_ascii_case(other_start)
    }

    /// The field of this source, where another is the same in another spelling: what `x_key` is for
    /// `x-key`.
    pub fn other_spelling_of(&self, other: &Self) -> Option<&str> {
        match (self, other) {
            (Self::Header { name, .. }, Self::Header { name: other, .. }) => {
                (name != other && name.is_read_as(other)).then(|| name.as_str())
            }
            _ => None,
        }
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
