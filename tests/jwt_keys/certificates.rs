//! Keys that come as certificates.

use gatehouse_sandbox::raw::Request;
use serde_json::{Value, json};

use super::{ask, assert_refused, builder, start};
use crate::harness::certificate::{pem, x5c};
use crate::harness::identity_provider::{Behaviour, IdentityProvider};
use crate::harness::token::{self, Key, now};
use crate::harness::{trap, until};

const DAY: u64 = 24 * 60 * 60;

fn today() -> [u64; 2] {
    [now() - DAY, now() + DAY]
}

#[test]
fn a_certificate_is_a_key_wherever_a_key_may_stand() {
    let (key, other) = (token::es256("a"), token::es256("a"));
    let set = |x5c: String| json!({"keys": [{"kty": "EC", "kid": "a", "x5c": [x5c]}]});
    let fetched = json!({"cluster": "auth", "path": "/keys", "refresh": "1s", "retry": "1s"});
    for (case, jwks, answer) in [
        ("in PEM", json!({"pem": pem(&key, today())}), json!({})),
        ("inline x5c", set(x5c(&key, today())), json!({})),
        ("inline, by name", json!({"a": pem(&key, today())}), json!({})),
        ("in text", Value::from(json!({"a": pem(&key, today())}).to_string()), json!({})),
        ("fetched x5c", fetched.clone(), set(x5c(&key, today()))),
        ("as Google serves them", fetched, json!({"a": pem(&key, today())})),
    ] {
        let provider = IdentityProvider::start(Behaviour::Answer(answer.to_string()));
        let gateway = start(builder(&provider, jwks));
        let good = ask(&gateway, &key);
        assert_eq!(good.status, 200, "{case}: {}", good.text());
        assert_refused(&ask(&gateway, &other), 401, "jwt_auth.signature_invalid", case);
        trap::assert_none(&gateway);
    }
}

#[test]
fn a_certificate_that_ends_while_the_gateway_runs_verifies_nothing_from_then_on() {
    let key = token::es256("a");
    let soon = [now() - DAY, now() + 8];
    let provider = IdentityProvider::start(Behaviour::Silent);
    let gateway = start(builder(&provider, json!({"pem": pem(&key, soon)})));
    let mut answers = Vec::new();
    until("the end of the certificate", || {
        answers.push((ask(&gateway, &key).status, now()));
        answers.last().is_some_and(|(status, _)| *status == 401)
    });
    assert!(now() > soon[1], "{answers:?}");
    // On a machine that is busy for so long, none came in time.
    assert!(answers.iter().all(|(status, at)| *status == 200 || *at >= soon[1]), "{answers:?}");
    assert_refused(&ask(&gateway, &key), 401, "jwt_auth.key_unknown", "ended");
    until("a line that says why", || gateway.stderr().contains("certified from"));
    trap::assert_none(&gateway);
}

#[test]
fn certificates_of_another_day_or_of_another_key_verify_nothing_until_there_are_good_ones() {
    let (key, other) = (token::es256("a"), token::es256("a"));
    let with_x5c = |key: &Key, x5c: Value| {
        let mut jwk = key.jwk.clone();
        jwk["x5c"] = x5c;
        json!({"keys": [jwk]})
    };
    let good = json!({"a": pem(&key, today())});
    for (case, answer, status, code) in [
        (
            "ended",
            json!({"a": pem(&key, [now() - 2 * DAY, now() - DAY])}),
            401,
            "jwt_auth.key_unknown",
        ),
        (
            "not yet",
            json!({"a": pem(&key, [now() + DAY, now() + 2 * DAY])}),
            401,
            "jwt_auth.key_unknown",
        ),
        (
            "of another key",
            with_x5c(&key, json!([x5c(&other, today())])),
            503,
            "jwt_auth.keys_unavailable",
        ),
        ("not one", with_x5c(&key, json!(["AAAA"])), 503, "jwt_auth.keys_unavailable"),
        ("no list", with_x5c(&key, json!("AAAA")), 503, "jwt_auth.keys_unavailable"),
        (
            "a chain",
            json!({"a": pem(&key, today()) + &pem(&other, today())}),
            503,
            "jwt_auth.keys_unavailable",
        ),
        (
            "a private key",
            json!({"a": pem(&key, today()).replace("CERTIFICATE", "PRIVATE KEY")}),
            503,
            "jwt_auth.keys_unavailable",
        ),
        (
            "names of nothing",
            json!({"a": "", "b": "-----BEGIN "}),
            503,
            "jwt_auth.keys_unavailable",
        ),
        (
            "deep",
            json!({"keys": [{"kty": "EC", "x5c": ["MIAw".repeat(10_000)]}]}),
            503,
            "jwt_auth.keys_unavailable",
        ),
    ] {
        let provider = IdentityProvider::start(Behaviour::Answer(answer.to_string()));
        let jwks = json!({"cluster": "auth", "path": "/keys", "refresh": "1s", "retry": "1s",
            "timeout": "500ms"});
        let gateway = start(builder(&provider, jwks));
        assert_refused(&ask(&gateway, &key), status, code, case);
        provider.behave(Behaviour::Answer(good.to_string()));
        until(case, || ask(&gateway, &key).status == 200);
        let plain = gateway.request(Request::get("/orders"));
        assert_eq!(plain.status, 401, "{case}: {}", plain.text());
        trap::assert_none(&gateway);
    }
}
