use crate::check_beside_envoy::case::{Good, Refused, Row, Void, level};

pub(crate) const ROWS: &[Row] = &[
    (
        "refusals in other words",
        "{refusal: {title: Sorry}, rules: [{refusal: {status: 404, detail: 'Not here: ${rule}.'}}]}",
        Good,
    ),
    (
        "a refusal with a challenge that the filter has not",
        "{refusal: {status: 401}, rules: [{}]}",
        Refused("refusal.status: cannot be 401: the answer would lack a challenge"),
    ),
    (
        "a refusal in words of a rule that heeds no client",
        "{rules: [{client_directives: ignore, refusal: {title: Sorry}}]}",
        Refused(
            "rules[0].refusal: has no effect with `client_directives: ignore`: none is refused",
        ),
    ),
    ("a rule for all", "{rules: [{}]}", Good),
    (
        "every option",
        "{name: edge, mode: shadow, cache_status: {key: true}, background: {cluster: echo}, \
         store: {name: shop, size: 8MiB, max_object: 1MiB, objects: 1024}, \
         purge: {path: /.cache/purge, \
         keys: ['sha256:73da68a10c12df8c27816fc9ece0b1b999a9817f9730d31249bc27bff9db0e9e'], \
         sources: [127.0.0.1/32]}, \
         rules: [{name: a, match: {path: {prefix: /a}}, methods: [GET, HEAD], \
         key: {host: false, query: {without: ['utm_*']}, sort_query: true, headers: [x-tenant], \
         cookies: [currency], identity: [subject]}, \
         freshness: {override: 5m, most: 1h, heuristic: false, statuses: {'404': 10s, 5xx: 1s}, \
         stale_while_revalidate: 30s, stale_if_error: 1h}, client_directives: ignore, \
         set_cookie: strip, encodings: [br, gzip], languages: [en, de], tags: [cache-tag], \
         collapse: {wait: 3s}, mode: enforce}, \
         {key: {query: {only: []}}, identified: own, freshness: {default: 60s}, collapse: 'off'}]}",
        Good,
    ),
    ("no rules", "{rules: []}", Refused("rules: must not be empty")),
    (
        "a field that is nearly known",
        "{rules: [{fresness: {default: 60s}}]}",
        Refused("rules[0].fresness: unknown field, did you mean `freshness`?"),
    ),
    (
        "a purge that anybody may make",
        "{purge: {path: /purge}, rules: [{}]}",
        Refused("purge: must have keys or sources: anybody could empty the cache"),
    ),
    (
        "changes that are not seen",
        "{rules: [{match: {methods: [GET, HEAD]}}]}",
        Refused("rules[0]: `match.methods` leaves out those that change what is stored"),
    ),
    (
        "contents that are read without a permission to hold heads",
        "{rules: [{methods: [GET, QUERY]}]}",
        Void {
            level: level::FAULT,
            says: "needs `allow_on_headers_stop_iteration: true` beside the configuration",
            because: "it starts, and each request with a body hangs",
        },
    ),
    (
        "a background through a cluster that is not there",
        "{background: {cluster: ehco}, rules: [{}]}",
        Void {
            level: level::FAULT,
            says: "background.cluster: there is no cluster `ehco`",
            because: "it looks for clusters when a call is made",
        },
    ),
];
