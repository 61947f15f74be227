//! The labels of the filters' counters, for Envoy to take out of the names.

use gatehouse_config_file::{label_pattern, labels};

/// The buckets of OpenTelemetry's conventions for HTTP, in milliseconds.
const BUCKETS: &str = "\
  histogram_bucket_settings:
    - match: {prefix: wasmcustom.http_server_request_duration}
      buckets: [5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000]
";

/// The bootstrap's `stats_config`.
pub(crate) fn stats_config(filters: &[&str]) -> String {
    let labels = labels(|filter| filters.contains(&filter));
    let tag =
        |label: &&str| format!("    - {{tag_name: {label}, regex: '{}'}}\n", label_pattern(label));
    let tags: String = labels.iter().map(tag).collect();
    let buckets = if filters.contains(&"telemetry") { BUCKETS } else { "" };
    format!("stats_config:\n  stats_tags:\n{tags}{buckets}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatehouse_config_file::{Format, read};
    use serde_json::Value;
    use std::collections::BTreeSet;

    /// `envoy/envoy.yaml` has all filters, and is what the dashboards and alerts are tested with.
    #[test]
    fn all_filters_have_the_labels_of_the_demo_gateway() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../envoy/envoy.yaml");
        let demo = std::fs::read_to_string(root).unwrap();
        let tags = |text: &str| -> BTreeSet<String> {
            let tree = read(text, Format::Yaml).unwrap().tree;
            let tags = tree["stats_config"]["stats_tags"].as_array().unwrap();
            tags.iter().map(Value::to_string).collect()
        };
        assert_eq!(tags(&stats_config(&super::super::ORDER)), tags(&demo));
    }
}
