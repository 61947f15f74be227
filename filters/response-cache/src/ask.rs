//! A request, as the cache sees it: read once, and needed again when its response comes.

use crate::identity::Whose;
use crate::key::{Key, origin};
use crate::rule::Rule;
use crate::unkeyed::unkeyed_field;
use gatehouse_caching::{Forward, Identified, RequestDirectives, Storable, Target};
use gatehouse_filter::{HeaderName, HeaderValue, Headers, Request, Secret, Timestamp};
use std::rc::Rc;

/// A request that the store may answer.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) rule: Rc<Rule>,
    pub(crate) method: Method,
    /// The head as it came.
    pub(crate) head: Headers,
    pub(crate) directives: RequestDirectives,
    /// Whose it is, where that counts.
    pub(crate) whose: Option<Whose>,
    /// Whether that has still to be found out: what is for everybody can do without.
    pub(crate) is_whose_unknown: bool,
    /// The key of responses for everybody.
    pub(crate) key: Key,
    /// The client's, in lower case.
    pub(crate) scheme: Vec<u8>,
    /// Whether the gateway itself asks, to bring the store up to date.
    pub(crate) is_refresh: bool,
    /// When it stops to wait for another request, where it waits.
    pub(crate) deadline: Option<Timestamp>,
    /// Why it needed the upstream when it began to wait.
    pub(crate) waited: Option<Forward>,
}

/// Where a request goes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    /// Scheme and authority.
    pub(crate) scheme: Vec<u8>,
    pub(crate) authority: Vec<u8>,
    /// Path and query.
    pub(crate) target: Vec<u8>,
}

/// The methods that the store answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Method {
    Get,
    Head,
    Query,
    Post,
}

impl Method {
    fn of(method: &[u8]) -> Option<Self> {
        match method {
            b"GET" => Some(Self::Get),
            b"HEAD" => Some(Self::Head),
            b"QUERY" => Some(Self::Query),
            b"POST" => Some(Self::Post),
            _ => None,
        }
    }

    /// Whether its content is a part of the key.
    pub(crate) fn has_content(self) -> bool {
        matches!(self, Self::Query | Self::Post)
    }

    pub(crate) fn storable(self) -> Storable {
        match self {
            Self::Get | Self::Query => Storable::Always,
            Self::Post => Storable::IfExplicit,
            Self::Head => Storable::Never,
        }
    }
}

/// Why the cache takes no part in a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Bypass {
    /// Its method is not answered from the store.
    Method,
    /// It has content that the key does not have.
    Content,
    /// It asks for another protocol.
    Upgrade,
    /// It has a field that upstreams read the resource from, and that the key does not have.
    Unkeyed(&'static str),
}

impl Place {
    /// That of a request. The scheme is the client's, which the gateway's own requests bring along.
    pub(crate) fn of(request: &Request<'_>, scheme: Option<&[u8]>) -> Self {
        let own = || request.headers.first(":scheme").unwrap_or(b"http");
        Self {
            scheme: scheme.unwrap_or_else(own).to_ascii_lowercase(),
            authority: request.authority().to_vec(),
            target: request.target().to_vec(),
        }
    }

    /// The same, to resolve references by.
    pub(crate) fn target(&self) -> Target<'_> {
        Target { scheme: &self.scheme, authority: &self.authority, path: &self.target }
    }

    pub(crate) fn origin(&self) -> Vec<u8> {
        origin(&self.scheme, &self.authority)
    }
}

/// Where a request comes from: a client, or the gateway itself.
pub(crate) struct From<'a> {
    pub(crate) is_refresh: bool,
    /// The scheme of the client for whom the gateway asks.
    pub(crate) scheme: Option<&'a [u8]>,
}

impl Ask {
    /// Reads a request of this rule.
    ///
    /// # Errors
    /// [`Bypass`] where the cache takes no part in it.
    pub(crate) fn read(
        request: &Request<'_>,
        rule: &Rc<Rule>,
        secret: &Secret,
        from: &From<'_>,
    ) -> Result<Self, Bypass> {
        let method = Method::of(request.method()).filter(|_| rule.methods.has(request.method()));
        let method = method.ok_or(Bypass::Method)?;
        if request.body_follows() && !method.has_content() {
            return Err(Bypass::Content);
        }
        Self::of(request, method, rule, secret, from)
    }

    /// A `POST` whose answer may be one to a `GET` for the same target (RFC 9110 §9.3.3).
    ///
    /// # Errors
    /// [`Bypass`] where it is not.
    pub(crate) fn of_post(
        request: &Request<'_>,
        rule: &Rc<Rule>,
        secret: &Secret,
    ) -> Result<Self, Bypass> {
        let from = From { is_refresh: false, scheme: None };
        let mut ask = Self::of(request, Method::Post, rule, secret, &from)?;
        ask.find_whose(request);
        Ok(ask)
    }

    fn of(
        request: &Request<'_>,
        method: Method,
        rule: &Rc<Rule>,
        secret: &Secret,
        from: &From<'_>,
    ) -> Result<Self, Bypass> {
        if request.headers.first("upgrade").is_some() {
            return Err(Bypass::Upgrade);
        }
        if let Some(field) = unkeyed_field(&request.headers, &rule.key.headers) {
            return Err(Bypass::Unkeyed(field));
        }
        let scheme = from.scheme.or_else(|| request.headers.first(":scheme"));
        let scheme = scheme.unwrap_or(b"http").to_ascii_lowercase();
        let mut text = rule.key.url(&scheme, request.authority(), request.target());
        text.extend_from_slice(&rule.key_form);
        let is_known = rule.key.write_rest(request, &mut text);
        let keeps_apart = !rule.key.identity.is_empty() && is_known;
        let is_whose_unknown = match rule.storing.identified {
            Identified::Shared => false,
            Identified::Strict | Identified::Own => !keeps_apart,
        };
        if rule.storing.identified == Identified::Shared {
            // Under another rule these would not be for everybody.
            text.extend_from_slice(b"\nshared");
        }
        let directives = match rule.honours_clients {
            true => RequestDirectives::read(&request.headers),
            false => RequestDirectives::default(),
        };
        Ok(Self {
            rule: Rc::clone(rule),
            method,
            head: request.headers.settled(),
            directives,
            whose: None,
            is_whose_unknown,
            key: Key::new(secret, text),
            scheme,
            is_refresh: from.is_refresh,
            deadline: None,
            waited: None,
        })
    }

    /// Finds out whose it is, where that counts and is not known.
    pub(crate) fn find_whose(&mut self, request: &Request<'_>) {
        if std::mem::take(&mut self.is_whose_unknown) {
            self.whose = Whose::of(request);
        }
    }

    /// Where it goes.
    pub(crate) fn place(&self) -> Place {
        let first = |name| self.head.first(name).unwrap_or_default().to_vec();
        Place {
            scheme: self.scheme.clone(),
            authority: first(":authority"),
            target: first(":path"),
        }
    }

    /// Adds the content to the key (RFC 10008 §2.7).
    pub(crate) fn add_content(&mut self, secret: &Secret, content: &[u8]) {
        let mut text = std::mem::take(&mut self.key.text);
        let method: &[u8] = if self.method == Method::Post { b"POST" } else { b"QUERY" };
        text.extend_from_slice(b"\nmethod ");
        text.extend_from_slice(method);
        for name in gatehouse_caching::method::CONTENT_FIELDS {
            for value in self.head.values(name) {
                text.push(b'\n');
                text.extend_from_slice(name.as_bytes());
                text.push(b' ');
                text.extend_from_slice(value);
            }
        }
        let digest = gatehouse_filter::api_key::Digest::sha256(content).to_string();
        text.extend_from_slice(b"\ncontent ");
        text.extend_from_slice(digest.as_bytes());
        self.key = Key::new(secret, text);
    }

    /// The key of responses for this identity alone, of one that is for everybody.
    pub(crate) fn own_key(&self, key: &Key, secret: &Secret) -> Option<Key> {
        self.whose.as_ref().map(|whose| whose.of_key(secret, key))
    }

    /// Makes the request ask for what the key says: where the key has the best coding or language
    /// that the origin has, the origin is to choose no other.
    pub(crate) fn narrow(&self, headers: &mut Headers) {
        for (name, offered) in [
            ("accept-encoding", &self.rule.selection.encodings),
            ("accept-language", &self.rule.selection.languages),
        ] {
            if offered.is_empty() || self.head.first(name).is_none() {
                continue;
            }
            let mut best = Vec::new();
            self.rule.selection.write_key([name], &self.head, |part| best.extend_from_slice(part));
            let best = best.strip_prefix(b"\0+").unwrap_or_default();
            let value = match (best.is_empty(), name) {
                (false, _) => HeaderValue::try_from(best),
                (true, "accept-encoding") => HeaderValue::try_from(&b"identity"[..]),
                (true, _) => HeaderValue::try_from(&b"*"[..]),
            };
            if let Ok(value) = value {
                headers.set(&HeaderName::from_static(name), value);
            }
        }
    }
}

impl std::fmt::Debug for Whose {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}
