//! The clusters with the health of their hosts, as `/clusters?format=json` has them.

use serde::Serialize;
use serde_json::Value;

use crate::text::cut;

pub(crate) const PATH: &str = "/clusters?format=json";

/// A cluster as Envoy sees it now.
#[derive(PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Cluster {
    pub(crate) name: String,
    pub(crate) hosts: Vec<Host>,
}

/// One host of a cluster.
#[derive(PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Host {
    address: String,
    pub(crate) healthy: bool,
    /// Why it is not healthy.
    reason: Option<&'static str>,
    requests: u64,
    errors: u64,
    active: u64,
}

/// Reads the answer; `None` where it is not Envoy's.
pub(crate) fn read(answer: &Value) -> Option<Vec<Cluster>> {
    let cluster = |status: &Value| {
        let hosts = status.get("host_statuses").and_then(Value::as_array);
        Some(Cluster {
            name: cut(status.get("name")?.as_str()?, 128),
            hosts: hosts.into_iter().flatten().take(MOST_HOSTS).map(host).collect(),
        })
    };
    // An Envoy without clusters leaves the list out.
    let statuses = match answer.as_object()?.get("cluster_statuses") {
        Some(statuses) => statuses.as_array()?.as_slice(),
        None => &[],
    };
    let mut clusters: Vec<_> = statuses.iter().take(MOST).filter_map(cluster).collect();
    clusters.sort_by(|one, other| one.name.cmp(&other.name));
    Some(clusters)
}

fn host(status: &Value) -> Host {
    let stats = status.get("stats").and_then(Value::as_array);
    let number = |name: &str| {
        let named = |stat: &&Value| stat.get("name").and_then(Value::as_str) == Some(name);
        let value = stats.and_then(|stats| stats.iter().find(named))?.get("value")?;
        // 64-bit numbers are texts in protobuf's JSON.
        value.as_u64().or_else(|| value.as_str()?.parse().ok())
    };
    let reason = status.get("health_status").and_then(reason);
    Host {
        address: address(status.get("address")),
        healthy: reason.is_none(),
        reason,
        requests: number("rq_total").unwrap_or_default(),
        errors: number("rq_error").unwrap_or_default(),
        active: number("rq_active").unwrap_or_default(),
    }
}

pub(crate) fn address(address: Option<&Value>) -> String {
    let text = |pointer: &str| address?.pointer(pointer)?.as_str();
    if let Some(host) = text("/socket_address/address") {
        let port = address.and_then(|address| address.pointer("/socket_address/port_value"));
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        return cut(&format!("{host}:{}", port.and_then(Value::as_u64).unwrap_or_default()), 128);
    }
    let inside = text("/envoy_internal_address/server_listener_name");
    inside.or_else(|| text("/pipe/path")).map_or_else(String::new, |name| cut(name, 128))
}

fn reason(health: &Value) -> Option<&'static str> {
    let is = |name: &str| health.get(name).and_then(Value::as_bool) == Some(true);
    let flags = [
        ("failed_active_health_check", "health check fails"),
        ("failed_outlier_check", "ejected: too many errors"),
        ("pending_dynamic_removal", "being removed"),
        ("pending_active_hc", "not checked yet"),
        ("active_hc_timeout", "health check times out"),
        ("failed_active_degraded_check", "degraded"),
        ("excluded_via_immediate_hc_fail", "excluded"),
    ];
    let flag = flags.iter().find(|(name, _)| is(name)).map(|(_, reason)| *reason);
    flag.or_else(|| match health.get("eds_health_status").and_then(Value::as_str) {
        Some("UNHEALTHY" | "DRAINING" | "TIMEOUT") => Some("reported unhealthy"),
        _ => None,
    })
}

const MOST: usize = 500;
const MOST_HOSTS: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn hosts_have_their_health_and_what_is_wrong() {
        let at =
            |port: u16| json!({"socket_address": {"address": "127.0.0.1", "port_value": port}});
        let answer = json!({
            "cluster_statuses": [
                {
                    "name": "orders",
                    "host_statuses": [
                        {
                            "address": at(1), "health_status": {"eds_health_status": "HEALTHY"},
                            "stats": [
                                {"name": "rq_total", "value": "17"},
                                {"name": "rq_error", "value": "2"}, {"name": "rq_active"}
                            ]
                        },
                        {
                            "address": at(2),
                            "health_status": {
                                "failed_active_health_check": true, "eds_health_status": "HEALTHY"
                            }
                        },
                        {
                            "address": {"socket_address": {"address": "::1", "port_value": 3}},
                            "health_status": {"failed_outlier_check": true}
                        }
                    ]
                },
                {
                    "name": "inside",
                    "host_statuses": [{
                        "address": {"envoy_internal_address": {"server_listener_name": "inside"}}
                    }]
                },
                {"name": "empty"}, {"no": "name"}
            ]
        });
        let clusters = read(&answer).unwrap();
        let names: Vec<_> = clusters.iter().map(|cluster| cluster.name.as_str()).collect();
        assert_eq!(names, ["empty", "inside", "orders"]);
        let hosts: Vec<_> = clusters[2]
            .hosts
            .iter()
            .map(|host| {
                (host.address.as_str(), host.healthy, host.reason, host.requests, host.errors)
            })
            .collect();
        assert_eq!(
            hosts,
            [
                ("127.0.0.1:1", true, None, 17, 2),
                ("127.0.0.1:2", false, Some("health check fails"), 0, 0),
                ("[::1]:3", false, Some("ejected: too many errors"), 0, 0),
            ]
        );
        assert_eq!(
            (clusters[1].hosts[0].address.as_str(), clusters[1].hosts[0].healthy),
            ("inside", true)
        );
    }

    #[test]
    fn nonsense_is_told_apart() {
        for answer in [json!(null), json!("x"), json!({"cluster_statuses": 1})] {
            assert_eq!(read(&answer), None, "{answer}");
        }
        assert_eq!(read(&json!({})), Some(Vec::new()));
    }
}
