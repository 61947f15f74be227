//! The text of a whole `envoy.yaml`.

use anyhow::Result;
use serde_json::Value;

use super::{Init, Provider, Wanted};
use crate::chain::{Block, ROUTER, access_log, http_filters, indented, stats_config};
use crate::init::upstream::Upstream;

/// The cluster through which keys are fetched.
const ISSUER: &str = "issuer";

/// The file.
pub(super) fn text(wanted: &Wanted, options: &Init) -> Result<String> {
    let blocks = blocks(wanted);
    let names: Vec<&str> = blocks.iter().map(|block| block.filter).collect();
    let filters = http_filters(&blocks, options.gateway, false, &options.modules)?;
    let clusters: String = wanted.upstreams.iter().map(cluster).collect();
    let issuer = wanted.provider.as_ref().map(issuer).unwrap_or_default();
    Ok(format!(
        "\
# Written by `gatehouse init`. `gatehouse explain FILTER` tells what else a filter can do.

admin:
  # Loopback only: the admin interface can stop the gateway and shows its configuration.
  address: {{socket_address: {{address: 127.0.0.1, port_value: {}}}}}

# Labels of the filters' counters: the wasm interface has none, so they are parts of the counters'
# names.
{}
static_resources:
  listeners:
    - name: gateway
      address: {{socket_address: {{address: 0.0.0.0, port_value: {}}}}}
      per_connection_buffer_limit_bytes: 1048576
      filter_chains:
        - filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                \"@type\": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: gateway
                # The client's address is that of the connection, not what the client says it is.
                use_remote_address: true
                # Filters and routes decide on the path that the upstream will see.
                normalize_path: true
                merge_slashes: true
                path_with_escaped_slashes_action: REJECT_REQUEST
                common_http_protocol_options:
                  headers_with_underscores_action: REJECT_REQUEST
                  idle_timeout: 300s
                request_headers_timeout: 10s
                access_log:
{}                http_filters:
{}{}                route_config:
                  name: gateway
                  virtual_hosts:
                    - name: gateway
                      domains: [\"*\"]
                      routes:
{}
  clusters:
{}",
        options.admin_port,
        stats_config(&names),
        options.port,
        indented(&access_log(&names), 18),
        indented(&filters, 18),
        indented(ROUTER, 18),
        indented(&routes(&wanted.upstreams), 24),
        indented(&(clusters + &issuer), 4),
    ))
}

fn blocks(wanted: &Wanted) -> Vec<Block> {
    let mut blocks = Vec::new();
    if let Some(provider) = &wanted.provider {
        blocks.push(Block { filter: "jwt-auth", text: jwt_auth(provider) });
    }
    if let Some(limit) = &wanted.limit {
        let (key, whose) = match wanted.provider {
            Some(_) => ("subject", "From one user: who has no token has been refused before."),
            None => ("client_address", "From one address."),
        };
        let (requests, window) = (limit.requests, limit.window);
        let text = format!(
            "\
rules:
  # {whose}
  - name: all
    key: [{key}]
    limits: [{{requests: {requests}, window: {window}}}]
"
        );
        blocks.push(Block { filter: "rate-limit", text });
    }
    let text = "\
rules:
  - response:
      - set: {name: x-content-type-options, value: nosniff}
      - remove: {name: x-powered-by}
";
    blocks.push(Block { filter: "header-transform", text: text.to_owned() });
    blocks
}

fn jwt_auth(provider: &Provider) -> String {
    let audiences = Value::from(provider.audiences.clone());
    let keys = provider.jwks.as_ref().unwrap_or(&provider.issuer);
    let path = match &provider.jwks {
        Some(jwks) => format!("      path: {}\n", quoted(&jwks.path)),
        // The issuer says where its keys are: OpenID Connect Discovery.
        None => String::new(),
    };
    format!(
        "\
providers:
  - name: main
    issuer: {}
    audiences: {audiences}
    jwks:
      cluster: {ISSUER}
      authority: {}
{path}    # Who it is, for the services behind: what a client says under this name is taken out.
    claims_to_headers: [{{claim: sub, header: x-user}}]
# Every request needs a token.
default: any
",
        quoted(&provider.issuer.url),
        quoted(&keys.authority()),
    )
}

/// The longest prefixes first: Envoy takes the first route that fits.
fn routes(upstreams: &[Upstream]) -> String {
    let mut sorted: Vec<&Upstream> = upstreams.iter().collect();
    sorted.sort_by_key(|upstream| std::cmp::Reverse(upstream.prefix.len()));
    let route = |upstream: &&Upstream| {
        let Upstream { name, prefix, .. } = upstream;
        let field = if prefix == "/" { "prefix" } else { "path_separated_prefix" };
        format!(
            "\
- name: {}
  match: {{{field}: {}}}
  route: {{cluster: {}, timeout: 15s}}
",
            quoted(name),
            quoted(prefix),
            quoted(name)
        )
    };
    sorted.iter().map(route).collect()
}

fn cluster(upstream: &Upstream) -> String {
    at(&upstream.name, &upstream.host, upstream.port, "")
}

/// Where the keys of tokens are. Who answers there is known by its certificate.
fn issuer(provider: &Provider) -> String {
    let address = provider.jwks.as_ref().unwrap_or(&provider.issuer);
    let host = quoted(&address.host);
    // RFC 6066 §3: an address is no name that a client may ask for.
    let (sni, kind) = match address.host.parse::<std::net::IpAddr>() {
        Ok(_) => (String::new(), "IP_ADDRESS"),
        Err(_) => (format!("    sni: {host}\n"), "DNS"),
    };
    let tls = format!(
        "\
transport_socket:
  name: envoy.transport_sockets.tls
  typed_config:
    \"@type\": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
{sni}    common_tls_context:
      validation_context:
        # The authorities that the system trusts: the place is Debian's.
        trusted_ca: {{filename: /etc/ssl/certs/ca-certificates.crt}}
        match_typed_subject_alt_names:
          - {{san_type: {kind}, matcher: {{exact: {host}}}}}
"
    );
    let tls = indented(&tls, 2);
    at(ISSUER, &address.host, address.port, if address.is_tls { &tls } else { "" })
}

fn at(name: &str, host: &str, port: u16, more: &str) -> String {
    let (name, host) = (quoted(name), quoted(host));
    format!(
        "\
- name: {name}
  type: STRICT_DNS
  connect_timeout: 1s
  load_assignment:
    cluster_name: {name}
    endpoints:
      - lb_endpoints:
          - endpoint: {{address: {{socket_address: {{address: {host}, port_value: {port}}}}}}}
{more}"
    )
}

/// A word that YAML reads as it is, or else in quotes: to Envoy `on` is a truth, and `8` a number.
fn quoted(text: &str) -> String {
    let is_plain = text.len() > 3
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|each| each.is_ascii_alphanumeric() || "-_./:".contains(each))
        && !["true", "false", "null"].contains(&text.to_ascii_lowercase().as_str())
        && !text.ends_with(':');
    if is_plain { text.to_owned() } else { Value::from(text).to_string() }
}
