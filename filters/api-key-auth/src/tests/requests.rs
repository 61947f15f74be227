//! Keys, times, rules, refusals.

use super::*;
use gatehouse_filter::Identity;
use gatehouse_filter_test::FakeHost;

/// Why a key is not valid, which clients are not told.
const WHY_INVALID: [Event; 4] =
    [Event::KeyTooLong, Event::KeyUnknown, Event::KeyNotYetValid, Event::KeyExpired];

#[test]
fn a_good_key_tells_who_the_request_is_from() {
    let filter = filter(json!({}));
    let outcome = decide(&filter, &[("x-api-key", "acme-new")]);
    assert_eq!(outcome.decision.code.name(), "allowed");
    assert_eq!(outcome.status(), None);
    let identity = outcome.identity().unwrap();
    assert_eq!(
        identity,
        Identity {
            consumer: Some("acme".to_owned()),
            scopes: vec!["orders:read".to_owned(), "orders:write".to_owned()],
            roles: vec!["buyer".to_owned()],
            groups: vec!["partners".to_owned(), "eu".to_owned()],
            tier: Some("gold".to_owned()),
            claims: json!({"account": 17, "contact": {"mail": "it@acme.example"}})
                .as_object()
                .unwrap()
                .clone(),
            ..Identity::default()
        }
    );
    let outcome = decide(&filter, &[("x-api-key", "initech-1")]);
    let identity = outcome.identity().unwrap();
    assert_eq!(identity, Identity { consumer: Some("initech".to_owned()), ..Identity::default() });
}

#[test]
fn what_is_not_a_key_opens_nothing_and_is_not_told_apart() {
    let filter = filter(json!({"realm": "Orders API"}));
    let digest = sha256("acme-new");
    let at_limit = "k".repeat(512);
    let long = vec![0xff; 60 * 1024];
    let cases: [(&str, &[u8], Event); 13] = [
        ("unknown", b"acme-newer", Event::KeyUnknown),
        ("a beginning", b"acme-ne", Event::KeyUnknown),
        ("another case", b"ACME-NEW", Event::KeyUnknown),
        ("the digest", digest.as_bytes(), Event::KeyUnknown),
        ("the consumer's name", b"acme", Event::KeyUnknown),
        ("a space behind", b"acme-new ", Event::KeyUnknown),
        ("two keys in one field", b"acme-new, acme-old", Event::KeyUnknown),
        ("not UTF-8", b"\xff\xfe", Event::KeyUnknown),
        ("cut inside a character", b"acme-new\xc3", Event::KeyUnknown),
        ("NUL", b"acme-new\0", Event::KeyUnknown),
        ("512 bytes", at_limit.as_bytes(), Event::KeyUnknown),
        ("513 bytes", &[b'k'; 513], Event::KeyTooLong),
        ("60 KiB", &long, Event::KeyTooLong),
    ];
    for (case, key, event) in cases {
        let host = FakeHost::at(NOW);
        let outcome = ask(&filter, &host, &[("x-api-key", key)]);
        assert_eq!(
            told(&outcome),
            (
                401,
                r#"{"type":"about:blank","title":"Unauthorized","status":401,"code":"api_key_auth.key_invalid","detail":"The API key is not valid"}"#.to_owned(),
                Some(r#"ApiKey realm="Orders API""#.to_owned())
            ),
            "{case}"
        );
        assert!(outcome.identity().is_none(), "{case}");
        assert_eq!(WHY_INVALID.map(|event| host.counted(event)).iter().sum::<u64>(), 1, "{case}");
        assert_eq!(host.counted(event), 1, "{case}");
    }
}

#[test]
fn a_key_of_just_the_longest_length_is_good() {
    let key = "k".repeat(crate::MAX_KEY);
    let filter = filter(json!({"consumers": [{"name": "a", "keys": [{"digest": sha256(&key)}]}]}));
    assert_eq!(code(&filter, &[("x-api-key", &key)]), "allowed");
}

#[test]
fn a_keyed_digest_is_not_a_plain_one_and_the_other_way_round() {
    let secret = crate::Secret::new(SECRET.as_bytes()).unwrap();
    let keyed = Digest::hmac_sha256(&secret, b"k").to_string();
    let swapped = json!([{"name": "a", "keys": [
        {"digest": sha256("k").replace("sha256:", "hmac_sha256:")},
        {"digest": keyed.replace("hmac_sha256:", "sha256:")},
    ]}]);
    assert_eq!(code(&filter(json!({"consumers": swapped})), &[("x-api-key", "k")]), "key_invalid");
    let right = json!([{"name": "a", "keys": [{"digest": keyed}]}]);
    assert_eq!(code(&filter(json!({"consumers": right})), &[("x-api-key", "k")]), "allowed");
    let other =
        filter(json!({"consumers": right, "hmac_secret": "b secret of 32 bytes, or of more"}));
    assert_eq!(code(&other, &[("x-api-key", "k")]), "key_invalid");
}

#[test]
fn every_one_of_many_keys_is_found() {
    let key = |n: u32| json!({"digest": sha256(&format!("key-{n}"))});
    let consumer = |n: u32| json!({"name": format!("c{n}"), "keys": [key(2 * n), key(2 * n + 1)]});
    let filter = filter(json!({"consumers": (0..1000).map(consumer).collect::<Vec<_>>()}));
    for n in 0..2000_u32 {
        let outcome = decide(&filter, &[("x-api-key", &format!("key-{n}"))]);
        let consumer = outcome.identity().and_then(|identity| identity.consumer.clone());
        assert_eq!(consumer, Some(format!("c{}", n / 2)), "key-{n}");
    }
    assert_eq!(code(&filter, &[("x-api-key", "key-2000")]), "key_invalid");
}

#[test]
fn a_key_is_good_from_its_first_moment_until_its_last_has_passed() {
    let key = json!({
        "digest": sha256("k"),
        "not_before": "2027-01-15T08:00:00Z",
        "expires_at": "2027-01-15T10:00:10.5+01:00",
    });
    let filter = filter(json!({"consumers": [{"name": "a", "keys": [key]}]}));
    let expires = (NOW + 3610) * 1_000_000_000 + 500_000_000;
    for (nanoseconds, want, event) in [
        (0, "key_invalid", Some(Event::KeyNotYetValid)),
        (NOW * 1_000_000_000 - 1, "key_invalid", Some(Event::KeyNotYetValid)),
        (NOW * 1_000_000_000, "allowed", None),
        (expires - 1, "allowed", None),
        (expires, "key_invalid", Some(Event::KeyExpired)),
        (u64::MAX, "key_invalid", Some(Event::KeyExpired)),
    ] {
        let host = FakeHost::default();
        host.clock.advance(std::time::Duration::from_nanos(nanoseconds));
        let outcome = ask(&filter, &host, &[("x-api-key", "k")]);
        assert_eq!(outcome.decision.code.name(), want, "{nanoseconds}");
        let counted = WHY_INVALID.into_iter().find(|event| host.counted(*event) == 1);
        assert_eq!(counted, event, "{nanoseconds}");
    }
}

#[test]
fn a_rotation_has_both_keys_for_a_while() {
    let keys = json!([
        {"digest": sha256("old"), "expires_at": "2027-01-15T09:00:00Z"},
        {"digest": sha256("new"), "not_before": "2027-01-15T08:00:00Z"},
    ]);
    let filter = filter(json!({"consumers": [{"name": "a", "keys": keys}]}));
    for (time, old, new) in [
        (NOW - 1, "allowed", "key_invalid"),
        (NOW, "allowed", "allowed"),
        (NOW + 3599, "allowed", "allowed"),
        (NOW + 3600, "key_invalid", "allowed"),
    ] {
        let of =
            |key| ask(&filter, &FakeHost::at(time), &[("x-api-key", key)]).decision.code.name();
        assert_eq!((of("old"), of("new")), (old, new), "{time}");
    }
}

#[test]
fn rules_say_whether_a_key_is_needed_and_whose() {
    let filter = filter(json!({
        "rules": [
            {"name": "open", "match": {"path": {"prefix": "/open"}}, "require": "none"},
            {"name": "browse", "match": {"path": {"prefix": "/browse"}}, "require": "optional"},
            {"name": "acme", "match": {"path": {"prefix": "/acme"}}, "consumers": ["acme"]},
            {"name": "eu", "match": {"path": {"prefix": "/eu"}}, "groups": ["eu"]},
            {"name": "both", "match": {"path": {"prefix": "/both"}}, "groups": ["eu"], "consumers": ["initech"]},
            {"name": "maybe", "match": {"path": {"prefix": "/maybe"}}, "require": "optional", "groups": ["eu"]},
        ],
    }));
    for (path, key, want, status) in [
        ("/", Some("initech-1"), "allowed", None),
        ("/", None, "key_missing", Some(401)),
        ("/open", None, "not_required", None),
        ("/open", Some("wrong"), "not_required", None),
        ("/open", Some("acme-new"), "not_required", None),
        ("/browse", None, "anonymous", None),
        ("/browse", Some("acme-new"), "allowed", None),
        ("/browse", Some("wrong"), "key_invalid", Some(401)),
        ("/acme", Some("acme-old"), "allowed", None),
        ("/acme", Some("initech-1"), "consumer_not_allowed", Some(403)),
        ("/acme", Some("wrong"), "key_invalid", Some(401)),
        ("/acme", None, "key_missing", Some(401)),
        ("/eu", Some("acme-new"), "allowed", None),
        ("/eu", Some("initech-1"), "consumer_not_allowed", Some(403)),
        ("/both", Some("acme-new"), "allowed", None),
        ("/both", Some("initech-1"), "allowed", None),
        ("/maybe", None, "anonymous", None),
        ("/maybe", Some("initech-1"), "consumer_not_allowed", Some(403)),
    ] {
        let mut fields = vec![(":path", path)];
        fields.extend(key.map(|key| ("x-api-key", key)));
        let outcome = decide(&filter, &fields);
        assert_eq!(
            (outcome.decision.code.name(), outcome.status()),
            (want, status),
            "{path} {key:?}"
        );
        assert_eq!(outcome.identity().is_some(), want == "allowed", "{path} {key:?}");
        let rule = outcome.decision.rule.as_deref();
        assert_eq!(rule, Some(path.trim_matches('/')).filter(|rule| !rule.is_empty()), "{path}");
    }
}

#[test]
fn refusals_are_challenges_where_a_key_would_help() {
    let filter = filter(json!({"rules": [{"consumers": ["initech"]}]}));
    let challenge = Some(r#"ApiKey realm="gatehouse""#.to_owned());
    let body = |title: &str, status: u16, code: &str, detail: &str| {
        format!(
            r#"{{"type":"about:blank","title":"{title}","status":{status},"code":"api_key_auth.{code}","detail":"{detail}"}}"#
        )
    };
    let none: &[(&str, &str)] = &[];
    for (fields, want) in [
        (none, (401, body("Unauthorized", 401, "key_missing", "Send an API key"), challenge)),
        (
            &[("x-api-key", "acme-new"), ("x-api-key", "acme-old")],
            (400, body("Bad Request", 400, "key_repeated", "Send one API key, once"), None),
        ),
        (
            &[("x-api-key", "acme-new")],
            (
                403,
                body(
                    "Forbidden",
                    403,
                    "consumer_not_allowed",
                    "This API key or certificate may not be used here",
                ),
                None,
            ),
        ),
    ] {
        assert_eq!(told(&decide(&filter, fields)), want, "{fields:?}");
    }
}

#[test]
fn a_preflight_needs_no_key_unless_it_is_told_to() {
    let preflight = [
        (":method", "OPTIONS"),
        ("origin", "https://app.example"),
        ("access-control-request-method", "PUT"),
    ];
    assert_eq!(code(&filter(json!({})), &preflight), "preflight");
    assert_eq!(code(&filter(json!({"skip_preflight": false})), &preflight), "key_missing");
    assert_eq!(code(&filter(json!({})), &preflight[..2]), "key_missing");
    assert_eq!(code(&filter(json!({})), &preflight[1..]), "key_missing");
}

#[test]
fn a_dry_run_refuses_nobody_and_identifies_only_the_good() {
    let filter = filter(json!({"mode": "shadow", "consumer_header": "x-consumer"}));
    for (key, want) in [("acme-new", "allowed"), ("wrong", "key_invalid")] {
        let outcome = decide(&filter, &[("x-api-key", key), ("x-consumer", "root")]);
        assert_eq!((outcome.decision.code.name(), outcome.status()), (want, None));
        assert_eq!(outcome.identity().is_some(), want == "allowed");
        let consumer: &[&str] = if want == "allowed" { &["acme"] } else { &[] };
        assert_eq!(outcome.values("x-consumer"), consumer);
        assert_eq!(outcome.values("x-api-key"), [""; 0]);
    }
}

#[test]
fn a_key_wins_over_an_earlier_identity_and_no_key_leaves_it() {
    let host = FakeHost::at(NOW);
    host.identify(&Identity { subject: Some("alice".to_owned()), ..Identity::default() });
    let filter = filter(json!({"default": "optional"}));
    let outcome = ask(&filter, &host, &[("x-api-key", "acme-new")]);
    let identity = outcome.identity().unwrap();
    assert_eq!((identity.consumer.as_deref(), identity.subject.as_deref()), (Some("acme"), None));
    let outcome = ask::<_, &str>(&filter, &host, &[]);
    assert_eq!(outcome.decision.code.name(), "anonymous");
    assert!(outcome.identity().is_none(), "nothing is written over the earlier one");
}

#[test]
fn operators_are_told_why_a_key_was_refused_and_clients_are_not() {
    let filter = filter(json!({
        "consumers": [
            {"name": "acme", "keys": [
                {"digest": sha256("old"), "expires_at": "2027-01-15T07:58:20Z"},
                {"digest": sha256("new"), "not_before": "2027-01-15T08:01:40Z"},
            ]},
            {"name": "initech", "keys": [{"digest": sha256("other")}]},
        ],
        "rules": [{"match": {"path": {"prefix": "/"}}, "consumers": ["acme"]}],
    }));
    let long = "k".repeat(600);
    for (key, code, want) in [
        ("old", "key_invalid", Some("a key of `acme` that expired 100 s ago")),
        ("new", "key_invalid", Some("a key of `acme` that is good in 100 s")),
        ("nobody", "key_invalid", Some("a key of nobody's")),
        (&long, "key_invalid", Some("a key of 600 bytes")),
        ("other", "consumer_not_allowed", Some("a key of `initech`")),
        ("", "key_missing", None),
    ] {
        let outcome = decide(&filter, &[("x-api-key", key)]);
        assert_eq!(outcome.decision.code.name(), code, "{key}");
        assert_eq!(outcome.decision.why.as_deref(), want, "{key}");
        let (_, body, _) = told(&outcome);
        assert!(!body.contains("acme") && !body.contains("initech"), "{body}");
    }
}
