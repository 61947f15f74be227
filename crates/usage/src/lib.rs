//! The numbers that an answer tells of what it has cost, such as the `usage` of language models,
//! read as the answer goes by: JSON documents and event streams that come in parts, cut anywhere.
//!
//! Nothing of an answer is kept but the name or the number at hand, whatever its size. Of each path
//! the largest number counts that is found there, in whichever document or event: what a stream
//! tells several times only grows.
//!
//! ```
//! use gatehouse_usage::{Paths, Reader, Told};
//!
//! let paths = Paths::new(vec![vec!["usage".into(), "total_tokens".into()]]).unwrap();
//! let mut reader = Reader::of(b"text/event-stream").unwrap();
//! reader.read(b"data: {\"usage\": {\"total_to", &paths);
//! reader.read(b"kens\": 42}}\n\ndata: [DONE]\n\n", &paths);
//! assert_eq!(reader.told(0), Told::Units(42));
//! ```

mod document;
mod events;
mod name;
mod number;
mod paths;
mod reader;

#[cfg(test)]
mod tests;

pub use paths::{Paths, PathsError};
pub use reader::{Found, Reader, Told};
