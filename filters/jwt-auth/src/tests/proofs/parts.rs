//! What a proof is made of.

use super::*;

#[test]
fn every_claim_of_a_proof_is_checked() {
    let client = Client::new(7);
    let filter = started(&client, json!({}));
    let token = client.token();
    let other_token = super::token(&claims_with(json!({"sub": "bob"})));
    let other_hash = base64(&hmac_sha256::Hash::hash(other_token.as_bytes()));
    let hash = base64(&hmac_sha256::Hash::hash(token.as_bytes()));
    let (good, bad) = ("allowed", "proof_invalid");
    let url = |rest: &str| json!({"htu": format!("{ORIGIN}{rest}")});
    for (number, (changes, want)) in [
        (json!({}), good),
        (json!({"extra": {"a": [1]}}), good),
        // RFC 9449 §4.2: what must be there.
        (json!({"jti": null}), bad),
        (json!({"jti": ""}), bad),
        (json!({"jti": 7}), bad),
        (json!({"jti": ["a"]}), bad),
        (json!({"htm": null}), bad),
        (json!({"htu": null}), bad),
        (json!({"iat": null}), bad),
        (json!({"ath": null}), bad),
        // The method, with regard to case.
        (json!({"htm": "POST"}), bad),
        (json!({"htm": "get"}), bad),
        (json!({"htm": ["GET"]}), bad),
        (json!({"htm": ""}), bad),
        // The URL: query and fragment are ignored, spellings do not matter, all else does.
        (url("/orders?a=b"), good),
        (url("/orders?other"), good),
        (url("/orders#x"), good),
        (json!({"htu": "HTTPS://API.example:443/%6frders"}), good),
        (url("/a/../orders"), good),
        (url("/orders/"), bad),
        (url("/Orders"), bad),
        (url("//orders"), bad),
        (url("/orders%2F"), bad),
        (url("/orders;x"), bad),
        (url(""), bad),
        (json!({"htu": "/orders"}), bad),
        (json!({"htu": "http://api.example/orders"}), bad),
        (json!({"htu": "https://api.example:8443/orders"}), bad),
        (json!({"htu": "https://inner/orders"}), bad),
        (json!({"htu": "https://evil.example/orders"}), bad),
        (json!({"htu": "https://api.example@evil.example/orders"}), bad),
        (json!({"htu": "https://x@api.example/orders"}), bad),
        (json!({"htu": ["https://api.example/orders"]}), bad),
        // The token.
        (json!({"ath": other_hash}), bad),
        (json!({"ath": format!("{hash}=")}), bad),
        (
            json!({"ath": hash.replace(['-', '_'], "+")}),
            if hash.contains(['-', '_']) { bad } else { good },
        ),
        (json!({"ath": ""}), bad),
        // When it was made: 60 s long, and 10 s as clocks differ.
        (json!({"iat": NOW - 69}), good),
        (json!({"iat": NOW - 70}), bad),
        (json!({"iat": NOW + 10}), good),
        (json!({"iat": NOW + 11}), bad),
        (json!({"iat": 0}), bad),
        (json!({"iat": -1}), bad),
        (json!({"iat": 1e300}), bad),
        (json!({"iat": (NOW - 5) as f64 + 0.5}), good),
        (json!({"iat": NOW.to_string()}), bad),
        (json!({"exp": NOW - 10}), bad),
        (json!({"exp": NOW - 9}), good),
        (json!({"nbf": NOW + 11}), bad),
        (json!({"nbf": "x"}), bad),
    ]
    .into_iter()
    .enumerate()
    {
        let claims = changed(client.claims(&token, &number.to_string()), changes.clone());
        let proof = client.sign(&client.header(), &claims);
        let outcome = client.send(&filter, &token, &proof);
        assert_eq!(outcome.decision.code.name(), want, "{changes} {:?}", outcome.decision.why);
        if want == bad {
            assert_eq!(outcome.status(), Some(401));
            assert!(challenge(&outcome).contains(r#"error="invalid_dpop_proof""#), "{changes}");
        }
    }
}

#[test]
fn every_part_of_a_proof_s_header_is_checked() {
    let client = Client::new(7);
    let filter = started(&client, json!({}));
    let token = client.token();
    let d = base64(&[7; 32]);
    let jwk = |changes: Value| json!({"jwk": changed(client.jwk(), changes)});
    let (good, bad) = ("allowed", "proof_invalid");
    for (number, (changes, want)) in [
        (json!({}), good),
        (json!({"kid": "x", "extra": 1}), good),
        (json!({"typ": "application/dpop+jwt"}), good),
        (json!({"typ": "DPoP+JWT"}), good),
        (json!({"typ": null}), bad),
        (json!({"typ": "JWT"}), bad),
        (json!({"typ": "at+jwt"}), bad),
        (json!({"typ": "dpop"}), bad),
        (json!({"typ": ["dpop+jwt"]}), bad),
        (json!({"alg": null}), bad),
        (json!({"alg": "none"}), bad),
        (json!({"alg": "None"}), bad),
        (json!({"alg": "HS256"}), bad),
        (json!({"alg": "ES384"}), bad),
        (json!({"alg": "EdDSA"}), bad),
        (json!({"alg": "RS256"}), bad),
        (json!({"alg": "es256"}), bad),
        (json!({"alg": 1}), bad),
        (json!({"jwk": null}), bad),
        (json!({"jwk": "x"}), bad),
        (json!({"jwk": [client.jwk()]}), bad),
        (jwk(json!({"d": d})), bad),
        (jwk(json!({"k": d})), bad),
        (json!({"jwk": {"kty": "oct", "k": d}}), bad),
        (jwk(json!({"use": "sig", "alg": "ES256", "kid": "x"})), good),
        (jwk(json!({"y": d})), "proof_key_mismatch"),
        (jwk(json!({"crv": "P-384"})), "proof_key_mismatch"),
        (jwk(json!({"kty": "OKP"})), "proof_key_mismatch"),
        (json!({"jwk": Client::new(8).jwk()}), "proof_key_mismatch"),
        (json!({"crit": ["x"], "x": 1}), bad),
        (json!({"crit": []}), bad),
        // A key of its own in another place is nobody's.
        (json!({"jwk": null, "jku": "https://evil.example", "kid": "main"}), bad),
    ]
    .into_iter()
    .enumerate()
    {
        let header = changed(client.header(), changes.clone());
        let proof = client.sign(&header, &client.claims(&token, &number.to_string()));
        let outcome = client.send(&filter, &token, &proof);
        assert_eq!(outcome.decision.code.name(), want, "{changes} {:?}", outcome.decision.why);
    }
}

#[test]
fn a_proof_is_one_compact_jws_in_one_spelling() {
    let client = Client::new(7);
    let filter = started(&client, json!({}));
    let token = client.token();
    let good = client.proof(&token, "1");
    let header = client.header().to_string();
    let claims = client.claims(&token, "2").to_string();
    let twice = claims.replacen("{", r#"{"htm":"GET","#, 1);
    let with_key = header.replacen("{", r#"{"jwk":{},"#, 1);
    let (head, rest) = good.split_once('.').unwrap();
    let flipped = format!("{}{}", &good[..good.len() - 4], "AAAA");
    for proof in [
        "",
        "x",
        "..",
        &good[1..],
        &format!("{good}."),
        &format!("{good}.AAAA"),
        &format!("{good}="),
        &format!("{good},{good}"),
        &format!("{good}, {good}"),
        &format!(" {good} x"),
        &format!("{head}=.{rest}"),
        &flipped,
        good.rsplit_once('.').unwrap().0,
        &format!("{}.", good.rsplit_once('.').unwrap().0),
        &client.sign_raw(&header, &twice),
        &client.sign_raw(&with_key, &claims),
        &client.sign_raw(&header, "[]"),
        &client.sign_raw("{}", &claims),
        &client.sign_raw(&header, &format!("{claims}x")),
        // The token itself, and a token as a proof.
        &token,
        &"a".repeat(9_000),
        // Another signer's, under this key's name.
        &Client::new(8).sign(&client.header(), &client.claims(&token, "3")),
    ] {
        let outcome = client.send(&filter, &token, proof);
        let want = if proof.is_empty() { "proof_missing" } else { "proof_invalid" };
        let code = outcome.decision.code.name();
        assert!(code == want || proof.is_empty() && code == "proof_invalid", "{proof:.60}: {code}");
    }
    let bytes = ask(
        &filter,
        &client.host,
        &[
            (&b":method"[..], &b"GET"[..]),
            (b":path", b"/orders"),
            (b"authorization", format!("DPoP {token}").as_bytes()),
            (b"dpop", b"\xff\xfe.\x80.\xff"),
        ]
        .map(|(name, value)| (std::str::from_utf8(name).unwrap(), value)),
    );
    assert_eq!(bytes.decision.code.name(), "proof_invalid");
    // None of them has used up the good one.
    assert_eq!(client.code(&filter, &token, &good), "allowed");
}

#[test]
fn a_proof_comes_in_one_field_and_with_its_scheme() {
    let client = Client::new(7);
    let token = client.token();
    let (dpop, bearer) = (format!("DPoP {token}"), format!("Bearer {token}"));
    let unbound = super::token(&claims());
    let (dpop_unbound, bearer_unbound) = (format!("DPoP {unbound}"), format!("Bearer {unbound}"));
    let proof = |id: &str| client.proof(&token, id);
    let of_unbound = client.proof(&unbound, "u");
    for (binding, authorization, proofs, want) in [
        ("dpop", &dpop, vec![], "proof_missing"),
        ("dpop", &dpop, vec![proof("1"), proof("2")], "proof_repeated"),
        ("dpop", &dpop, vec![proof("3"), proof("3")], "proof_repeated"),
        ("dpop", &dpop, vec![proof("4")], "allowed"),
        // A thief who takes the key's part away.
        ("dpop", &bearer, vec![], "token_missing"),
        ("dpop", &bearer, vec![proof("5")], "token_missing"),
        ("dpop", &dpop_unbound, vec![of_unbound.clone()], "binding_missing"),
        ("any", &dpop, vec![proof("6")], "allowed"),
        ("any", &bearer, vec![], "scheme_mismatch"),
        ("any", &bearer, vec![proof("7")], "scheme_mismatch"),
        ("any", &dpop, vec![], "proof_missing"),
        ("any", &dpop_unbound, vec![of_unbound], "binding_missing"),
        ("any", &bearer_unbound, vec![], "binding_missing"),
        ("ignore", &bearer, vec![], "allowed"),
        ("ignore", &bearer_unbound, vec![], "allowed"),
    ] {
        let filter = match binding {
            "ignore" => filter(json!({"providers": [{"name": "main", "issuer": ISSUER,
                "jwks": key_set(), "binding": "ignore"}]})),
            binding => filter_with(binding, json!({}), json!({})),
        };
        filter.start(&client.host).unwrap();
        let mut fields = vec![("authorization", authorization.as_str())];
        fields.extend(proofs.iter().map(|proof| ("dpop", proof.as_str())));
        let outcome = client.ask(&filter, &fields);
        assert_eq!(
            outcome.decision.code.name(),
            want,
            "{binding} {authorization:.12} {proofs:.9?}"
        );
    }
}
