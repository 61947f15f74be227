use crate::check_beside_envoy::case::{Good, Refused, Row};

pub(crate) const ROWS: &[Row] = &[
    (
        "conditions of every kind",
        "{rules: [{action: allow, match: {route: all, hosts: ['*.example.com', a.example], \
         methods: [GET], path: {template: '/users/{id}'}, headers: [{name: x-a, exact: b}], \
         policy: p}}]}",
        Good,
    ),
    (
        "a star for a method",
        "{rules: [{action: allow, match: {methods: ['*']}}]}",
        Refused("rules[0].match.methods[0]: `*` is no method"),
    ),
    (
        "a star behind a prefix",
        "{rules: [{action: allow, match: {path: {prefix: '/admin/*'}}}]}",
        Refused("rules[0].match.path.prefix: a prefix is for everything below it: write `/admin`"),
    ),
    (
        "a name in braces in an exact path",
        "{rules: [{action: allow, match: {path: {exact: '/admin/{id}'}}}]}",
        Refused("rules[0].match.path.exact: names in braces are for `template`"),
    ),
    (
        "a step up",
        "{rules: [{action: allow, match: {path: {prefix: /a/../admin}}}]}",
        Refused("rules[0].match.path.prefix: never fits"),
    ),
    (
        "a path outside ASCII",
        "{rules: [{action: allow, match: {path: {exact: /café}}}]}",
        Refused("rules[0].match.path.exact: never fits"),
    ),
    (
        "a host outside ASCII",
        "{rules: [{action: allow, match: {hosts: [bücher.example]}}]}",
        Refused("rules[0].match.hosts[0]: never fits"),
    ),
    (
        "a header that Envoy makes another of",
        "{rules: [{action: allow, match: {headers: [{name: host, exact: a}]}}]}",
        Refused("rules[0].match.headers[0].name: never fits"),
    ),
    (
        "a pattern that begins with no slash",
        "{rules: [{action: allow, match: {path: {regex: '^users/[0-9]+$'}}}]}",
        Refused("rules[0].match.path.regex: never fits"),
    ),
    (
        "two ways to write a path",
        "{rules: [{action: allow, match: {path: {exact: /a, prefix: /b}}}]}",
        Refused("rules[0].match.path"),
    ),
    (
        "a path that is text",
        "{rules: [{action: allow, match: {path: /a}}]}",
        Refused("rules[0].match.path: must have one of exact, prefix, template, regex"),
    ),
    (
        "paths for path",
        "{rules: [{action: allow, match: {paths: {exact: /a}}}]}",
        Refused("rules[0].match.paths: must be a list"),
    ),
    (
        "several paths",
        "{rules: [{action: allow, match: {paths: [{exact: /a}, {prefix: /b}, {template: '/c/{id}'}]}}]}",
        Good,
    ),
    (
        "a path and paths",
        "{rules: [{action: allow, match: {path: {exact: /a}, paths: [{exact: /b}]}}]}",
        Refused("rules[0].match: must have path or paths, not both"),
    ),
    (
        "parameters of every kind",
        "{rules: [{action: allow, match: {query: [{name: a, exact: 'b c'}, {name: 'b[x]', prefix: d}, \
         {name: c, suffix: d}, {name: d, regex: '^e$'}, {name: e, present: false}]}}]}",
        Good,
    ),
    (
        "an encoded parameter",
        "{rules: [{action: allow, match: {query: [{name: a, exact: b%20c}]}}]}",
        Refused("rules[0].match.query[0].exact: is compared decoded: write `b c`"),
    ),
    (
        "a parameter that must be there and must not",
        "{rules: [{action: allow, match: {query: [{name: a, present: true}, {name: a, present: \
         false}]}}]}",
        Refused("rules[0].match.query: never fits"),
    ),
    (
        "a number for the value of a parameter",
        "{rules: [{action: allow, match: {query: [{name: page, exact: 1}]}}]}",
        Refused("rules[0].match.query[0].exact: must be text"),
    ),
    ("networks", "{rules: [{action: allow, match: {sources: [10.0.0.0/8, '::1']}}]}", Good),
    (
        "a network with bits of hosts",
        "{rules: [{action: allow, match: {sources: [10.0.0.1/8]}}]}",
        Refused("rules[0].match.sources[0]: has bits set beyond its prefix"),
    ),
    (
        "an identity",
        "{rules: [{action: allow, match: {identity: {authenticated: true, subjects: [a, {prefix: b}], \
         consumers: [c], tiers: [{suffix: d}], roles: {any: [{regex: '^e'}]}, scopes: {all: [f]}}}}]}",
        Good,
    ),
    (
        "a tier for tiers",
        "{rules: [{action: allow, match: {identity: {tier: gold}}}]}",
        Refused("rules[0].match.identity.tier: unknown field, did you mean `tiers`?"),
    ),
    (
        "an identity of nobody",
        "{rules: [{action: allow, match: {identity: {authenticated: false, tiers: [gold]}}}]}",
        Refused("rules[0].match.identity: never fits"),
    ),
    (
        "what a rule is not for",
        "{rules: [{action: allow, match: {path: {prefix: /a}, not: [{paths: [{exact: /a/b}], methods: \
         [PUT]}, {sources: [10.0.0.0/8]}]}}]}",
        Good,
    ),
    (
        "a rule that is for nothing",
        "{rules: [{action: allow, match: {path: {exact: /a/b}, not: {path: {prefix: /a}}}}]}",
        Refused("rules[0].match.not: never fits"),
    ),
    (
        "not without a value",
        "{rules: [{action: allow, match: {not: {}}}]}",
        Refused("rules[0].match.not: never fits"),
    ),
    (
        "not within not",
        "{rules: [{action: allow, match: {not: {not: {methods: [GET]}}}}]}",
        Refused("rules[0].match.not.not: unknown field"),
    ),
    (
        "a longer prefix behind a shorter one",
        "{rules: [{action: allow, match: {path: {prefix: /a}}}, {action: deny, match: {path: \
         {exact: /a/b}}}]}",
        Refused("rules[1]"),
    ),
    (
        "a shorter prefix behind a longer one",
        "{rules: [{action: allow, match: {path: {prefix: /a/b}}}, {action: deny, match: {path: \
         {prefix: /a}}}]}",
        Good,
    ),
    (
        "a method that is a truth to YAML",
        "{rules: [{action: allow, match: {methods: [ON]}}]}",
        Refused("rules[0].match.methods[0]: must be text"),
    ),
];
