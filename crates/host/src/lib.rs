//! The shell that runs Gatehouse filters inside Envoy.
//!
//! The only crate that names `proxy-wasm`. The SDK gives it the ABI's marker, the allocator and the
//! log; the callbacks and the calls to the host are its own. Statuses stay numbers, values stay
//! bytes, no answer of the host can panic, and a callback can answer every number that the host
//! knows: the SDK's `Action` has no word for "hold the request whole".
//!
//! A module that did not go through `cargo xtask build` exports the SDK's own callbacks, which know
//! no filter: it refuses every configuration, and says why.
//!
//! A filter crate has one line of shell:
//!
//! ```ignore
//! #[cfg(all(target_family = "wasm", feature = "module"))]
//! gatehouse_host::load!(JwtAuth);
//! ```

pub mod configuration;
pub mod environment;
pub mod grpc;
pub mod signature;

#[cfg(target_family = "wasm")]
mod callbacks;
#[cfg(target_family = "wasm")]
mod calls;
#[cfg(target_family = "wasm")]
mod envoy;
#[cfg(target_family = "wasm")]
mod load;

#[cfg(target_family = "wasm")]
pub use callbacks::start;
#[cfg(target_family = "wasm")]
pub use gatehouse_chain as chain;
#[cfg(target_family = "wasm")]
pub use gatehouse_filter as filter;
#[cfg(target_family = "wasm")]
pub use load::configure;
#[cfg(target_family = "wasm")]
pub use proxy_wasm;
