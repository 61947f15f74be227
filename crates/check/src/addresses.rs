//! Clients' addresses, where the client may write them itself.

use serde_json::Value;

use super::Level::Warning;
use super::found::Found;
use super::placed::{Chain, Placed, walk};

/// Filters that go by the client's address under a connection manager that does not say whose word
/// it takes for it: then Envoy believes the `X-Forwarded-For` that the client sends.
pub(super) fn check(chain: &Chain<'_>) -> Vec<Found> {
    if knows_the_client(chain.manager) {
        return Vec::new();
    }
    let told = |(filter, field): (&Placed, String)| {
        let what = "the client may write its own address: set `use_remote_address: true`, or \
                    trusted hops, in the connection manager";
        Found::in_filter(Warning, filter, &field, what)
    };
    let by_address = |filter| Some((filter, field(filter)?));
    chain.filters.iter().filter_map(by_address).map(told).collect()
}

fn knows_the_client(manager: &Value) -> bool {
    let is_true = |field: &str| manager.get(field) == Some(&Value::Bool(true));
    let hops = manager.get("xff_num_trusted_hops").and_then(Value::as_u64).unwrap_or_default();
    let detects = manager.get("original_ip_detection_extensions").and_then(Value::as_array);
    is_true("use_remote_address") || hops > 0 || detects.is_some_and(|list| !list.is_empty())
}

/// The first field that goes by the client's address.
fn field(filter: &Placed) -> Option<String> {
    match filter.filter.as_str() {
        "authorization" | "response-cache" => sources(&filter.block),
        "rate-limit" => {
            let rules = filter.block.get("rules").and_then(Value::as_array);
            let field = |(index, rule)| Some(format!("rules[{index}].{}", of_rule(rule)?));
            rules.into_iter().flatten().enumerate().find_map(field)
        }
        _ => None,
    }
}

fn sources(block: &Value) -> Option<String> {
    let mut found = None;
    walk(block, "", &mut |path, _| {
        if path.ends_with(".sources") && found.is_none() {
            found = Some(path.to_owned());
        }
    });
    found
}

/// The field by which a rule of rate-limit counts by addresses: what it does not say, it does.
fn of_rule(rule: &Value) -> Option<String> {
    let Some(parts) = rule.get("key").and_then(Value::as_array) else {
        return Some("key".to_owned());
    };
    let is_address =
        |part: &Value| part == "client_address" || part.get("client_address").is_some();
    if let Some(index) = parts.iter().position(is_address) {
        return Some(format!("key[{index}]"));
    }
    // Those who lack a part share a limit with their address.
    let never_lacks = |part: &Value| {
        part.as_str().is_some_and(|part| ["path", "method", "route"].contains(&part))
            || part.get("capture").is_some()
    };
    let shares = rule.get("absent").is_none_or(|absent| absent == "client_address");
    (shares && !parts.iter().all(never_lacks)).then(|| "absent".to_owned())
}
