//! The shell that runs a Gatehouse filter inside Envoy.
//!
//! The only crate that names `proxy-wasm`. The SDK gives it the contexts, the dispatcher and the exported
//! callbacks; the calls to the host are its own ([`calls`](self)): statuses stay numbers, values stay bytes,
//! and no answer of the host can panic.
//!
//! A filter crate has one line of shell:
//!
//! ```ignore
//! #[cfg(target_family = "wasm")]
//! gatehouse_host::load!(JwtAuth: on_request);
//! ```

pub mod configuration;
pub mod grpc;
pub mod signature;

#[cfg(any(target_family = "wasm", test))]
mod local_reply;
#[cfg(any(target_family = "wasm", test))]
mod note;

#[cfg(target_family = "wasm")]
mod bodies;
#[cfg(target_family = "wasm")]
mod calls;
#[cfg(target_family = "wasm")]
mod envoy;
#[cfg(target_family = "wasm")]
mod exchange;
#[cfg(target_family = "wasm")]
mod load;
#[cfg(target_family = "wasm")]
mod loaded;
#[cfg(target_family = "wasm")]
mod shell;

#[cfg(target_family = "wasm")]
pub use load::bytes_of;
#[cfg(target_family = "wasm")]
pub use proxy_wasm;
#[cfg(target_family = "wasm")]
pub use shell::start;
