//! A server of the Model Context Protocol behind `envoy/mcp.yaml` (its specification, "Authorization"):
//! clients find out by themselves who issues their tokens, and for what.

use gatehouse_sandbox::Gateway;
use gatehouse_sandbox::raw::Request;
use serde_json::{Value, json};

use crate::harness::token::{self, bearer, claims, with};
use crate::harness::{Shared, received};

const METADATA: &str = "https://gateway.example/.well-known/oauth-protected-resource/mcp";

#[test]
fn a_client_that_knows_nothing_finds_its_way_to_a_token_and_in() {
    let gateway = Shared::start(Gateway::builder("envoy/mcp.yaml"));
    let post = || Request::new("POST", "/mcp").header("content-type", "application/json");
    let asked = gateway.ask(post());
    asked.assert_refused("no token", 401, "jwt_auth.token_missing");
    let challenge = |response: &gatehouse_sandbox::raw::Response| {
        response.header_text("www-authenticate").unwrap_or_default()
    };
    let told = format!(r#"resource_metadata="{METADATA}""#);
    assert_eq!(challenge(&asked.response), format!(r#"Bearer realm="gatehouse", {told}"#));

    // RFC 9728 section 3: the document, which anybody may read.
    let path = METADATA.strip_prefix("https://gateway.example").expect("it begins so");
    let document = gateway.ask(Request::get(path)).response;
    assert_eq!(document.status, 200, "{}", document.text());
    assert_eq!(document.header_text("content-type").as_deref(), Some("application/json"));
    let metadata = document.json();
    // Section 3.3: the very resource that was asked for.
    assert_eq!(metadata["resource"], "https://gateway.example/mcp");
    assert_eq!(metadata["authorization_servers"], json!([gatehouse_demo::ISSUER]));
    assert_eq!(metadata["bearer_methods_supported"], json!(["header"]));
    assert_eq!(metadata["scopes_supported"], json!(["mcp:read", "mcp:call"]));

    // Of that server, for that resource.
    let signed = |changes: Value| {
        let base = json!({"aud": metadata["resource"], "scope": "mcp:read mcp:call"});
        bearer(&token::demo(&with(with(claims("alice"), base), changes)))
    };
    let call = |authorization: String| gateway.ask(post().header("authorization", authorization));
    let exchange = call(signed(json!({})));
    assert_eq!(exchange.response.status, 200, "{}", exchange.response.text());
    assert_eq!(received(&exchange.response, "authorization"), [""; 0], "it is for the gateway");
    assert_eq!(received(&exchange.response, "x-user"), ["alice"]);

    let elsewhere = call(signed(json!({"aud": gatehouse_demo::AUDIENCE})));
    elsewhere.assert_refused("for another resource", 401, "jwt_auth.audience_mismatch");
    assert!(challenge(&elsewhere.response).contains(&told), "{}", challenge(&elsewhere.response));
    let expired = call(signed(json!({"exp": token::now() - 600})));
    expired.assert_refused("expired", 401, "jwt_auth.token_expired");
    assert!(challenge(&expired.response).contains(&told));

    // RFC 6750 section 3.1: with which scopes to come again.
    let weak = call(signed(json!({"scope": "mcp:read"})));
    weak.assert_refused("for want of a scope", 403, "authorization.insufficient_scope");
    let want = format!(
        r#"Bearer realm="gatehouse", error="insufficient_scope", scope="mcp:call", {told}"#
    );
    assert_eq!(challenge(&weak.response), want);
    gateway.assert_no_trap();
}

#[test]
fn what_is_near_the_document_is_not_open() {
    let gateway = Shared::start(Gateway::builder("envoy/mcp.yaml"));
    for (method, path, status) in [
        ("HEAD", "/.well-known/oauth-protected-resource/mcp", 200),
        ("GET", "/.well-known/oauth-protected-resource/mcp/../../../mcp", 401),
        ("GET", "/.well-known/oauth-protected-resource/mcp/x", 401),
        ("GET", "/.well-known/oauth-protected-resource/mcpx", 401),
        ("POST", "/.well-known/oauth-protected-resource/mcp", 401),
        ("GET", "/mcp", 401),
        ("DELETE", "/mcp", 401),
        ("GET", "/", 401),
    ] {
        let exchange = gateway.ask(Request::new(method, path));
        assert_eq!(exchange.response.status, status, "{method} {path}");
    }
    gateway.assert_no_trap();
}
