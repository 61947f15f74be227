//! The demo upstreams of the gateway: believable services with fixed data, one program, a service
//! by name.
//!
//! Nothing is stored: every write answers as if it had happened and changes nothing, so that any
//! number of replicas agree and a test always starts from the same data.
//!
//! ```no_run
//! # async fn run() -> std::io::Result<()> {
//! use gatehouse_demo::{Service, serve};
//!
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8000").await?;
//! serve(Service::Orders, "orders-1", listener, std::future::pending()).await
//! # }
//! ```

mod auth;
mod body;
mod echo;
mod money;
mod orders;
mod problem;
mod products;
mod recommendations;
mod server;
mod service;
mod timestamp;
mod users;

pub use auth::{AUDIENCE, ISSUER, KEY_ID, signing_key};
pub use server::{router, serve};
pub use service::{Service, UnknownService};
