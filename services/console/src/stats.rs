//! Envoy's counters, gauges and latencies, as `/stats?format=json` has them.

use std::collections::BTreeMap;

use serde_json::Value;

/// Where the statistics are: only those that the console shows, and that were ever touched.
pub(crate) const PATH: &str = "/stats?format=json&usedonly&histogram_buckets=detailed\
    &filter=%5E(http%5C.%5B%5E.%5D*%5C.downstream_rq_%7Ccluster%5C..*%5C.upstream_rq_total$\
    %7Cwasmcustom%5C.)";

/// What was counted until now.
#[derive(Default, Debug)]
pub(crate) struct Stats {
    pub(crate) numbers: BTreeMap<String, u64>,
    /// What requests took since the last time that Envoy put its histograms together, by name.
    times: BTreeMap<String, Vec<Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    from: f64,
    width: f64,
    count: u64,
}

/// Milliseconds that half of all requests, 95 and 99 of a hundred did not exceed.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Latency {
    pub(crate) p50: f64,
    pub(crate) p95: f64,
    pub(crate) p99: f64,
}

impl Stats {
    /// Reads the answer; `None` where it is not Envoy's.
    pub(crate) fn read(answer: &Value) -> Option<Self> {
        let mut stats = Self::default();
        for stat in answer.get("stats")?.as_array()?.iter().take(MOST) {
            if let Some(histograms) = stat.get("histograms") {
                stats.times = times(histograms);
            }
            let name = stat.get("name").and_then(Value::as_str);
            // A text is no number and is left out.
            if let (Some(name), Some(value)) = (name, stat.get("value").and_then(Value::as_u64)) {
                stats.numbers.insert(name.to_owned(), value);
            }
        }
        Some(stats)
    }

    pub(crate) fn number(&self, name: &str) -> u64 {
        self.numbers.get(name).copied().unwrap_or_default()
    }

    /// The metrics of the filters with this name.
    pub(crate) fn metrics<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (Metric<'a>, u64)> {
        let metric = |(stat, value): (&'a String, &u64)| Some((Metric::read(stat)?, *value));
        self.numbers.iter().filter_map(metric).filter(move |(metric, _)| metric.name == name)
    }

    /// The latency at these listeners, by the prefix of their statistics.
    pub(crate) fn latency(&self, prefixes: &[String]) -> Option<Latency> {
        let named = |prefix: &String| self.times.get(&format!("http.{prefix}.downstream_rq_time"));
        let mut buckets: Vec<Bucket> =
            prefixes.iter().filter_map(named).flatten().copied().collect();
        buckets.sort_by(|one, other| one.from.total_cmp(&other.from));
        let total = buckets.iter().fold(0_u64, |sum, bucket| sum.saturating_add(bucket.count));
        let quantile = |share: f64| {
            let wanted = share * to_f64(total);
            let mut sum = 0_u64;
            let reached = buckets.iter().find(|bucket| {
                sum = sum.saturating_add(bucket.count);
                to_f64(sum) >= wanted
            });
            // The middle of a bucket: Envoy's are two digits wide.
            reached.map(|bucket| bucket.from + bucket.width / 2.0)
        };
        if total == 0 {
            return None;
        }
        Some(Latency { p50: quantile(0.5)?, p95: quantile(0.95)?, p99: quantile(0.99)? })
    }
}

/// A metric of a filter: `gatehouse_decisions_total.filter=jwt_auth;.code=allowed;`.
#[derive(Debug)]
pub(crate) struct Metric<'a> {
    pub(crate) name: &'a str,
    labels: &'a str,
}

impl<'a> Metric<'a> {
    pub(crate) fn read(stat: &'a str) -> Option<Self> {
        let text = stat.strip_prefix("wasmcustom.")?;
        let (name, labels) = text.split_once('.').unwrap_or((text, ""));
        Some(Self { name, labels })
    }

    /// The label's value; empty where the metric has no such label.
    pub(crate) fn label(&self, name: &str) -> &'a str {
        let pair = |part: &'a str| part.trim_start_matches('.').split_once('=');
        let mut pairs = self.labels.split(';').filter_map(pair);
        pairs.find(|(this, _)| *this == name).map_or("", |(_, value)| value)
    }
}

fn times(histograms: &Value) -> BTreeMap<String, Vec<Bucket>> {
    let details = histograms.get("details").and_then(Value::as_array);
    let time = |detail: &Value| {
        let name = detail.get("name")?.as_str()?;
        let buckets = detail.get("intervals")?.as_array()?.iter().filter_map(bucket).collect();
        Some((name.to_owned(), buckets))
    };
    details.into_iter().flatten().filter_map(time).collect()
}

fn bucket(bucket: &Value) -> Option<Bucket> {
    Some(Bucket {
        from: bucket.get("lower_bound")?.as_f64()?,
        width: bucket.get("width")?.as_f64()?,
        count: bucket.get("count")?.as_u64()?,
    })
}

#[allow(
    clippy::cast_precision_loss,
    reason = "a count of more than 2^53 requests is not to be seen"
)]
pub(crate) fn to_f64(number: u64) -> f64 {
    number as f64
}

/// Label sets are bounded by the configuration; this bounds what a foreign answer can hold.
const MOST: usize = 50_000;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_labels_and_latencies_are_read() {
        let stats = Stats::read(&json!({
            "stats": [
                {"name": "http.gateway.downstream_rq_total", "value": 12},
                {"name": "x.text", "value": "hello"},
                {"name": "wasmcustom.gatehouse_cache_bytes", "value": 907},
                {
                    "name": "wasmcustom.gatehouse_rule_events_total.filter=rate_limit;.rule=a.b/c;\
                        .event=allowed;.mode=enforce;",
                    "value": 3
                },
                {
                    "histograms": {
                        "details": [
                            {
                                "name": "http.gateway.downstream_rq_time",
                                "intervals": [
                                    {"lower_bound": 7, "width": 0.1, "count": 4},
                                    {"lower_bound": 0, "width": 0, "count": 90}
                                ]
                            },
                            {
                                "name": "http.other.downstream_rq_time",
                                "intervals": [{"lower_bound": 100, "width": 10, "count": 6}]
                            }
                        ]
                    }
                }
            ]
        }))
        .unwrap();
        assert_eq!(
            (stats.number("http.gateway.downstream_rq_total"), stats.number("none")),
            (12, 0)
        );
        let rules: Vec<_> = stats.metrics("gatehouse_rule_events_total").collect();
        let [(metric, 3)] = rules.as_slice() else { panic!("{rules:?}") };
        assert_eq!(
            (metric.label("rule"), metric.label("event"), metric.label("x")),
            ("a.b/c", "allowed", "")
        );
        assert_eq!(stats.metrics("gatehouse_cache_bytes").count(), 1);

        let of = |prefixes: &[&str]| {
            stats.latency(&prefixes.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(of(&["gateway"]), Some(Latency { p50: 0.0, p95: 0.0, p99: 7.05 }));
        assert_eq!(of(&["gateway", "other"]), Some(Latency { p50: 0.0, p95: 105.0, p99: 105.0 }));
        assert_eq!(of(&["none"]), None);
    }

    #[test]
    fn nonsense_is_told_apart_or_left_out() {
        for answer in [json!(null), json!([]), json!({"stats": 1}), json!("<html>")] {
            assert!(Stats::read(&answer).is_none(), "{answer}");
        }
        let odd = json!({
            "stats": [
                1, null, {"name": 7, "value": 1}, {"name": "a", "value": -1},
                {
                    "histograms": {
                        "details": [{"name": "b", "intervals": [{}, {"lower_bound": "x"}]}, 5]
                    }
                }
            ]
        });
        assert!(Stats::read(&odd).unwrap().numbers.is_empty());
    }
}
