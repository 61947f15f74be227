//! Which requests have one key, and which have not.

use super::*;
use gatehouse_filter::{Headers, Identity};
use gatehouse_filter_test::FakeHost;

fn names(names: &[&str]) -> Vec<NamePattern> {
    let pattern = |name: &&str| match name.strip_suffix('*') {
        Some(text) => NamePattern { text: text.to_owned(), is_prefix: true },
        None => NamePattern { text: (*name).to_owned(), is_prefix: false },
    };
    names.iter().map(pattern).collect()
}

fn only(list: &[&str]) -> KeyParts {
    KeyParts { query: Query::Only(names(list)), ..KeyParts::default() }
}

fn without(list: &[&str]) -> KeyParts {
    KeyParts { query: Query::Without(names(list)), ..KeyParts::default() }
}

fn url(parts: &KeyParts, scheme: &str, authority: &str, target: &str) -> String {
    let url = parts.url(scheme.as_bytes(), authority.as_bytes(), target.as_bytes());
    String::from_utf8(url).unwrap()
}

#[test]
fn a_url_is_scheme_host_and_target_in_the_form_in_which_they_are_compared() {
    let all = KeyParts::default();
    let any = KeyParts { host: false, ..KeyParts::default() };
    for (what, parts, scheme, authority, target, want) in [
        ("as sent", &all, "https", "a.example", "/x?b=1&a=2", "https://a.example/x?b=1&a=2"),
        ("in lower case", &all, "HTTPS", "A.Example", "/X", "https://a.example/X"),
        ("https's own port", &all, "https", "a.example:443", "/", "https://a.example/"),
        ("http's own port", &all, "http", "a.example:80", "/", "http://a.example/"),
        ("the other's port", &all, "http", "a.example:443", "/", "http://a.example:443/"),
        ("an address", &all, "https", "[::1]:443", "/", "https://[::1]/"),
        ("an address that ends like a port", &all, "https", "[::443]", "/", "https://[::443]/"),
        ("no query is another than an empty one", &all, "http", "a", "/x?", "http://a/x?"),
        ("a second question mark", &all, "http", "a", "/x?a?b", "http://a/x?a?b"),
        ("all hosts", &any, "https", "a.example", "/x?a", "https://<any>/x?a"),
        ("all hosts are not the host *", &all, "https", "*", "/x", "https://*/x"),
    ] {
        let told = url(parts, scheme, authority, target);
        assert_eq!(told, want, "{what}");
        assert_eq!(target_of(told.as_bytes()), target.as_bytes(), "{what}");
        assert_eq!(scheme_of(told.as_bytes()), scheme.to_lowercase().as_bytes(), "{what}");
        assert_eq!(is_for_all_hosts(told.as_bytes()), !parts.host, "{what}");
    }
}

#[test]
fn keys_of_other_parts_are_other_keys() {
    let header = |name| vec![HeaderName::from_static(name)];
    let parts = [
        KeyParts::default(),
        KeyParts { host: false, ..KeyParts::default() },
        only(&["a"]),
        without(&["a"]),
        KeyParts { sort_query: true, ..KeyParts::default() },
        KeyParts { headers: header("x-a"), ..KeyParts::default() },
        KeyParts { headers: header("x-b"), ..KeyParts::default() },
        KeyParts { cookies: vec!["x-a".to_owned()], ..KeyParts::default() },
        KeyParts { identity: vec![Member::Subject], ..KeyParts::default() },
    ];
    let forms: std::collections::BTreeSet<_> = parts.iter().map(KeyParts::form).collect();
    assert_eq!(forms.len(), parts.len());
    assert!(KeyParts::default().form().is_empty(), "the usual ones cost nothing");
}

#[test]
fn what_counts_of_a_query_is_in_the_key_and_what_does_not_is_not() {
    let sorted = KeyParts { sort_query: true, ..KeyParts::default() };
    let sorted_only = KeyParts { sort_query: true, ..only(&["b", "a"]) };
    let cleaned = without(&["utm_*", "fbclid"]);
    for (what, parts, query, want) in [
        ("those that are named", &only(&["a", "b"]), "?x=1&b=2&a=3", "?b=2&a=3"),
        ("none of them", &only(&["a"]), "?x=1", ""),
        ("no name is named", &only(&[]), "?x=1", ""),
        ("an empty query", &only(&["a"]), "?", ""),
        ("a name without a value", &only(&["a"]), "?a&x", "?a"),
        ("a name that is encoded", &only(&["a"]), "?%61=1", "?%61=1"),
        ("a name that goes on", &only(&["a"]), "?aa=1", ""),
        ("the name in the value", &only(&["a"]), "?x=a", ""),
        ("one that is named twice", &only(&["a"]), "?a=1&x&a=2", "?a=1&a=2"),
        ("a beginning", &only(&["a*"]), "?aa=1&b=2&a=3", "?aa=1&a=3"),
        ("names have a case", &only(&["a"]), "?A=1", ""),
        ("all but those", &cleaned, "?utm_a=1&id=2&fbclid=3&utm_b", "?id=2"),
        ("a part of a name is none", &cleaned, "?xutm_a=1", "?xutm_a=1"),
        ("an encoded name of those", &cleaned, "?%75tm_a=1&id=1", "?id=1"),
        // Servers that split at `;` too read `id=2` of this.
        ("a parameter that may hide one", &cleaned, "?utm_a=1;id=2", "?utm_a=1;id=2"),
        ("the same of those that are named", &only(&["a"]), "?x=1;a=2", "?x=1;a=2"),
        ("an encoded semicolon hides nothing", &cleaned, "?utm_a=1%3Bid=2", ""),
        ("in order", &sorted, "?b=1&a=2&c", "?a=2&b=1&c"),
        ("those of one name in theirs", &sorted, "?b=2&a=1&b=1", "?a=1&b=2&b=1"),
        ("names before longer ones", &sorted, "?ab=1&a=2", "?a=2&ab=1"),
        ("empty parameters stay", &sorted, "?b&&a", "?&a&b"),
        ("both", &sorted_only, "?b=1&x&a=2", "?a=2&b=1"),
    ] {
        let told = url(parts, "http", "a", &format!("/x{query}"));
        assert_eq!(told, format!("http://a/x{want}"), "{what}");
    }
}

type Fields<'a> = &'a [(&'a str, &'a str)];

/// The text of the key of a request; without what of the identity is wanted, that is told.
fn text(parts: &KeyParts, fields: Fields<'_>, identity: Option<&Identity>) -> (String, bool) {
    let host = FakeHost::default();
    if let Some(identity) = identity {
        host.identify(identity);
    }
    let request = Request::new(Headers::from_list(fields), &host);
    let mut text = parts.url(b"https", b"a", b"/");
    let is_known = parts.write_rest(&request, &mut text);
    (String::from_utf8(text).unwrap(), is_known)
}

fn subject(subject: &str) -> Identity {
    Identity { subject: Some(subject.to_owned()), ..Identity::default() }
}

#[test]
fn fields_cookies_and_the_identity_are_lines_of_the_key() {
    let parts = KeyParts {
        headers: vec![HeaderName::from_static("x-a"), HeaderName::from_static("x-b")],
        cookies: vec!["c".to_owned(), "d".to_owned()],
        identity: vec![Member::Subject, Member::Tier],
        ..KeyParts::default()
    };
    let gold = Identity { tier: Some("gold".to_owned()), ..subject("s") };
    for (what, fields, identity, want) in [
        ("nothing", &[][..], None, ("", false)),
        (
            "fields",
            &[("x-b", "2"), ("x-a", "1"), ("x-c", "3")],
            None,
            ("\nheader x-a: 1\nheader x-b: 2", false),
        ),
        (
            "a field twice",
            &[("x-a", "1"), ("x-a", "2")],
            None,
            ("\nheader x-a: 1\nheader x-a: 2", false),
        ),
        ("an empty field", &[("x-a", "")], None, ("\nheader x-a: ", false)),
        ("cookies", &[("cookie", "d=2; x=3; c=1")], None, ("\ncookie c=1\ncookie d=2", false)),
        ("an identity", &[], Some(&gold), ("\nsubject s\ntier gold", true)),
        ("a part of it", &[], Some(&subject("s")), ("\nsubject s", false)),
        ("a line break", &[], Some(&subject("s\ntier gold")), ("\nsubject s%0Atier%20gold", false)),
        ("what looks encoded", &[], Some(&subject("s%0Atier")), ("\nsubject s%250Atier", false)),
    ] {
        let (told, is_known) = text(&parts, fields, identity);
        assert_eq!((told.strip_prefix("https://a/"), is_known), (Some(want.0), want.1), "{what}");
    }
}

#[test]
fn no_two_requests_that_differ_in_what_counts_have_one_key() {
    let parts = KeyParts {
        headers: [
            "x-a", "tier", "subject", "for", "vary", "cookie-x", "shared", "content", "method",
        ]
        .map(HeaderName::from_static)
        .to_vec(),
        cookies: vec!["c".to_owned(), "cc".to_owned()],
        identity: vec![Member::Subject, Member::Tier],
        ..KeyParts::default()
    };
    let gold = Identity { tier: Some("gold".to_owned()), ..subject("s") };
    let ours: [(Fields<'_>, Option<&Identity>); 18] = [
        (&[], None),
        (&[("x-a", "")], None),
        (&[("x-a", "1")], None),
        (&[("x-a", "1"), ("x-a", "")], None),
        (&[("x-a", "1, 2")], None),
        (&[("x-a", "1"), ("x-a", "2")], None),
        (&[("x-a", "a%20b")], None),
        (&[("x-a", "a b")], None),
        (&[("x-a", "a\u{e9}")], None),
        (&[("x-a", "a%C3%A9")], None),
        // Names of fields that are names of other lines.
        (&[("subject", "s"), ("tier", "gold")], None),
        (&[], Some(&gold)),
        (&[("subject", "s")], Some(&subject("s"))),
        (&[("for", "0123"), ("vary", "x-a 0123")], None),
        (&[("shared", "")], None),
        (&[("cookie", "c=1")], None),
        (&[("cookie", "cc=1")], None),
        (&[("cookie", "c=1; c=")], None),
    ];
    let mut texts: Vec<String> = Vec::new();
    for (fields, identity) in ours {
        let (told, _) = text(&parts, fields, identity);
        assert!(!texts.contains(&told), "{fields:?} {identity:?}: {told}");
        texts.push(told);
    }
    // Nor is one of them a key that the cache makes of another.
    let secret = Secret::agreed(&FakeHost::default(), b"s").unwrap();
    for text in &texts {
        let key = Key::new(&secret, text.clone().into_bytes());
        for (name, value) in [("vary", "x-a 0123"), ("for", "0123"), ("refresh", ""), ("lease", "")]
        {
            let other = key.with_line(&secret, name, value.as_bytes());
            assert!(!texts.iter().any(|text| text.as_bytes() == other.text), "{text} {name}");
            assert_eq!(other.url(), key.url());
            assert_ne!(other.digest, key.digest);
        }
    }
}

#[test]
fn a_digest_is_known_to_those_who_know_the_secret_alone() {
    let host = FakeHost::default();
    let one = Secret::agreed(&host, b"one").unwrap();
    let other = Secret::agreed(&host, b"other").unwrap();
    assert_eq!(digest(&one, b"x"), digest(&Secret::agreed(&host, b"one").unwrap(), b"x"));
    assert_ne!(digest(&one, b"x"), digest(&other, b"x"));
    assert_ne!(digest(&one, b"x"), digest(&one, b"y"));
}

#[test]
fn whose_a_key_is_cannot_be_read_in_it() {
    let secret = Secret::agreed(&FakeHost::default(), b"s").unwrap();
    let key = Key::new(&secret, b"https://a/".to_vec());
    let alice = Whose(b"alice".to_vec()).of_key(&secret, &key);
    assert_ne!(alice, Whose(b"bob".to_vec()).of_key(&secret, &key));
    assert!(!alice.text.windows(5).any(|part| part == b"alice"));
}
