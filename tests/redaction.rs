use gatehouse_sandbox::raw::Request;
use gatehouse_sandbox::{Builder, Gateway};
use serde_json::{Value, json};

use crate::harness::collector::{self, Collector};
use crate::harness::{configuration, token, trap};

/// Where the demo's chain is.
const MANAGER: &str = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";

/// What must be told nowhere, by what it is.
struct Secret {
    what: &'static str,
    text: String,
}

/// The demo's whole chain, with every filter at its most talkative: their lines for developers are
/// on, requests are told of as slow, refusals are audited, and everything is traced.
fn builder(collector: &Collector) -> Builder {
    let builder = collector::builder(collector);
    let builder = builder.arg("--component-log-level").arg("wasm:debug");
    builder.edit(|tree| {
        configuration::shipped(tree, "telemetry")["samples"] =
            json!({"slow": "1ms", "per_minute": 1000});
        collector::tag_record(tree);
        configuration::shipped(tree, "audit")["refusals"] = json!({"per_minute": 60});
        let manager = tree.pointer_mut(MANAGER).expect("a manager");
        let format = &mut manager["access_log"][0]["typed_config"]["log_format"]["json_format"];
        format["record"] = json!("%FILTER_STATE(wasm.gatehouse.record:PLAIN)%");
    })
}

/// Sends secrets wherever a request can have one, to each way that the demo has, in requests that
/// pass and in such that are refused.
fn send(gateway: &Gateway) -> Vec<Secret> {
    let claims = token::with(token::claims("alice"), json!({"account": "cl4im-s3cret"}));
    let good = token::demo(&claims);
    let forged = token::flipped(&token::demo(&token::claims("mallory")));
    let secrets = [
        ("a token that is good", good.clone()),
        ("a token that is forged", forged.clone()),
        ("an API key", "acme-partner-demo-key".to_owned()),
        ("a key of nobody's", "n0body-s3cret-key".to_owned()),
        ("a cookie", "c00kie-s3cret".to_owned()),
        ("a parameter of the query", "qu3ry-s3cret".to_owned()),
        ("a member of a body", "b0dy-s3cret".to_owned()),
        ("a password", "wonderland".to_owned()),
        ("a claim", "cl4im-s3cret".to_owned()),
    ];
    for path in ["/orders", "/users/alice", "/products", "/dashboard/alice", "/nowhere"] {
        let path = format!("{path}?token=qu3ry-s3cret");
        for (field, value) in [
            ("authorization", token::bearer(&good)),
            ("authorization", token::bearer(&forged)),
            ("x-api-key", "acme-partner-demo-key".to_owned()),
            ("x-api-key", "n0body-s3cret-key".to_owned()),
        ] {
            let with = |request: Request| {
                request.header(field, &value).header("cookie", "session=c00kie-s3cret")
            };
            let _ = gateway.request(with(Request::get(&path)));
            let order = json!({"customer": "alice", "note": "b0dy-s3cret", "lineItems": 7});
            let _ = gateway.request(with(Request::post_json(&path, &order)));
            // No JSON, and no head either.
            let text = "{\"customer\": \"b0dy-s3cret";
            let broken = Request::new("POST", &path)
                .header("content-type", "application/json")
                .header("content-length", text.len().to_string())
                .body(text);
            let _ = gateway.request(with(broken));
        }
    }
    let login = json!({"username": "alice", "password": "wonderland"});
    assert_eq!(gateway.request(Request::post_json("/auth/login", &login)).status, 200);
    secrets.map(|(what, text)| Secret { what, text }).into()
}

/// 5 paths, 4 credentials, 3 requests each, and the login.
const REQUESTS: usize = 61;

/// Everything that the gateway tells to others than the client and the upstream.
fn told(gateway: &Gateway, collector: &Collector) -> Vec<(&'static str, String)> {
    let log = gateway.access_log_after(REQUESTS);
    let ids: Vec<&str> = log.iter().filter_map(|line| line["request_id"].as_str()).collect();
    assert_eq!(ids.len(), log.len());
    if collector::is_told_of() {
        ids.iter().for_each(|id| _ = collector.request(id));
    }
    let log = log.iter().map(Value::to_string).collect::<Vec<_>>();
    let mut told = vec![("the access log", log.join("\n")), ("the log", gateway.stderr())];
    told.push(("the spans", collector.text()));
    for path in
        ["/stats", "/stats/prometheus", "/config_dump?include_eds", "/clusters", "/listeners"]
    {
        told.push((path, gateway.admin(path)));
    }
    told
}

fn found(secrets: &[Secret], told: &[(&'static str, String)]) -> Vec<(&'static str, &'static str)> {
    let is_in = |secret: &Secret, (place, text): &(&'static str, String)| {
        text.contains(&secret.text).then_some((secret.what, *place))
    };
    secrets.iter().flat_map(|secret| told.iter().filter_map(|told| is_in(secret, told))).collect()
}

#[test]
fn no_secret_of_a_request_is_in_any_log_metric_span_or_answer_of_the_admin_interface() {
    let collector = Collector::start();
    let gateway = builder(&collector).start().unwrap_or_else(|fault| panic!("{fault}"));
    let secrets = send(&gateway);
    let told = told(&gateway, &collector);
    let log = &told[1].1;
    for talks in ["refused: jwt_auth.", "\"refused\":\"authorization.", "\"sample\":\"slow\""] {
        assert!(log.contains(talks), "`{talks}` is not in the log: its filter does not talk");
    }
    assert_eq!(found(&secrets, &told), []);
    trap::assert_none(&gateway);
}

/// Proof that the search finds what is there: a filter before all others tells everything in the
/// log, the access log and the spans have the identity, and spans have the query.
#[test]
fn where_one_of_them_is_told_the_search_finds_it() {
    const LUA: &str = r#"
function envoy_on_request(handle)
  for name, value in pairs(handle:headers()) do handle:logWarn(name .. "=" .. value) end
  local body = handle:body()
  if body then handle:logWarn(body:getBytes(0, body:length())) end
end
"#;
    let collector = Collector::start();
    let builder = builder(&collector).edit(|tree| {
        collector::tag(tree, "http.url", "%REQ(:PATH)%");
        collector::tag(tree, "identity", "%FILTER_STATE(wasm.gatehouse.identity:PLAIN)%");
        let manager = tree.pointer_mut(MANAGER).expect("a manager");
        let format = &mut manager["access_log"][0]["typed_config"]["log_format"]["json_format"];
        format["identity"] = json!("%FILTER_STATE(wasm.gatehouse.identity:PLAIN)%");
        let filters = manager["http_filters"].as_array_mut().expect("a list of filters");
        filters.insert(
            0,
            json!({"name": "lua", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
            "default_source_code": {"inline_string": LUA}}}),
        );
    });
    let gateway = builder.start().unwrap_or_else(|fault| panic!("{fault}"));
    let secrets = send(&gateway);
    let found = found(&secrets, &told(&gateway, &collector));
    for Secret { what, .. } in &secrets {
        assert!(found.iter().any(|(known, _)| known == what), "{what} is not found: {found:?}");
    }
    if collector::is_told_of() {
        for secret in [("a parameter of the query", "the spans"), ("a claim", "the spans")] {
            assert!(found.contains(&secret), "{secret:?} is not found: {found:?}");
        }
    }
}
