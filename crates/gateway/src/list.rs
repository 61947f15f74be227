//! The configuration of a gateway: a list of filters, and what is told of them.

use crate::{FILTERS, Registered};
use gatehouse_chain::{Chain, Link, Placed, Tells, needed};
use gatehouse_filter::config::{self, ConfigError, Environment, Node, Outline};
use serde_json::Value;
use std::collections::BTreeSet;

/// The name of the module: `gateway.wasm`.
pub const NAME: &str = "gateway";

/// The chain of a gateway.
///
/// # Errors
/// The faults of the list and of the filters in it, with the path of each from the top.
pub fn read(value: &Value, environment: &dyn Environment) -> Result<Chain, Vec<ConfigError>> {
    config::read_value_in(value, environment, |node| List::default().gateway(&node))
}

/// What is to be said of a gateway's configuration that is JSON.
#[derive(Default, Debug)]
pub struct Checked {
    /// The faults of the list and of the filters in it.
    pub faults: Vec<ConfigError>,
    /// The fields by which filters hold heads for bodies, with the path of each from the top.
    pub hold_heads: Vec<String>,
    /// What its filters need of the host: see [`needed`].
    pub needed: BTreeSet<&'static str>,
}

/// Reads a gateway's configuration as the module would.
pub fn check(json: &[u8], environment: &dyn Environment) -> Checked {
    let mut list = List::default();
    let faults =
        config::read_in(json, environment, |node| list.gateway(&node)).err().unwrap_or_default();
    Checked { faults, hold_heads: list.hold_heads, needed: list.needed }
}

/// What a gateway's configuration may be.
pub fn outline() -> Outline {
    config::outline(|node| List::default().gateway(&node))
}

/// Configures the module.
#[cfg(all(target_family = "wasm", feature = "module"))]
pub(crate) fn configure(
    value: &Value,
    environment: &dyn Environment,
) -> Result<Chain, Vec<String>> {
    read(value, environment)
        .map_err(|faults| faults.iter().map(|fault| format!("{NAME}: {fault}")).collect())
}

/// What has been read of the list.
#[derive(Default)]
struct List {
    length: usize,
    names: BTreeSet<String>,
    hold_heads: Vec<String>,
    needed: BTreeSet<&'static str>,
}

impl List {
    fn gateway(&mut self, node: &Node<'_>) -> Option<Chain> {
        let mut fields = node.fields()?;
        let filters =
            fields.required("filters", |node| node.nonempty_list(|node| self.entry(&node)));
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
        let given = given.map(|_| ());
        let keys = node.value().as_object().map(|members| members.keys().map(String::as_str));
        let keys: Vec<&str> = keys.into_iter().flatten().collect();
        let named: Vec<&Registered> =
            FILTERS.iter().filter(|filter| keys.contains(&filter.name)).collect();
        let others = keys.iter().any(|key| *key != "name" && crate::filter(key).is_none());
        let is_free = match named.as_slice() {
            [filter] if !keys.contains(&"name") => self.take(node.clone(), filter.name),
            _ => given,
        };
        let mut link = None;
        for filter in FILTERS {
            // What several say is not read: one fault is enough.
            let is_alone = named.len() < 2;
            let read = |node| if is_alone { (filter.configure)(node) } else { None };
            if let Some(Some(read)) = fields.optional(filter.name, read) {
                link = Some(read);
            }
        }
        fields.finish();
        match named.as_slice() {
            [filter] => {
                is_free?;
                let path = format!("filters[{index}].{}", filter.name);
                let link: Box<dyn Link> = link?;
                self.hold_heads.extend(link.holds_heads().map(|field| format!("{path}.{field}")));
                self.needed.extend(needed(&*link));
                Some(Placed { link, prefix: format!("{NAME}: {path}.") })
            }
            // What is there instead has been told.
            [] if others => None,
            [] => {
                let known: Vec<&str> = FILTERS.iter().map(|filter| filter.name).collect();
                node.fault(format!("must have one filter: {}", known.join(", ")))
            }
            several => {
                let several: Vec<&str> = several.iter().map(|filter| filter.name).collect();
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
