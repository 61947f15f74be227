use crate::check_beside_envoy::case::{Good, Refused, Row};

/// A word in YAML is what Envoy takes it for: no tag changes it, and what is in quotes is text.
pub(crate) const ROWS: &[Row] = &[
    ("a number in quotes", "{rules: [{request: [{set: {name: x-a, value: \"1\"}}]}]}", Good),
    (
        "a number",
        "{rules: [{request: [{set: {name: x-a, value: 1}}]}]}",
        Refused("rules[0].request[0].set.value: must be text"),
    ),
    (
        "a number with a point, which is text",
        "{rules: [{request: [{set: {name: x-a, value: 1.5}}]}]}",
        Good,
    ),
    (
        "a number that does not fit 32 bits, which is text",
        "{rules: [{request: [{set: {name: x-a, value: 2147483648}}]}]}",
        Good,
    ),
    (
        "yes, which is a truth",
        "{rules: [{request: [{set: {name: x-a, value: yes}}]}]}",
        Refused("rules[0].request[0].set.value: must be text"),
    ),
    (
        "off, which is one too",
        "{rules: [{request: [{set: {name: x-a, value: Off}}]}]}",
        Refused("rules[0].request[0].set.value: must be text"),
    ),
    (
        "n, which is one too",
        "{rules: [{request: [{set: {name: x-a, value: n}}]}]}",
        Refused("rules[0].request[0].set.value: must be text"),
    ),
    ("nO, which is text", "{rules: [{request: [{set: {name: x-a, value: nO}}]}]}", Good),
    (
        "a tag for text, which does not make one",
        "{rules: [{request: [{set: {name: x-a, value: !!str 1}}]}]}",
        Refused("rules[0].request[0].set.value: must be text"),
    ),
    (
        "an exclamation mark, which does",
        "{rules: [{request: [{set: {name: x-a, value: ! 1}}]}]}",
        Good,
    ),
    (
        "a date, which is text",
        "{rules: [{request: [{set: {name: x-a, value: 2026-11-29}}]}]}",
        Good,
    ),
    (
        "no value",
        "{rules: [{request: [{set: {name: x-a, value: ~}}]}]}",
        Refused("rules[0].request[0].set.value: has no value"),
    ),
    (
        "an alias",
        "{rules: [{request: [&set {set: {name: x-a, value: b}}]}, {match: {methods: [GET]}, \
         request: [*set]}]}",
        Refused("rules[1]"),
    ),
    (
        "an alias in a rule that is reached",
        "{rules: [{match: {methods: [GET]}, request: [&one {set: {name: x-a, value: b}}]}, \
         {request: [*one]}]}",
        Good,
    ),
    (
        "a merge key, which is a name like any other",
        "{rules: [{request: [{set: {<<: {name: x-a}, value: b}}]}]}",
        Refused("rules[0].request[0].set.<<: unknown field"),
    ),
    (
        "a field that Envoy's YAML leaves out",
        "{rules: [{request: [{set: {name: x-a, value: b, !ignore x: 1}}]}]}",
        Good,
    ),
    (
        "a name that is a truth to YAML, as a name is text",
        "{yes: 1, rules: [{request: [{set: {name: x-a, value: b}}]}]}",
        Refused("yes: unknown field"),
    ),
];
