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
        Refused("rules[0].match.paths: unknown field, did you mean `path`?"),
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
