//! The services that a filter calls: an example has clusters for them, and each platform its own
//! names for clusters.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::example::each_named;

/// By the names that the example's clusters have.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Services {
    by_cluster: BTreeMap<String, Service>,
}

/// Who is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Service {
    /// A service beside the gateway.
    Other {
        /// Its name.
        host: String,
        /// Its port.
        port: u64,
    },
    /// The gateway itself: the call goes the way of a client's.
    Itself,
}

impl Services {
    /// The clusters of a config that a configuration names.
    pub(crate) fn called(config: &Value, configuration: &Value) -> Self {
        let clusters = config.pointer("/static_resources/clusters").and_then(Value::as_array);
        let mut by_cluster = BTreeMap::new();
        each_named(configuration, "cluster", &mut |named| {
            let mut all = clusters.into_iter().flatten();
            if let Some(cluster) = all.find(|cluster| cluster.get("name") == Some(named))
                && let Some(name) = named.as_str()
            {
                by_cluster.insert(name.to_owned(), Service::of(cluster));
            }
        });
        Self { by_cluster }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_cluster.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Service)> {
        self.by_cluster.iter().map(|(cluster, service)| (cluster.as_str(), service))
    }

    /// The configuration with other names for the clusters, which may need quotes.
    pub(crate) fn renamed(&self, configuration: &str, name: impl Fn(&Service) -> String) -> String {
        let mut text = configuration.to_owned();
        for (cluster, service) in &self.by_cluster {
            for end in ["\n", ",", "}"] {
                let before = format!("cluster: {cluster}{end}");
                text = text.replace(&before, &format!("cluster: \"{}\"{end}", name(service)));
            }
        }
        text
    }
}

impl Service {
    fn of(cluster: &Value) -> Self {
        let mut host = None;
        each_named(cluster, "socket_address", &mut |address| {
            let name = address.get("address").and_then(Value::as_str);
            let port = address.get("port_value").and_then(Value::as_u64);
            host = host.take().or_else(|| Some((name?.to_owned(), port?)));
        });
        match host {
            Some((host, port)) if host != "127.0.0.1" => Self::Other { host, port },
            // Its own address, or a listener without one.
            _ => Self::Itself,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_clusters_that_are_called_get_the_names_of_the_platform() {
        let cluster = |name: &str, host: &str| {
            json!({"name": name, "load_assignment": {"endpoints": [
                {"socket_address": {"address": host, "port_value": 8000}}]}})
        };
        let config = json!({"static_resources": {"clusters": [
            cluster("auth", "auth"), cluster("itself", "127.0.0.1"), cluster("other", "other"),
            {"name": "inside", "load_assignment": {"endpoints": [
                {"envoy_internal_address": {"server_listener_name": "inside"}}]}},
        ]}});
        let configuration = json!({"a": {"cluster": "auth"}, "b": [{"cluster": "itself"},
            {"cluster": "inside"}, {"cluster": "elsewhere"}]});
        let services = Services::called(&config, &configuration);
        let auth = Service::Other { host: "auth".to_owned(), port: 8000 };
        assert_eq!(
            services.iter().collect::<Vec<_>>(),
            [("auth", &auth), ("inside", &Service::Itself), ("itself", &Service::Itself),]
        );
        let name = |service: &Service| match service {
            Service::Other { host, port } => format!("outbound|{port}||{host}"),
            Service::Itself => "gateway".to_owned(),
        };
        let text = "jwks:\n  cluster: auth\nb: {cluster: auth, x: 1}\nc: {cluster: auth-2}\n";
        assert_eq!(
            services.renamed(text, name),
            "jwks:\n  cluster: \"outbound|8000||auth\"\nb: {cluster: \"outbound|8000||auth\", x: 1}\n\
             c: {cluster: auth-2}\n"
        );
    }
}
