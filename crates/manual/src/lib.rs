//! What the filters' READMEs say of each field: the rows of their tables.
//!
//! The documents are in the program: whoever has it needs no checkout. Development only: no module
//! has it.

mod documents;
mod field;
mod markdown;
mod table;

pub use documents::{Manual, all};
pub use field::{Field, Path};
pub use markdown::plain;
