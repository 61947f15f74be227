use super::Sent;
use super::fetch::{Fetch, Limits};
use crate::config::{Fields, Node};
use crate::{Callout, HeaderName, HeaderValue};
use std::time::Duration;

/// Where something comes from.
pub struct Source {
    /// An Envoy cluster.
    pub cluster: String,
    /// What is fetched through it; with `lead`, the document that is fetched first.
    pub location: Location,
    /// Where the location is only that of a document that says where the thing itself is.
    pub lead: Option<Lead>,
    /// What it may be: an `accept` field (RFC 9110 §12.5.1).
    pub accept: &'static str,
    /// What else is sent; not with what goes through another cluster than this source's.
    pub sent: Sent,
    /// When and how long.
    pub fetch: Fetch,
}

/// Where something is on a server. Which server that is, the cluster says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Location {
    /// What `host` says to the server.
    pub authority: String,
    /// With the query, if there is one.
    pub path: String,
}

/// A document that says where the thing itself is: the first part of each fetch.
pub struct Lead {
    /// What tells it from others in the same slot.
    pub name: String,
    /// The cluster that the thing itself is fetched through.
    pub cluster: String,
    /// Where that is, by the document.
    pub locate: Locate,
}

/// Reads a document, or says why it cannot be followed.
type Locate = Box<dyn Fn(&[u8]) -> Result<Location, String>>;

impl Location {
    /// Reads what can stand in a request as its authority.
    pub fn read_authority(node: Node<'_>) -> Option<String> {
        visible(&node)
    }

    /// Reads what can be the target of a request.
    pub fn read_path(node: Node<'_>) -> Option<String> {
        let path = visible(&node)?;
        if path.starts_with('/') { Some(path) } else { node.fault("must begin with /") }
    }
}

impl Source {
    /// Reads `cluster`, `authority`, `path` and `headers`, and how it is fetched.
    pub fn read(fields: &mut Fields<'_>, limits: &Limits) -> Option<Self> {
        let cluster = fields.required("cluster", |node| node.text().map(str::to_owned));
        let authority = fields.optional("authority", Location::read_authority);
        let path = fields.required("path", Location::read_path);
        let sent = Sent::read(fields);
        let fetch = Fetch::read(fields, limits);
        let (cluster, sent, fetch) = (cluster?, sent?, fetch?);
        let authority = authority?.unwrap_or_else(|| cluster.clone());
        let location = Location { authority, path: path? };
        Some(Self { cluster, location, lead: None, accept: "application/json", sent, fetch })
    }

    /// What makes two sources one, whatever else differs between them.
    pub(super) fn name(&self) -> String {
        let Location { authority, path } = &self.location;
        let mut name = format!("{}\n{authority}\n{path}", self.cluster);
        // Whoever has another key may be told something else.
        if let Some(digest) = self.sent.digest() {
            name = format!("{name}\n{digest}");
        }
        match &self.lead {
            None => name,
            Some(lead) => format!("{name}\n{}\n{}", lead.cluster, lead.name),
        }
    }

    /// How long a fetch may take, and a request may wait for it: an answer, or two.
    pub(super) fn patience(&self) -> Duration {
        if self.lead.is_some() { self.fetch.timeout.saturating_mul(2) } else { self.fetch.timeout }
    }

    /// Asks for what is fetched first, where it is another than the one with this tag.
    pub(super) fn first(&self, tag: Option<String>) -> Callout {
        self.get(&self.cluster, &self.location, tag)
    }

    /// Asks for it where a document said that it is. That may be elsewhere than the last time,
    /// where a tag means something else.
    pub(super) fn led_to(&self, lead: &Lead, location: &Location) -> Callout {
        self.get(&lead.cluster, location, None)
    }

    fn get(&self, cluster: &str, location: &Location, tag: Option<String>) -> Callout {
        // Some servers send gzip all the same.
        let mut headers = vec![
            (ACCEPT, HeaderValue::from_static(self.accept)),
            (ACCEPT_ENCODING, HeaderValue::from_static("identity")),
        ];
        // A tag that cannot be sent was not received from a server either.
        let tag = tag.and_then(|tag| HeaderValue::try_from(tag.into_bytes()).ok());
        headers.extend(tag.map(|tag| (IF_NONE_MATCH, tag)));
        // What the operator gave to one cluster is for no other.
        if cluster == self.cluster {
            headers.extend_from_slice(self.sent.fields());
        }
        Callout {
            cluster: cluster.to_owned(),
            method: "GET".into(),
            authority: location.authority.clone(),
            path: location.path.clone(),
            headers,
            body: Vec::new(),
            timeout: self.fetch.timeout,
            max_answer_bytes: self.fetch.max_size,
        }
    }
}

const ACCEPT: HeaderName = HeaderName::from_static("accept");
const ACCEPT_ENCODING: HeaderName = HeaderName::from_static("accept-encoding");
const IF_NONE_MATCH: HeaderName = HeaderName::from_static("if-none-match");

/// What can stand in a request line as it is.
fn visible(node: &Node<'_>) -> Option<String> {
    let text = node.text()?;
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return node.fault("must be printable ASCII without spaces");
    }
    Some(text.to_owned())
}
