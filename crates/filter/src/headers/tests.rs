use super::*;

fn name(text: &str) -> HeaderName {
    HeaderName::try_from(text).unwrap()
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::try_from(text.as_bytes()).unwrap()
}

fn all(headers: &Headers, field: &str) -> Vec<String> {
    headers.values(field).map(|value| value.escape_ascii().to_string()).collect()
}

fn head() -> Headers {
    Headers::from_list(&[("a", &b"1"[..]), ("b", b"\xff"), ("a", b"2"), ("empty", b"")])
}

#[test]
fn fields_are_read_as_bytes_in_order() {
    assert_eq!(all(&head(), "a"), ["1", "2"]);
    assert_eq!(head().first("b"), Some(&b"\xff"[..]));
    assert_eq!(head().first("empty"), Some(&b""[..]));
    assert_eq!(head().first("absent"), None);
}

#[test]
fn a_field_that_must_be_single_is_refused_when_repeated() {
    assert_eq!(head().only("a"), Err(Repeated));
    assert_eq!(head().only("b"), Ok(Some(&b"\xff"[..])));
    assert_eq!(head().only("absent"), Ok(None));
}

#[test]
fn reads_see_the_edits_in_the_order_made() {
    let mut headers = head();
    headers.append(&name("a"), value("3"));
    assert_eq!(all(&headers, "a"), ["1", "2", "3"]);
    headers.set(&name("A"), value("4"));
    headers.append(&name("a"), value("5"));
    assert_eq!(all(&headers, "a"), ["4", "5"]);
    headers.remove(&name("a"));
    assert_eq!(all(&headers, "a"), Vec::<String>::new());
    headers.append(&name("a"), value("6"));
    assert_eq!(all(&headers, "a"), ["6"]);
}

#[test]
fn removing_an_absent_field_records_nothing() {
    let mut headers = head();
    headers.remove(&name("absent"));
    assert_eq!(headers.edits(), []);
}

#[test]
fn an_edit_that_another_makes_void_is_not_applied() {
    let mut headers = head();
    headers.append(&name("a"), value("3"));
    headers.append(&name("new"), value("1"));
    headers.set(&name("a"), value("4"));
    headers.remove(&name("new"));
    assert_eq!(headers.edits(), [Edit { name: name("a"), kind: EditKind::Set(value("4")) }]);
    headers.remove(&name("a"));
    assert_eq!(headers.edits(), [Edit { name: name("a"), kind: EditKind::Remove }]);
}

#[test]
fn a_lazy_head_is_not_read_for_adding_to_it() {
    fn fetch() -> Option<Vec<u8>> {
        Headers::from_list(&[("a", "1")]).pairs.into_inner()
    }
    let mut headers = Headers::lazy(fetch);
    headers.append(&name("a"), value("2"));
    assert_eq!(headers.count_if_read("a"), None);
    assert_eq!(all(&headers, "a"), ["1", "2"]);
    assert_eq!(headers.count_if_read("a"), Some(1));
}

#[test]
fn truncated_pairs_read_as_the_fields_that_are_whole() {
    let whole = Headers::from_list(&[("a", "1"), ("b", "2")]).pairs.into_inner().unwrap();
    for length in 0..whole.len() {
        let headers = Headers::from_pairs(whole[..length].to_vec());
        assert_eq!(headers.first("b"), None, "{length} bytes");
    }
    for pairs in [vec![0xff; 64], vec![1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, b'a']] {
        assert_eq!(Headers::from_pairs(pairs).iter_received().count(), 0);
    }
}

#[test]
fn a_name_is_a_token_in_lower_case() {
    assert_eq!(name("X-User").as_str(), "x-user");
    for bad in ["", ":path", "a b", "a\r\nb", "ä", "a:"] {
        assert_eq!(HeaderName::try_from(bad), Err(InvalidName), "{bad:?}");
    }
}

#[test]
fn a_value_cannot_end_its_field() {
    for bad in [&b"a\rb"[..], b"a\nb", b"a\0b", b"\x1b", b"\x7f"] {
        assert_eq!(HeaderValue::try_from(bad), Err(InvalidValue), "{}", bad.escape_ascii());
    }
    for good in [&b""[..], b"a\tb", b"\xff\xfe", b"a b"] {
        assert!(HeaderValue::try_from(good).is_ok(), "{}", good.escape_ascii());
    }
}

#[test]
fn debug_output_shows_no_values() {
    assert_eq!(format!("{:?}", head()), r#"["a", "b", "a", "empty"]"#);
}

#[test]
fn a_head_that_cannot_be_fetched_reads_as_empty_and_says_so_once_somebody_has_read_it() {
    fn fail() -> Option<Vec<u8>> {
        None
    }
    let read: [fn(&mut Headers); 7] = [
        |headers| assert_eq!(headers.first("a"), None),
        |headers| assert_eq!(headers.only("a"), Ok(None)),
        |headers| assert_eq!(headers.received("a").count(), 0),
        |headers| assert_eq!(headers.iter_received().count(), 0),
        |headers| headers.remove(&name("a")),
        |headers| headers.remove_in_every_spelling(&[name("a")]),
        |headers| assert_eq!(format!("{headers:?}"), "[]"),
    ];
    for (case, read) in read.into_iter().enumerate() {
        let mut headers = Headers::lazy(fail);
        // What only writes does not depend on what was received.
        headers.append(&name("b"), value("1"));
        headers.set(&name("c"), value("1"));
        assert_eq!(headers.first("c"), Some(&b"1"[..]));
        assert_eq!(headers.count_if_read("a"), None);
        assert!(!headers.is_unread(), "{case}");
        read(&mut headers);
        assert!(headers.is_unread(), "{case}");
        assert!(headers.clone().is_unread(), "{case}: a copy was made of nothing, too");
        assert_eq!(
            (all(&headers, "b"), headers.edits().len()),
            (vec!["1".to_owned()], 2),
            "{case}"
        );
    }
}

#[test]
fn a_head_is_fetched_once_and_is_not_unread_for_being_empty() {
    use std::cell::Cell;

    thread_local! {
        static FETCHED: Cell<u32> = const { Cell::new(0) };
    }
    fn fetch() -> Option<Vec<u8>> {
        FETCHED.set(FETCHED.get().saturating_add(1));
        (FETCHED.get() == 1).then(|| Headers::to_pairs::<&str, &str>(&[]))
    }
    let headers = Headers::lazy(fetch);
    for _ in 0..3 {
        assert_eq!(headers.first("a"), None);
        assert!(!headers.is_unread());
    }
    assert_eq!(FETCHED.get(), 1);
    let headers = Headers::lazy(fetch);
    for _ in 0..3 {
        assert_eq!(headers.first("a"), None);
        assert!(headers.is_unread());
    }
    assert_eq!(FETCHED.get(), 2, "nor is it asked for again where it failed");
    for headers in [Headers::default(), Headers::from_pairs(Vec::new()), head()] {
        assert_eq!(headers.first("x"), None);
        assert!(!headers.is_unread());
    }
}

#[test]
fn edits_since_a_mark_are_undone_and_those_before_it_are_not() {
    let mut headers = head();
    headers.append(&name("a"), value("3"));
    headers.set(&name("new"), value("1"));
    let before = headers.edits().to_vec();
    let mark = headers.mark();
    // Each of these makes an edit void that was made before.
    headers.set(&name("a"), value("4"));
    headers.remove(&name("new"));
    headers.remove_in_every_spelling(&[name("b")]);
    headers.append(&name("c"), value("1"));
    assert_eq!((all(&headers, "a"), all(&headers, "new")), (vec!["4".to_owned()], vec![]));
    headers.undo_to(mark);
    assert_eq!(headers.edits(), before);
    assert_eq!(all(&headers, "a"), ["1", "2", "3"]);
    assert_eq!(all(&headers, "b"), ["\\xff"]);
    assert_eq!(all(&headers, "new"), ["1"]);
    assert_eq!(all(&headers, "c"), [""; 0]);

    let mark = headers.mark();
    headers.undo_to(mark);
    assert_eq!(headers.edits(), before, "there was nothing to undo");
    headers.undo_to(Mark::default());
    assert_eq!(headers.edits(), []);
}

#[test]
fn a_field_is_removed_in_every_spelling_whoever_wrote_it() {
    let fields: &[(&str, &[u8])] = &[
        ("x-user", b"1"),
        ("x_user", b"2"),
        ("x-user", b"3"),
        ("x-user-id", b"4"),
        ("xuser", b"5"),
        ("x_other-name", b"6"),
    ];
    let removed = |headers: &Headers| -> Vec<String> {
        let removed = |edit: &&Edit| edit.kind == EditKind::Remove;
        headers.edits().iter().filter(removed).map(|edit| edit.name.as_str().to_owned()).collect()
    };
    for (names, want) in [
        (&["x-user"][..], &["x-user", "x_user"][..]),
        (&["x_user"], &["x-user", "x_user"]),
        (&["x-other_name", "x-user-id"], &["x-user-id", "x_other-name"]),
        (&["absent", "x-use", "x-user-"], &[]),
        (&[], &[]),
    ] {
        let names: Vec<_> = names.iter().map(|text| name(text)).collect();
        let mut headers = Headers::from_list(fields);
        headers.remove_in_every_spelling(&names);
        assert_eq!(removed(&headers), want, "{names:?}");
        assert_eq!(headers.edits().len(), want.len(), "{names:?}");
        for (field, _) in fields {
            assert_eq!(headers.first(field).is_none(), want.contains(field), "{names:?} {field}");
        }
        let edits = headers.edits().to_vec();
        headers.remove_in_every_spelling(&names);
        assert_eq!(headers.edits(), edits, "{names:?}: twice is once");
    }
}

#[test]
fn what_an_earlier_filter_wrote_in_another_spelling_is_dropped_too() {
    for spelling in ["x-user", "x_user"] {
        // In a head with such a field, and in one without.
        for (received, removed) in
            [(vec![], 0), (vec![("x_user", "forged"), ("x-user", "forged")], 2)]
        {
            let mut headers = Headers::from_list(&received);
            headers.set(&name("x_user"), value("root"));
            headers.append(&name("x_user"), value("root"));
            headers.append(&name("x-user"), value("root"));
            headers.set(&name("x-user-id"), value("7"));
            headers.append(&name("other"), value("1"));
            headers.remove_in_every_spelling(&[name(spelling)]);
            for field in ["x-user", "x_user"] {
                assert_eq!(all(&headers, field), [""; 0], "{spelling} {field}");
            }
            assert_eq!(
                (all(&headers, "x-user-id"), all(&headers, "other")),
                (vec!["7".into()], vec!["1".into()])
            );
            let is_removed = |edit: &&Edit| edit.kind == EditKind::Remove;
            assert_eq!(headers.edits().iter().filter(is_removed).count(), removed, "{spelling}");
            assert_eq!(headers.edits().len(), removed + 2, "{spelling}");
            // What is written afterwards is the filter's own.
            headers.set(&name("x-user"), value("alice"));
            assert_eq!(
                (all(&headers, "x-user"), all(&headers, "x_user")),
                (vec!["alice".into()], vec![])
            );
        }
    }
}

#[test]
fn a_field_that_an_upstream_may_take_for_another_goes_with_it() {
    for (received, is_taken) in [
        ("x-user", true),
        ("x_user", true),
        ("x.user", true),
        ("x--user", true),
        ("x-_user", true),
        ("x!user", true),
        ("xuser", false),
        ("x-user-", false),
        ("-x-user", false),
        ("x-users", false),
        ("y-user", false),
    ] {
        let head = || Headers::from_list(&[(received, "root"), ("other", "1")]);
        let mut headers = head();
        headers.remove_in_every_spelling(&[name("x-user")]);
        assert_eq!(headers.first(received).is_none(), is_taken, "{received}");
        let mut headers = head();
        headers.remove_other_spellings(&[name("x-user"), name("x-token")]);
        assert_eq!(
            headers.first(received).is_none(),
            is_taken && received != "x-user",
            "{received}"
        );
        assert_eq!(headers.first("other"), Some(&b"1"[..]), "{received}");
        assert_eq!(name("x-user").is_read_as(&name(received)), is_taken, "{received}");
    }
    // Two fields that are both read are no other spellings of each other.
    let mut headers = Headers::from_list(&[("x-key", "1"), ("x_key", "2"), ("x.key", "3")]);
    headers.remove_other_spellings(&[name("x-key"), name("x_key")]);
    assert_eq!(headers.edits().len(), 1);
    assert_eq!(headers.first("x.key"), None);
}

#[test]
fn the_wire_form_is_that_of_the_fields_with_the_edits_carried_out() {
    let received = [("a", "1"), ("b", "2"), ("a", "3")];
    fn name(name: &'static str) -> HeaderName {
        HeaderName::from_static(name)
    }
    fn value(value: &'static str) -> HeaderValue {
        HeaderValue::from_static(value)
    }
    type Edits = fn(&mut Headers);
    let cases: [(Edits, &[(&str, &str)]); 4] = [
        (|_| (), &received),
        (
            |head| {
                head.append(&name("c"), value("4"));
                head.append(&name("a"), value(""));
            },
            &[("a", "1"), ("b", "2"), ("a", "3"), ("c", "4"), ("a", "")],
        ),
        (|head| head.set(&name("a"), value("9")), &[("b", "2"), ("a", "9")]),
        (|head| head.remove(&name("b")), &[("a", "1"), ("a", "3")]),
    ];
    for (edit, want) in cases {
        let mut head = Headers::from_list(&received);
        edit(&mut head);
        assert_eq!(*head.wire(), *Headers::to_pairs(want), "{want:?}");
        assert_eq!(head, Headers::from_list(want));
    }
    let mut empty = Headers::from_pairs(Vec::new());
    empty.append(&name("a"), value("1"));
    assert_eq!(*empty.wire(), *Headers::to_pairs(&[("a", "1")]));
    let mut broken = Headers::from_pairs(vec![9, 0, 0, 0, 1]);
    broken.append(&name("a"), value("1"));
    assert_eq!(*broken.wire(), *Headers::to_pairs(&[("a", "1")]));
}
