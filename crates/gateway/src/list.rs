//! The configuration of a gateway: a list of filters.

use crate::FILTERS;
use gatehouse_chain::{Link, Placed};
use gatehouse_filter::config::{self, ConfigError, Node};
use serde_json::Value;
use std::collections::BTreeSet;

/// The name of the module: `gateway.wasm`.
pub const NAME: &str = "gateway";

/// The filters of a gateway, in order.
///
/// # Errors
/// The faults of the list and of the filters in it, with the path of each from the top.
pub fn read(value: &Value) -> Result<Vec<Placed>, Vec<ConfigError>> {
    config::read_value(value, filters)
}

/// What [`read`] finds wrong with JSON; none where a gateway would start with it.
pub fn check(json: &[u8]) -> Result<Vec<Placed>, Vec<ConfigError>> {
    config::read(json, filters)
}

/// Configures the module.
#[cfg(all(target_family = "wasm", feature = "module"))]
pub(crate) fn configure(value: &Value) -> Result<Vec<Placed>, Vec<String>> {
    read(value).map_err(|faults| faults.iter().map(|fault| format!("{NAME}: {fault}")).collect())
}

fn filters(node: Node<'_>) -> Option<Vec<Placed>> {
    let mut list = List::default();
    let mut fields = node.fields()?;
    let filters = fields.required("filters", |node| node.nonempty_list(|node| list.entry(&node)));
    fields.finish();
    filters
}

/// What has been read of the list.
#[derive(Default)]
struct List {
    length: usize,
    names: BTreeSet<String>,
}

impl List {
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
                let prefix = format!("{NAME}: filters[{index}].{name}.");
                let (_, link) = named.pop()?;
                Some(Placed { link: link?, prefix })
            }
            // What is there instead has been told.
            [] if others => None,
            [] => {
                let known: Vec<&str> = FILTERS.iter().map(|filter| filter.name).collect();
                node.fault(format!("must have one filter: {}", known.join(", ")))
            }
            several => {
                node.fault(format!("has {}: give each an entry of its own", several.join(", ")))
            }
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

#[cfg(test)]
#[path = "list_tests.rs"]
mod tests;
