//! `aggregate`, on `envoy/aggregate.yaml`.

/// What stands in bug reports of other gateways.
mod complaints;

/// The demo's dashboard.
mod dashboard;

/// Services that fail, in every way that they can.
mod failures;

/// Clients that leave, many at once, and clusters that are full.
mod crowds;

/// Bodies and heads of requests, and what services see of them.
mod requests;

use gatehouse_sandbox::raw::Request;
use gatehouse_sandbox::{Builder, Gateway};
use serde_json::{Value, json};

use crate::harness::hostile::{self, Honest};
use crate::harness::upstream::{Received, Said, Upstream};
use crate::harness::{configuration, envoy_minor, start};

/// The example as it is. Before 1.37 Envoy's clusters know no retries, and refuse to hear of them.
fn example() -> Builder {
    Gateway::builder("envoy/aggregate.yaml").edit(|tree| {
        if envoy_minor() < 37 {
            for cluster in tree["static_resources"]["clusters"].as_array_mut().expect("clusters") {
                let cluster = cluster.as_object_mut().expect("a cluster");
                cluster.remove("typed_extension_protocol_options");
            }
        }
    })
}

/// The example, whose calls have time on a busy machine.
fn patient() -> Builder {
    example().edit(|tree| be_patient(configuration::shipped(tree, "aggregate")))
}

/// Gives all calls of a configuration a minute.
pub(crate) fn be_patient(aggregate: &mut Value) {
    for rule in aggregate["rules"].as_array_mut().expect("rules") {
        rule["timeout"] = json!("1m");
        for call in rule["calls"].as_array_mut().expect("calls") {
            call["timeout"] = json!("1m");
        }
    }
}

/// A gateway with these rules, in front of a service that plays all clusters: a call's `host` is
/// the name of its cluster.
fn with_rules(rules: &Value, service: &Upstream) -> Builder {
    let rules = rules.clone();
    let mut builder = example().edit(move |tree| {
        configuration::set(tree, "aggregate", json!({"rules": rules}));
    });
    for host in ["users", "orders-1", "products", "recommendations"] {
        builder = builder.upstream(&format!("{host}:8000"), service.address());
    }
    builder
}

/// One rule for `/x/{id}` with these calls.
fn rule(calls: Value) -> Value {
    json!([{"name": "x", "match": {"path": {"template": "/x/{id}"}}, "calls": calls}])
}

/// A service that answers every call with its cluster and its target.
fn echo(request: &Received) -> Said {
    let host = request.header("host").unwrap_or_default();
    Said::json(json!({"at": host, "target": request.target()}).to_string())
}

#[test]
fn hostile_bytes_do_not_trap_it() {
    let service = Upstream::start();
    service.answer_by(echo);
    let rules = json!([{"name": "all", "calls": [
        {"name": "a", "cluster": "users",
         "path": "/${query.a | default: a}?p=${path}&h=${header.x-a | default: b}",
         "pass_headers": ["cookie", "x-b"], "headers": {"x-c": "${header.x-a}"}},
    ]}]);
    let gateway = start(with_rules(&rules, &service));
    let honest = Honest { path: "/orders", headers: &[("x-a", "b")], refused: &[] };
    hostile::survive(&gateway, &honest);
}

/// And answers that no honest service gives.
#[test]
fn hostile_answers_do_not_trap_it() {
    let service = Upstream::start();
    let rules = rule(json!([
        {"name": "list", "cluster": "users", "path": "/", "optional": true, "max_size": "2MiB"},
        {"name": "each", "cluster": "orders", "path": "/${item}", "optional": true,
         "for_each": {"value": "list[*]"}, "join": {"to": "list[*]", "by": "a", "as": "b.c"}},
        {"name": "more", "cluster": "products", "path": "/${call.list.a | default: x}",
         "method": "POST", "body": {"l": "${call.list}", "t": "<${call.list}>"}, "optional": true,
         "into": "$"},
    ]));
    let gateway = start(with_rules(&rules, &service));
    let bodies: Vec<Vec<u8>> = vec![
        vec![0xff; 1_000],
        vec![0; 1_000],
        b"{\"a\":\"\xff\"}".to_vec(),
        "[".repeat(1_000_000).into_bytes(),
        "{\"a\":".repeat(100_000).into_bytes(),
        b"{\"\\ud800\":1}".to_vec(),
        format!("[{}1]", "1,".repeat(400_000)).into_bytes(),
        b"{\"a\":1e300}".to_vec(),
        b"[{\"a\":{\"b\":[[]]}},null,true,\"\",\"..\",\"a/b\",1e5]".to_vec(),
        b"{\"a\":\"..\"}".to_vec(),
        b"".to_vec(),
        (0..=255).collect(),
    ];
    for (index, body) in bodies.into_iter().enumerate() {
        for more in ["", "content-encoding: gzip\r\n", "content-type: text/html\r\n", "age: x\r\n"]
        {
            let said = Said::response(200, "application/json", more, &body);
            service.answer_by(move |_| said.clone());
            let response = gateway.get("/x/1", &[]);
            assert!(matches!(response.status, 200 | 502), "{index} {more}: {}", response.status);
            let text = response.text();
            assert!(serde_json::from_str::<Value>(&text).is_ok(), "{index} {more}: {text}");
        }
    }
    crate::harness::trap::assert_none(&gateway);
}

#[test]
fn what_no_rule_is_for_goes_on() {
    let service = Upstream::start();
    let gateway =
        start(with_rules(&rule(json!([{"name": "a", "cluster": "users", "path": "/"}])), &service));
    assert_eq!(gateway.get("/y", &[]).status, 404);
    assert_eq!(gateway.request(Request::new("BREW", "/x/..;/y")).status, 400);
    assert!(service.take_all().is_empty());
}
