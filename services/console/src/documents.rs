//! The two documents that the page asks for: what is live, and how the gateway is set up.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::clock::Millis;
use crate::counters::{cache, consumers, decisions};
use crate::limits::{left, limited};
use crate::traffic::Traffic;
use crate::watch::Watched;

/// Everything that changes from second to second.
pub(crate) fn live(watched: &Watched, traffic: &Traffic, log: &str, now: Millis) -> Value {
    let stats = &watched.stats;
    let latency = watched.history.latency();
    let fault = watched.fault.as_ref();
    json!({
        "now": now,
        "gateway": {
            "answers": watched.answered.is_some() && fault.is_none(),
            "fault": fault.map(|(fault, _)| fault),
            "fault_since": fault.map(|(_, since)| since),
            "answered": watched.answered,
            "state": watched.server.state,
            "version": watched.server.version,
            "uptime_s": watched.server.uptime_s,
        },
        "setup": watched.setup_number,
        "log": {
            "source": log,
            "lines": traffic.lines,
            "unread": traffic.unread,
            "since": traffic.since,
        },
        "requests": watched.requests,
        "per_second": watched.history.per_second(),
        "latency_ms": latency.map(|latency| {
            json!({"p50": latency.p50, "p95": latency.p95, "p99": latency.p99})
        }),
        "history": watched.history.lines(),
        "decisions": decisions(stats, &watched.minute, traffic),
        "recent": traffic.recent,
        "refusals": traffic.refusals,
        "consumers": consumers(stats, traffic),
        "limits": limited(&watched.setup, stats),
        "left": left(traffic, now),
        "cache": cache(&watched.setup, stats),
        "key_sets": watched.fetches.key_sets(&watched.setup, stats, now),
        "clusters": clusters(watched),
    })
}

/// How the gateway is set up, secrets masked.
pub(crate) fn setup(watched: &Watched) -> Value {
    json!({"number": watched.setup_number, "setup": *watched.setup})
}

fn clusters(watched: &Watched) -> Vec<Value> {
    let requests: BTreeMap<&str, u64> = watched
        .stats
        .numbers
        .iter()
        .filter_map(|(name, number)| {
            let name = name.strip_prefix("cluster.")?.strip_suffix(".upstream_rq_total")?;
            Some((name, *number))
        })
        .collect();
    let cluster = |cluster: &crate::clusters::Cluster| {
        json!({
            "name": cluster.name,
            "hosts": cluster.hosts,
            "healthy": cluster.hosts.iter().filter(|host| host.healthy).count(),
            "requests": requests.get(cluster.name.as_str()).copied().unwrap_or_default(),
        })
    };
    watched.clusters.iter().map(cluster).collect()
}
