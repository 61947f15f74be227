//! Clusters: where upstreams are, and how they are spoken to.

use std::net::IpAddr;

use serde_json::{Map, Value, json};

use super::kind;

const HTTP: &str = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
const TLS: &str = "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext";
/// Where Debian and Envoy's image, which is made of it, have the authorities that all trust.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// An upstream.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cluster {
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) protocol: Protocol,
    pub(crate) connect_timeout_ms: u64,
    pub(crate) balancing: Balancing,
    /// `health_checks` of Envoy.
    pub(crate) health_checks: Vec<Value>,
    /// `outlier_detection` of Envoy.
    pub(crate) outlier_detection: Option<Value>,
}

/// One server of an upstream.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Endpoint {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) weight: Option<u64>,
}

/// How an upstream is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Protocol {
    pub(crate) tls: bool,
    /// Whether its certificate must be of an authority that all trust, and for its name.
    pub(crate) verified: bool,
    /// Whether it speaks HTTP/2 alone, as gRPC does.
    pub(crate) http2: bool,
}

/// How a server is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Balancing {
    #[default]
    RoundRobin,
    LeastRequest,
    /// By a hash that the route says.
    Ring,
}

impl Cluster {
    /// One server.
    pub(crate) fn of(host: &str, port: u16, protocol: Protocol) -> Self {
        Self {
            endpoints: vec![Endpoint { host: host.to_owned(), port, weight: None }],
            protocol,
            connect_timeout_ms: 5_000,
            balancing: Balancing::default(),
            health_checks: Vec::new(),
            outlier_detection: None,
        }
    }

    pub(super) fn tree(&self, name: &str) -> Value {
        let is_address = |endpoint: &Endpoint| endpoint.host.parse::<IpAddr>().is_ok();
        let policy = match self.balancing {
            Balancing::RoundRobin => "ROUND_ROBIN",
            Balancing::LeastRequest => "LEAST_REQUEST",
            Balancing::Ring => "RING_HASH",
        };
        let mut tree = Map::new();
        let mut set = |name: &str, value: Value| tree.insert(name.to_owned(), value);
        set("name", json!(name));
        set(
            "type",
            json!(if self.endpoints.iter().all(is_address) { "STATIC" } else { "STRICT_DNS" }),
        );
        set("connect_timeout", json!(milliseconds(self.connect_timeout_ms)));
        set("lb_policy", json!(policy));
        let endpoints: Vec<Value> =
            self.endpoints.iter().map(|it| it.tree(self.protocol)).collect();
        set(
            "load_assignment",
            json!({"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]}),
        );
        set(
            "circuit_breakers",
            json!({"thresholds": [{"max_connections": 1024,
            "max_pending_requests": 1024, "max_requests": 1024, "max_retries": 16}]}),
        );
        if !self.health_checks.is_empty() {
            set("health_checks", json!(self.health_checks));
        }
        if let Some(detection) = &self.outlier_detection {
            set("outlier_detection", detection.clone());
        }
        if self.protocol.tls {
            set("transport_socket", self.tls());
        }
        if let Some(options) = self.http() {
            set("typed_extension_protocol_options", options);
        }
        Value::Object(tree)
    }

    fn tls(&self) -> Value {
        let mut common = Map::new();
        if self.protocol.http2 {
            common.insert("alpn_protocols".to_owned(), json!(["h2"]));
        }
        if self.protocol.verified {
            common.insert(
                "validation_context".to_owned(),
                json!({"trusted_ca": {"filename": AUTHORITIES}}),
            );
        }
        json!({
            "name": "envoy.transport_sockets.tls",
            "typed_config": {"@type": kind(TLS), "common_tls_context": common},
        })
    }

    /// With TLS the name that is asked for, and verified, is that of the request's host.
    fn http(&self) -> Option<Value> {
        let Protocol { tls, verified, http2 } = self.protocol;
        if !tls && !http2 {
            return None;
        }
        let protocol = if http2 {
            json!({"http2_protocol_options": {}})
        } else {
            json!({"http_protocol_options": {}})
        };
        let mut options = Map::new();
        options.insert("@type".to_owned(), json!(kind(HTTP)));
        options.insert("explicit_http_config".to_owned(), protocol);
        if tls {
            options.insert(
                "upstream_http_protocol_options".to_owned(),
                json!({"auto_sni": true, "auto_san_validation": verified}),
            );
        }
        Some(json!({HTTP: options}))
    }
}

impl Endpoint {
    fn tree(&self, protocol: Protocol) -> Value {
        let mut tree = Map::new();
        let address = json!({"socket_address": {"address": self.host, "port_value": self.port}});
        let usual = if protocol.tls { 443 } else { 80 };
        // What a route with `auto_host_rewrite` says to it.
        let hostname = match self.port == usual {
            true => self.host.clone(),
            false => format!("{}:{}", self.host, self.port),
        };
        tree.insert("endpoint".to_owned(), json!({"address": address, "hostname": hostname}));
        if let Some(weight) = self.weight {
            tree.insert("load_balancing_weight".to_owned(), json!(weight));
        }
        Value::Object(tree)
    }
}

/// A duration as Envoy writes it: seconds, with the fraction that there is.
pub(crate) fn milliseconds(all: u64) -> String {
    let (seconds, rest) = (all / 1000, all % 1000);
    match rest {
        0 => format!("{seconds}s"),
        _ => format!("{seconds}.{rest:03}s"),
    }
}
