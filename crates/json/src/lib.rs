//! JSON documents that are changed without being re-encoded.
//!
//! A [`Document`] is the text that came, and a list of where each value begins and ends. A change
//! replaces spans; what is not touched is written as it was read. So a number keeps every digit,
//! whatever its size, a string keeps its escapes, and members keep their order.
//!
//! Reading is strict (RFC 8259), refuses an object that has a name twice, and is bounded in depth;
//! nothing here recurses over a document.
//!
//! ```
//! use gatehouse_json::{Document, Path};
//!
//! let mut document = Document::read(br#"{"id": 12345678901234567890, "secret": 1}"#.to_vec(), 1024)?;
//! let secret = document.select(document.root(), &Path::parse("secret").unwrap());
//! document.remove(&secret);
//! let mut out = Vec::new();
//! document.write(document.root(), &mut out).unwrap();
//! assert_eq!(out, br#"{"id":12345678901234567890}"#);
//! # Ok::<(), gatehouse_json::Invalid>(())
//! ```

mod case;
mod document;
mod edit;
mod moves;
mod names;
mod number;
mod path;
mod read;
mod string;
mod write;

pub use case::{Case, CaseError, Naming};
pub use document::{Document, Id, Kind, Overgrown};
pub use edit::{Places, Put};
pub use moves::Cut;
pub use names::Names;

pub use number::{canonical_number, same_number};
pub use path::{Path, PathError};
pub use read::{Fault, Invalid, MOST_DEPTH, MOST_VALUES};
pub use string::{push_decoded, push_quoted};
