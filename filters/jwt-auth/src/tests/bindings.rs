//! Tokens that are bound to something, and certificates (RFC 8705).

use super::*;
use gatehouse_filter::Attribute;

/// A filter whose provider has this binding, or none.
fn filter_with(binding: Option<&str>) -> JwtAuth {
    let mut provider = json!({"name": "main", "issuer": ISSUER, "jwks": key_set()});
    if let Some(binding) = binding {
        provider["binding"] = json!(binding);
    }
    let mut more = json!({"providers": [provider]});
    if matches!(binding, Some("dpop" | "any")) {
        more["dpop"] = json!({"origins": ["https://api.example"]});
    }
    filter(more)
}

/// The certificate whose digest has this byte 32 times.
fn bound_to(digest: u8) -> Value {
    json!({"cnf": {"x5t#S256": base64(&[digest; 32])}})
}

/// What is decided about this token on a connection with this certificate, told as Envoy tells it.
fn over(filter: &JwtAuth, token: &str, certificate: Option<&str>) -> Outcome<JwtAuth> {
    let host = FakeHost::at(NOW);
    if let Some(certificate) = certificate {
        host.set(Attribute::PeerCertificate, certificate);
    }
    ask(filter, &host, &[("authorization", &format!("Bearer {token}"))])
}

#[test]
fn a_token_that_is_bound_is_refused_where_nobody_checks_that() {
    let key = json!({"cnf": {"jkt": base64(&[1; 32])}});
    for (claims, bearer, certificate, any, ignore) in [
        (json!({}), "allowed", "binding_missing", "binding_missing", "allowed"),
        (bound_to(1), "binding_unchecked", "certificate_missing", "certificate_missing", "allowed"),
        (key, "binding_unchecked", "binding_missing", "scheme_mismatch", "allowed"),
        (
            json!({"cnf": {"kid": "x"}}),
            "binding_unchecked",
            "binding_missing",
            "binding_missing",
            "allowed",
        ),
        (json!({"cnf": "x"}), "binding_unchecked", "claim_invalid", "claim_invalid", "allowed"),
        (json!({"cnf": {}}), "binding_unchecked", "binding_missing", "binding_missing", "allowed"),
    ] {
        let token = token(&claims_with(claims.clone()));
        for (binding, want) in [
            (None, bearer),
            (Some("certificate"), certificate),
            (Some("any"), any),
            (Some("ignore"), ignore),
        ] {
            let filter = filter_with(binding);
            // The first time, and remembered.
            for _ in 0..2 {
                assert_eq!(code_for(&filter, &token), want, "{claims} {binding:?}");
            }
        }
    }
    let told = ask_with(&filter_with(None), &token(&claims_with(json!({"cnf": {"kid": "x"}}))));
    let want = r#"cnf is `{"kid":"x"}`; provider `main`"#;
    assert_eq!(told.decision.why.as_deref(), Some(want));
    // Null is there.
    let null = signed(
        r#"{"alg":"EdDSA","kid":"main"}"#,
        &format!(r#"{{"iss":"{ISSUER}","exp":{},"cnf":null}}"#, NOW + 60),
    );
    assert_eq!(code_for(&filter_with(None), &null), "binding_unchecked");
}

#[test]
fn a_token_that_is_bound_to_a_certificate_is_good_on_its_connections_only() {
    let digest = "01".repeat(32);
    for binding in ["certificate", "any"] {
        let filter = filter_with(Some(binding));
        let token = token(&claims_with(bound_to(1)));
        for (certificate, want) in [
            (Some(digest.as_str()), "allowed"),
            (None, "certificate_missing"),
            (Some(&*"02".repeat(32)), "certificate_mismatch"),
            // Remembered or not, each request is asked.
            (Some(&digest), "allowed"),
            (None, "certificate_missing"),
            // What no host says: too short, too long, half a digit, no digits.
            (Some(&digest[..62]), "certificate_mismatch"),
            (Some(&*format!("{digest}00")), "certificate_mismatch"),
            (Some(&digest[..63]), "certificate_mismatch"),
            (Some(&*"g1".repeat(32)), "certificate_mismatch"),
            (Some("\u{e9}"), "certificate_mismatch"),
        ] {
            let outcome = over(&filter, &token, certificate);
            assert_eq!(outcome.decision.code.name(), want, "{binding} {certificate:?}");
            if want != "allowed" {
                // RFC 8705 §3.
                assert_eq!(outcome.status(), Some(401));
                assert!(challenge(&outcome).contains(r#"error="invalid_token""#));
            }
        }
    }
    let upper = filter_with(Some("certificate"));
    let token = token(&claims_with(bound_to(0xab)));
    for digest in ["ab".repeat(32), "AB".repeat(32)] {
        assert_eq!(over(&upper, &token, Some(&digest)).decision.code.name(), "allowed");
    }
}

#[test]
fn a_token_that_is_bound_to_nothing_costs_no_question() {
    let (filter, host) = (filter_with(None), FakeHost::at(NOW));
    let authorization = format!("Bearer {}", token(&claims()));
    for _ in 0..2 {
        let before = host.facts_asked();
        ask(&filter, &host, &[("authorization", &authorization)]);
        assert_eq!(host.facts_asked(), before);
    }
    assert_eq!(host.store.calls(), 0);
}
