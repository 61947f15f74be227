//! `key` of a rule.

use super::distinct;
use crate::identity::Member;
use crate::key::{KeyParts, NamePattern, Query};
use crate::refresh;
use gatehouse_caching::CONDITIONAL;
use gatehouse_filter::HeaderName;
use gatehouse_filter::config::Node;
use serde_json::Value;

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
    let headers = fields.with_default("headers", Vec::new(), |node| distinct(&node, header));
    let cookies = fields.with_default("cookies", Vec::new(), |node| distinct(&node, cookie));
    let identity = fields.with_default("identity", Vec::new(), |node| {
        distinct(&node, |node| node.one_of(&Member::NAMES))
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
        "x-request-id" | "traceparent" => {
            node.fault("is another one in each request: nothing would be found again")
        }
        name if name == refresh::FIELD.as_str() => node.fault("is taken out of requests before"),
        "range" => node.fault("asks for a part: parts are answered from the whole"),
        _ if name.is_framing() => node.fault("is of the connection, not of the resource"),
        name if CONDITIONAL.contains(&name) => {
            node.fault("is a condition: it is looked at for each request")
        }
        _ => Some(name),
    }
}

/// A cookie's name (RFC 6265 §4.1.1): a token.
fn cookie(node: &Node<'_>) -> Option<String> {
    let name = node.text()?;
    match HeaderName::try_from(name) {
        Ok(_) => Some(name.to_owned()),
        Err(_) => node.fault("must be a cookie's name: letters, digits and !#$%&'*+-.^_`|~"),
    }
}

fn query(node: &Node<'_>) -> Option<Query> {
    let mut fields = node.fields()?;
    // None at all is a choice; to be without none is not.
    let only = fields.optional("only", |node| match node.is_empty_list() {
        true => Some(Vec::new()),
        false => names(&node),
    });
    let without = fields.optional("without", |node| names(&node));
    fields.finish();
    match (only?, without?) {
        (Some(only), None) => Some(Query::Only(only)),
        (None, Some(without)) => Some(Query::Without(without)),
        _ => node.not_exactly_one(&["only", "without"]),
    }
}

/// Names of parameters, each of which may end in `*`.
fn names(node: &Node<'_>) -> Option<Vec<NamePattern>> {
    let mut prefixes: Vec<String> = Vec::new();
    if let Some(names) = node.value().as_array() {
        let prefix = |name: &Value| name.as_str()?.strip_suffix('*').map(str::to_owned);
        prefixes.extend(names.iter().filter_map(prefix));
    }
    distinct(node, |node| {
        let text = node.text()?;
        let (name, is_prefix) = match text.strip_suffix('*') {
            Some(name) => (name, true),
            None => (text, false),
        };
        if name.is_empty() || name.contains(['*', '&', '=', '?', '#']) {
            return node.fault("must be the name of a parameter, which may end in `*`");
        }
        let covers = |prefix: &&String| {
            name.starts_with(prefix.as_str()) && !(is_prefix && name == prefix.as_str())
        };
        if let Some(prefix) = prefixes.iter().find(covers) {
            return node.fault(format!("does nothing: `{prefix}*` has it"));
        }
        Some(NamePattern { text: name.to_owned(), is_prefix })
    })
}
