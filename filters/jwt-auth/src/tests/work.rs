//! What a stranger can make the module do: no more than is configured.

use super::*;
use crate::KeySet;
use crate::refusal::Refusal;
use crate::token::{Token, UsualHeader};
use crate::trial::{Bounds, Choice, Spent, Trial};
use gatehouse_filter::{Hash, NoVerifier, Signatures, Timestamp};
use gatehouse_filter_test::{longest, steps_of};
use std::cell::Cell;
use std::time::Duration;

/// Eight RSA keys of 2048 bits without `alg`, with names or without.
fn rsa_keys(is_named: bool) -> Value {
    let keys = (0..8_u8).map(|number| {
        let modulus = [&[0xff; 255][..], &[number * 2 + 1]].concat();
        let mut key = json!({"kty": "RSA", "e": "AQAB", "n": base64(&modulus)});
        if is_named {
            key["kid"] = json!(format!("key-{number}"));
        }
        key
    });
    json!({"keys": keys.collect::<Vec<_>>()})
}

/// A token that nobody signed.
fn forged(algorithm: &str, kid: Option<&str>) -> String {
    let header = match kid {
        None => json!({"alg": algorithm}),
        Some(kid) => json!({"alg": algorithm, "kid": kid}),
    };
    let text = format!(
        "{}.{}",
        base64(header.to_string().as_bytes()),
        base64(claims().to_string().as_bytes())
    );
    format!("{text}.{}", base64(&[1; 256]))
}

fn filter_with(jwks: Value, provider: Value, more: Value) -> JwtAuth {
    let mut main = json!({"name": "main", "issuer": ISSUER, "jwks": jwks});
    gatehouse_filter_test::change(&mut main, &provider);
    let mut all = json!({"providers": [main]});
    gatehouse_filter_test::change(&mut all, &more);
    filter(all)
}

#[test]
fn an_rsa_key_without_alg_verifies_in_the_module_what_the_configuration_says() {
    let ps256 = json!({"algorithms": ["PS256"]});
    let anything = json!({"verification": {"without_alg": ["PS256"]}});
    for (algorithm, provider, more, want) in [
        ("PS256", json!({}), json!({}), "algorithm_not_allowed"),
        ("PS384", json!({}), anything.clone(), "algorithm_not_allowed"),
        ("PS256", ps256, json!({}), "signature_invalid"),
        ("PS256", json!({}), anything, "signature_invalid"),
        // The host's, even where there is none.
        ("RS256", json!({}), json!({}), "signature_invalid"),
    ] {
        let filter = filter_with(rsa_keys(false), provider.clone(), more.clone());
        let code = code_for(&filter, &forged(algorithm, None));
        assert_eq!(code, want, "{algorithm} {provider} {more}");
    }
    let mut keys = rsa_keys(false);
    keys["keys"][0]["alg"] = json!("PS256");
    let filter = filter_with(keys, json!({}), json!({}));
    assert_eq!(code_for(&filter, &forged("PS256", None)), "signature_invalid", "its own `alg`");
}

#[test]
fn a_token_that_names_no_key_has_no_key_with_a_name_tried_but_where_that_is_configured() {
    let named = filter_with(rsa_keys(true), json!({}), json!({}));
    assert_eq!(code_for(&named, &forged("RS256", None)), "key_unknown");
    assert_eq!(code_for(&named, &forged("RS256", Some("key-3"))), "signature_invalid");
    let tried = filter_with(rsa_keys(true), json!({"try_named_keys": true}), json!({}));
    assert_eq!(code_for(&tried, &forged("RS256", None)), "signature_invalid");
    let nameless = filter_with(rsa_keys(false), json!({}), json!({}));
    assert_eq!(code_for(&nameless, &forged("RS256", None)), "signature_invalid");
}

#[test]
fn forged_tokens_take_a_worker_no_longer_than_its_share_of_each_second() {
    let ps256 = json!({"algorithms": ["PS256"]});
    // Two keys a request: 2.6 ms of 3; and of 10 ms three requests.
    let bounds = json!({"verification": {"per_second": "10ms"}});
    let forger = filter_with(rsa_keys(false), ps256, bounds);
    let host = FakeHost::at(NOW);
    let ask_at = || {
        let authorization = format!("Bearer {}", forged("PS256", None));
        ask(&forger, &host, &[("authorization", &authorization)])
    };
    let codes =
        |times: usize| -> Vec<&str> { (0..times).map(|_| ask_at().decision.code.name()).collect() };
    let (bad, busy) = ("signature_invalid", "verifier_busy");
    assert_eq!(codes(5), [bad, bad, bad, busy, busy]);
    let outcome = ask_at();
    let reply = outcome.problem().unwrap();
    assert_eq!(reply.status, 503);
    assert_eq!(reply.headers[0].1.as_bytes(), b"1", "retry-after");
    host.clock.advance(Duration::from_secs(1));
    assert_eq!(codes(4), [bad, bad, bad, busy]);
    // A clock that is set back does not lock anybody out.
    host.clock.step_back(Duration::from_secs(60));
    assert_eq!(codes(4), [bad, bad, bad, busy]);
}

#[test]
fn good_tokens_are_no_work_of_a_stranger_and_are_not_bounded() {
    let more = json!({"verification": {"per_second": "10ms"}, "cache": {"tokens": 0}});
    let filter = filter_with(key_set(), json!({}), more);
    for number in 0..100 {
        let token = token(&claims_with(json!({"jti": number.to_string()})));
        assert_eq!(code_for(&filter, &token), "allowed", "{number}");
    }
}

/// Envoy, which verifies what is its to verify and finds nothing good.
#[derive(Default)]
struct Counting(Cell<usize>);

impl Signatures for Counting {
    fn verify(&self, _: Hash, _: &[u8], _: &[u8], _: &[u8]) -> Result<bool, NoVerifier> {
        self.0.set(self.0.get() + 1);
        Ok(false)
    }
}

#[test]
fn a_token_that_names_no_key_has_eight_tried_by_envoy_and_two_in_the_module() {
    let twenty = |of: &str, alg: &str| {
        let keys = (0..20_u8).map(|number| match of {
            "RSA" => {
                let modulus = [&[0xff; 255][..], &[number * 2 + 1]].concat();
                json!({"kty": "RSA", "alg": alg, "e": "AQAB", "n": base64(&modulus)})
            }
            _ => {
                let seed = ed25519_compact::Seed::new([number + 1; 32]);
                let pair = ed25519_compact::KeyPair::from_seed(seed);
                json!({"kty": "OKP", "crv": "Ed25519", "x": base64(&pair.pk[..])})
            }
        });
        let keys = json!({"keys": keys.collect::<Vec<_>>()});
        KeySet::from_json(keys.to_string().as_bytes()).unwrap()
    };
    // What each takes by the module's own account, in µs, and so how many there were.
    for (of, alg, signature, by_envoy, taken) in [
        ("RSA", "RS256", &[1; 256][..], 8, 8 * 25),
        ("RSA", "PS256", &[1; 256], 0, 2 * 1300),
        ("OKP", "EdDSA", &[1; 64], 0, 8 * 250),
    ] {
        let envoy = Counting::default();
        let bounds = Bounds {
            per_request: Duration::from_millis(3),
            per_second: Duration::from_millis(250),
        };
        let spent = Spent::default();
        let unsigned = forged(alg, None);
        let (text, _) = unsigned.rsplit_once('.').unwrap();
        let token = format!("{text}.{}", base64(signature));
        let usual = UsualHeader::default();
        let (token, _) = Token::parse(token.as_bytes(), crate::MAX_TOKEN, &usual).unwrap();
        let choice = Choice { without_alg: Vec::new(), tries_named: false };
        let choice = Choice { without_alg: vec![token.header.algorithm], ..choice };
        let now = Timestamp(NOW * 1_000_000_000);
        let trial = Trial::within(bounds, &spent, now, &envoy);
        let verified = twenty(of, alg).verify(&token, &choice, &trial);
        assert_eq!(verified, Err(Refusal::SignatureInvalid), "{alg}");
        let told = (envoy.0.get(), trial.taken());
        assert_eq!(told, (by_envoy, Duration::from_micros(taken)), "{alg}");
    }
}

#[test]
fn the_longest_head_is_looked_through_a_few_times() {
    let sources = json!([{"header": "x-token"}, {"query": "api_key"}, {"cookie": "api_key"}]);
    let (target, cookies) = (longest::parameters(), longest::cookies());
    let head = target.len() + cookies.len();
    let fields = [(":path", target.as_str()), ("cookie", cookies.as_str())];
    let host = FakeHost::at(NOW);
    for (default, code) in [("any", "token_missing"), ("optional", "anonymous")] {
        let filter = filter(json!({"sources": sources, "default": default}));
        let (steps, outcome) = steps_of(|| ask(&filter, &host, &fields));
        assert_eq!(outcome.decision.code.name(), code);
        assert!(steps <= 4 * head, "{code}: {} times", steps / head);
    }
}

#[test]
fn the_longest_token_is_read_a_few_times_whatever_is_in_it() {
    let members = |count: usize, write: fn(usize) -> String| -> String {
        (0..count).map(write).collect::<Vec<_>>().join(",")
    };
    for (case, more) in [
        ("many claims", members(1400, |number| format!(r#""{number}":0"#))),
        ("claims in escapes", members(700, |number| format!(r#""\u0061{number}":0"#))),
        ("a long list", format!(r#""a":[{}]"#, members(5000, |_| "0".to_owned()))),
        ("nested lists", format!(r#""a":{}{}"#, "[".repeat(100), "]".repeat(100))),
    ] {
        let claims = claims().to_string();
        let payload = format!("{},{more}}}", claims.trim_end_matches('}'));
        let token = signed(r#"{"alg":"EdDSA","kid":"main"}"#, &payload);
        let (steps, code) = steps_of(|| code_for(&filter(json!({})), &token));
        assert_eq!(code, "allowed", "{case}");
        assert!(steps <= 2 * token.len(), "{case}: {} times", steps / token.len());
    }
}

#[test]
fn bounds_that_cannot_be_are_faults() {
    for (verification, want) in [
        (json!({"per_request": "0ms"}), "verification.per_request: must be from 1ms to 100ms"),
        (json!({"per_second": "2s"}), "verification.per_second: must be from 10ms to 1s"),
        (
            json!({"without_alg": ["none"]}),
            "verification.without_alg[0]: unknown algorithm; known: ",
        ),
    ] {
        let configuration = json!({"verification": verification, "providers": [
            {"name": "main", "issuer": ISSUER, "jwks": key_set()}]});
        let faults = configured::<JwtAuth>(&configuration.to_string()).err().unwrap();
        assert!(faults[0].starts_with(want), "{faults:?}");
    }
}
