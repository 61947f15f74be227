//! One answer of four services, for those who may have it.

use gatehouse_sandbox::raw::Request;
use serde_json::json;

use super::{builder, kill};
use crate::aggregate::be_patient;
use crate::harness::{Shared, configuration, token};

/// With calls that have time on a busy machine.
fn gateway() -> Shared {
    Shared::start(builder().edit(|tree| be_patient(configuration::shipped(tree, "aggregate"))))
}

#[test]
fn everybody_has_a_dashboard_and_nobody_sees_another_s() {
    let gateway = gateway();
    let [alice, bob] = ["alice", "bob"].map(|name| token::bearer(&token::good(name)));
    for (case, who, path, status, note) in [
        ("alice's", &alice, "/dashboard/alice", 200, "aggregate.aggregated;rule=dashboard"),
        ("bob's", &bob, "/dashboard/bob", 200, "aggregate.aggregated;rule=dashboard"),
        ("alice's, for bob", &bob, "/dashboard/alice", 403, ""),
        ("bob's, for alice", &alice, "/dashboard/bob", 403, ""),
        ("a path below", &alice, "/dashboard/alice/x", 403, ""),
    ] {
        let exchange = gateway.ask(Request::get(path).header("authorization", who));
        assert_eq!(exchange.response.status, status, "{case}: {}", exchange.response.text());
        assert_eq!(exchange.noted("aggregate"), note, "{case}");
    }
    let nobody = gateway.ask(Request::get("/dashboard/alice"));
    nobody.assert_refused("no token", 401, "jwt_auth.token_missing");

    let exchange = gateway.ask(Request::get("/dashboard/alice").header("authorization", &alice));
    let document = exchange.response.json();
    assert_eq!(document["user"]["id"], "alice");
    assert_eq!(document["orders"][0]["lineItems"][0]["product"]["sku"], "KB-75");
    assert_eq!(document["orders"].as_array().map(Vec::len), Some(3));
    assert!(document["recommendations"].as_array().is_some_and(|some| !some.is_empty()));
    // The filters before see the answer on its way back.
    let field = |name| exchange.response.header_text(name);
    assert_eq!(field("x-content-type-options").as_deref(), Some("nosniff"));
    assert_eq!(field("cache-control").as_deref(), Some("private, no-cache"));
    let tag = field("etag").expect("a tag");
    let again = gateway.ask(
        Request::get("/dashboard/alice")
            .header("authorization", &alice)
            .header("if-none-match", &tag),
    );
    assert_eq!(again.response.status, 304);
    assert_eq!(again.noted("aggregate"), "aggregate.not_modified;rule=dashboard");
    gateway.assert_no_trap();
}

#[test]
fn it_is_there_without_recommendations() {
    let gateway = gateway();
    kill(gateway.gateway(), "recommendations");
    let alice = token::bearer(&token::good("alice"));
    let exchange = gateway.ask(Request::get("/dashboard/alice").header("authorization", alice));
    assert_eq!(exchange.response.status, 200, "{}", exchange.response.text());
    let document = exchange.response.json();
    assert_eq!(document["recommendations"], json!([]));
    assert_eq!(document["orders"].as_array().map(Vec::len), Some(3));
    assert_eq!(
        exchange.response.header_text("x-gatehouse-partial").as_deref(),
        Some("recommendations")
    );
    assert_eq!(exchange.noted("aggregate"), "aggregate.partial;rule=dashboard");
    assert!(exchange.why("aggregate").starts_with("recommendations: "), "{}", exchange.log);
    gateway.assert_no_trap();
}
