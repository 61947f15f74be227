//! The admin route by which what is stored is purged.

use crate::keep::{group_label, tag_label};
use crate::key::{authority_of, digest, origin, scheme_of, target_of, url_of};
use crate::object::{Kind, Object};
use crate::purges::{Purged, begins};
use crate::refusal::Refusal;
use crate::rule::Rule;
use crate::searches::{search_label_of_all, search_labels};
use crate::total::Total;
use crate::{Event, ResponseCache};
use gatehouse_filter::api_key::{Digest, MAX_KEY};
use gatehouse_filter::rules::Rules;
use gatehouse_filter::{
    Document, Event as _, HeaderName, HeaderValue, Host, Network, Request, Secret, StoreError,
    percent_decoded, split_target,
};
use serde_json::{Map, json};
use std::rc::Rc;

/// Who may purge, and where.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) path: String,
    /// Credentials: one of them is sent in `authorization`.
    pub(crate) keys: Vec<Digest>,
    /// Networks: the client is in one of them.
    pub(crate) sources: Vec<Network>,
}

/// What is to be purged.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Order {
    All,
    /// A URL, or a path for every origin: as it was sent, and as the rules write it in their keys.
    Url(Vec<u8>, Vec<Vec<u8>>),
    Prefix(Vec<u8>),
    Tag(Vec<u8>),
    /// A cache group (RFC 9875), of every origin.
    Group(Vec<u8>),
}

/// The most orders in one request.
const MOST_ORDERS: usize = 64;
/// The longest prefix: it is kept for as long as others are.
const LONGEST: usize = 2048;

impl Route {
    pub(crate) fn is_for(&self, request: &Request<'_>) -> bool {
        request.path() == self.path.as_bytes()
    }

    /// Whether the client may purge.
    ///
    /// # Errors
    /// [`Refusal`]
    fn admit(&self, request: &Request<'_>) -> Result<(), Refusal> {
        if !self.sources.is_empty() {
            // An address that cannot be told is in no network.
            let address = request.client_address().ok_or(Refusal::PurgeForbidden)?;
            if !self.sources.iter().any(|network| network.has(address)) {
                return Err(Refusal::PurgeForbidden);
            }
        }
        if !self.keys.is_empty() {
            let sent =
                request.headers.only("authorization").map_err(|_| Refusal::PurgeUnauthorized)?;
            let key = sent.and_then(bearer).filter(|key| !key.is_empty() && key.len() <= MAX_KEY);
            let digest = Digest::sha256(key.ok_or(Refusal::PurgeUnauthorized)?);
            // All are compared, so that the time says nothing of which one it is.
            let is_one = self.keys.iter().fold(false, |is_one, key| is_one | key.equals(&digest));
            if !is_one {
                return Err(Refusal::PurgeUnauthorized);
            }
        }
        if request.method() != b"POST" {
            return Err(Refusal::PurgeMethod);
        }
        Ok(())
    }
}

/// The credential behind `Bearer` (RFC 6750 §2.1).
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, key) = value.split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| key.trim_ascii())
}

impl Order {
    /// Those of a request.
    ///
    /// # Errors
    /// [`Refusal::PurgeInvalid`] with what is wrong.
    fn all(request: &Request<'_>, rules: &Rules<Rc<Rule>>) -> Result<Vec<Self>, Refusal> {
        let invalid = |why: &str| Refusal::PurgeInvalid(why.to_owned());
        let query = request.query().unwrap_or_default();
        let pairs = query.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
        let mut orders = Vec::new();
        for pair in pairs {
            if !is_encoded(pair) {
                return Err(invalid("A `%` needs two hexadecimal digits"));
            }
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name: Vec<u8> = percent_decoded(halves.next().unwrap_or_default()).collect();
            let value: Vec<u8> = percent_decoded(halves.next().unwrap_or_default()).collect();
            if value.is_empty() || value.len() > LONGEST || value.contains(&b'\n') {
                return Err(invalid("Each parameter needs a value of 1 to 2048 bytes"));
            }
            orders.push(match name.as_slice() {
                b"all" if value == b"true" => Self::All,
                b"all" => return Err(invalid("`all` must be `true`")),
                b"url" => {
                    let url = place(&value).ok_or_else(|| invalid(NO_PLACE))?;
                    let forms = forms(&url, rules);
                    Self::Url(url, forms)
                }
                b"prefix" => Self::Prefix(place(&value).ok_or_else(|| invalid(NO_PLACE))?),
                b"tag" => Self::Tag(value),
                b"group" => Self::Group(value),
                _ => return Err(invalid("The parameters are url, prefix, tag, group and all")),
            });
            if orders.len() > MOST_ORDERS {
                return Err(invalid("A request can have 64 parameters at most"));
            }
        }
        if orders.is_empty() {
            return Err(invalid("Say what to purge: url, prefix, tag, group or all=true"));
        }
        Ok(orders)
    }

    /// Whether an object is meant.
    fn is_for(&self, object: &Object) -> bool {
        let url = url_of(object.key());
        match self {
            Self::All => true,
            Self::Url(place, forms) => {
                let url = if place.starts_with(b"/") { target_of(url) } else { url };
                forms.iter().any(|form| form == url || object.has_label(&search_label(form)))
            }
            Self::Prefix(prefix) => begins(url, prefix),
            Self::Tag(_) | Self::Group(_) => object.has_label(&self.label()),
        }
    }

    /// What is to be known of it by whoever stores, or serves what this VM has a copy of.
    fn purged(&self, secret: &Secret) -> Vec<Purged> {
        match self {
            Self::All => vec![Purged::All],
            Self::Url(_, forms) => {
                let form = |form: &Vec<u8>| match form.starts_with(b"/") {
                    // A path alone is a URL of every origin: no digest is all of them.
                    true => Purged::Prefix([form, &b"\n"[..]].concat()),
                    false => Purged::One(digest(secret, form)),
                };
                let search = |form: &Vec<u8>| Purged::One(digest(secret, &search_label(form)));
                forms.iter().map(form).chain(forms.iter().map(search)).collect()
            }
            Self::Prefix(prefix) => vec![Purged::Prefix(prefix.clone())],
            Self::Tag(_) | Self::Group(_) => vec![Purged::One(digest(secret, &self.label()))],
        }
    }

    /// The label of the objects that are meant.
    fn label(&self) -> Vec<u8> {
        match self {
            Self::Group(group) => group_label(b"*", group),
            Self::Tag(tag) => tag_label(tag),
            Self::All | Self::Url(..) | Self::Prefix(_) => Vec::new(),
        }
    }
}

/// What those responses have to which any query of a URL, or of a path, may lead.
fn search_label(form: &[u8]) -> Vec<u8> {
    match form.starts_with(b"/") {
        true => search_label_of_all(form),
        false => {
            let [label, _] = search_labels(form);
            label
        }
    }
}

/// Whether each `%` begins an escape (RFC 3986 §2.1): one that does not is a mistake.
fn is_encoded(text: &[u8]) -> bool {
    text.split(|byte| *byte == b'%').skip(1).all(|part| {
        part.first_chunk::<2>().is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}

/// A URL, or a path, in all forms that the rules for it give it in their keys.
fn forms(url: &[u8], rules: &Rules<Rc<Rule>>) -> Vec<Vec<u8>> {
    let mut forms = vec![url.to_vec()];
    for rule in rules.of_path(split_target(target_of(url)).0) {
        let key = &rule.action.key;
        let form = match url.starts_with(b"/") {
            true => target_of(&key.url(b"http", b"", url)).to_vec(),
            false => key.url(scheme_of(url), authority_of(url), target_of(url)),
        };
        if !forms.contains(&form) {
            forms.push(form);
        }
    }
    forms
}

const NO_PLACE: &str =
    "`url` and `prefix` must be a URL such as https://shop.example/products, or a path";

/// A URL in the form in which keys have it, or a path.
fn place(text: &[u8]) -> Option<Vec<u8>> {
    if text.starts_with(b"/") {
        return Some(text.to_vec());
    }
    let at = text.windows(3).position(|part| part == b"://")?;
    let (scheme, rest) = (text.get(..at)?, text.get(at.saturating_add(3)..)?);
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(rest.len());
    let (authority, target) = rest.split_at_checked(end)?;
    let is_scheme = scheme.eq_ignore_ascii_case(b"http") || scheme.eq_ignore_ascii_case(b"https");
    if !is_scheme || authority.is_empty() {
        return None;
    }
    let slash: &[u8] = if target.starts_with(b"/") { b"" } else { b"/" };
    Some([&origin(scheme, authority), slash, target].concat())
}

impl ResponseCache {
    /// Answers a request to the route.
    ///
    /// # Errors
    /// [`Refusal`]
    pub(crate) fn purge(
        &self,
        route: &Route,
        request: &Request<'_>,
        secret: &Secret,
    ) -> Result<Document, Refusal> {
        route.admit(request)?;
        let orders = Order::all(request, &self.config.rules)?;
        let host = request.host();
        self.carry_out(&orders, secret, host).map_err(|StoreError| Refusal::StoreFailed)
    }

    fn carry_out(
        &self,
        orders: &[Order],
        secret: &Secret,
        host: &dyn Host,
    ) -> Result<Document, StoreError> {
        // First it is known, so that nothing comes back; then what is there goes.
        for purged in orders.iter().flat_map(|order| order.purged(secret)) {
            self.config.purges.purge(host, &purged)?;
        }
        let mut hits = vec![0_u64; orders.len()];
        let mut objects = 0_u64;
        let gone = self.config.objects.remove_all(host, |object| {
            let mut is_gone = false;
            let is_response = object.fixed().kind == Kind::Response;
            for (order, hits) in orders.iter().zip(&mut hits) {
                if order.is_for(object) {
                    is_gone = true;
                    *hits = hits.saturating_add(is_response.into());
                }
            }
            objects = objects.saturating_add((is_gone && is_response).into());
            is_gone
        })?;
        host.add(Event::Purged.counter(), objects);
        self.gauges.show(self.config.objects.total(host)?, host);
        Ok(told(orders, &hits, Total { objects, ..gone }))
    }
}

/// What was hit.
fn told(orders: &[Order], hits: &[u64], gone: Total) -> Document {
    let mut answer = Map::new();
    answer.insert("objects".to_owned(), json!(gone.objects));
    answer.insert("bytes".to_owned(), json!(gone.bytes));
    for (order, hits) in orders.iter().zip(hits) {
        let (kind, name) = match order {
            Order::All => {
                answer.insert("all".to_owned(), json!(hits));
                continue;
            }
            Order::Url(url, _) => ("urls", url),
            Order::Prefix(prefix) => ("prefixes", prefix),
            Order::Tag(tag) => ("tags", tag),
            Order::Group(group) => ("groups", group),
        };
        let of_kind = answer.entry(kind).or_insert_with(|| json!({}));
        if let Some(of_kind) = of_kind.as_object_mut() {
            of_kind.insert(String::from_utf8_lossy(name).into_owned(), json!(hits));
        }
    }
    let body = serde_json::to_vec(&answer).unwrap_or_default();
    let json = HeaderValue::from_static("application/json");
    let no_store = HeaderValue::from_static("no-store");
    let headers = vec![
        (HeaderName::from_static("content-type"), json),
        (HeaderName::from_static("cache-control"), no_store),
    ];
    Document { status: 200, headers, body: body.into() }
}
