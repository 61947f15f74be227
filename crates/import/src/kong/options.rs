//! What becomes of each option of Kong's: the code goes by these tables, and the documentation shows
//! them.

mod plugins;

use crate::options::{Options, carried, guards as closes, lost, nothing};

use plugins::{
    ACL, BASIC_AUTH, CORRELATION_ID, CORS, IP_RESTRICTION, JWT, KEY_AUTH, PROMETHEUS, PROXY_CACHE,
    RATE_LIMITING, REQUEST_SIZE_LIMITING, REQUEST_TERMINATION, REQUEST_TRANSFORMER,
    RESPONSE_TRANSFORMER,
};

/// All tables, in the order of the documentation.
pub(super) const ALL: &[&Options] = &[
    &FILE,
    &SERVICE,
    &ROUTE,
    &UPSTREAM,
    &KEY_AUTH,
    &BASIC_AUTH,
    &JWT,
    &ACL,
    &IP_RESTRICTION,
    &RATE_LIMITING,
    &REQUEST_SIZE_LIMITING,
    &REQUEST_TERMINATION,
    &CORS,
    &REQUEST_TRANSFORMER,
    &RESPONSE_TRANSFORMER,
    &PROXY_CACHE,
    &CORRELATION_ID,
    &PROMETHEUS,
];

/// The table of a plugin that is carried over.
pub(super) fn plugin(name: &str) -> Option<&'static Options> {
    ALL.iter().skip(4).find(|table| table.name == name).copied()
}

/// Plugins that guard nothing: what they do is missing, and nobody gets further than before.
const HARMLESS: [&str; 23] = [
    "ai-proxy",
    "aws-lambda",
    "azure-functions",
    "correlation-id",
    "cors",
    "datadog",
    "file-log",
    "grpc-gateway",
    "grpc-web",
    "http-log",
    "kafka-log",
    "loggly",
    "opentelemetry",
    "prometheus",
    "proxy-cache",
    "request-transformer",
    "response-transformer",
    "statsd",
    "syslog",
    "tcp-log",
    "udp-log",
    "zipkin",
    "session",
];

/// Whether a plugin may keep somebody out. One that nobody knows may.
pub(super) fn guards(name: &str) -> bool {
    !HARMLESS.contains(&name)
}

const LATER: &str = "make it of Envoy's own parts";

pub(super) const FILE: Options = Options {
    name: "kong.yaml",
    ours: "`envoy.yaml`: one listener, one virtual host, the filters that its plugins become",
    is_guard: false,
    rows: &[
        carried("services", "clusters, and the actions of routes"),
        carried("routes", "routes, in the order in which Kong's router tries them"),
        carried("upstreams", "the endpoints, load balancing and health checks of clusters"),
        carried("targets", "endpoints"),
        carried("consumers", "`consumers` of api-key-auth and jwt-auth"),
        carried("keyauth_credentials", "`keys` of consumers, as SHA-256 digests"),
        carried(
            "basicauth_credentials",
            "`keys` of consumers: digests of what stands behind `Basic `",
        ),
        carried("jwt_secrets", "a provider of jwt-auth each"),
        carried("acls", "`groups` of consumers"),
        carried("plugins", "filters, for the routes for which Kong would run them"),
        carried(
            "consumer_groups",
            "nothing but this: members of one whose plugins guard are disabled",
        ),
        lost("certificates", "", "put them into a `DownstreamTlsContext` of the listener"),
        lost("ca_certificates", "", "put them into the `validation_context` of the cluster"),
        lost("snis", "", "Envoy chooses certificates by the names in them"),
        lost("vaults", "", "give secrets by the environment (docs/secrets.md)"),
        lost("hmacauth_credentials", "", "hmac-auth is not carried over"),
        lost("oauth2_credentials", "", "oauth2 is not carried over"),
        lost(
            "mtls_auth_credentials",
            "",
            "mtls-auth is not carried over: `certificate` of api-key-auth does it",
        ),
        nothing("tags"),
    ],
};

pub(super) const SERVICE: Options = Options {
    name: "service",
    ours: "a cluster, and the route's action",
    is_guard: false,
    rows: &[
        carried("name", "the cluster's name"),
        carried("url", "the endpoint, TLS and the path before all others"),
        carried(
            "protocol",
            "plain, TLS or HTTP/2; of `tcp`, `tls` and `udp` the routes are closed",
        ),
        carried("host", "the endpoint, or the upstream of that name"),
        carried("port", "the endpoint's port"),
        carried("path", "the beginning of the rewritten path"),
        carried("retries", "`retry_policy`, for connections that fail"),
        carried("connect_timeout", "`connect_timeout` of the cluster"),
        carried("read_timeout", "`idle_timeout` of the route"),
        carried("write_timeout", "`idle_timeout` of the route, where it is the longer one"),
        carried("enabled", "the routes of one that is off are left out, as Kong does"),
        carried("tls_verify", "`validation_context` with the system's authorities"),
        carried("routes", "see above"),
        carried("plugins", "see above"),
        lost("client_certificate", "", "put it into the cluster's `tls_certificates`"),
        lost("ca_certificates", "", "put them into the cluster's `validation_context`"),
        lost("tls_verify_depth", "", "Envoy has `max_verify_depth` in the `validation_context`"),
        lost("tls_sans", "", "Envoy has `match_typed_subject_alt_names`"),
        nothing("id"),
        nothing("tags"),
        nothing("created_at"),
        nothing("updated_at"),
    ],
};

pub(super) const ROUTE: Options = Options {
    name: "route",
    ours: "one to three routes of Envoy's for each path, all with its name",
    is_guard: true,
    rows: &[
        carried("name", "the routes' name, which rules of filters go by"),
        carried("service", "the cluster"),
        carried("protocols", "without `http`: plain requests are answered 426, or redirected"),
        carried("methods", "a condition on `:method`"),
        carried("hosts", "a condition on `:authority`, so that Kong's order holds"),
        carried("headers", "conditions on header fields"),
        carried("paths", "`prefix`, or `safe_regex` for `~`"),
        carried("regex_priority", "the order of the routes"),
        carried("strip_path", "`prefix_rewrite` or `regex_rewrite`"),
        carried("preserve_host", "without it, `host_rewrite_literal` or `auto_host_rewrite`"),
        carried("https_redirect_status_code", "the code of the redirect to https"),
        carried("plugins", "see above"),
        lost("path_handling", "v0", "paths are joined as `v0` does, with one slash"),
        lost("request_buffering", "true", "bodies pass as they come, unless a filter reads them"),
        lost("response_buffering", "true", "bodies pass as they come, unless a filter reads them"),
        closes("snis", "", "routes of Envoy's do not ask for the name in TLS: filter chains do"),
        closes("sources", "", "routes of Envoy's do not ask for the client's address"),
        closes("destinations", "", "routes of Envoy's do not ask for the address of the listener"),
        nothing("priority"),
        nothing("id"),
        nothing("tags"),
        nothing("created_at"),
        nothing("updated_at"),
    ],
};

pub(super) const UPSTREAM: Options = Options {
    name: "upstream",
    ours: "the cluster of each service whose `host` it is",
    is_guard: false,
    rows: &[
        carried("name", "found by the service's `host`"),
        carried("targets", "endpoints with weights; those of weight 0 are left out"),
        carried("algorithm", "`lb_policy`"),
        carried("hash_on", "`hash_policy` of the route"),
        carried("hash_on_header", "`hash_policy`"),
        carried("hash_on_cookie", "`hash_policy`"),
        carried("hash_on_cookie_path", "`hash_policy`"),
        carried("hash_on_query_arg", "`hash_policy`"),
        carried("healthchecks", "`health_checks` and `outlier_detection`"),
        carried("host_header", "`host_rewrite_literal`"),
        lost("hash_fallback", "none", "Envoy chooses at random where there is nothing to hash"),
        lost("hash_fallback_header", "", "see `hash_fallback`"),
        lost("hash_fallback_query_arg", "", "see `hash_fallback`"),
        lost("hash_fallback_uri_capture", "", "see `hash_fallback`"),
        lost("hash_on_uri_capture", "", "Envoy hashes no captures"),
        lost("client_certificate", "", "put it into the cluster's `tls_certificates`"),
        lost("use_srv_name", "false", "Envoy asks for no SRV records here"),
        nothing("slots"),
        nothing("id"),
        nothing("tags"),
        nothing("created_at"),
        nothing("updated_at"),
    ],
};

/// What is said of a plugin that is not in the tables.
pub(super) fn why(name: &str) -> String {
    match name {
        "request-transformer-advanced" | "rate-limiting-advanced" | "proxy-cache-advanced" => {
            format!("is a plugin of Kong's Enterprise edition: {LATER}")
        }
        _ => format!("is no plugin that is known here: {LATER}"),
    }
}
