//! The content codings of HTTP (RFC 9110 §8.4.1): gzip, deflate and br, read within bounds and
//! written.
//!
//! ```
//! use gatehouse_coding::{Coding, Undecoded};
//!
//! let coding = Coding::named(b"gzip").unwrap();
//! let packed = coding.encode(b"a body".to_vec());
//! assert_eq!(coding.decode(packed.clone(), 6), Ok(b"a body".to_vec()));
//! assert_eq!(coding.decode(packed, 5), Err(Undecoded::TooLong));
//! assert_eq!(Coding::named(b"gzip, br"), None);
//! ```

mod coding;
mod gzip;

pub use coding::Coding;
pub use gzip::{Undecoded, gunzip};
