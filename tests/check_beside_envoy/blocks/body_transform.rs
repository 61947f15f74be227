use crate::check_beside_envoy::case::{Good, Refused, Row, Void, level};

pub(crate) const ROWS: &[Row] = &[
    (
        "a refusal in words of a rule for responses",
        "{rules: [{response: {}, refusal: {title: Sorry}}]}",
        Refused(
            "rules[0].refusal: does nothing: only bodies of requests are refused in other words",
        ),
    ),
    (
        "a refusal in words that it cannot have",
        "{refusal: {text: no}, rules: [{request: {}}]}",
        Refused("refusal.text: unknown field"),
    ),
    ("bodies that are checked", "{rules: [{request: {}}]}", Good),
    (
        "an operation",
        "{rules: [{request: {operations: [{set: {path: a.b, value: {c: [1, x]}}}]}}]}",
        Good,
    ),
    (
        "heads that are held, and the plugin may not",
        "{hold_heads: true, rules: [{request: {}}]}",
        Void {
            level: level::FAULT,
            says: "hold_heads: needs `allow_on_headers_stop_iteration: true`",
            because: "a filter cannot see what its plugin may do: every request with a body hangs",
        },
    ),
    ("a rule for nothing", "{rules: [{}]}", Refused("rules[0]: must say what happens to bodies")),
    (
        "a value that YAML makes a text of",
        "{rules: [{request: {operations: [{set: {path: a, value: 1.5}}]}}]}",
        Refused("rules[0].request.operations[0].set.value"),
    ),
    (
        "the same as JSON",
        "{rules: [{request: {operations: [{set: {path: a, json: '1.5'}}]}}]}",
        Good,
    ),
    (
        "a condition within the operation",
        "{rules: [{request: {operations: [{remove: {path: a, when: {path: b, exists: true}}}]}}]}",
        Refused("rules[0].request.operations[0].remove.when"),
    ),
    (
        "the same beside it",
        "{rules: [{request: {operations: [{remove: {path: a}, when: {path: b, exists: true}}]}}]}",
        Good,
    ),
    (
        "the place after the last item, where a value is read",
        "{rules: [{request: {operations: [{remove: {path: 'a[-]'}}]}}]}",
        Refused("rules[0].request.operations[0].remove.path"),
    ),
    (
        "a sum in a placeholder",
        "{rules: [{request: {operations: [{set: {path: a, value: '${body.age + 10}'}}]}}]}",
        Refused("rules[0].request.operations[0].set.value"),
    ),
    (
        "a size without a unit",
        "{rules: [{request: {max_body: 1024}}]}",
        Refused("rules[0].request.max_body"),
    ),
    (
        "a size of gigabytes",
        "{rules: [{request: {max_body: 1GiB}}]}",
        Refused("rules[0].request.max_body: must be from 1B to 64MiB"),
    ),
    (
        "a status of requests",
        "{rules: [{request: {statuses: [200]}}]}",
        Refused("rules[0].request.statuses: unknown field"),
    ),
    (
        "a status that is none",
        "{rules: [{response: {statuses: [99]}}]}",
        Refused("rules[0].response.statuses[0]: must be a status from 200 to 599"),
    ),
    (
        "a header, and heads are not held",
        "{rules: [{request: {operations: [{set_header: {name: x-a, value: b}}]}}]}",
        Refused("rules[0].request"),
    ),
    (
        "an operation that there is not",
        "{rules: [{request: {operations: [{delete: {path: a}}]}}]}",
        Refused("rules[0].request.operations[0].delete: unknown field"),
    ),
    (
        "other types, and items once",
        "{rules: [{request: {operations: [{to_number: {path: a}}, {to_text: {path: b}}, {unique: \
         {path: c}}]}}]}",
        Good,
    ),
    (
        "items once of nothing",
        "{rules: [{request: {operations: [{unique: {}}]}}]}",
        Refused("rules[0].request.operations[0].unique.path: is required"),
    ),
    (
        "bodies that are made",
        "{rules: [{request_body: {text: x}, response_bodies: [{statuses: [404], problem: {}}, \
         {statuses: [5xx], content_type: text/html, text: '<p>${path}'}]}]}",
        Good,
    ),
    (
        "a body for a response without content",
        "{rules: [{response_bodies: [{statuses: [204], text: x}]}]}",
        Refused("rules[0].response_bodies[0].statuses[0]"),
    ),
    (
        "a body that another takes the place of",
        "{rules: [{response_bodies: [{statuses: [4xx], text: x}, {statuses: [404], text: z}]}]}",
        Refused("rules[0].response_bodies: item 1 is never used"),
    ),
    (
        "a client's words in a script",
        "{rules: [{request_body: {content_type: text/javascript, text: '${path}'}}]}",
        Refused("rules[0].request_body.text: has placeholders"),
    ),
    (
        "patterns",
        "{rules: [{response: {text: [{replace: ['http://[a-z]+[.]internal', '']}]}}]}",
        Good,
    ),
    (
        "a pattern that is none",
        "{rules: [{response: {text: [{replace: ['(', '']}]}}]}",
        Refused("rules[0].response.text[0].replace[0]: is not a valid pattern"),
    ),
    (
        "patterns beside operations",
        "{rules: [{response: {text: [{replace: [a, b]}], operations: [{remove: {path: a}}]}}]}",
        Refused("rules[0].response.operations: is of values"),
    ),
    (
        "names that become others",
        "{rules: [{request: {operations: [{case: {to: camel, names: {user_id: userID}}}]}}]}",
        Good,
    ),
    (
        "names that become nothing",
        "{rules: [{request: {operations: [{case: {}}]}}]}",
        Refused("rules[0].request.operations[0].case: must say what names become"),
    ),
    (
        "a form with files",
        "{rules: [{request: {read: multipart, operations: [{remove: {path: a}}]}}]}",
        Good,
    ),
    (
        "files of nothing",
        "{rules: [{request: {write: multipart}}]}",
        Refused("rules[0].request.write: multipart has the files of what was read"),
    ),
    (
        "a query without another route",
        "{hold_heads: true, rules: [{request: {read: form, write: query}}]}",
        Refused("rules[0].request: must say `reroute: true`"),
    ),
    (
        "a query, and heads are not held",
        "{rules: [{request: {read: form, write: query, reroute: true}}]}",
        Refused("rules[0].request: query needs hold_heads"),
    ),
    (
        "the query of a response",
        "{rules: [{response: {write: query}}]}",
        Refused("rules[0].response.write: a response has no query"),
    ),
];
