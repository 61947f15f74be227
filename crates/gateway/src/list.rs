//! The configuration of a gateway: a list of filters, and what is told of them.

use crate::FILTERS;
use gatehouse_chain::{Chain, Link, Placed, Tells};
use gatehouse_filter::config::{self, ConfigError, Node};
use serde_json::Value;
use std::collections::BTreeSet;

/// The name of the module: `gateway.wasm`.
pub const NAME: &str = "gateway";

/// The chain of a gateway.
///
/// # Errors
/// The faults of the list and of the filters in it, with the path of each from the top.
pub fn read(value: &Value) -> Result<Chain, Vec<ConfigError>> {
    config::read_value(value, |node| List::default().gateway(&node))
}

/// What is to be said of a gateway's configuration that is JSON.
#[derive(Default, Debug)]
pub struct Checked {
    /// The faults of the list and of the filters in it.
    pub faults: Vec<ConfigError>,
    /// The fields by which filters hold heads for bodies, with the path of each from the top.
    pub hold_heads: Vec<String>,
}

/// Reads a gateway's configuration as the module would.
pub fn check(json: &[u8]) -> Checked {
    let mut list = List::default();
    let faults = config::read(json, |node| list.gateway(&node)).err().unwrap_or_default();
    Checked { faults, hold_heads: list.hold_heads }
}

/// Configures the module.
#[cfg(all(target_family = "wasm", feature = "module"))]
pub(crate) fn configure(value: &Value) -> Result<Chain, Vec<String>> {
    read(value).map_err(|faults| faults.iter().map(|fault| format!("{NAME}: {fault}")).collect())
}

/// What has been read of the list.
#[derive(Default)]
struct List {
    length: usize,
    names: BTreeSet<String>,
    hold_heads: Vec<String>,
}

impl List {
    fn gateway(&mut self, node: &Node<'_>) -> Option<Chain> {
        let mut fields = node.fields()?;
        let filters = fields.required("filters", |node| node.nonempty_list(|node| self.entry(&node)));
        let tells = fields.with_default("filter_state", Tells::default(), tells);
        fields.finish();
        Some(Chain::new(filters?).telling(tells?))
    }

    /// One filter's name with its block; beside it, perhaps, the name that the filter goes by here.
    fn entry(&mut self, node: &Node<'_>) -> Option<Placed> {
        let index = self.length;
        self.length = index.saturating_add(1);
        let mut fields = node.fields()?;
        let given = fields.optional("name", |node| {
            let name = node.text()?;
            self.take(node.clone(), name)
        });
        let mut named: Vec<(&str, Option<Box<dyn Link>>)> = Vec::new();
        for filter in FILTERS {
            // A field that is there is read, whether or not it is good.
            let mut is_there = false;
            let link = fields.optional(filter.name, |node| {
                is_there = true;
                (filter.configure)(node)
            });
            if is_there {
                named.push((filter.name, link.flatten()));
            }
        }
        let others = node.value().as_object().is_some_and(|members| {
            let is_read = |key: &str| named.iter().any(|(name, _)| *name == key);
            members.keys().any(|key| key != "name" && !is_read(key))
        });
        fields.finish();
        let names: Vec<&str> = named.iter().map(|(name, _)| *name).collect();
        match names.as_slice() {
            [name] => {
                if given?.is_none() {
                    self.take(node.clone(), name)?;
                }
                let path = format!("filters[{index}].{name}");
                let (_, link) = named.pop()?;
                let link = link?;
                self.hold_heads.extend(link.holds_heads().map(|field| format!("{path}.{field}")));
                Some(Placed { link, prefix: format!("{NAME}: {path}.") })
            }
            // What is there instead has been told.
            [] if others => None,
            [] => {
                let known: Vec<&str> = FILTERS.iter().map(|filter| filter.name).collect();
                node.fault(format!("must have one filter: {}", known.join(", ")))
            }
            several => node.fault(format!("has {}: give each an entry of its own", several.join(", "))),
        }
    }

    /// Gives a filter this name, which no other may have.
    fn take(&mut self, node: Node<'_>, name: &str) -> Option<()> {
        if self.names.insert(name.to_owned()) {
            return Some(());
        }
        let taken = "a filter before this one is called";
        node.fault(format!("{taken} `{name}` too: give this one another `name`"))
    }
}

/// What is written to filter state.
fn tells(node: Node<'_>) -> Option<Tells> {
    let mut fields = node.fields()?;
    let identity = fields.with_default("identity", true, |node| node.boolean());
    let decisions = fields.with_default("decisions", true, |node| node.boolean());
    fields.finish();
    Some(Tells { identity: identity?, decisions: decisions? })
}

#[cfg(test)]
#[path = "list_tests.rs"]
mod tests;
