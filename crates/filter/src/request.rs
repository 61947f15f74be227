//! A request on its way to the upstream.

use crate::rules::without_port;
use crate::{
    Attribute, Caller, Callouts, HeaderName, HeaderValue, Headers, Host, Identity, split_target,
};
use std::borrow::Cow;
use std::cell::OnceCell;
use std::net::IpAddr;
use std::rc::Rc;

/// A request head, with the facts around it read from the host when first asked for.
///
/// A fact costs a host call of 1 to 2 µs; a configuration that never asks never pays.
pub struct Request<'h> {
    /// The head's fields, pseudo-header fields included; edits are recorded here.
    pub headers: Headers,
    host: &'h dyn Callouts,
    body_follows: bool,
    facts: Facts,
}

/// What is known around a request's head, as far as somebody has asked for it. Filters of one VM
/// hand it on.
#[derive(Default)]
pub struct Facts {
    /// Who the request is from, by a filter of the same VM.
    pub caller: Option<Rc<Caller>>,
    client_address: OnceCell<Option<IpAddr>>,
    route_name: OnceCell<Option<Vec<u8>>>,
    policy: OnceCell<Option<Vec<u8>>>,
    /// Boxed: facts move from filter to filter, and nobody reads this one where there is a caller.
    identity: OnceCell<Option<Box<Identity>>>,
    is_for_one: bool,
}

impl Facts {
    /// Those of a request that one filter of this VM sees, and no other.
    pub fn for_one() -> Self {
        Self { is_for_one: true, ..Self::default() }
    }

    /// Forgets what the matched route told: the proxy matches again.
    pub fn forget_route(&mut self) {
        self.route_name.take();
        self.policy.take();
    }
}

impl<'h> Request<'h> {
    /// A request as it reached this filter.
    pub fn new(headers: Headers, host: &'h dyn Callouts) -> Self {
        Self::with_facts(headers, Facts::default(), host)
    }

    /// The same, with what is known of it already.
    pub fn with_facts(headers: Headers, facts: Facts, host: &'h dyn Callouts) -> Self {
        Self { headers, host, body_follows: false, facts }
    }

    /// The head with the edits on it, and what is known around it.
    pub fn into_parts(self) -> (Headers, Facts) {
        (self.headers, self.facts)
    }

    /// The same request, with a body to come or without.
    #[must_use]
    pub fn with_body(self, body_follows: bool) -> Self {
        Self { body_follows, ..self }
    }

    /// Whether a body, or trailers, follow the head: then there is a body to ask for.
    pub fn body_follows(&self) -> bool {
        self.body_follows
    }

    /// The proxy that the request goes through.
    pub fn host(&self) -> &'h dyn Host {
        self.host
    }

    /// The same proxy, for calls: whoever needs the answer to one has the request
    /// [wait](crate::Step::Wait).
    pub fn callouts(&self) -> &'h dyn Callouts {
        self.host
    }

    /// The method, empty where the head has none.
    pub fn method(&self) -> &[u8] {
        self.headers.first(":method").unwrap_or_default()
    }

    /// The method, for a filter that reads nothing else of the head: of the only filter of its VM it
    /// is asked of the host, which costs less than fetching a head.
    pub fn method_alone(&self) -> Cow<'_, [u8]> {
        let asked = || self.host.attribute(Attribute::Method).map(Cow::Owned);
        let is_alone = self.facts.is_for_one && self.headers.is_untouched();
        is_alone.then(asked).flatten().unwrap_or_else(|| Cow::Borrowed(self.method()))
    }

    /// The authority: `host` or `host:port`, as the client sent it.
    pub fn authority(&self) -> &[u8] {
        self.headers.first(":authority").unwrap_or_default()
    }

    /// The host of the authority as rules compare it, but for its case: without port and final dot.
    pub fn host_name(&self) -> &[u8] {
        let host = without_port(self.authority());
        host.strip_suffix(b".").unwrap_or(host)
    }

    /// The request target: path and query.
    pub fn target(&self) -> &[u8] {
        self.headers.first(":path").unwrap_or_default()
    }

    /// Replaces the request target, path and query: recorded like any other edit.
    ///
    /// Envoy then matches its route again. Whoever changes the path may send the request to another
    /// route than the one that the filters before it decided on.
    pub fn set_target(&mut self, target: HeaderValue) {
        self.headers.set(&HeaderName::from_static(":path"), target);
    }

    /// Replaces the method: recorded like any other edit. Envoy then matches its route again, as
    /// after [`set_target`](Self::set_target).
    pub fn set_method(&mut self, method: HeaderValue) {
        self.headers.set(&HeaderName::from_static(":method"), method);
    }

    /// Replaces the authority: recorded like any other edit. Envoy then matches its route again, as
    /// after [`set_target`](Self::set_target).
    pub fn set_authority(&mut self, authority: HeaderValue) {
        self.headers.set(&HeaderName::from_static(":authority"), authority);
    }

    /// The path, without the query.
    pub fn path(&self) -> &[u8] {
        split_target(self.target()).0
    }

    /// The query, without the `?`.
    pub fn query(&self) -> Option<&[u8]> {
        split_target(self.target()).1
    }

    /// Whether the client speaks gRPC: then an error must be a gRPC status, not a document.
    pub fn is_grpc(&self) -> bool {
        is_grpc(&self.headers)
    }

    /// Whether it is a CORS preflight (Fetch standard, "CORS-preflight request"). Browsers send it
    /// without credentials: refusing it for want of them refuses every request from another origin.
    ///
    /// One that says it has another method is none: an upstream might take it at its word.
    pub fn is_preflight(&self) -> bool {
        let has = |name: &&str| self.headers.first(name).is_some();
        self.method() == b"OPTIONS"
            && ["origin", "access-control-request-method"].iter().all(has)
            && !self.headers.has_in_any_spelling(&OVERRIDES)
    }

    /// The client's address, after Envoy applied its trusted hops. `None` for a client on a Unix
    /// socket.
    pub fn client_address(&self) -> Option<IpAddr> {
        *self.facts.client_address.get_or_init(|| {
            let bytes = self.host.attribute(Attribute::SourceAddress)?;
            let text = std::str::from_utf8(&bytes).ok()?;
            let address: std::net::SocketAddr = text.parse().ok()?;
            // One client, one key: an IPv4 client on a dual-stack socket is its IPv4 address.
            Some(address.ip().to_canonical())
        })
    }

    /// The name of the matched Envoy route.
    pub fn route_name(&self) -> Option<&[u8]> {
        self.facts.route_name.get_or_init(|| self.host.attribute(Attribute::RouteName)).as_deref()
    }

    /// The policy that the matched Envoy route carries in its metadata.
    pub fn policy(&self) -> Option<&[u8]> {
        self.facts.policy.get_or_init(|| self.host.attribute(Attribute::RoutePolicy)).as_deref()
    }

    /// Who the request is from, where an earlier filter found out.
    pub fn identity(&self) -> Option<&Identity> {
        if let Some(caller) = &self.facts.caller {
            return Some(caller.identity());
        }
        let read = || {
            let bytes = self.host.attribute(Attribute::FilterState(Identity::STATE))?;
            Identity::from_bytes(&bytes).map(Box::new)
        };
        self.facts.identity.get_or_init(read).as_deref()
    }
}

/// Whether the client of a request with this head speaks gRPC (gRPC over HTTP/2, "Requests":
/// content type `application/grpc`, with a suffix or parameters).
pub fn is_grpc(head: &Headers) -> bool {
    is_said_to_be(head.first("content-type").unwrap_or_default(), &["grpc"])
}

/// How a client speaks, and with it the form of an error that it can read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Spoken {
    /// HTTP: a document with a status.
    Http,
    /// gRPC over HTTP/2, also where Envoy's `grpc_web` filter has made it of gRPC-Web.
    Grpc,
    /// gRPC-Web as browsers send it, and what the content type of an answer is.
    GrpcWeb(&'static str),
}

impl Spoken {
    /// As the head of a request says.
    pub fn by(head: &Headers) -> Self {
        let said = head.first("content-type").unwrap_or_default();
        let essence = essence(said);
        let is = |kind: &str| essence.eq_ignore_ascii_case(kind.as_bytes());
        match () {
            () if is_said_to_be(said, &["grpc"]) => Self::Grpc,
            () if is("application/grpc-web") => Self::GrpcWeb("application/grpc-web"),
            () if is("application/grpc-web-text") => Self::GrpcWeb("application/grpc-web-text"),
            // Without the format that messages would have: there are none.
            () if is_said_to_be(said, &["grpc-web"]) => Self::GrpcWeb("application/grpc-web+proto"),
            () if is_said_to_be(said, &["grpc-web-text"]) => {
                Self::GrpcWeb("application/grpc-web-text+proto")
            }
            () => Self::Http,
        }
    }
}

/// A content type without its parameters (RFC 9110 §8.3.1).
pub fn essence(content_type: &[u8]) -> &[u8] {
    content_type.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii()
}

/// Whether a content type is gRPC's, over HTTP/2 or as browsers speak it (gRPC-Web).
pub fn is_grpc_or_grpc_web(content_type: &[u8]) -> bool {
    is_said_to_be(content_type, &["grpc", "grpc-web", "grpc-web-text"])
}

/// Whether a content type is `application/` one of these, with a suffix or parameters (RFC 9110
/// §8.3.1: without regard to case, and with white space before parameters).
fn is_said_to_be(content_type: &[u8], subtypes: &[&str]) -> bool {
    let mut parts = content_type.splitn(2, |byte| matches!(byte, b'+' | b';'));
    let essence = parts.next().unwrap_or_default().trim_ascii();
    let (kind, subtype) = essence.split_at_checked(12).unwrap_or_default();
    kind.eq_ignore_ascii_case(b"application/")
        && subtypes.iter().any(|known| subtype.eq_ignore_ascii_case(known.as_bytes()))
}

/// Where frameworks look for a method that replaces the request's own.
const OVERRIDES: [HeaderName; 3] = [
    HeaderName::from_static("x-http-method-override"),
    HeaderName::from_static("x-http-method"),
    HeaderName::from_static("x-method-override"),
];
