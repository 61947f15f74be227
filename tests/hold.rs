//! Requests that a filter holds until it knows what to decide.
//!
//! A filter that answers `StopIteration` to the head holds the whole request, unless the plugin has
//! `allow_on_headers_stop_iteration: true`: then Envoy holds the head alone, and would let it go
//! with the first byte of the body. Whatever the flag says and whatever follows the head, the
//! decision must be the same.

/// Every way in which a body, or none, follows the head.
mod shape;

/// A gateway with an upstream behind it that remembers every head.
mod stage;

use std::net::SocketAddr;

use gatehouse_sandbox::{Builder, Gateway};
use serde_json::json;

use crate::harness::configuration;
use crate::harness::identity_provider::{Behaviour, IdentityProvider, key_set};
use crate::harness::rate_limit_service::{self, Puppet};
use crate::harness::token::{self, bearer, claims, with};
use stage::{Ask, Stage};

/// `RateLimitResponse { overall_code: OK }`.
const OK: [u8; 2] = [0x08, 1];

/// `RateLimitResponse { overall_code: OVER_LIMIT }`.
const OVER_LIMIT: [u8; 2] = [0x08, 2];

#[test]
fn nothing_slips_past_jwt_auth_where_envoy_holds_heads_alone() {
    jwt_auth(true);
}

#[test]
fn nothing_slips_past_jwt_auth_where_envoy_holds_whole_requests() {
    jwt_auth(false);
}

#[test]
fn nothing_slips_past_api_key_auth_where_envoy_holds_heads_alone() {
    api_key_auth(true);
}

#[test]
fn nothing_slips_past_api_key_auth_where_envoy_holds_whole_requests() {
    api_key_auth(false);
}

#[test]
fn nothing_slips_past_rate_limit_where_envoy_holds_heads_alone() {
    rate_limit(true);
}

#[test]
fn nothing_slips_past_rate_limit_where_envoy_holds_whole_requests() {
    rate_limit(false);
}

/// Three issuers: one whose keys are there, one whose provider says nothing, and one whose keys
/// come late.
#[track_caller]
fn jwt_auth(alone: bool) {
    let (first, second, stranger) =
        (token::es256("first"), token::es256("second"), token::es256("other"));
    let keys = || Behaviour::Answer(key_set(&[&first]));
    let known = IdentityProvider::start(keys());
    let silent = IdentityProvider::start(Behaviour::Silent);
    let late = IdentityProvider::start(Behaviour::Hold);
    let issuer = |name: &str| format!("https://{name}.example");
    let provider = |name: &str, timeout: &str| {
        let jwks =
            json!({"cluster": name, "path": "/jwks.json", "timeout": timeout, "retry": "1s"});
        json!({"name": name, "issuer": issuer(name), "jwks": jwks})
    };
    // A request waits only where a fetch may begin before its `timeout` is over. The shortest
    // `retry` is one second from the start of a fetch, and one that nobody answers takes 700 ms of
    // it.
    let providers =
        [provider("known", "10s"), provider("silent", "700ms"), provider("late", "10s")];
    let ports = [&known, &silent, &late].map(|provider| provider.address().port());
    let builder = Gateway::builder("envoy/jwt-auth-remote.yaml").edit(move |tree| {
        configuration::set(tree, "jwt-auth", json!({"providers": providers}));
        for (name, port) in ["known", "silent", "late"].into_iter().zip(ports) {
            configuration::add_cluster(tree, name, port);
        }
    });
    let stage = Stage::start(builder, "jwt-auth", alone);
    let sign = |key: &token::Key, of: &str| {
        bearer(&key.sign(&with(claims("alice"), json!({"iss": issuer(of), "aud": null}))))
    };

    // Before the first keys come.
    let good = sign(&first, "late");
    stage.forgets_who_leaves(ask("/late/left", &good));
    stage.passes_after(ask("/late/good", &good), || late.behave(keys()));
    stage.passes(ask("/late/next", &good));

    // A forged token with a key's name that nobody knows, and a good one whose key is published
    // just now.
    stage.passes(ask("/known/first", &sign(&first, "known")));
    stage.refuses(ask("/known/forged", &sign(&stranger, "known")), 401, "jwt_auth.key_unknown");
    stage.passes(ask("/known/next", &sign(&first, "known")));
    known.behave(Behaviour::Hold);
    stage.passes_after(ask("/known/new-key", &sign(&second, "known")), || {
        known.publish(&[&first, &second])
    });

    let good = sign(&first, "silent");
    stage.refuses(ask("/silent/unjudged", &good), 503, "jwt_auth.keys_unavailable");
    silent.behave(keys());
    stage.passes(ask("/silent/next", &good));
    stage::end([stage]);
}

#[test]
fn nothing_slips_past_introspection_where_envoy_holds_heads_alone() {
    introspection(true);
}

#[test]
fn nothing_slips_past_introspection_where_envoy_holds_whole_requests() {
    introspection(false);
}

/// One issuer that says nothing of its tokens, and one that says it late.
#[track_caller]
fn introspection(alone: bool) {
    let silent = IdentityProvider::start(Behaviour::Silent);
    let late = IdentityProvider::start(Behaviour::Hold);
    let said = |active: bool| Behaviour::Answer(json!({"active": active}).to_string());
    let provider = |name: &str, timeout: &str| {
        let service = json!({
            "cluster": name, "path": "/introspect", "client_id": "gw", "client_secret": "hush",
            "timeout": timeout, "cache": {"inactive": "1s"},
        });
        json!({
            "name": name, "issuer": format!("https://{name}.example"), "introspection": service,
            "sources": [{"header": format!("x-{name}")}],
        })
    };
    let providers = [provider("silent", "700ms"), provider("late", "10s")];
    let ports = [&silent, &late].map(|provider| provider.address().port());
    let builder = Gateway::builder("envoy/jwt-auth-remote.yaml").edit(move |tree| {
        configuration::set(tree, "jwt-auth", json!({"providers": providers}));
        for (name, port) in ["silent", "late"].into_iter().zip(ports) {
            configuration::add_cluster(tree, name, port);
        }
    });
    let stage = Stage::start(builder, "jwt-auth", alone);
    let of_late = |path, token| Ask { path, field: ("x-late", token) };

    stage.forgets_who_leaves(of_late("/late/left", "left"));
    stage.passes_after(of_late("/late/good", "good"), || late.behave(said(true)));
    stage.passes(of_late("/late/next", "good"));
    late.behave(Behaviour::Hold);
    let inactive = || late.behave(said(false));
    stage.refuses_after(of_late("/late/bad", "bad"), 401, "jwt_auth.token_inactive", inactive);

    let of_silent = |path| Ask { path, field: ("x-silent", "good") };
    let unavailable = "jwt_auth.introspection_unavailable";
    stage.refuses(of_silent("/silent/unjudged"), 503, unavailable);
    silent.behave(said(true));
    stage.passes(of_silent("/silent/next"));
    stage::end([stage]);
}

/// A list that never comes, and on a second gateway one that comes late: the filter has one list.
#[track_caller]
fn api_key_auth(alone: bool) {
    let digest = gatehouse_api_key_auth::Digest::sha256(b"good").to_string();
    let list = || {
        let consumers = json!([{"name": "acme", "keys": [{"digest": digest}]}]);
        Behaviour::Answer(json!({"consumers": consumers}).to_string())
    };
    let start = |server: &IdentityProvider, timeout: &str| {
        let port = server.address().port();
        let from = json!({"cluster": "keys", "path": "/consumers.json", "timeout": timeout, "retry": "1s"});
        let builder = Gateway::builder("envoy/api-key-auth.yaml").edit(move |tree| {
            configuration::set(tree, "api-key-auth", json!({"consumers_from": from}));
            configuration::add_cluster(tree, "keys", port);
        });
        Stage::start(builder, "api-key-auth", alone)
    };
    let with_key = |path, key| Ask { path, field: ("x-api-key", key) };

    let server = IdentityProvider::start(Behaviour::Silent);
    let stage = start(&server, "700ms");
    stage.refuses(with_key("/silent/wrong", "wrong"), 503, "api_key_auth.consumers_unavailable");
    server.behave(list());
    stage.passes(with_key("/silent/next", "good"));

    let late_server = IdentityProvider::start(Behaviour::Hold);
    let late = start(&late_server, "10s");
    late.forgets_who_leaves(with_key("/late/left", "good"));
    late.passes_after(with_key("/late/good", "good"), || late_server.behave(list()));
    late.refuses(with_key("/late/wrong", "wrong"), 401, "api_key_auth.key_invalid");
    late.passes(with_key("/late/next", "good"));

    stage::end([stage, late]);
}

/// One rule whose service says nothing, and one whose service answers late.
#[track_caller]
fn rate_limit(alone: bool) {
    let silent = Puppet::start(rate_limit_service::Behaviour::Silent);
    let late = Puppet::start(rate_limit_service::Behaviour::Hold);
    let answer = |message: [u8; 2]| rate_limit_service::Behaviour::Message(message.to_vec());
    let builder = services(silent.address, late.address);
    let stage = Stage::start(builder, "rate-limit", alone);
    let at = |path| Ask { path, field: ("x-a", "1") };

    stage.refuses(at("/silent/uncounted"), 503, "rate_limit.service_unavailable");
    silent.behave(answer(OK));
    stage.passes(at("/silent/next"));

    stage.forgets_who_leaves(at("/late/left"));
    stage.passes_after(at("/late/good"), || late.behave(answer(OK)));
    late.behave(rate_limit_service::Behaviour::Hold);
    let too_many = || late.behave(answer(OVER_LIMIT));
    stage.refuses_after(at("/late/too-many"), 429, "rate_limit.exceeded", too_many);
    late.behave(answer(OK));
    stage.passes(at("/late/next"));
    stage::end([stage]);
}

/// The shipped config with these services, each for the paths of its name.
fn services(silent: SocketAddr, late: SocketAddr) -> Builder {
    let rule = |name: &str, cluster: &str, timeout: &str| {
        let counting =
            json!({"mode": "global", "cluster": cluster, "timeout": timeout, "on_error": "deny"});
        json!({"name": name, "match": {"path": {"prefix": format!("/{name}")}}, "key": ["client_address"],
            "limits": [{"requests": 1_000_000, "window": "1d"}], "counting": counting})
    };
    let rules = [rule("silent", "rate-limit", "500ms"), rule("late", "late", "10s")];
    let builder =
        Gateway::builder("envoy/rate-limit-global.yaml").upstream("rate-limit:8081", silent);
    builder.edit(move |tree| {
        configuration::set(tree, "rate-limit", json!({"rules": rules}));
        configuration::add_cluster(tree, "late", late.port());
        let clusters = tree["static_resources"]["clusters"].as_array_mut().expect("clusters");
        // gRPC, as the shipped cluster of the service.
        clusters[2]["typed_extension_protocol_options"] =
            clusters[1]["typed_extension_protocol_options"].clone();
    })
}

fn ask<'a>(path: &'a str, authorization: &'a str) -> Ask<'a> {
    Ask { path, field: ("authorization", authorization) }
}
