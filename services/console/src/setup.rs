//! How the gateway is set up: listeners, routes and the chain of filters, as `/config_dump` has
//! them. Of the configuration only this is kept, and secrets are masked on the way.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::clusters::address;
use crate::filters::{Filter, filters};
use crate::text::cut;

pub(crate) const PATH: &str = "/config_dump";

/// How the gateway is set up.
#[derive(Default, PartialEq, Debug, Serialize)]
pub(crate) struct Setup {
    pub(crate) listeners: Vec<Listener>,
    pub(crate) clusters: Vec<ClusterSetup>,
}

/// A listener with one HTTP connection manager.
#[derive(PartialEq, Debug, Serialize)]
pub(crate) struct Listener {
    name: String,
    address: String,
    /// Without a port: the gateway alone gets there.
    pub(crate) internal: bool,
    /// What its statistics begin with.
    pub(crate) stat_prefix: String,
    routes: Vec<Route>,
    pub(crate) filters: Vec<Filter>,
}

/// A route.
#[derive(PartialEq, Debug, Serialize)]
struct Route {
    name: String,
    hosts: Vec<String>,
    path: String,
    /// A cluster, or what is answered.
    to: String,
    cluster: Option<String>,
    timeout: Option<String>,
}

/// What is known of a cluster before it is used.
#[derive(PartialEq, Debug, Serialize)]
pub(crate) struct ClusterSetup {
    name: String,
    kind: String,
    health_check: Option<String>,
}

impl Setup {
    /// Reads the answer; `None` where it is not Envoy's.
    pub(crate) fn read(answer: &Value) -> Option<Self> {
        let dumps = answer.get("configs")?.as_array()?;
        let dump = |kind: &str| {
            let is_kind = |dump: &&Value| {
                text(dump.get("@type")).is_some_and(|name| name.rsplit('.').next() == Some(kind))
            };
            dumps.iter().find(is_kind)
        };
        let routes = dump("RoutesConfigDump").map(route_configs).unwrap_or_default();
        let listeners = dump("ListenersConfigDump");
        let fixed = items(listeners, "static_listeners").filter_map(|one| one.get("listener"));
        let discovered = items(listeners, "dynamic_listeners")
            .filter_map(|one| one.pointer("/active_state/listener"));
        let clusters = dump("ClustersConfigDump");
        let clusters =
            items(clusters, "static_clusters").chain(items(clusters, "dynamic_active_clusters"));
        Some(Self {
            listeners: fixed
                .chain(discovered)
                .take(MOST_LISTENERS)
                .filter_map(|one| listener(one, &routes))
                .collect(),
            clusters: clusters
                .take(MOST_CLUSTERS)
                .filter_map(|one| cluster(one.get("cluster")?))
                .collect(),
        })
    }

    /// What the statistics of the listeners begin with that clients reach.
    pub(crate) fn stat_prefixes(&self) -> Vec<String> {
        let mut prefixes: Vec<_> = self
            .listeners
            .iter()
            .filter(|listener| !listener.internal)
            .map(|listener| listener.stat_prefix.clone())
            .collect();
        prefixes.sort();
        prefixes.dedup();
        prefixes
    }

    /// The filters that clients meet, in order, each once.
    pub(crate) fn filters(&self) -> impl Iterator<Item = &Filter> {
        let outside = self.listeners.iter().filter(|listener| !listener.internal);
        outside.flat_map(|listener| &listener.filters)
    }
}

fn listener(listener: &Value, routes: &BTreeMap<&str, &Value>) -> Option<Listener> {
    let chains = items(Some(listener), "filter_chains").chain(listener.get("default_filter_chain"));
    let mut managers = chains
        .flat_map(|chain| items(Some(chain), "filters"))
        .filter_map(|filter| filter.get("typed_config"))
        .filter(|config| text(config.get("@type")).is_some_and(|name| name.ends_with(MANAGER)));
    // Several chains of one listener differ in certificates; the first stands for them.
    let manager = managers.next()?;
    let inline = manager.get("route_config").filter(|config| config.is_object());
    let named = || routes.get(text(manager.pointer("/rds/route_config_name"))?).copied();
    Some(Listener {
        name: cut(text(listener.get("name")).unwrap_or_default(), 128),
        address: address(listener.get("address")),
        internal: listener.get("internal_listener").is_some(),
        stat_prefix: cut(text(manager.get("stat_prefix")).unwrap_or_default(), 128),
        routes: inline.or_else(named).map(routes_of).unwrap_or_default(),
        filters: filters(items(Some(manager), "http_filters")),
    })
}

fn route_configs(dump: &Value) -> BTreeMap<&str, &Value> {
    let all =
        items(Some(dump), "static_route_configs").chain(items(Some(dump), "dynamic_route_configs"));
    all.filter_map(|one| {
        let config = one.get("route_config")?;
        Some((text(config.get("name"))?, config))
    })
    .collect()
}

fn routes_of(config: &Value) -> Vec<Route> {
    let hosts = |host: &Value| -> Vec<String> {
        let domains = items(Some(host), "domains").filter_map(Value::as_str);
        domains.take(MOST_DOMAINS).map(|domain| cut(domain, 128)).collect()
    };
    let routes = items(Some(config), "virtual_hosts").flat_map(|host| {
        let hosts = hosts(host);
        items(Some(host), "routes").map(move |one| route(one, hosts.clone()))
    });
    routes.take(MOST_ROUTES).collect()
}

fn route(route: &Value, hosts: Vec<String>) -> Route {
    let cluster = text(route.pointer("/route/cluster")).map(|name| cut(name, 128));
    let status = route.pointer("/direct_response/status").and_then(Value::as_u64);
    let to = match (&cluster, status) {
        (Some(cluster), _) => cluster.clone(),
        (None, Some(status)) => format!("answers {status}"),
        (None, None) if route.get("redirect").is_some() => "redirects".to_owned(),
        (None, None) if route.pointer("/route/weighted_clusters").is_some() => {
            "several clusters".to_owned()
        }
        (None, None) => "elsewhere".to_owned(),
    };
    Route {
        name: cut(text(route.get("name")).unwrap_or_default(), 128),
        hosts,
        path: cut(&path(route.get("match")), 200),
        to,
        cluster,
        timeout: text(route.pointer("/route/timeout")).map(|timeout| cut(timeout, 32)),
    }
}

fn path(conditions: Option<&Value>) -> String {
    let of = |name: &str| text(conditions?.get(name));
    if let Some(prefix) = of("prefix") {
        return format!("{prefix}*");
    }
    if let Some(prefix) = of("path_separated_prefix") {
        return format!("{prefix}, {prefix}/*");
    }
    let regex = conditions.and_then(|conditions| text(conditions.pointer("/safe_regex/regex")));
    of("path")
        .map(ToOwned::to_owned)
        .or_else(|| regex.map(|regex| format!("~ {regex}")))
        .unwrap_or_default()
}

fn cluster(cluster: &Value) -> Option<ClusterSetup> {
    let check = items(Some(cluster), "health_checks").next();
    let path = check.and_then(|check| text(check.pointer("/http_health_check/path")));
    let interval = check.and_then(|check| text(check.get("interval")));
    let check = check.map(|_| {
        format!("{} every {}", path.unwrap_or("connects"), interval.unwrap_or("so often"))
    });
    Some(ClusterSetup {
        name: cut(text(cluster.get("name"))?, 128),
        kind: cut(text(cluster.get("type")).unwrap_or("STATIC"), 64),
        health_check: check.map(|check| cut(&check, 128)),
    })
}

/// The items of a list; none where there is no list of this name.
pub(crate) fn items<'a>(
    of: Option<&'a Value>,
    name: &str,
) -> impl Iterator<Item = &'a Value> + use<'a> {
    of.and_then(|of| of.get(name)).and_then(Value::as_array).into_iter().flatten()
}

pub(crate) fn text(value: Option<&Value>) -> Option<&str> {
    value.and_then(Value::as_str)
}

const MANAGER: &str = "http_connection_manager.v3.HttpConnectionManager";
const MOST_LISTENERS: usize = 50;
const MOST_CLUSTERS: usize = 500;
const MOST_ROUTES: usize = 500;
const MOST_DOMAINS: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn listeners_routes_and_clusters_are_read_and_secrets_are_not() {
        let manager = |routes: Value| {
            json!([{
                "filters": [{
                    "typed_config": {
                        "@type": "type.googleapis.com/envoy.extensions.filters.network.\
                            http_connection_manager.v3.HttpConnectionManager",
                        "stat_prefix": "gateway",
                        "route_config": routes.get("virtual_hosts").map(|_| routes.clone()),
                        "rds": routes.get("rds"),
                        "http_filters": [{
                            "name": "jwt-auth",
                            "typed_config": {
                                "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.\
                                    v3.Wasm",
                                "config": {
                                    "name": "jwt-auth", "root_id": "jwt-auth",
                                    "configuration": {
                                        "@type": "type.googleapis.com/google.protobuf.Struct",
                                        "value": {
                                            "providers": [{
                                                "name": "p", "jwks": {"keys": [{"k": "c2VjcmV0"}]}
                                            }],
                                            "rules": [{"name": "login"}]
                                        }
                                    }
                                }
                            }
                        }]
                    }
                }]
            }])
        };
        let virtual_hosts = json!({
            "name": "r",
            "virtual_hosts": [{
                "domains": ["*"],
                "routes": [
                    {
                        "name": "orders", "match": {"path_separated_prefix": "/orders"},
                        "route": {"cluster": "orders", "timeout": "10s"},
                        "request_headers_to_add": [{
                            "header": {"key": "authorization", "value": "Basic c2VjcmV0"}
                        }]
                    },
                    {
                        "name": "none", "match": {"safe_regex": {"regex": "^/x"}},
                        "direct_response": {"status": 404}
                    }
                ]
            }]
        });
        let answer = json!({
            "configs": [
                {
                    "@type": "type.googleapis.com/envoy.admin.v3.BootstrapConfigDump",
                    "bootstrap": {"secret": "c2VjcmV0"}
                },
                {
                    "@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump",
                    "static_clusters": [{
                        "cluster": {
                            "name": "orders", "type": "STRICT_DNS",
                            "health_checks": [{
                                "interval": "5s", "http_health_check": {"path": "/healthz"}
                            }]
                        }
                    }]
                },
                {
                    "@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump",
                    "static_listeners": [{
                        "listener": {
                            "name": "a",
                            "address": {
                                "socket_address": {"address": "0.0.0.0", "port_value": 8080}
                            },
                            "filter_chains": manager(virtual_hosts.clone())
                        }
                    }],
                    "dynamic_listeners": [{
                        "active_state": {
                            "listener": {
                                "name": "b", "internal_listener": {},
                                "filter_chains": manager(
                                    json!({"rds": {"route_config_name": "r"}})
                                )
                            }
                        }
                    }]
                },
                {
                    "@type": "type.googleapis.com/envoy.admin.v3.RoutesConfigDump",
                    "dynamic_route_configs": [{"route_config": virtual_hosts}]
                }
            ]
        });
        let setup = Setup::read(&answer).unwrap();
        assert!(!serde_json::to_string(&setup).unwrap().contains("c2VjcmV0"), "{setup:?}");
        let [outside, inside] = setup.listeners.as_slice() else { panic!("{setup:?}") };
        assert_eq!(
            (outside.address.as_str(), outside.internal, inside.internal),
            ("0.0.0.0:8080", false, true)
        );
        for listener in [outside, inside] {
            let routes: Vec<_> = listener
                .routes
                .iter()
                .map(|route| (route.path.as_str(), route.to.as_str()))
                .collect();
            assert_eq!(
                routes,
                [("/orders, /orders/*", "orders"), ("~ ^/x", "answers 404")],
                "{}",
                listener.name
            );
        }
        assert_eq!(setup.stat_prefixes(), ["gateway"]);
        assert_eq!(setup.filters().count(), 1);
        assert_eq!(setup.clusters[0].health_check.as_deref(), Some("/healthz every 5s"));
    }

    #[test]
    fn nonsense_is_told_apart_or_left_out() {
        for answer in [json!(null), json!({}), json!({"configs": {}}), json!("x")] {
            assert_eq!(Setup::read(&answer), None, "{answer}");
        }
        let odd = json!({
            "configs": [
                null, 7, {"@type": 1},
                {
                    "@type": "x.ListenersConfigDump",
                    "static_listeners": [
                        null,
                        {"listener": {"filter_chains": [7, {"filters": [{"typed_config": 1}]}]}}
                    ]
                }
            ]
        });
        assert_eq!(Setup::read(&odd), Some(Setup::default()));
    }
}
