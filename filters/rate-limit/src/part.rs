//! The parts of a request that a rule's key is made of.

use gatehouse_filter::config::{Fields, Node};
use gatehouse_filter::rules::Captures;
use gatehouse_filter::{
    HeaderName, Identity, Network, Request, cookie_values, percent_decoded, query_values,
};
use serde_json::Value;
use std::borrow::Cow;
use std::net::IpAddr;

/// What a request is told apart by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Part {
    /// The client's address, cut to networks.
    ClientAddress(Networks),
    /// Every value of a header field.
    Header(HeaderName),
    /// Every value of a query parameter, decoded.
    Query(String),
    /// Every value of a cookie.
    Cookie(String),
    /// What the rule's path template captured under the name, decoded.
    Capture(String),
    /// The path as it is on the wire, without the query.
    Path,
    /// The method.
    Method,
    /// The name of the matched Envoy route.
    Route,
    /// The host as rules compare it: in lower case, without port and final dot.
    Host,
    /// A member of the identity that an earlier filter found out.
    Identity(Member),
    /// A claim of the identity.
    Claim(String),
}

/// How many bits of an address count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Networks {
    /// At most 32.
    pub(crate) ipv4: u8,
    /// At most 128.
    pub(crate) ipv6: u8,
}

impl Default for Networks {
    /// An IPv4 address, and the /64 network that one IPv6 subscriber has at least.
    fn default() -> Self {
        Self { ipv4: 32, ipv6: 64 }
    }
}

impl Networks {
    fn of(self, address: IpAddr) -> Network {
        match address {
            IpAddr::V4(address) => Network::of_ipv4(address, self.ipv4),
            IpAddr::V6(address) => Network::of_ipv6(address, self.ipv6),
        }
    }
}

/// A member of the identity that is one text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Member {
    Subject,
    Consumer,
    Tier,
    Issuer,
}

/// A request with what its rule's path template captured.
#[derive(Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub(crate) request: &'a Request<'a>,
    pub(crate) captures: &'a Captures,
}

/// What a value is; the same bytes of another kind are another value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Text = 1,
    Json = 2,
    Ipv4 = 4,
    Ipv6 = 6,
}

impl Part {
    /// As the configuration spells it: `header`, `x-tenant`.
    pub(crate) fn definition(&self) -> (&'static str, String) {
        let (kind, name) = match self {
            Self::ClientAddress(Networks { ipv4, ipv6 }) => {
                return ("client_address", format!("{ipv4} {ipv6}"));
            }
            Self::Header(name) => ("header", name.as_str()),
            Self::Query(name) => ("query", name.as_str()),
            Self::Cookie(name) => ("cookie", name.as_str()),
            Self::Capture(name) => ("capture", name.as_str()),
            Self::Path => ("path", ""),
            Self::Method => ("method", ""),
            Self::Route => ("route", ""),
            Self::Host => ("host", ""),
            Self::Identity(member) => (member.name(), ""),
            Self::Claim(path) => ("claim", path.as_str()),
        };
        (kind, name.to_owned())
    }

    /// Whether a request has it because its client sent it, rather than by the connection and the
    /// route: a client on a Unix socket has no address, whatever it sends.
    pub(crate) fn is_clients_to_send(&self) -> bool {
        !matches!(self, Self::ClientAddress(_) | Self::Route)
    }

    /// Shows the values that the request has for the part, in order; none where it has none.
    /// Whether that was all of them: a head has room for thousands, of which the first
    /// [`MOST_VALUES`] are shown.
    pub(crate) fn values(&self, facts: &Facts<'_>, mut see: impl FnMut(Kind, &[u8])) -> bool {
        /// The one too many is looked for, and not shown.
        const ONE_MORE: usize = MOST_VALUES + 1;
        let request = facts.request;
        let mut seen = 0_usize;
        let mut text = |value: &[u8]| {
            seen = seen.saturating_add(1);
            if seen < ONE_MORE {
                see(Kind::Text, value);
            }
        };
        match self {
            Self::ClientAddress(networks) => {
                match request.client_address().map(|address| networks.of(address)) {
                    Some(Network::V4 { first, .. }) => see(Kind::Ipv4, &first.to_be_bytes()),
                    Some(Network::V6 { first, .. }) => see(Kind::Ipv6, &first.to_be_bytes()),
                    None => {}
                }
            }
            Self::Header(name) => {
                request.headers.values(name.as_str()).take(ONE_MORE).for_each(text);
            }
            Self::Query(name) => {
                let values = query_values(request.query().unwrap_or_default(), name);
                values.take(ONE_MORE).map(decoded).for_each(|value| text(&value));
            }
            Self::Cookie(name) => {
                cookie_values(&request.headers, name).take(ONE_MORE).for_each(text);
            }
            Self::Capture(name) => {
                let value = facts.captures.get(name);
                value.map(decoded).into_iter().for_each(|value| text(&value));
            }
            Self::Path => text(request.path()),
            Self::Method => text(request.method()),
            Self::Route => request.route_name().into_iter().for_each(text),
            Self::Host => {
                let host = request.host_name();
                (!host.is_empty())
                    .then(|| host.to_ascii_lowercase())
                    .iter()
                    .for_each(|host| text(host));
            }
            Self::Identity(member) => {
                let identity = request.identity();
                let value = identity.as_ref().and_then(|identity| member.of(identity));
                value.into_iter().for_each(|value| text(value.as_bytes()));
            }
            Self::Claim(path) => {
                let identity = request.identity();
                match identity.as_ref().and_then(|identity| identity.claim(path)) {
                    Some(Value::String(value)) => text(value.as_bytes()),
                    None | Some(Value::Null) => {}
                    Some(value) => see(Kind::Json, value.to_string().as_bytes()),
                }
            }
        }
        seen <= MOST_VALUES
    }
}

impl Member {
    const ALL: [Self; 4] = [Self::Subject, Self::Consumer, Self::Tier, Self::Issuer];

    fn name(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Consumer => "consumer",
            Self::Tier => "tier",
            Self::Issuer => "issuer",
        }
    }

    pub(crate) fn of(self, identity: &Identity) -> Option<&String> {
        match self {
            Self::Subject => identity.subject.as_ref(),
            Self::Consumer => identity.consumer.as_ref(),
            Self::Tier => identity.tier.as_ref(),
            Self::Issuer => identity.issuer.as_ref(),
        }
    }
}

/// Whoever writes a value with escapes is the same client.
fn decoded(value: &[u8]) -> Cow<'_, [u8]> {
    if value.contains(&b'%') {
        return Cow::Owned(percent_decoded(value).collect());
    }
    Cow::Borrowed(value)
}

/// The most values of a part that count. Whoever sends more is told apart by the first of them,
/// and from those who send no more.
pub(crate) const MOST_VALUES: usize = 16;

/// Reads a part; `captures` are the names that the rule's path template captures.
pub(crate) fn read(node: &Node<'_>, captures: &[&str]) -> Option<Part> {
    if node.is_text() {
        let plain = [
            ("client_address", Part::ClientAddress(Networks::default())),
            ("path", Part::Path),
            ("method", Part::Method),
            ("route", Part::Route),
            ("host", Part::Host),
        ];
        let members = Member::ALL.map(|member| (member.name(), Part::Identity(member)));
        let all: Vec<(&str, Part)> = plain.into_iter().chain(members).collect();
        let words: Vec<(&str, &Part)> = all.iter().map(|(name, part)| (*name, part)).collect();
        return node.word(&words).cloned().or_else(|| node.fault(WORDS));
    }
    let mut fields = node.fields()?;
    let text = |node: Node<'_>| node.text().map(str::to_owned);
    let parts = [
        fields.optional("client_address", networks)?.map(Part::ClientAddress),
        fields.optional("header", header)?.map(Part::Header),
        fields.optional("query", text)?.map(Part::Query),
        fields.optional("cookie", text)?.map(Part::Cookie),
        fields.optional("capture", |node| capture(&node, captures))?.map(Part::Capture),
        fields.optional("claim", text)?.map(Part::Claim),
    ];
    fields.finish();
    let mut parts = parts.into_iter().flatten();
    match (parts.next(), parts.next()) {
        (Some(part), None) => Some(part),
        _ => node.not_exactly_one(&[
            "client_address",
            "header",
            "query",
            "cookie",
            "capture",
            "claim",
        ]),
    }
}

const WORDS: &str = "must be one of client_address, path, method, route, host, subject, consumer, tier, issuer; \
                     or a mapping such as {header: name}";

fn networks(node: Node<'_>) -> Option<Networks> {
    let default = Networks::default();
    let mut fields = node.fields()?;
    let bits = |name, most: u8, default: u8, fields: &mut Fields<'_>| {
        let read = fields.with_default(name, default.into(), |node| node.integer(1..=most.into()));
        read.and_then(|bits| u8::try_from(bits).ok())
    };
    let ipv4 = bits("ipv4_prefix", 32, default.ipv4, &mut fields);
    let ipv6 = bits("ipv6_prefix", 128, default.ipv6, &mut fields);
    fields.finish();
    Some(Networks { ipv4: ipv4?, ipv6: ipv6? })
}

pub(crate) fn header(node: Node<'_>) -> Option<HeaderName> {
    match HeaderName::try_from(node.text()?) {
        Ok(name) if name.as_str() == "host" => {
            node.fault("the proxy keeps the host in no header field")
        }
        Ok(name) => Some(name),
        Err(invalid) => node.fault(invalid.to_string()),
    }
}

fn capture(node: &Node<'_>, captures: &[&str]) -> Option<String> {
    let name = node.text()?;
    if captures.contains(&name) {
        return Some(name.to_owned());
    }
    match captures {
        [] => {
            node.fault("the rule's path captures nothing: give it a template such as /users/{id}")
        }
        _ => node.fault(format!(
            "is not captured by the rule's path, which has {}",
            captures.join(", ")
        )),
    }
}

#[cfg(test)]
mod tests;
