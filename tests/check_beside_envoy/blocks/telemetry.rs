use crate::check_beside_envoy::case::{Good, Refused, Row, Void, level};

pub(crate) const ROWS: &[Row] = &[
    ("requests as they are told apart without a word", "{requests: {}}", Good),
    (
        "every option",
        "{requests: {labels: [route, method, status_class]}, bytes: {labels: []}, \
         duration: {labels: [route]}, labels: {route: {most: 20, always: [orders]}}, \
         samples: {slow: 1s, errors: false, per_minute: 5}}",
        Good,
    ),
    (
        "costs where nobody tells them",
        "{cost: {labels: [rule, route]}}",
        Void {
            level: level::WARNING,
            says: "`cost` counts nothing: no `rate-limit` here has `tell_costs: true`",
            because: "it starts, and there is never a cost",
        },
    ),
    (
        "costs by status",
        "{cost: {labels: [rule, status_class]}}",
        Refused("cost.labels[1]: costs are told apart by rule, route and caller alone"),
    ),
    (
        "requests by rule",
        "{requests: {labels: [rule]}}",
        Refused("requests.labels[0]: is a label of `cost` alone"),
    ),
    ("nothing", "{}", Refused("does nothing: at least one of")),
    (
        "a label that is nearly known",
        "{requests: {labels: [status-class]}}",
        Refused("requests.labels[0]: must be"),
    ),
    (
        "bytes by method",
        "{bytes: {labels: [method]}}",
        Refused("bytes.labels[0]: bytes are told apart by route and caller alone"),
    ),
    (
        "a bound for a label that no metric has",
        "{requests: {labels: [method]}, labels: {consumer: {most: 5}}}",
        Refused("`labels.consumer` does nothing: no metric has this label"),
    ),
    (
        "more values from the beginning than there may be",
        "{requests: {}, labels: {consumer: {most: 1, always: [a, b]}}}",
        Refused("labels.consumer: has more values in `always` than `most`"),
    ),
    (
        "samples of nothing",
        "{samples: {errors: false}}",
        Refused("samples: does nothing: without `slow`"),
    ),
    (
        "a label of the caller where nobody says who calls",
        "{requests: {labels: [consumer]}}",
        Void {
            level: level::WARNING,
            says: "no filter here says who calls: `consumer` is empty for every request",
            because: "it starts, and the label is always empty",
        },
    ),
];
