//! Clients with certificates: a gateway that speaks TLS, behind a listener of the same Envoy that
//! connects to it as one client or another.

use std::path::PathBuf;

use gatehouse_sandbox::raw::Request;
use gatehouse_sandbox::{Builder, Gateway, workspace};
use jwt_simple::reexports::ct_codecs::{Base64, Decoder as _};
use rsa::sha2::{Digest as _, Sha256};
use serde_json::{Value, json};

use super::token::base64url;

/// Who connects.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Client {
    /// With the certificate that the gateway trusts.
    Alice,
    /// With one of nobody's that the gateway knows.
    Bob,
    /// With one that the gateway trusts, in which a URI, a host and a subject name Carol.
    Carol,
    /// With one that the gateway trusts, of a host.
    Dave,
    /// With one that the gateway trusts, of a URI, whose subject is empty.
    Erin,
    /// With one of nobody's that says the same as Carol's.
    Mallory,
    /// Without any.
    Nobody,
}

impl Client {
    const ALL: [(&'static str, Self); 7] = [
        ("alice", Self::Alice),
        ("bob", Self::Bob),
        ("carol", Self::Carol),
        ("dave", Self::Dave),
        ("erin", Self::Erin),
        ("mallory", Self::Mallory),
        ("nobody", Self::Nobody),
    ];

    /// The request, from this client.
    pub(crate) fn send(self, request: Request) -> Request {
        request.header("x-client", self.name())
    }

    /// What a token that is bound to the client's certificate says so by (RFC 8705 section 3.1).
    pub(crate) fn confirmation(self) -> Value {
        let text = read(&format!("{}.pem", self.name()));
        let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
        let certificate = Base64::decode_to_vec(body, None).expect("a PEM");
        json!({"x5t#S256": base64url(Sha256::digest(certificate))})
    }

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, client)| *client == self).expect("all are there").0
    }
}

/// `envoy/jwt-auth.yaml` that speaks TLS and takes whatever certificate a client has, behind a
/// listener that connects as the [`Client`] of the request.
pub(crate) fn builder() -> Builder {
    builder_of("envoy/jwt-auth.yaml", Sessions::Kept)
}

/// How long clients go on with a session of TLS.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sessions {
    /// On one connection.
    Kept,
    /// On the next connection, which each request has of its own.
    Resumed,
    /// For one request.
    New,
}

/// The same of another configuration.
pub(crate) fn builder_of(config: &str, sessions: Sessions) -> Builder {
    let socket = socket();
    let trusted = ["alice.pem", "carol.pem", "dave.pem", "erin.pem"].map(read).concat();
    Gateway::builder(config).edit(move |tree| {
        let _ = std::fs::remove_file(&socket);
        let listeners = tree["static_resources"]["listeners"].as_array_mut();
        let listeners = listeners.expect("a list of listeners");
        let mut inner = listeners[0].clone();
        inner["name"] = json!("mutual-tls");
        inner["address"] = json!({"pipe": {"path": socket}});
        inner["filter_chains"][0]["transport_socket"] = json!({
            "name": "envoy.transport_sockets.tls",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
                "disable_stateless_session_resumption": sessions == Sessions::New,
                "disable_stateful_session_resumption": sessions == Sessions::New,
                "common_tls_context": {
                    "tls_certificates": [certificate("gateway")],
                    "validation_context": {
                        "trusted_ca": {"inline_string": trusted},
                        "trust_chain_verification": "ACCEPT_UNTRUSTED",
                    },
                },
            },
        });
        let manager = &mut listeners[0]["filter_chains"][0]["filters"][0]["typed_config"];
        manager["access_log"] = json!([]);
        manager["http_filters"].as_array_mut().expect("a list of filters").retain(|filter| {
            filter["name"] == "envoy.filters.http.router"
        });
        let routes = Client::ALL.map(|(name, _)| {
            let asks = json!({"name": "x-client", "string_match": {"exact": name}});
            json!({"match": {"prefix": "/", "headers": [asks]}, "route": {"cluster": name}})
        });
        manager["route_config"]["virtual_hosts"][0]["routes"] = json!(routes);
        listeners.push(inner);
        let clusters = tree["static_resources"]["clusters"].as_array_mut();
        clusters.expect("a list of clusters").extend(Client::ALL.map(|(name, client)| {
            let certificates = match client {
                Client::Nobody => json!([]),
                _ => json!([certificate(name)]),
            };
            let most = match sessions {
                Sessions::Kept => json!({}),
                Sessions::Resumed | Sessions::New => json!({"max_requests_per_connection": 1}),
            };
            json!({
                "name": name,
                "type": "STATIC",
                "connect_timeout": "1s",
                "typed_extension_protocol_options": {
                    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                        "common_http_protocol_options": most,
                        "explicit_http_config": {"http_protocol_options": {}},
                    },
                },
                "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [
                    {"endpoint": {"address": {"pipe": {"path": socket}}}},
                ]}]},
                "transport_socket": {
                    "name": "envoy.transport_sockets.tls",
                    "typed_config": {
                        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
                        "common_tls_context": {"tls_certificates": certificates},
                    },
                },
            })
        }));
    })
}

fn certificate(name: &str) -> Value {
    let inline = |file: String| json!({"inline_string": read(&file)});
    json!({
        "certificate_chain": inline(format!("{name}.pem")),
        "private_key": inline(format!("{name}.key")),
    })
}

fn read(file: &str) -> String {
    let path = workspace::root().join("tests/mutual_tls").join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()))
}

/// A path that is short enough: the system takes 107 bytes.
fn socket() -> PathBuf {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("gatehouse-mtls-{}-{number}.sock", std::process::id()))
}
