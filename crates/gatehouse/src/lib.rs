//! `gatehouse`, the user's tool: it checks, explains and writes configurations, without a checkout
//! and without Rust.
//!
//! Each command is a file: its options, and a function from them to an [`Answer`]. Nothing here
//! prints but `main`.
#![deny(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "they panic where a pipe is closed; `main` prints, and does not"
)]

pub mod chain;
pub mod check;
pub mod completions;
pub mod explain;
pub mod hash_key;
pub mod import;
pub mod init;
pub mod schema;

mod answer;
mod command;
mod excerpt;
mod input;

pub use answer::{Answer, Outcome};
pub use command::Gatehouse;
