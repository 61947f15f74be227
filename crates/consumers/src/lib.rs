//! Consumers: who uses what is behind the gateway, and by what they are known.
//!
//! The filters that find out who a request is from have one table of them: [`Consumers`], written
//! in their configuration or polled ([`Source`]). One consumer may have API keys and be named in
//! tokens and certificates; each filter reads the whole of it and uses its part ([`Uses`]), so that
//! all of them can poll one document.

mod certificate;
mod consumer;
mod key;
mod list;
mod names;
mod rfc3339;
mod table;
mod token;

pub use consumer::Consumer;
pub use key::{Unfit, Useless};
pub use list::{Owner, Source};
pub use table::{Certified, Consumers, Keys, Required, Tokens, Uses};
