//! Clients' addresses, where the client may write them itself.

use serde_json::Value;

use super::placed::{Chain, Placed, walk};
use super::{Found, Level};

/// Filters that go by the client's address under a connection manager that does not say whose word
/// it takes for it: then Envoy believes the `X-Forwarded-For` that the client sends.
pub(super) fn check(chain: &Chain<'_>) -> Vec<Found> {
    if knows_the_client(chain.manager) {
        return Vec::new();
    }
    let told = |(filter, field): (&Placed, String)| {
        (
            Level::Warning,
            format!(
                "{}: {field}: the client may write its own address: set `use_remote_address: \
                 true`, or trusted hops, in the connection manager",
                filter.label
            ),
        )
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
    let mut found = None;
    walk(&filter.block, "", &mut |path, value| {
        let is_one = match filter.filter.as_str() {
            "authorization" => path.ends_with(".sources"),
            "rate-limit" => {
                path.contains(".key[")
                    && (value == "client_address" || path.ends_with(".client_address"))
            }
            _ => false,
        };
        if is_one && found.is_none() {
            found = Some(path.to_owned());
        }
    });
    found
}
