//! Services and upstreams: where requests go.

use serde_json::{Map, Value, json};

use super::entities::{Entities, Service, Upstream};
use super::options as tables;
use crate::carrying::Carrying;
use crate::envoy::{Balancing, Cluster, Endpoint, Protocol};
use crate::names::rule_name;
use crate::source::{Node, Read};

/// Where a service is.
#[derive(Debug, Clone)]
pub(super) struct Destination {
    pub(super) cluster: String,
    /// The path before all others, without a slash at its end.
    pub(super) path: String,
    /// What `host` says there; `None`: the target's own.
    pub(super) host: Option<String>,
    /// The longest between two reads or writes, in milliseconds.
    pub(super) idle_ms: u64,
    pub(super) retries: u64,
    /// How Envoy finds the target of a request, of those of an upstream.
    pub(super) hash_policy: Option<Value>,
}

/// The address of a service, of its `url` or of the parts.
struct Address {
    protocol: String,
    host: String,
    port: u16,
    path: String,
}

/// Reads a service, and its cluster with it.
pub(super) fn read(
    service: &Service<'_>,
    entities: &Entities<'_>,
    carrying: &mut Carrying<'_>,
) -> Read<Option<(Destination, Cluster)>> {
    let node = service.node;
    let subject = format!("service `{}`", service.name);
    carrying.judge(node, &tables::SERVICE, &subject, "service")?;
    let address = address(node)?;
    let protocol = match address.protocol.as_str() {
        "http" | "ws" => Protocol::default(),
        "https" | "wss" => Protocol { tls: true, ..Protocol::default() },
        "grpc" => Protocol { http2: true, ..Protocol::default() },
        "grpcs" => Protocol { tls: true, http2: true, ..Protocol::default() },
        other => {
            let why = format!("Envoy's connection manager is for HTTP, and this is {other}");
            carrying.closed(node.line, &subject, why);
            return Ok(None);
        }
    };
    let verified = node.flag_of("tls_verify")?.unwrap_or(false);
    let protocol = Protocol { verified, ..protocol };
    let timeout = |name: &str| Ok(node.number_of(name)?.unwrap_or(60_000));
    let upstream = entities.upstreams.iter().find(|upstream| upstream.name == address.host);
    let mut destination = Destination {
        cluster: rule_name(&service.name),
        path: address.path.trim_end_matches('/').to_owned(),
        host: Some(host_header(&address, protocol)),
        idle_ms: timeout("read_timeout")?.max(timeout("write_timeout")?),
        retries: node.number_of("retries")?.unwrap_or(5),
        hash_policy: None,
    };
    let mut cluster = Cluster::of(&address.host, address.port, protocol);
    if let Some(upstream) = upstream {
        destination.host = upstream.node.text_of("host_header")?.map(str::to_owned);
        destination.hash_policy = of_upstream(upstream, &mut cluster, carrying)?;
    }
    cluster.connect_timeout_ms = timeout("connect_timeout")?.clamp(1, 300_000);
    Ok(Some((destination, cluster)))
}

fn host_header(address: &Address, protocol: Protocol) -> String {
    let usual = if protocol.tls { 443 } else { 80 };
    match address.port == usual {
        true => address.host.clone(),
        false => format!("{}:{}", address.host, address.port),
    }
}

fn address(node: &Node) -> Read<Address> {
    if let Some(url) = node.text_of("url")? {
        return from_url(url)
            .ok_or_else(|| node.not("url", "a URL, such as http://host:8080/path"));
    }
    let protocol = node.text_of("protocol")?.unwrap_or("http").to_owned();
    let Some(host) = node.text_of("host")? else {
        return Err(node.not("host", "there, or url"));
    };
    let port = node.number_of("port")?.unwrap_or(80);
    let port = u16::try_from(port).map_err(|_| node.not("port", "0 to 65535"))?;
    let path = node.text_of("path")?.unwrap_or_default().to_owned();
    Ok(Address { protocol, host: host.to_owned(), port, path })
}

fn from_url(url: &str) -> Option<Address> {
    let (protocol, rest) = url.split_once("://")?;
    let (authority, path) = match rest.find('/') {
        Some(at) => (rest.get(..at)?, rest.get(at..)?),
        None => (rest, ""),
    };
    let usual = if ["https", "grpcs", "wss"].contains(&protocol) { 443 } else { 80 };
    let (host, port) = host_and_port(authority, usual)?;
    Some(Address { protocol: protocol.to_owned(), host, port, path: path.to_owned() })
}

/// `host:port`, `host`, `[::1]:port`.
pub(super) fn host_and_port(text: &str, usual: u16) -> Option<(String, u16)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            (host, rest.strip_prefix(':'))
        }
        None => match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let port = port.map_or(Some(usual), |port| port.parse().ok())?;
    let is_host = !host.is_empty() && !host.contains(['/', '@', ' ', '?', '#']);
    is_host.then(|| (host.to_owned(), port))
}

/// Puts the targets of an upstream into the cluster; what a request is sent by, where a hash says.
fn of_upstream(
    upstream: &Upstream<'_>,
    cluster: &mut Cluster,
    carrying: &mut Carrying<'_>,
) -> Read<Option<Value>> {
    let node = upstream.node;
    let subject = format!("upstream `{}`", upstream.name);
    carrying.judge(node, &tables::UPSTREAM, &subject, "upstream")?;
    cluster.endpoints.clear();
    for target in &upstream.targets {
        let Some(text) = target.text_of("target")? else {
            return Err(target.not("target", "there"));
        };
        let Some((host, port)) = host_and_port(text, 8000) else {
            return Err(target.not("target", "host:port"));
        };
        let weight = target.number_of("weight")?.unwrap_or(100);
        // Kong leaves a target alone whose weight is 0; Envoy knows none below 1.
        if weight > 0 {
            cluster.endpoints.push(Endpoint { host, port, weight: Some(weight) });
        }
    }
    health(upstream, cluster, carrying, &subject)?;
    let algorithm = node.text_of("algorithm")?.unwrap_or("round-robin");
    let hash_on = node.text_of("hash_on")?.unwrap_or("none");
    cluster.balancing = match algorithm {
        "least-connections" => Balancing::LeastRequest,
        "latency" => {
            let why = "`algorithm: latency` is sent to the target with the fewest requests";
            carrying.differs(node.line, &subject, why);
            Balancing::LeastRequest
        }
        _ if algorithm == "consistent-hashing" || hash_on != "none" => Balancing::Ring,
        _ => Balancing::RoundRobin,
    };
    if cluster.balancing != Balancing::Ring {
        return Ok(None);
    }
    let name = |field: &str| -> Read<&str> {
        node.text_of(field)?.ok_or_else(|| node.not(field, "there, for this hash_on"))
    };
    Ok(Some(match hash_on {
        "header" => json!({"header": {"header_name": name("hash_on_header")?}}),
        "cookie" => json!({"cookie": {"name": name("hash_on_cookie")?, "ttl": "0s",
            "path": node.text_of("hash_on_cookie_path")?.unwrap_or("/")}}),
        "path" => json!({"header": {"header_name": ":path"}}),
        "query_arg" => json!({"query_parameter": {"name": name("hash_on_query_arg")?}}),
        "none" | "ip" => json!({"connection_properties": {"source_ip": true}}),
        other => {
            let why = format!("`hash_on: {other}`: the client's address is hashed");
            carrying.differs(node.line, &subject, why);
            json!({"connection_properties": {"source_ip": true}})
        }
    }))
}

fn health(
    upstream: &Upstream<'_>,
    cluster: &mut Cluster,
    carrying: &mut Carrying<'_>,
    subject: &str,
) -> Read<()> {
    let Some(checks) = upstream.node.mapping_of("healthchecks")? else { return Ok(()) };
    if let Some(active) = checks.mapping_of("active")? {
        cluster.health_checks.extend(active_check(active)?);
    }
    let Some(passive) = checks.mapping_of("passive")? else { return Ok(()) };
    let unhealthy = passive.mapping_of("unhealthy")?;
    let count = |name: &str| unhealthy.map_or(Ok(None), |node| node.number_of(name));
    let statuses = count("http_failures")?.unwrap_or(0);
    let connections = count("tcp_failures")?.unwrap_or(0).max(count("timeouts")?.unwrap_or(0));
    if statuses == 0 && connections == 0 {
        return Ok(());
    }
    let mut detection = Map::new();
    // Where Kong counts nothing, Envoy must not go by its own counts.
    let enforced = |count: u64| if count > 0 { 100 } else { 0 };
    detection.insert("split_external_local_origin_errors".to_owned(), json!(true));
    detection.insert("consecutive_5xx".to_owned(), json!(statuses.max(1)));
    detection.insert("enforcing_consecutive_5xx".to_owned(), json!(enforced(statuses)));
    detection.insert("enforcing_consecutive_gateway_failure".to_owned(), json!(0));
    detection.insert("consecutive_local_origin_failure".to_owned(), json!(connections.max(1)));
    let local = json!(enforced(connections));
    detection.insert("enforcing_consecutive_local_origin_failure".to_owned(), local);
    detection.insert("enforcing_success_rate".to_owned(), json!(0));
    cluster.outlier_detection = Some(Value::Object(detection));
    let why = "passive checks are Envoy's outlier detection: a target comes back after 30 s by \
               itself, and all 5xx count";
    carrying.differs(passive.line, &format!("{subject}: healthchecks.passive"), why);
    Ok(())
}

/// Kong's active checks run where one of the two intervals is not 0.
fn active_check(active: &Node) -> Read<Option<Value>> {
    let healthy = active.mapping_of("healthy")?;
    let unhealthy = active.mapping_of("unhealthy")?;
    let number = |node: Option<&Node>, name: &str| -> Read<u64> {
        Ok(node.map_or(Ok(None), |node| node.number_of(name))?.unwrap_or(0))
    };
    let interval = number(healthy, "interval")?;
    let unhealthy_interval = number(unhealthy, "interval")?;
    if interval == 0 && unhealthy_interval == 0 {
        return Ok(None);
    }
    let failures = ["http_failures", "tcp_failures", "timeouts"];
    let mut threshold = u64::MAX;
    for name in failures {
        let failures = number(unhealthy, name)?;
        threshold = if failures == 0 { threshold } else { threshold.min(failures) };
    }
    let mut check = Map::new();
    let mut set = |name: &str, value: Value| check.insert(name.to_owned(), value);
    let seconds = |seconds: u64| format!("{}s", seconds.max(1));
    set("timeout", json!(seconds(active.number_of("timeout")?.unwrap_or(1))));
    set("interval", json!(seconds(interval.max(unhealthy_interval))));
    set("no_traffic_interval", json!(seconds(interval.max(unhealthy_interval))));
    if unhealthy_interval > 0 {
        set("unhealthy_interval", json!(seconds(unhealthy_interval)));
    }
    set("healthy_threshold", json!(number(healthy, "successes")?.max(1)));
    set("unhealthy_threshold", json!(if threshold == u64::MAX { 1 } else { threshold }));
    match active.text_of("type")?.unwrap_or("http") {
        "tcp" => set("tcp_health_check", json!({})),
        "grpc" | "grpcs" => set("grpc_health_check", json!({})),
        _ => {
            let path = active.text_of("http_path")?.unwrap_or("/");
            let mut http = Map::new();
            http.insert("path".to_owned(), json!(path));
            let mut statuses = Vec::new();
            if let Some(healthy) = healthy {
                for status in healthy.list_of("http_statuses")? {
                    let status = status.number("http_statuses")?;
                    statuses.push(json!({"start": status, "end": status.saturating_add(1)}));
                }
            }
            // Kong's own list, where the file has none.
            if statuses.is_empty() {
                statuses =
                    vec![json!({"start": 200, "end": 201}), json!({"start": 302, "end": 303})];
            }
            http.insert("expected_statuses".to_owned(), json!(statuses));
            set("http_health_check", Value::Object(http))
        }
    };
    Ok(Some(Value::Object(check)))
}
