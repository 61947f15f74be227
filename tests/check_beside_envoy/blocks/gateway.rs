use crate::check_beside_envoy::case::{Good, Refused, Row, Void, level};

pub(crate) const ROWS: &[Row] = &[
    (
        "a list of two",
        "{filters: [{rate-limit: {rules: [{limits: [{requests: 1, window: 1s}]}]}}, \
         {header-transform: {rules: [{response: [{remove: {name: x-a}}]}]}}]}",
        Good,
    ),
    (
        "one filter twice, under two names",
        "{filters: [{header-transform: {rules: [{response: [{remove: {name: x-a}}]}]}}, {name: b, \
         header-transform: {rules: [{response: [{remove: {name: x-b}}]}]}}]}",
        Good,
    ),
    ("no list", "{}", Refused("filters: is required")),
    ("a list of nothing", "{filters: []}", Refused("filters: must not be empty")),
    (
        "a filter that is nearly known",
        "{filters: [{rate-limt: {}}]}",
        Refused("filters[0].rate-limt: unknown field, did you mean `rate-limit`?"),
    ),
    (
        "an entry of two",
        "{filters: [{jwt-auth: {}, rate-limit: {}}]}",
        Refused("filters[0]: has jwt-auth, rate-limit: give each an entry of its own"),
    ),
    ("an entry of none", "{filters: [{name: a}]}", Refused("filters[0]: must have one filter")),
    (
        "one filter twice, under one name",
        "{filters: [{header-transform: {rules: [{response: [{remove: {name: x-a}}]}]}}, \
         {header-transform: {rules: [{response: [{remove: {name: x-b}}]}]}}]}",
        Refused("filters[1]: a filter before this one is called `header-transform` too"),
    ),
    (
        "a fault of a filter in it",
        "{filters: [{header-transform: {rules: [{response: [{remove: {name: x-a}}]}]}}, \
         {rate-limit: {rules: [{limits: [{requests: 1, window: 60}]}]}}]}",
        Refused("filters[1].rate-limit.rules[0].limits[0].window: must be a duration with a unit"),
    ),
    (
        "a cluster that is not there",
        "{filters: [{api-key-auth: {consumers_from: {cluster: kyes, path: /c.json}}}]}",
        Void {
            level: level::FAULT,
            says: "filters[0].api-key-auth: consumers_from.cluster: there is no cluster `kyes`",
            because: "clusters may come at any time, so Envoy asks for one when it is called",
        },
    ),
    (
        "authorization before jwt-auth",
        "{filters: [{authorization: {rules: [{action: allow}]}}, {jwt-auth: {providers: [{name: \
         a, issuer: https://a.example, jwks: {cluster: keys, path: /k}}]}}]}",
        Void {
            level: level::WARNING,
            says: "filters[0].authorization: decides before `jwt-auth` says who calls",
            because: "to a gateway filters are filters",
        },
    ),
    (
        "heads that are held, and the plugin may not",
        "{filters: [{body-transform: {hold_heads: true, rules: [{request: {}}]}}]}",
        Void {
            level: level::FAULT,
            says: "filters[0].body-transform.hold_heads: needs `allow_on_headers_stop_iteration: true`",
            because: "a filter cannot see what its plugin may do: every request with a body hangs",
        },
    ),
];
