//! Keys that an issuer's document leads to.

use super::*;

fn worker(host: &FakeHost) -> JwtAuth {
    worker_with(host, json!({"path": null, "jwks_cluster": "keys"}))
}

fn document() -> String {
    json!({"issuer": ISSUER, "jwks_uri": "https://keys.example/certs?v=1"}).to_string()
}

#[test]
fn one_worker_asks_for_the_document_and_then_for_the_keys() {
    let host = FakeHost::at(NOW);
    let workers = [worker(&host), worker(&host)];
    let mut waiting = Asked::with(&token_of("main"));
    assert_eq!(waiting.ask(&workers[1], &host), "wait");
    workers.iter().for_each(|worker| tick(worker, &host));
    let calls = host.take_calls();
    let [(id, callout)] = &calls[..] else { panic!("{calls:?}") };
    assert_eq!(callout.cluster, "auth");
    assert_eq!(
        (callout.authority.as_str(), callout.path.as_str()),
        ("issuer.example", "/.well-known/openid-configuration")
    );
    // Both answers may take their time: the request waits, and nobody else begins.
    host.clock.advance(Duration::from_millis(1900));
    give(&workers[0], *id, &answer("200", document()), &host);
    workers.iter().for_each(|worker| tick(worker, &host));
    assert_eq!(waiting.ask(&workers[1], &host), "wait");
    let calls = host.take_calls();
    let [(id, callout)] = &calls[..] else { panic!("{calls:?}") };
    assert_eq!(callout.cluster, "keys");
    assert_eq!((callout.authority.as_str(), callout.path.as_str()), ("keys.example", "/certs?v=1"));
    host.clock.advance(Duration::from_millis(1900));
    give(&workers[0], *id, &answer("200", key_set().to_string()), &host);
    tick(&workers[1], &host);
    assert_eq!(waiting.ask(&workers[1], &host), "allowed");
    assert_eq!(counted(&host, Event::Fetched), 1, "a fetch is both");
    workers.iter().for_each(|worker| tick(worker, &host));
    assert!(host.take_calls().is_empty());
}

#[test]
fn the_document_may_be_elsewhere_and_of_another_kind() {
    for (issuer, changes, want) in [
        (
            "https://issuer.example/tenant/",
            json!({"discovery": "openid"}),
            ("issuer.example", "/tenant/.well-known/openid-configuration"),
        ),
        (
            "https://issuer.example/tenant/",
            json!({"discovery": "oauth"}),
            ("issuer.example", "/.well-known/oauth-authorization-server/tenant"),
        ),
        (
            "https://issuer.example/tenant?x",
            json!({"discovery_path": "/login/oidc.json?v=2"}),
            ("issuer.example", "/login/oidc.json?v=2"),
        ),
        (
            "https://issuer.example",
            json!({"discovery_path": "/x", "authority": "internal:8080"}),
            ("internal:8080", "/x"),
        ),
        // One that is no URL has no host.
        ("accounts.example", json!({"discovery_path": "/x"}), ("auth", "/x")),
    ] {
        let host = FakeHost::at(NOW);
        let mut jwks = json!({"cluster": "auth"});
        gatehouse_filter_test::change(&mut jwks, &changes);
        let provider = json!({"name": "main", "issuer": issuer, "jwks": jwks});
        let worker: JwtAuth = configured(&json!({"providers": [provider]}).to_string()).unwrap();
        prepare(&worker, &host);
        tick(&worker, &host);
        let calls = host.take_calls();
        let [(id, callout)] = &calls[..] else { panic!("{calls:?}") };
        assert_eq!((callout.authority.as_str(), callout.path.as_str()), want, "{changes}");
        // Wherever it is, it is this issuer's, to the letter (RFC 8414 §3.3), or nobody's.
        let document = |issuer: &str| {
            json!({"issuer": issuer, "jwks_uri": "https://keys.example/certs"}).to_string()
        };
        give(&worker, *id, &answer("200", document(&format!("{issuer}/"))), &host);
        assert!(host.take_calls().is_empty(), "{changes}");
        assert_eq!(counted(&host, Event::Refused), 1, "{changes}");
        host.clock.advance(seconds(5));
        tick(&worker, &host);
        give(&worker, call(&host), &answer("200", document(issuer)), &host);
        let calls = host.take_calls();
        let [(id, callout)] = &calls[..] else { panic!("{calls:?}") };
        assert_eq!((callout.authority.as_str(), callout.path.as_str()), ("keys.example", "/certs"));
        give(&worker, *id, &answer("200", key_set().to_string()), &host);
        let good = super::token(&claims_with(json!({"iss": issuer})));
        assert_eq!(code(&worker, &host, &good), "allowed", "{changes}");
    }
}

#[test]
fn whatever_is_wrong_with_either_part_the_last_keys_stay() {
    let other =
        json!({"issuer": "https://evil.example", "jwks_uri": "https://evil.example/"}).to_string();
    let large = format!("{}{}", document(), " ".repeat(64 * 1024));
    let good = answer("200", document());
    let cases = [
        ("no document", Answer::default(), None, Event::FetchFailed),
        ("404", answer("404", document()), None, Event::FetchFailed),
        ("a document that is too large", answer("200", large), None, Event::Refused),
        ("another's document", answer("200", other), None, Event::Refused),
        (
            "keys where the document is to be",
            answer("200", key_set().to_string()),
            None,
            Event::Refused,
        ),
        ("no keys", good.clone(), Some(Answer::default()), Event::FetchFailed),
        ("bad keys", good.clone(), Some(answer("200", "{}")), Event::Refused),
        ("the document again", good.clone(), Some(good), Event::Refused),
    ];
    for (name, first, second, event) in cases {
        let host = FakeHost::at(NOW);
        let worker = worker(&host);
        let fetch = |first: &Answer, second: Option<&Answer>| {
            tick(&worker, &host);
            give(&worker, call(&host), first, &host);
            match second {
                Some(second) => give(&worker, call(&host), second, &host),
                None => assert!(host.take_calls().is_empty(), "{name}"),
            }
        };
        let keys = answer("200", key_set().to_string());
        fetch(&answer("200", document()), Some(&keys));
        host.clock.advance(seconds(300));
        fetch(&first, second.as_ref());
        assert_eq!(counted(&host, event), 1, "{name}");
        assert_eq!(code(&worker, &host, &token_of("main")), "allowed", "{name}");
        // And the next fetch begins with the document again.
        host.clock.advance(seconds(5));
        fetch(&answer("200", document()), Some(&keys));
        assert_eq!(counted(&host, Event::Fetched), 2, "{name}");
    }
}

#[test]
fn the_second_call_may_be_refused_too() {
    let host = FakeHost::at(NOW);
    let worker = worker(&host);
    tick(&worker, &host);
    let document_call = call(&host);
    host.refuse_calls(Some(CallRefused::BadArgument));
    give(&worker, document_call, &answer("200", document()), &host);
    assert_eq!(counted(&host, Event::FetchFailed), 0, "the cluster may yet come");
    host.refuse_calls(Some(CallRefused::Failed));
    host.clock.advance(Duration::from_millis(500));
    tick(&worker, &host);
    assert_eq!(counted(&host, Event::FetchFailed), 1);
    host.refuse_calls(None);
    host.clock.advance(Duration::from_millis(500));
    tick(&worker, &host);
    call(&host);
}

#[test]
fn issuers_at_one_place_share_no_keys() {
    let host = FakeHost::at(NOW);
    let worker: JwtAuth = configured(
        &json!({"providers": [
            {"name": "a", "issuer": ISSUER, "jwks": {"cluster": "auth"}},
            {"name": "b", "issuer": format!("{ISSUER}/"), "jwks": {"cluster": "auth"}},
        ]})
        .to_string(),
    )
    .unwrap();
    prepare(&worker, &host);
    tick(&worker, &host);
    let calls = host.take_calls();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[0].1, calls[1].1, "the same document, of which each believes only its own");
    assert_eq!(host.store.keys(), 4);
}

#[test]
fn operators_are_told_what_is_wrong_with_a_document() {
    let other =
        json!({"issuer": "https://evil.example", "jwks_uri": "https://evil.example/"}).to_string();
    let nowhere = json!({"issuer": ISSUER}).to_string();
    let file = json!({"issuer": ISSUER, "jwks_uri": "file:///etc/passwd"}).to_string();
    let long = json!({"issuer": "\u{1b}[2J".repeat(1000)}).to_string();
    for (document, want) in [
        (
            other,
            "the issuer's document is another issuer's: its `issuer` is `https://evil.example`, \
             and the provider's `https://issuer.example`,",
        ),
        (long, "its `issuer` is ` [2J [2J"),
        (nowhere, "the issuer's document has no `jwks_uri`"),
        (file, "the `jwks_uri` of the issuer's document, `file:///etc/passwd`, is no URL"),
        ("[]".to_owned(), "the issuer's document is not a JSON object"),
    ] {
        let host = FakeHost::at(NOW);
        let worker = worker(&host);
        tick(&worker, &host);
        give(&worker, call(&host), &answer("200", document), &host);
        let said = host.take_warnings().concat();
        assert!(said.contains(want) && !said.contains('\u{1b}'), "{said}");
        assert!(
            said.starts_with("keys of the provider `main` from the cluster `auth`, "),
            "{said}"
        );
    }
    // Of the two parts, the line says which.
    let host = FakeHost::at(NOW);
    let worker = worker(&host);
    tick(&worker, &host);
    give(&worker, call(&host), &answer("200", document()), &host);
    give(&worker, call(&host), &answer("404", ""), &host);
    let said = host.take_warnings().concat();
    let want = ": keys.example/certs?v=1 through the cluster `keys`: status 404";
    assert!(said.ends_with(want), "{said}");
}
