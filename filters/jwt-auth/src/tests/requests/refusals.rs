//! How refusals are told: challenges, codes and sentences.

use super::*;
use crate::refusal::Scheme;
use gatehouse_filter::Challenge;

#[test]
fn a_refusal_is_a_challenge_in_the_words_of_rfc_6750() {
    let filter = filter(json!({}));
    let host = FakeHost::at(NOW);
    let good = format!("Bearer {}", token(&claims()));
    let expired = format!("Bearer {}", token(&claims_with(json!({"exp": 1}))));
    let no_expiry = format!("Bearer {}", token(&claims_with(json!({"exp": null}))));
    let cases: &[(&[&str], u16, &str, &str)] = &[
        (&[], 401, "token_missing", r#"Bearer realm="gatehouse""#),
        (&["Basic YTpi"], 401, "token_missing", r#"Bearer realm="gatehouse""#),
        (
            &["Bearer x"],
            401,
            "token_malformed",
            concat!(
                r#"Bearer realm="gatehouse", error="invalid_token", error_description="#,
                r#""The token is not a JWT: three base64url parts without padding, header and "#,
                r#"claims JSON objects without repeated members""#
            ),
        ),
        (
            &[&expired],
            401,
            "token_expired",
            r#"Bearer realm="gatehouse", error="invalid_token", error_description="The token has expired""#,
        ),
        (
            &[&no_expiry],
            401,
            "claim_invalid",
            concat!(
                r#"Bearer realm="gatehouse", error="invalid_token", "#,
                r#"error_description="The claim exp is required""#
            ),
        ),
        (
            &[&good, &expired],
            400,
            "token_repeated",
            concat!(
                r#"Bearer realm="gatehouse", error="invalid_request", "#,
                r#"error_description="Send one token, in one place""#
            ),
        ),
    ];
    for (values, status, code, want) in cases {
        let fields: Vec<_> = values.iter().map(|value| ("authorization", value)).collect();
        let outcome = ask(&filter, &host, &fields);
        assert_eq!(outcome.status(), Some(*status), "{code}");
        assert_eq!(outcome.decision.code.name(), *code);
        assert_eq!(challenge(&outcome), *want);
    }
    let realm = super::filter(json!({"realm": "Orders (staging)"}));
    let outcome = ask::<_, &str>(&realm, &host, &[]);
    assert_eq!(challenge(&outcome), r#"Bearer realm="Orders (staging)""#);
}

#[test]
fn every_challenge_tells_where_the_metadata_of_the_resource_are() {
    const URL: &str = "https://a.example/.well-known/oauth-protected-resource/mcp";
    let filter = filter(json!({"resource_metadata": URL, "schemes": ["Bearer", "ApiKey"]}));
    let host = FakeHost::at(NOW);
    for (values, want) in [
        (&[][..], format!(r#"Bearer realm="gatehouse", resource_metadata="{URL}""#)),
        (
            &["Bearer x.y.z"],
            format!(
                concat!(
                    r#"Bearer realm="gatehouse", error="invalid_token", error_description="#,
                    r#""The token is not a JWT: three base64url parts without padding, header and "#,
                    r#"claims JSON objects without repeated members", resource_metadata="{}""#
                ),
                URL
            ),
        ),
        (
            &["Bearer x", "Bearer y"],
            format!(
                concat!(
                    r#"Bearer realm="gatehouse", error="invalid_request", "#,
                    r#"error_description="Send one token, in one place", resource_metadata="{}""#
                ),
                URL
            ),
        ),
    ] {
        let fields: Vec<_> = values.iter().map(|value| ("authorization", value)).collect();
        assert_eq!(challenge(&ask(&filter, &host, &fields)), want);
    }
}

#[test]
fn every_refusal_has_its_code_and_a_quotable_sentence() {
    use crate::Refusal::*;
    let all = [
        TokenMissing,
        TokenOfEachMissing,
        TokenRepeated,
        TwoIdentities,
        TokenTooLarge,
        TokenMalformed,
        CriticalUnsupported,
        TypeNotAllowed,
        AlgorithmNotAllowed,
        KeyUnknown,
        KidMissing,
        SignatureInvalid,
        TokenRevoked,
        TokenIllegible,
        TokenInactive,
        TokenExpired,
        TokenNotYetValid,
        IssuerUnknown,
        AudienceMismatch,
        TokenTooOld,
        LifetimeTooLong,
        SubjectMismatch,
        ClaimMismatch,
        ClaimInvalid("The claim x is missing"),
        BoundTokenMissing,
        BindingMissing,
        BindingUnchecked,
        CertificateMissing,
        CertificateMismatch,
        SchemeMismatch,
        ProofMissing,
        ProofRepeated,
        ProofInvalid("The proof is none"),
        ProofKeyMismatch,
        ProofUsed,
        NonceNeeded,
    ];
    let passing = [
        Code::Allowed,
        Code::Anonymous,
        Code::Identified,
        Code::TokenIgnored,
        Code::NotRequired,
        Code::Preflight,
    ];
    let mut codes: Vec<_> = all.iter().map(|refusal| refusal.code()).collect();
    codes.extend(passing);
    for refusal in [
        KeysUnavailable,
        RevocationsUnavailable,
        ConsumersUnavailable,
        ProofsUnavailable,
        VerifierBusy,
        IntrospectionUnavailable,
        IntrospectionBusy,
    ] {
        let is_soon = matches!(refusal.code(), Code::VerifierBusy | Code::IntrospectionBusy);
        let unavailable = refusal.reply(&Challenge::usual("Bearer"), Scheme::Bearer);
        let [(name, value)] = &unavailable.headers[..] else { panic!("{refusal:?}") };
        assert_eq!(
            (unavailable.status, name.as_str(), value.as_bytes()),
            (503, "retry-after", if is_soon { &b"1"[..] } else { b"5" }),
            "no challenge: no token would do"
        );
        codes.push(refusal.code());
    }
    let ambiguous = TargetAmbiguous.reply(&Challenge::usual("Bearer"), Scheme::Bearer);
    assert_eq!((ambiguous.status, ambiguous.headers.len()), (400, 0), "it is not about the token");
    codes.push(TargetAmbiguous.code());
    for refusal in [ConsumerUnknown, ConsumerDisabled] {
        let reply = refusal.reply(&Challenge::usual("Bearer"), Scheme::Bearer);
        assert_eq!((reply.status, reply.headers.len()), (403, 0), "another token would not help");
        codes.push(refusal.code());
    }
    assert!(Code::ALL.iter().all(|code| codes.contains(code)), "a code that nothing decides");
    for refusal in all {
        let reply = refusal.reply(&Challenge::usual("Bearer"), Scheme::Bearer);
        let [(_, value)] = &reply.headers[..] else { panic!("{refusal:?}") };
        let quotes = value.as_bytes().iter().filter(|byte| **byte == b'"').count();
        assert_eq!(quotes, if refusal.code() == Code::TokenMissing { 2 } else { 6 }, "{refusal:?}");
        assert!(!value.as_bytes().contains(&b'\\'), "{refusal:?}");
    }
}
