//! Which requests a route is for, and in which order routes are tried.
//!
//! Kong's router gives each route a weight (`traditional_compatible`): how many kinds of conditions
//! it has, whether its hosts are plain, how many headers it asks for, a pattern before a prefix, and
//! the longer path first. Envoy tries routes in the order of the file. So hosts are conditions on a
//! header here, in one virtual host: a route without hosts may go before one with hosts.

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::options as tables;
use super::path::Wanted;
use crate::carrying::Carrying;
use crate::envoy::pattern_of;
use crate::source::{Kind, Node, Read};

/// What a route asks of requests, but for its paths.
#[derive(Debug)]
pub(super) struct Conditions {
    /// As Envoy writes them. One of these has to hold, of each of the others all.
    pub(super) headers: Vec<Value>,
    /// How many of hosts, methods, paths, headers and names of TLS there are.
    kinds: usize,
    has_plain_hosts_only: bool,
    header_count: usize,
    regex_priority: u64,
    /// The fields that it asks for, in lower case.
    pub(super) fields: Vec<String>,
    pub(super) paths: Vec<Wanted>,
}

/// What orders routes: the smaller one is tried first.
pub(super) type Weight =
    (Reverse<usize>, Reverse<bool>, Reverse<usize>, Reverse<bool>, Reverse<u64>);

/// Reads the conditions. `None`, with the reason told: it cannot be said of a request whether the
/// route is for it.
pub(super) fn read(
    node: &Node,
    format: f32,
    subject: &str,
    carrying: &mut Carrying<'_>,
) -> Read<Option<Conditions>> {
    if let Some(expression) = node.get("expression") {
        let why = "an expression is not read here: the route is left out, and what it was for may \
                   fall to another";
        carrying.closed(expression.line, subject, why);
        return Ok(None);
    }
    let mut headers = Vec::new();
    let hosts = node.texts_of("hosts")?;
    if !hosts.is_empty() {
        let patterns: Vec<String> = hosts.iter().map(|host| host_pattern(host)).collect();
        let pattern = format!("(?i)(?:{})", patterns.join("|"));
        headers.push(regex_header(":authority", &pattern));
    }
    let methods = node.texts_of("methods")?;
    headers.extend(methods_header(&methods));
    let wanted = node.mapping_of("headers")?.map(Node::members).unwrap_or_default();
    for member in wanted {
        let values: Vec<&str> = match &member.value.kind {
            Kind::List(_) => {
                node.get("headers").map_or(Ok(Vec::new()), |it| it.texts_of(&member.name))?
            }
            _ => vec![member.value.text(&member.name)?],
        };
        let patterns: Vec<String> = values
            .iter()
            .map(|value| match value.strip_prefix("~*") {
                Some(pattern) => format!(".*(?:{pattern}).*"),
                None => pattern_of(value),
            })
            .collect();
        let pattern = format!("(?i)(?:{})", patterns.join("|"));
        if let Err(fault) = regex_lite::Regex::new(&pattern) {
            let why = format!("headers.{}: Envoy cannot match it: {fault}", member.name);
            carrying.closed(member.value.line, subject, why);
            return Ok(None);
        }
        headers.push(regex_header(&member.name.to_ascii_lowercase(), &pattern));
    }
    let mut paths = Vec::new();
    for path in node.list_of("paths")? {
        match Wanted::read(path.text("paths")?, format) {
            Ok(path) => paths.push(path),
            Err(why) => {
                let why = format!(
                    "paths: {why}; the path is left out, and what it was for may fall \
                                   to another route"
                );
                carrying.closed(path.line, subject, why);
            }
        }
    }
    if paths.is_empty() && !node.list_of("paths")?.is_empty() {
        return Ok(None);
    }
    let has = [
        !hosts.is_empty(),
        !methods.is_empty(),
        !paths.is_empty(),
        !wanted.is_empty(),
        !node.list_of("snis")?.is_empty(),
    ];
    Ok(Some(Conditions {
        headers,
        kinds: has.iter().filter(|has| **has).count(),
        has_plain_hosts_only: !hosts.is_empty() && hosts.iter().all(|host| !host.contains('*')),
        header_count: wanted.len(),
        regex_priority: node.number_of("regex_priority")?.unwrap_or(0),
        fields: wanted.iter().map(|member| member.name.to_ascii_lowercase()).collect(),
        paths,
    }))
}

impl Conditions {
    /// What orders this route for one of its paths.
    pub(super) fn weight(&self, path: &Wanted) -> Weight {
        let (is_pattern, last) = match path {
            Wanted::Pattern(_) => (true, self.regex_priority),
            Wanted::Prefix(prefix) => (false, u64::try_from(prefix.len()).unwrap_or(u64::MAX)),
        };
        (
            Reverse(self.kinds),
            Reverse(self.has_plain_hosts_only),
            Reverse(self.header_count),
            Reverse(is_pattern),
            Reverse(last),
        )
    }
}

/// A method, or one of several.
pub(super) fn methods_header(methods: &[&str]) -> Option<Value> {
    match methods {
        [] => None,
        [one] => Some(json!({"name": ":method", "string_match": {"exact": one}})),
        several => {
            let patterns: Vec<String> = several.iter().map(|method| pattern_of(method)).collect();
            Some(regex_header(":method", &patterns.join("|")))
        }
    }
}

/// Envoy's condition that the whole of a field is what the pattern says.
pub(super) fn regex_header(name: &str, pattern: &str) -> Value {
    json!({"name": name, "string_match": {"safe_regex": {"regex": pattern}}})
}

/// A host with a port is that port's; one without is any port's. `*` is one letter or more.
fn host_pattern(host: &str) -> String {
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let pattern: Vec<String> = host.split('*').map(pattern_of).collect();
    let port = if has_port { "" } else { "(?::[0-9]+)?" };
    format!("{}{port}", pattern.join(".+"))
}

/// What a route asks of the connection, which no route of Envoy's can: it is answered, so that what
/// it was for does not fall to a route that guards less.
pub(super) fn asks_for_connection(
    node: &Node,
    subject: &str,
    carrying: &mut Carrying<'_>,
) -> Read<bool> {
    carrying.judge(node, &tables::ROUTE, subject, "route")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::carrying::Options;
    use crate::report::Report;
    use crate::source;
    use regex_lite::Regex;

    fn conditions(text: &str) -> Conditions {
        let node = source::read(text).unwrap();
        let options = Options::default();
        let mut carrying = Carrying { options: &options, report: Report::default() };
        read(&node, 3.0, "route", &mut carrying).unwrap().unwrap()
    }

    #[test]
    fn hosts_are_matched_as_kong_does() {
        for (host, asked, fits) in [
            ("api.example.com", "api.example.com", true),
            ("api.example.com", "API.example.com:8443", true),
            ("api.example.com", "apixexample.com", false),
            ("api.example.com", "evil.api.example.com", false),
            ("api.example.com:8080", "api.example.com:8080", true),
            ("api.example.com:8080", "api.example.com", false),
            ("*.example.com", "a.b.example.com", true),
            ("*.example.com", "example.com", false),
            ("*.example.com", ".example.com", false),
            ("example.*", "example.org:80", true),
            ("example.*", "www.example.org", false),
        ] {
            let pattern = Regex::new(&format!("^(?i)(?:{})$", host_pattern(host))).unwrap();
            assert_eq!(pattern.is_match(asked), fits, "{host} {asked}");
        }
    }

    #[test]
    fn the_route_that_asks_for_more_goes_first() {
        let ordered = [
            "{hosts: [a], methods: [GET], paths: [/a]}",
            "{hosts: ['*.a'], methods: [GET], paths: [/a]}",
            "{hosts: [a], headers: {x: [1], y: [1]}}",
            "{hosts: [a], paths: ['~/a'], regex_priority: 2}",
            "{hosts: [a], paths: ['~/a/b/c']}",
            "{hosts: [a], paths: [/a/b]}",
            "{hosts: [a], paths: [/a]}",
            "{methods: [GET], paths: [/a/b/c]}",
            "{hosts: [a]}",
            "{paths: [/a/b/c]}",
            "{paths: [/]}",
        ];
        let weight = |text: &str| {
            let conditions = conditions(text);
            let path = conditions.paths.first().cloned().unwrap_or(Wanted::Prefix(String::new()));
            conditions.weight(&path)
        };
        let weights: Vec<Weight> = ordered.iter().map(|text| weight(text)).collect();
        for (pair, texts) in weights.windows(2).zip(ordered.windows(2)) {
            assert!(pair[0] < pair[1], "{texts:?}");
        }
    }
}
