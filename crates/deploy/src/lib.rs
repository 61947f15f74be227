//! What is in `deploy/` that is made of other files of this clone, so that it says what they say:
//! the manifests for Istio and Envoy Gateway, of the examples under `envoy/`; the Kustomize base, of
//! the Helm chart. `cargo xtask manifests` writes them, and a test holds the clone to them.
//!
//! Development only: it reads files and runs programs.

pub mod envoy_config;
mod envoy_gateway;
mod example;
mod files;
pub mod helm;
mod images;
mod istio;
pub mod kinds;
pub mod kubectl;
mod kustomize;
mod python;
mod services;

pub use files::{File, kustomize_base, manifests, write};
pub use images::Images;
