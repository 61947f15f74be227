//! Requests without a key on connections with certificates.

use super::*;
use gatehouse_filter::{Attribute, PeerName};

const URI: &str = "spiffe://acme/orders";

fn people() -> Value {
    json!([
        {"name": "acme", "certificates": [{"uri": URI}, {"dns": "Orders.Acme.example"}],
         "groups": ["partners"], "tier": "gold"},
        {"name": "initech", "certificates": [{"subject": "CN=initech,O=Initech"}],
         "keys": [{"digest": sha256("initech-1")}]},
        {"name": "gone", "certificates": [{"uri": "spiffe://gone"}], "disabled": true},
    ])
}

fn certified(certificate: Value, more: Value) -> ApiKeyAuth {
    let mut members = json!({"consumers": people(), "certificate": certificate,
        "hmac_secret": null, "consumer_header": "x-consumer"});
    gatehouse_filter_test::change(&mut members, &more);
    filter(members)
}

/// A connection whose certificate has these names, verified or not; without any, none.
fn connection(is_verified: bool, names: &[(PeerName, &[u8])]) -> FakeHost {
    let host = FakeHost::at(NOW);
    if !names.is_empty() {
        host.set(Attribute::PeerCertificate, "ab");
        host.set(Attribute::PeerIsVerified, vec![u8::from(is_verified)]);
    }
    for (name, value) in names {
        host.set(Attribute::PeerName(*name), *value);
    }
    host
}

fn code_on(filter: &ApiKeyAuth, host: &FakeHost) -> &'static str {
    ask(filter, host, &[(":path", "/")]).decision.code.name()
}

#[test]
fn a_verified_certificate_says_who_it_is_by_the_first_of_its_names() {
    use PeerName::{Dns, Subject, Uri};
    let (refuse, pass) =
        (certified(json!({}), json!({})), certified(json!({"unknown": "pass"}), json!({})));
    let subject: &[u8] = b"CN=initech,O=Initech";
    let huge = [b"spiffe://", &[b'a'; 3000][..]].concat();
    type Names<'a> = &'a [(PeerName, &'a [u8])];
    let cases: &[(&str, Names<'_>, &str, &str)] = &[
        ("the URI", &[(Uri, URI.as_bytes())], "allowed", "allowed"),
        ("a host", &[(Dns, b"orders.acme.example")], "allowed", "allowed"),
        ("a host in capitals", &[(Dns, b"ORDERS.acme.EXAMPLE")], "allowed", "allowed"),
        ("the subject", &[(Subject, subject)], "allowed", "allowed"),
        ("a disabled one", &[(Uri, b"spiffe://gone")], "consumer_disabled", "consumer_disabled"),
        // Whoever may have the one need not be whom the other names.
        (
            "a known subject behind a URI of nobody's",
            &[(Uri, b"spiffe://other"), (Subject, subject)],
            "consumer_unknown",
            "allowed",
        ),
        ("the URI in other case", &[(Uri, b"SPIFFE://acme/orders")], "consumer_unknown", "allowed"),
        ("with a slash more", &[(Uri, b"spiffe://acme/orders/")], "consumer_unknown", "allowed"),
        ("cut short", &[(Uri, b"spiffe://acme/order")], "consumer_unknown", "allowed"),
        ("a NUL behind it", &[(Uri, b"spiffe://acme/orders\0")], "consumer_unknown", "allowed"),
        ("the URI as a host", &[(Dns, URI.as_bytes())], "consumer_unknown", "allowed"),
        (
            "the host as a subject",
            &[(Subject, b"orders.acme.example")],
            "consumer_unknown",
            "allowed",
        ),
        (
            "its parts in another order",
            &[(Subject, b"O=Initech,CN=initech")],
            "consumer_unknown",
            "allowed",
        ),
        // As certificates of SPIFFE have it: the same of everybody's.
        ("an empty subject", &[(Subject, b"")], "consumer_unknown", "consumer_unknown"),
        (
            "an empty URI before a host",
            &[(Uri, b""), (Dns, b"orders.acme.example")],
            "allowed",
            "allowed",
        ),
        ("no text", &[(Uri, b"spiffe://acme/\xff")], "consumer_unknown", "consumer_unknown"),
        ("a huge one", &[(Uri, &huge)], "consumer_unknown", "consumer_unknown"),
    ];
    for (case, names, of_refuse, of_pass) in cases {
        let host = connection(true, names);
        assert_eq!(code_on(&refuse, &host), *of_refuse, "{case}");
        assert_eq!(code_on(&pass, &host), *of_pass, "{case}");
        // Anybody makes one that says the same.
        let host = connection(false, names);
        assert_eq!(code_on(&refuse, &host), "key_missing", "{case}, not verified");
        assert_eq!(code_on(&pass, &host), "key_missing", "{case}, not verified");
        assert_eq!(host.counted(Event::CertificateUnverified), 2, "{case}");
    }
    let none = connection(true, &[]);
    assert_eq!(code_on(&refuse, &none), "key_missing");
    assert_eq!(none.counted(Event::CertificateUnverified), 0);
    // One that Envoy says something else of than yes.
    for said in [b"".as_slice(), b"\x02", b"true", b"\x01\0\0\0\0\0\0\0"] {
        let host = connection(true, &[(Uri, URI.as_bytes())]);
        host.set(Attribute::PeerIsVerified, said);
        assert_eq!(code_on(&refuse, &host), "key_missing", "{said:?}");
    }
}

#[test]
fn only_the_names_that_are_asked_for_count() {
    use PeerName::{Dns, Subject, Uri};
    let all: &[(PeerName, &[u8])] =
        &[(Uri, URI.as_bytes()), (Dns, b"x.example"), (Subject, b"CN=initech,O=Initech")];
    for (names, want) in [
        (json!(["uri"]), Some("acme")),
        (json!(["subject"]), Some("initech")),
        (json!(["subject", "uri"]), Some("initech")),
        (json!(["dns", "uri"]), None),
    ] {
        let filter = certified(json!({"names": names}), json!({}));
        let decision = ask(&filter, &connection(true, all), &[(":path", "/")]).decision;
        let consumer = decision.caller.as_ref().and_then(|caller| caller.consumer());
        assert_eq!(consumer, want, "{names}");
    }
    let filter = certified(json!({"names": ["uri"], "unknown": "pass"}), json!({}));
    let nameless = connection(true, &[(Subject, b"CN=initech,O=Initech")]);
    assert_eq!(code_on(&filter, &nameless), "consumer_unknown");
}

#[test]
fn the_filters_behind_and_the_upstream_are_told_who_it_is() {
    let host = connection(true, &[(PeerName::Uri, URI.as_bytes())]);
    let outcome = ask(&certified(json!({}), json!({})), &host, &[("x-consumer", "root")]);
    assert_eq!(outcome.values("x-consumer"), ["acme"]);
    let json: Value =
        serde_json::from_slice(outcome.decision.caller.as_ref().unwrap().json()).unwrap();
    assert_eq!(
        json,
        json!({"subject": URI, "consumer": "acme", "groups": ["partners"], "tier": "gold"})
    );
    // Of whom the table knows nothing, the name is known.
    let pass = certified(json!({"unknown": "pass"}), json!({}));
    let host = connection(true, &[(PeerName::Uri, b"spiffe://other")]);
    let outcome = ask(&pass, &host, &[("x-consumer", "root")]);
    assert!(outcome.values("x-consumer").is_empty());
    let caller = outcome.decision.caller.unwrap();
    assert_eq!((caller.subject(), caller.consumer()), (Some("spiffe://other"), None));
}

#[test]
fn a_key_says_who_it_is_before_a_certificate_does() {
    let filter = certified(json!({}), json!({}));
    let host = connection(true, &[(PeerName::Uri, URI.as_bytes())]);
    for (key, want) in [
        ("initech-1", ("allowed", Some("initech"))),
        ("wrong", ("key_invalid", None)),
        ("", ("allowed", Some("acme"))),
    ] {
        let decision = ask(&filter, &host, &[("x-api-key", key)]).decision;
        let consumer = decision.caller.as_ref().and_then(|caller| caller.consumer());
        assert_eq!((decision.code.name(), consumer), want, "{key}");
    }
}

#[test]
fn rules_hold_for_certificates_as_they_do_for_keys() {
    let rules = json!([
        {"match": {"path": {"prefix": "/open"}}, "require": "none"},
        {"match": {"path": {"prefix": "/optional"}}, "require": "optional"},
        {"match": {"path": {"prefix": "/partners"}}, "groups": ["partners"]},
        {"match": {"path": {"prefix": "/initech"}}, "consumers": ["initech"]},
    ]);
    let filter = certified(json!({"unknown": "pass"}), json!({"rules": rules}));
    let on = |path: &str, host: &FakeHost| ask(&filter, host, &[(":path", path)]).decision;
    let acme = connection(true, &[(PeerName::Uri, URI.as_bytes())]);
    let other = connection(true, &[(PeerName::Uri, b"spiffe://other")]);
    let unverified = connection(false, &[(PeerName::Uri, URI.as_bytes())]);
    for (path, of_acme, of_other, of_unverified) in [
        ("/open", "not_required", "not_required", "not_required"),
        ("/optional", "allowed", "allowed", "anonymous"),
        ("/partners", "allowed", "consumer_not_allowed", "key_missing"),
        ("/initech", "consumer_not_allowed", "consumer_not_allowed", "key_missing"),
        ("/", "allowed", "allowed", "key_missing"),
    ] {
        assert_eq!(on(path, &acme).code.name(), of_acme, "{path}");
        assert_eq!(on(path, &other).code.name(), of_other, "{path}");
        assert_eq!(on(path, &unverified).code.name(), of_unverified, "{path}");
    }
}

#[test]
fn a_refusal_says_what_the_certificate_is_to_operators_alone() {
    let filter = certified(json!({}), json!({}));
    let host = connection(true, &[(PeerName::Uri, b"spiffe://ev\nil")]);
    let outcome = ask(&filter, &host, &[(":path", "/")]);
    let why = outcome.decision.why.clone().unwrap();
    assert!(why.starts_with("a certificate of the uri `spiffe://ev"), "{why}");
    assert!(!why.contains('\n'), "{why}");
    let (status, body, challenge) = told(&outcome);
    assert_eq!((status, challenge), (403, None));
    assert!(!body.contains("spiffe"), "{body}");
    let outcome = ask(&filter, &connection(true, &[]), &[(":path", "/")]);
    let (status, body, challenge) = told(&outcome);
    assert_eq!((status, challenge.as_deref()), (401, Some("ApiKey realm=\"gatehouse\"")));
    assert!(body.contains("connect with a certificate"), "{body}");
}

#[test]
fn without_the_option_no_certificate_is_looked_at() {
    let filter = certified(
        json!({}),
        json!({"certificate": null, "consumers": consumers(), "hmac_secret": SECRET}),
    );
    let host = connection(true, &[(PeerName::Uri, URI.as_bytes())]);
    assert_eq!(code_on(&filter, &host), "key_missing");
}

#[test]
fn a_name_that_no_certificate_can_have_is_a_fault() {
    let certificate =
        |certificate: Value| json!({"consumers": [{"name": "a", "certificates": [certificate]}]});
    let below = "consumers[0].certificates[0]";
    for (changes, want) in [
        (certificate(json!({})), format!("{below}: must have exactly one of uri, dns, subject")),
        (
            certificate(json!({"uri": URI, "dns": "a.example"})),
            format!("{below}: must have exactly one of uri, dns, subject"),
        ),
        (
            certificate(json!({"uri": "acme/orders"})),
            format!("{below}.uri: must be a URI with its scheme, such as spiffe://acme/orders"),
        ),
        (
            certificate(json!({"uri": "spiffe://\u{e4}"})),
            format!("{below}.uri: must be a URI with its scheme, such as spiffe://acme/orders"),
        ),
        (
            certificate(json!({"dns": "a b"})),
            format!("{below}.dns: must be the name of a host, such as orders.acme.example"),
        ),
        (
            certificate(json!({"subject": "orders"})),
            format!("{below}.subject: must be a subject as Envoy writes it, such as CN=orders,O=acme"),
        ),
        (
            certificate(json!({"email": "a@b"})),
            format!("{below}.email: unknown field; known here: uri, dns, subject"),
        ),
        (
            json!({"consumers": [{"name": "a", "certificates": [{"dns": "a.example"}]},
                {"name": "b", "certificates": [{"dns": "A.example"}]}]}),
            "consumers[1].certificates[0]: must be unique: `a` has it too, and it cannot tell `b` \
             from that one"
                .to_owned(),
        ),
        (
            json!({"consumers": [{"name": "a"}]}),
            "consumers[0]: must have keys, tokens or certificates: an empty list where all have been \
             withdrawn"
                .to_owned(),
        ),
        (json!({"certificate": {"names": []}}), "certificate.names: must not be empty".to_owned()),
        (
            json!({"certificate": {"names": ["email"]}}),
            "certificate.names[0]: must be one of uri, dns, subject".to_owned(),
        ),
        (
            json!({"certificate": {"names": ["dns", "dns"]}}),
            "certificate.names[1]: must be unique: an earlier one is the same".to_owned(),
        ),
        (
            json!({"certificate": {"unknown": "allow"}}),
            "certificate.unknown: must be one of refuse, pass".to_owned(),
        ),
    ] {
        let mut configuration = json!({"consumers": people(), "certificate": {}});
        gatehouse_filter_test::change(&mut configuration, &changes);
        let faults = configured::<ApiKeyAuth>(&configuration.to_string()).err().unwrap();
        assert_eq!(faults.first(), Some(&want), "{changes}: {faults:?}");
    }
}
