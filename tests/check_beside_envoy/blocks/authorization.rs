use crate::check_beside_envoy::case::{Good, Refused, RefusedInWords, Row};

const CEL: &str = "rules[0].condition: is not a CEL expression that the host can compile";

pub(crate) const ROWS: &[Row] = &[
    (
        "a refusal in words of a rule that allows everybody",
        "{rules: [{action: allow, refusal: {title: Sorry}}]}",
        Refused("rules[0].refusal: does nothing: a rule that allows everybody refuses nobody"),
    ),
    (
        "refusals in words of their rules",
        "{refusal: {status: 404}, rules: [{action: deny, match: {path: {prefix: /a}}, refusal: \
         {title: Closed}}, {action: allow, principals: [{scopes: {any: [a]}}], refusal: {detail: \
         'Ask for a.'}}]}",
        Good,
    ),
    (
        "principals of every kind",
        "{rules: [{action: allow, match: {path: {template: '/t/{id}'}}, principals: [{subjects: [a, {prefix: \
         b}, {suffix: c}, {regex: ^d}, {capture: id}, {header: x-a}, {query: q}, {host: '*.example.com'}], \
         not: {tiers: [free]}}, {not: [{sources: [10.0.0.0/8]}, {claims: [{path: 'a.b[*].c', any: [d]}]}]}, \
         {claims: [{path: roles, separator: ',', any: [admin]}]}]}]}",
        Good,
    ),
    (
        "a rule that tells whom it would deny",
        "{rules: [{action: deny, mode: shadow}, {action: allow}]}",
        Good,
    ),
    (
        "a rule that tells whom it would allow",
        "{rules: [{action: allow, mode: shadow}, {action: deny}]}",
        Refused("rules[0].mode: does nothing"),
    ),
    (
        "a principal who is not himself",
        "{rules: [{action: allow, principals: [{subjects: [a], not: {subjects: [a]}}]}]}",
        Refused("rules[0].principals[0]: can never be"),
    ),
    (
        "a host without a star",
        "{rules: [{action: allow, principals: [{subjects: [{host: a.example}]}]}]}",
        Refused("rules[0].principals[0].subjects[0].host: must be a host with one `*`"),
    ),
    (
        "an item of a list by its number",
        "{rules: [{action: allow, principals: [{claims: [{path: 'a[0]', any: [b]}]}]}]}",
        Refused("rules[0].principals[0].claims[0].path: has each item of a list as `[*]`"),
    ),
    (
        "a separator for what is only there",
        "{rules: [{action: allow, principals: [{claims: [{path: a, separator: ',', present: true}]}]}]}",
        Refused("rules[0].principals[0].claims[0]: separator has no effect with present"),
    ),
    (
        "a refusal in words that it cannot have",
        "{refusal: {status: 401}, rules: [{action: allow}]}",
        Refused("refusal.status: cannot be 401: the answer would lack a challenge"),
    ),
    ("a rule for everybody", "{rules: [{action: allow}]}", Good),
    (
        "a condition",
        "{rules: [{action: allow, condition: \"request.headers['x-a'] == '1' && \
         size(request.path) < 9\"}]}",
        Good,
    ),
    (
        "a condition over macros",
        "{rules: [{action: allow, condition: \"[1, 2].exists(x, x > 1) && has(request.host)\"}]}",
        Good,
    ),
    (
        "a condition that ends too early",
        "{rules: [{action: allow, condition: 'request.path =='}]}",
        Refused(CEL),
    ),
    (
        "a condition with one equals sign",
        "{rules: [{action: allow, condition: \"request.path = '/a'\"}]}",
        Refused(CEL),
    ),
    (
        "a condition with an open parenthesis",
        "{rules: [{action: allow, condition: '(request.path == request.path'}]}",
        Refused(CEL),
    ),
    (
        "a condition of words of another language",
        "{rules: [{action: allow, condition: \"request.path == '/a' and true\"}]}",
        Refused(CEL),
    ),
    (
        "a condition with a function that there is not",
        "{rules: [{action: allow, condition: 'foo(request.path)'}]}",
        RefusedInWords { check: "rules[0].condition: CEL has no function `foo`", envoy: CEL },
    ),
    (
        "a condition with a method that there is not",
        "{rules: [{action: allow, condition: \"request.path.startswith('/a')\"}]}",
        RefusedInWords {
            check: "rules[0].condition: CEL has no function `startswith` in Envoy, did you mean \
             `startsWith`?",
            envoy: CEL,
        },
    ),
    (
        "a condition that matches a pattern",
        "{rules: [{action: allow, condition: \"request.path.matches('^/a')\"}]}",
        Good,
    ),
    (
        "a condition over time",
        "{rules: [{action: allow, condition: \"request.time.getHours() < 9 && duration('1s') < \
         duration('2s') && timestamp('2026-01-01T00:00:00Z') < request.time\"}]}",
        Good,
    ),
    (
        "a condition that makes numbers",
        "{rules: [{action: allow, condition: \"int('1') + int(1u) == 2 && double(1) == 1.0 && \
         string(1) == '1' && bytes('a') == b'a' && type(1) == int && dyn(1) == 1\"}]}",
        Good,
    ),
    (
        "a condition with an empty text",
        "{rules: [{action: allow, condition: ''}]}",
        Refused("rules[0].condition: must not be empty"),
    ),
    (
        "a condition that is a truth to YAML",
        "{rules: [{action: allow, condition: true}]}",
        Refused("rules[0].condition: must be text"),
    ),
    ("no action", "{rules: [{}]}", Refused("rules[0].action: is required")),
    (
        "an action in capitals",
        "{rules: [{action: Allow}]}",
        Refused("rules[0].action: must be one of allow, deny"),
    ),
    (
        "roles as a list",
        "{rules: [{action: allow, principals: [{roles: [admin]}]}]}",
        Refused("rules[0].principals[0].roles: must be {any: [..]}, {all: [..]} or both"),
    ),
    (
        "a principal of nothing",
        "{rules: [{action: allow, principals: [{}]}]}",
        Refused("rules[0].principals[0]: must have a part"),
    ),
    (
        "a subject that is a number",
        "{rules: [{action: allow, principals: [{subjects: [17]}]}]}",
        Refused("rules[0].principals[0].subjects[0]: must be text"),
    ),
    (
        "a claim that YAML makes a text of",
        "{rules: [{action: allow, principals: [{claims: [{path: level, any: [1.5]}]}]}]}",
        Refused("rules[0].principals[0].claims[0].any[0]: `1.5` may be a number or a text"),
    ),
    (
        "a claim that is a whole number",
        "{rules: [{action: allow, principals: [{claims: [{path: level, any: [15]}]}]}]}",
        Good,
    ),
    (
        "a claim that is beyond 32 bits",
        "{rules: [{action: allow, principals: [{claims: [{path: level, any: [9007199254740993]}]}]}]}",
        Refused("rules[0].principals[0].claims[0].any[0]: `9007199254740993` may be a number"),
    ),
    (
        "a network that is none",
        "{rules: [{action: allow, principals: [{sources: [10.0.0.0/33]}]}]}",
        Refused("rules[0].principals[0].sources[0]"),
    ),
    (
        "a rule behind one that takes all",
        "{rules: [{action: allow}, {action: deny, match: {path: {prefix: /admin}}}]}",
        Refused("rules[1]"),
    ),
    (
        "a rule behind one for some, which is reached",
        "{rules: [{action: allow, principals: [{authenticated: true}]}, {action: deny}]}",
        Good,
    ),
    (
        "a default that there is not",
        "{rules: [{action: deny}], default: permit}",
        Refused("default: must be one of allow, deny"),
    ),
];
