//! `gateway.wasm`: its list of filters, and what only a list can say.

use gatehouse_sandbox::example::GATEWAY;
use gatehouse_sandbox::raw::Request;
use gatehouse_sandbox::{Gateway, Packaging, StartError};
use serde_json::{Value, json};

use crate::configuration::gateway_list::{CONFIG, SPOILED, Spoiled};
use crate::harness::{Shared, configuration, received};

#[test]
fn a_mistake_in_the_list_stops_the_start_with_a_line_that_names_it() {
    for spoiled in &SPOILED {
        // The list is written by the case itself.
        let builder = Gateway::builder(CONFIG).packaging(Packaging::Gateway);
        let started = builder.edit(|tree| spoiled.spoil(tree)).start();
        let Spoiled { case, fault, .. } = spoiled;
        let Err(refused) = started else { panic!("{case}: Envoy started") };
        assert!(matches!(refused, StartError::Refused { .. }), "{case}: {refused}");
        let told = format!("{GATEWAY}: {fault}");
        let is_told = |line: &str| line.contains("wasm log") && line.contains(&told);
        assert!(refused.log().lines().any(is_told), "{case}: no line says `{told}`:\n{refused}");
        assert!(!refused.log().contains("panicked"), "{case}: {refused}");
    }
}

#[test]
fn a_filter_may_come_twice_under_different_names() {
    let rules = |name: &str, path: &str, requests: u32| {
        json!({"rules": [{"name": name, "match": {"path": {"prefix": path}},
            "limits": [{"requests": requests, "window": "1h"}]}]})
    };
    let gateway = Shared::start(Gateway::builder("envoy/rate-limit.yaml").edit(move |tree| {
        twice(tree, "rate-limit", rules("outer", "/", 2), rules("inner", "/a", 1));
    }));
    for (case, path, status, note) in [
        ("both let it pass", "/a", 200, "rate_limit.allowed;rule=inner"),
        ("the inner one is used up", "/a", 429, "rate_limit.exceeded;rule=inner"),
        ("and what it refused has counted outside", "/b", 429, "rate_limit.exceeded;rule=outer"),
    ] {
        let exchange = gateway.ask(Request::get(path));
        assert_eq!(exchange.response.status, status, "{case}: {}", exchange.log);
        assert_eq!(exchange.logged("rate_limit"), note, "{case}");
    }
    gateway.assert_no_trap();
}

/// As in Envoy's own list: the first filter sees a request first, and a response last.
#[test]
fn requests_pass_the_list_forwards_and_responses_backwards() {
    let writes = json!({"rules": [{"request": [{"set": {"name": "x-a", "value": "1"}}],
        "response": [{"set": {"name": "x-b", "value": "1"}}]}]});
    let seen = |value: &str| json!([{"set": {"name": "x-saw", "value": value}}]);
    let reads = json!({"rules": [{
        "request": seen("${header.x-a | default: nothing}"),
        "response": seen("${response.header.x-b | default: nothing}"),
    }]});
    for (case, outer, inner, request, response) in [
        ("it writes first", &writes, &reads, "1", "nothing"),
        ("it reads first", &reads, &writes, "nothing", "1"),
    ] {
        let (outer, inner) = (outer.clone(), inner.clone());
        let gateway = Shared::start(
            Gateway::builder("envoy/header-transform.yaml")
                .edit(move |tree| twice(tree, "header-transform", outer, inner)),
        );
        let exchange = gateway.ask(Request::get("/"));
        assert_eq!(received(&exchange.response, "x-saw"), [request], "{case}");
        assert_eq!(exchange.response.header_text("x-saw").as_deref(), Some(response), "{case}");
        gateway.assert_no_trap();
    }
}

/// Puts the config's filter into its list once more, before itself and under the name `outer`.
#[track_caller]
fn twice(tree: &mut Value, filter: &str, outer: Value, inner: Value) {
    configuration::set(tree, filter, inner);
    let list = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/http_filters";
    let list = tree.pointer_mut(list).and_then(Value::as_array_mut).expect("a list of filters");
    let mut first = list[0].clone();
    first["name"] = json!("outer");
    first["typed_config"]["config"]["name"] = json!("outer");
    first["typed_config"]["config"]["configuration"]["value"] = outer;
    list.insert(0, first);
}
