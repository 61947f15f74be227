//! `gateway.wasm`: all filters in one module and one VM.
//!
//! Its configuration is a list, `filters`, in the order in which requests meet them. Each entry has
//! one filter's name with the very block that the filter's own module takes, and perhaps a `name`
//! of its own: a filter may come twice. [`FILTERS`] is the registry of filters: whoever needs all
//! of them reads it there.

mod list;
mod registry;

pub use list::{Checked, NAME, check, outline, read};
pub use registry::{FILTERS, Registered, filter};

/// The phases in which one of the filters takes part: what the module exports.
#[cfg(all(target_family = "wasm", feature = "module"))]
const PHASES: gatehouse_filter::Phases = registry::phases();

#[cfg(all(target_family = "wasm", feature = "module"))]
gatehouse_host::module!(PHASES, list::configure);

#[cfg(test)]
mod conformance_tests;

#[cfg(test)]
mod readme_tests;
#[cfg(test)]
mod refusal_tests;
