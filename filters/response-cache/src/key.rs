//! What a response is stored under: the URL, and what else of the request an operator says.

use crate::identity::{Member, Whose};
use gatehouse_filter::api_key::Digest as Sha256;
use gatehouse_filter::{
    HeaderName, Request, Secret, cookie_values, hex, percent_decoded, percent_encoded,
};
use siphasher::sip128::Hasher128 as _;
use std::hash::Hasher as _;

/// What a key, or a part of it, is known by in the store.
pub(crate) type Digest = [u8; 16];

/// A key: its text is stored with the object, its digest finds it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Key {
    /// The URL, then a line for each other part. No part has a line break.
    pub(crate) text: Vec<u8>,
    pub(crate) digest: Digest,
}

/// What keys are made of, as a rule says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct KeyParts {
    pub(crate) host: bool,
    pub(crate) query: Query,
    pub(crate) sort_query: bool,
    pub(crate) headers: Vec<HeaderName>,
    pub(crate) cookies: Vec<String>,
    pub(crate) identity: Vec<Member>,
}

/// Which parameters of the query count.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Query {
    /// All, as they were sent.
    All,
    Only(Vec<NamePattern>),
    Without(Vec<NamePattern>),
}

/// A name, or the beginning of names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct NamePattern {
    pub(crate) text: String,
    pub(crate) is_prefix: bool,
}

impl Key {
    pub(crate) fn new(secret: &Secret, text: Vec<u8>) -> Self {
        Self { digest: digest(secret, &text), text }
    }

    /// The same key with one more line.
    pub(crate) fn with_line(&self, secret: &Secret, name: &str, value: &[u8]) -> Self {
        // Only values with bytes that are no text become longer than they are.
        let more = name.len().saturating_add(value.len()).saturating_add(2);
        let mut text = Vec::with_capacity(self.text.len().saturating_add(more));
        text.extend_from_slice(&self.text);
        line(&mut text, name, value);
        Self::new(secret, text)
    }

    /// The digest of the same key with one more line, a name without a value.
    pub(crate) fn digest_with(&self, secret: &Secret, name: &str) -> Digest {
        let mut hasher = secret.hasher();
        hasher.write(&self.text);
        hasher.write(b"\n");
        hasher.write(name.as_bytes());
        hasher.finish128().as_bytes()
    }

    /// The URL.
    pub(crate) fn url(&self) -> &[u8] {
        url_of(&self.text)
    }
}

/// A digest that nobody outside can aim at.
pub(crate) fn digest(secret: &Secret, bytes: &[u8]) -> Digest {
    let mut hasher = secret.hasher();
    hasher.write(bytes);
    hasher.finish128().as_bytes()
}

/// The URL in the text of a key.
pub(crate) fn url_of(text: &[u8]) -> &[u8] {
    text.split(|byte| *byte == b'\n').next().unwrap_or_default()
}

/// Whether a URL is that of an answer for all hosts.
pub(crate) fn is_for_all_hosts(url: &[u8]) -> bool {
    authority_of(url) == ANY_HOST
}

pub(crate) fn scheme_of(url: &[u8]) -> &[u8] {
    let end = url.windows(3).position(|part| part == b"://").unwrap_or(0);
    url.get(..end).unwrap_or_default()
}

pub(crate) fn authority_of(url: &[u8]) -> &[u8] {
    let rest = after_scheme(url);
    rest.strip_suffix(target_of(url)).unwrap_or(rest)
}

/// Path and query of a URL.
pub(crate) fn target_of(url: &[u8]) -> &[u8] {
    let rest = after_scheme(url);
    let path = rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len());
    rest.get(path..).unwrap_or_default()
}

fn after_scheme(url: &[u8]) -> &[u8] {
    let scheme = url.windows(3).position(|part| part == b"://");
    scheme.and_then(|at| url.get(at.saturating_add(3)..)).unwrap_or(url)
}

/// Stands for the authority where all hosts have one answer: no authority has such characters.
const ANY_HOST: &[u8] = b"<any>";

/// Scheme and authority in the form in which they are compared (RFC 9110 §4.2.3): lower case,
/// without the scheme's own port.
pub(crate) fn origin(scheme: &[u8], authority: &[u8]) -> Vec<u8> {
    let mut origin = Vec::with_capacity(128);
    write_origin(&mut origin, scheme, authority);
    origin
}

fn write_origin(to: &mut Vec<u8>, scheme: &[u8], authority: &[u8]) {
    let port: &[u8] = if scheme.eq_ignore_ascii_case(b"https") { b":443" } else { b":80" };
    let authority = authority.strip_suffix(port).unwrap_or(authority);
    to.extend(scheme.iter().map(u8::to_ascii_lowercase));
    to.extend_from_slice(b"://");
    to.extend(authority.iter().map(u8::to_ascii_lowercase));
}

impl KeyParts {
    /// A line for the keys of a rule that has others than the usual parts in them; nothing for one
    /// that has not. Where an operator changes what counts, nothing is an answer that was stored
    /// before.
    pub(crate) fn form(&self) -> Vec<u8> {
        let mut form = Vec::new();
        if *self != Self::default() {
            let digest = Sha256::sha256(format!("{self:?}").as_bytes()).to_string();
            let short = digest.as_bytes().last_chunk::<16>().map_or(&[][..], |chunk| chunk);
            line(&mut form, "parts", short);
        }
        form
    }

    /// The URL of a request as it is in keys. `scheme` is the one that the client used.
    pub(crate) fn url(&self, scheme: &[u8], authority: &[u8], target: &[u8]) -> Vec<u8> {
        let mut url = Vec::with_capacity(target.len().saturating_add(128));
        write_origin(&mut url, scheme, if self.host { authority } else { ANY_HOST });
        let (path, query) = gatehouse_filter::split_target(target);
        url.extend_from_slice(path);
        let Some(query) = query else { return url };
        if self.query == Query::All && !self.sort_query {
            url.push(b'?');
            url.extend_from_slice(query);
            return url;
        }
        let mut pairs: Vec<&[u8]> =
            query.split(|byte| *byte == b'&').filter(|pair| self.counts(pair)).collect();
        if self.sort_query {
            // Parameters of one name stay in their order: servers read the first, or the last.
            pairs.sort_by_key(|pair| name_of(pair));
        }
        if !pairs.is_empty() {
            url.push(b'?');
            url.extend(pairs.join(&b'&'));
        }
        url
    }

    /// The rest of the text: what else of the request the rule says. Whether all parts of the
    /// identity that it names are there.
    pub(crate) fn write_rest(&self, request: &Request<'_>, text: &mut Vec<u8>) -> bool {
        for name in &self.headers {
            for value in request.headers.values(name.as_str()) {
                line(text, "header", &[name.as_str().as_bytes(), b": ", value].concat());
            }
        }
        for name in &self.cookies {
            for value in cookie_values(&request.headers, name) {
                line(text, "cookie", &[name.as_bytes(), b"=", value].concat());
            }
        }
        let mut is_known = true;
        for member in &self.identity {
            match request.identity().and_then(|identity| member.of(identity)) {
                Some(value) => line(text, member.name(), value.as_bytes()),
                None => is_known = false,
            }
        }
        is_known
    }

    /// Whether a parameter counts. One with a `;` always does: there are servers that take what is
    /// behind it for another parameter, which would then be none of the key.
    fn counts(&self, pair: &[u8]) -> bool {
        let is_named = |names: &[NamePattern]| {
            let name = name_of(pair);
            names.iter().any(|pattern| pattern.fits(name))
        };
        pair.contains(&b';')
            || match &self.query {
                Query::All => true,
                Query::Only(names) => is_named(names),
                Query::Without(names) => !is_named(names),
            }
    }
}

impl NamePattern {
    fn fits(&self, name: &[u8]) -> bool {
        let mut name = percent_decoded(name);
        let begins = self.text.bytes().all(|byte| name.next() == Some(byte));
        begins && (self.is_prefix || name.next().is_none())
    }
}

impl Whose {
    /// Whose a key is, as a line of it: who it is cannot be read there.
    pub(crate) fn of_key(&self, secret: &Secret, key: &Key) -> Key {
        let digest = digest(secret, &self.0);
        let digest = hex::text(&digest);
        key.with_line(secret, "for", digest.as_bytes())
    }
}

fn name_of(pair: &[u8]) -> &[u8] {
    pair.split(|byte| *byte == b'=').next().unwrap_or_default()
}

/// Adds a line. Values of fields have no line breaks, those of identities may have anything.
fn line(text: &mut Vec<u8>, name: &str, value: &[u8]) {
    text.push(b'\n');
    text.extend_from_slice(name.as_bytes());
    text.push(b' ');
    if value.iter().all(|byte| matches!(byte, b' '..=b'~') && *byte != b'%') {
        text.extend_from_slice(value);
    } else {
        text.extend(percent_encoded(value));
    }
}

#[cfg(test)]
mod tests;
