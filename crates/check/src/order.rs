//! Filters in an order that voids one of them.

use gatehouse_config_file::joined;
use serde_json::Value;

use super::Level::Warning;
use super::found::Found;
use super::placed::{Chain, Placed, walk};

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
            let what = format!("decides before `{}` says who calls; put it after", later.filter);
            found.push(Found::in_filter(Warning, filter, "", &what));
        }
    }
    found.extend(amounts_of_clients(chain));
    found.extend(telemetry(chain));
    found
}

/// Limits whose amount is in a header that clients may send as they like.
fn amounts_of_clients(chain: &Chain<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    let limits = chain.filters.iter().enumerate().filter(|(_, it)| it.filter == "rate-limit");
    for (at, filter) in limits {
        walk(&filter.block, "", &mut |path, value| {
            let is_amount =
                ["requests.header", "burst.header"].iter().any(|end| path.ends_with(end));
            let Some(name) = value.as_str().filter(|_| is_amount) else { return };
            let earlier = chain.filters.iter().take(at);
            if earlier.clone().any(|filter| names(&filter.block, name)) {
                return;
            }
            let what = format!(
                "nothing before it writes or removes `{name}`: its clients may say how much they \
                 may"
            );
            found.push(Found::in_filter(Warning, filter, path, &what));
        });
    }
    found
}

/// Whether a filter is told of a field of this name: as far as can be seen, it writes it or takes it
/// out.
fn names(block: &Value, field: &str) -> bool {
    let mut found = false;
    walk(block, "", &mut |_, value| {
        found |= value.as_str().is_some_and(|text| text.eq_ignore_ascii_case(field));
    });
    found
}

/// What telemetry does not see, or has nothing to tell of.
fn telemetry(chain: &Chain<'_>) -> Vec<Found> {
    let Some((at, telemetry)) =
        chain.filters.iter().enumerate().find(|(_, filter)| filter.filter == "telemetry")
    else {
        return Vec::new();
    };
    let mut found = Vec::new();
    // One that looks on refuses nothing.
    let mut earlier = chain.filters.iter().take(at);
    if let Some(earlier) = earlier.find(|filter| filter.filter != "audit") {
        let what = format!(
            "`{}` comes before it, and what that refuses is not counted; put it first",
            earlier.filter
        );
        found.push(Found::in_filter(Warning, telemetry, "", &what));
    }
    if telemetry.block.get("cost").is_some() && !chain.filters.iter().any(tells_costs) {
        let text = format!(
            "{}: `cost` counts nothing: no `rate-limit` here has `tell_costs: true`",
            telemetry.label
        );
        found.push(Found::warning(text).at(joined(&telemetry.path, "cost")));
    }
    let says_who = |filter: &Placed| AUTHENTICATION.contains(&filter.filter.as_str());
    if let (Some(label), false) =
        (label_of_caller(&telemetry.block), chain.filters.iter().any(says_who))
    {
        let what = format!("no filter here says who calls: `{label}` is empty for every request");
        found.push(Found::in_filter(Warning, telemetry, "", &what));
    }
    found
}

/// Whether a filter leaves what requests cost for telemetry.
fn tells_costs(filter: &Placed) -> bool {
    filter.filter == "rate-limit" && filter.block.get("tell_costs") == Some(&Value::Bool(true))
}

/// A label of the caller that an operator asks for.
fn label_of_caller(block: &Value) -> Option<&str> {
    ["requests", "bytes", "duration", "cost"].into_iter().find_map(|metric| {
        let labels = block.get(metric)?.get("labels")?.as_array()?;
        let mut labels = labels.iter().filter_map(Value::as_str);
        labels.find(|label| ["consumer", "subject", "tier"].contains(label))
    })
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
