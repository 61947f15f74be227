//! The filters of `docs/writing-a-filter.md`: every Rust block of the document is here, or in the
//! template of `cargo xtask new`, word for word. `tests/document.rs` sees to it.

#[path = "../../../xtask/src/new/template/src/lib.rs"]
pub mod my_filter;

pub mod bodies;
pub mod calls;
pub mod copies;
pub mod documents;
pub mod fetching;
pub mod grpc;
pub mod telemetry;
