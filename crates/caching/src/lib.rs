//! The rules of a shared HTTP cache: what may be stored, for whom and how long, what of it answers
//! a request, and what a cache says and asks when it validates (RFC 9111 and what extends it).
//!
//! Pure: whoever has a store, a clock and a request asks, and does what the answer says.

pub mod method;
pub mod status;

mod cache_status;
mod delta;
mod directives;
mod freshness_options;
mod http_date;
mod lifetime;
mod partial;
mod request_directives;
mod response_directives;
mod reuse;
mod storing;
mod structured;
mod tags;
mod vary;

pub use cache_status::{CacheStatus, Forward, Handling};
pub use directives::Scope;
pub use freshness_options::FreshnessOptions;
pub use http_date::HttpDate;
pub use lifetime::{Arrival, Lifetime, Source};
pub use partial::{ContentRange, Span};
pub use request_directives::RequestDirectives;
pub use response_directives::ResponseDirectives;
pub use reuse::{Failure, Reuse, Unusable, on_error, reuse};
pub use storing::{
    Asked, Identified, NotStored, Partition, SetCookie, Storable, Storing, StoringOptions,
    may_store,
};
pub use tags::{TagSyntax, tags};
pub use vary::{Selection, Vary};
