//! What Envoy or a Gatehouse filter would refuse in an Envoy config, and what would make a guard
//! guard nothing; offline. `cargo xtask check` prints it.
//!
//! Development only: it reads files, and links no proxy.

mod addresses;
mod cache;
mod certificates;
mod chain_end;
mod clusters;
mod depth;
mod environment;
mod expressions;
mod local_replies;
mod module_name;
mod order;
mod placed;
mod plugin;
mod shape;
mod spelling;
mod states;
mod stores;
mod unseen;

use std::collections::BTreeSet;
use std::path::Path;

use environment::Offline;
use gatehouse_gateway::Registered;
use gatehouse_sandbox::example::{Example, GATEWAY, WasmFilter, wasm_filters};
use module_name::Near;

/// One thing to say of a file.
#[derive(Debug, PartialEq)]
pub struct Line {
    /// What is printed.
    pub text: String,
    /// What it is about.
    pub level: Level,
}

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// A filter that is good, or one that is not ours.
    Good,
    /// What may guard nothing.
    Warning,
    /// What is refused, or can never work.
    Fault,
}

impl Line {
    /// Whether it is of what is refused, or can never work.
    pub fn is_fault(&self) -> bool {
        self.level == Level::Fault
    }
}

/// Something found in a file, before it is known what the file is called.
type Found = (Level, String);

/// Checks one file; the lines call it `name`.
pub fn file(path: &Path, name: &str) -> Vec<Line> {
    let line = |(level, text): Found| {
        let warning = if level == Level::Warning { "warning: " } else { "" };
        Line { text: format!("{name}: {warning}{text}"), level }
    };
    let example = match Example::load(path) {
        Ok(example) => example,
        Err(error) => return vec![Line { text: format!("{error:#}"), level: Level::Fault }],
    };
    let tree = &spelling::settle(example.tree());
    let filters = wasm_filters(tree);
    let mut found: Vec<Found> = filters.iter().flat_map(of_module).collect();
    let chains = placed::chains(tree);
    found.extend(shape::check(tree));
    found.extend(plugin::check(tree));
    found.extend(chain_end::check(tree));
    found.extend(clusters::check(tree, &filters));
    found.extend(expressions::check(tree, &filters));
    found.extend(chains.iter().flat_map(order::check));
    found.extend(chains.iter().flat_map(addresses::check));
    found.extend(chains.iter().flat_map(|chain| cache::check(tree, chain)));
    found.extend(certificates::check(tree));
    found.extend(states::check(tree, &filters, &chains));
    found.extend(stores::check(tree));
    found.extend(depth::check(tree));
    found.extend(unseen::check(tree));
    found.dedup();
    let bad: BTreeSet<String> = found.iter().filter_map(named_fault).collect();
    found.retain(|(_, text)| text.strip_suffix(": ok").is_none_or(|filter| !bad.contains(filter)));
    if found.is_empty() {
        found.push((Level::Good, "ok, it has no wasm filter".to_owned()));
    }
    found.into_iter().map(line).collect()
}

/// The filter that a fault is of.
fn named_fault((level, text): &Found) -> Option<String> {
    let (filter, _) = text.split_once(": ").filter(|_| *level == Level::Fault)?;
    filter.starts_with("filter ").then(|| filter.to_owned())
}

/// What there is to say of a filter by itself.
fn of_module(wasm: &WasmFilter) -> Vec<Found> {
    let filter = wasm.filter();
    match verdict(wasm) {
        Verdict::Good => vec![(Level::Good, format!("filter {filter}: ok"))],
        Verdict::Bad(all) => {
            all.iter().map(|what| (Level::Fault, format!("filter {filter}: {what}"))).collect()
        }
        Verdict::Unchecked(all) => {
            all.iter().map(|what| (Level::Warning, format!("filter {filter}: {what}"))).collect()
        }
        Verdict::NotOurs => vec![match module_name::near(filter) {
            Some(Near::Surely(ours)) => {
                (Level::Fault, format!("{}: is nearly `{ours}.wasm`; call it that", describe(wasm)))
            }
            Some(Near::Perhaps(ours)) => (
                Level::Warning,
                format!("{}: skipped, not ours; was `{ours}.wasm` meant?", describe(wasm)),
            ),
            None => (Level::Good, format!("{}: skipped, not ours", describe(wasm))),
        }],
    }
}

enum Verdict {
    Good,
    Bad(Vec<String>),
    /// Without a fault, as far as is known.
    Unchecked(Vec<String>),
    NotOurs,
}

fn verdict(wasm: &WasmFilter) -> Verdict {
    let filter = gatehouse_gateway::filter(wasm.filter());
    if filter.is_none() && wasm.filter() != GATEWAY {
        return Verdict::NotOurs;
    }
    // To a module, no configuration is one without fields.
    let json = wasm.json().map(|json| if json.is_empty() { b"{}".to_vec() } else { json });
    let environment = Offline::of(wasm);
    let faults = match (json, filter) {
        (Ok(json), Some(filter)) => of_filter(wasm, filter, &json, &environment),
        (Ok(json), None) => {
            let checked = gatehouse_gateway::check(&json, &environment);
            let held = checked.hold_heads.iter().filter_map(|field| held_in_vain(wasm, field));
            let lacks = lacking(wasm, checked.needed.iter().copied());
            checked.faults.iter().map(ToString::to_string).chain(held).chain(lacks).collect()
        }
        (Err(error), _) => vec![format!("{error:#}")],
    };
    match (faults, environment.unchecked()) {
        (faults, unchecked) if faults.is_empty() && unchecked.is_empty() => Verdict::Good,
        (faults, unchecked) if faults.is_empty() => Verdict::Unchecked(unchecked),
        (faults, _) => Verdict::Bad(faults),
    }
}

fn of_filter(
    wasm: &WasmFilter,
    filter: &Registered,
    json: &[u8],
    environment: &Offline<'_>,
) -> Vec<String> {
    match filter.read(json, environment) {
        Ok(link) => {
            let held = link.holds_heads().and_then(|field| held_in_vain(wasm, field));
            let needed = gatehouse_chain::needed(&*link);
            held.into_iter().chain(lacking(wasm, needed)).collect()
        }
        Err(faults) => faults.iter().map(ToString::to_string).collect(),
    }
}

/// A filter cannot see whether Envoy lets it hold a head. If it does not, each request with a body
/// hangs.
fn held_in_vain(wasm: &WasmFilter, field: &str) -> Option<String> {
    let fault = "needs `allow_on_headers_stop_iteration: true` beside the configuration";
    (!wasm.may_hold_heads).then(|| format!("{field}: {fault}"))
}

/// What a filter needs and may not have. A filter cannot see that either: a body would pass unread.
fn lacking<'a>(wasm: &WasmFilter, needed: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let Some(allowed) = &wasm.allowed else { return Vec::new() };
    let lacks = |name: &&str| !allowed.contains(*name);
    needed.into_iter().filter(lacks).map(gatehouse_chain::lacks).collect()
}

fn describe(wasm: &WasmFilter) -> String {
    match wasm.module.as_str() {
        "" => format!("plugin {}, whose module is not a local file", wasm.name),
        module => format!("module {module}"),
    }
}

#[cfg(test)]
mod tests;
