//! What Envoy or a Gatehouse filter would refuse in a configuration, and what would make a guard
//! guard nothing; offline. `gatehouse check` prints it.
//!
//! A configuration is a file of Envoy's, a manifest of Istio or Envoy Gateway, or what one filter
//! reads. Nothing here links a proxy.

mod addresses;
mod cache;
mod certificates;
mod chain_end;
mod clusters;
mod depth;
mod environment;
mod expressions;
mod found;
mod line;
mod local_replies;
mod manifest;
mod module;
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

use found::Found;
use gatehouse_config_file::{Document, Fault, Format, WasmFilter, manifests, read, wasm_filters};

pub use gatehouse_config_file::{Format as FileFormat, Position};
pub use line::{Level, Line};
pub use module_name::distance;

/// Checks one file; the lines call it `name`.
pub fn file(path: &Path, name: &str) -> Vec<Line> {
    match std::fs::read(path) {
        Ok(read) => bytes(&read, name, Format::of(path)),
        Err(error) => {
            let what = format!("cannot be read: {error}");
            vec![Line::new(name, None, Level::Fault, what)]
        }
    }
}

/// Checks what a file of this format holds; the lines call it `name`.
pub fn bytes(bytes: &[u8], name: &str, format: Format) -> Vec<Line> {
    let text = match text(bytes, name) {
        Ok(text) => text,
        Err(line) => return vec![line],
    };
    match manifests(text) {
        Ok(documents) if manifest::is_any(&documents.tree) => {
            return lines(name, &documents, manifest::check(&documents.tree));
        }
        Err(fault) if is_manifest_text(text) => return vec![unreadable(name, fault, "YAML")],
        _ => {}
    }
    match read(text, format) {
        Ok(document) => lines(name, &document, of_envoy(&document)),
        Err(fault) => vec![match format {
            Format::Yaml => unreadable(name, fault, "YAML"),
            Format::Json => {
                let what = "JSON, which Envoy reads where a name does not end in .yaml";
                unreadable(name, fault, what)
            }
        }],
    }
}

/// Checks what the filter of this name reads, by itself. `None` where there is no such filter.
pub fn configuration(filter: &str, bytes: &[u8], name: &str, format: Format) -> Option<Vec<Line>> {
    let text = match text(bytes, name) {
        Ok(text) => text,
        Err(line) => return Some(vec![line]),
    };
    let document = match read(text, format) {
        Ok(document) => document,
        Err(fault) => {
            let format = if format == Format::Yaml { "YAML" } else { "JSON" };
            return Some(vec![unreadable(name, fault, format)]);
        }
    };
    let found = module::of_configuration(filter, &document.tree)?;
    Some(lines(name, &document, found))
}

/// Files are UTF-8, all of them.
fn text<'a>(bytes: &'a [u8], name: &str) -> Result<&'a str, Line> {
    std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let before = String::from_utf8_lossy(before);
        let line = before.matches('\n').count().saturating_add(1);
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count();
        let position = Position { line, column: column.saturating_add(1) };
        Line::new(name, Some(position), Level::Fault, "is not UTF-8".to_owned())
    })
}

fn unreadable(name: &str, fault: Fault, format: &str) -> Line {
    let what = format!("is not valid {format}: {}", fault.what);
    Line::new(name, fault.position, Level::Fault, what)
}

/// Whether a text that cannot be read is meant to be a manifest.
fn is_manifest_text(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("apiVersion:"))
}

/// What there is to say of a config of Envoy's.
fn of_envoy(document: &Document) -> Vec<Found> {
    let tree = &spelling::settle(&document.tree);
    let filters = wasm_filters(tree);
    let mut found: Vec<Found> = filters.iter().flat_map(module::check).collect();
    let chains = placed::chains(tree, "");
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
    if found.is_empty() {
        found.push(Found::good("ok, it has no wasm filter"));
    }
    found
}

/// What was found, each thing once, with its place in the file.
fn lines(name: &str, document: &Document, mut found: Vec<Found>) -> Vec<Line> {
    let bad: BTreeSet<String> = found.iter().filter_map(named_fault).collect();
    found.retain(|found| found.text.strip_suffix(": ok").is_none_or(|text| !bad.contains(text)));
    let mut lines: Vec<Line> = Vec::new();
    for Found { level, text, path } in found {
        let position = path.and_then(|path| document.places.find(&path));
        let line = Line::new(name, position, level, text);
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

/// The filter that a fault is of.
fn named_fault(found: &Found) -> Option<String> {
    let (filter, _) = found.text.split_once(": ").filter(|_| found.level == Level::Fault)?;
    filter.starts_with("filter ").then(|| filter.to_owned())
}

/// How lines call a module.
fn label(wasm: &WasmFilter) -> String {
    match wasm.filter() {
        "" => format!("plugin {}", wasm.name),
        filter => format!("filter {filter}"),
    }
}

#[cfg(test)]
mod tests;
