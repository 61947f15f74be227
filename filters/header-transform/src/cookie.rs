//! What a response says of cookies.

use gatehouse_filter::config::{Fields, Node};
use gatehouse_filter::{HeaderName, HeaderValue, Headers};
use std::borrow::Cow;

/// Other attributes in `Set-Cookie` (RFC 6265 §4.1). The name, the value and all other attributes
/// stay as they are, byte for byte.
#[derive(Debug)]
pub(crate) struct CookieRewrite {
    /// The cookie that it is for; all of them without a name.
    name: Option<Box<str>>,
    path: Option<Path>,
    domain: Option<Domain>,
    secure: Option<bool>,
    http_only: Option<bool>,
    same_site: Option<&'static str>,
}

/// A path that begins with whole segments begins with others. Neither ends with a slash.
#[derive(Debug)]
struct Path {
    from: Box<str>,
    to: Box<str>,
}

/// A domain, or any, becomes another, or none: then the cookie is the host's alone.
#[derive(Debug)]
struct Domain {
    from: Option<Box<str>>,
    to: Option<Box<str>>,
}

impl CookieRewrite {
    pub(crate) fn read(node: &Node<'_>) -> Option<Self> {
        let mut fields = node.fields()?;
        let name = fields.optional("name", |node| token(&node));
        let path = fields.optional("path", |node| Path::read(&node));
        let domain = fields.optional("domain", |node| Domain::read(&node));
        let secure = fields.optional("secure", |node| node.boolean());
        let http_only = fields.optional("http_only", |node| node.boolean());
        let same_site = fields.optional("same_site", |node| node.one_of(&SAME_SITE));
        let rewrite = |fields: &Fields<'_>| {
            let rewrite = Self {
                name: name?.map(Into::into),
                path: path?,
                domain: domain?,
                secure: secure?,
                http_only: http_only?,
                same_site: same_site?,
            };
            match rewrite {
                Self { same_site: Some("None"), secure, .. } if secure != Some(true) => fields
                    .node()
                    .fault("same_site: none needs `secure: true`: browsers drop such a cookie"),
                Self {
                    path: None,
                    domain: None,
                    secure: None,
                    http_only: None,
                    same_site: None,
                    ..
                } => fields
                    .node()
                    .fault("must have one of path, domain, secure, http_only, same_site"),
                rewrite => Some(rewrite),
            }
        };
        let rewrite = rewrite(&fields);
        fields.finish();
        rewrite
    }

    /// Records what it does to a response.
    pub(crate) fn apply(&self, headers: &mut Headers) {
        let (mut is_changed, mut values) = (false, Vec::new());
        for value in headers.values("set-cookie") {
            let new = self.rewritten(value);
            is_changed |= new.is_some();
            let value = new.map_or_else(|| HeaderValue::try_from(value), HeaderValue::try_from);
            // One that cannot be written again is none that could be changed.
            let Ok(value) = value else { return };
            values.push(value);
        }
        if !is_changed {
            return;
        }
        headers.remove(&SET_COOKIE);
        values.into_iter().for_each(|value| headers.append(&SET_COOKIE, value));
    }

    /// The field's new value; `None` where it stays.
    fn rewritten(&self, cookie: &[u8]) -> Option<Vec<u8>> {
        // RFC 6265 §5.2: quotes keep no semicolon.
        let mut parts = cookie.split(|byte| *byte == b';');
        let pair = parts.next()?;
        let name = pair.split(|byte| *byte == b'=').next()?.trim_ascii();
        if self.name.as_ref().is_some_and(|wanted| wanted.as_bytes() != name) {
            return None;
        }
        let mut written: Vec<Cow<'_, [u8]>> = vec![Cow::Borrowed(pair)];
        for part in parts {
            written.extend(self.attribute(part, Prefix::of(name)));
        }
        for (wanted, attribute) in [
            (self.secure == Some(true), &b" Secure"[..]),
            (self.http_only == Some(true), b" HttpOnly"),
        ] {
            if wanted && !written.iter().skip(1).any(|part| is_named(part, attribute)) {
                written.push(Cow::Borrowed(attribute));
            }
        }
        written.extend(self.same_site.map(|word| Cow::Owned(attribute("SameSite", word))));
        let new = written.join(&b';');
        (new != cookie).then_some(new)
    }

    /// What an attribute becomes; `None` where it goes. What a prefix in the cookie's name promises
    /// to browsers stays: without it they would drop the cookie.
    fn attribute<'c>(&self, part: &'c [u8], prefix: Prefix) -> Option<Cow<'c, [u8]>> {
        let (name, value) = halves(part);
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        let stays = Some(Cow::Borrowed(part));
        match () {
            () if is("path") && prefix != Prefix::Host => {
                let new = self.path.as_ref().and_then(|path| path.rewritten(value));
                new.map_or(stays, |path| Some(Cow::Owned(attribute("Path", &path))))
            }
            () if is("domain") && prefix != Prefix::Host => match &self.domain {
                Some(domain) if domain.is_from(value) => {
                    domain.to.as_ref().map(|to| Cow::Owned(attribute("Domain", to)))
                }
                _ => stays,
            },
            () if is("secure") && self.secure == Some(false) && prefix == Prefix::None => None,
            () if is("httponly") && self.http_only == Some(false) => None,
            () if is("samesite") && self.same_site.is_some() => None,
            () => stays,
        }
    }
}

const SET_COOKIE: HeaderName = HeaderName::from_static("set-cookie");

const SAME_SITE: [(&str, &str); 3] = [("strict", "Strict"), ("lax", "Lax"), ("none", "None")];

/// What a cookie's name promises (RFC 6265bis §4.1.3).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Prefix {
    None,
    Secure,
    /// `Secure`, and `Path=/`, and no `Domain`.
    Host,
}

impl Prefix {
    fn of(name: &[u8]) -> Self {
        let begins = |prefix: &[u8]| {
            name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        match () {
            () if begins(b"__Host-") => Self::Host,
            () if begins(b"__Secure-") => Self::Secure,
            () => Self::None,
        }
    }
}

impl Path {
    fn read(node: &Node<'_>) -> Option<Self> {
        let path = |node: Node<'_>| {
            let text = node.text()?;
            let is_plain = |byte: u8| matches!(byte, b'!'..=b'~') && byte != b';';
            match text.starts_with('/') && text.bytes().all(is_plain) {
                true => Some(Box::from(text.trim_end_matches('/'))),
                false => node.fault("must be a path such as /users, without spaces and semicolons"),
            }
        };
        let mut fields = node.fields()?;
        let from = fields.required("from", path);
        let to = fields.required("to", path);
        fields.finish();
        match (from?, to?) {
            (from, to) if from == to => node.fault("from and to must differ"),
            (from, to) => Some(Self { from, to }),
        }
    }

    fn rewritten(&self, value: &[u8]) -> Option<String> {
        let path = std::str::from_utf8(unquoted(value)).ok()?;
        let rest = path.strip_prefix(&*self.from)?;
        // A cookie for `/users/` would not come to `/users` (RFC 6265 §5.1.4).
        let rest = if path == "/" { "" } else { rest };
        let is_whole = path.starts_with('/') && (rest.is_empty() || rest.starts_with('/'));
        let new = is_whole.then(|| format!("{}{rest}", self.to))?;
        Some(if new.is_empty() { "/".to_owned() } else { new })
    }
}

impl Domain {
    fn read(node: &Node<'_>) -> Option<Self> {
        let domain = |node: Node<'_>| {
            let text = node.text()?;
            let is_of_a_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
            match text.bytes().all(is_of_a_name) {
                true => Some(Box::from(text.trim_start_matches('.').to_ascii_lowercase())),
                false => node.fault("must be a name such as shop.example"),
            }
        };
        let mut fields = node.fields()?;
        let from = fields.optional("from", domain);
        let to = fields.optional("to", domain);
        fields.finish();
        match (from?, to?) {
            (None, None) => node.fault("must have from, to, or both"),
            (from, to) if from == to => node.fault("from and to must differ"),
            (from, to) => Some(Self { from, to }),
        }
    }

    /// RFC 6265 §5.2.3: a dot at the beginning says nothing.
    fn is_from(&self, value: &[u8]) -> bool {
        let value = unquoted(value);
        let value = value.strip_prefix(b".").unwrap_or(value);
        self.from.as_ref().is_none_or(|from| value.eq_ignore_ascii_case(from.as_bytes()))
    }
}

/// The name of a cookie (RFC 6265 §4.1.1).
fn token<'a>(node: &Node<'a>) -> Option<&'a str> {
    let text = node.text()?;
    let is_of_a_token =
        |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    match text.bytes().all(is_of_a_token) {
        true => Some(text),
        false => node.fault("must be the name of a cookie"),
    }
}

fn attribute(name: &str, value: &str) -> Vec<u8> {
    format!(" {name}={value}").into_bytes()
}

fn is_named(part: &[u8], attribute: &[u8]) -> bool {
    halves(part).0.eq_ignore_ascii_case(attribute.trim_ascii())
}

/// The name and the value of an attribute.
fn halves(part: &[u8]) -> (&[u8], &[u8]) {
    let mut halves = part.splitn(2, |byte| *byte == b'=');
    let mut next = || halves.next().unwrap_or_default().trim_ascii();
    (next(), next())
}

/// Browsers take quotes for a part of the value; those who write them do not mean them.
fn unquoted(value: &[u8]) -> &[u8] {
    let inner = value.strip_prefix(b"\"").and_then(|inner| inner.strip_suffix(b"\""));
    inner.unwrap_or(value)
}
