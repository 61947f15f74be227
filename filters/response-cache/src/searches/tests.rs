//! Keys of responses of which a part of the query says nothing.

use super::*;
use gatehouse_filter_test::FakeHost;

#[test]
fn a_key_has_what_is_left_of_the_query_and_what_was_said_of_it() {
    let secret = Secret::agreed(&FakeHost::default(), b"s").unwrap();
    for (what, says, url, want) in [
        ("nothing is left", "params=(\"a\")", "https://h/x?a=1", Some("https://h/x\nheader x: 1")),
        ("there is none", "params=(\"a\")", "https://h/x", Some("https://h/x\nheader x: 1")),
        ("an empty one", "key-order", "https://h/x?", Some("https://h/x\nheader x: 1")),
        (
            "the rest",
            "params=(\"a\")",
            "https://h/x?b=2&a=1",
            Some("https://h/x?b=2\nheader x: 1\nno-vary-search "),
        ),
        (
            "in order",
            "key-order",
            "https://h/x?b=2&a=1",
            Some("https://h/x?a=1&b=2\nheader x: 1\nno-vary-search "),
        ),
        (
            "a line break",
            "key-order",
            "https://h/x?a=%0Ab",
            Some("https://h/x?a=%0Ab\nheader x: 1\nno-vary-search "),
        ),
        ("all counts", "params=()", "https://h/x?b=2&a=1", None),
        ("what is none", "params=(a)", "https://h/x?b=2&a=1", None),
    ] {
        let key = Key::new(&secret, [url.as_bytes(), b"\nheader x: 1"].concat());
        let head = Headers::from_list(&[("no-vary-search", says)]);
        let text = Search::of(&head, &key)
            .map(|search| String::from_utf8(search.key(&key, &secret).text).unwrap());
        match (text, want) {
            (Some(text), Some(want)) => assert!(text.starts_with(want), "{what}: {text}"),
            (text, want) => assert_eq!(text.as_deref(), want, "{what}"),
        }
    }
}

#[test]
fn what_is_too_long_is_for_its_own_query_alone() {
    let secret = Secret::agreed(&FakeHost::default(), b"s").unwrap();
    for (says, url, want) in [(500, 100, true), (513, 100, false), (500, 5000, false)] {
        let head = format!("params=(\"{}\")", "a".repeat(says - 11));
        let key = Key::new(&secret, format!("https://h/?{}", "x".repeat(url)).into_bytes());
        let head = Headers::from_list(&[("no-vary-search", &head)]);
        assert_eq!(Search::of(&head, &key).is_some(), want, "{says} {url}");
    }
}
