//! `cargo xtask bench worst`: what the most expensive request that Envoy lets through costs each
//! filter, over what it costs Envoy without it. Of forged tokens the bench `forged` tells.
//!
//! A head has 60 KiB at most, Envoy's own limit, and a body what the rule takes: more than that a
//! stranger cannot send. With `--before FOLDER` the modules in it are measured beside ours.

use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use super::Sources;
use super::set_up::{Bench, SetUp, http_filter, request, request_with, wasm_filter};

/// The bench's name.
pub(super) const NAME: &str = "worst";

/// How many a set-up and round, unless told otherwise.
pub(super) const REQUESTS: usize = 400;

/// A request, and the filter that it costs most.
struct Case {
    filter: &'static str,
    /// The rows of the table: Envoy alone, and the filter.
    names: [&'static str; 2],
    /// The row of the filter from before; `None` where it could not do this yet.
    before: Option<&'static str>,
    configuration: Value,
    request: Vec<u8>,
}

/// An empty-handed gateway, and for each case one without and one with the filter.
///
/// # Errors
/// None.
pub(super) fn bench(sources: &Sources) -> Result<Bench> {
    let mut set_ups = vec![SetUp::new("bare", vec![])];
    for case in cases() {
        let [bare, ours] = case.names;
        let add = |name, modules: Option<&Path>| {
            let filter = |modules: &Path| {
                let module = modules.join(format!("{}.wasm", case.filter));
                let configuration = Some(case.configuration.clone());
                let mut filter = wasm_filter(case.filter, &module, configuration, &[]);
                let plugin = filter.pointer_mut("/typed_config/config");
                if let Some(plugin) = plugin.and_then(Value::as_object_mut) {
                    plugin.insert("allow_on_headers_stop_iteration".to_owned(), json!(true));
                }
                filter
            };
            // Envoy answers when the head has come: without a filter something else has to wait for
            // the body.
            let waits = || Some(buffer()).filter(|_| case.filter == "body-transform");
            SetUp {
                filter: modules.map(|_| case.filter.to_owned()),
                request: case.request.clone(),
                over: modules.map(|_| bare),
                ..SetUp::new(name, modules.map(filter).or_else(waits).into_iter().collect())
            }
        };
        set_ups.push(add(bare, None));
        set_ups.push(add(ours, Some(&sources.modules)));
        if let Some((name, modules)) = case.before.zip(sources.before.as_deref()) {
            set_ups.push(add(name, Some(modules)));
        }
    }
    Ok(Bench { name: NAME, set_ups, targets: vec![] })
}

/// Envoy's filter that holds a request until its body is there.
fn buffer() -> Value {
    http_filter(
        "envoy.filters.http.buffer",
        "envoy.extensions.filters.http.buffer.v3.Buffer",
        json!({"max_request_bytes": 2 << 20}),
    )
}

fn cases() -> Vec<Case> {
    let numbered = |count: usize, write: fn(usize) -> String| -> String {
        (0..count).map(write).collect::<Vec<_>>().concat()
    };
    // Of each kind as many as there is room for.
    let segments = format!("/orders{}", numbered(14_000, |number| format!("/{:x}", number % 16)));
    let parameters =
        format!("/orders?{}", numbered(7_000, |number| format!("{:x}=&", number % 16)));
    let cookies = numbered(6_000, |number| format!("{:x}=; ", number % 16));
    let fields = numbered(80, |number| format!("x-a_{number}: {}\r\n", "v".repeat(600)));
    let credentials = request_with(&parameters, &format!("cookie: {cookies}\r\n"));
    let sources =
        |header: &str| json!([{"header": header}, {"query": "api_key"}, {"cookie": "api_key"}]);
    let keyless = json!({"sources": sources("x-api-key"), "default": "optional",
        "consumers": [{"name": "acme", "keys": [{"digest":
            "sha256:0000000000000000000000000000000000000000000000000000000000000001"}]}]});
    let tokenless = json!({"sources": [{"header": "x-token"}, {"query": "api_key"},
        {"cookie": "api_key"}], "default": "optional",
        "providers": [{"name": "bench", "issuer": "https://bench.example", "jwks": {"keys": [
            {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}}]});
    let rules: Vec<Value> = (0..64)
        .map(|number| {
            json!({"match": {"path": {"template": format!("/orders/{{a}}/{number}x/{{rest=**}}")}},
                "action": "deny"})
        })
        .collect();
    let limits: Vec<Value> = (0..8)
        .map(|number| {
            json!({"key": [{"query": format!("b{number}")}, {"cookie": format!("c{number}")}],
                "limits": [{"requests": 1_000_000_000, "window": "1s"}]})
        })
        .collect();
    // Values that count, as many as there is room for, and slots as large as they can be.
    let values = request_with(
        &format!("/orders?{}", numbered(7_000, |_| "q=1&".to_owned())),
        &format!("cookie: {}\r\n", numbered(6_000, |_| "q=1;".to_owned())),
    );
    let sliding: Vec<Value> = (0..8)
        .map(|number| {
            let limit = |window: &str| {
                json!({"name": format!("{window}-{number}"), "requests": 1_000_000_000,
                    "window": window, "algorithm": "sliding_window"})
            };
            let limits = ["1s", "1m", "1h", "1d"].map(limit);
            json!({"name": format!("rule-{number}"), "key": [{"query": "q"}, {"cookie": "q"}],
                "limits": limits})
        })
        .collect();
    let head = json!({"rules": [{"reroute": true, "request": [
        {"query": {"keep_only": ["b"]}},
        {"remove": {"regex": "^x-(b|c)+$"}},
        {"set": {"name": "x-a-1", "value": "${query.b | trim | lower}"}},
    ]}]});
    let side = json!({"max_body": "1MiB", "operations": [
        {"case": {"to": "snake"}}, {"remove": {"path": "a[*].b"}}]});
    let body = json!({"hold_heads": true, "rules": [{"request": side}]});
    // Each member is the least that counts as one.
    let objects = format!("[{}0]", "{\"a\":0},".repeat(130_000));
    let post = [
        format!(
            "POST /orders HTTP/1.1\r\nhost: a.example\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n",
            objects.len()
        ),
        objects,
    ]
    .concat()
    .into_bytes();
    let case = |filter, names, before, configuration, request| Case {
        filter,
        names,
        before,
        configuration,
        request,
    };
    vec![
        case(
            "jwt-auth",
            ["jwt-auth-bare", "jwt-auth"],
            Some("jwt-auth-before"),
            tokenless,
            credentials.clone(),
        ),
        case(
            "api-key-auth",
            ["api-key-auth-bare", "api-key-auth"],
            Some("api-key-auth-before"),
            keyless,
            credentials.clone(),
        ),
        case(
            "authorization",
            ["authorization-bare", "authorization"],
            Some("authorization-before"),
            json!({"default": "allow", "rules": rules}),
            request(&segments),
        ),
        case(
            "rate-limit",
            ["rate-limit-bare", "rate-limit"],
            Some("rate-limit-before"),
            json!({"apply": "all", "rules": limits}),
            credentials,
        ),
        case(
            "rate-limit",
            ["rate-limit-values-bare", "rate-limit-values"],
            None,
            json!({"apply": "all", "keys": 1024, "rules": sliding}),
            values,
        ),
        case(
            "header-transform",
            ["header-transform-bare", "header-transform"],
            Some("header-transform-before"),
            head,
            request_with(parameters.get(..8_000).unwrap_or_default(), &fields),
        ),
        case(
            "body-transform",
            ["body-transform-bare", "body-transform"],
            Some("body-transform-before"),
            body,
            post,
        ),
    ]
}
