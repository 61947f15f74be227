//! The configuration: what is allowed, and what is wrong with what is not.

mod freshness;
mod key;
mod purge;
mod rule;

use crate::leases::Leases;
use crate::objects::Objects;
use crate::purge::Route;
use crate::purges::Purges;
use crate::rule::Rule;
use gatehouse_filter::config::{Environment, Kind, Node, read_value_in};
use gatehouse_filter::rules::Rules;
use gatehouse_filter::{Mode, Words};
use std::rc::Rc;

/// The filter's configuration.
pub(crate) struct Config {
    /// What the cache is called in `Cache-Status`.
    pub(crate) name: String,
    pub(crate) mode: Mode,
    pub(crate) rules: Rules<Rc<Rule>>,
    pub(crate) status: Option<StatusField>,
    pub(crate) purge: Option<Route>,
    /// The cluster that leads to the gateway's own listener.
    pub(crate) background: Option<String>,
    /// The largest body that is stored.
    pub(crate) max_object: usize,
    /// The name of the store, and its slots.
    pub(crate) store: (String, u32),
    pub(crate) objects: Objects,
    pub(crate) purges: Purges,
    pub(crate) leases: Leases,
}

/// What clients are told in `Cache-Status`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct StatusField {
    /// Whether the key is in it.
    pub(crate) key: bool,
}

const MIB: u64 = 1 << 20;

impl Config {
    pub(crate) fn read(node: &Node<'_>) -> Option<Self> {
        let mut fields = node.fields()?;
        let name = fields.optional("name", |node| Some((name(&node)?, node)));
        let mode = fields.with_default("mode", Mode::Enforce, Mode::read);
        let store = fields.with_default("store", Store::default(), Store::read);
        let background = fields.optional("background", |node| background(&node));
        let status =
            fields.with_default("cache_status", Some(StatusField { key: false }), |node| {
                status(&node)
            });
        let purge = fields.optional("purge", |node| purge::read(&node));
        let words = Words::read(&mut fields, false);
        let is_shadow = mode == Some(Mode::Shadow);
        let rules = fields.required("rules", |node| {
            let rules = Rules::read_worded(&node, &words, rule::read)?;
            Some(rules.map(|name, unnamed| Rc::new(unnamed.named(name, is_shadow))))
        });
        fields.finish();
        let (name, status, store) = (name?, status?, store?);
        if let (Some((_, node)), None) = (&name, status) {
            return node.fault("does nothing: no field tells it, by `cache_status: off`");
        }
        let prefix = format!("c/{}/", store.name);
        Some(Self {
            name: name.map_or_else(|| "gatehouse".to_owned(), |(name, _)| name),
            mode: mode?,
            rules: rules?,
            status,
            purge: purge?,
            background: background?,
            max_object: usize::try_from(store.max_object).ok()?,
            store: (store.name, store.objects),
            objects: Objects::new(&prefix, store.objects, store.size),
            purges: Purges::new(&prefix),
            leases: Leases::new(&prefix),
        })
    }
}

/// The `store` of a configuration.
struct Store {
    name: String,
    size: u64,
    max_object: u64,
    objects: u32,
}

impl Default for Store {
    fn default() -> Self {
        let size = 64 * MIB;
        Self { name: "default".to_owned(), size, max_object: MIB, objects: slots(size) }
    }
}

/// A slot for each 4 KiB.
fn slots(size: u64) -> u32 {
    u32::try_from(size / 4096).unwrap_or(u32::MAX).clamp(64, MOST_SLOTS)
}

const MOST_SLOTS: u32 = 1 << 20;

/// No object takes less of the size, whatever is in it.
const LEAST_OBJECT: u64 = 256;

impl Store {
    fn read(node: Node<'_>) -> Option<Self> {
        let mut fields = node.fields()?;
        let name = fields.with_default("name", "default".to_owned(), |node| {
            let name = node.text()?;
            match name.len() <= 16 && name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                true => Some(name.to_owned()),
                false => node.fault("must be at most 16 letters and digits"),
            }
        });
        let size = fields.with_default("size", 64 * MIB, |node| {
            let size = node.size()?;
            match (MIB..=64 << 30).contains(&size) {
                true => Some(size),
                false => node.fault("must be from 1MiB to 64GiB"),
            }
        });
        let max_object = fields.optional("max_object", |node| {
            let most = node.size()?;
            match (1..=32 * MIB).contains(&most) {
                true if size.is_some_and(|size| most > size / 4) => node.fault(
                    "must be at most a quarter of `size`: one object would drive out all others",
                ),
                true => Some(most),
                false => node.fault("must be from 1B to 32MiB"),
            }
        });
        let objects = fields.optional("objects", |node| {
            let objects = node.integer(64..=u64::from(MOST_SLOTS))?;
            match size.is_some_and(|size| objects > size / LEAST_OBJECT) {
                true => node.fault("has more slots than `size` has room for objects"),
                false => Some(objects),
            }
        });
        fields.finish();
        let size = size?;
        let objects = objects?.and_then(|objects| u32::try_from(objects).ok());
        Some(Self {
            name: name?,
            size,
            max_object: max_object?.unwrap_or(MIB.min(size / 4)),
            objects: objects.unwrap_or_else(|| slots(size)),
        })
    }
}

/// A name that is a token or needs no escapes between quotes (RFC 9211 §2).
fn name(node: &Node<'_>) -> Option<String> {
    node.quotable().map(str::to_owned)
}

fn background(node: &Node<'_>) -> Option<String> {
    let mut fields = node.fields()?;
    let cluster = fields.required("cluster", |node| node.text().map(str::to_owned));
    fields.finish();
    cluster
}

/// A list of at least one item, none of which is there twice.
fn distinct<T: PartialEq>(
    node: &Node<'_>,
    read: impl Fn(&Node<'_>) -> Option<T>,
) -> Option<Vec<T>> {
    let mut seen = Vec::new();
    node.nonempty_list(|node| {
        let item = read(&node)?;
        if seen.contains(&item) {
            return node.fault("is there twice");
        }
        seen.push(item);
        Some(())
    })?;
    Some(seen)
}

/// `off`, or what is in the field.
fn status(node: &Node<'_>) -> Option<Option<StatusField>> {
    if is_off(node)? {
        return Some(None);
    }
    let mut fields = node.fields()?;
    let key = fields.with_default("key", false, |node| node.boolean());
    fields.finish();
    Some(Some(StatusField { key: key? }))
}

/// Whether a part is switched `off`. Envoy's YAML makes `false` of that.
fn is_off(node: &Node<'_>) -> Option<bool> {
    match node.kind() {
        Kind::Boolean => match node.boolean()? {
            false => Some(true),
            true => Some(false),
        },
        Kind::Text => node.one_of(&[("off", true)]),
        _ => Some(false),
    }
}

/// The name of the store that a configuration says, which refers to this environment, and for how
/// many objects it is; `None` for a
/// configuration with faults. Filters that differ in the second share no store of the first.
#[must_use]
pub fn shared_store(
    configuration: &serde_json::Value,
    environment: &dyn Environment,
) -> Option<(String, u32)> {
    let store = |node: Node<'_>| Config::read(&node).map(|config| config.store);
    read_value_in(configuration, environment, store).ok()
}

#[cfg(test)]
mod tests;
