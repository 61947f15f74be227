//! What is known of a client, what is made, and what is made of a value.

use super::*;
use crate::template::replacement::Replacement;

fn of(text: &str, fields: &[(&str, &[u8])]) -> Option<String> {
    rendered(text, "/users/1/2", fields)
}

#[test]
fn a_cookie_is_its_first_value_without_quotes() {
    let fields: &[(&str, &[u8])] =
        &[("cookie", b"a=1; b=\"2 3\";c"), ("cookie", b"a=4; A=5; d=x\r\nset: y")];
    for (text, want) in [
        ("${cookie.a}", Some("1")),
        ("${cookie.A}", Some("5")),
        ("${cookie.b}", Some("2 3")),
        ("${cookie.c}", Some("")),
        ("${cookie.d}", Some("x\\r\\nset: y")),
        ("${cookie.e}", None),
        ("${cookie.e | default: none}", Some("none")),
    ] {
        assert_eq!(of(text, fields).as_deref(), want, "{text}");
    }
}

/// This host knows no address and has no random numbers; its time is 0.
#[test]
fn what_the_host_does_not_know_is_missing() {
    for (text, want) in [
        ("${client_address}", None),
        ("${uuid}", None),
        ("${uuid | default: none}", Some("none")),
        ("${time}", Some("1970-01-01T00:00:00Z")),
    ] {
        assert_eq!(of(text, &[]).as_deref(), want, "{text}");
    }
    assert!(template("a ${time}").needs_clock() && !template("a ${uuid}").needs_clock());
    for (seconds, want) in [
        (1_800_000_000, "2027-01-15T08:00:00Z"),
        (951_782_399, "2000-02-28T23:59:59Z"),
        (951_868_800, "2000-03-01T00:00:00Z"),
    ] {
        assert_eq!(Timestamp::from_seconds(seconds).to_string(), want);
    }
}

#[test]
fn functions_take_a_value_apart() {
    let fields: &[(&str, &[u8])] = &[
        ("x-a", b"Bearer a-b--c"),
        ("x-path", b"/v1/users/17"),
        ("x-64", b"YWxpY2U6czNjcmV0"),
        ("x-bytes", b"\xff"),
        ("x-crlf", b"YQ0KeDogeQ=="),
    ];
    for (text, want) in [
        ("${header.x-a | remove_prefix: Bearer}", Some(" a-b--c")),
        (r#"${header.x-a | remove_prefix: "Bearer "}"#, Some("a-b--c")),
        ("${header.x-a | remove_prefix: bearer}", Some("Bearer a-b--c")),
        (r#"${header.x-a | remove_prefix: "}|"}!"#, Some("Bearer a-b--c!")),
        ("${header.x-a | replace: [-+, /]}", Some("Bearer a/b/c")),
        (r#"${header.x-a | replace: ["-{1,2}", " "] | lower}"#, Some("bearer a b c")),
        (r#"${header.x-a | replace: [" |-", ""]}"#, Some("Bearerabc")),
        (r#"${header.x-a | replace: ["(.)-+", "$1$1"]}"#, Some("Bearer aabbc")),
        (r#"${header.x-path | replace: ["^/v[0-9]+/([a-z]+)/.*$", "${1}"]}"#, Some("users")),
        (r#"${header.x-path | replace: ["\"", "'"]}"#, Some("/v1/users/17")),
        ("${header.x-path | replace: [x*, -]}", Some("-/-v-1-/-u-s-e-r-s-/-1-7-")),
        ("${header.x-bytes | replace: [a, b]}", None),
        ("${header.x-none | replace: [a, b] | default: c}", Some("c")),
        ("${header.x-64 | base64_decode}", Some("alice:s3cret")),
        (r#"${header.x-64 | base64_decode | replace: [":.*", ""]}"#, Some("alice")),
        ("${header.x-crlf | base64_decode}", Some("a\\r\\nx: y")),
        ("${header.x-a | base64_decode}", None),
        ("${header.x-a | base64_decode | default: none}", Some("none")),
        // An old quote is a sign like others.
        (r#"${header.none | default: 5" }"#, Some("5\\\"")),
    ] {
        assert_eq!(of(text, fields).as_deref(), want, "{text}");
    }
    for (base64, want) in [
        ("YQ==", Some("a")),
        ("YQ", Some("a")),
        ("_-8", Some("\\xff\\xef")),
        ("/+8=", Some("\\xff\\xef")),
        ("", Some("")),
        ("Y", None),
        ("YQ=", None),
        ("YQ===", None),
        ("Y Q=", None),
        ("YQ==YQ==", None),
        ("=", None),
    ] {
        let got = of("${header.x | base64_decode}", &[("x", base64.as_bytes())]);
        assert_eq!(got.as_deref(), want, "{base64}");
    }
}

#[test]
fn what_is_wrong_with_a_function_is_told() {
    for (text, want) in [
        ("${method | remove_prefix}", "remove_prefix must be written as in"),
        ("${method | remove_prefix: }", "remove_prefix must be written as in"),
        ("${method | replace: a}", "replace must be written as in"),
        ("${method | replace: [a]}", "replace must be written as in"),
        ("${method | replace: [, a]}", "replace must be written as in"),
        ("${method | replace: [a, b, c]}", "replace must be written as in"),
        (r#"${method | replace: ["a, b]}"#, "has no closing brace"),
        ("${method | replace: [(, b]}", "is not a valid pattern"),
        (r#"${method | replace: ["(?=a)", b]}"#, "is not a valid pattern"),
        ("${method | base64_decode: x}", "base64_decode takes no argument"),
        ("${cookie.}", "must have a name after the dot"),
        ("${cookie.a=b}", "must have a name after the dot"),
        ("${match.1}", "has no pattern that it could be of"),
        ("${client_addres}", "did you mean `client_address`?"),
    ] {
        let error = Template::parse(text, &SCOPE).unwrap_err().to_string();
        assert!(error.contains(want), "{text}: {error}");
    }
}

/// A pattern that looks to the end for each of its finds must not take the square of the length.
#[test]
fn replacing_is_bounded_by_work_and_by_length() {
    let replace = |argument: &str, value: &[u8]| {
        let (replacement, mut out) = (Replacement::parse(argument).unwrap(), Vec::new());
        let (steps, made) = gatehouse_steps::of(|| replacement.append(value, &mut out));
        (made.map(|()| out.len()), steps)
    };
    let long = vec![b'A'; 60 * 1024];
    let (made, steps) = replace("[\".*[^A-Z]|[A-Z]\", b]", &long);
    assert_eq!(made, None);
    assert!(steps <= 70 * MOST_OF_A_FACT, "{steps}");
    assert_eq!(replace("[\".*[^A-Z]|[A-Z]\", b]", &long[..1024]).0, Some(1024));
    let text = "x".repeat(1024);
    assert_eq!(replace(&format!("[A, {text}]"), &long[..100]).0, None);
    assert_eq!(replace(&format!("[A, {text}]"), &long[..10]).0, Some(10 * 1024));
}
