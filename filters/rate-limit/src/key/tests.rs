use super::*;
use crate::part::{Member, Networks};
use gatehouse_filter::rules::Captures;
use gatehouse_filter::{Attribute, HeaderName, Headers, Identity, Request};
use gatehouse_filter_test::FakeHost;
use serde_json::json;
use std::collections::HashMap;

/// A secret: another one for another byte.
fn secret(first: u8) -> Secret {
    let host = FakeHost::default();
    host.store.put(b"s", &[first; 16]);
    Secret::agreed(&host, b"s").unwrap()
}

const ADDRESS: Part = Part::ClientAddress(Networks { ipv4: 32, ipv6: 64 });
const SUBJECT: Part = Part::Identity(Member::Subject);

fn header(name: &str) -> Part {
    Part::Header(HeaderName::try_from(name).unwrap())
}

fn digest(parts: Vec<Part>, host: &FakeHost, head: &[(&str, Vec<u8>)]) -> Digest {
    let request = Request::new(Headers::from_list(head), host);
    let facts = Facts { request: &request, captures: &Captures::default() };
    Key::new("rule", parts, Absent::Share, "limits").digest(&secret(7), &facts).unwrap()
}

#[test]
fn no_two_lists_of_values_have_the_same_digest() {
    let long = vec![b'a'; 60 * 1024];
    let mut other_long = long.clone();
    *other_long.last_mut().unwrap() = b'b';
    let heads: Vec<Vec<(&str, Vec<u8>)>> = vec![
        vec![],
        vec![("x-a", b"".to_vec())],
        vec![("x-a", b"".to_vec()), ("x-a", b"".to_vec())],
        vec![("x-b", b"".to_vec())],
        vec![("x-a", b"".to_vec()), ("x-b", b"".to_vec())],
        vec![("x-a", b"1".to_vec())],
        vec![("x-b", b"1".to_vec())],
        vec![("x-a", b"1".to_vec()), ("x-a", b"2".to_vec())],
        vec![("x-a", b"1".to_vec()), ("x-b", b"2".to_vec())],
        vec![("x-a", b"1,2".to_vec())],
        vec![("x-a", b"12".to_vec())],
        vec![("x-a", b"\0".to_vec())],
        vec![("x-a", b"\0\0".to_vec())],
        vec![("x-a", b"1\0".to_vec())],
        vec![("x-a", b"1\0\x012".to_vec())],
        vec![("x-a", b"\xff".to_vec())],
        vec![("x-a", b"\xff\xfe".to_vec())],
        vec![("x-a", "\u{fffd}".into())],
        vec![("x-a", b"1".to_vec()); 15],
        vec![("x-a", b"1".to_vec()); 16],
        vec![("x-a", b"1".to_vec()); 17],
        [vec![("x-a", b"1".to_vec()); 16], vec![("x-b", b"1".to_vec())]].concat(),
        [vec![("x-a", b"1".to_vec()); 17], vec![("x-b", b"1".to_vec())]].concat(),
        [vec![("x-a", b"2".to_vec())], vec![("x-a", b"1".to_vec()); 16]].concat(),
        vec![("x-a", long)],
        vec![("x-a", other_long)],
    ];
    let host = FakeHost::default();
    let mut seen = HashMap::new();
    for (index, head) in heads.iter().enumerate() {
        let digest = digest(vec![header("x-a"), header("x-b")], &host, head);
        assert_eq!(seen.insert(digest, index), None, "head {index}");
    }
}

#[test]
fn of_more_values_than_any_client_sends_the_first_ones_count() {
    let host = FakeHost::default();
    let of = |count, last: &str| {
        let pairs = vec!["q=1"; count].join("&");
        let cookies = vec!["q=1"; count].join("; ");
        let path = format!("/?{pairs}&q={last}");
        let cookies = format!("{cookies}; q={last}");
        let fields = vec![("x-a", b"1".to_vec()); count];
        let fields = [fields, vec![("x-a", last.as_bytes().to_vec())]].concat();
        [
            digest(vec![Part::Query("q".to_owned())], &host, &[(":path", path.into_bytes())]),
            digest(vec![Part::Cookie("q".to_owned())], &host, &[("cookie", cookies.into_bytes())]),
            digest(vec![header("x-a")], &host, &fields),
        ]
    };
    for (first, second) in of(15, "1").into_iter().zip(of(15, "2")) {
        assert_ne!(first, second, "sixteen");
    }
    assert_eq!(of(16, "1"), of(16, "2"), "more are told apart by the first sixteen");
    assert_eq!(of(16, "1"), of(14_000, "2"));
}

#[test]
fn the_kind_of_a_value_counts() {
    let host = FakeHost::default();
    let claims = [
        json!("1"),
        json!(1),
        json!("true"),
        json!(true),
        json!(["1"]),
        json!("[\"1\"]"),
        json!({"a": 1}),
    ];
    let mut seen = HashMap::new();
    for claim in claims {
        let mut identity = Identity { subject: Some("1".to_owned()), ..Identity::default() };
        identity.claims.insert("tenant".to_owned(), claim.clone());
        host.identify(&identity);
        let digest = digest(vec![Part::Claim("tenant".to_owned())], &host, &[]);
        assert_eq!(seen.insert(digest, claim), None);
    }
    let subject = digest(vec![SUBJECT], &host, &[]);
    assert_eq!(seen.insert(subject, json!("subject")), None);
    let header = digest(vec![header("subject")], &host, &[("subject", b"1".to_vec())]);
    assert_eq!(seen.insert(header, json!("header")), None);
}

#[test]
fn a_client_is_its_ipv4_address_or_its_ipv6_network() {
    let host = FakeHost::default();
    let of = |address: &str| {
        host.set(Attribute::SourceAddress, address);
        digest(vec![ADDRESS], &host, &[])
    };
    let same = [
        ("192.0.2.1:1000", "192.0.2.1:2000"),
        ("192.0.2.1:1000", "[::ffff:192.0.2.1]:2000"),
        ("[2001:db8:0:1::1]:1000", "[2001:db8:0:1:ffff::9]:2000"),
        ("/tmp/socket", "@another"),
    ];
    for (left, right) in same {
        assert_eq!(of(left), of(right), "{left} and {right}");
    }
    let different = [
        ("192.0.2.1:1000", "192.0.2.2:1000"),
        ("[2001:db8:0:1::1]:1000", "[2001:db8:0:2::1]:1000"),
        ("[2001:db8:0:1::1]:1000", "192.0.2.1:1000"),
        ("/tmp/socket", "192.0.2.1:1000"),
    ];
    for (left, right) in different {
        assert_ne!(of(left), of(right), "{left} and {right}");
    }
}

#[test]
fn rules_limits_and_parts_are_told_apart() {
    let host = FakeHost::default();
    let request = Request::new(Headers::from_list::<&str, &str>(&[]), &host);
    let facts = Facts { request: &request, captures: &Captures::default() };
    let keys = [
        Key::new("rule", vec![SUBJECT], Absent::Share, "[1]"),
        Key::new("rule2", vec![SUBJECT], Absent::Share, "[1]"),
        Key::new("rule", vec![ADDRESS], Absent::Share, "[1]"),
        Key::new("rule", vec![SUBJECT], Absent::Share, "[2]"),
        Key::new("rule", vec![SUBJECT], Absent::Share, "[1, 1]"),
        Key::new("rule", vec![header("a"), header("b")], Absent::Share, "[1]"),
        Key::new("rule", vec![header("a")], Absent::Share, "[1]"),
        Key::new("rule", vec![Part::Claim("a".to_owned())], Absent::Share, "[1]"),
    ];
    let mut seen = HashMap::new();
    for (index, key) in keys.iter().enumerate() {
        assert_eq!(
            seen.insert(key.digest(&secret(7), &facts).unwrap(), index),
            None,
            "key {index}"
        );
    }
    let other_secret = keys[0].digest(&secret(8), &facts).unwrap();
    assert!(!seen.contains_key(&other_secret));
}
