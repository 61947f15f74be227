//! The limits of rate-limit: what is configured, what it counted, and what clients had left.

use serde::Serialize;
use serde_json::Value;

use crate::clock::Millis;
use crate::setup::{Setup, items, text};
use crate::stats::Stats;
use crate::text::cut;
use crate::traffic::Traffic;

/// The limits of one rule.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Limited {
    rule: String,
    mode: String,
    /// `30 per 60s`, one for each limit.
    limits: Vec<String>,
    /// What tells clients apart.
    key: String,
    allowed: u64,
    exceeded: u64,
    uncounted: u64,
    evicted_live: u64,
}

/// What a client had left of a limit.
#[derive(Debug, Serialize)]
pub(crate) struct LeftOf {
    policy: String,
    client: String,
    left: u64,
    quota: Option<u64>,
    window_s: Option<u64>,
    reset_s: Option<u64>,
    seconds_ago: u64,
}

/// Every rule that is configured or was counted, in the order of the configuration.
pub(crate) fn limited(setup: &Setup, stats: &Stats) -> Vec<Limited> {
    let mut rules: Vec<Limited> = Vec::new();
    for filter in setup.filters().filter(|filter| filter.kind == "rate-limit") {
        let rule = |(number, rule): (usize, &Value)| {
            let name = text(rule.get("name"));
            Limited {
                rule: name.map_or_else(|| format!("rules[{number}]"), |name| cut(name, 128)),
                mode: text(rule.get("mode")).unwrap_or("enforce").to_owned(),
                limits: items(Some(rule), "limits").map(limit).collect(),
                key: key(rule.get("key")),
                ..Limited::default()
            }
        };
        rules.extend(filter.rules.iter().enumerate().map(rule));
    }
    for (metric, count) in stats.metrics("gatehouse_rule_events_total") {
        let name = metric.label("rule");
        if metric.label("filter") != "rate_limit" {
            continue;
        }
        if !rules.iter().any(|rule| rule.rule == name) {
            let (rule, mode) = (cut(name, 128), cut(metric.label("mode"), 32));
            rules.push(Limited { rule, mode, ..Limited::default() });
        }
        let Some(rule) = rules.iter_mut().find(|rule| rule.rule == name) else { continue };
        let number = match metric.label("event") {
            "allowed" => &mut rule.allowed,
            "exceeded" => &mut rule.exceeded,
            "uncounted" => &mut rule.uncounted,
            "evicted_live" => &mut rule.evicted_live,
            _ => continue,
        };
        *number = number.saturating_add(count);
    }
    rules
}

/// The clients with least left, of those whose limit has not wholly come back since.
pub(crate) fn left(traffic: &Traffic, now: Millis) -> Vec<LeftOf> {
    let seen = traffic.left.iter().map(|((policy, client), seen)| LeftOf {
        policy: policy.clone(),
        client: client.clone(),
        left: seen.left,
        quota: seen.quota,
        window_s: seen.window_s,
        reset_s: seen.reset_s,
        seconds_ago: now.saturating_sub(seen.at) / 1000,
    });
    let mut left: Vec<_> = seen
        .filter(|left| left.seconds_ago <= left.window_s.or(left.reset_s).unwrap_or(u64::MAX))
        .collect();
    // The share that is left, without a division.
    left.sort_by(|one, other| {
        let (mine, others) = (one.quota.unwrap_or(u64::MAX), other.quota.unwrap_or(u64::MAX));
        let share = u128::from(one.left).saturating_mul(u128::from(others));
        share.cmp(&u128::from(other.left).saturating_mul(u128::from(mine)))
    });
    left.truncate(MOST_LEFT);
    left
}

fn limit(limit: &Value) -> String {
    let requests = match limit.get("requests") {
        Some(Value::Number(number)) => whole(number),
        Some(_) => "as many as is said".to_owned(),
        None => "?".to_owned(),
    };
    match (text(limit.get("window")), text(limit.get("per"))) {
        (Some(window), _) => cut(&format!("{requests} in {window}"), 64),
        (None, Some(per)) => cut(&format!("{requests} a {per}"), 64),
        (None, None) => requests,
    }
}

/// `30`, where a `Struct` made `30.0` of it.
fn whole(number: &serde_json::Number) -> String {
    let text = number.to_string();
    text.strip_suffix(".0").map_or_else(|| text.clone(), ToOwned::to_owned)
}

fn key(key: Option<&Value>) -> String {
    let Some(parts) = key.and_then(Value::as_array) else { return "client_address".to_owned() };
    let part = |part: &Value| match part {
        Value::String(name) => name.clone(),
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| match value.as_str() {
                Some(value) => format!("{name} {value}"),
                None => name.clone(),
            };
            members.iter().map(member).collect::<Vec<_>>().join(" ")
        }
        _ => String::new(),
    };
    cut(&parts.iter().map(part).collect::<Vec<_>>().join(", "), 128)
}

const MOST_LEFT: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn limits_are_told_as_configured() {
        for (configured, want) in [
            (json!({"requests": 30, "window": "60s"}), "30 in 60s"),
            (json!({"requests": 30.0, "per": "day"}), "30 a day"),
            (json!({"requests": {"claim": "x"}, "window": "1h"}), "as many as is said in 1h"),
            (json!(7), "?"),
        ] {
            assert_eq!(limit(&configured), want);
        }
        assert_eq!(
            key(Some(&json!(["subject", {"header": "x-tenant"}]))),
            "subject, header x-tenant"
        );
        assert_eq!(key(None), "client_address");
    }

    #[test]
    fn the_least_left_comes_first_and_what_has_come_back_is_left_out() {
        let mut traffic = Traffic::default();
        let line = |client: &str, left: u64, quota: u64| {
            format!(
                r#"{{
                    "status":200,"client":"{client}","ratelimit":"\"p\";r={left};t=5",
                    "ratelimit_policy":"\"p\";q={quota};w=60"
                }}"#
            )
        };
        traffic.line(&line("old", 0, 10), 0);
        traffic.line(&line("half", 50, 100), 100_000);
        traffic.line(&line("tenth", 1, 10), 100_000);
        let clients: Vec<_> = left(&traffic, 101_000).into_iter().map(|left| left.client).collect();
        assert_eq!(clients, ["tenth", "half"]);
    }
}
