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
