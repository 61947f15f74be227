//! `jwt-auth`, on `envoy/jwt-auth-remote.yaml`, with tokens that say nothing by themselves: their
//! issuer is asked about them (RFC 7662).

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use gatehouse_sandbox::raw::{Request, Response};
use gatehouse_sandbox::{Builder, Gateway};
use serde_json::{Value, json};

use crate::harness::identity_provider::{Behaviour, IdentityProvider};
use crate::harness::token::{self, bearer, claims, with};
use crate::harness::upstream::{Received, Said, Upstream};
use crate::harness::{Shared, configuration, received, trap, until};

#[test]
fn an_opaque_token_is_who_its_issuer_says_that_it_is() {
    let service = Upstream::start();
    service.answer_by(knows(json!({
        "active": true, "sub": "alice", "aud": "gateway", "scope": "orders:read", "roles": ["user"],
    })));
    let gateway = Shared::start(builder(&service, json!({})));
    let exchange = gateway.ask(get("good"));
    assert_eq!(exchange.response.status, 200, "{}", exchange.response.text());
    assert_eq!(exchange.noted("jwt_auth"), "jwt_auth.allowed;subject=alice");
    assert_eq!(received(&exchange.response, "x-user"), ["alice"]);
    assert_eq!(received(&exchange.response, "x-roles"), ["user"]);

    let asked = service.wait();
    assert_eq!(asked.head.lines().next(), Some("POST /oauth2/introspect HTTP/1.1"));
    assert_eq!(asked.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(asked.header("accept"), Some("application/json"));
    assert_eq!(asked.header("host"), Some("auth"));
    // `gate%3Away:s%26cret%25`.
    assert_eq!(asked.header("authorization"), Some("Basic Z2F0ZSUzQXdheTpzJTI2Y3JldCUyNQ=="));
    assert_eq!(asked.text(), "token=good&token_type_hint=access_token");

    let refused = gateway.ask(get("other"));
    assert_eq!(refused.response.status, 401);
    assert!(refused.response.text().contains("jwt_auth.token_inactive"));
    let challenge = refused.response.header_text("www-authenticate").unwrap_or_default();
    assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");

    // Each is remembered.
    service.take_all();
    assert_eq!(gateway.ask(get("good")).response.status, 200);
    assert_eq!(gateway.ask(get("other")).response.status, 401);
    assert_eq!(service.take_all().len(), 0);
    gateway.assert_no_trap();
}

#[test]
fn a_client_can_name_itself_in_the_form() {
    let service = Upstream::start();
    service.answer_by(knows(json!({"active": true, "aud": "gateway"})));
    let gateway = start(builder(&service, json!({"authentication": "client_secret_post"})));
    assert_eq!(gateway.request(get("good")).status, 200);
    let asked = service.wait();
    assert_eq!(asked.header("authorization"), None);
    assert_eq!(
        asked.text(),
        "token=good&token_type_hint=access_token&client_id=gate%3Away&client_secret=s%26cret%25"
    );
    trap::assert_none(&gateway);
}

#[test]
fn what_is_answered_counts_as_what_a_jwt_says() {
    let service = Upstream::start();
    let gateway = start(builder(&service, json!({})));
    let now = token::now();
    for (number, (said, want)) in [
        (json!({"active": true, "aud": "gateway", "exp": now + 60}).to_string(), "200"),
        (json!({"active": true, "aud": "else"}).to_string(), "jwt_auth.audience_mismatch"),
        (
            json!({"active": true, "aud": "gateway", "iss": "https://else.example"}).to_string(),
            "jwt_auth.issuer_unknown",
        ),
        (
            json!({"active": true, "aud": "gateway", "exp": now - 120}).to_string(),
            "jwt_auth.token_expired",
        ),
        (
            json!({"active": true, "aud": "gateway", "nbf": now + 120}).to_string(),
            "jwt_auth.token_not_yet_valid",
        ),
        (
            json!({"active": true, "aud": "gateway", "exp": "soon"}).to_string(),
            "jwt_auth.claim_invalid",
        ),
        (
            json!({"active": "true", "aud": "gateway"}).to_string(),
            "jwt_auth.introspection_unavailable",
        ),
        (json!({"active": 1, "aud": "gateway"}).to_string(), "jwt_auth.introspection_unavailable"),
        (json!({"aud": "gateway"}).to_string(), "jwt_auth.introspection_unavailable"),
        (
            r#"{"active": false, "active": true, "aud": "gateway"}"#.to_owned(),
            "jwt_auth.introspection_unavailable",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = Said::json(&said);
        service.answer_by(move |_| answer.clone());
        let response = gateway.request(get(&format!("token-{number}")));
        match want {
            "200" => assert_eq!(response.status, 200, "{said}"),
            code => assert!(response.text().contains(code), "{said}: {}", response.text()),
        }
    }
    trap::assert_none(&gateway);
}

#[test]
fn a_rule_asks_of_an_opaque_token_what_it_asks_of_a_jwt() {
    let service = Upstream::start();
    service.answer_by(knows(json!({
        "active": true, "sub": "alice", "aud": ["gateway", "orders"], "tenant": "acme",
    })));
    let rules = json!([
        {"name": "orders", "match": {"path": {"prefix": "/orders"}}, "require": "any",
            "audiences": ["orders"]},
        {"name": "users", "match": {"path": {"prefix": "/users"}}, "require": "any",
            "audiences": ["users"]},
        {"name": "tenants", "match": {"path": {"template": "/tenants/{tenant}"}}, "require": "any",
            "required_claims": [{"claim": "tenant", "capture": "tenant"}]},
    ]);
    let gateway = Shared::start(builder(&service, json!({})).edit(move |tree| {
        configuration::shipped(tree, "jwt-auth")["rules"] = rules;
    }));
    let ask = |path: &str| gateway.ask(Request::get(path).header("authorization", bearer("good")));
    for round in 0..2 {
        for (path, code) in [
            ("/orders/1", None),
            ("/users/1", Some("jwt_auth.audience_mismatch")),
            ("/tenants/acme", None),
            ("/tenants/other", Some("jwt_auth.claim_mismatch")),
        ] {
            let exchange = ask(path);
            match code {
                None => assert_eq!(exchange.response.status, 200, "{path} {round}"),
                Some(code) => exchange.assert_refused(path, 401, code),
            }
        }
    }
    // Whatever the rules think of it, its issuer was asked once.
    assert_eq!(service.take_all().len(), 1);
    gateway.assert_no_trap();
}

#[test]
fn all_that_wait_for_one_token_make_one_call_also_for_who_has_left() {
    let service = Upstream::start();
    let release = hold(&service, json!({"active": true, "aud": "gateway"}));
    let gateway = start(builder(&service, json!({"timeout": "30s"})));
    // Who asks first leaves.
    let mut first = gateway.connect();
    first.write(&get("good").bytes()).expect("a request can be sent");
    until("the service is asked", || service.begun("/").len() == 1);
    drop(first);
    let statuses: Vec<u16> = thread::scope(|scope| {
        let send = || gateway.request(get("good")).status;
        let crowd: Vec<_> = (0..20).map(|_| scope.spawn(send)).collect();
        until("all wait", || waiting(&gateway) >= 20);
        release.store(true, Ordering::SeqCst);
        crowd.into_iter().map(|one| one.join().expect("it was answered")).collect()
    });
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    assert_eq!(service.begun("/").len(), 1);
    assert_eq!(gateway.request(get("good")).status, 200);
    assert_eq!(service.begun("/").len(), 1);
    trap::assert_none(&gateway);
}

#[test]
fn a_storm_of_unknown_tokens_makes_bounded_calls_and_who_is_known_goes_on() {
    let service = Upstream::start();
    service.answer_by(knows(json!({"active": true, "aud": "gateway"})));
    let bounds = json!({"at_once": 3, "timeout": "30s", "cache": "1h"});
    let gateway = start(builder(&service, bounds));
    assert_eq!(gateway.request(get("good")).status, 200);
    let release = hold(&service, json!({"active": false}));
    let answers: Vec<Response> = thread::scope(|scope| {
        let send = |number| gateway.request(get(&format!("storm-{number}")));
        let crowd: Vec<_> = (0..100).map(|number| scope.spawn(move || send(number))).collect();
        // Whoever is not refused at once waits.
        until("all have come", || {
            counted(&gateway, "introspection_busy") + waiting(&gateway) >= 100
        });
        assert_eq!(gateway.request(get("good")).status, 200, "who is known");
        release.store(true, Ordering::SeqCst);
        crowd.into_iter().map(|one| one.join().expect("it was answered")).collect()
    });
    assert_eq!(service.begun("/").len(), 1 + 3);
    let (busy, judged): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 503);
    assert_eq!((busy.len(), judged.len()), (97, 3));
    assert!(judged.iter().all(|answer| answer.text().contains("jwt_auth.token_inactive")));
    for refused in busy {
        assert!(refused.text().contains("jwt_auth.introspection_busy"), "{}", refused.text());
        assert_eq!(refused.header_text("retry-after").as_deref(), Some("1"));
    }
    trap::assert_none(&gateway);
}

#[test]
fn a_service_that_fails_is_a_503_and_is_asked_again() {
    let service = Upstream::start();
    let gateway = start(builder(&service, json!({"timeout": "500ms", "cache": "1h"})));
    let good = json!({"active": true, "aud": "gateway"});
    let json = |body: String| Said::json(body);
    let long = json!({"active": true, "aud": "gateway", "x": "x".repeat(100_000)}).to_string();
    for (number, (case, said)) in [
        ("garbage", json("<html>".to_owned())),
        ("nothing", json(String::new())),
        ("huge", json(long)),
        ("a list", json(format!("[{good}]"))),
        ("another type", Said::response(200, "text/html", "", good.to_string())),
        ("a signed answer", Said::response(200, "application/token-introspection+jwt", "", "a.b.c")),
        ("401", Said::response(401, "application/json", "", good.to_string())),
        ("400", Said::response(400, "application/json", "", good.to_string())),
        ("500", Said::response(500, "application/json", "", good.to_string())),
        ("302", Said::response(302, "application/json", "location: /\r\n", good.to_string())),
        ("slow", json(good.to_string()).after(Duration::from_secs(2))),
        ("it hangs up", Said { closes: true, ..Said::default() }),
        ("it breaks off", Said {
            bytes: b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{".to_vec(),
            closes: true,
            ..Said::default()
        }),
        ("not UTF-8", Said::response(200, "application/json", "", b"{\"active\":true,\"sub\":\"\xff\"}")),
    ]
    .into_iter()
    .enumerate()
    {
        let token = format!("token-{number}");
        service.answer_by(move |_| said.clone());
        let response = gateway.request(get(&token));
        assert_eq!(response.status, 503, "{case}: {}", response.text());
        assert!(response.text().contains("jwt_auth.introspection_unavailable"), "{case}");
        let answer = json(good.to_string());
        service.answer_by(move |_| answer.clone());
        until(case, || gateway.request(get(&token)).status == 200);
    }
    let told = gateway.stderr();
    assert!(told.contains("introspection of the provider `demo` by the cluster `auth`"), "{told}");
    assert!(!told.contains("token-1") && !told.contains("s&cret"), "{told}");
    trap::assert_none(&gateway);
}

#[test]
fn a_service_that_is_not_there_is_a_503_until_it_is() {
    let mut service = IdentityProvider::start(Behaviour::HangUp);
    service.stop();
    let gateway = start(builder_of(service.address(), json!({}), Vec::new()));
    let response = gateway.request(get("good"));
    assert_eq!(response.status, 503, "{}", response.text());
    assert!(response.text().contains("jwt_auth.introspection_unavailable"));
    assert_eq!(response.header_text("retry-after").as_deref(), Some("5"));
    service.behave(Behaviour::Answer(r#"{"active": true, "aud": "gateway"}"#.to_owned()));
    service.restart();
    until("it is back", || gateway.request(get("good")).status == 200);
    trap::assert_none(&gateway);
}

#[test]
fn a_token_that_is_revoked_is_refused_when_it_is_asked_about_again() {
    let service = Upstream::start();
    let gateway = start(
        builder(&service, json!({"cache": {"active": "1s", "inactive": "1s"}})).concurrency(4),
    );
    for (said, status) in [
        (json!({"active": true, "aud": "gateway"}), 200),
        (json!({"active": false}), 401),
        (json!({"active": true, "aud": "gateway"}), 200),
    ] {
        let answer = Said::json(said.to_string());
        service.answer_by(move |_| answer.clone());
        until("it is so on every worker", || {
            (0..16).all(|_| gateway.request(get("flips")).status == status)
        });
    }
    trap::assert_none(&gateway);
}

#[test]
fn hostile_tokens_do_not_trap_it_and_never_reach_the_service() {
    let service = Upstream::start();
    service.answer_by(knows(json!({"active": true, "aud": "gateway"})));
    let gateway = start(builder(&service, json!({})));
    assert_eq!(gateway.request(get("good")).status, 200);
    service.take_all();
    for (case, value, status) in [
        ("not UTF-8", b"Bearer \xff\xfe".to_vec(), 401),
        ("60 KiB", [b"Bearer ".to_vec(), vec![b'a'; 60 * 1024]].concat(), 401),
        ("a space", b"Bearer good token".to_vec(), 401),
        ("a tab", b"Bearer good\ttoken".to_vec(), 401),
        ("another member of a form", b"Bearer x&token=good".to_vec(), 401),
        ("an escape", b"Bearer x%26token%3Dgood".to_vec(), 401),
        ("quotes", b"Bearer \"good\"".to_vec(), 401),
        ("two in one", b"Bearer x, Bearer good".to_vec(), 400),
    ] {
        let response = gateway.request(Request::get("/orders").header("authorization", value));
        assert_eq!(response.status, status, "{case}: {}", response.text());
        assert_eq!(gateway.request(get("good")).status, 200, "the good request after: {case}");
    }
    let asked: Vec<_> = service.take_all().iter().map(Received::text).collect();
    assert_eq!(asked, [""; 0]);
    // What a bearer token can be made of is one member of the form, whatever it says.
    assert_eq!(gateway.request(get("a+b/c~d==")).status, 401);
    assert_eq!(service.wait().text(), "token=a%2Bb%2Fc~d%3D%3D&token_type_hint=access_token");
    trap::assert_none(&gateway);
}

#[test]
fn a_jwt_whose_issuer_has_keys_is_judged_by_them_and_others_are_asked_about() {
    let key = token::es256("a");
    let service = Upstream::start();
    service.answer_by(knows(json!({"active": true, "sub": "bob", "aud": "gateway"})));
    let signer =
        json!({"name": "signer", "issuer": "https://signer.example", "jwks": {"keys": [key.jwk]}});
    let gateway = start(builder_of(service.address(), json!({}), vec![signer]));
    let signed = |issuer: &str| key.sign(&with(claims("alice"), json!({"iss": issuer})));
    assert_eq!(gateway.request(get(&signed("https://signer.example"))).status, 200);
    assert_eq!(service.take_all().len(), 0);
    let unknown = gateway.request(get(&signed("https://else.example")));
    assert!(unknown.text().contains("jwt_auth.issuer_unknown"), "{}", unknown.text());
    assert_eq!(service.take_all().len(), 0, "a service learns no token of others");
    let own = gateway.request(get(&signed(gatehouse_demo::ISSUER)));
    assert!(own.text().contains("jwt_auth.token_inactive"), "{}", own.text());
    assert_eq!(service.take_all().len(), 1);
    trap::assert_none(&gateway);
}

const CONFIG: &str = "envoy/jwt-auth-remote.yaml";

/// The shipped config, with this service asked about the tokens of the demo's issuer.
fn builder(service: &Upstream, changes: Value) -> Builder {
    builder_of(service.address(), changes, Vec::new())
}

/// The same, with a service at this address, and with these providers besides.
fn builder_of(service: SocketAddr, changes: Value, more: Vec<Value>) -> Builder {
    let introspection = json!({
        "cluster": "auth", "path": "/oauth2/introspect", "client_id": "gate:way",
        "client_secret": "s&cret%",
    });
    let mut providers = vec![json!({
        "name": "demo", "issuer": gatehouse_demo::ISSUER, "audiences": ["gateway"],
        "introspection": with(introspection, changes),
        "claims_to_headers": [
            {"claim": "sub", "header": "x-user"}, {"claim": "roles", "header": "x-roles"},
        ],
    })];
    providers.extend(more);
    Gateway::builder(CONFIG).upstream("auth:8000", service).edit(move |tree| {
        configuration::set(tree, "jwt-auth", json!({"providers": providers}));
    })
}

/// A service that says this of the token `good`, and of no other that it is active.
fn knows(said: Value) -> impl Fn(&Received) -> Said + Send + Sync {
    move |request| match request.text().starts_with("token=good&") {
        true => Said::json(said.to_string()),
        false => Said::json(r#"{"active": false}"#),
    }
}

/// Has the service wait until it is released, and then say this of every token.
fn hold(service: &Upstream, said: Value) -> Arc<AtomicBool> {
    let release = Arc::new(AtomicBool::new(false));
    let released = Arc::clone(&release);
    service.answer_by(move |_| {
        while !released.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(5));
        }
        Said::json(said.to_string())
    });
    release
}

#[track_caller]
fn start(builder: Builder) -> Gateway {
    builder.start().unwrap_or_else(|fault| panic!("{fault}"))
}

fn get(token: &str) -> Request {
    Request::get("/orders").header("authorization", bearer(token))
}

/// How many requests have no answer yet.
fn waiting(gateway: &Gateway) -> u64 {
    gateway.stats().get("http.gateway.downstream_rq_active").copied().unwrap_or_default()
}

/// How often this was decided.
fn counted(gateway: &Gateway, code: &str) -> u64 {
    let stats = gateway.stats();
    let is_it = |name: &str| {
        name.contains("gatehouse_decisions_total") && name.contains(&format!("code={code};"))
    };
    stats.iter().filter(|(name, _)| is_it(name)).map(|(_, count)| *count).sum()
}
