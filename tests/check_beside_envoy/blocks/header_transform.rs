use crate::check_beside_envoy::case::{Good, Refused, Row};

pub(crate) const ROWS: &[Row] = &[
    (
        "a refusal in words of a rule for responses",
        "{rules: [{response: [{remove: {name: x-a}}], refusal: {title: Sorry}}]}",
        Refused("rules[0].refusal: does nothing without `request`: no response is refused"),
    ),
    (
        "a refusal in words that it cannot have",
        "{refusal: {title: ''}, rules: [{request: [{remove: {name: x-a}}]}]}",
        Refused("refusal.title: must not be empty"),
    ),
    ("a field", "{rules: [{request: [{set: {name: x-a, value: '1'}}]}]}", Good),
    ("a field of the response", "{rules: [{response: [{remove: {name: x-a}}]}]}", Good),
    ("a rule without operations", "{rules: [{}]}", Refused("rules[0]: must have operations")),
    (
        "an operation that is nearly known",
        "{rules: [{request: [{sett: {name: x-a, value: b}}]}]}",
        Refused("rules[0].request[0].sett: unknown field, did you mean `set`?"),
    ),
    (
        "two operations in one",
        "{rules: [{request: [{remove: {name: a}, set: {name: a, value: b}}]}]}",
        Refused("rules[0].request[0]: must be a mapping with one key, the operation"),
    ),
    (
        "a field that frames the message",
        "{rules: [{request: [{remove: {name: transfer-encoding}}]}]}",
        Refused("rules[0].request[0].remove.name: belongs to the connection or frames the message"),
    ),
    (
        "a field that Envoy writes into responses",
        "{rules: [{response: [{set: {name: server, value: a}}]}]}",
        Refused("rules[0].response[0].set.name"),
    ),
    (
        "a field without which every request is a 404",
        "{rules: [{request: [{remove: {name: x-forwarded-proto}}]}]}",
        Refused("rules[0].request[0].remove.name"),
    ),
    (
        "a field that Envoy reads for itself",
        "{rules: [{request: [{set: {name: x-envoy-expected-rq-timeout-ms, value: '1'}}]}]}",
        Refused("rules[0].request[0].set.name"),
    ),
    (
        "a field that Envoy routes by",
        "{rules: [{request: [{set: {name: host, value: a}}]}]}",
        Refused("rules[0].request[0].set.name: is what Envoy routes by"),
    ),
    (
        "a name that is no field name",
        "{rules: [{request: [{remove: {name: 'a b'}}]}]}",
        Refused("rules[0].request[0].remove.name: must be a header field name"),
    ),
    (
        "a value with a line break",
        "{rules: [{request: [{set: {name: x-a, value: \"a\\nb\"}}]}]}",
        Refused("rules[0].request[0].set.value: must not contain CR, LF, NUL"),
    ),
    (
        "a placeholder that nobody fills",
        "{rules: [{request: [{set: {name: x-a, value: '${path.id}'}}]}]}",
        Refused("rules[0].request[0].set.value: `${path.id}`"),
    ),
    (
        "a placeholder of the response in the request",
        "{rules: [{request: [{set: {name: x-a, value: '${response.status}'}}]}]}",
        Refused("rules[0].request[0].set.value: `${response.status}`"),
    ),
    (
        "a pattern that is none",
        "{rules: [{request: [{remove: {regex: '('}}]}]}",
        Refused("rules[0].request[0].remove.regex: is not a valid pattern"),
    ),
    (
        "a new path without another choice of the route",
        "{rules: [{request: [{path: {replace: /a}}]}]}",
        Refused("rules[0]"),
    ),
    (
        "what a pattern captured",
        "{rules: [{capture: {from: '${host}', regex: '^([a-z]+)'}, request: [{set: {name: x-a, \
         value: '${match.1}'}}]}]}",
        Good,
    ),
    (
        "a pattern that captures for nobody",
        "{rules: [{capture: {from: '${host}', regex: '(a)'}, request: [{remove: {name: x-a}}]}]}",
        Refused("rules[0].capture: does nothing"),
    ),
    (
        "a group that there is not",
        "{rules: [{capture: {from: '${host}', regex: '(a)'}, request: [{set: {name: x-a, value: \
         '${match.2}'}}]}]}",
        Refused("is no group of the pattern"),
    ),
    (
        "functions with arguments",
        "{rules: [{request: [{set: {name: x-a, value: '${header.x-a | remove_prefix: \"a \" | \
         replace: [\"[0-9]{2}|x\", \"\"] | base64_decode}'}}]}]}",
        Good,
    ),
    (
        "a pattern that looks ahead",
        "{rules: [{request: [{set: {name: x-a, value: '${method | replace: [\"(?=a)\", b]}'}}]}]}",
        Refused("is not a valid pattern"),
    ),
    (
        "a value in a new path",
        "{rules: [{reroute: true, request: [{path: {prefix: /a, to: '/${identity.tier}'}}]}]}",
        Good,
    ),
    (
        "an unknown value in a new path",
        "{rules: [{reroute: true, request: [{path: {to: '/${tier}'}}]}]}",
        Refused("rules[0].request[0].path.to: `${tier}`"),
    ),
    (
        "a location and a cookie",
        "{rules: [{response: [{location: {from: 'http://a', to: /b}}, {cookie: {secure: true}}]}]}",
        Good,
    ),
    (
        "a location of a request",
        "{rules: [{request: [{location: {from: /a, to: /b}}]}]}",
        Refused("rules[0].request[0].location: unknown field"),
    ),
    (
        "a cookie that browsers drop",
        "{rules: [{response: [{cookie: {same_site: none}}]}]}",
        Refused("rules[0].response[0].cookie: same_site: none needs"),
    ),
    (
        "two rules for all requests, which all apply",
        "{apply: all, rules: [{request: [{remove: {name: a}}]}, {request: [{remove: {name: b}}]}]}",
        Good,
    ),
    (
        "two rules for all requests, of which the first applies",
        "{rules: [{request: [{remove: {name: a}}]}, {request: [{remove: {name: b}}]}]}",
        Refused("rules[1]: never fits"),
    ),
];
