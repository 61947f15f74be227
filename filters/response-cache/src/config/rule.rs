//! A rule of the configuration.

use super::{distinct, freshness, is_off, key};
use crate::key::KeyParts;
use crate::rule::{Methods, Rule};
use gatehouse_caching::{
    FreshnessOptions, Identified, Selection, SetCookie, StoringOptions, method,
};
use gatehouse_filter::config::{Fields, Node};
use gatehouse_filter::{HeaderName, Mode};
use serde_json::Value;
use std::time::Duration;

/// A rule before its name is known.
pub(super) struct Unnamed {
    methods: Methods,
    key: KeyParts,
    storing: StoringOptions,
    freshness: FreshnessOptions,
    honours_clients: bool,
    selection: Selection,
    tags: Vec<HeaderName>,
    collapse: Option<Duration>,
    mode: Mode,
}

const IDENTIFIED: [(&str, Identified); 3] =
    [("strict", Identified::Strict), ("own", Identified::Own), ("shared", Identified::Shared)];
const SET_COOKIE: [(&str, SetCookie); 3] =
    [("refuse", SetCookie::Refuse), ("strip", SetCookie::Strip), ("store", SetCookie::Store)];

/// For how long a request waits for another one, unless the rule says otherwise.
const WAIT: Duration = Duration::from_secs(10);

pub(super) fn read(fields: &mut Fields<'_>) -> Option<Unnamed> {
    let methods =
        fields.with_default("methods", Methods { head: true, query: false, post: false }, |node| {
            methods(&node)
        });
    let key = fields.with_default("key", KeyParts::default(), |node| key::read(&node));
    let identified = fields.optional("identified", |node| Some((node.one_of(&IDENTIFIED)?, node)));
    let freshness =
        fields.with_default("freshness", freshness::default(), |node| freshness::read(&node));
    let honours_clients = fields.with_default("client_directives", true, |node| {
        node.one_of(&[("honour", true), ("ignore", false)])
    });
    if let (Some(false), Some(wording)) = (honours_clients, fields.given("refusal")) {
        return wording.fault("has no effect with `client_directives: ignore`: none is refused");
    }
    let set_cookie =
        fields.with_default("set_cookie", SetCookie::Refuse, |node| node.one_of(&SET_COOKIE));
    let encodings = fields.with_default("encodings", Vec::new(), |node| offered(&node));
    let languages = fields.with_default("languages", Vec::new(), |node| offered(&node));
    let tags = fields.with_default("tags", default_tags(), |node| distinct(&node, tag));
    let collapse = fields.with_default("collapse", Some(WAIT), |node| collapse(&node));
    let mode = fields.with_default("mode", Mode::Enforce, Mode::read);
    let (methods, key, identified) = (methods?, key?, identified?);
    sees_changes(fields.node(), methods)?;
    if let Some((Identified::Own | Identified::Shared, node)) = &identified
        && !key.identity.is_empty()
    {
        return node.fault("goes with a key without `identity`: a key with it says for whom");
    }
    let identified = identified.map_or(Identified::Strict, |(identified, _)| identified);
    Some(Unnamed {
        methods,
        key,
        storing: StoringOptions { identified, set_cookie: set_cookie? },
        freshness: freshness?,
        honours_clients: honours_clients?,
        selection: Selection { encodings: encodings?, languages: languages? },
        tags: tags?,
        collapse: collapse?,
        mode: mode?,
    })
}

impl Unnamed {
    pub(super) fn named(self, name: &str, is_shadow: bool) -> Rule {
        let Self { methods, key, storing, freshness, honours_clients, selection, .. } = self;
        Rule {
            name: name.into(),
            methods,
            key_form: key.form(),
            key,
            storing,
            freshness,
            honours_clients,
            selection,
            tags: self.tags,
            collapse: self.collapse,
            is_shadow: is_shadow || self.mode == Mode::Shadow,
        }
    }
}

fn methods(node: &Node<'_>) -> Option<Methods> {
    let mut has_get = false;
    let mut methods = Methods { head: false, query: false, post: false };
    node.nonempty_list(|node| {
        let method = node.text()?;
        let is_new = match method {
            "GET" => !std::mem::replace(&mut has_get, true),
            "HEAD" => !std::mem::replace(&mut methods.head, true),
            "QUERY" => !std::mem::replace(&mut methods.query, true),
            "POST" => !std::mem::replace(&mut methods.post, true),
            _ => return node.fault("must be one of GET, HEAD, QUERY, POST"),
        };
        if is_new { Some(()) } else { node.fault("is there twice") }
    })?;
    if !has_get {
        return node.fault("must have GET: the others are kept beside it");
    }
    Some(methods)
}

/// Whether the requests that the rule is for are those that it answers, and those that change what
/// it has stored.
fn sees_changes(rule: &Node<'_>, methods: Methods) -> Option<()> {
    let Some(matched) = rule.value().pointer("/match/methods").and_then(Value::as_array) else {
        return Some(());
    };
    let matches = |method: &str| matched.iter().any(|matched| matched == method);
    let answered = ["GET", "HEAD", "QUERY", "POST"].iter();
    let mut answered = answered.filter(|method| methods.has(method.as_bytes()));
    if let Some(method) = answered.find(|method| !matches(method)) {
        return rule.fault(format!("`methods` has {method}, and `match` leaves it out"));
    }
    let is_unsafe =
        |method: &Value| method.as_str().is_some_and(|method| !method::is_safe(method.as_bytes()));
    match matched.iter().any(is_unsafe) {
        true => Some(()),
        false => rule.fault(
            "`match.methods` leaves out those that change what is stored: nothing would be \
             invalidated; say in `methods` what is answered",
        ),
    }
}

/// What the origin has, best first.
fn offered(node: &Node<'_>) -> Option<Vec<String>> {
    distinct(node, |node| {
        let text = node.text()?;
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        match text.bytes().all(is_token) {
            true => Some(text.to_ascii_lowercase()),
            false => node.fault("must be one coding or language, such as br or de-AT"),
        }
    })
}

fn default_tags() -> Vec<HeaderName> {
    ["surrogate-key", "cache-tag"].map(HeaderName::from_static).to_vec()
}

fn tag(node: &Node<'_>) -> Option<HeaderName> {
    HeaderName::try_from(node.text()?).map_or_else(|invalid| node.fault(invalid.to_string()), Some)
}

/// `off`, or for how long.
fn collapse(node: &Node<'_>) -> Option<Option<Duration>> {
    if is_off(node)? {
        return Some(None);
    }
    let mut fields = node.fields()?;
    let wait = fields.with_default("wait", WAIT, |node| {
        let wait = node.duration()?;
        match (Duration::from_millis(100)..=Duration::from_secs(300)).contains(&wait) {
            true => Some(wait),
            false => node.fault("must be from 100ms to 5m"),
        }
    });
    fields.finish();
    wait.map(Some)
}
