//! Tokens that are bound to certificates, where no client is asked for one.

use gatehouse_config_file::joined;
use serde_json::Value;

use super::Level::Warning;
use super::found::Found;
use super::placed::{chains, walk};

/// Providers with `binding: certificate` in a filter chain whose TLS asks for no certificate: each
/// of their tokens is refused.
pub(super) fn check(tree: &Value) -> Vec<Found> {
    let mut found = Vec::new();
    walk(tree, "", &mut |path, value| {
        if let Some(filters) = value.get("filters").filter(|filters| filters.is_array())
            && !value.get("transport_socket").is_some_and(asks)
        {
            found.extend(bound(filters, &joined(path, "filters")));
        }
    });
    found
}

/// The providers among these filters whose tokens need one.
fn bound(filters: &Value, path: &str) -> Vec<Found> {
    let mut found = Vec::new();
    for filter in chains(filters, path).iter().flat_map(|chain| &chain.filters) {
        let providers = filter.block.get("providers").and_then(Value::as_array);
        for (index, provider) in providers.into_iter().flatten().enumerate() {
            let is_bound = provider.get("binding").is_some_and(|binding| binding == "certificate");
            if filter.filter == "jwt-auth" && is_bound {
                let field = format!("providers[{index}].binding");
                let what = "the filter chain around it asks no client for a certificate: its TLS \
                            needs `require_client_certificate`, or a `validation_context`";
                found.push(Found::in_filter(Warning, filter, &field, what));
            }
        }
    }
    found
}

/// Whether a transport socket asks clients for certificates, of whatever protocol it is.
fn asks(socket: &Value) -> bool {
    let mut asks = false;
    walk(socket, "", &mut |path, value| {
        asks |= match path.rsplit('.').next().unwrap_or_default() {
            "require_client_certificate" => {
                *value == true || value.get("value") == Some(&true.into())
            }
            "validation_context"
            | "combined_validation_context"
            | "validation_context_sds_secret_config" => {
                value.as_object().is_some_and(|context| !context.is_empty())
            }
            _ => false,
        };
    });
    asks
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(socket: Value, binding: &str) -> usize {
        let plugin = json!({
            "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
            "config": {
                "name": "jwt-auth",
                "vm_config": {"code": {"local": {"filename": "/filters/jwt-auth.wasm"}}},
                "configuration": {
                    "@type": "type.googleapis.com/google.protobuf.Struct",
                    "value": {"providers": [{"name": "a"}, {"name": "b", "binding": binding}]},
                },
            },
        });
        let manager = json!({"http_filters": [{"name": "jwt-auth", "typed_config": plugin}]});
        let mut chain = json!({"filters": [{"typed_config": manager}]});
        if !socket.is_null() {
            chain["transport_socket"] = json!({"typed_config": socket});
        }
        let found = check(&json!({"listeners": [{"filter_chains": [chain]}]}));
        let wanted = "filter jwt-auth: providers[1].binding: the filter chain around it asks no";
        assert!(found.iter().all(|found| found.level == Warning && found.text.starts_with(wanted)));
        found.len()
    }

    #[test]
    fn a_binding_to_certificates_that_nobody_is_asked_for_is_told() {
        let tls = |context: Value| json!({"common_tls_context": context});
        let untrusted = json!({"trust_chain_verification": "ACCEPT_UNTRUSTED"});
        for (case, socket, want) in [
            ("no TLS", Value::Null, 1),
            ("TLS that asks nobody", tls(json!({})), 1),
            ("a context of nothing", tls(json!({"validation_context": {}})), 1),
            ("asks nobody", json!({"require_client_certificate": false}), 1),
            ("asks", json!({"require_client_certificate": true}), 0),
            ("asks, as protobuf has it", json!({"require_client_certificate": {"value": true}}), 0),
            ("takes any", tls(json!({"validation_context": untrusted})), 0),
            (
                "QUIC",
                json!({"downstream_tls_context": tls(json!({"validation_context": untrusted}))}),
                0,
            ),
            (
                "by a secret",
                tls(json!({"validation_context_sds_secret_config": {"name": "ca"}})),
                0,
            ),
        ] {
            assert_eq!(told(socket.clone(), "certificate"), want, "{case}");
            for binding in ["any", "dpop", "ignore"] {
                assert_eq!(told(socket.clone(), binding), 0, "{case}: {binding}");
            }
        }
    }
}
