//! The rules of a shared HTTP cache (RFC 9111 and what extends it): what may be stored, for whom
//! and how long; what of it answers a request; what a cache asks when it validates, and what it
//! makes of the answer.
//!
//! Pure: whoever has a store, a clock and a request asks, and does what the answer says. Responses
//! are read once, when they are stored; what a hit needs of a request is read without allocating,
//! unless the request has the field.
//!
//! ```
//! use gatehouse_caching::*;
//! use gatehouse_filter::{Headers, Timestamp};
//!
//! // A response comes: may it be stored?
//! let response = Headers::from_list(&[(":status", "200"), ("cache-control", "max-age=60")]);
//! let directives = ResponseDirectives::read(&response);
//! let now = Timestamp::from_seconds(1_800_000_000);
//! let arrival = Arrival { asked: now, received: now };
//! let lifetime = Lifetime::of(200, &response, &directives, &FreshnessOptions::default(), arrival);
//! let asked = Asked { method: Storable::Always, no_store: false, is_identified: false };
//! let storing =
//!     may_store(&asked, &StoringOptions::default(), 200, &response, &directives, &lifetime)?;
//! assert_eq!(storing.partition, Partition::Shared);
//!
//! // A request comes: does it answer it?
//! let request = RequestDirectives::read(&Headers::default());
//! assert_eq!(reuse(&lifetime, now, &request), Reuse::Fresh);
//! let later = Timestamp::from_seconds(1_800_000_060);
//! assert_eq!(reuse(&lifetime, later, &request), Reuse::MustValidate(Unusable::Stale));
//! # Ok::<(), NotStored>(())
//! ```

pub mod method;
pub mod status;

mod accepted;
mod cache_status;
mod entity_tag;
mod freshness_options;
mod http_date;
mod invalidation;
mod lifetime;
mod location;
mod no_vary_search;
mod partial;
mod preconditions;
mod ranges;
mod request_directives;
mod response_directives;
mod reuse;
mod scope;
mod stored_head;
mod storing;
mod structured;
mod tags;
mod validation;
mod vary;

pub use cache_status::{CacheStatus, Forward, Handling};
pub use freshness_options::FreshnessOptions;
pub use http_date::HttpDate;
pub use invalidation::{invalidated, invalidated_groups};
pub use lifetime::{Arrival, Lifetime, Source};
pub use location::Target;
pub use no_vary_search::NoVarySearch;
pub use partial::{ContentRange, HeldPart, Part, Span};
pub use preconditions::{
    CONDITIONAL, Precondition, if_range_holds, is_conditional, not_modified_fields, precondition,
};
pub use ranges::{Multipart, Ranges, boundary, content_range, unsatisfied_range};
pub use request_directives::RequestDirectives;
pub use response_directives::ResponseDirectives;
pub use reuse::{Failure, Reuse, Unusable, on_error, reuse};
pub use scope::Scope;
pub use stored_head::{Field, HeadEffect, freshened, head_effect, kept};
pub use storing::{
    Asked, Identified, NotStored, Partition, SetCookie, Storable, Storing, StoringOptions,
    answers_get, may_store,
};
pub use tags::{TagSyntax, tags};
pub use validation::Validators;
pub use vary::{Selection, Vary};
