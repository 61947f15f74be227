//! The tables of plugins.

use crate::options::{Options, carried, guards as closes, lost, nothing};

pub(super) const KEY_AUTH: Options = Options {
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

pub(super) const BASIC_AUTH: Options = Options {
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

pub(super) const JWT: Options = Options {
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

pub(super) const ACL: Options = Options {
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

pub(super) const IP_RESTRICTION: Options = Options {
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

pub(super) const RATE_LIMITING: Options = Options {
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

pub(super) const REQUEST_SIZE_LIMITING: Options = Options {
    name: "request-size-limiting",
    ours: "Envoy's `buffer` filter, with a 413",
    is_guard: true,
    rows: &[
        carried("allowed_payload_size", "`max_request_bytes`"),
        carried("size_unit", "`max_request_bytes`"),
        closes("require_content_length", "false", "no filter asks for a length"),
    ],
};

pub(super) const REQUEST_TERMINATION: Options = Options {
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

pub(super) const CORS: Options = Options {
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

pub(super) const REQUEST_TRANSFORMER: Options = Options {
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

pub(super) const RESPONSE_TRANSFORMER: Options = Options {
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

pub(super) const PROXY_CACHE: Options = Options {
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

pub(super) const CORRELATION_ID: Options = Options {
    name: "correlation-id",
    ours: "header-transform: `add_if_absent` with `${uuid}`",
    is_guard: false,
    rows: &[
        carried("header_name", "the field"),
        carried("echo_downstream", "the same field of the answer"),
        lost("generator", "uuid", "identifiers are UUIDs"),
    ],
};

pub(super) const PROMETHEUS: Options = Options {
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
