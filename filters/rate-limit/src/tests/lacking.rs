//! Requests that lack a part of a rule's key, and paths that dodge a rule.

use super::*;
use gatehouse_filter::Attribute;

const BY_SUBJECT: &str = r#"{"name": "orders", "match": {"path": {"prefix": "/orders"}},
    "key": ["subject"], "limits": [{"requests": 2, "window": "1h"}]"#;

fn by_subject(more: &str) -> String {
    format!(r#"{{"keys": 64, "rules": [{BY_SUBJECT} {more}}}]}}"#)
}

fn codes(filter: &RateLimit, host: &FakeHost, head: &[(&str, &str)], times: usize) -> Vec<Code> {
    (0..times).map(|_| ask(filter, host, head).decision.code).collect()
}

const PREFLIGHT: [(&str, &str); 4] = [
    (":method", "OPTIONS"),
    (":path", "/orders"),
    ("origin", "https://shop.example"),
    ("access-control-request-method", "PUT"),
];

#[test]
fn a_preflight_is_no_request_of_an_account_that_it_does_not_name() {
    for absent in ["", r#", "absent": "share""#, r#", "absent": "client_address""#] {
        let host = FakeHost::at(NOW);
        host.set(Attribute::SourceAddress, "192.0.2.1:1");
        let filter = filter(&by_subject(absent), &host);
        assert_eq!(codes(&filter, &host, &PREFLIGHT, 50), [Code::Unlimited; 50], "{absent}");
        // Nor has it taken anything from those who lack a subject for another reason.
        let anonymous = [(":method", "GET"), (":path", "/orders")];
        assert_eq!(
            codes(&filter, &host, &anonymous, 3),
            [Code::Allowed, Code::Allowed, Code::Exceeded]
        );
    }
}

#[test]
fn what_only_looks_like_a_preflight_is_counted() {
    for (case, head) in [
        ("no origin", &[PREFLIGHT[0], PREFLIGHT[1], PREFLIGHT[3]][..]),
        ("no method asked for", &[PREFLIGHT[0], PREFLIGHT[1], PREFLIGHT[2]]),
        ("another method", &[(":method", "GET"), PREFLIGHT[1], PREFLIGHT[2], PREFLIGHT[3]]),
        (
            "a method in disguise",
            &[
                PREFLIGHT[0],
                PREFLIGHT[1],
                PREFLIGHT[2],
                PREFLIGHT[3],
                ("x-http-method-override", "GET"),
            ],
        ),
    ] {
        let host = FakeHost::at(NOW);
        host.set(Attribute::SourceAddress, "192.0.2.1:1");
        let filter = filter(&by_subject(""), &host);
        assert_eq!(codes(&filter, &host, head, 3).last(), Some(&Code::Exceeded), "{case}");
    }
    // One that names an account is the account's.
    let host = FakeHost::at(NOW);
    let json = r#"{"keys": 64, "rules": [{"key": [{"header": "x-key"}],
        "limits": [{"requests": 2, "window": "1h"}]}]}"#;
    let filter = filter(json, &host);
    let head = [&PREFLIGHT[..], &[("x-key", "a")]].concat();
    assert_eq!(codes(&filter, &host, &head, 3).last(), Some(&Code::Exceeded));
}

#[test]
fn a_preflight_is_limited_where_its_address_or_its_route_cannot_be_told() {
    for (key, socket) in
        [("client_address", "/run/client.sock"), ("client_address", ""), ("route", "")]
    {
        let host = FakeHost::at(NOW);
        if !socket.is_empty() {
            host.set(Attribute::SourceAddress, socket);
        }
        let json = format!(
            r#"{{"keys": 64, "rules": [{{"match": {{"methods": ["OPTIONS"]}}, "key": ["{key}"],
            "limits": [{{"requests": 2, "window": "1h"}}]}}]}}"#
        );
        let filter = filter(&json, &host);
        let want = [Code::Allowed, Code::Allowed, Code::Exceeded];
        assert_eq!(codes(&filter, &host, &PREFLIGHT, 3), want, "{key}, {socket:?}");
    }
}

#[test]
fn whoever_lacks_a_part_uses_up_the_limit_of_his_own_address_alone() {
    let host = FakeHost::at(NOW);
    let own = filter(&by_subject(""), &host);
    let orders = [(":method", "GET"), (":path", "/orders")];
    host.set(Attribute::SourceAddress, "192.0.2.1:1");
    assert_eq!(codes(&own, &host, &orders, 3), [Code::Allowed, Code::Allowed, Code::Exceeded]);
    // An IPv6 client is its network, as everywhere.
    for other in ["192.0.2.2:1", "[2001:db8::1]:1"] {
        host.set(Attribute::SourceAddress, other);
        assert_eq!(codes(&own, &host, &orders, 1), [Code::Allowed], "{other}");
    }
    host.set(Attribute::SourceAddress, "[2001:db8::2]:1");
    assert_eq!(codes(&own, &host, &orders, 2), [Code::Allowed, Code::Exceeded]);
    // Where they are to share one limit, a rule says so.
    let shared = filter(&by_subject(r#", "absent": "share""#), &host);
    assert_eq!(codes(&shared, &host, &orders, 2), [Code::Allowed; 2]);
    host.set(Attribute::SourceAddress, "192.0.2.9:1");
    assert_eq!(codes(&shared, &host, &orders, 1), [Code::Exceeded]);
}

#[test]
fn a_path_that_dodges_a_rule_in_another_spelling_is_refused() {
    let host = FakeHost::at(NOW);
    let filter = filter(&by_subject(""), &host);
    for path in ["/%6frders", "/orders%2F7", "/x/..;/orders", "/%u006frders", "/orders%5C7"] {
        let outcome = ask(&filter, &host, &[(":path", path)]);
        assert_eq!(outcome.decision.code, Code::TargetAmbiguous, "{path}");
        assert_eq!(outcome.status(), Some(400), "{path}");
    }
    for path in ["/x%2Fy", "/orders/a%20b", "/orders/a%2Fb"] {
        let code = ask(&filter, &host, &[(":path", path)]).decision.code;
        assert_ne!(code, Code::TargetAmbiguous, "{path}");
    }
}
