//! `api-key-auth`, on `envoy/api-key-auth.yaml`.

use std::sync::LazyLock;

use gatehouse_sandbox::raw::Request;
use gatehouse_sandbox::{Builder, Gateway};
use serde_json::{Value, json};

use crate::harness::hostile::{self, Honest};
use crate::harness::identity_provider::{Behaviour, IdentityProvider};
use crate::harness::token::with;
use crate::harness::{Shared, configuration, http2, received, trap, until};

const CONFIG: &str = "envoy/api-key-auth.yaml";

#[test]
fn hostile_bytes_do_not_trap_it() {
    let gateway = Gateway::builder(CONFIG).start().unwrap_or_else(|fault| panic!("{fault}"));
    let honest = Honest { path: "/orders", headers: &[("x-api-key", ACME)], refused: &[] };
    hostile::survive(&gateway, &honest);

    // And in the places where it reads keys.
    for (case, request) in [
        ("not UTF-8", get().header("x-api-key", b"\xff\xfe\x80")),
        (
            "a good key with a byte that is not",
            get().header("x-api-key", [ACME.as_bytes(), b"\xff"].concat()),
        ),
        ("empty", get().header("x-api-key", "")),
        ("60 KiB", get().header("x-api-key", vec![b'a'; 60 * 1024])),
        ("60 KiB that are not UTF-8", get().header("x-api-key", vec![0xff; 60 * 1024])),
        ("a prefix and nothing", get().header("authorization", "ApiKey ")),
        ("a prefix and bytes", get().header("authorization", b"ApiKey \xff\xff")),
        ("a cookie that is not UTF-8", get().header("cookie", b"\xff; api_key=\xff")),
        ("a cookie without =", get().header("cookie", "api_key")),
        (
            "60 KiB of cookies",
            get().header("cookie", [b"a=1;".repeat(15 * 1024), b"api_key=".to_vec()].concat()),
        ),
        ("an escape that is none", Request::get("/orders?api_key=%")),
        ("bytes behind escapes", Request::get("/orders?api_key=%ff%00%0d%0a")),
        ("50 KiB of escapes", Request::get(format!("/orders?api_key={}", "%41".repeat(17 * 1024)))),
        ("no value", Request::get("/orders?api_key")),
    ] {
        let response = gateway.request(request);
        assert_eq!(response.status, 401, "{case}: {}", response.text());
        let good = gateway.get("/orders", &[("x-api-key", ACME)]);
        assert_eq!(good.status, 200, "the good request after: {case}");
        trap::assert_none(&gateway);
    }
}

/// Keys of the shipped config.
const ACME: &str = "acme-demo-key-1";
const INITECH: &str = "initech-demo-key";

fn get() -> Request {
    Request::get("/orders")
}

static SHIPPED: LazyLock<Shared> = LazyLock::new(|| Shared::kept(Gateway::builder(CONFIG)));

#[test]
fn a_key_is_good_from_every_place_and_stays_at_the_gateway() {
    let authorization = format!("apikey {ACME}");
    for (case, request, path, cookies) in [
        (
            "a header",
            get().header("X-API-Key", ACME).header("cookie", "a=1"),
            "/orders",
            &["a=1"][..],
        ),
        ("a scheme", get().header("authorization", authorization), "/orders", &[]),
        (
            "the query",
            Request::get(format!("/orders?a=%2f&%61pi_key={ACME}&b")),
            "/orders?a=%2f&b",
            &[],
        ),
        ("nothing but a query", Request::get(format!("/orders?api_key={ACME}")), "/orders", &[]),
        (
            "a cookie",
            get().header("cookie", format!("a=1; api_key={ACME}; b=\"2\"")),
            "/orders",
            &["a=1; b=\"2\""],
        ),
        ("nothing but a cookie", get().header("cookie", format!("api_key={ACME}")), "/orders", &[]),
    ] {
        let exchange = SHIPPED.ask(request.header("x-consumer", "root"));
        let text = exchange.response.text();
        assert_eq!(exchange.response.status, 200, "{case}: {text}");
        assert!(!text.contains(ACME), "{case}: {text}");
        assert_eq!(target(&text), path, "{case}");
        assert_eq!(received(&exchange.response, "cookie"), cookies, "{case}");
        assert_eq!(received(&exchange.response, "x-consumer"), ["acme"], "{case}");
        assert_eq!(exchange.noted("api_key_auth"), "api_key_auth.allowed;consumer=acme", "{case}");
        let identity: Value =
            serde_json::from_str(exchange.logged("identity")).expect("an identity is JSON");
        assert_eq!(
            identity,
            json!({"consumer": "acme", "scopes": ["orders:read", "orders:write"], "groups": ["partners"],
                "tier": "gold", "claims": {"account": 17}}),
            "{case}"
        );
    }
    SHIPPED.assert_no_trap();
}

/// The request target that the echo service received.
fn target(body: &str) -> String {
    let body: Value = serde_json::from_str(body).expect("the echo service answers JSON");
    body.get("path").and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[test]
fn every_refusal_is_told_everywhere() {
    let both = Request::get(format!("/orders?api_key={INITECH}")).header("x-api-key", ACME);
    let partners = Request::get("/partners/x").header("x-api-key", INITECH);
    for (case, request, status, code, rule) in [
        ("no key", get(), 401, "key_missing", ""),
        ("another scheme", get().header("authorization", "Basic YTpi"), 401, "key_missing", ""),
        ("a wrong key", get().header("x-api-key", "wrong"), 401, "key_invalid", ""),
        (
            "two keys in one place",
            get().header("x-api-key", ACME).header("x-api-key", INITECH),
            400,
            "key_repeated",
            "",
        ),
        ("a key in two places", both, 400, "key_repeated", ""),
        (
            "a good key that is not for this",
            partners,
            403,
            "consumer_not_allowed",
            ";rule=partners",
        ),
        (
            "a wrong key where none is needed",
            Request::get("/products").header("x-api-key", "wrong"),
            401,
            "key_invalid",
            ";rule=browse",
        ),
    ] {
        let exchange = SHIPPED.ask(request);
        let code = format!("api_key_auth.{code}");
        exchange.assert_refused(case, status, &code);
        assert_eq!(exchange.noted("api_key_auth"), format!("{code}{rule}"), "{case}");
        let challenge = exchange.response.header_text("www-authenticate");
        let want = (status == 401).then_some("ApiKey realm=\"gatehouse\"");
        assert_eq!(challenge.as_deref(), want, "{case}");
    }
    SHIPPED.assert_no_trap();
}

#[test]
fn rules_say_who_may_do_without_a_key() {
    for (case, request, note, consumer) in [
        (
            "open",
            Request::get("/about").header("x-api-key", "wrong"),
            "not_required;rule=about",
            &[][..],
        ),
        ("anybody", Request::get("/products/1"), "anonymous;rule=browse", &[]),
        (
            "somebody",
            Request::get("/products/1").header("x-api-key", INITECH),
            "allowed;rule=browse;consumer=initech",
            &["initech"],
        ),
        (
            "the second key of the consumer",
            Request::get("/partners").header("x-api-key", "acme-demo-key-2"),
            "allowed;rule=partners;consumer=acme",
            &["acme"],
        ),
        (
            "a preflight",
            Request::new("OPTIONS", "/orders")
                .header("origin", "https://app.example")
                .header("access-control-request-method", "PUT"),
            "preflight",
            &[],
        ),
    ] {
        let exchange =
            SHIPPED.ask(request.header("x-consumer", "root").header("X-Consumer", "admin"));
        assert_eq!(exchange.response.status, 200, "{case}: {}", exchange.response.text());
        assert_eq!(exchange.noted("api_key_auth"), format!("api_key_auth.{note}"), "{case}");
        assert_eq!(received(&exchange.response, "x-consumer"), consumer, "{case}");
        assert!(received(&exchange.response, "x-api-key").is_empty(), "{case}");
    }
    SHIPPED.assert_no_trap();
}

#[test]
fn a_key_is_good_only_in_its_time_and_operators_are_told_why_not() {
    let gateway = Shared::start(builder(json!({
        "hmac_secret": "a secret of 32 bytes, or of more",
        "consumers": [{"name": "acme", "keys": [
            {"digest": sha256("expired"), "expires_at": "2020-01-01T00:00:00Z"},
            {"digest": sha256("not-yet"), "not_before": "2120-01-01T00:00:00+01:00"},
            {"digest": sha256("now"), "not_before": "2020-01-01T00:00:00Z", "expires_at": "2120-01-01T00:00:00Z"},
            {"digest": "hmac_sha256:ba1a20ac22d37ac5e9a1f6ab0e3c4dbdb5fdd8a3c1d5ad7ba3fe60ea8f2f0000"},
        ]}],
    })));
    let long = "k".repeat(513);
    for (key, status) in
        [("expired", 401), ("not-yet", 401), ("now", 200), ("never", 401), (long.as_str(), 401)]
    {
        let exchange = gateway.ask(get().header("x-api-key", key));
        assert_eq!(exchange.response.status, status, "{key}: {}", exchange.response.text());
        if status == 401 {
            exchange.assert_refused(key, 401, "api_key_auth.key_invalid");
        }
    }
    let stats = gateway.gateway().stats();
    for event in ["key_expired", "key_not_yet_valid", "key_unknown", "key_too_long"] {
        let counted = stats.iter().filter(|(name, _)| name.contains(&format!(".event={event};")));
        assert_eq!(counted.map(|(_, count)| *count).sum::<u64>(), 1, "{event}: {:?}", stats.keys());
    }
    gateway.assert_no_trap();
}

#[test]
fn a_keyed_digest_is_found_and_a_key_is_forwarded_where_it_may_be() {
    let secret = gatehouse_api_key_auth::Secret::new(b"a secret of 32 bytes, or of more")
        .expect("it is long");
    let digest = gatehouse_api_key_auth::Digest::hmac_sha256(&secret, b"k").to_string();
    let gateway = Shared::start(builder(json!({
        "forward": true,
        "hmac_secret": "a secret of 32 bytes, or of more",
        "consumers": [{"name": "acme", "keys": [{"digest": digest}]}],
    })));
    let exchange = gateway.ask(get().header("x-api-key", "k"));
    assert_eq!(exchange.response.status, 200, "{}", exchange.response.text());
    assert_eq!(received(&exchange.response, "x-api-key"), ["k"]);
    gateway.ask(get().header("x-api-key", "l")).assert_refused(
        "wrong",
        401,
        "api_key_auth.key_invalid",
    );
    gateway.assert_no_trap();
}

#[test]
fn a_dry_run_refuses_nobody() {
    let gateway = Shared::start(builder(json!({
        "mode": "shadow",
        "consumer_header": "x-consumer",
        "consumers": [{"name": "acme", "keys": [{"digest": sha256("k")}]}],
    })));
    let exchange = gateway.ask(get().header("x-api-key", "wrong").header("x-consumer", "root"));
    assert_eq!(exchange.response.status, 200, "{}", exchange.response.text());
    assert_eq!(exchange.noted("api_key_auth"), "api_key_auth.key_invalid;mode=shadow");
    assert!(received(&exchange.response, "x-consumer").is_empty());
    gateway.assert_no_trap();
}

#[test]
fn a_grpc_client_is_told_a_grpc_status() {
    let gateway = Gateway::builder(CONFIG).start().unwrap_or_else(|fault| panic!("{fault}"));
    for (path, key, status) in [("/orders", "wrong", "16"), ("/partners", INITECH, "7")] {
        let request = http2::get(path).method("POST").header("content-type", "application/grpc");
        let refused = http2::send(
            gateway.address(),
            request.header("x-api-key", key).body(()).expect("a request"),
        );
        assert_eq!(refused.status, 200);
        assert_eq!(refused.trailer("grpc-status").as_deref(), Some(status), "{refused:?}");
    }
    trap::assert_none(&gateway);
}

#[test]
fn a_polled_list_is_waited_for_and_the_last_good_one_stays() {
    let server = IdentityProvider::start(Behaviour::Answer(list("one")));
    let gateway = polling(&server);
    let status = |key: &str| gateway.get("/orders", &[("x-api-key", key)]).status;
    assert_eq!(status("one"), 200, "the first request waits for the list");
    assert_eq!(status("two"), 401);
    for (case, behaviour, event) in [
        ("nonsense", Behaviour::Answer("<html>".to_owned()), "consumers_refused"),
        (
            "no key",
            Behaviour::Answer(r#"{"consumers": [{"name": "acme"}]}"#.to_owned()),
            "consumers_refused",
        ),
        ("10 MB", Behaviour::Answer(list("two") + &" ".repeat(10_000_000)), "consumers_refused"),
        ("500", Behaviour::Refuse(500, list("two")), "consumers_fetch_failed"),
        ("it hangs up", Behaviour::HangUp, "consumers_fetch_failed"),
        ("it breaks off", Behaviour::BreakOff(list("two")), "consumers_fetch_failed"),
        ("silent", Behaviour::Silent, "consumers_fetch_failed"),
    ] {
        let before = counted(&gateway, event);
        server.behave(behaviour);
        until(case, || counted(&gateway, event) >= before + 2);
        assert_eq!(status("one"), 200, "{case}");
        assert_eq!(status("two"), 401, "{case}");
    }
    server.behave(Behaviour::Answer(list("two")));
    until("the new list", || status("two") == 200);
    assert_eq!(status("one"), 401);
    // Whoever withdraws the last key is heard.
    server.behave(Behaviour::Answer(r#"{"consumers": []}"#.to_owned()));
    until("the list of nobody", || status("two") == 401);
    trap::assert_none(&gateway);
}

#[test]
fn without_any_list_keys_are_not_judged_and_requests_are_not_held_for_ever() {
    let server = IdentityProvider::start(Behaviour::HangUp);
    let gateway = polling(&server);
    let refused = gateway.get("/orders", &[("x-api-key", "one")]);
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert!(refused.text().contains("api_key_auth.consumers_unavailable"), "{}", refused.text());
    assert_eq!(
        gateway.get("/orders", &[]).status,
        401,
        "without a key there is nothing to wait for"
    );
    server.behave(Behaviour::Answer(list("one")));
    until("the first list", || gateway.get("/orders", &[("x-api-key", "one")]).status == 200);
    trap::assert_none(&gateway);
}

#[test]
fn a_list_that_has_not_changed_is_not_sent_again_and_one_that_is_too_old_is_not_used() {
    let mut server = IdentityProvider::start(Behaviour::Tagged("1", list("one")));
    let gateway = polling_with(&server, json!({"max_age": "3s"}));
    let status = |key: &str| gateway.get("/orders", &[("x-api-key", key)]).status;
    assert_eq!(status("one"), 200);
    until("it is asked for by its tag", || {
        server.take_heads().iter().any(|head| head.contains("if-none-match: \"1\""))
    });
    let before = counted(&gateway, "consumers_fetched");
    until("and confirmed", || counted(&gateway, "consumers_fetched") >= before + 4);
    assert_eq!(status("one"), 200);
    server.stop();
    until("it is too old", || status("one") == 503);
    server.restart();
    until("it is back", || status("one") == 200);
    trap::assert_none(&gateway);
}

fn list(key: &str) -> String {
    json!({"consumers": [{"name": "acme", "keys": [{"digest": sha256(key)}]}]}).to_string()
}

/// The shipped config with the list of this server, asked every second.
#[track_caller]
fn polling(server: &IdentityProvider) -> Gateway {
    polling_with(server, json!({}))
}

#[track_caller]
fn polling_with(server: &IdentityProvider, more: Value) -> Gateway {
    let port = server.address().port();
    let from = json!({
        "cluster": "keys", "path": "/consumers.json", "refresh": "1s", "timeout": "1s", "retry": "1s",
    });
    let gateway = builder(json!({"consumers_from": with(from, more)}))
        .edit(move |tree| configuration::add_cluster(tree, "keys", port));
    gateway.start().unwrap_or_else(|fault| panic!("{fault}"))
}

/// How often the filter counted this event, all workers together.
#[track_caller]
fn counted(gateway: &Gateway, event: &str) -> u64 {
    let stats = gateway.stats();
    let named = |(name, _): &(&String, &u64)| {
        name.contains(&format!("filter=api_key_auth;.event={event};"))
    };
    stats.iter().find(named).map_or(0, |(_, count)| *count)
}

fn sha256(key: &str) -> String {
    gatehouse_api_key_auth::Digest::sha256(key.as_bytes()).to_string()
}

/// The shipped config with another configuration of the filter.
fn builder(value: Value) -> Builder {
    Gateway::builder(CONFIG).edit(move |tree| configuration::set(tree, "api-key-auth", value))
}

#[test]
fn nothing_is_nothing_and_the_same_key_in_two_places_is_one() {
    for (case, request, status, code) in [
        ("an empty field", get().header("x-api-key", ""), 401, "key_missing"),
        ("an empty parameter", Request::get("/orders?api_key="), 401, "key_missing"),
        ("a cookie emptied at logout", get().header("cookie", "api_key=; a=1"), 401, "key_missing"),
        (
            "an empty parameter beside a key",
            Request::get("/orders?api_key=").header("x-api-key", ACME),
            200,
            "allowed",
        ),
        (
            "a cookie in quotes",
            get().header("cookie", format!("api_key=\"{ACME}\"")),
            200,
            "allowed",
        ),
        (
            "twice the same",
            Request::get(format!("/orders?api_key={ACME}")).header("x-api-key", ACME),
            200,
            "allowed",
        ),
    ] {
        let exchange = SHIPPED.ask(request);
        assert_eq!(exchange.response.status, status, "{case}");
        let logged = exchange.noted("api_key_auth");
        assert!(logged.starts_with(&format!("api_key_auth.{code}")), "{case}: {logged}");
    }
}

#[test]
fn what_an_upstream_may_take_for_the_key_or_the_consumer_does_not_reach_it() {
    let names = ["x_api_key", "x_api-key", "x_consumer"];
    let request = names
        .iter()
        .fold(get().header("x-api-key", ACME), |request, name| request.header(name, "forged"));
    let lenient = Gateway::builder(CONFIG).edit(configuration::allow_underscores);
    let exchange = Shared::start(lenient).ask(request);
    assert_eq!(exchange.response.status, 200, "{}", exchange.response.text());
    for name in names {
        assert_eq!(received(&exchange.response, name), [""; 0], "{name}");
    }
    assert_eq!(received(&exchange.response, "x-consumer"), ["acme"]);
}
