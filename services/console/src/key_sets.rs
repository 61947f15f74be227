//! What filters fetch in the background, keys above all, and how old it is.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::clock::Millis;
use crate::setup::{Setup, text};
use crate::stats::Stats;
use crate::text::cut;

/// What is fetched, or stands in the configuration.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct KeySet {
    filter: String,
    /// `keys`, `consumers` or `revocations`.
    what: &'static str,
    provider: String,
    /// Where from; `None` where it stands in the configuration.
    cluster: Option<String>,
    refresh: Option<String>,
    max_age: Option<String>,
    fetched: u64,
    failed: u64,
    refused: u64,
    dropped: u64,
    /// Since the last good fetch; without one that the console saw, what is known at least.
    age_s: Option<u64>,
    /// Whether the fetch itself was seen, so that the age is exact.
    age_is_exact: bool,
}

/// When fetches were seen, by the name of the counter.
#[derive(Default, Debug)]
pub(crate) struct Fetches {
    seen: BTreeMap<String, Fetch>,
}

#[derive(Debug)]
struct Fetch {
    count: u64,
    at: Millis,
    is_exact: bool,
}

impl Fetches {
    /// Looks at the counters, once for each time that they are asked for.
    pub(crate) fn look(&mut self, stats: &Stats, now: Millis, was_watching: bool) {
        for (metric, count) in stats.metrics("gatehouse_events_total") {
            let event = metric.label("event");
            if !event.ends_with("_fetched") || self.seen.len() >= MOST {
                continue;
            }
            let key =
                key(&metric.label("filter").replace('_', "-"), event, metric.label("provider"));
            match self.seen.get_mut(&key) {
                Some(fetch) if fetch.count == count => {}
                Some(fetch) => *fetch = Fetch { count, at: now, is_exact: true },
                // A counter that comes up while we watch counts its first fetch.
                None => {
                    self.seen.insert(key, Fetch { count, at: now, is_exact: was_watching });
                }
            }
        }
    }

    /// All that is fetched, or could be.
    pub(crate) fn key_sets(&self, setup: &Setup, stats: &Stats, now: Millis) -> Vec<KeySet> {
        let mut sets = Vec::new();
        for filter in setup.filters() {
            let configured = |name: &str| filter.settings.get(name);
            match filter.kind.as_str() {
                "jwt-auth" => {
                    let providers = configured("providers").and_then(Value::as_array);
                    for provider in providers.into_iter().flatten() {
                        let name = text(provider.get("name")).unwrap_or_default();
                        sets.push(KeySet::new("jwt-auth", "keys", name, provider.get("jwks")));
                    }
                    let revocations = configured("revocations");
                    sets.extend(
                        revocations
                            .map(|from| KeySet::new("jwt-auth", "revocations", "", Some(from))),
                    );
                    let consumers = configured("consumers_from");
                    sets.extend(
                        consumers.map(|from| KeySet::new("jwt-auth", "consumers", "", Some(from))),
                    );
                }
                "api-key-auth" => {
                    let from = configured("consumers_from");
                    sets.push(KeySet::new("api-key-auth", "consumers", "", from));
                }
                _ => {}
            }
        }
        sets.truncate(MOST);
        sets.dedup();
        for set in &mut sets {
            set.count(stats);
            let fetch =
                self.seen.get(&key(&set.filter, &format!("{}_fetched", set.what), &set.provider));
            set.age_s = fetch.map(|fetch| now.saturating_sub(fetch.at) / 1000);
            set.age_is_exact = fetch.is_some_and(|fetch| fetch.is_exact);
            // Filters that say when it was are believed.
            if let Some(at) = set.fetched_at(stats) {
                set.age_s = Some(now.saturating_sub(at.saturating_mul(1000)) / 1000);
                set.age_is_exact = true;
            }
        }
        sets
    }
}

impl KeySet {
    fn new(filter: &str, what: &'static str, provider: &str, from: Option<&Value>) -> Self {
        let of = |name: &str| text(from.and_then(|from| from.get(name))).map(|text| cut(text, 128));
        let defaults: &[(&str, &str)] = match what {
            "keys" => &[("refresh", "5m"), ("max_age", "24h")],
            "consumers" => &[("refresh", "60s")],
            _ => &[("refresh", "10s")],
        };
        let cluster = of("cluster");
        let or_default = |name: &str| {
            let default = defaults.iter().find(|(this, _)| *this == name);
            let default = default.filter(|_| cluster.is_some()).map(|(_, text)| (*text).to_owned());
            of(name).or(default)
        };
        Self {
            filter: filter.to_owned(),
            what,
            provider: cut(provider, 128),
            refresh: or_default("refresh"),
            max_age: or_default("max_age"),
            cluster,
            fetched: 0,
            failed: 0,
            refused: 0,
            dropped: 0,
            age_s: None,
            age_is_exact: false,
        }
    }

    /// When the last fetch was, in seconds since 1970.
    fn fetched_at(&self, stats: &Stats) -> Option<u64> {
        let filter = self.filter.replace('-', "_");
        let event = format!("{}_fetched", self.what);
        let mut gauges = stats.metrics("gatehouse_event_timestamp_seconds");
        let gauge = gauges.find(|(metric, _)| {
            metric.label("filter") == filter
                && metric.label("event") == event
                && metric.label("provider") == self.provider
        });
        gauge.map(|(_, at)| at).filter(|at| *at > 0)
    }

    fn count(&mut self, stats: &Stats) {
        let filter = self.filter.replace('-', "_");
        for (metric, count) in stats.metrics("gatehouse_events_total") {
            if metric.label("filter") != filter || metric.label("provider") != self.provider {
                continue;
            }
            let event = metric.label("event").strip_prefix(self.what);
            let number = match event {
                Some("_fetched") => &mut self.fetched,
                Some("_fetch_failed") => &mut self.failed,
                Some("_refused") => &mut self.refused,
                Some("_dropped") => &mut self.dropped,
                _ => continue,
            };
            *number = count;
        }
    }
}

fn key(filter: &str, event: &str, provider: &str) -> String {
    format!("{filter}/{event}/{provider}")
}

const MOST: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn stats(fetched: u64) -> Stats {
        let name =
            "wasmcustom.gatehouse_events_total.filter=jwt_auth;.event=keys_fetched;.provider=demo;";
        let failed = "wasmcustom.gatehouse_events_total.filter=jwt_auth;\
            .event=keys_fetch_failed;.provider=demo;";
        let stats =
            json!({"stats": [{"name": name, "value": fetched}, {"name": failed, "value": 2}]});
        Stats::read(&stats).unwrap()
    }

    fn setup() -> Setup {
        let wasm = json!({
            "@type": "x.wasm.v3.Wasm",
            "config": {
                "root_id": "jwt-auth",
                "configuration": {
                    "@type": "x.Struct",
                    "value": {
                        "providers": [
                            {"name": "demo", "jwks": {"cluster": "auth", "path": "/jwks.json"}},
                            {"name": "inline", "jwks": {"keys": []}}
                        ]
                    }
                }
            }
        });
        let manager = json!({
            "@type": "x.http_connection_manager.v3.HttpConnectionManager",
            "http_filters": [{"name": "jwt-auth", "typed_config": wasm}]
        });
        let listeners = json!({
            "@type": "x.ListenersConfigDump",
            "static_listeners": [{
                "listener": {"filter_chains": [{"filters": [{"typed_config": manager}]}]}
            }]
        });
        Setup::read(&json!({"configs": [listeners]})).unwrap()
    }

    #[test]
    fn the_age_of_keys_is_since_the_last_fetch_that_was_seen() {
        let mut fetches = Fetches::default();
        let age = |fetches: &Fetches, fetched, now| {
            let sets = fetches.key_sets(&setup(), &stats(fetched), now);
            let [demo, inline] = sets.as_slice() else { panic!("{sets:?}") };
            assert_eq!((inline.cluster.as_deref(), inline.age_s), (None, None));
            assert_eq!(
                (demo.refresh.as_deref(), demo.fetched, demo.failed),
                (Some("5m"), fetched, 2)
            );
            (demo.age_s, demo.age_is_exact)
        };
        assert_eq!(age(&fetches, 0, 0), (None, false));
        fetches.look(&stats(3), 10_000, false);
        assert_eq!(age(&fetches, 3, 15_000), (Some(5), false), "at least so old");
        fetches.look(&stats(3), 20_000, true);
        assert_eq!(age(&fetches, 3, 25_000), (Some(15), false));
        fetches.look(&stats(4), 30_000, true);
        assert_eq!(age(&fetches, 4, 37_000), (Some(7), true));

        let gauge = "wasmcustom.gatehouse_event_timestamp_seconds.filter=jwt_auth;\
            .event=keys_fetched;.provider=demo;";
        let told = Stats::read(&json!({"stats": [{"name": gauge, "value": 20}]})).unwrap();
        let sets = Fetches::default().key_sets(&setup(), &told, 50_000);
        assert_eq!((sets[0].age_s, sets[0].age_is_exact), (Some(30), true), "a filter says when");
    }
}
