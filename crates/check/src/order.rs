//! Filters in an order that voids one of them.

use serde_json::Value;

use super::placed::{Chain, Placed, walk};
use super::{Found, Level};

/// Those that say who calls.
const AUTHENTICATION: [&str; 2] = ["jwt-auth", "api-key-auth"];

/// Filters that ask who calls before a filter says so.
pub(super) fn check(chain: &Chain<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for (index, filter) in chain.filters.iter().enumerate() {
        let later = chain.filters.iter().skip(index).find(|later| {
            AUTHENTICATION.contains(&later.filter.as_str()) && later.filter != filter.filter
        });
        if let (true, Some(later)) = (asks_who_calls(filter), later) {
            found.push((
                Level::Warning,
                format!(
                    "{}: decides before `{}` says who calls; put it after",
                    filter.label, later.filter
                ),
            ));
        }
    }
    found
}

fn asks_who_calls(filter: &Placed) -> bool {
    match filter.filter.as_str() {
        "authorization" => true,
        "rate-limit" => counts_by_caller(&filter.block),
        _ => false,
    }
}

/// Whether a part of a key is of the caller.
fn counts_by_caller(block: &Value) -> bool {
    let mut counts = false;
    walk(block, "", &mut |path, value| {
        if path.ends_with(".key")
            && let Value::Array(parts) = value
        {
            counts |= parts.iter().any(|part| match part {
                Value::String(word) => {
                    ["subject", "consumer", "tier", "issuer"].contains(&word.as_str())
                }
                part => part.get("claim").is_some(),
            });
        }
    });
    counts
}
