//! Gives a linked module the exports that its filters need.
//!
//! The SDK defines every callback of the ABI, under the host's names and with a dispatcher of its
//! own, which knows no answer but "go on" and "pause". The shell's callbacks are called
//! `gatehouse_on_…`: those that the filters need are exported under the host's names, and all
//! others go, the SDK's among them. Envoy enters the VM for each callback that it finds: some µs a
//! request for nothing. Which phases the filters take part in is said in the custom section
//! `gatehouse.phases`.

use std::collections::BTreeSet;
use std::fmt;

use gatehouse_filter::Phases;
use walrus::{IdsToIndices, Module, ModuleConfig};

/// The custom section that says what a module's filters take part in.
pub(super) const SECTION: &str = "gatehouse.phases";

/// What the shell's callbacks begin with, instead of the host's `proxy_`.
const OURS: &str = "gatehouse_";

/// What any module needs: to be loaded.
const BASE: [&str; 3] = ["memory", "_initialize", "proxy_abi_version_0_2_1"];

/// The callbacks that any filter needs: to be configured, to have its contexts made and freed, to
/// see requests.
const CALLBACKS: [&str; 4] = [
    "proxy_on_context_create",
    "proxy_on_configure",
    "proxy_on_delete",
    "proxy_on_request_headers",
];

/// How the host asks for guest memory: the current name and the older one; a module needs one of
/// them.
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
    NoSection,
    /// The section is not what the shell writes.
    Unknown,
    /// An export that every proxy-wasm module needs is missing.
    NotAFilter(String),
}

/// Exports the base and the shell's callbacks that are needed; what only the other exports reached
/// goes with them.
///
/// # Errors
/// See [`TrimError`].
pub(super) fn trim(linked: &[u8]) -> Result<Trimmed, TrimError> {
    let mut config = ModuleConfig::new();
    config.generate_name_section(true).generate_producers_section(false);
    let mut module = config.parse(linked).map_err(TrimError::Unreadable)?;

    let phases = phases(&module)?;
    let callbacks: BTreeSet<&str> = CALLBACKS.into_iter().chain(phases.callbacks()).collect();
    let exported: BTreeSet<String> =
        module.exports.iter().map(|export| export.name.clone()).collect();
    let ours: Vec<String> = callbacks.iter().map(|name| our_name(name)).collect();
    let needed = BASE.into_iter().chain(ours.iter().map(String::as_str));
    if let Some(name) = needed.into_iter().find(|name| !exported.contains(*name)) {
        return Err(TrimError::NotAFilter(name.to_owned()));
    }
    let [allocate, _] = ALLOCATE;
    if !ALLOCATE.iter().any(|name| exported.contains(*name)) {
        return Err(TrimError::NotAFilter(allocate.to_owned()));
    }

    let keep = |name: &str| {
        BASE.contains(&name) || ALLOCATE.contains(&name) || ours.iter().any(|ours| ours == name)
    };
    let dropped: Vec<_> = module
        .exports
        .iter()
        .filter(|export| !keep(&export.name))
        .map(walrus::Export::id)
        .collect();
    for export in dropped {
        module.exports.delete(export);
    }
    for export in module.exports.iter_mut() {
        if let Some(name) = export.name.strip_prefix(OURS) {
            export.name = format!("proxy_{name}");
        }
    }
    walrus::passes::gc::run(&mut module);

    let callbacks = callbacks.into_iter().map(ToOwned::to_owned).collect();
    Ok(Trimmed { callbacks, wasm: module.emit_wasm() })
}

/// The shell's name of a callback: `gatehouse_on_tick` for `proxy_on_tick`.
fn our_name(callback: &str) -> String {
    format!("{OURS}{}", callback.trim_start_matches("proxy_"))
}

/// What the section says.
fn phases(module: &Module) -> Result<Phases, TrimError> {
    let mut sections = module.customs.iter().filter(|(_, section)| section.name() == SECTION);
    let (_, section) = sections.next().ok_or(TrimError::NoSection)?;
    Phases::from_flags(&section.data(&IdsToIndices::default())).ok_or(TrimError::Unknown)
}

impl fmt::Display for TrimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TrimError::Unreadable(error) => write!(f, "not a WebAssembly module: {error:#}"),
            TrimError::NoSection => write!(
                f,
                "the module has no `{SECTION}` section: the crate must have gatehouse-host's `load!`"
            ),
            TrimError::Unknown => {
                write!(f, "the `{SECTION}` section is not what gatehouse-host's `load!` writes")
            }
            TrimError::NotAFilter(name) => {
                write!(f, "the module does not export `{name}`, which it needs")
            }
        }
    }
}

impl std::error::Error for TrimError {}

#[cfg(test)]
#[path = "trim_tests.rs"]
mod tests;
