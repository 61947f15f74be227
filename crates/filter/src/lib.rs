//! The vocabulary that every Gatehouse filter shares.
//!
//! A filter takes facts (a [`Request`], a [`Response`], the [`Host`] it runs in) and returns a
//! [`Decision`]. It never acts: the shell (`gatehouse-host`) reads the facts from Envoy and carries the
//! decision out. Nothing here names a host, reads a clock or does I/O, so everything here and in every
//! filter core runs in a native `cargo test`.

pub mod config;
pub mod credential;
pub mod fetched;
pub mod protobuf;
pub mod rules;
pub mod template;

mod body;
mod callouts;
mod code;
mod decision;
mod filter;
mod headers;
mod host;
mod identity;
mod operator_log;
mod percent;
mod reply;
mod request;
mod response;
mod target;

pub use body::{Body, Collect};
pub use callouts::{Answer, CallId, CallRefused, Callout, Callouts, GrpcAnswer, GrpcCall};
pub use code::DecisionCode;
pub use decision::{Decision, Mode, Step};
pub use filter::{Filter, RuleCounter};
pub use headers::{Edit, EditKind, HeaderName, HeaderValue, Headers, InvalidName, InvalidValue, Repeated};
pub use host::{
    Attribute, Attributes, Clock, Expression, Expressions, Hash, Host, Meter, NoExpression, NoRandom,
    NoVerifier, Random, SetError, Signatures, Store, StoreError, Timestamp, Version,
};
pub use identity::{Caller, Identity, RawIdentity, claim_names};
pub use operator_log::OperatorLog;
pub use percent::{percent_decoded, percent_encoded};
pub use reply::{GrpcStatus, Reply};
pub use request::Request;
pub use response::Response;
pub use target::{query_values, split_target};
