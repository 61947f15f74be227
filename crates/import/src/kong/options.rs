//! What becomes of each option of Kong's: the code goes by these tables, and the documentation shows
//! them.

use crate::options::{Options, carried, guards as closes, lost, nothing};

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

const KEY_AUTH: Options = Options {
    name: "key-auth",
    ours: "api-key-auth with `require: key`; no rule for a consumer's own",
    is_guard: true,
    rows: &[
        carried("key_names", "`sources`, a header and a parameter each"),
        carried("key_in_header", "`sources[].header`"),
        carried("key_in_query", "`sources[].query`"),
        carried("hide_credentials", "`forward`"),
        carried("anonymous", "`require: optional`; a bad key is refused all the same"),
        carried("run_on_preflight", "`skip_preflight`"),
        carried("realm", "`realm`"),
        lost(
            "key_in_body",
            "false",
            "keys are not looked for in bodies: such requests are refused",
        ),
        closes("identity_realms", "", "consumers of another realm are not known here"),
    ],
};

const BASIC_AUTH: Options = Options {
    name: "basic-auth",
    ours: "api-key-auth, whose key is all that stands behind `Basic `: user and password together",
    is_guard: true,
    rows: &[
        carried("hide_credentials", "`forward`"),
        carried("anonymous", "`require: optional`; bad credentials are refused all the same"),
        carried("realm", "`realm`"),
        nothing("brute_force_protection"),
    ],
};

const JWT: Options = Options {
    name: "jwt",
    ours: "jwt-auth with a provider for each credential, `leeway: 0s`, and its consumer by `iss`",
    is_guard: true,
    rows: &[
        carried("uri_param_names", "`sources[].query`"),
        carried("cookie_names", "`sources[].cookie`"),
        carried("header_names", "`sources[].header`"),
        carried(
            "claims_to_verify",
            "`exp`: `require_expiration`; `nbf`: `required_claims`. Where they are \
                                     there they are verified in any case",
        ),
        carried("key_claim_name", "`iss` alone; with another claim the route is closed"),
        carried("secret_is_base64", "the bytes of `k`"),
        carried("maximum_expiration", "`max_lifetime`"),
        carried("anonymous", "`require: optional`; a bad token is refused all the same"),
        carried("run_on_preflight", "`skip_preflight`"),
        carried("realm", "`realm`"),
    ],
};

const ACL: Options = Options {
    name: "acl",
    ours: "authorization: rules by `groups`",
    is_guard: true,
    rows: &[
        carried("allow", "an `allow` rule for `groups: {any: …}`; nobody else is let through"),
        carried("deny", "a `deny` rule for `groups: {any: …}`, and for who is not known"),
        nothing("hide_groups_header"),
        nothing("always_use_authenticated_groups"),
        closes("include_consumer_groups", "false", "consumer groups are not carried over"),
    ],
};

const IP_RESTRICTION: Options = Options {
    name: "ip-restriction",
    ours: "authorization: rules by `sources`, with a 403",
    is_guard: true,
    rows: &[
        carried("allow", "a `deny` rule for `not: {sources: …}`"),
        carried("deny", "a `deny` rule for `sources`"),
        carried("status", "`refusal.status`, where a filter may answer that"),
        carried("message", "`refusal.detail`"),
    ],
};

const RATE_LIMITING: Options = Options {
    name: "rate-limiting",
    ours: "rate-limit with limits by the calendar; one rule for all routes that share a plugin",
    is_guard: true,
    rows: &[
        carried("second", "`per: second`"),
        carried("minute", "`per: minute`"),
        carried("hour", "`per: hour`"),
        carried("day", "`per: day`"),
        carried("month", "`per: month`"),
        carried("year", "a twelfth of it `per: month`"),
        carried(
            "limit_by",
            "`key`: `consumer` and `credential` the consumer, `ip`, `header`, `service`; `path` \
                             closes",
        ),
        carried("header_name", "`key: [{header: …}]`"),
        carried("hide_client_headers", "`response_fields`"),
        carried("error_code", "`refusal.status`, where a filter may answer that"),
        carried("error_message", "`refusal.detail`"),
        carried(
            "policy",
            "`local`; with `redis` and `cluster` the routes are closed, because gateways count \
                           each for itself",
        ),
        nothing("fault_tolerant"),
        nothing("sync_rate"),
        nothing("redis"),
        nothing("path"),
        nothing("redis_host"),
        nothing("redis_port"),
        nothing("redis_password"),
        nothing("redis_username"),
        nothing("redis_database"),
        nothing("redis_timeout"),
        nothing("redis_ssl"),
        nothing("redis_ssl_verify"),
        nothing("redis_server_name"),
    ],
};

const REQUEST_SIZE_LIMITING: Options = Options {
    name: "request-size-limiting",
    ours: "Envoy's `buffer` filter, with a 413",
    is_guard: true,
    rows: &[
        carried("allowed_payload_size", "`max_request_bytes`"),
        carried("size_unit", "`max_request_bytes`"),
        closes("require_content_length", "false", "no filter asks for a length"),
    ],
};

const REQUEST_TERMINATION: Options = Options {
    name: "request-termination",
    ours: "`direct_response`",
    is_guard: true,
    rows: &[
        carried("status_code", "`status`"),
        carried("message", "`body`, as JSON"),
        carried("body", "`body`"),
        carried("content_type", "`response_headers_to_add`"),
        closes("trigger", "", "the answer is for every request, not for some"),
        closes("echo", "false", "the answer does not show the request"),
    ],
};

const CORS: Options = Options {
    name: "cors",
    ours: "Envoy's `cors` filter, before all guards",
    is_guard: false,
    rows: &[
        carried("origins", "`allow_origin_string_match`: texts, or patterns for the whole origin"),
        carried("methods", "`allow_methods`"),
        carried("headers", "`allow_headers`; where there are none, `*` and `authorization`"),
        carried("exposed_headers", "`expose_headers`"),
        carried("credentials", "`allow_credentials`"),
        carried("max_age", "`max_age`"),
        lost("preflight_continue", "false", "preflights of an origin that is allowed are answered"),
        lost("private_network", "false", "set `allow_private_network_access`"),
        lost("allow_origin_absent", "true", "requests without an origin pass"),
    ],
};

const REQUEST_TRANSFORMER: Options = Options {
    name: "request-transformer",
    ours: "header-transform, and body-transform for `body`",
    is_guard: false,
    rows: &[
        carried("remove", "`remove`, `query: {remove}`"),
        carried("rename", "`rename`, `query: {rename}`"),
        carried("replace", "`replace_if_present`; of bodies `set` where there is something"),
        carried("add", "`add_if_absent`; of bodies `default`"),
        carried("append", "`append`, `query: {append}`; not of bodies"),
        lost(
            "http_method",
            "",
            "another method is another route for Envoy: write `method` with `reroute`",
        ),
    ],
};

const RESPONSE_TRANSFORMER: Options = Options {
    name: "response-transformer",
    ours: "header-transform, and body-transform for `json`",
    is_guard: false,
    rows: &[
        carried("remove", "`remove`"),
        carried("rename", "`rename`"),
        carried("replace", "`replace_if_present`; of bodies `set` where there is something"),
        carried("add", "`add_if_absent`; of bodies `default`"),
        carried("append", "`append`; not of bodies"),
    ],
};

const PROXY_CACHE: Options = Options {
    name: "proxy-cache",
    ours: "response-cache, with an answer for each identity (`identified: own`)",
    is_guard: false,
    rows: &[
        carried(
            "cache_ttl",
            "`freshness.override`, and `statuses` for errors; `default` with `cache_control`",
        ),
        carried("cache_control", "`client_directives`, and what the answer itself says"),
        carried("response_code", "`freshness.statuses`, of errors"),
        carried("request_method", "`GET` and `HEAD`"),
        carried("vary_headers", "`key.headers`"),
        carried("vary_query_params", "`key.query.only`"),
        lost("content_type", "", "answers of all types are stored, where nothing forbids it"),
        lost("ignore_uri_case", "false", "keys are compared with case"),
        nothing("strategy"),
        nothing("memory"),
        nothing("storage_ttl"),
        nothing("response_headers"),
    ],
};

const CORRELATION_ID: Options = Options {
    name: "correlation-id",
    ours: "header-transform: `add_if_absent` with `${uuid}`",
    is_guard: false,
    rows: &[
        carried("header_name", "the field"),
        carried("echo_downstream", "the same field of the answer"),
        lost("generator", "uuid", "identifiers are UUIDs"),
    ],
};

const PROMETHEUS: Options = Options {
    name: "prometheus",
    ours: "telemetry, and Envoy's `/stats/prometheus`",
    is_guard: false,
    rows: &[
        carried("per_consumer", "the label `consumer`"),
        carried("status_code_metrics", "`requests`"),
        carried("latency_metrics", "`duration`"),
        carried("bandwidth_metrics", "`bytes`"),
        nothing("upstream_health_metrics"),
        nothing("ai_metrics"),
        nothing("wasm_metrics"),
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
