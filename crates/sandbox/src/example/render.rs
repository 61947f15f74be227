//! The only things that a test or `cargo xtask up` changes in an example.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;

use gatehouse_config_file::{children_mut, each_module};
use serde_json::{Value, json};

/// Where the modules are in the container image, and so in the examples.
pub(super) const IMAGE_FILTERS: &str = "/etc/gatehouse/filters/";

/// What replaces the addresses and paths of an example. Everything listens on loopback.
#[derive(Debug, Clone)]
pub struct Placement {
    /// The first listener's port; 0 lets the kernel choose. Further listeners always get a free
    /// one. Clusters that lead to the first listener follow it, unless the kernel chooses.
    pub port: u16,
    /// The admin port; 0 lets the kernel choose.
    pub admin_port: u16,
    /// `host:port` as the clusters name it, to the address to use instead.
    pub upstreams: BTreeMap<String, SocketAddr>,
    /// The folder that holds the modules.
    pub filters: PathBuf,
}

pub(super) fn place(tree: &mut Value, placement: &Placement) {
    let mut upstreams = placement.upstreams.clone();
    if let Some(itself) = itself(tree).filter(|_| placement.port != 0) {
        upstreams.entry(itself).or_insert(SocketAddr::from(([127, 0, 0, 1], placement.port)));
    }
    place_listeners(tree, placement.port);
    place_admin(tree, placement.admin_port);
    each_cluster(tree, &mut |address| {
        if let Some(to) = endpoint(address).and_then(|from| upstreams.get(&from)) {
            point_at(address, *to);
        }
    });
    each_module(tree, &|path| {
        if let Some(file) = path.strip_prefix(IMAGE_FILTERS) {
            *path = placement.filters.join(file).display().to_string();
        }
    });
}

pub(super) fn upstreams(tree: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    each_cluster(&mut tree.clone(), &mut |address| found.extend(endpoint(address)));
    found
}

/// Whether a cluster leads to the first listener.
pub(super) fn leads_to_itself(tree: &Value) -> bool {
    itself(tree).is_some_and(|itself| upstreams(tree).contains(&itself))
}

/// The first listener as a cluster of the same machine names it.
fn itself(tree: &Value) -> Option<String> {
    let port = tree.pointer("/static_resources/listeners/0/address/socket_address/port_value")?;
    Some(format!("127.0.0.1:{}", port.as_u64()?))
}

fn place_listeners(tree: &mut Value, port: u16) {
    let Some(Value::Array(listeners)) = tree.pointer_mut("/static_resources/listeners") else {
        return;
    };
    let ports = std::iter::once(port).chain(std::iter::repeat(0));
    for (listener, port) in listeners.iter_mut().zip(ports) {
        if let Some(address) = listener.pointer_mut("/address/socket_address") {
            point_at(address, SocketAddr::from(([127, 0, 0, 1], port)));
        }
    }
}

/// An example need not have an admin port; the sandbox does, because it asks there whether Envoy is
/// ready.
fn place_admin(tree: &mut Value, port: u16) {
    let Some(root) = tree.as_object_mut() else { return };
    let admin = root.entry("admin").or_insert_with(|| json!({}));
    if let Some(admin) = admin.as_object_mut() {
        admin.insert(
            "address".to_owned(),
            json!({"socket_address": {"address": "127.0.0.1", "port_value": port}}),
        );
    }
}

fn each_cluster(tree: &mut Value, visit: &mut impl FnMut(&mut Value)) {
    let Some(Value::Array(clusters)) = tree.pointer_mut("/static_resources/clusters") else {
        return;
    };
    for cluster in clusters {
        if let Some(assignment) = cluster.get_mut("load_assignment") {
            each_socket_address(assignment, visit);
        }
    }
}

fn each_socket_address(tree: &mut Value, visit: &mut impl FnMut(&mut Value)) {
    if let Some(address) = tree.get_mut("socket_address") {
        visit(address);
    }
    for child in children_mut(tree) {
        each_socket_address(child, visit);
    }
}

fn endpoint(address: &mut Value) -> Option<String> {
    let host = address.get("address")?.as_str()?;
    let port = address.get("port_value")?.as_u64()?;
    Some(format!("{host}:{port}"))
}

/// Keeps the other fields of the socket address.
fn point_at(address: &mut Value, to: SocketAddr) {
    if let Some(fields) = address.as_object_mut() {
        fields.insert("address".to_owned(), json!(to.ip().to_string()));
        fields.insert("port_value".to_owned(), json!(to.port()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const YAML: &str = "
admin: {address: {socket_address: {address: 0.0.0.0, port_value: 9901}}}
static_resources:
  listeners:
  - address: {socket_address: {address: 0.0.0.0, port_value: 8080}}
    filter:
      '@type': type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
      config: {vm_config: {code: {local: {filename: /etc/gatehouse/filters/jwt-auth.wasm}}}}
  - address: {socket_address: {address: 0.0.0.0, port_value: 8081}}
  clusters:
  - name: orders
    load_assignment:
      endpoints:
      - lb_endpoints:
        - endpoint: {address: {socket_address: {protocol: TCP, port_value: 8000, address: orders-1}}}
        - endpoint: {address: {socket_address: {protocol: TCP, port_value: 8000, address: orders-2}}}
        - endpoint: {address: {socket_address: {address: 10.0.0.1, port_value: 1}}}
";

    #[test]
    fn only_ports_addresses_and_module_paths_change() {
        let mut tree =
            gatehouse_config_file::read(YAML, gatehouse_config_file::Format::Yaml).unwrap().tree;
        assert_eq!(
            upstreams(&tree).into_iter().collect::<Vec<_>>(),
            ["10.0.0.1:1", "orders-1:8000", "orders-2:8000"]
        );
        let before = tree.clone();
        place(
            &mut tree,
            &Placement {
                port: 8088,
                admin_port: 0,
                upstreams: [("orders-1:8000".to_owned(), SocketAddr::from(([127, 0, 0, 1], 4001)))]
                    .into(),
                filters: PathBuf::from("/t/filters"),
            },
        );
        let mut want = before;
        for (path, value) in [
            ("/admin/address/socket_address/address", json!("127.0.0.1")),
            ("/admin/address/socket_address/port_value", json!(0)),
            ("/static_resources/listeners/0/address/socket_address/address", json!("127.0.0.1")),
            ("/static_resources/listeners/0/address/socket_address/port_value", json!(8088)),
            ("/static_resources/listeners/1/address/socket_address/address", json!("127.0.0.1")),
            ("/static_resources/listeners/1/address/socket_address/port_value", json!(0)),
            (
                "/static_resources/listeners/0/filter/config/vm_config/code/local/filename",
                json!("/t/filters/jwt-auth.wasm"),
            ),
        ] {
            *want.pointer_mut(path).unwrap() = value;
        }
        let endpoints = "/static_resources/clusters/0/load_assignment/endpoints/0/lb_endpoints";
        *want.pointer_mut(&format!("{endpoints}/0/endpoint/address/socket_address")).unwrap() =
            json!({"protocol": "TCP", "address": "127.0.0.1", "port_value": 4001});
        assert_eq!(tree, want);
    }

    #[test]
    fn a_cluster_that_leads_to_the_first_listener_follows_it() {
        for (case, cluster, port, upstream, leads, want) in [
            ("its port", "127.0.0.1:8080", 8088, None, true, "127.0.0.1:8088"),
            ("a port that the kernel chooses", "127.0.0.1:8080", 0, None, true, "127.0.0.1:8080"),
            ("the second listener's", "127.0.0.1:8081", 8088, None, false, "127.0.0.1:8081"),
            ("another machine's", "10.0.0.1:8080", 8088, None, false, "10.0.0.1:8080"),
            ("a name", "orders-1:8080", 8088, None, false, "orders-1:8080"),
            ("replaced", "127.0.0.1:8080", 8088, Some(4001), true, "127.0.0.1:4001"),
        ] {
            let mut tree = gatehouse_config_file::read(YAML, gatehouse_config_file::Format::Yaml)
                .unwrap()
                .tree;
            let address = "/static_resources/clusters/0/load_assignment/endpoints/0/lb_endpoints/2\
                           /endpoint/address/socket_address";
            let (host, own) = cluster.split_once(':').unwrap();
            *tree.pointer_mut(address).unwrap() =
                json!({"address": host, "port_value": own.parse::<u16>().unwrap()});
            assert_eq!(leads_to_itself(&tree), leads, "{case}");
            let upstreams = upstream
                .map(|port| (cluster.to_owned(), SocketAddr::from(([127, 0, 0, 1], port))))
                .into_iter()
                .collect();
            let filters = PathBuf::from("/t/filters");
            place(&mut tree, &Placement { port, admin_port: 0, upstreams, filters });
            let have = endpoint(tree.pointer_mut(address).unwrap());
            assert_eq!(have.as_deref(), Some(want), "{case}");
        }
    }
}
