//! Tokens that were revoked, by a list that is fetched.

use super::*;

/// A filter with inline keys and a list, with these members of `revocations` besides; started on
/// this host.
fn worker(host: &FakeHost, changes: Value) -> JwtAuth {
    let mut revocations = json!({"cluster": "auth", "path": "/revoked"});
    gatehouse_filter_test::change(&mut revocations, &changes);
    let filter = filter(json!({"revocations": revocations}));
    prepare(&filter, host);
    filter
}

fn list(entries: &[Value]) -> Value {
    json!({"revoked": entries})
}

fn token_named(jti: &str) -> String {
    token(&claims_with(json!({"jti": jti, "exp": NOW + 90_000, "iat": NOW})))
}

/// How often this became of a fetch of the list.
fn counted(host: &FakeHost, event: Event) -> u64 {
    host.counted(match event {
        Event::Fetched => crate::Event::RevocationsFetched,
        Event::FetchFailed => crate::Event::RevocationsFetchFailed,
        Event::Refused => crate::Event::RevocationsRefused,
        Event::Dropped => crate::Event::RevocationsDropped,
    })
}

#[test]
fn requests_wait_for_the_first_list_and_are_judged_by_it() {
    let host = FakeHost::at(NOW);
    let workers = [worker(&host, json!({})), worker(&host, json!({}))];
    let (mut good, mut revoked) = (Asked::with(&token_named("a")), Asked::with(&token_named("b")));
    assert_eq!(good.ask(&workers[0], &host), "wait");
    assert_eq!(revoked.ask(&workers[1], &host), "wait");
    workers.iter().for_each(|worker| tick(worker, &host));
    let calls = host.take_calls();
    let [(id, callout)] = &calls[..] else { panic!("one fetch for all: {calls:?}") };
    assert_eq!((callout.cluster.as_str(), callout.path.as_str()), ("auth", "/revoked"));
    let entries = [json!({"iss": ISSUER, "jti": "b"})];
    give(&workers[0], *id, &answer("200", list(&entries).to_string()), &host);
    tick(&workers[1], &host);
    assert_eq!(good.ask(&workers[0], &host), "allowed");
    assert_eq!(revoked.ask(&workers[1], &host), "token_revoked");
    assert_eq!(counted(&host, Event::Fetched), 1);
    assert_eq!(code(&workers[0], &host, &token(&claims())), "allowed", "a token without a name");
}

#[test]
fn a_remembered_token_is_refused_from_the_list_on_that_revokes_it() {
    let host = FakeHost::at(NOW);
    let worker = worker(&host, json!({}));
    fetch(&host, &worker, &list(&[]));
    let token = token_named("a");
    for (entries, want) in [
        (vec![], "allowed"),
        (vec![json!({"iss": ISSUER, "jti": "b"})], "allowed"),
        (vec![json!({"iss": ISSUER, "jti": "a"})], "token_revoked"),
        (vec![json!({"iss": ISSUER, "sub": "alice", "before": NOW})], "allowed"),
        (vec![json!({"iss": ISSUER, "sub": "alice", "before": NOW + 1})], "token_revoked"),
        (vec![json!({"iss": ISSUER, "before": NOW})], "allowed"),
        (vec![json!({"iss": ISSUER, "before": NOW + 1})], "token_revoked"),
        (vec![json!({"iss": "https://other.example", "before": NOW + 1})], "allowed"),
    ] {
        host.clock.advance(seconds(10));
        fetch(&host, &worker, &list(&entries));
        for round in 0..3 {
            assert_eq!(code(&worker, &host, &token), want, "{entries:?} {round}");
        }
        assert_eq!(worker.cache.len(), 1);
    }
    // What says that it was issued in the future may have been issued at any time.
    let early = super::token(&claims_with(json!({"iat": NOW + 9_000, "exp": NOW + 90_000})));
    for (entries, want) in [
        (vec![json!({"iss": ISSUER, "sub": "alice", "before": NOW})], "token_revoked"),
        (vec![json!({"iss": ISSUER, "sub": "bob", "before": NOW})], "allowed"),
        (vec![json!({"iss": ISSUER, "before": NOW})], "token_revoked"),
    ] {
        host.clock.advance(seconds(10));
        fetch(&host, &worker, &list(&entries));
        assert_eq!(code(&worker, &host, &early), want, "{entries:?}");
    }
    // What nobody signed is not told whether there is such a token.
    fetch_after(&host, &worker, &list(&[json!({"iss": ISSUER, "jti": "a"})]));
    let (signed, _) = token.rsplit_once('.').unwrap();
    assert_eq!(
        code(&worker, &host, &format!("{signed}.{}", base64(&[0; 64]))),
        "signature_invalid"
    );
}

fn fetch_after(host: &FakeHost, worker: &JwtAuth, list: &Value) {
    host.clock.advance(seconds(10));
    fetch(host, worker, list);
}

#[test]
fn without_a_list_on_error_says_what_happens() {
    for (on_error, want) in [("deny", "revocations_unavailable"), ("allow", "allowed")] {
        let host = FakeHost::at(NOW);
        let worker = worker(&host, json!({"on_error": on_error, "max_age": "1m"}));
        let token = token_named("a");
        tick(&worker, &host);
        let mut asked = Asked::with(&token);
        if on_error == "deny" {
            assert_eq!(asked.ask(&worker, &host), "wait");
            host.clock.advance(seconds(2));
        }
        assert_eq!(asked.ask(&worker, &host), want);
        give(&worker, call(&host), &answer("503", ""), &host);
        fetch_after(&host, &worker, &list(&[json!({"iss": ISSUER, "jti": "a"})]));
        assert_eq!(code(&worker, &host, &token), "token_revoked", "{on_error}");
        assert_eq!(code(&worker, &host, &token_named("b")), "allowed", "{on_error}");
        // Nothing new for longer than `max_age`: as if there were none.
        for _ in 0..6 {
            host.clock.advance(seconds(10));
            tick(&worker, &host);
            give(&worker, call(&host), &answer("503", ""), &host);
        }
        assert_eq!(counted(&host, Event::Dropped), 1, "{on_error}");
        for token in [&token, &token_named("b")] {
            let mut asked = Asked::with(token);
            let first = asked.ask(&worker, &host);
            host.clock.advance(seconds(2));
            assert_eq!(
                if first == "wait" { asked.ask(&worker, &host) } else { first },
                want,
                "{on_error}"
            );
        }
    }
}

#[test]
fn without_max_age_the_last_good_list_is_used_for_ever() {
    let host = FakeHost::at(NOW);
    let worker = worker(&host, json!({}));
    fetch(&host, &worker, &list(&[json!({"iss": ISSUER, "jti": "a"})]));
    let many = list(&vec![json!({"iss": ISSUER, "jti": "x"}); 10_001]).to_string();
    for bad in [
        answer("503", ""),
        answer("404", list(&[]).to_string()),
        answer("200", "<html>"),
        answer("200", "{}"),
        answer("200", list(&[json!({"iss": ISSUER})]).to_string()),
        answer("200", many),
        answer("200", format!("{}{}", list(&[]), " ".repeat(1024 * 1024))),
        answer("304", ""),
        Answer::default(),
    ] {
        host.clock.advance(seconds(3600));
        tick(&worker, &host);
        give(&worker, call(&host), &bad, &host);
        let token = |jti: &str| {
            let now = host.clock.now().seconds();
            token(&claims_with(json!({"jti": jti, "exp": now + 60})))
        };
        assert_eq!(code(&worker, &host, &token("a")), "token_revoked");
        assert_eq!(code(&worker, &host, &token("b")), "allowed");
    }
    assert_eq!((counted(&host, Event::Refused), counted(&host, Event::FetchFailed)), (5, 4));
    assert_eq!(super::counted(&host, Event::Fetched), 0, "no keys were fetched");
}

#[test]
fn a_list_that_has_not_changed_is_not_sent_again() {
    let host = FakeHost::at(NOW);
    let workers =
        [worker(&host, json!({"max_age": "1m"})), worker(&host, json!({"max_age": "1m"}))];
    let tag = |callout: &gatehouse_filter::Callout| -> Option<String> {
        let (_, value) =
            callout.headers.iter().find(|(name, _)| name.as_str() == "if-none-match")?;
        Some(String::from_utf8(value.as_bytes().to_vec()).unwrap())
    };
    tick(&workers[0], &host);
    let calls = host.take_calls();
    assert_eq!(tag(&calls[0].1), None);
    let headers = Headers::from_list(&[(":status", "200"), ("etag", "W/\"7\"")]);
    let body = list(&[json!({"iss": ISSUER, "jti": "a"})]).to_string().into_bytes();
    give(&workers[0], calls[0].0, &Answer { headers, body, ..Answer::default() }, &host);
    // For much longer than `max_age`, by turns, and both go on to use it.
    for round in 0..20 {
        host.clock.advance(seconds(10));
        let worker = &workers[(round + 1) % 2];
        tick(worker, &host);
        let calls = host.take_calls();
        assert_eq!(tag(&calls[0].1).as_deref(), Some("W/\"7\""), "{round}");
        give(worker, calls[0].0, &answer("304", ""), &host);
        for worker in &workers {
            tick(worker, &host);
            assert_eq!(code(worker, &host, &token_named("a")), "token_revoked", "{round}");
            assert_eq!(code(worker, &host, &token_named("b")), "allowed", "{round}");
        }
    }
    assert_eq!(counted(&host, Event::Fetched), 21);
    assert_eq!(counted(&host, Event::Dropped), 0);
}

#[test]
fn a_worker_whose_list_became_too_old_finds_it_confirmed() {
    let host = FakeHost::at(NOW);
    let workers =
        [worker(&host, json!({"max_age": "1m"})), worker(&host, json!({"max_age": "1m"}))];
    fetch(&host, &workers[0], &list(&[]));
    tick(&workers[1], &host);
    host.clock.advance(seconds(60));
    tick(&workers[1], &host);
    let late = call(&host);
    assert_eq!(counted(&host, Event::Dropped), 1);
    give(&workers[1], late, &answer("503", ""), &host);
    host.clock.advance(seconds(10));
    tick(&workers[0], &host);
    // The same body again, which the store has already.
    give(&workers[0], call(&host), &answer("200", list(&[]).to_string()), &host);
    tick(&workers[1], &host);
    assert_eq!(code(&workers[1], &host, &token_named("a")), "allowed");
}

#[test]
fn a_dry_run_waits_for_no_list() {
    let host = FakeHost::at(NOW);
    let filter = filter(json!({"mode": "shadow", "revocations": {"cluster": "auth", "path": "/"}}));
    prepare(&filter, &host);
    assert_eq!(code(&filter, &host, &token_named("a")), "revocations_unavailable");
    fetch(&host, &filter, &list(&[json!({"iss": ISSUER, "jti": "a"})]));
    assert_eq!(code(&filter, &host, &token_named("a")), "token_revoked");
    assert_eq!(code(&filter, &host, &token_named("b")), "allowed");
}

#[test]
fn what_is_wrong_with_the_place_of_a_list_is_told_where_it_is() {
    let faults = |changes: Value| {
        let mut revocations = json!({"cluster": "auth", "path": "/revoked"});
        gatehouse_filter_test::change(&mut revocations, &changes);
        let provider = json!({"name": "main", "issuer": ISSUER, "jwks": key_set()});
        let configuration = json!({"providers": [provider], "revocations": revocations});
        configured::<JwtAuth>(&configuration.to_string()).err().unwrap_or_default()
    };
    let all = json!({"authority": "idp.example", "refresh": "1s", "timeout": "1s", "max_age": "1h", "retry": "1s",
        "max_size": "4MiB", "max_entries": 100_000, "on_error": "allow"});
    assert_eq!(faults(all), [""; 0]);
    for (changes, want) in [
        (json!({"cluster": null}), ".cluster: is required"),
        (json!({"path": null}), ".path: is required"),
        (json!({"path": "x"}), ".path: must begin with /"),
        (json!({"max_size": "5MiB"}), ".max_size: must be from 1B to 4096KiB"),
        (json!({"max_entries": 0}), ".max_entries: must be from 1 to 100000"),
        (json!({"on_error": "retry"}), ".on_error: must be one of deny, allow"),
        (
            json!({"max_age": "5s"}),
            ": max_age must be longer than refresh: what is in use would be too old before something new comes",
        ),
        (json!({"on_eror": "deny"}), ".on_eror: unknown field, did you mean `on_error`?"),
    ] {
        assert_eq!(faults(changes), [format!("revocations{want}")]);
    }
}
