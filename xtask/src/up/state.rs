//! What becomes of the upstreams and of what filters fetch, in lines for the terminal.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use gatehouse_sandbox::Gateway;
use serde_json::Value;

/// What was told last of each.
#[derive(Default)]
pub(super) struct States {
    told: BTreeMap<String, State>,
    all_were_well: bool,
}

/// How one of them is: whether that is well, and in words.
#[derive(Clone, PartialEq, Eq, Debug)]
struct State {
    is_well: bool,
    words: String,
}

impl States {
    /// Asks Envoy, and says what has changed since the last time.
    ///
    /// # Errors
    /// When Envoy does not answer, or not as it does.
    pub(super) fn look(&mut self, gateway: &Gateway) -> Result<Vec<String>> {
        let clusters = gateway.try_admin("/clusters?format=json")?;
        let clusters = serde_json::from_str(&clusters).context("clusters are no JSON")?;
        let stats = gateway.try_admin("/stats?filter=gatehouse_event_timestamp_seconds")?;
        let mut now = upstreams(&clusters, gateway.upstreams().addresses());
        now.extend(fetched(&stats));
        Ok(self.change(now))
    }

    /// A line for each that is otherwise than it was, and one when all are well for the first time.
    fn change(&mut self, now: BTreeMap<String, State>) -> Vec<String> {
        let is_new = |(name, state): &(&String, &State)| self.told.get(*name) != Some(*state);
        let mut lines: Vec<String> = now
            .iter()
            .filter(is_new)
            .map(|(name, state)| format!("{name}: {}", state.words))
            .collect();
        if !self.all_were_well && !now.is_empty() && now.values().all(|state| state.is_well) {
            self.all_were_well = true;
            lines.push("everything that the gateway needs is there".to_owned());
        }
        self.told = now;
        lines
    }
}

/// How each upstream is, by what Envoy's `/clusters` says and by the names of their addresses.
fn upstreams(clusters: &Value, names: &BTreeMap<String, SocketAddr>) -> BTreeMap<String, State> {
    let list = |value: &Value, member: &str| {
        value.get(member).and_then(Value::as_array).cloned().unwrap_or_default()
    };
    let mut states = BTreeMap::new();
    for cluster in list(clusters, "cluster_statuses") {
        let cluster_name = cluster.get("name").and_then(Value::as_str).unwrap_or_default();
        for host in list(&cluster, "host_statuses") {
            // One without a socket is the gateway's own listener.
            let Some(address) = host.pointer("/address/socket_address").and_then(socket) else {
                continue;
            };
            let health = host.get("health_status").unwrap_or(&Value::Null);
            states.insert(named(cluster_name, &address, names), health_of(health));
        }
    }
    states
}

fn socket(address: &Value) -> Option<String> {
    let port = address.get("port_value")?.as_u64()?;
    Some(format!("{}:{port}", address.get("address")?.as_str()?))
}

/// `upstream orders-1 of orders`, or by its address where several have that.
fn named(cluster: &str, address: &str, names: &BTreeMap<String, SocketAddr>) -> String {
    let here = |(name, at): (&String, &SocketAddr)| {
        let host = name.rsplit_once(':').map_or(name.as_str(), |(host, _)| host);
        (at.to_string() == address).then(|| host.to_owned())
    };
    let mut hosts: Vec<String> = names.iter().filter_map(here).collect();
    let host = match (hosts.pop(), hosts.is_empty()) {
        (Some(host), true) => host,
        _ => address.to_owned(),
    };
    if host == cluster {
        format!("upstream {host}")
    } else {
        format!("upstream {host} of {cluster}")
    }
}

/// Envoy's own words for it are names of fields.
fn health_of(status: &Value) -> State {
    let says = |flag: &str| status.get(flag).and_then(Value::as_bool).unwrap_or_default();
    let faults: Vec<&str> = [
        ("pending_active_hc", "its first health check is under way"),
        ("failed_active_health_check", "it has not passed its health check"),
        ("failed_outlier_check", "it is left out for a while, after errors"),
        ("failed_active_degraded_check", "it calls itself degraded"),
    ]
    .into_iter()
    .filter(|(flag, _)| says(flag))
    .map(|(_, words)| words)
    .collect();
    match faults.as_slice() {
        [] => State { is_well: true, words: "healthy".to_owned() },
        faults => State { is_well: false, words: format!("not healthy: {}", faults.join(", ")) },
    }
}

/// What filters fetch, by the gauges of when it came last.
fn fetched(stats: &str) -> BTreeMap<String, State> {
    let state = |line: &str| {
        let (name, value) = line.rsplit_once(": ")?;
        let label = |label: &str| {
            let (_, after) = name.split_once(&format!(".{label}="))?;
            after.split(';').next().map(str::to_owned)
        };
        let filter = label("filter")?.replace('_', "-");
        let event = label("event")?;
        let what = event.strip_suffix("_fetched")?;
        let of = label("provider").map(|provider| format!(" of the provider `{provider}`"));
        let is_well = value != "0";
        let words = if is_well { "there" } else { "not there yet" }.to_owned();
        Some((format!("{filter}: {what}{}", of.unwrap_or_default()), State { is_well, words }))
    };
    stats.lines().filter_map(state).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_change_is_told_once_and_that_all_are_well_when_they_are() {
        let well = |is_well: bool, words: &str| State { is_well, words: words.to_owned() };
        let mut states = States::default();
        let all = "everything that the gateway needs is there";
        for (now, want) in [
            (&[][..], &[][..]),
            (&[("a", well(false, "bad")), ("b", well(true, "ok"))], &["a: bad", "b: ok"]),
            (&[("a", well(false, "bad")), ("b", well(true, "ok"))], &[]),
            (&[("a", well(true, "ok")), ("b", well(true, "ok"))], &["a: ok", all]),
            (&[("a", well(true, "ok")), ("b", well(false, "worse"))], &["b: worse"]),
            (&[("a", well(true, "ok")), ("b", well(true, "ok"))], &["b: ok"]),
        ] {
            let now = now.iter().map(|(name, state)| ((*name).to_owned(), state.clone()));
            assert_eq!(states.change(now.collect()), want);
        }
    }

    #[test]
    fn an_upstream_has_its_name_and_says_what_is_wrong_with_it() {
        let host = |port: u16, status: Value| {
            json!({"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
                "health_status": status})
        };
        let clusters = json!({"cluster_statuses": [
            {"name": "auth", "host_statuses": [host(1, json!({"eds_health_status": "HEALTHY"}))]},
            {"name": "orders", "host_statuses": [
                host(2, json!({"failed_active_health_check": true, "pending_active_hc": true})),
                host(3, json!({"failed_outlier_check": true})),
                host(4, json!({})),
            ]},
            {"name": "inside", "host_statuses": [
                {"address": {"envoy_internal_address": {"server_listener_name": "inside"}}},
            ]},
            {"name": "empty"},
        ]});
        let at = |name: &str, port: u16| {
            (format!("{name}:8000"), SocketAddr::from(([127, 0, 0, 1], port)))
        };
        // Two names at one address are neither's.
        let names = [at("auth", 1), at("orders-1", 2), at("orders-2", 3), at("x", 4), at("y", 4)];
        let states = upstreams(&clusters, &names.into_iter().collect());
        let lines: Vec<String> =
            states.iter().map(|(name, state)| format!("{name}: {}", state.words)).collect();
        assert_eq!(
            lines,
            [
                "upstream 127.0.0.1:4 of orders: healthy",
                "upstream auth: healthy",
                "upstream orders-1 of orders: not healthy: its first health check is under way, \
                 it has not passed its health check",
                "upstream orders-2 of orders: not healthy: it is left out for a while, after errors",
            ]
        );
        assert_eq!(upstreams(&Value::Null, &BTreeMap::new()), BTreeMap::new());
    }

    #[test]
    fn what_is_fetched_is_there_once_it_came() {
        let name = "wasmcustom.gatehouse_event_timestamp_seconds.filter=";
        let stats = format!(
            "{name}jwt_auth;.event=keys_fetched;.provider=demo;: 1800000000\n\
             {name}api_key_auth;.event=consumers_fetched;: 0\nno such line\n"
        );
        let state = |is_well: bool, words: &str| State { is_well, words: words.to_owned() };
        assert_eq!(
            fetched(&stats),
            BTreeMap::from([
                ("api-key-auth: consumers".to_owned(), state(false, "not there yet")),
                ("jwt-auth: keys of the provider `demo`".to_owned(), state(true, "there")),
            ])
        );
    }
}
