//! One function for each reader of a stranger's bytes. None may panic, whatever it is given, and
//! each asserts what has to hold however the bytes were made: what `../targets` hands to the
//! fuzzer.

mod answer;
mod body;
mod claims;
mod configuration;
mod directives;
mod introspection;
mod json;
mod key_set;
mod parts;
mod proof;
mod request;
mod token;
mod usage;

pub use answer::answer;
pub use body::body;
pub use claims::claims;
pub use configuration::configuration;
pub use directives::directives;
pub use introspection::introspection;
pub use json::json;
pub use key_set::key_set;
pub use parts::parts;
pub use proof::proof;
pub use request::request;
pub use token::token;
pub use usage::usage;

use gatehouse_filter::Filter;
use gatehouse_filter_test::configured;

/// The time in every target, in seconds since 1970.
const NOW: u64 = 1_800_000_000;

/// A filter whose configuration is known to be good.
fn filter<F: Filter>(json: &str) -> F {
    configured(json).unwrap_or_else(|faults| panic!("{}: {faults:?}", F::NAME))
}
