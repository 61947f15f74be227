//! What becomes of requests whose keys are fetched.

use super::*;

#[test]
fn requests_wait_for_the_first_set_and_are_decided_when_it_comes() {
    let host = FakeHost::at(NOW);
    let worker = worker(&host);
    let (mut good, mut unknown) = (Asked::with(&token_of("main")), Asked::with(&token_of("other")));
    assert_eq!(good.ask(&worker, &host), "wait");
    assert_eq!(unknown.ask(&worker, &host), "wait");
    assert!(host.take_calls().is_empty(), "a request makes no call");

    tick(&worker, &host);
    let calls = host.take_calls();
    let (id, callout) = &calls[0];
    assert_eq!((callout.cluster.as_str(), callout.authority.as_str()), ("auth", "auth"));
    assert_eq!((&*callout.method, callout.path.as_str()), ("GET", "/jwks.json"));
    assert_eq!(callout.timeout, seconds(2));
    tick(&worker, &host);
    assert!(host.take_calls().is_empty(), "one fetch at a time");

    give(&worker, CallId(id.0 + 1), &answer("200", key_set().to_string()), &host);
    assert_eq!(good.ask(&worker, &host), "wait", "that was no answer to this call");
    give(&worker, *id, &answer("200", key_set().to_string()), &host);
    assert_eq!(good.ask(&worker, &host), "allowed");
    assert_eq!(unknown.ask(&worker, &host), "key_unknown");
    assert_eq!(counted(&host, Event::Fetched), 1);
}

#[test]
fn what_needs_no_key_does_not_wait_for_one() {
    let host = FakeHost::at(NOW);
    let worker = worker(&host);
    for (token, want) in [
        (token(&claims_with(json!({"exp": 1}))), "token_expired"),
        (token(&claims_with(json!({"aud": "x"}))), "audience_mismatch"),
        (token(&claims_with(json!({"iss": "x"}))), "issuer_unknown"),
        ("x".to_owned(), "token_malformed"),
    ] {
        assert_eq!(code(&worker, &host, &token), want);
    }
}

#[test]
fn a_request_waits_no_longer_than_the_timeout() {
    let host = FakeHost::at(NOW);
    let worker = worker(&host);
    let mut asked = Asked::with(&token_of("main"));
    assert_eq!(asked.ask(&worker, &host), "wait");
    tick(&worker, &host);
    host.clock.advance(Duration::from_millis(1999));
    assert_eq!(asked.ask(&worker, &host), "wait");
    host.clock.advance(Duration::from_millis(1));
    assert_eq!(asked.ask(&worker, &host), "keys_unavailable");

    let outcome = {
        let mut asked = Asked::with(&token(&claims_with(json!({"iat": null}))));
        assert_eq!(asked.ask(&worker, &host), "wait");
        host.clock.step_back(seconds(3600));
        asked.ask(&worker, &host)
    };
    assert_eq!(outcome, "keys_unavailable", "the clock stepped back");
}

#[test]
fn a_rotation_loses_no_request() {
    let host = FakeHost::at(NOW);
    let workers = [worker(&host), worker(&host)];
    fetch(&host, &workers[0], &set_of(&["a"]));
    tick(&workers[1], &host);
    host.clock.advance(seconds(5));
    let mut first = Asked::with(&token_of("b"));
    let mut second = Asked::with(&token_of("b"));
    assert_eq!(first.ask(&workers[1], &host), "wait");
    tick(&workers[1], &host);
    let call = call(&host);
    tick(&workers[0], &host);
    assert_eq!(second.ask(&workers[0], &host), "wait", "it shares the fetch");
    assert_eq!(code(&workers[0], &host, &token_of("a")), "allowed", "nobody else waits");
    give(&workers[1], call, &answer("200", set_of(&["b"]).to_string()), &host);
    tick(&workers[0], &host);
    assert_eq!(first.ask(&workers[1], &host), "allowed");
    assert_eq!(second.ask(&workers[0], &host), "allowed");
    for worker in &workers {
        tick(worker, &host);
        // Gone from the set, gone from use; it cannot be fetched again so soon.
        assert_eq!(code(worker, &host, &token_of("a")), "key_unknown");
    }
}

#[test]
fn a_key_that_is_published_while_the_keys_are_fetched_is_found_by_the_next_fetch() {
    let host = FakeHost::at(NOW);
    let settings = json!({"refresh": "1s", "retry": "1s", "timeout": "3s"});
    let workers = [worker_with(&host, settings.clone()), worker_with(&host, settings)];
    fetch(&host, &workers[0], &set_of(&["a"]));
    tick(&workers[1], &host);
    host.clock.advance(seconds(1));
    tick(&workers[0], &host);
    let under_way = call(&host);
    host.clock.advance(Duration::from_millis(10));
    let mut asked = [Asked::with(&token_of("b")), Asked::with(&token_of("b"))];
    for (asked, worker) in asked.iter_mut().zip(&workers) {
        assert_eq!(asked.ask(worker, &host), "wait");
    }
    // The provider settled this answer before it published the key.
    give(&workers[0], under_way, &answer("200", set_of(&["a"]).to_string()), &host);
    for (asked, worker) in asked.iter_mut().zip(&workers) {
        tick(worker, &host);
        assert_eq!(asked.ask(worker, &host), "wait");
    }
    host.clock.advance(seconds(1));
    fetch(&host, &workers[0], &set_of(&["a", "b"]));
    for (asked, worker) in asked.iter_mut().zip(&workers) {
        tick(worker, &host);
        assert_eq!(asked.ask(worker, &host), "allowed");
    }
}

#[test]
fn a_set_may_change_its_algorithm() {
    let host = FakeHost::at(NOW);
    let worker = worker(&host);
    let rsa_like = json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": "old",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]});
    fetch(&host, &worker, &rsa_like);
    host.clock.advance(seconds(5));
    let mut asked = Asked::with(&token_of("main"));
    assert_eq!(asked.ask(&worker, &host), "wait");
    fetch(&host, &worker, &key_set());
    assert_eq!(asked.ask(&worker, &host), "allowed");
}

#[test]
fn an_unknown_key_is_looked_for_once_and_then_refused() {
    for (name, came, want) in [
        ("the same set", answer("200", key_set().to_string()), "key_unknown"),
        ("no answer", Answer::default(), "keys_unavailable"),
        ("garbage", answer("200", "garbage"), "keys_unavailable"),
    ] {
        let host = FakeHost::at(NOW);
        let worker = worker(&host);
        fetch(&host, &worker, &key_set());
        assert_eq!(code(&worker, &host, &token_of("x")), "key_unknown", "{name}: just fetched");
        host.clock.advance(seconds(5));
        let mut asked = Asked::with(&token_of("x"));
        assert_eq!(asked.ask(&worker, &host), "wait", "{name}");
        tick(&worker, &host);
        give(&worker, call(&host), &came, &host);
        assert_eq!(asked.ask(&worker, &host), want, "{name}");
        assert_eq!(code(&worker, &host, &token_of("main")), "allowed", "{name}");
    }
}

#[test]
fn a_storm_of_unknown_keys_makes_one_fetch_a_period_and_fills_no_memory() {
    let host = FakeHost::at(NOW);
    let workers = [worker(&host), worker(&host)];
    fetch(&host, &workers[0], &key_set());
    tick(&workers[1], &host);
    let mut fetches = 0;
    for round in 0..600 {
        host.clock.advance(Duration::from_millis(100));
        for worker in &workers {
            assert_ne!(code(worker, &host, &token_of(&format!("storm-{round}"))), "allowed");
            assert_eq!(code(worker, &host, &token_of("main")), "allowed");
            tick(worker, &host);
        }
        for (id, _) in host.take_calls() {
            fetches += 1;
            workers
                .iter()
                .for_each(|worker| give(worker, id, &answer("200", key_set().to_string()), &host));
        }
    }
    assert_eq!(fetches, 12, "a minute of storm, a fetch every 5 s");
    assert_eq!(host.store.keys(), 2);

    host.clock.advance(seconds(5));
    let token = token_of("storm");
    let mut crowd: Vec<_> = (0..MAX_WAITERS).map(|_| Asked::with(&token)).collect();
    for asked in &mut crowd {
        assert_eq!(asked.ask(&workers[0], &host), "wait");
    }
    assert_eq!(code(&workers[0], &host, &token), "key_unknown", "no seat is left");
    assert_eq!(code(&workers[0], &host, &token_of("main")), "allowed");
    crowd.pop();
    let mut next = Asked::with(&token);
    assert_eq!(next.ask(&workers[0], &host), "wait", "a client went away");
    tick(&workers[0], &host);
    give(&workers[0], call(&host), &answer("200", key_set().to_string()), &host);
    for asked in &mut crowd {
        assert_eq!(asked.ask(&workers[0], &host), "key_unknown");
    }
}

#[test]
fn a_dry_run_delays_nobody() {
    let host = FakeHost::at(NOW);
    let provider =
        json!({"name": "main", "issuer": ISSUER, "jwks": {"cluster": "auth", "path": "/"}});
    let filter: JwtAuth =
        configured(&json!({"mode": "shadow", "providers": [provider]}).to_string()).unwrap();
    prepare(&filter, &host);
    assert_eq!(code(&filter, &host, &token_of("main")), "keys_unavailable");
    fetch(&host, &filter, &key_set());
    assert_eq!(code(&filter, &host, &token_of("main")), "allowed");
    assert_eq!(code(&filter, &host, &token_of("x")), "key_unknown");
    host.clock.advance(seconds(5));
    tick(&filter, &host);
    call(&host);
}

#[test]
fn a_request_that_needs_two_tokens_waits_for_the_keys_of_each() {
    let host = FakeHost::at(NOW);
    let provider = |name: &str, issuer: &str, source: Value| json!({"name": name, "issuer": issuer, "jwks": {"cluster": name, "path": "/"}, "sources": [source]});
    let worker: JwtAuth = configured(
        &json!({
            "providers": [
                provider("a", ISSUER, json!({"header": "authorization", "prefix": "Bearer "})),
                provider("b", "https://b.example", json!({"header": "x-b"})),
            ],
            "default": {"all": ["a", "b"]},
        })
        .to_string(),
    )
    .unwrap();
    prepare(&worker, &host);
    let authorization = format!("Bearer {}", token(&claims()));
    let of_b = token(&claims_with(json!({"iss": "https://b.example"})));
    let head = [
        (":method", "GET"),
        (":path", "/"),
        ("authorization", authorization.as_str()),
        ("x-b", &of_b),
    ];
    let mut slot = None;
    let mut ask = || {
        let mut request = Request::new(Headers::from_list(&head), &host);
        let decision = worker.on_request(&mut request, &mut slot);
        code_or_wait(&decision)
    };
    assert_eq!(ask(), "wait");
    tick(&worker, &host);
    let calls = host.take_calls();
    give(&worker, calls[0].0, &answer("200", key_set().to_string()), &host);
    host.clock.advance(Duration::from_millis(1500));
    assert_eq!(ask(), "wait", "for the other");
    host.clock.advance(Duration::from_millis(1500));
    assert_eq!(ask(), "wait", "each has its own time");
    give(&worker, calls[1].0, &answer("200", key_set().to_string()), &host);
    assert_eq!(ask(), "allowed");
}
