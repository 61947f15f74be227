//! What is refused, and how that is told.

use super::*;

#[test]
fn every_refusal_is_told_everywhere() {
    let now = token::now();
    let base = claims("alice");
    let rs256 = &KEYS[0];
    let signed = |changes: Value| bearer(&rs256.sign(&with(base.clone(), changes)));
    let unsigned = |header: Value| bearer(&token::unsigned(&header, &base));
    let header = |changes: Value| with(json!({"alg": "RS256", "kid": "rs256"}), changes);
    let invalid = "invalid_token";
    let partner = KEYS
        .iter()
        .find(|key| key.algorithm == "HS256")
        .expect("a secret")
        .sign(&claims_for("HS256"));
    for (case, authorization, status, code, error) in [
        ("no token", vec![], 401, "token_missing", ""),
        ("another scheme", vec!["Basic YTpi".to_owned()], 401, "token_missing", ""),
        (
            "two fields",
            vec![signed(json!({})), signed(json!({}))],
            400,
            "token_repeated",
            "invalid_request",
        ),
        (
            "two tokens in a field",
            vec![format!("{}, {}", signed(json!({})), "Bearer a")],
            400,
            "token_repeated",
            "invalid_request",
        ),
        (
            "too long",
            vec![signed(json!({"a": "a".repeat(20_000)}))],
            401,
            "token_too_large",
            invalid,
        ),
        ("no token behind the scheme", vec!["Bearer ".to_owned()], 401, "token_missing", ""),
        ("two parts", vec!["Bearer a.b".to_owned()], 401, "token_malformed", invalid),
        (
            "four parts",
            vec![format!("{}.AAAA", signed(json!({})))],
            401,
            "token_malformed",
            invalid,
        ),
        ("not base64url", vec!["Bearer a+b/.c=.d".to_owned()], 401, "token_malformed", invalid),
        (
            "crit",
            vec![unsigned(header(json!({"crit": ["b64"]})))],
            401,
            "critical_unsupported",
            invalid,
        ),
        (
            "none",
            vec![unsigned(header(json!({"alg": "none"})))],
            401,
            "algorithm_not_allowed",
            invalid,
        ),
        (
            "None",
            vec![unsigned(header(json!({"alg": "nOnE"})))],
            401,
            "algorithm_not_allowed",
            invalid,
        ),
        (
            "a public key as a secret",
            vec![unsigned(header(json!({"alg": "HS256"})))],
            401,
            "algorithm_not_allowed",
            invalid,
        ),
        (
            "another key's algorithm",
            vec![unsigned(header(json!({"alg": "PS256"})))],
            401,
            "algorithm_not_allowed",
            invalid,
        ),
        (
            "an unknown key",
            vec![unsigned(header(json!({"kid": "rs257"})))],
            401,
            "key_unknown",
            invalid,
        ),
        (
            "a key in the header",
            vec![unsigned(header(json!({"jwk": rs256.jwk})))],
            401,
            "signature_invalid",
            invalid,
        ),
        (
            "no signature to speak of",
            vec![unsigned(header(json!({})))],
            401,
            "signature_invalid",
            invalid,
        ),
        ("expired", vec![signed(json!({"exp": now - 120}))], 401, "token_expired", invalid),
        ("not yet", vec![signed(json!({"nbf": now + 600}))], 401, "token_not_yet_valid", invalid),
        (
            "another issuer",
            vec![signed(json!({"iss": "https://evil.example"}))],
            401,
            "issuer_unknown",
            invalid,
        ),
        ("no issuer", vec![signed(json!({"iss": null}))], 401, "issuer_unknown", invalid),
        (
            "another audience",
            vec![signed(json!({"aud": ["somebody", "else"]}))],
            401,
            "audience_mismatch",
            invalid,
        ),
        ("no audience", vec![signed(json!({"aud": null}))], 401, "audience_mismatch", invalid),
        ("no expiry", vec![signed(json!({"exp": null}))], 401, "claim_invalid", invalid),
        (
            "a role that is two",
            vec![signed(json!({"roles": ["a,b"]}))],
            401,
            "claim_invalid",
            invalid,
        ),
        (
            "a subject with a line break",
            vec![signed(json!({"sub": "a\r\nx-roles: admin"}))],
            401,
            "claim_invalid",
            invalid,
        ),
    ] {
        let request = authorization
            .iter()
            .fold(Request::get("/orders"), |request, value| request.header("authorization", value));
        let exchange = GATEWAY.ask(request);
        exchange.assert_refused(case, status, &format!("jwt_auth.{code}"));
        assert_eq!(exchange.noted("jwt_auth"), format!("jwt_auth.{code}"), "{case}");
        let challenge = exchange.response.header_text("www-authenticate").unwrap_or_default();
        if error.is_empty() {
            assert_eq!(challenge, "Bearer realm=\"gatehouse\"", "{case}");
        } else {
            let start =
                format!("Bearer realm=\"gatehouse\", error=\"{error}\", error_description=\"");
            assert!(challenge.starts_with(&start), "{case}: {challenge}");
        }
    }

    // Good tokens, in the wrong place.
    let exchange = GATEWAY.ask(Request::get("/own").header("authorization", bearer(&partner)));
    exchange.assert_refused(
        "a partner's token where only ours will do",
        401,
        "jwt_auth.issuer_unknown",
    );
    assert_eq!(exchange.noted("jwt_auth"), "jwt_auth.issuer_unknown;rule=own");
    GATEWAY.assert_no_trap();
}

#[test]
fn a_grpc_client_is_told_a_grpc_status() {
    let gateway = Gateway::builder(CONFIG).start().unwrap_or_else(|fault| panic!("{fault}"));
    for kind in ["application/grpc", "application/grpc+proto"] {
        let request = http2::get("/orders.Orders/List").method("POST").header("content-type", kind);
        let refused = http2::send(gateway.address(), request.body(()).expect("a request"));
        assert_eq!(refused.status, 200, "{kind}");
        assert_eq!(
            refused.trailer("grpc-status").as_deref(),
            Some("16"),
            "UNAUTHENTICATED: {refused:?}"
        );
        assert!(
            refused.trailer("grpc-message").is_some_and(|text| text.contains("token")),
            "{refused:?}"
        );
        assert!(refused.body.is_empty(), "{kind}");
    }
    let log = gateway.access_log_after(2);
    assert_eq!(log[0]["details"], "jwt_auth.token_missing");
    trap::assert_none(&gateway);
}
