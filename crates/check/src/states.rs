//! Names of filter state in formats, which nothing may ever write.

use gatehouse_config_file::{GATEWAY, WasmFilter};
use gatehouse_gateway::FILTERS;
use serde_json::Value;

use super::Level::Warning;
use super::found::Found;
use super::placed::{Chain, Placed, walk};

const COMMAND: &str = "%FILTER_STATE(";

/// The filters that leave no decision of their own.
const LOOK_ON: [&str; 2] = ["telemetry", "audit"];

/// Names of filter state in access log formats, tags and header fields that no filter of the file
/// writes: they stay empty.
pub(super) fn check(tree: &Value, wasm: &[WasmFilter], chains: &[Chain<'_>]) -> Vec<Found> {
    let filters: Vec<&Placed> = chains.iter().flat_map(|chain| &chain.filters).collect();
    let written: Vec<String> = filters.iter().flat_map(|it| names(it, &filters)).collect();
    let is_ours = |it: &WasmFilter| {
        it.filter() == GATEWAY || gatehouse_gateway::filter(it.filter()).is_some()
    };
    // What filters of somebody else write is not known.
    let has_strangers = !wasm.iter().all(is_ours);
    let mut found = Vec::new();
    let mut is_whole = true;
    walk(tree, "", &mut |path, value| {
        is_whole &= !path.ends_with(".config_discovery");
        for name in value.as_str().into_iter().flat_map(named) {
            let what = match name.strip_prefix("wasm.") {
                None => format!("`{name}` is not written: call it `wasm.{name}`"),
                Some(state) if written.iter().any(|known| known == state) => continue,
                Some(state) if has_strangers && !is_of_a_filter(state) => continue,
                Some(_) => format!("no filter of the file writes `{name}`: it stays empty"),
            };
            found.push(Found::in_file(Warning, path, &what));
        }
    });
    if is_whole { found } else { Vec::new() }
}

/// The names of ours in a text.
fn named(text: &str) -> impl Iterator<Item = &str> {
    let names = text.split(COMMAND).skip(1).filter_map(|rest| rest.split([')', ':']).next());
    names.filter(|name| name.strip_prefix("wasm.").unwrap_or(name).starts_with("gatehouse."))
}

/// What a filter writes, so configured.
fn names(filter: &Placed, all: &[&Placed]) -> Vec<String> {
    let is_on = |field: &str| filter.block.get(field) == Some(&Value::Bool(true));
    let own = filter.filter.replace('-', "_");
    let mut names: Vec<String> = Vec::new();
    if !LOOK_ON.contains(&filter.filter.as_str()) {
        names.push(own);
    }
    match filter.filter.as_str() {
        "jwt-auth" | "api-key-auth" => {
            names.push("identity".to_owned());
            if filter.block.pointer("/dpop/nonce_lifetime").is_some() {
                names.extend(["dpop_nonce", "dpop_cache_control"].map(str::to_owned));
            }
        }
        "rate-limit" if is_on("tell_costs") => names.push("costs".to_owned()),
        "audit" => {
            names.extend(is_on("record").then(|| "record".to_owned()));
            if is_on("attributes") {
                names.push("refused".to_owned());
                let parts = ["issuer", "subject", "consumer", "tier"];
                names.extend(parts.map(|part| format!("identity.{part}")));
                names.extend(told(filter, all).iter().flat_map(|filter| {
                    ["code", "rule", "mode", "why"].map(|part| format!("{filter}.{part}"))
                }));
            }
        }
        _ => {}
    }
    names.into_iter().map(|name| format!("gatehouse.{name}")).collect()
}

/// Whose decisions an audit tells.
fn told(audit: &Placed, all: &[&Placed]) -> Vec<String> {
    let listed = audit.block.get("filters").and_then(Value::as_array);
    let names: Vec<&str> = match listed {
        Some(listed) => listed.iter().filter_map(Value::as_str).collect(),
        None => all.iter().map(|filter| filter.filter.as_str()).collect(),
    };
    names.into_iter().map(|name| name.replace('-', "_")).collect()
}

/// Whether it is what a filter of ours alone would write: its decision, or a part of that.
fn is_of_a_filter(state: &str) -> bool {
    let name = state.split('.').nth(1).unwrap_or_default();
    FILTERS.iter().any(|filter| filter.name.replace('-', "_") == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::placed::chains;
    use gatehouse_config_file::wasm_filters;
    use serde_json::json;

    /// What is said of a format beside these filters.
    fn said(filters: &[(&str, Value)], format: &str) -> Vec<String> {
        let filter = |(name, block): &(&str, Value)| {
            json!({"name": name, "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
                "config": {
                    "name": name,
                    "vm_config": {"code": {"local": {"filename": format!("/f/{name}.wasm")}}},
                    "configuration": {
                        "@type": "type.googleapis.com/google.protobuf.Struct", "value": block,
                    },
                },
            }})
        };
        let filters: Vec<Value> = filters.iter().map(filter).collect();
        let tree = json!({"manager": {"http_filters": filters, "access_log": [{"line": format}]}});
        let found = check(&tree, &wasm_filters(&tree), &chains(&tree, ""));
        found.into_iter().map(|found| found.text).collect()
    }

    #[test]
    fn a_name_that_nothing_writes_is_told() {
        let jwt = ("jwt-auth", json!({}));
        let nonces = ("jwt-auth", json!({"dpop": {"nonce_lifetime": "5m"}}));
        let limits = |tells: bool| ("rate-limit", json!({"tell_costs": tells}));
        let audit = |more: Value| [jwt.clone(), ("audit", more)];
        let gateway =
            [("gateway", json!({"filters": [{"jwt-auth": {}}, {"audit": {"record": true}}]}))];
        let own = [("tenant-check", json!({}))];
        let only_jwt = [jwt.clone()];
        let told = |name: &str| format!("%REQ(X)%, %FILTER_STATE(wasm.gatehouse.{name}:PLAIN)%");
        for (filters, name, is_written) in [
            (&only_jwt[..], "jwt_auth", true),
            (&only_jwt, "identity", true),
            (&only_jwt, "jwt-auth", false),
            (&only_jwt, "jwt_auht", false),
            (&only_jwt, "rate_limit", false),
            (&only_jwt, "jwt_auth.code", false),
            (&only_jwt, "dpop_nonce", false),
            (&[nonces], "dpop_nonce", true),
            (&[limits(true)], "costs", true),
            (&[limits(false)], "costs", false),
            (&[limits(false)], "identity", false),
            (&audit(json!({"record": true})), "record", true),
            (&audit(json!({"record": true})), "refused", false),
            (&audit(json!({"record": true})), "audit", false),
            (&audit(json!({"attributes": true})), "record", false),
            (&audit(json!({"attributes": true})), "refused", true),
            (&audit(json!({"attributes": true})), "jwt_auth.code", true),
            (&audit(json!({"attributes": true})), "rate_limit.code", false),
            (
                &audit(json!({"attributes": true, "filters": ["tenant-check"]})),
                "tenant_check.why",
                true,
            ),
            (&gateway, "jwt_auth", true),
            (&gateway, "record", true),
            (&gateway, "rate_limit", false),
            // Of a filter that is not ours it is not known what it writes.
            (&own, "tenant_check", true),
            (&own, "identity", true),
            (&own, "jwt_auth", false),
            (&[], "jwt_auth", false),
        ] {
            let said = said(filters, &told(name));
            let want = format!(
                "manager.access_log[0].line: no filter of the file writes `wasm.gatehouse.{name}`: \
                 it stays empty"
            );
            assert_eq!(said, if is_written { vec![] } else { vec![want] }, "{name}");
        }
    }

    #[test]
    fn only_names_of_ours_are_judged_and_in_any_form() {
        let jwt = [("jwt-auth", json!({}))];
        for (format, want) in [
            ("%FILTER_STATE(wasm.other:PLAIN)% %FILTER_STATE(envoy.string)%", None),
            ("gatehouse.nothing", None),
            ("%FILTER_STATE(wasm.gatehouse.jwt_auth)%", None),
            ("%FILTER_STATE(wasm.gatehouse.jwt_auth:TYPED:10)%", None),
            ("%FILTER_STATE(gatehouse.jwt_auth:PLAIN)%", Some("call it `wasm.gatehouse.jwt_auth`")),
            ("%FILTER_STATE(wasm.gatehouse.x)%", Some("`wasm.gatehouse.x`: it stays empty")),
            ("%FILTER_STATE(wasm.gatehouse.", Some("`wasm.gatehouse.`: it stays empty")),
        ] {
            let said = said(&jwt, format);
            assert_eq!(said.len(), usize::from(want.is_some()), "{format}: {said:?}");
            assert!(said.iter().all(|said| said.ends_with(want.unwrap_or_default())), "{said:?}");
        }
    }
}
