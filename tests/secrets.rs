//! Secrets that configurations refer to, in the environment of the VM.

use gatehouse_sandbox::raw::Request;
use gatehouse_sandbox::{Builder, Gateway, StartError};
use serde_json::{Value, json};

use crate::harness::{configuration, received, trap};

const KEYS: &str = "envoy/api-key-auth.yaml";
const HEADERS: &str = "envoy/header-transform.yaml";

/// `printf acme-key-of-the-test | openssl dgst -sha256 -hmac "$HMAC_SECRET"`
const DIGEST: &str = "hmac_sha256:cb70d0f9edf533f2e24f488614661cb497a23fd9d95dbe5dd94e8b7e4928067d";
const HMAC_SECRET: &str = "s3cret-of-the-hmac-32-bytes-long";
const KEY: &str = "acme-key-of-the-test";

/// Gives the VM of a filter these variables.
fn give(tree: &mut Value, filter: &str, variables: Value) {
    configuration::plugin_config(tree, filter)["vm_config"]["environment_variables"] = variables;
}

/// A secret that Envoy has, and a digest that the config says.
fn keys() -> Builder {
    Gateway::builder(KEYS).variable("HMAC_SECRET", &format!("{HMAC_SECRET}\n")).edit(|tree| {
        let variables =
            json!({"host_env_keys": ["HMAC_SECRET"], "key_values": {"ACME_DIGEST": DIGEST}});
        give(tree, "api-key-auth", variables);
        let shipped = configuration::shipped(tree, "api-key-auth");
        shipped["hmac_secret"] = json!({"env": "HMAC_SECRET"});
        shipped["consumers"][0]["keys"] = json!([{"digest": {"env": "ACME_DIGEST"}}]);
    })
}

#[test]
fn a_key_is_good_by_a_secret_and_a_digest_in_variables_and_neither_is_told() {
    let builder = keys().arg("--component-log-level").arg("wasm:debug");
    let gateway = builder.start().unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!(gateway.get("/orders", &[("x-api-key", KEY)]).status, 200);
    assert_eq!(gateway.get("/orders", &[("x-api-key", "acme-demo-key-1")]).status, 401);
    assert_eq!(gateway.get("/orders", &[("x-api-key", HMAC_SECRET)]).status, 401);
    let mut told = vec![gateway.stderr()];
    told.extend(gateway.access_log_after(3).iter().map(Value::to_string));
    for path in ["/config_dump?include_eds", "/stats", "/listeners", "/server_info"] {
        told.push(gateway.admin(path));
    }
    assert!(told.iter().all(|told| !told.contains(HMAC_SECRET)), "the secret is told");
    trap::assert_none(&gateway);
}

#[test]
fn a_field_for_the_upstream_is_written_from_a_variable_as_it_is() {
    let builder = Gateway::builder(HEADERS).edit(|tree| {
        let value = "Basic ${method} $ 100%";
        give(tree, "header-transform", json!({"key_values": {"UPSTREAM": value}}));
        let rules = &mut configuration::shipped(tree, "header-transform")["rules"];
        *rules = json!([{"name": "all", "request": [
            {"set": {"name": "x-upstream-key", "value": {"env": "UPSTREAM"}}},
        ]}]);
    });
    let gateway = builder.start().unwrap_or_else(|fault| panic!("{fault}"));
    let response = gateway.request(Request::get("/x").header("x-upstream-key", "forged"));
    assert_eq!(received(&response, "x-upstream-key"), ["Basic ${method} $ 100%"]);
    trap::assert_none(&gateway);
}

#[test]
fn a_variable_that_is_not_there_or_not_fit_stops_the_start_with_its_name_alone() {
    const LINES: &str = "s3cret\r\nx-admin: 1";
    type Change = fn(&mut Value);
    fn set(tree: &mut Value, variables: Value) {
        give(tree, "header-transform", variables);
        let rules = &mut configuration::shipped(tree, "header-transform")["rules"];
        rules[0]["request"][0]["set"]["value"] = json!({"env": "UPSTREAM"});
    }
    let at = "rules[0].request[0].set.value: ";
    let absent = "the VM has no variable `UPSTREAM`: add it to vm_config.environment_variables";
    for (case, change, want) in [
        ("none", (|tree| set(tree, json!({}))) as Change, absent),
        ("another", |tree| set(tree, json!({"key_values": {"UPSTREAMS": "s3cret"}})), absent),
        ("not Envoy's either", |tree| set(tree, json!({"host_env_keys": ["UPSTREAM"]})), absent),
        (
            "an empty one",
            |tree| set(tree, json!({"key_values": {"UPSTREAM": ""}})),
            "the variable `UPSTREAM` is empty",
        ),
        (
            "two lines",
            |tree| set(tree, json!({"key_values": {"UPSTREAM": LINES}})),
            "must not contain CR, LF, NUL or other control characters",
        ),
        (
            "what the plugin may not read",
            |tree| {
                set(tree, json!({"key_values": {"UPSTREAM": "s3cret"}}));
                configuration::forbid(tree, &["environ_get"]);
            },
            "cannot be looked up: capability_restriction_config must allow `environ_get`",
        ),
    ] {
        let Err(refused) = Gateway::builder(HEADERS).edit(change).start() else {
            panic!("{case}: Envoy started");
        };
        assert!(matches!(refused, StartError::Refused { .. }), "{case}: {refused}");
        let line = configuration::fault_in_log("header-transform", &format!("{at}{want}"));
        assert!(refused.log().contains(&line), "{case}: `{line}` is not in {refused}");
        let lines = refused.log().lines().filter(|line| line.contains("wasm log"));
        let told: String = lines.collect();
        assert!(!told.contains("s3cret") && !told.contains("x-admin"), "{case}: {told}");
    }
}
