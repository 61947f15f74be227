//! Removes from a linked module the exports that its filter does not implement.
//!
//! The SDK exports every callback of the ABI, and Envoy enters the VM for each one that it finds: some µs a
//! request for nothing. A filter says which it implements in the custom section `gatehouse.callbacks`, a
//! comma-separated list of export names that may come in several parts.

use std::collections::BTreeSet;
use std::fmt;

use walrus::{CustomSection, IdsToIndices, Module, ModuleConfig};

/// The custom section that lists a filter's callbacks.
pub(super) const SECTION: &str = "gatehouse.callbacks";

/// What any filter needs: to be loaded, to be configured, and to have its contexts made and freed.
const BASE: [&str; 6] = [
    "memory",
    "_initialize",
    "proxy_abi_version_0_2_1",
    "proxy_on_context_create",
    "proxy_on_configure",
    "proxy_on_delete",
];

/// How the host asks for guest memory: the current name and the older one; a module needs one of them.
const ALLOCATE: [&str; 2] = ["proxy_on_memory_allocate", "malloc"];

/// A module that exports what it implements and nothing else.
#[derive(Debug)]
pub(super) struct Trimmed {
    /// The new module; its name section is kept for readable backtraces.
    pub(super) wasm: Vec<u8>,
    /// The `proxy_on_*` callbacks left, sorted, without the allocator.
    pub(super) callbacks: Vec<String>,
}

/// Why a module cannot be trimmed.
#[derive(Debug)]
pub(super) enum TrimError {
    /// Not a WebAssembly module.
    Unreadable(anyhow::Error),
    /// The section [`SECTION`] is missing.
    NoList,
    /// The section lists a name that the module does not export.
    NotExported {
        /// The name as listed.
        listed: String,
        /// The callbacks that the module does export.
        exported: Vec<String>,
    },
    /// An export that every proxy-wasm module needs is missing.
    NotAFilter(&'static str),
}

/// Keeps the base exports and the listed callbacks; what only the other exports reached goes with them.
///
/// # Errors
/// See [`TrimError`].
pub(super) fn trim(linked: &[u8]) -> Result<Trimmed, TrimError> {
    let mut config = ModuleConfig::new();
    config.generate_name_section(true).generate_producers_section(false);
    let mut module = config.parse(linked).map_err(TrimError::Unreadable)?;

    let exported: BTreeSet<String> = module.exports.iter().map(|export| export.name.clone()).collect();
    let listed = listed_callbacks(&module).ok_or(TrimError::NoList)?;
    if let Some(name) = listed.iter().find(|name| !exported.contains(*name)) {
        return Err(TrimError::NotExported {
            listed: name.clone(),
            exported: exported.into_iter().filter(|name| name.starts_with("proxy_on_")).collect(),
        });
    }
    if let Some(name) = BASE.into_iter().find(|name| !exported.contains(*name)) {
        return Err(TrimError::NotAFilter(name));
    }
    let [allocate, _] = ALLOCATE;
    if !ALLOCATE.iter().any(|name| exported.contains(*name)) {
        return Err(TrimError::NotAFilter(allocate));
    }

    let keep = |name: &str| BASE.contains(&name) || ALLOCATE.contains(&name) || listed.contains(name);
    let dropped: Vec<_> =
        module.exports.iter().filter(|export| !keep(&export.name)).map(walrus::Export::id).collect();
    for export in dropped {
        module.exports.delete(export);
    }
    walrus::passes::gc::run(&mut module);

    let callbacks =
        exported.into_iter().filter(|name| keep(name) && name.starts_with("proxy_on_") && name != allocate);
    Ok(Trimmed { callbacks: callbacks.collect(), wasm: module.emit_wasm() })
}

/// The names in all parts of the section, `None` when there is no such section.
fn listed_callbacks(module: &Module) -> Option<BTreeSet<String>> {
    let parts: Vec<String> = module
        .customs
        .iter()
        .filter(|(_, section)| section.name() == SECTION)
        .map(|(_, section)| part_text(section))
        .collect();
    if parts.is_empty() {
        return None;
    }
    // A part may end without a comma: one string per section keeps the names apart.
    let names = parts.iter().flat_map(|part| part.split(','));
    Some(names.map(str::trim).filter(|name| !name.is_empty()).map(ToOwned::to_owned).collect())
}

fn part_text(section: &dyn CustomSection) -> String {
    String::from_utf8_lossy(&section.data(&IdsToIndices::default())).into_owned()
}

impl fmt::Display for TrimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TrimError::Unreadable(error) => write!(f, "not a WebAssembly module: {error:#}"),
            TrimError::NoList => write!(
                f,
                "the module has no `{SECTION}` section: the crate must name its callbacks with gatehouse-host's \
                 export macro"
            ),
            TrimError::NotExported { listed, exported } => write!(
                f,
                "the `{SECTION}` section lists `{listed}`, which the module does not export; it exports: {}",
                exported.join(", ")
            ),
            TrimError::NotAFilter(name) => {
                write!(f, "the module does not export `{name}`, which every proxy-wasm filter needs")
            }
        }
    }
}

impl std::error::Error for TrimError {}

#[cfg(test)]
#[path = "trim_tests.rs"]
mod tests;
