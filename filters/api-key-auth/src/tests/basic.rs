//! Keys as the user, or the password, of HTTP's scheme `Basic` (RFC 7617).

use super::*;
use ct_codecs::{Base64, Encoder as _};

fn basic(part: &str, more: Value) -> ApiKeyAuth {
    let mut members = json!({
        "sources": [{"header": "authorization", "basic": part}, {"header": "x-api-key"}],
    });
    gatehouse_filter_test::change(&mut members, &more);
    filter(members)
}

fn sent(user: &[u8], password: &[u8]) -> String {
    format!("Basic {}", Base64::encode_to_string([user, b":", password].concat()).unwrap())
}

#[test]
fn a_key_is_the_user_or_the_password() {
    let (user, password) = (basic("user", json!({})), basic("password", json!({})));
    for (case, credentials, of_user, of_password) in [
        ("a user without a password", sent(b"acme-new", b""), "allowed", "key_missing"),
        ("a user with any", sent(b"acme-new", b"x:y"), "allowed", "key_invalid"),
        ("a password", sent(b"x", b"acme-new"), "key_invalid", "allowed"),
        ("a password alone", sent(b"", b"acme-new"), "key_missing", "allowed"),
        ("neither", sent(b"", b""), "key_missing", "key_missing"),
        ("nothing", "Basic".to_owned(), "key_missing", "key_missing"),
        ("a wrong one", sent(b"acme-old ", b" acme-old"), "key_invalid", "key_invalid"),
        ("no text", sent(b"acme-new\xff", b"\xff"), "key_invalid", "key_invalid"),
        ("a colon in it", sent(b"acme", b"-new"), "key_invalid", "key_invalid"),
        ("no base64", "Basic acme-new".to_owned(), "key_invalid", "key_invalid"),
        ("no colon", "Basic YWNtZS1uZXc=".to_owned(), "key_invalid", "key_invalid"),
        ("none needed", "Basic YWNtZS1uZXc6".to_owned(), "allowed", "key_missing"),
        ("padding too many", "Basic YWNtZS1uZXc6=".to_owned(), "key_invalid", "key_invalid"),
        ("a huge one", sent(&[b'a'; 3000], &[b'a'; 3000]), "key_invalid", "key_invalid"),
        ("another scheme", "Bearer YWNtZS1uZXc6".to_owned(), "key_missing", "key_missing"),
        (
            "two",
            format!("{}, {}", sent(b"acme-new", b""), sent(b"x", b"")),
            "key_invalid",
            "key_invalid",
        ),
    ] {
        let fields = [("authorization", credentials.as_str())];
        assert_eq!(code(&user, &fields), of_user, "{case}, as the user");
        assert_eq!(code(&password, &fields), of_password, "{case}, as the password");
    }
    let right = sent(b"acme-new", b"");
    for (case, fields, want) in [
        (
            "the same elsewhere",
            vec![("authorization", &*right), ("x-api-key", "acme-new")],
            "allowed",
        ),
        (
            "another elsewhere",
            vec![("authorization", &*right), ("x-api-key", "acme-old")],
            "key_repeated",
        ),
        (
            "a second field",
            vec![("authorization", &*right), ("authorization", "Bearer x")],
            "key_repeated",
        ),
        (
            "a second field of the same",
            vec![("authorization", &*right), ("authorization", &*right)],
            "allowed",
        ),
    ] {
        assert_eq!(code(&user, &fields), want, "{case}");
    }
}

#[test]
fn no_part_of_the_credentials_reaches_the_upstream_unless_that_is_wanted() {
    let right = sent(b"acme-new", b"more");
    for (forward, left) in [(false, vec![]), (true, vec![right.clone()])] {
        let filter = basic("user", json!({"forward": forward}));
        let outcome = decide(&filter, &[("authorization", right.as_str())]);
        assert_eq!(outcome.decision.code.name(), "allowed");
        assert_eq!(outcome.values("authorization"), left, "forward: {forward}");
    }
    // What an upstream may read as that field nobody has checked.
    let filter = filter(json!({"sources": [{"header": "x-auth", "basic": "user"}]}));
    for spelling in ["x_auth", "x--auth", "x.auth"] {
        let fields = [("x-auth", right.as_str()), (spelling, "Basic b3RoZXI6")];
        let outcome = decide(&filter, &fields);
        assert_eq!(outcome.decision.code.name(), "allowed");
        assert!(outcome.values(spelling).is_empty(), "{spelling}");
    }
    // In a dry run, too, and where it is malformed.
    let dry = basic("user", json!({"mode": "shadow"}));
    let outcome = decide(&dry, &[("authorization", "Basic ?")]);
    assert_eq!(outcome.decision.code.name(), "key_invalid");
    assert!(outcome.values("authorization").is_empty());
}

#[test]
fn a_401_asks_for_the_schemes_that_keys_come_with() {
    for (sources, schemes, want) in [
        (json!([{"header": "authorization", "basic": "user"}]), Value::Null, vec!["Basic"]),
        (
            json!([{"header": "x-api-key"}, {"header": "authorization", "basic": "user"}]),
            Value::Null,
            vec!["ApiKey", "Basic"],
        ),
        (json!([{"header": "authorization", "basic": "user"}]), json!(["ApiKey"]), vec!["ApiKey"]),
        (json!([{"header": "x-api-key"}]), Value::Null, vec!["ApiKey"]),
    ] {
        let filter = filter(json!({"sources": sources, "schemes": schemes}));
        for fields in [vec![], vec![("authorization", "Basic ?"), ("x-api-key", "")]] {
            let outcome = decide(&filter, &fields);
            let Step::Reply(Reply::Problem(reply)) = &outcome.decision.step else { panic!() };
            assert_eq!(reply.status, 401);
            let told: Vec<_> = reply
                .headers
                .iter()
                .map(|(_, value)| String::from_utf8(value.as_bytes().to_vec()).unwrap())
                .collect();
            let want: Vec<_> =
                want.iter().map(|scheme| format!("{scheme} realm=\"gatehouse\"")).collect();
            assert_eq!(told, want, "{sources}");
        }
    }
}

#[test]
fn what_is_wrong_with_credentials_is_counted_and_told_to_operators() {
    let (host, filter) = (FakeHost::at(NOW), basic("user", json!({})));
    let outcome = ask(&filter, &host, &[("authorization", "Basic c2VjcmV0")]);
    assert_eq!(host.counted(Event::KeyMalformed), 1);
    let why = outcome.decision.why.clone().unwrap();
    assert_eq!(why, "credentials of the scheme Basic that are not base64 of `user:password`");
    let (_, body, _) = told(&outcome);
    assert!(!body.contains("secret") && !body.contains("c2VjcmV0"), "{body}");
}

#[test]
fn a_place_that_cannot_be_told_from_another_is_a_fault() {
    for (sources, want) in [
        (
            json!([{"header": "authorization", "basic": "token"}]),
            "sources[0].basic: must be one of user, password",
        ),
        (
            json!([{"header": "authorization", "basic": "user", "prefix": "Basic "}]),
            "sources[0]: `basic` is for `header` only, and has its prefix: `Basic `",
        ),
        (
            json!([{"query": "key", "basic": "user"}]),
            "sources[0]: `basic` is for `header` only, and has its prefix: `Basic `",
        ),
        (
            json!([{"basic": "user"}]),
            "sources[0]: `basic` is for `header` only, and has its prefix: `Basic `",
        ),
        (
            json!([
                {"header": "authorization", "basic": "user"},
                {"header": "authorization", "basic": "password"},
            ]),
            "sources[1]: must be another place: an earlier source takes the same credentials",
        ),
        (
            json!([
                {"header": "authorization", "prefix": "basic "},
                {"header": "authorization", "basic": "user"},
            ]),
            "sources[1]: must be another place: an earlier source takes the same credentials",
        ),
        (
            json!([{"header": "authorization", "basic": "user"}, {"header": "authorization"}]),
            "sources[1]: must be another place: an earlier source takes the same credentials",
        ),
        (
            json!([{"header": "x-a", "basic": "user"}, {"header": "x-a", "list": true, "after": "b"}]),
            "sources[1]: must be another place: an earlier source takes the same credentials",
        ),
        (
            json!([{"header": "x-a", "list": true, "prefix": "b."}, {"header": "x-a", "basic": "user"}]),
            "sources[1]: must be another place: an earlier source takes the same credentials",
        ),
        (
            json!([{"header": "x-a", "list": true, "prefix": "b.", "basic": "user"}]),
            "sources[0]: `basic` is not for `list: true`: such credentials are no list",
        ),
        (
            json!([{"header": "x-a", "encoding": "base64url", "basic": "user"}]),
            "sources[0]: `after` and `encoding` are for `list: true` only",
        ),
        (
            json!([{"cookie": "a", "basic": "user"}]),
            "sources[0]: `basic` is for `header` only, and has its prefix: `Basic `",
        ),
        (
            json!([{"header": "x-a", "basic": "user"}, {"header": "x_a"}]),
            "sources[1]: must be another field than `x-a`, which upstreams may take it for: an \
             earlier source is that, and every other spelling of it is removed from requests",
        ),
    ] {
        let mut configuration = json!({"hmac_secret": SECRET, "consumers": consumers()});
        configuration["sources"] = sources.clone();
        let faults = configured::<ApiKeyAuth>(&configuration.to_string()).err().unwrap();
        assert_eq!(faults, [want], "{sources}");
    }
    let clash = json!({"sources": [{"header": "x-key", "basic": "user"}], "consumer_header": "x-key",
        "hmac_secret": SECRET, "consumers": consumers()});
    let faults = configured::<ApiKeyAuth>(&clash.to_string()).err().unwrap();
    assert_eq!(faults, ["consumer_header: must not be a field that authenticates the request"]);
}
