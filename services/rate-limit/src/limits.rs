//! What is limited, in the configuration format of `envoyproxy/ratelimit`: a domain with a tree of
//! descriptors.

use std::fmt;

use serde::Deserialize;

use crate::message::Entry;
use crate::window::Unit;

/// The limits of one domain.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub(crate) domain: String,
    #[serde(default)]
    descriptors: Vec<Node>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Node {
    key: String,
    /// Without one every value has a count of its own.
    value: Option<String>,
    rate_limit: Option<Limit>,
    #[serde(default)]
    descriptors: Vec<Node>,
}

/// So many requests in a unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limit {
    pub(crate) unit: Unit,
    pub(crate) requests_per_unit: u32,
}

/// Why a configuration is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault(String);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Fault {}

impl Limits {
    /// Reads the YAML of a configuration.
    ///
    /// # Errors
    /// [`Fault`], with the line.
    pub fn from_yaml(text: &str) -> Result<Self, Fault> {
        serde_saphyr::from_str(text).map_err(|fault| Fault(fault.to_string()))
    }

    /// The limit for a descriptor: that of the node which the descriptor's entries lead to, one for
    /// each. An entry goes to the node with its value before one without a value.
    pub(crate) fn find(&self, domain: &str, entries: &[Entry]) -> Option<Limit> {
        if domain != self.domain {
            return None;
        }
        let mut nodes = &self.descriptors;
        let mut found = None;
        for entry in entries {
            let named = |node: &&Node| node.key == entry.key;
            let exact =
                nodes.iter().filter(named).find(|node| node.value.as_ref() == Some(&entry.value));
            let node =
                exact.or_else(|| nodes.iter().filter(named).find(|node| node.value.is_none()))?;
            found = node.rate_limit;
            nodes = &node.descriptors;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const YAML: &str = "
domain: gatehouse
descriptors:
  - key: rule
    value: orders
    rate_limit: {unit: hour, requests_per_unit: 1000}
    descriptors:
      - key: client_address
        rate_limit: {unit: minute, requests_per_unit: 100}
      - key: client_address
        value: 192.0.2.1
        rate_limit: {unit: second, requests_per_unit: 5}
";

    #[test]
    fn a_descriptor_finds_the_limit_at_the_end_of_its_way() {
        let limits = Limits::from_yaml(YAML).unwrap();
        let entry =
            |(key, value): &(&str, &str)| Entry { key: (*key).into(), value: (*value).into() };
        let orders = ("rule", "orders");
        for (domain, way, want) in [
            ("gatehouse", &[orders][..], Some(1000)),
            ("gatehouse", &[orders, ("client_address", "192.0.2.7")], Some(100)),
            ("gatehouse", &[orders, ("client_address", "192.0.2.1")], Some(5)),
            ("gatehouse", &[orders, ("subject", "alice")], None),
            ("gatehouse", &[orders, ("client_address", "192.0.2.1"), ("subject", "alice")], None),
            ("gatehouse", &[("rule", "users")], None),
            ("gatehouse", &[], None),
            ("other", &[orders], None),
        ] {
            let entries: Vec<Entry> = way.iter().map(entry).collect();
            let found = limits.find(domain, &entries).map(|limit| limit.requests_per_unit);
            assert_eq!(found, want, "{domain} {way:?}");
        }
    }

    #[test]
    fn what_is_no_configuration_is_refused() {
        for text in
            ["descriptors: []", "domain: a\ndescriptors: [{key: b, rate: 1}]", "domain: [", ""]
        {
            assert!(Limits::from_yaml(text).is_err(), "{text}");
        }
    }
}
