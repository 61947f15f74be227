//! Tokens for the parsers: too long, too deep, and read in two ways.

use super::*;

#[test]
fn what_two_parsers_could_read_differently_is_refused() {
    let filter = filter(json!({}));
    let claims = claims().to_string();
    let twice = |member: &str| format!("{},{member}}}", claims.strip_suffix('}').unwrap());
    for payload in [
        twice(r#""sub":"admin""#),
        twice(r#""s\u0075b":"admin""#),
        twice(r#""exp":9999999999"#),
        twice(r#""nested":{"a":1,"a":2}"#),
        format!("{claims}{claims}"),
        format!("{claims},"),
        format!("[{claims}]"),
        claims.replace(':', "="),
        "null".to_owned(),
        "1".to_owned(),
        String::new(),
        format!("\u{feff}{claims}"),
        twice(&format!("\"deep\":{}{}", "[".repeat(5_000), "]".repeat(5_000))),
        format!("{}{}", "[".repeat(5_000), "]".repeat(5_000)),
        "{\"a\":".repeat(2_000),
        "[".repeat(10_000),
        format!("{{\"a\":{}", "[".repeat(10_000)),
    ] {
        let token = signed(r#"{"alg":"EdDSA","kid":"main"}"#, &payload);
        assert_eq!(code_for(&filter, &token), "token_malformed", "{:.60}", payload);
    }
    for header in [
        r#"{"alg":"EdDSA","kid":"main","alg":"EdDSA"}"#,
        r#"{"alg":"EdDSA","kid":"main","kid":"main"}"#,
        r#"{"alg":"EdDSA","kid":"main","\u0061lg":"none"}"#,
        r#"["alg","EdDSA"]"#,
        r#"{"alg":"EdDSA","kid":"main""#,
        r#"{"alg":"EdDSA","kid":"main","typ":1}"#,
        "",
    ] {
        assert_eq!(code_for(&filter, &with_header(header)), "token_malformed", "{header}");
    }
}

#[test]
fn a_deeply_nested_token_at_the_size_limit_does_not_trap() {
    let filter = filter(json!({}));
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{{\"a\":{}1{}}}", open.repeat(10_000), close.repeat(10_000));
        // Too long for a request; the parsers must bear it all the same.
        assert!(crate::json::object(deep.as_bytes()).is_none());
        let token = format!("{}.{}.AA", base64(deep.as_bytes()), base64(deep.as_bytes()));
        assert_eq!(code_for(&filter, &token), "token_too_large");
    }
}

#[test]
fn what_is_nested_too_deep_for_the_filters_after_this_one_is_refused_here() {
    let filter = filter(json!({}));
    // The claims are one level, and the identity that they are in another.
    for (lists, want) in
        [(100, "allowed"), (119, "allowed"), (120, "token_malformed"), (126, "token_malformed")]
    {
        let claims = claims().to_string();
        let nested = format!(
            r#"{},"a":{}{}}}"#,
            &claims[..claims.len() - 1],
            "[".repeat(lists),
            "]".repeat(lists)
        );
        let outcome = ask_with(&filter, &signed(r#"{"alg":"EdDSA"}"#, &nested));
        assert_eq!(outcome.decision.code.name(), want, "{lists}");
        assert_eq!(outcome.identity().is_some(), want == "allowed", "{lists}");
    }
}

#[test]
fn a_token_longer_than_16_kib_is_not_read() {
    let filter = filter(json!({}));
    let padded = |length: usize| {
        let empty = token(&claims_with(json!({"pad": ""}))).len();
        let pad = "x".repeat((length - empty) * 3 / 4);
        let token = token(&claims_with(json!({"pad": pad})));
        (token.len() <= crate::MAX_TOKEN, token)
    };
    let (fits, token) = padded(16_380);
    assert!(fits && token.len() > 16_370, "{}", token.len());
    assert_eq!(code_for(&filter, &token), "allowed");
    let (fits, token) = padded(16_400);
    assert!(!fits);
    assert_eq!(code_for(&filter, &token), "token_too_large");
    assert_eq!(code_for(&filter, &"a".repeat(60_000)), "token_too_large");
    assert_eq!(code_for(&filter, &".".repeat(16_000)), "token_malformed");
}

#[test]
fn bytes_that_are_no_text_are_refused_and_nothing_more() {
    let filter = filter(json!({}));
    let host = FakeHost::at(NOW);
    for value in
        [&b"Bearer \xff\xfe"[..], b"Bearer a.\x80.c", b"\xff", b"Bearer \0", b"Bearer a\r\nb: c"]
    {
        let outcome = ask(&filter, &host, &[("authorization", value)]);
        assert_eq!(outcome.status(), Some(401), "{}", value.escape_ascii());
    }
    // A payload of bytes that are no UTF-8.
    let text = format!("{}.{}", base64(br#"{"alg":"EdDSA"}"#), base64(b"{\"sub\":\"\xff\"}"));
    let token = format!("{text}.{}", base64(&signing_key().sk.sign(&text, None)[..]));
    assert_eq!(code_for(&filter, &token), "token_malformed");
}
