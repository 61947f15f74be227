//! Where a response leads.

use gatehouse_filter::config::Node;
use gatehouse_filter::{HeaderName, HeaderValue, Headers};

/// A `Location` (RFC 9110 §10.2.2) that begins in one way begins in another. One that does not,
/// such as one to another host, stays as it is.
#[derive(Debug)]
pub(crate) struct LocationRewrite {
    from: Base,
    to: Base,
}

/// How a reference begins: an origin, or none, and whole segments of a path.
#[derive(PartialEq, Eq, Debug)]
struct Base {
    origin: Option<Origin>,
    /// Without a slash at its end.
    path: Box<str>,
}

/// RFC 6454 §4, in lower case and with its port.
#[derive(PartialEq, Eq, Debug)]
struct Origin {
    scheme: &'static str,
    host: String,
    port: u16,
}

impl LocationRewrite {
    pub(crate) fn read(node: &Node<'_>) -> Option<Self> {
        let mut fields = node.fields()?;
        let from = fields.required("from", |node| Base::read(&node));
        let to = fields.required("to", |node| Base::read(&node));
        fields.finish();
        let (from, to) = (from?, to?);
        match from == to {
            true => node.fault("from and to must differ"),
            false => Some(Self { from, to }),
        }
    }

    /// Records what it does to a response. Of two fields nobody knows which one counts: they stay.
    pub(crate) fn apply(&self, headers: &mut Headers) {
        let Ok(Some(location)) = headers.only("location") else { return };
        let rewritten = std::str::from_utf8(location).ok().and_then(|it| self.rewritten(it));
        let value = rewritten.and_then(|text| HeaderValue::try_from(text.into_bytes()).ok());
        if let Some(value) = value {
            headers.set(&LOCATION, value);
        }
    }

    fn rewritten(&self, location: &str) -> Option<String> {
        let rest = match &self.from.origin {
            Some(origin) => {
                let (this, rest) = split_origin(location)?;
                if this != *origin {
                    return None;
                }
                rest
            }
            // RFC 3986 §4.2: two slashes begin a reference to a host. Browsers take a backslash for
            // a slash.
            None if location.starts_with('/') && !begins_with_host(location) => location,
            None => return None,
        };
        let rest = rest.strip_prefix(&*self.from.path)?;
        if !(rest.is_empty() || rest.starts_with(['/', '?', '#'])) {
            return None;
        }
        let path = format!("{}{rest}", self.to.path);
        // What followed a segment must not become a host.
        if begins_with_host(&path) {
            return None;
        }
        Some(match &self.to.origin {
            Some(origin) => format!("{}{path}", origin.text()),
            None if path.starts_with('/') => path,
            None => format!("/{path}"),
        })
    }
}

const LOCATION: HeaderName = HeaderName::from_static("location");

fn begins_with_host(reference: &str) -> bool {
    let mut first = reference.bytes();
    let is_slash = |byte: Option<u8>| matches!(byte, Some(b'/' | b'\\'));
    is_slash(first.next()) && is_slash(first.next())
}

impl Base {
    fn read(node: &Node<'_>) -> Option<Self> {
        let text = node.text()?;
        let (origin, path) = match split_origin(text) {
            Some((origin, path)) => (Some(origin), path),
            None => (None, text),
        };
        let is_plain = |byte: u8| matches!(byte, b'!'..=b'~') && !b"?#\\".contains(&byte);
        let is_path = path.starts_with('/') || (path.is_empty() && origin.is_some());
        if !is_path || begins_with_host(path) || !path.bytes().all(is_plain) {
            return node.fault(
                "must be a path such as /users, or a URL such as http://users.internal:8080/v1, \
                 without a query",
            );
        }
        Some(Self { origin, path: path.trim_end_matches('/').into() })
    }
}

/// The origin of a URL, and what follows it; `None` where it has none that browsers would all read
/// alike.
fn split_origin(url: &str) -> Option<(Origin, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let scheme = ["http", "https"].into_iter().find(|known| scheme.eq_ignore_ascii_case(known))?;
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at_checked(end)?;
    let default = if scheme == "http" { 80 } else { 443 };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
        _ => (authority, default),
    };
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._[]:".contains(&byte);
    (!host.is_empty() && host.bytes().all(is_host))
        .then(|| (Origin { scheme, host: host.to_ascii_lowercase(), port }, rest))
}

impl Origin {
    fn text(&self) -> String {
        let Self { scheme, host, port } = self;
        match (*scheme, port) {
            ("http", 80) | ("https", 443) => format!("{scheme}://{host}"),
            _ => format!("{scheme}://{host}:{port}"),
        }
    }
}
