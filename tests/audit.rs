use gatehouse_sandbox::raw::Request;
use gatehouse_sandbox::{Gateway, workspace};
use serde_json::{Value, json};

use crate::harness::{configuration, trap, until};

const CONFIG: &str = "envoy/audit.yaml";

/// The record of the newest line of the access log, when there are so many.
fn record(gateway: &Gateway, lines: usize) -> Value {
    let log = gateway.access_log_after(lines);
    log.last().expect("a line")["record"].clone()
}

#[test]
fn each_request_has_a_record_of_who_it_was_and_what_was_decided() {
    let gateway = Gateway::builder(CONFIG).start().unwrap_or_else(|fault| panic!("{fault}"));
    for (number, (key, status, decisions, identity)) in [
        (None, 401, json!({"api_key_auth": {"code": "key_missing"}}), Value::Null),
        (
            Some("nobody-s-s3cret"),
            401,
            json!({"api_key_auth": {"code": "key_invalid", "why": "a key of nobody's"}}),
            Value::Null,
        ),
        (
            Some("acme-demo-key-1"),
            200,
            json!({"api_key_auth": {"code": "allowed", "consumer": "acme"}}),
            json!({"consumer": "acme", "tier": "gold"}),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let request = Request::get("/orders/1?token=s3cret");
        let request = key.into_iter().fold(request, |of, key| of.header("x-api-key", key));
        assert_eq!(gateway.request(request).status, status);
        let mut record = record(&gateway, number + 1);
        assert!(record["request_id"].take().is_string(), "{record}");
        assert_eq!(record["method"], "GET");
        assert_eq!(record["path"], "/orders/1");
        assert_eq!(record["status"], status);
        assert_eq!(record["decisions"], decisions);
        assert_eq!(record.get("identity").cloned().unwrap_or_default(), identity);
    }
    let refusals = || -> Vec<Value> {
        let line = |line: &str| serde_json::from_str(line.get(line.find('{')?..)?).ok();
        gateway
            .stderr()
            .lines()
            .filter(|text| text.contains("\"refused\""))
            .filter_map(line)
            .collect()
    };
    until("both refusals are told", || refusals().len() >= 2);
    let told = refusals();
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[0]["refused"], "api_key_auth.key_missing");
    assert_eq!(told[1]["refused"], "api_key_auth.key_invalid");
    assert!(told[0]["client"].as_str().is_some_and(|client| client.starts_with("127.0.0.1:")));
    let said = format!("{}{:?}", gateway.stderr(), gateway.access_log());
    assert!(!said.contains("s3cret") && !said.contains("acme-demo-key"), "{said}");
    trap::assert_none(&gateway);
}

/// The demo's chain with this filter before it.
#[test]
fn the_record_of_the_demo_s_chain_has_what_each_of_its_filters_decided() {
    let path = workspace::root().join(CONFIG);
    let example = gatehouse_sandbox::example::Example::load(&path).expect("the example");
    let manager = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";
    let ours = example.tree().pointer(manager).expect("a manager").clone();
    let builder = Gateway::builder("envoy/envoy.yaml").edit(move |tree| {
        let manager = tree.pointer_mut(manager).expect("a manager");
        manager["access_log"] = ours["access_log"].clone();
        let filters = manager["http_filters"].as_array_mut().expect("a list of filters");
        filters.insert(0, ours["http_filters"][0].clone());
        configuration::shipped(tree, "api-key-auth")["mode"] = json!("shadow");
    });
    let gateway = builder.start().unwrap_or_else(|fault| panic!("{fault}"));
    let token = |username: &str, password: &str| {
        let login = json!({"username": username, "password": password});
        let login = gateway.request(Request::post_json("/auth/login", &login)).json();
        login["access_token"].as_str().expect("a token").to_owned()
    };
    let (alice, bob) = (token("alice", "wonderland"), token("bob", "builder"));
    let _ = gateway.access_log_after(2);
    let get = |token: &str, path: &str| {
        let before = gateway.access_log().len();
        let request = Request::get(path).header("authorization", format!("Bearer {token}"));
        let status = gateway.request(request).status;
        (status, record(&gateway, before + 1))
    };
    let (status, orders) = get(&alice, "/orders");
    assert_eq!((status, &orders["identity"]["subject"]), (200, &json!("alice")));
    for (filter, code, rule) in [
        ("api_key_auth", "anonymous", None),
        ("jwt_auth", "allowed", None),
        ("authorization", "allowed", Some("orders")),
        ("rate_limit", "allowed", Some("orders")),
        ("body_transform", "response_transformed", Some("orders")),
        ("aggregate", "unmatched", None),
        ("response_cache", "unmatched", None),
    ] {
        let decision = &orders["decisions"][filter];
        assert_eq!(decision["code"], code, "{filter}: {orders}");
        assert_eq!(decision.get("rule").and_then(Value::as_str), rule, "{filter}: {orders}");
    }
    assert_eq!(orders["decisions"]["api_key_auth"]["mode"], "shadow");
    assert!(orders["rate_limit"].as_str().is_some_and(|limit| limit.contains("r=29")), "{orders}");
    for cached in ["fwd=uri-miss", "; hit;"] {
        let (status, products) = get(&alice, "/products");
        assert_eq!(status, 200);
        let said = products["cache_status"].as_str().unwrap_or_default();
        assert!(said.contains(cached), "{products}");
    }
    let (status, denied) = get(&bob, "/users/alice");
    assert_eq!((status, &denied["decisions"]["authorization"]["code"]), (403, &json!("no_rule")));
    assert_eq!(denied["decisions"].get("rate_limit"), None, "{denied}");
    let (_, dashboard) = get(&alice, "/dashboard/alice");
    assert_eq!(dashboard["decisions"]["aggregate"]["code"], "aggregated", "{dashboard}");
    trap::assert_none(&gateway);
}
