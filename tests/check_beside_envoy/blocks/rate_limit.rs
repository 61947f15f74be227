use crate::check_beside_envoy::case::{Good, Refused, Row, Void, level};

pub(crate) const ROWS: &[Row] = &[
    (
        "a refusal in words of a rule, under which it cannot be had",
        "{rules: [{limits: [{requests: 10, window: 1m}], refusal: {status: 426}}]}",
        Refused("rules[0].refusal.status: cannot be 426: the answer would lack an `upgrade`"),
    ),
    (
        "a refusal in words of a rule that limits nothing",
        "{rules: [{match: {path: {prefix: /a}}, limits: none, refusal: {title: Sorry}}, {limits: \
         [{requests: 10, window: 1m}]}]}",
        Refused("rules[0]: refusal has no effect with `limits: none`"),
    ),
    ("a limit", "{rules: [{limits: [{requests: 10, window: 1m}]}]}", Good),
    (
        "no limits before limits",
        "{rules: [{match: {sources: [10.0.0.0/8]}, limits: none}, {limits: [{requests: 10, window: \
         1m}]}]}",
        Good,
    ),
    (
        "no limits behind all limits",
        "{rules: [{key: [path], limits: [{requests: 10, window: 1m}]}, {limits: none}]}",
        Refused("rules: the last one has no effect"),
    ),
    (
        "no limits, and a key",
        "{rules: [{match: {sources: [10.0.0.0/8]}, limits: none, key: [path]}, {limits: [{requests: 10, \
         window: 1m}]}]}",
        Refused("rules[0]: key has no effect with `limits: none`"),
    ),
    (
        "a limit in hexadecimal, which YAML reads",
        "{rules: [{limits: [{requests: 0x10, window: 1m}]}]}",
        Good,
    ),
    (
        "a limit with a zero at the start, which YAML takes for octal",
        "{rules: [{limits: [{requests: 010, window: 1m}]}]}",
        Good,
    ),
    (
        "a limit with a point",
        "{rules: [{limits: [{requests: 100.0, window: 1m}]}]}",
        Refused("rules[0].limits[0].requests: must be written in digits alone, as 100"),
    ),
    (
        "a limit with an exponent",
        "{rules: [{limits: [{requests: 1e3, window: 1m}]}]}",
        Refused("rules[0].limits[0].requests: must be written in digits alone, as 1000"),
    ),
    (
        "a limit with separators",
        "{rules: [{limits: [{requests: 1_000, window: 1m}]}]}",
        Refused("rules[0].limits[0].requests: must be a whole number"),
    ),
    (
        "a limit beyond 32 bits",
        "{rules: [{limits: [{requests: 5000000000, window: 1m}]}]}",
        Refused("rules[0].limits[0].requests: must be from 1 to 1000000000"),
    ),
    (
        "a limit of nothing",
        "{rules: [{limits: [{requests: 0, window: 1m}]}]}",
        Refused("rules[0].limits[0].requests: must be from 1 to 1000000000"),
    ),
    (
        "a window without a unit",
        "{rules: [{limits: [{requests: 10, window: 60}]}]}",
        Refused("rules[0].limits[0].window: must be a duration with a unit"),
    ),
    (
        "a window of half a second",
        "{rules: [{limits: [{requests: 10, window: 500ms}]}]}",
        Refused("rules[0].limits[0].window: must be whole seconds, from 1s to 30d"),
    ),
    (
        "a window of months",
        "{rules: [{limits: [{requests: 10, window: 31d}]}]}",
        Refused("rules[0].limits[0].window: must be whole seconds, from 1s to 30d"),
    ),
    (
        "a field that is nearly known",
        "{rules: [{limits: [{requests: 10, windw: 1m}]}]}",
        Refused("rules[0].limits[0].windw: unknown field, did you mean `window`?"),
    ),
    (
        "five limits",
        "{rules: [{limits: [{requests: 1, window: 1s}, {requests: 1, window: 2s}, {requests: 1, \
         window: 3s}, {requests: 1, window: 4s}, {requests: 1, window: 5s}]}]}",
        Refused("rules[0].limits"),
    ),
    (
        "a part of a key that there is not",
        "{rules: [{key: [ip], limits: [{requests: 10, window: 1m}]}]}",
        Refused("rules[0].key[0]"),
    ),
    (
        "a key of a caller",
        "{rules: [{key: [subject], limits: [{requests: 10, window: 1m}]}]}",
        Good,
    ),
    (
        "a capture without a template",
        "{rules: [{key: [{capture: id}], limits: [{requests: 10, window: 1m}]}]}",
        Refused("rules[0].key[0].capture"),
    ),
    (
        "counting with a service whose cluster is there",
        "{rules: [{counting: {mode: global, cluster: keys}, limits: [{requests: 10, window: 1m}]}]}",
        Good,
    ),
    (
        "counting with a service whose cluster is not there",
        "{rules: [{counting: {mode: global, cluster: limits}, limits: [{requests: 10, window: 1m}]}]}",
        Void {
            level: level::FAULT,
            says: "rules[0].counting.cluster: there is no cluster `limits`",
            because: "clusters may come at any time, so Envoy asks for one when it is called",
        },
    ),
    (
        "counting with a service of no name",
        "{rules: [{counting: {mode: global}, limits: [{requests: 10, window: 1m}]}]}",
        Refused("rules[0].counting.cluster: is required"),
    ),
    (
        "a status that is no refusal",
        "{status: 200, rules: [{limits: [{requests: 10, window: 1m}]}]}",
        Refused("status: must be from 400 to 599"),
    ),
    ("one counter for all", "{rules: [{key: [], limits: [{requests: 10, window: 1m}]}]}", Good),
    (
        "what becomes of who lacks a part that there is not",
        "{rules: [{key: [], absent: skip, limits: [{requests: 10, window: 1m}]}]}",
        Refused("rules[0].absent: does nothing: a key without parts lacks none"),
    ),
    (
        "a counter for each host",
        "{rules: [{key: [host], limits: [{requests: 1, window: 1m}]}]}",
        Good,
    ),
    (
        "amounts by consumer",
        "{rules: [{limits: [{requests: {consumer: {acme: 100}, default: 5}, window: 1m}]}]}",
        Good,
    ),
    (
        "an amount of a header without a bound",
        "{rules: [{limits: [{requests: {header: x-quota, default: 5}, window: 1m}]}]}",
        Refused("rules[0].limits[0].requests: needs `most`, and no `values`"),
    ),
    (
        "an amount of a header that clients may send",
        "{rules: [{limits: [{requests: {header: x-quota, most: 9, default: 5}, window: 1m}]}]}",
        Void {
            level: level::WARNING,
            says: "rules[0].limits[0].requests.header: nothing before it writes or removes `x-quota`",
            because: "Envoy does not know who may send a header",
        },
    ),
    ("requests under way", "{rules: [{key: [], in_flight: 10}]}", Good),
    (
        "requests under way, beside a limit",
        "{rules: [{in_flight: {tier: {gold: 10}, default: 1}, limits: [{requests: 9, window: 1m}]}]}",
        Good,
    ),
    (
        "a rule without limits",
        "{rules: [{}]}",
        Refused("rules[0]: must have `limits`, `in_flight`"),
    ),
    ("none under way", "{rules: [{in_flight: 0}]}", Refused("rules[0].in_flight: must be from 1")),
    (
        "a cost of what is under way",
        "{rules: [{in_flight: 10, cost: 5}]}",
        Refused("rules[0]: `cost` does nothing without `limits`"),
    ),
    (
        "a refusal in other words",
        "{retry_after: false, refusal: {status: 403, title: Quota, detail: '${detail}, ${code}'}, \
         rules: [{limits: [{requests: 10, window: 1m}]}]}",
        Good,
    ),
    (
        "a refusal in no words",
        "{refusal: {}, rules: [{limits: [{requests: 10, window: 1m}]}]}",
        Refused("refusal: says nothing: at least one of status, title, detail is needed"),
    ),
    (
        "a refusal that says what the client sent",
        "{refusal: {detail: '${header.authorization}'}, rules: [{limits: [{requests: 10, window: 1m}]}]}",
        Refused("refusal.detail: `${header.authorization}` (character 1): is none that a refusal"),
    ),
    (
        "a status that is said twice",
        "{status: 503, refusal: {status: 403}, rules: [{limits: [{requests: 10, window: 1m}]}]}",
        Refused("refusal: has the `status` that is said beside it: say it once"),
    ),
    (
        "costs for telemetry",
        "{tell_costs: true, rules: [{cost: 5, limits: [{requests: 10, window: 1m}]}]}",
        Good,
    ),
    (
        "costs that are told somehow",
        "{tell_costs: 1, rules: [{limits: [{requests: 10, window: 1m}]}]}",
        Refused("tell_costs: must be true or false"),
    ),
    (
        "too few clients",
        "{keys: 7, rules: [{limits: [{requests: 10, window: 1m}]}]}",
        Refused("keys: must be from 8 to 1048576"),
    ),
    (
        "two rules of one name",
        "{rules: [{name: a, match: {methods: [GET]}, limits: [{requests: 10, window: 1m}]}, \
         {name: a, limits: [{requests: 10, window: 1m}]}]}",
        Refused("rules[1].name"),
    ),
    (
        "a cost that the body of the answer tells",
        "{rules: [{cost: {response_body: usage.total_tokens, most: 1000}, limits: [{requests: 10, \
         window: 1m}]}]}",
        Good,
    ),
    (
        "one that several numbers make, beside requests under way",
        "{rules: [{in_flight: 4, cost: {response_body: [{path: [a.b, /c/d.e], times: 4}, f], default: 5, \
         most: 1000}, limits: [{requests: 10, window: 1m}]}]}",
        Good,
    ),
    (
        "a path that leads nowhere",
        "{rules: [{cost: {response_body: usage..total, most: 1000}, limits: [{requests: 10, window: \
         1m}]}]}",
        Refused("rules[0].cost.response_body: has an empty name"),
    ),
    (
        "a path with a pattern",
        "{rules: [{cost: {response_body: 'choices[*].tokens', most: 1000}, limits: [{requests: 10, \
         window: 1m}]}]}",
        Refused("rules[0].cost.response_body: has other parts than names"),
    ),
    (
        "a number that is counted twice",
        "{rules: [{cost: {response_body: [usage.in, {path: [usage.in]}], most: 1000}, limits: \
         [{requests: 10, window: 1m}]}]}",
        Refused("rules[0].cost.response_body: counts `usage.in` twice"),
    ),
    (
        "a number and what it is in",
        "{rules: [{cost: {response_body: [usage.in, usage], most: 1000}, limits: [{requests: 10, \
         window: 1m}]}]}",
        Refused("rules[0].cost.response_body: cannot count both `usage.in` and `usage`"),
    ),
    (
        "two that tell the cost",
        "{rules: [{cost: {response_body: usage.in, response_header: x-cost, most: 1000}, limits: \
         [{requests: 10, window: 1m}]}]}",
        Refused("rules[0].cost: must have exactly one of header, response_header, response_body"),
    ),
    (
        "a cost without a bound",
        "{rules: [{cost: {response_body: usage.in}, limits: [{requests: 10, window: 1m}]}]}",
        Refused("rules[0].cost.most: is required"),
    ),
    (
        "more reserved than may ever pass",
        "{rules: [{cost: {response_body: usage.in, default: 11, most: 1000}, limits: [{requests: 10, \
         window: 1m}]}]}",
        Refused("rules[0]: cost.default must not be more than a limit lets pass at once, 10"),
    ),
    (
        "a cost of the answer without limits",
        "{rules: [{in_flight: 4, cost: {response_body: usage.in, most: 1000}}]}",
        Refused("rules[0]: `cost` does nothing without `limits`"),
    ),
    (
        "a service that is asked about nothing",
        "{rules: [{cost: {response_body: usage.in, default: 0, most: 1000}, limits: [{requests: 10, \
         window: 1m}], counting: {mode: global, cluster: echo}}]}",
        Refused("rules[0].counting: a service is asked about the `default`"),
    ),
];
