//! `key` of a rule.

use crate::identity::Member;
use crate::key::{KeyParts, NamePattern, Query};
use gatehouse_filter::HeaderName;
use gatehouse_filter::config::Node;

impl Default for KeyParts {
    fn default() -> Self {
        Self {
            host: true,
            query: Query::All,
            sort_query: false,
            headers: Vec::new(),
            cookies: Vec::new(),
            identity: Vec::new(),
        }
    }
}

pub(super) fn read(node: &Node<'_>) -> Option<KeyParts> {
    let mut fields = node.fields()?;
    let host = fields.with_default("host", true, |node| node.boolean());
    let query = fields.with_default("query", Query::All, |node| query(&node));
    let sort_query = fields.with_default("sort_query", false, |node| node.boolean());
    let headers = fields.with_default("headers", Vec::new(), |node| {
        distinct(&node, header, |header| header.as_str().to_owned())
    });
    let cookies = fields.with_default("cookies", Vec::new(), |node| {
        distinct(&node, |node| node.text().map(str::to_owned), Clone::clone)
    });
    let identity = fields.with_default("identity", Vec::new(), |node| {
        distinct(&node, |node| node.one_of(&Member::NAMES), |member| member.name().to_owned())
    });
    fields.finish();
    Some(KeyParts {
        host: host?,
        query: query?,
        sort_query: sort_query?,
        headers: headers?,
        cookies: cookies?,
        identity: identity?,
    })
}

/// A list of at least one item, none of which is there twice.
fn distinct<T>(
    node: &Node<'_>,
    read: impl Fn(&Node<'_>) -> Option<T>,
    name: impl Fn(&T) -> String,
) -> Option<Vec<T>> {
    let mut seen = Vec::new();
    node.nonempty_list(|node| {
        let item = read(&node)?;
        if seen.contains(&name(&item)) {
            return node.fault("is there twice");
        }
        seen.push(name(&item));
        Some(item)
    })
}

/// A field of the request that no key can do without, or that says nothing of the resource, is
/// none.
fn header(node: &Node<'_>) -> Option<HeaderName> {
    let text = node.text()?;
    let name = match HeaderName::try_from(text) {
        Ok(name) => name,
        Err(invalid) => return node.fault(invalid.to_string()),
    };
    match name.as_str() {
        "host" => node.fault("is in the key already: see `host`"),
        "cookie" => node.fault("has all cookies: name those that count, under `cookies`"),
        "authorization" => {
            node.fault("would be in no key twice alike: see `identified` and `identity`")
        }
        _ if name.is_framing() => node.fault("is of the connection, not of the resource"),
        _ => Some(name),
    }
}

fn query(node: &Node<'_>) -> Option<Query> {
    let mut fields = node.fields()?;
    let only = fields.optional("only", |node| names(&node));
    let without = fields.optional("without", |node| names(&node));
    fields.finish();
    match (only?, without?) {
        (Some(only), None) => Some(Query::Only(only)),
        (None, Some(without)) => Some(Query::Without(without)),
        _ => node.fault("must have exactly one of only, without"),
    }
}

/// Names of parameters, of which one may end in `*`. Of `only`, none for no parameter.
fn names(node: &Node<'_>) -> Option<Vec<NamePattern>> {
    node.list(|node| {
        let text = node.text()?;
        let (name, is_prefix) = match text.strip_suffix('*') {
            Some(name) => (name, true),
            None => (text, false),
        };
        if name.is_empty() || name.contains(['*', '&', '=', '?', '#']) {
            return node.fault("must be the name of a parameter, which may end in `*`");
        }
        Some(NamePattern { text: name.to_owned(), is_prefix })
    })
}
