//! A sandbox for Gatehouse: a real Envoy on an example config, with the demo services behind it.
//!
//! The end-to-end tests and `cargo xtask up` run the very files under `envoy/`; only listener and
//! admin ports, upstream addresses and the paths of the modules are replaced ([`example`]). Where
//! [`Packaging`] says so, the filters that follow each other are one `gateway.wasm` instead.
//!
//! ```no_run
//! # fn main() -> anyhow::Result<()> {
//! use gatehouse_sandbox::Gateway;
//!
//! let gateway = Gateway::builder("envoy/envoy.yaml").concurrency(2).start()?;
//! let response = gateway.get("/orders", &[("x-request-id", "1")]);
//! assert_eq!(response.status, 401);
//! # Ok(())
//! # }
//! ```
//!
//! Development only: it runs processes, reads the clock and, in the calls made for tests, panics.
#![allow(
    clippy::disallowed_methods,
    reason = "a bounded wait needs the real clock; no filter links this crate"
)]

pub mod envoy;
pub mod example;
pub mod raw;
pub mod wheel;
pub mod workspace;

mod gateway;
mod modules;
mod packaging;
mod process;
mod prometheus;
mod redis;
mod registry;
mod upstreams;

pub use gateway::{Builder, Gateway, StartError};
pub use modules::ensure_built;
pub use packaging::Packaging;
pub use prometheus::Prometheus;
pub use redis::Redis;
pub use registry::Registry;
pub use upstreams::Upstreams;
