//! When a proof is good, how often, and what it costs who has none.

use super::*;
use gatehouse_filter::{Attribute, Attributes as _};

#[test]
fn a_proof_is_remembered_for_as_long_as_it_would_be_taken() {
    let client = Client::new(7);
    let filter = started(&client, json!({"max_age": "5s", "leeway": "2s"}));
    let token = client.token();
    let early = changed(client.claims(&token, "early"), json!({"iat": NOW + 2}));
    let early = client.sign(&client.header(), &early);
    let first = client.proof(&token, "first");
    assert_eq!(client.code(&filter, &token, &early), "allowed");
    assert_eq!(client.code(&filter, &token, &first), "allowed");
    for (seconds, of_first, of_early) in [
        (1, "proof_used", "proof_used"),
        (6, "proof_used", "proof_used"),
        (7, "proof_invalid", "proof_used"),
        (8, "proof_invalid", "proof_used"),
        (9, "proof_invalid", "proof_invalid"),
    ] {
        client.host.clock.set_seconds(NOW + seconds);
        assert_eq!(client.code(&filter, &token, &first), of_first, "{seconds}");
        assert_eq!(client.code(&filter, &token, &early), of_early, "{seconds}");
    }
    // A clock that is set back.
    client.host.clock.set_seconds(NOW);
    assert_eq!(client.code(&filter, &token, &first), "proof_used");
}

#[test]
fn a_nonce_is_asked_for_given_and_good_for_its_time() {
    let client = Client::new(7);
    let filter = started(&client, json!({"nonce_lifetime": "5m"}));
    let token = client.token();
    let with = |nonce: Value, id: &str, more: Value| {
        let claims = changed(client.claims(&token, id), json!({"nonce": nonce}));
        client.sign(&client.header(), &changed(claims, more))
    };
    let outcome = client.send(&filter, &token, &client.proof(&token, "1"));
    assert_eq!(outcome.decision.code.name(), "nonce_needed");
    assert_eq!(outcome.status(), Some(401));
    assert!(
        challenge(&outcome)
            .starts_with(r#"DPoP realm="gatehouse", error="use_dpop_nonce", error_description=""#)
    );
    let Step::Reply(Reply::Problem(reply)) = outcome.decision.step else { panic!() };
    let field = |name: &str| {
        let mut fields = reply.headers.iter().filter(|(known, _)| known.as_str() == name);
        String::from_utf8(fields.next().unwrap().1.as_bytes().to_vec()).unwrap()
    };
    // RFC 9449 §8.2.
    assert_eq!(field("cache-control"), "no-store");
    let nonce = field("dpop-nonce");
    let proof = with(json!(nonce), "2", json!({}));
    assert_eq!(client.code(&filter, &token, &proof), "allowed");
    assert_eq!(client.code(&filter, &token, &proof), "proof_used");
    // Its time is the nonce's, and the client's clock does not matter.
    for (id, iat) in [("3", 1), ("4", NOW + 100_000)] {
        let proof = with(json!(nonce), id, json!({"iat": iat}));
        assert_eq!(client.code(&filter, &token, &proof), "allowed", "{iat}");
    }
    let without = with(json!(nonce), "5", json!({"iat": null}));
    assert_eq!(client.code(&filter, &token, &without), "proof_invalid");
    for (id, bad) in [json!(""), json!("x"), json!(1), json!([nonce]), json!(format!("{nonce}A"))]
        .into_iter()
        .enumerate()
    {
        let proof = with(bad.clone(), &format!("bad {id}"), json!({}));
        assert_eq!(client.code(&filter, &token, &proof), "nonce_needed", "{bad}");
    }
    client.host.clock.set_seconds(NOW + 299);
    assert_eq!(client.code(&filter, &token, &proof), "proof_used");
    assert_eq!(client.code(&filter, &token, &with(json!(nonce), "6", json!({}))), "allowed");
    client.host.clock.set_seconds(NOW + 300);
    assert_eq!(client.code(&filter, &token, &with(json!(nonce), "7", json!({}))), "nonce_needed");
}

#[test]
fn the_next_nonce_is_left_for_answers_once_half_of_its_time_is_over() {
    let client = Client::new(7);
    let token = client.token();
    let left = |name: &str| {
        let value = client.host.attribute(Attribute::FilterState(name))?;
        Some(String::from_utf8(value).unwrap())
    };
    let names = ["gatehouse.dpop_nonce", "gatehouse.dpop_cache_control"];
    // Without nonces there is none.
    let filter = started(&client, json!({}));
    assert_eq!(client.code(&filter, &token, &client.proof(&token, "0")), "allowed");
    assert_eq!(names.map(left), [None, None]);
    let filter = started(&client, json!({"nonce_lifetime": "5m"}));
    let nonce = |seconds: u64| {
        let secret = filter.secret(&client.host).unwrap();
        crate::proof::Nonces::make(secret, gatehouse_filter::Timestamp::from_seconds(seconds))
    };
    let first = nonce(NOW);
    let with = |nonce: &str, id: u64| {
        let claims = changed(client.claims(&token, &id.to_string()), json!({"nonce": nonce}));
        client.sign(&client.header(), &claims)
    };
    for (seconds, want) in [(0, None), (150, None), (151, Some(())), (299, Some(()))] {
        client.host.clock.set_seconds(NOW + seconds);
        assert_eq!(client.code(&filter, &token, &with(&first, seconds + 1)), "allowed");
        let want = want.map(|()| nonce(NOW + seconds));
        let kept = want.as_ref().map(|_| "no-store".to_owned());
        assert_eq!(names.map(left), [want, kept], "{seconds}");
    }
    // The one that was left is good, also when the one before it is no more. A refused request is
    // left none.
    let next = left(names[0]).unwrap();
    client.host.clock.set_seconds(NOW + 301);
    for (code, id) in [("allowed", 1000), ("proof_used", 1000)] {
        assert_eq!(client.code(&filter, &token, &with(&next, id)), code);
    }
    client.host.clock.set_seconds(NOW + 599);
    let thief = Client::new(8);
    let stolen = changed(thief.claims(&token, "x"), json!({"nonce": nonce(NOW + 301)}));
    let code = client.code(&filter, &token, &thief.sign(&thief.header(), &stolen));
    assert_eq!(code, "proof_key_mismatch");
    assert_eq!(left(names[0]), Some(next));
}

#[test]
fn a_proof_that_was_used_or_is_bad_at_no_cost_verifies_nothing() {
    let client = Client::new(7);
    let filter = started(&client, json!({}));
    let token = client.token();
    let good = client.proof(&token, "1");
    assert_eq!(client.code(&filter, &token, &good), "allowed");
    let busy = filter_with(
        "dpop",
        json!({}),
        json!({"verification": {"per_second": "10ms", "per_request": "1ms"}}),
    );
    busy.start(&client.host).unwrap();
    // Forged proofs of a stolen token: of each second one, and what the bounds let.
    let thief = Client::new(8);
    let forged =
        |id: usize| thief.sign(&client.header(), &client.claims(&token, &format!("f{id}")));
    let codes: Vec<_> = (0..200).map(|id| client.code(&busy, &token, &forged(id))).collect();
    let count = |code: &str| codes.iter().filter(|known| **known == code).count();
    assert!(count("proof_invalid") >= 2, "{}", count("proof_invalid"));
    assert!(count("verifier_busy") >= 100, "{}", count("verifier_busy"));
    // The owner's other tokens, and other owners', are verified all the same.
    let other = Client::new(9);
    let others = other.token();
    let first = client.code(&busy, &others, &other.proof(&others, "o1"));
    assert!(["allowed", "verifier_busy"].contains(&first), "it was never seen: {first}");
    client.host.clock.set_seconds(NOW + 1);
    assert_eq!(client.code(&busy, &others, &other.proof(&others, "o2")), "allowed");
    for id in 200..400 {
        client.code(&busy, &token, &forged(id));
    }
    assert_eq!(client.code(&busy, &others, &other.proof(&others, "o3")), "allowed");
    // In the next second the owner's own are, too.
    client.host.clock.set_seconds(NOW + 2);
    assert_eq!(client.code(&busy, &token, &client.proof(&token, "2")), "allowed");
}

#[test]
fn where_it_cannot_be_told_whether_a_proof_was_used_it_is_refused() {
    let client = Client::new(7);
    let filter = started(&client, json!({}));
    let token = client.token();
    client.host.store.break_down();
    let outcome = client.send(&filter, &token, &client.proof(&token, "1"));
    assert_eq!((outcome.decision.code.name(), outcome.status()), ("verifier_busy", Some(503)));
    client.host.store.mend();
    assert_eq!(client.code(&filter, &token, &client.proof(&token, "1")), "allowed");
}
