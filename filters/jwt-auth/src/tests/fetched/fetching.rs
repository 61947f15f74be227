//! What of keys is fetched, and who uses it. By whom and when: `crates/filter/tests/fetched.rs`.

use super::*;

#[test]
fn one_fetch_serves_every_worker() {
    let host = FakeHost::at(NOW);
    let workers = [worker(&host), worker(&host), worker(&host)];
    let mut waiting = Asked::with(&token_of("main"));
    assert_eq!(waiting.ask(&workers[1], &host), "wait");
    workers.iter().for_each(|worker| tick(worker, &host));
    give(&workers[0], call(&host), &answer("200", key_set().to_string()), &host);
    assert_eq!(waiting.ask(&workers[1], &host), "wait", "it has not looked yet");
    tick(&workers[1], &host);
    assert_eq!(waiting.ask(&workers[1], &host), "allowed");
    workers.iter().for_each(|worker| tick(worker, &host));
    assert!(host.take_calls().is_empty());

    let late = worker(&host);
    assert_eq!(
        code(&late, &host, &token_of("main")),
        "allowed",
        "a new worker finds the set at once"
    );
    assert_eq!(host.store.keys(), 2);
}

#[test]
fn keys_are_refreshed_behind_the_requests() {
    let host = FakeHost::at(NOW);
    let worker = worker(&host);
    fetch(&host, &worker, &set_of(&["a"]));
    host.clock.advance(seconds(299));
    tick(&worker, &host);
    assert!(host.take_calls().is_empty(), "not yet");
    host.clock.advance(seconds(1));
    tick(&worker, &host);
    assert_eq!(code(&worker, &host, &token_of("a")), "allowed", "while the fetch is on its way");
    give(&worker, call(&host), &answer("200", set_of(&["a", "b"]).to_string()), &host);
    assert_eq!(code(&worker, &host, &token_of("a")), "allowed");
    assert_eq!(code(&worker, &host, &token_of("b")), "allowed");
    tick(&worker, &host);
    assert!(host.take_calls().is_empty(), "until the next refresh");
}

#[test]
fn a_bad_answer_changes_nothing() {
    let ec = json!({"kty": "oct", "k": base64(&[7; 32])});
    let mixed = json!({"keys": [key_set()["keys"][0], ec]}).to_string();
    let secret = json!({"keys": [ec]}).to_string();
    let good = key_set().to_string();
    let padded = format!("{good}{}", " ".repeat(64 * 1024));
    let truncated = Answer { truncated: true, ..answer("200", " ".repeat(MAX_KEY_SET)) };
    let cases = [
        ("no answer", Answer::default(), Event::FetchFailed),
        ("503", answer("503", good.clone()), Event::FetchFailed),
        ("504", answer("504", ""), Event::FetchFailed),
        ("404", answer("404", good.clone()), Event::FetchFailed),
        ("204", answer("204", ""), Event::FetchFailed),
        ("302", answer("302", good.clone()), Event::FetchFailed),
        ("no number", answer("2oo", good.clone()), Event::FetchFailed),
        ("empty", answer("200", ""), Event::Refused),
        ("HTML", answer("200", "<html>sign in</html>"), Event::Refused),
        ("not UTF-8", answer("200", b"\xff\xfe".to_vec()), Event::Refused),
        ("no list", answer("200", "{}"), Event::Refused),
        ("no key", answer("200", r#"{"keys": []}"#), Event::Refused),
        ("no usable key", answer("200", r#"{"keys": [{"kty": "RSA"}]}"#), Event::Refused),
        ("secrets beside public keys", answer("200", mixed), Event::Refused),
        ("secrets", answer("200", secret), Event::Refused),
        ("nested", answer("200", "[".repeat(60_000)), Event::Refused),
        ("10 MB", truncated, Event::Refused),
        ("a byte too many", answer("200", padded), Event::Refused),
    ];
    for (name, bad, event) in cases {
        let host = FakeHost::at(NOW);
        let workers = [worker(&host), worker(&host)];
        // As the first answer: nothing, and the next try comes soon.
        tick(&workers[0], &host);
        give(&workers[0], call(&host), &bad, &host);
        assert_eq!(counted(&host, event), 1, "{name}");
        assert_eq!(code(&workers[0], &host, &token_of("main")), "wait", "{name}");
        host.clock.advance(Duration::from_millis(500));
        fetch(&host, &workers[0], &key_set());
        // As a later one: the last good set stays, for everybody.
        host.clock.advance(seconds(300));
        tick(&workers[0], &host);
        give(&workers[0], call(&host), &bad, &host);
        assert_eq!(counted(&host, event), 2, "{name}");
        for worker in &workers {
            tick(worker, &host);
            assert_eq!(code(worker, &host, &token_of("main")), "allowed", "{name}");
        }
        assert!(host.take_calls().is_empty(), "{name}: not at once again");
        host.clock.advance(seconds(5));
        fetch(&host, &workers[1], &key_set());
        assert_eq!(counted(&host, Event::Fetched), 2, "{name}");
    }
}

#[test]
fn keys_are_used_while_the_provider_is_down_but_not_for_ever() {
    let host = FakeHost::at(NOW);
    let worker = worker_with(&host, json!({"max_age": "1h"}));
    fetch(&host, &worker, &key_set());
    let down = || {
        tick(&worker, &host);
        for (id, _) in host.take_calls() {
            give(&worker, id, &answer("503", "upstream connect error"), &host);
        }
    };
    let mut token = claims_with(json!({"exp": NOW + 9000}));
    token["iat"] = json!(NOW);
    let token = super::token(&token);
    for _ in 0..359 {
        host.clock.advance(seconds(10));
        down();
        assert_eq!(code(&worker, &host, &token), "allowed");
    }
    host.clock.advance(seconds(10));
    down();
    assert_eq!(counted(&host, Event::Dropped), 1);
    let mut asked = Asked::with(&token);
    assert_ne!(asked.ask(&worker, &host), "allowed");
    host.clock.advance(seconds(5));
    fetch(&host, &worker, &key_set());
    assert_eq!(code(&worker, &host, &token), "allowed", "it is back");
}

#[test]
fn whoever_would_wait_in_vain_is_told_so_at_once() {
    let host = FakeHost::at(NOW);
    let worker = worker(&host);
    host.refuse_calls(Some(CallRefused::Failed));
    // The pauses have grown to `retry` by then.
    for _ in 0..200 {
        tick(&worker, &host);
        host.clock.advance(Duration::from_millis(100));
    }
    assert_eq!(counted(&host, Event::FetchFailed), 7);
    // No fetch can begin while this request may wait.
    assert_eq!(code(&worker, &host, &token_of("main")), "keys_unavailable");
    host.refuse_calls(None);
    host.clock.advance(seconds(5));
    assert_eq!(code(&worker, &host, &token_of("main")), "wait");
    fetch(&host, &worker, &key_set());
    assert_eq!(code(&worker, &host, &token_of("main")), "allowed");
}

#[test]
fn a_clock_that_is_set_back_holds_up_no_fetch() {
    let host = FakeHost::at(NOW);
    let worker = worker(&host);
    fetch(&host, &worker, &key_set());
    host.clock.step_back(seconds(3600));
    let token = super::token(&claims_with(json!({"iat": null})));
    assert_eq!(code(&worker, &host, &token), "allowed");
    tick(&worker, &host);
    let held = call(&host);
    host.clock.step_back(seconds(3600));
    tick(&worker, &host);
    let taken = call(&host);
    give(&worker, held, &Answer::default(), &host);
    give(&worker, taken, &answer("200", set_of(&["main", "b"]).to_string()), &host);
    assert_eq!(code(&worker, &host, &token), "allowed");
    tick(&worker, &host);
    assert!(host.take_calls().is_empty());
}

#[test]
fn two_providers_fetch_each_its_own() {
    let host = FakeHost::at(NOW);
    let provider = |name: &str, issuer: &str| json!({"name": name, "issuer": issuer, "jwks": {"cluster": name, "path": "/"}});
    let filter: JwtAuth = configured(
        &json!({"providers": [provider("a", ISSUER), provider("b", "https://b.example")]})
            .to_string(),
    )
    .unwrap();
    prepare(&filter, &host);
    tick(&filter, &host);
    let calls = host.take_calls();
    assert_eq!(calls.len(), 2);
    let of_b = token(&claims_with(json!({"iss": "https://b.example"})));
    give(&filter, calls[1].0, &answer("200", key_set().to_string()), &host);
    assert_eq!(code(&filter, &host, &of_b), "allowed");
    assert_eq!(code(&filter, &host, &token(&claims())), "wait");
    give(&filter, calls[0].0, &Answer::default(), &host);
    assert_eq!(counted_of(&host, "a", Event::FetchFailed), 1);
    assert_eq!(counted_of(&host, "b", Event::Fetched), 1);
}

#[test]
fn without_a_store_there_are_no_keys_and_no_panic() {
    let host = FakeHost::at(NOW);
    host.store.break_down();
    let worker = worker(&host);
    tick(&worker, &host);
    assert!(host.take_calls().is_empty());
    let mut asked = Asked::with(&token_of("main"));
    assert_eq!(asked.ask(&worker, &host), "wait");
    host.clock.set_seconds(Timestamp::from_seconds(NOW + 2).seconds());
    assert_eq!(asked.ask(&worker, &host), "keys_unavailable");
}

#[test]
fn operators_are_told_why_a_fetch_fails_once_for_each_reason() {
    let host = FakeHost::at(NOW);
    let worker = worker_with(&host, json!({"max_size": "1KiB"}));
    let said = |answer: Result<Answer, CallRefused>| {
        host.clock.advance(seconds(300));
        host.refuse_calls(answer.as_ref().err().copied());
        tick(&worker, &host);
        if let Ok(answer) = &answer {
            give(&worker, call(&host), answer, &host);
        }
        host.take_warnings().concat()
    };
    let secret = json!({"keys": [{"kty": "oct", "k": base64(&[7; 32])}]}).to_string();
    let long = json!({"keys": [{"kty": "\n".repeat(900)}]}).to_string().replace("\\n", "a");
    for (reply, want) in [
        // While Envoy starts that may yet come.
        (Err(CallRefused::BadArgument), ""),
        (Err(CallRefused::BadArgument), "cluster `auth`: Envoy has no such cluster"),
        (Err(CallRefused::BadArgument), ""),
        (Ok(answer("503", "")), "status 503: nobody answers there"),
        (Ok(answer("504", "")), "status 504: no answer in time"),
        (Ok(answer("200", "<html>")), "the key set is not a JSON object"),
        (
            Ok(answer("200", json!({"keys": []}).to_string())),
            "the key set has no key that can verify signatures",
        ),
        (Ok(answer("200", secret)), "the key set has secrets (`oct`)"),
        (Ok(answer("200", " ".repeat(1025))), "the answer is larger than 1024 bytes"),
        (Ok(answer("200", long)), "has the unknown `kty` `aaa"),
        (Ok(answer("200", key_set().to_string())), "recovered"),
        (Ok(answer("200", key_set().to_string())), ""),
    ] {
        let line = said(reply);
        assert_eq!(line.is_empty(), want.is_empty(), "{line}");
        let is_told = line
            .starts_with("keys of the provider `main` from the cluster `auth`, /jwks.json: ")
            || line.is_empty();
        assert!(is_told && line.contains(want), "{line}: {want}");
        assert!(line.len() < 400 && !line.contains('\n'), "{line}");
    }
}

#[test]
fn operators_are_told_which_keys_are_in_use_whenever_they_are_others() {
    let host = FakeHost::at(NOW);
    let workers = [worker(&host), worker(&host)];
    let weak = json!({"kty": "RSA", "kid": "old", "e": "AQAB", "n": base64(&[0xff; 128])});
    let for_encryption = json!({"kty": "RSA", "use": "enc", "kid": "enc"});
    let with = |other: Value| {
        let mut set = set_of(&["a"]);
        set["keys"].as_array_mut().unwrap().push(other);
        set
    };
    let unnamed = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA",
        "x": key_set()["keys"][0]["x"]}]});
    for (number, (set, want)) in [
        (set_of(&["a"]), "a (OKP: EdDSA)"),
        (set_of(&["a"]), ""),
        // Other bytes, the same keys.
        (with(for_encryption), ""),
        (set_of(&["a", "b\n\u{202e}"]), "a (OKP: EdDSA), b   (OKP: EdDSA)"),
        (
            with(weak),
            "a (OKP: EdDSA); not used: keys[1] has a modulus of 1024 bits; 2048 to 4096 are accepted",
        ),
        (unnamed, "without kid (OKP: EdDSA)"),
    ]
    .into_iter()
    .enumerate()
    {
        host.clock.advance(seconds(300));
        // Whichever worker it is that fetches: the others only follow.
        let (one, other) = (&workers[number % 2], &workers[(number + 1) % 2]);
        fetch(&host, one, &set);
        tick(other, &host);
        let lines = host.take_lines();
        let told = format!(
            "keys of the provider `main` from the cluster `auth`, /jwks.json: now in use: {want}"
        );
        assert_eq!(lines, if want.is_empty() { vec![] } else { vec![told] });
    }
    assert_eq!(host.take_warnings(), Vec::<String>::new());
}

#[test]
fn a_byte_order_mark_before_the_keys_is_no_fault() {
    let host = FakeHost::at(NOW);
    let worker = worker(&host);
    tick(&worker, &host);
    let body = format!("\u{feff}{}", set_of(&["a"]));
    give(&worker, call(&host), &answer("200", body), &host);
    assert_eq!(counted(&host, Event::Fetched), 1);
    assert_eq!(Asked::with(&token_of("a")).ask(&worker, &host), "allowed");
}

#[test]
fn while_the_provider_is_down_a_new_key_is_not_unknown_but_not_to_be_had() {
    let host = FakeHost::at(NOW);
    let worker = worker(&host);
    fetch(&host, &worker, &set_of(&["a"]));
    host.clock.advance(seconds(10));
    let mut asked = Asked::with(&token_of("b"));
    assert_eq!(asked.ask(&worker, &host), "wait");
    tick(&worker, &host);
    give(&worker, call(&host), &answer("503", "down"), &host);
    assert_eq!(asked.ask(&worker, &host), "keys_unavailable");
    // The keys that are there stay good, and when it is up again the other one is unknown.
    assert_eq!(Asked::with(&token_of("a")).ask(&worker, &host), "allowed");
    host.clock.advance(seconds(10));
    let mut asked = Asked::with(&token_of("b"));
    assert_eq!(asked.ask(&worker, &host), "wait");
    fetch(&host, &worker, &set_of(&["a", "c"]));
    assert_eq!(asked.ask(&worker, &host), "key_unknown");
}
