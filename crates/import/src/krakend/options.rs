//! What becomes of each option of KrakenD's: the code goes by these tables, and the documentation
//! shows them.

use crate::options::{Options, carried, guards, lost, nothing};

/// All tables, in the order of the documentation.
pub(super) const ALL: &[&Options] = &[
    &FILE,
    &ENDPOINT,
    &BACKEND,
    &VALIDATOR,
    &ROUTER_LIMIT,
    &PROXY_LIMIT,
    &HTTP_CACHE,
    &PROXY,
    &CORS,
];

pub(super) const FILE: Options = Options {
    name: "krakend.json",
    ours: "`envoy.yaml`: one listener, one virtual host, a route for each endpoint",
    is_guard: false,
    rows: &[
        nothing("version"),
        nothing("name"),
        nothing("$schema"),
        nothing("$id"),
        carried("port", "the listener's port"),
        carried("host", "the servers of backends that name none"),
        carried("timeout", "the timeout of endpoints that name none"),
        carried("cache_ttl", "`cache-control` of the answers of endpoints that name none"),
        carried("output_encoding", "that of endpoints that name none"),
        carried("endpoints", "routes; of several backends, rules of aggregate"),
        carried("extra_config", "see below"),
        lost("tls", "", "put the certificates into a `DownstreamTlsContext` of the listener"),
        lost("client_tls", "", "put it into the `UpstreamTlsContext` of the clusters"),
        lost("async_agent", "", "a gateway takes no messages of queues"),
        lost("plugin", "", "plugins of Go are filters here, of Rust"),
        lost("sequential_start", "false", "it is about agents"),
        lost("allow_insecure_connections", "false", "certificates of upstreams are verified"),
        lost("echo_endpoint", "false", "Envoy has no such endpoint"),
        lost("debug_endpoint", "false", "Envoy has its admin interface"),
        lost("listen_ip", "", "the listener is for all addresses"),
        lost("max_header_bytes", "", "`max_request_headers_kb` of the connection manager"),
        lost("dns_cache_ttl", "", "Envoy goes by the answers of DNS"),
        lost("use_h2c", "false", "the listener takes HTTP/2 as well"),
        lost("read_timeout", "", "`request_timeout` of the connection manager"),
        lost("write_timeout", "", "`stream_idle_timeout` of the connection manager"),
        lost("idle_timeout", "", "`idle_timeout` of the connection manager"),
        lost("read_header_timeout", "", "`request_headers_timeout` of the connection manager"),
        lost("max_idle_connections", "", "Envoy keeps connections by itself"),
        lost("disable_rest", "false", "paths are taken as they are written"),
    ],
};

pub(super) const ENDPOINT: Options = Options {
    name: "endpoint",
    ours: "a route by path and method, and its rules",
    is_guard: false,
    rows: &[
        carried("endpoint", "a pattern of the path; `{name}` is one segment"),
        carried("method", "a condition on `:method`; with another one the answer is 405"),
        carried("backend", "one: the route's cluster; several: calls of aggregate"),
        carried("timeout", "the route's `timeout`, or the rule's"),
        carried("cache_ttl", "`cache-control: public, max-age=…` of JSON answers"),
        carried("input_headers", "header-transform removes all other fields, or `pass_headers`"),
        carried("input_query_strings", "`query: {keep_only: …}`, or parameters of the calls"),
        carried("output_encoding", "`json`, `json-collection`, `no-op`, `fast-json`"),
        carried("extra_config", "see below"),
        lost("concurrent_calls", "1", "one call is made, and not several for the fastest answer"),
        nothing("documentation"),
    ],
};

pub(super) const BACKEND: Options = Options {
    name: "backend",
    ours: "a cluster, and the route's action or a call of aggregate",
    is_guard: false,
    rows: &[
        carried("host", "the cluster's endpoints; certificates are verified"),
        carried("url_pattern", "`regex_rewrite`, or the call's `path`"),
        carried("method", "the call's `method`; one backend with another method is a call"),
        carried(
            "encoding",
            "`json`, `safejson`, `fast-json`, `no-op`; of others the endpoint is closed",
        ),
        carried("group", "`wrap`, or `into`"),
        carried("target", "`unwrap`"),
        carried("allow", "`keep`"),
        carried("deny", "`remove`"),
        carried("mapping", "`rename`"),
        carried("is_collection", "`wrap: {name: collection}`"),
        carried("extra_config", "see below"),
        nothing("disable_host_sanitize"),
        lost("sd", "static", "servers are found by DNS, or are listed"),
        lost("sd_scheme", "http", "the scheme is that of the host"),
        nothing("@comment"),
    ],
};

pub(super) const VALIDATOR: Options = Options {
    name: "auth/validator",
    ours: "jwt-auth, and authorization for roles and scopes",
    is_guard: true,
    rows: &[
        carried("alg", "`algorithms`"),
        carried("jwk_url", "`jwks`: a cluster, and the path"),
        carried("issuer", "`issuer`; without one `any_issuer`"),
        carried("audience", "`all_audiences`: KrakenD asks for each of them"),
        carried("roles", "a rule of authorization: one of them in the claim"),
        carried("roles_key", "the claim's path"),
        nothing("roles_key_is_nested"),
        carried("scopes", "a rule of authorization"),
        carried("scopes_key", "the claim's path, of a list or a text of words"),
        carried("scopes_matcher", "`any` or `all`"),
        carried("cookie_key", "`sources[].cookie`"),
        carried("propagate_claims", "`claims_to_headers`"),
        carried("cache_duration", "`jwks.refresh`"),
        nothing("cache"),
        nothing("disable_jwk_security"),
        nothing("operation_debug"),
        nothing("key_identify_strategy"),
        guards("jwk_local_path", "", "a key set in a file is not read: write it into `jwks.keys`"),
        guards("secret_url", "", "a key set that is encrypted is not read"),
        guards("cipher_suites", "", "set them in the `UpstreamTlsContext` of the cluster"),
        guards("jwk_fingerprints", "", "set them in the `UpstreamTlsContext` of the cluster"),
        guards("jwk_local_ca", "", "set it in the `UpstreamTlsContext` of the cluster"),
        lost("auth_header_name", "Authorization", "tokens are looked for in `authorization`"),
        lost("leeway", "1s", "the leeway is KrakenD's second"),
    ],
};

pub(super) const ROUTER_LIMIT: Options = Options {
    name: "qos/ratelimit/router",
    ours: "rate-limit with `apply: all`: a rule for all together (503), and one for each client (429)",
    is_guard: true,
    rows: &[
        carried("max_rate", "`requests`, with `key: []`; of a fraction, 1 in a longer window"),
        carried("capacity", "`burst`"),
        carried("client_max_rate", "`requests`, by client"),
        carried("client_capacity", "`burst`"),
        carried("every", "`window`"),
        carried("strategy", "`key`: `ip`, `header`; others close"),
        carried("key", "`key: [{header: …}]`"),
        nothing("num_shards"),
        nothing("cleanup_period"),
        nothing("cleanup_threads"),
    ],
};

pub(super) const PROXY_LIMIT: Options = Options {
    name: "qos/ratelimit/proxy",
    ours: "the same limit for the whole endpoint, which is no weaker: each request makes one call",
    is_guard: true,
    rows: &[
        carried("max_rate", "`requests`"),
        carried("capacity", "`burst`"),
        carried("every", "`window`"),
    ],
};

pub(super) const HTTP_CACHE: Options = Options {
    name: "qos/http-cache",
    ours: "response-cache, of an endpoint with one backend",
    is_guard: false,
    rows: &[nothing("shared"), nothing("max_items"), nothing("max_size")],
};

pub(super) const PROXY: Options = Options {
    name: "proxy",
    ours: "the order of calls, and changes of bodies",
    is_guard: false,
    rows: &[
        carried("sequential", "`after`, and `${call…}` for `{resp0_…}`"),
        carried("flatmap_filter", "`move` and `remove`; `append` is not carried over"),
        carried("combiner", "answers are merged"),
        lost("static", "", "what is answered where backends fail is not made up"),
        lost("shadow", "false", "Envoy has `request_mirror_policies`"),
        lost("shadow_timeout", "", "Envoy has `request_mirror_policies`"),
    ],
};

pub(super) const CORS: Options = Options {
    name: "security/cors",
    ours: "Envoy's `cors` filter",
    is_guard: false,
    rows: &[
        carried("allow_origins", "`allow_origin_string_match`"),
        carried("allow_methods", "`allow_methods`"),
        carried("allow_headers", "`allow_headers`"),
        carried("expose_headers", "`expose_headers`"),
        carried("allow_credentials", "`allow_credentials`"),
        carried("max_age", "`max_age`"),
        nothing("debug"),
        lost(
            "options_passthrough",
            "false",
            "preflights of an origin that is allowed are answered",
        ),
        lost("options_success_status", "204", "the answer to a preflight is a 200"),
        lost("allow_private_network", "false", "set `allow_private_network_access`"),
    ],
};

/// What may stand in an `extra_config` and guards nothing.
pub(super) fn is_harmless(name: &str) -> bool {
    let known = [
        "router",
        "server/static-filesystem",
        "qos/circuit-breaker",
        "backend/http",
        "backend/http/client",
        "modifier/martian",
        "modifier/lua-backend",
        "grpc",
    ];
    known.contains(&name)
        || name.starts_with("telemetry/")
        || name.starts_with("documentation/")
        || name.starts_with("github_com/devopsfaith/krakend-log")
}
