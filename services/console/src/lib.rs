//! The console: a read-only page that shows a gateway live.
//!
//! It asks Envoy's admin interface and reads the access log, keeps a bounded while of both in
//! memory, and serves a page without a build step and what the page shows as JSON. It writes
//! nothing, neither to a disk nor to Envoy.
//!
//! ```no_run
//! # async fn run() -> std::io::Result<()> {
//! use gatehouse_console::{AccessLog, Console};
//!
//! let log = AccessLog::default();
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:9902").await?;
//! let console = Console::new("127.0.0.1:9901", log.clone());
//! tokio::spawn(console.serve(listener, std::future::pending()));
//! log.line(r#"{"status":200,"method":"GET","path":"/orders"}"#);
//! # Ok(())
//! # }
//! ```
#![allow(
    clippy::disallowed_methods,
    reason = "a service of its own: the clock is read in one place, `clock.rs`, and is an argument \
              from there on; no filter links this crate"
)]

mod access_log;
mod admin;
mod clock;
mod clusters;
mod counters;
mod documents;
mod entry;
mod filters;
mod follow;
mod guard;
mod history;
mod key_sets;
mod limits;
mod mask;
mod note;
mod page;
mod server;
mod setup;
mod stats;
mod text;
mod traffic;
mod watch;

pub use access_log::AccessLog;
pub use server::Console;
