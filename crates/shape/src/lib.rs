//! Changes to JSON documents, as a configuration says them.
//!
//! A [`Shaping`] is a list of operations (`set`, `rename`, `filter`, …) that a filter reads from
//! its configuration. A [`Work`] makes them, on a document and in the head that goes with it, where
//! it has one. What is not named stays as it came: see [`gatehouse_json`].
//!
//! Its parts stand alone too: a [`Value`] with templates in it, a [`Text`], a [`Condition`], and
//! paths of values ([`path()`]) and of places ([`place()`]).
//!
//! ```
//! use gatehouse_filter::config;
//! use gatehouse_filter::template::{Scope, Sources};
//! use gatehouse_json::Document;
//! use gatehouse_shape::{Editable, Shaping, Work};
//!
//! let operations = br#"[
//!     {"rename": {"path": "mail", "to": "email"}},
//!     {"remove": {"path": "hash"}}
//! ]"#;
//! let shaping = config::read(operations, |node| {
//!     Shaping::read(&node, &Scope::default(), Editable::Nothing)
//! });
//! let document = Document::read(br#"{"mail": "a@b.example", "hash": "x"}"#.to_vec(), 1024)?;
//! let root = document.root();
//! let facts = Sources::default();
//! let mut work = Work { document, facts, head: Vec::new(), skips_misfits: false };
//! work.run(&shaping.unwrap(), root).unwrap();
//! let mut out = Vec::new();
//! work.document.write(root, &mut out).unwrap();
//! assert_eq!(out, br#"{"email":"a@b.example"}"#);
//! # Ok::<(), gatehouse_json::Invalid>(())
//! ```

mod condition;
mod config;
mod conversion;
mod fault;
mod operation;
mod path;
mod shaping;
mod text;
mod value;

pub use condition::Condition;
pub use fault::Fault;
pub use operation::Work;
pub use path::{path, place};
pub use shaping::{Editable, Shaping};
pub use text::{Needs, Text};
pub use value::Value;
