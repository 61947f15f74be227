//! Hosts, paths with `{names}`, and durations, as KrakenD writes them.

use crate::envoy::{Cluster, Endpoint, Protocol, pattern_of};
use crate::source::{Node, Read};

/// The servers of a backend, and the path that stands in their URLs.
pub(super) struct Servers {
    pub(super) cluster: Cluster,
    /// What `host` says: that of the first one.
    pub(super) authority: String,
    pub(super) base: String,
}

/// Reads a list of URLs; without a scheme they are plain.
pub(super) fn servers(node: &Node, hosts: &[&str]) -> Read<Servers> {
    let mut servers: Option<Servers> = None;
    for host in hosts {
        let (scheme, rest) = host.split_once("://").unwrap_or(("http", host));
        let (authority, base) = match rest.find('/') {
            Some(at) => (rest.get(..at).unwrap_or(rest), rest.get(at..).unwrap_or_default()),
            None => (rest, ""),
        };
        let tls = match scheme {
            "http" => false,
            "https" => true,
            _ => return Err(node.not("host", "URLs of http or https")),
        };
        let (name, port) =
            authority.rsplit_once(':').map_or((authority, None), |(name, port)| (name, Some(port)));
        let usual = if tls { 443 } else { 80 };
        let port = match port.map(str::parse) {
            None => usual,
            Some(Ok(port)) => port,
            Some(Err(_)) => return Err(node.not("host", "URLs, such as http://host:8080")),
        };
        if name.is_empty() || name.contains(['@', ' ', '?', '#', '{']) {
            return Err(node.not("host", "URLs, such as http://host:8080"));
        }
        let protocol = Protocol { tls, verified: tls, http2: false };
        match &mut servers {
            Some(servers) => {
                let endpoint = Endpoint { host: name.to_owned(), port, weight: None };
                servers.cluster.endpoints.push(endpoint);
            }
            None => {
                servers = Some(Servers {
                    cluster: Cluster::of(name, port, protocol),
                    authority: authority.to_owned(),
                    base: base.trim_end_matches('/').to_owned(),
                });
            }
        }
    }
    servers.ok_or_else(|| node.not("host", "there, or at the top of the file"))
}

/// The names in braces of a path.
pub(super) fn names(path: &str) -> Vec<&str> {
    path.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
}

/// A path as a pattern of the whole path, with a group for each name.
pub(super) fn pattern(path: &str) -> String {
    with_names(path, pattern_of, |_| "([^/]+)".to_owned())
}

/// A path with something in place of its names, and of all else.
pub(super) fn with_names(
    path: &str,
    plain: impl Fn(&str) -> String,
    mut name: impl FnMut(&str) -> String,
) -> String {
    let mut parts = path.split('{');
    let mut text = plain(parts.next().unwrap_or_default());
    for part in parts {
        match part.split_once('}') {
            Some((inner, rest)) => {
                text.push_str(&name(inner));
                text.push_str(&plain(rest));
            }
            None => text.push_str(&plain(part)),
        }
    }
    text
}

/// A duration in milliseconds: `3000ms`, `1.5s`, `1m`; a number is one of nanoseconds.
pub(super) fn milliseconds(node: &Node, name: &str) -> Read<Option<u64>> {
    let Some(value) = node.get(name) else { return Ok(None) };
    let text = value.text(name)?;
    let units = [
        ("ms", 1_f64),
        ("us", 0.001),
        ("ns", 0.000_001),
        ("s", 1000.0),
        ("m", 60_000.0),
        ("h", 3_600_000.0),
    ];
    let read = units.iter().find_map(|(unit, factor)| {
        let number: f64 = text.strip_suffix(unit)?.parse().ok()?;
        (number.is_finite() && number >= 0.0).then_some(number * factor)
    });
    let read =
        read.or_else(|| text.parse::<f64>().ok().map(|nanoseconds| nanoseconds / 1_000_000.0));
    match read {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is no more than 10 years"
        )]
        Some(all) if (0.0..=3.2e11).contains(&all) => Ok(Some(all.round() as u64)),
        _ => Err(value.not(name, "a duration, such as 3000ms")),
    }
}
