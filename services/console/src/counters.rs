//! What the filters have counted: decisions, and how many of them in the last minute.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use crate::clock::Millis;
use crate::setup::{Setup, text};
use crate::stats::{Metric, Stats, to_f64};
use crate::text::cut;
use crate::traffic::{Tally, Traffic};

/// How often a filter decided something.
#[derive(Debug, Serialize)]
pub(crate) struct Decisions {
    filter: String,
    code: String,
    mode: String,
    total: u64,
    last_minute: u64,
    /// By which rules, as far as the access log has told.
    rules: Vec<ByRule>,
}

#[derive(Debug, Serialize)]
struct ByRule {
    rule: String,
    count: u64,
}

/// The counters of a minute.
#[derive(Default, Debug)]
pub(crate) struct Minute {
    looks: VecDeque<(Millis, BTreeMap<String, u64>)>,
}

impl Minute {
    /// Keeps what the counters say now, once every five seconds.
    pub(crate) fn look(&mut self, stats: &Stats, now: Millis) {
        let is_due = self.looks.back().is_none_or(|(at, _)| now.saturating_sub(*at) >= 5000);
        if !is_due {
            return;
        }
        // One that is older than a minute is kept, to count from.
        while self.looks.get(1).is_some_and(|(at, _)| now.saturating_sub(*at) >= 60_000) {
            self.looks.pop_front();
        }
        let numbers = stats.numbers.iter().filter(|(name, _)| name.contains(DECISIONS));
        let numbers = numbers.take(MOST).map(|(name, number)| (name.clone(), *number)).collect();
        self.looks.push_back((now, numbers));
    }

    fn of(&self, name: &str, total: u64) -> u64 {
        let before = self.looks.front().and_then(|(_, numbers)| numbers.get(name)).copied();
        total.checked_sub(before.unwrap_or_default()).unwrap_or(total)
    }
}

/// Every decision that was ever made, with the rules that made it.
pub(crate) fn decisions(stats: &Stats, minute: &Minute, traffic: &Traffic) -> Vec<Decisions> {
    let mut decisions: Vec<Decisions> = Vec::new();
    for (name, total) in &stats.numbers {
        let metric = Metric::read(name).filter(|metric| metric.name == DECISIONS);
        let Some(metric) = metric else { continue };
        if *total == 0 || decisions.len() >= MOST {
            continue;
        }
        let (filter, code) = (metric.label("filter"), metric.label("code"));
        let by_rule = traffic
            .rules
            .iter()
            .filter(|(decided, _)| decided.filter == filter && decided.code == code);
        let mut rules: Vec<_> = by_rule
            .map(|(decided, count)| ByRule { rule: decided.rule.clone(), count: *count })
            .collect();
        rules.sort_by_key(|rule| std::cmp::Reverse(rule.count));
        rules.truncate(20);
        decisions.push(Decisions {
            filter: cut(filter, 64),
            code: cut(code, 64),
            mode: cut(metric.label("mode"), 16),
            total: *total,
            last_minute: minute.of(name, *total),
            rules,
        });
    }
    decisions
}

/// What the response cache did.
#[derive(Default, Debug, Serialize)]
pub(crate) struct Cache {
    /// Whether there is one in the chain.
    configured: bool,
    hits: u64,
    lookups: u64,
    /// Of all lookups those that were hits.
    ratio: Option<f64>,
    bytes: u64,
    objects: u64,
    /// The most that it stores, as configured.
    size: Option<String>,
    events: BTreeMap<String, u64>,
}

pub(crate) fn cache(setup: &Setup, stats: &Stats) -> Cache {
    let filter = setup.filters().find(|filter| filter.kind == "response-cache");
    let size = filter.and_then(|filter| text(filter.settings.pointer("/store/size")));
    // Of all stores together.
    let gauge = |name: &'static str| {
        stats.metrics(name).fold(0_u64, |sum, (_, value)| sum.saturating_add(value))
    };
    let mut cache = Cache {
        configured: filter.is_some(),
        bytes: gauge("gatehouse_cache_bytes"),
        objects: gauge("gatehouse_cache_objects"),
        size: size.map(|size| cut(size, 32)),
        ..Cache::default()
    };
    for (metric, count) in stats.metrics(DECISIONS) {
        let is_hit = match (metric.label("filter"), metric.label("code")) {
            ("response_cache", "hit" | "stale" | "revalidated" | "stale_on_error") => true,
            ("response_cache", "miss" | "vary_miss" | "expired" | "reload" | "partial") => false,
            _ => continue,
        };
        cache.lookups = cache.lookups.saturating_add(count);
        cache.hits = cache.hits.saturating_add(if is_hit { count } else { 0 });
    }
    if cache.lookups > 0 {
        cache.ratio = Some(to_f64(cache.hits) / to_f64(cache.lookups));
    }
    for (metric, count) in stats.metrics("gatehouse_events_total") {
        if metric.label("filter") == "response_cache" && cache.events.len() < 50 {
            cache.events.insert(cut(metric.label("event"), 64), count);
        }
    }
    cache
}

/// Who asks most.
#[derive(Default, Debug, Serialize)]
pub(crate) struct Consumers {
    /// `telemetry`, exact since the gateway started, beside the access log for those that it does
    /// not tell apart; or `access log` alone, since the console started.
    source: &'static str,
    rows: Vec<Consumer>,
    /// All that are not told apart.
    others: Option<Tally>,
}

#[derive(Debug, Serialize)]
struct Consumer {
    name: String,
    /// `consumer` or `subject`.
    kind: &'static str,
    tier: String,
    cost: Option<u64>,
    #[serde(flatten)]
    tally: Tally,
}

pub(crate) fn consumers(stats: &Stats, traffic: &Traffic) -> Consumers {
    let counted = told_by_telemetry(stats);
    let source = if counted.is_some() { "telemetry" } else { "access log" };
    let mut rows = counted.unwrap_or_default();
    // Whom telemetry does not tell apart, such as subjects unless it is told to, the log does.
    for ((kind, name), tally) in &traffic.callers {
        if !rows.iter().any(|row| row.kind == *kind && row.name == *name) {
            let (name, tier) = (name.clone(), String::new());
            rows.push(Consumer { name, kind, tier, cost: None, tally: *tally });
        }
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.tally.requests));
    rows.truncate(20);
    let others = (traffic.other_callers != Tally::default()).then_some(traffic.other_callers);
    Consumers { source, rows, others }
}

/// Whom the filter telemetry counts; `None` where it is not in the chain, or tells nobody apart.
fn told_by_telemetry(stats: &Stats) -> Option<Vec<Consumer>> {
    let mut callers: BTreeMap<(&'static str, &str, &str), Tally> = BTreeMap::new();
    for (name, is_bytes) in [
        ("gatehouse_requests_total", false),
        ("gatehouse_request_bytes_total", true),
        ("gatehouse_response_bytes_total", true),
    ] {
        for (metric, count) in stats.metrics(name) {
            let Some((kind, name)) = caller_of(&metric) else { continue };
            let tally = callers.entry((kind, name, metric.label("tier"))).or_default();
            let number = if is_bytes {
                &mut tally.bytes
            } else {
                match metric.label("status_class") {
                    "4xx" => tally.client_errors = tally.client_errors.saturating_add(count),
                    "5xx" => tally.server_errors = tally.server_errors.saturating_add(count),
                    _ => {}
                }
                &mut tally.requests
            };
            *number = number.saturating_add(count);
        }
    }
    let row = |((kind, name, tier), tally)| Consumer {
        name: cut(name, 128),
        kind,
        tier: cut(tier, 64),
        cost: cost_of(stats, kind, name, tier),
        tally,
    };
    (!callers.is_empty()).then(|| callers.into_iter().map(row).collect())
}

/// What a caller was charged; `None` where telemetry counts no costs.
fn cost_of(stats: &Stats, kind: &str, name: &str, tier: &str) -> Option<u64> {
    let costs = || stats.metrics("gatehouse_cost_units_total");
    // It may tell tiers apart by requests, and not by what they cost.
    let is_its = |metric: &Metric<'_>| {
        caller_of(metric) == Some((kind, name)) && ["", tier].contains(&metric.label("tier"))
    };
    let its = costs().filter(|(metric, _)| is_its(metric)).map(|(_, units)| units);
    costs().next().map(|_| its.fold(0, u64::saturating_add))
}

/// Whose a series is; `None` where nobody is known: then the label is empty.
fn caller_of<'m>(metric: &Metric<'m>) -> Option<(&'static str, &'m str)> {
    let kinds = ["consumer", "subject"].map(|kind| (kind, metric.label(kind)));
    kinds.into_iter().find(|(_, name)| !name.is_empty())
}

const DECISIONS: &str = "gatehouse_decisions_total";
/// Filters and their codes are few; this bounds what a foreign answer can hold.
const MOST: usize = 2000;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn stats(numbers: &[(&str, u64)]) -> Stats {
        let stat = |(name, value): &(&str, u64)| {
            let name = format!("wasmcustom.{name}");
            json!({"name": name, "value": value})
        };
        Stats::read(&json!({"stats": numbers.iter().map(stat).collect::<Vec<Value>>()})).unwrap()
    }

    #[test]
    fn decisions_are_counted_in_all_by_rule_and_in_the_last_minute() {
        let name = "gatehouse_decisions_total.filter=jwt_auth;.code=allowed;.mode=enforce;";
        let mut minute = Minute::default();
        for (second, total) in [(0, 10), (5, 10), (30, 20), (61, 50), (66, 70)] {
            minute.look(&stats(&[(name, total)]), second * 1000);
        }
        let mut traffic = Traffic::default();
        for rule in ["a", "b", "b"] {
            traffic
                .line(&format!(r#"{{"status":200,"jwt_auth":"jwt_auth.allowed;rule={rule}"}}"#), 0);
        }
        let decisions = decisions(&stats(&[(name, 75)]), &minute, &traffic);
        let [decision] = decisions.as_slice() else { panic!("{decisions:?}") };
        assert_eq!((decision.total, decision.last_minute), (75, 65));
        let rules: Vec<_> =
            decision.rules.iter().map(|rule| (rule.rule.as_str(), rule.count)).collect();
        assert_eq!(rules, [("b", 2), ("a", 1)]);
    }

    #[test]
    fn a_cache_hit_is_what_came_from_the_store() {
        let decided = |code: &str| {
            format!("gatehouse_decisions_total.filter=response_cache;.code={code};.mode=enforce;")
        };
        let (hit, stale, miss, bypass) =
            (decided("hit"), decided("stale"), decided("miss"), decided("bypass_method"));
        let stored = "gatehouse_events_total.filter=response_cache;.event=stored;";
        let stats = stats(&[
            (&hit, 5),
            (&stale, 1),
            (&miss, 2),
            (&bypass, 100),
            (stored, 2),
            ("gatehouse_cache_bytes.store=default;", 900),
            ("gatehouse_cache_bytes.store=shop;", 7),
        ]);
        let cache = cache(&Setup::default(), &stats);
        assert_eq!((cache.hits, cache.lookups, cache.ratio, cache.bytes), (6, 8, Some(0.75), 907));
        assert_eq!(cache.events, BTreeMap::from([("stored".to_owned(), 2)]));
    }

    #[test]
    fn telemetry_goes_before_the_access_log() {
        let mut traffic = Traffic::default();
        traffic.line(
            r#"{"status":404,"bytes_sent":7,"jwt_auth":"jwt_auth.allowed;subject=alice"}"#,
            0,
        );
        let shown = consumers(&Stats::default(), &traffic);
        assert_eq!(
            (shown.source, shown.rows[0].name.as_str(), shown.rows[0].kind),
            ("access log", "alice", "subject")
        );
        assert_eq!(
            shown.rows[0].tally,
            Tally { requests: 1, client_errors: 1, server_errors: 0, bytes: 7 }
        );

        let stats = stats(&[
            (
                "gatehouse_requests_total.route=a;.method=GET;\
                 .status_class=2xx;.consumer=acme;.tier=gold;",
                10,
            ),
            (
                "gatehouse_requests_total.route=a;.method=GET;\
                 .status_class=5xx;.consumer=acme;.tier=gold;",
                2,
            ),
            (
                "gatehouse_requests_total.route=a;.method=GET;.status_class=4xx;.consumer=;.tier=;",
                9,
            ),
            ("gatehouse_response_bytes_total.route=a;.consumer=acme;.tier=gold;", 100),
            ("gatehouse_cost_units_total.rule=a;.route=a;.consumer=acme;.tier=gold;", 20),
            ("gatehouse_cost_units_total.rule=b;.route=a;.consumer=acme;.tier=gold;", 4),
            ("gatehouse_cost_units_total.rule=b;.route=a;.consumer=;.tier=;", 7),
        ]);
        let shown = consumers(&stats, &traffic);
        assert_eq!((shown.source, shown.rows.len()), ("telemetry", 2));
        assert_eq!((shown.rows[1].name.as_str(), shown.rows[1].cost), ("alice", None));
        let acme = &shown.rows[0];
        assert_eq!(
            (acme.tier.as_str(), acme.cost, acme.tally),
            (
                "gold",
                Some(24),
                Tally { requests: 12, client_errors: 0, server_errors: 2, bytes: 100 }
            )
        );
    }

    #[test]
    fn costs_are_shown_of_those_who_are_counted_where_they_are_counted() {
        let requests = "gatehouse_requests_total.consumer=acme;.tier=gold;";
        let shown = |numbers: &[(&str, u64)]| {
            let shown = consumers(&stats(numbers), &Traffic::default());
            let costs = shown.rows.iter().map(|row| (row.name.clone(), row.cost));
            costs.collect::<Vec<_>>()
        };
        for (costs, want) in [
            (&[][..], None),
            (&[("gatehouse_cost_units_total.consumer=acme;", 3)], Some(3)),
            (&[("gatehouse_cost_units_total.consumer=acme;.tier=free;", 3)], Some(0)),
            (&[("gatehouse_cost_units_total.subject=acme;.tier=gold;", 3)], Some(0)),
            (&[("gatehouse_cost_units_total.rule=a;", 3)], Some(0)),
        ] {
            let numbers = [&[(requests, 1)], costs].concat();
            assert_eq!(shown(&numbers), [("acme".to_owned(), want)], "{costs:?}");
        }
    }
}
