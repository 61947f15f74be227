//! The labels of the filters' counters. The wasm interface has none, so they are parts of the
//! counter's name, and Envoy is told how to take them out.

/// The labels that a filter's counters have; those of all filters first.
const LABELS: [(&str, &[&str]); 7] = [
    ("", &["filter", "code", "mode", "event"]),
    ("authorization", &["rule"]),
    ("rate-limit", &["rule"]),
    ("response-cache", &["store"]),
    ("jwt-auth", &["provider"]),
    ("aggregate", &["rule", "call", "outcome"]),
    (
        "telemetry",
        &[
            "label",
            "rule",
            "route",
            "method",
            "status_class",
            "consumer",
            "subject",
            "tier",
            "http_route",
            "http_request_method",
            "http_response_status_class",
        ],
    ),
];

/// The labels of the counters of these filters, in the order in which examples have them.
pub fn labels(is_there: impl Fn(&str) -> bool) -> Vec<&'static str> {
    let mut labels: Vec<&str> = Vec::new();
    let of_these = LABELS.iter().filter(|(filter, _)| filter.is_empty() || is_there(filter));
    for label in of_these.flat_map(|(_, labels)| labels.iter()) {
        if !labels.contains(label) {
            labels.push(label);
        }
    }
    labels
}

/// What takes a label out of a counter's name.
pub fn label_pattern(label: &str) -> String {
    format!("(\\.{label}=([^;]*);)")
}
