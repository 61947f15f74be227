//! Services that need a route of their own: `grpc.yaml`, `language-models.yaml`, `blue-green.yaml`.

use std::collections::BTreeSet;

use gatehouse_sandbox::raw::Request;
use serde_json::json;

use super::{assert_told, of, of_admin, recipe, request};
use crate::harness::upstream::{Said, Upstream};
use crate::harness::{http2, received, start, trap};

#[test]
fn methods_of_grpc_are_paths_and_refusals_are_its_statuses() {
    let orders = Upstream::start_http2();
    let gateway = start(recipe("grpc").upstream("orders:8000", orders.address()));
    let (alice, root) = (of("alice", json!({})), of_admin("root"));
    let stranger = of("mallory", json!({"scope": "products:read"}));
    for (case, method, who, status) in [
        ("a user calls what the scope is for", "/shop.Orders/Get", Some(&alice), None),
        ("an admin calls any method", "/shop.Orders/Cancel", Some(&root), None),
        ("a user calls another method", "/shop.Orders/Cancel", Some(&alice), Some("7")),
        ("a user without the scope", "/shop.Orders/Get", Some(&stranger), Some("7")),
        ("nobody", "/shop.Orders/Get", None, Some("16")),
        ("a service that is not here", "/shop.Payments/Get", Some(&root), Some("7")),
    ] {
        let mut call = http2::get(method).method("POST").header("content-type", "application/grpc");
        if let Some(who) = who {
            call = call.header("authorization", who.as_str());
        }
        let answer = http2::send(gateway.address(), call.body(()).expect("a request"));
        assert_eq!(answer.status, 200, "{case}: a call has no other");
        assert_eq!(answer.trailer("grpc-status").as_deref(), status, "{case}");
        let arrived = orders.take();
        assert_eq!(arrived.is_some(), status.is_none(), "{case}: {arrived:?}");
        if let Some(arrived) = arrived {
            let user = arrived.header("x-user").unwrap_or_default();
            assert!(["alice", "root"].contains(&user), "{case}: {}", arrived.head);
        }
    }
    trap::assert_none(&gateway);
}

#[test]
fn a_model_is_called_with_the_providers_key_and_each_consumer_has_a_budget() {
    const STREAM: &str = concat!(
        "data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}],\"usage\":null}\n\n",
        "data: {\"choices\":[],\"usage\":{\"total_tokens\":40}}\n\n",
        "data: [DONE]\n\n",
    );
    let model = Upstream::start();
    model.answer_by(|asked| match asked.text().contains("\"stream\"") {
        true => Said::response(200, "text/event-stream", "", STREAM),
        false => Said::json(r#"{"choices":[],"usage":{"total_tokens":99000}}"#),
    });
    let builder = recipe("language-models")
        .upstream("api.openai.com:443", model.address())
        .variable("OPENAI_AUTHORIZATION", "Bearer sk-of-the-provider");
    let gateway = start(builder);
    let chat = |key: &str, body: serde_json::Value| {
        let request = Request::post_json("/v1/chat/completions", &body);
        gateway.request(request.header("authorization", format!("Bearer {key}")))
    };
    let key = "acme-demo-key-1";

    let streamed = chat(key, json!({"model": "m", "messages": [], "stream": true}));
    assert_eq!((streamed.status, streamed.text().as_str()), (200, STREAM));
    let asked = model.wait();
    assert_eq!(asked.header("authorization"), Some("Bearer sk-of-the-provider"));
    assert_eq!(asked.header("host"), Some("api.openai.com"));
    assert!(!asked.head.contains(key), "{}", asked.head);
    let body: serde_json::Value = serde_json::from_str(&asked.text()).expect("JSON");
    assert_eq!(body["stream_options"], json!({"include_usage": true}));

    let whole = chat(key, json!({"model": "m", "messages": []}));
    assert_eq!(whole.status, 200, "{}", whole.text());
    let asked = model.wait();
    assert!(!asked.text().contains("stream_options"), "the provider would refuse it");

    assert_eq!(chat(key, json!({"model": "m"})).status, 200, "99040 of 200000 are gone");
    assert_eq!(chat(key, json!({"model": "m"})).status, 200, "198040 are");
    let refused = chat(key, json!({"model": "m"}));
    assert_told("297040 are", &refused, 429, "rate_limit.exceeded");
    let unknown = chat("sk-of-the-provider", json!({"model": "m"}));
    assert_told("the provider's own key is none here", &unknown, 401, "api_key_auth.key_invalid");
    trap::assert_none(&gateway);
}

#[test]
fn testers_choose_a_release_and_all_others_stay_with_theirs() {
    let gateway = start(recipe("blue-green"));
    let served = |who: &str, release: Option<&str>| {
        let mut fields = vec![("authorization", who)];
        fields.extend(release.map(|release| ("x-release", release)));
        let response = gateway.request(request("GET", "/", &fields));
        assert_told(who, &response, 200, "");
        assert_eq!(received(&response, "x-user").len(), 1);
        response.header_text("x-served-by").unwrap_or_default()
    };
    let users: Vec<String> =
        (0..60).map(|number| of(&format!("user-{number}"), json!({}))).collect();
    let first: Vec<String> = users.iter().map(|user| served(user, None)).collect();
    let again: Vec<String> = users.iter().map(|user| served(user, None)).collect();
    assert_eq!(first, again, "whoever comes again gets the same release");
    let seen: BTreeSet<&str> = first.iter().map(String::as_str).collect();
    assert_eq!(seen, BTreeSet::from(["echo-1", "echo-2"]), "some get green");
    let green = first.iter().filter(|release| *release == "echo-2").count();
    assert!(green < 30, "{green} of 60 get green");

    let blue = users.iter().zip(&first).find(|(_, release)| *release == "echo-1");
    let (user, _) = blue.expect("one who gets blue");
    assert_eq!(served(user, Some("green")), "echo-1", "a user cannot choose");
    let testers: Vec<String> = (0..8).map(|number| of_admin(&format!("tester-{number}"))).collect();
    for tester in &testers {
        assert_eq!(served(tester, Some("green")), "echo-2", "a tester can");
    }
    trap::assert_none(&gateway);
}
