//! What is JSON and what is not. The cases are those that JSON parsers are known to differ in.
#![cfg(test)]

use gatehouse_json::{Document, Fault};

/// Also where nothing of it is kept.
fn fault(text: &[u8]) -> Option<Fault> {
    let read = Document::read(text.to_vec(), 1 << 20);
    let checked = Document::check(text.to_vec(), 1 << 20);
    assert_eq!(read.as_ref().err(), checked.as_ref().err(), "{}", text.escape_ascii());
    if let (Ok(read), Ok(checked)) = (&read, &checked) {
        assert_eq!(read.raw(read.root()), checked.raw(checked.root()));
        assert_eq!(read.depth(), checked.depth());
    }
    read.err().map(|invalid| invalid.fault)
}

#[test]
fn what_was_checked_alone_is_found_when_it_is_looked_into() {
    let text = br#" {"a": [1, {"b\u0063": "x\ny"}], "c": "s"} "#;
    let mut checked = Document::check(text.to_vec(), 1 << 10).unwrap();
    let read = Document::read(text.to_vec(), 1 << 10).unwrap();
    assert_eq!(checked.values_read().count(), 1);
    let root = checked.root();
    let list = checked.member(root, b"a").unwrap();
    let object = checked.children(list).last().unwrap();
    let text = checked.member(object, b"bc").unwrap();
    assert_eq!(checked.string(text).as_deref(), Some(&b"x\ny"[..]));
    let raw = |document: &Document| {
        document.values_read().map(|id| document.raw(id).to_vec()).collect::<Vec<_>>()
    };
    assert_eq!(raw(&checked), raw(&read));
}

#[test]
fn what_is_json_is_read() {
    for text in [
        "null",
        "true",
        "false",
        "0",
        "-0",
        "\"\"",
        "[]",
        "{}",
        " [ ] ",
        "\t{\n}\r",
        "[[]]",
        "[1]",
        "[1 ]",
        "1E22",
        "1e+2",
        "1.5e-9",
        "-1",
        "-0.1",
        "123.456e789",
        "[0,1]",
        "{\"a\":0}",
        "{\"\":0}",
        "{\"a\":{\"a\":0}}",
        "{\"a\":1,\"A\":2}",
        "\"\\u0000\"",
        "\"\\ud83d\\ude00\"",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
        "\"\u{7f}\"",
        "\"\u{2028}\u{2029}\"",
        "\"é漢😀\"",
        "[null,true,false]",
        "{\"a\\u0062\":1,\"a\\\\u0062\":2}",
        "\"\u{ffff}\"",
        "[1,\"12345678901234567\\\"89\"]",
    ] {
        assert_eq!(fault(text.as_bytes()), None, "{text}");
        assert!(
            text.contains("789") || serde_json::from_str::<serde_json::Value>(text).is_ok(),
            "{text}"
        );
    }
}

#[test]
fn what_is_not_json_is_refused() {
    let texts: [&[u8]; 77] = [
        b"",
        b" ",
        b"[",
        b"]",
        b"{",
        b"}",
        b"[,]",
        b"[1,]",
        b"[,1]",
        b"[1 2]",
        b"[1",
        b"[1,",
        b"{\"a\"}",
        b"{\"a\":}",
        b"{\"a\":1,}",
        b"{,}",
        b"{a:1}",
        b"{'a':1}",
        b"{\"a\" 1}",
        b"{\"a\":1 \"b\":2}",
        b"{1:1}",
        b"{null:1}",
        b"{\"a\":1]",
        b"[1}",
        b"[1]]",
        b"{}}",
        b"[]1",
        b"1 2",
        b"nul",
        b"nulll",
        b"NULL",
        b"True",
        b"+1",
        b"-",
        b"--1",
        b"01",
        b"-01",
        b"1.",
        b".1",
        b"-.1",
        b"1.e1",
        b"1e",
        b"1e+",
        b"1E-",
        b"0x10",
        b"1_000",
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"\"",
        b"\"a",
        b"\"\\",
        b"\"\\\"",
        b"\"\\x41\"",
        b"\"\\u\"",
        b"\"\\u12\"",
        b"\"\\u123g\"",
        b"\"\\U0041\"",
        b"\"\n\"",
        b"\"\t\"",
        b"\"\0\"",
        b"\"\x1f\"",
        b"\"12345678\n\"",
        b"'a'",
        b"// c\n1",
        b"1//",
        b"/**/1",
        b"\xef\xbb\xbf1",
        b"\x0c1",
        b"\xc2\xa01",
        b"[1\0]",
        b"\"\\ud800\"",
        b"\"\\udc00\"",
        b"\"\\ud800\\u0041\"",
        b"\"\\ud800\\ud800\"",
        b"\"\\ud83d\\\"",
        b"{\"a\":1,,\"b\":2}",
    ];
    for text in texts {
        assert_eq!(fault(text), Some(Fault::Syntax), "{}", text.escape_ascii());
        assert!(
            serde_json::from_slice::<serde_json::Value>(text).is_err(),
            "{}",
            text.escape_ascii()
        );
    }
}

#[test]
fn what_is_not_utf8_is_refused() {
    for text in [
        &b"\"\xff\""[..],
        b"\"\xc3\"",
        b"\"\xc3\x28\"",
        b"\"\xed\xa0\x80\"",
        b"\"\xc0\x80\"",
        b"\"\xf5\x80\x80\x80\"",
        b"\"12345678\xe9\"",
        b"{\"\xe9\":1}",
        b"[\"a\",\"\x80\"]",
    ] {
        assert_eq!(fault(text), Some(Fault::NotUtf8), "{}", text.escape_ascii());
    }
}

#[test]
fn a_name_is_there_once_however_it_is_written() {
    for text in [
        r#"{"a":1,"a":2}"#,
        r#"{"a":1,"b":{},"a":1}"#,
        r#"{"a":1,"\u0061":2}"#,
        r#"{"\u0061":1,"a":2}"#,
        r#"{"x":{"longer name":1,"longer name":2}}"#,
        r#"[{"":0,"":0}]"#,
        r#"{"é":1,"\u00e9":2}"#,
        r#"{"/":1,"\/":2}"#,
    ] {
        assert_eq!(fault(text.as_bytes()), Some(Fault::DuplicateName), "{text}");
    }
    // Also among more names than are compared each with each, wherever the two are.
    for (first, second) in [(0, 99), (0, 1), (98, 99), (40, 60)] {
        let name = |at: usize| if at == second { first } else { at };
        let members: Vec<String> =
            (0..100).map(|at| format!("\"name_{}\":{at}", name(at))).collect();
        let text = format!("{{{}}}", members.join(","));
        assert_eq!(fault(text.as_bytes()), Some(Fault::DuplicateName), "{first} {second}");
    }
    let members: Vec<String> = (0..100).map(|at| format!("\"name_{at}\":{at}")).collect();
    assert_eq!(fault(format!("{{{}}}", members.join(",")).as_bytes()), None);
}

#[test]
fn depth_is_bounded() {
    for (depth, want) in
        [(128, None), (129, Some(Fault::TooDeep)), (1_000_000, Some(Fault::TooDeep))]
    {
        let text = ["[".repeat(depth), "]".repeat(depth)].concat();
        assert_eq!(fault(text.as_bytes()), want, "{depth}");
        let text = ["{\"a\":".repeat(depth), "1".to_owned(), "}".repeat(depth)].concat();
        assert_eq!(fault(text.as_bytes()), want, "{depth}");
    }
}

#[test]
fn the_number_of_values_is_bounded() {
    let text = format!("[{}1]", "1,".repeat(3_999_998));
    assert_eq!(fault(text.as_bytes()), None);
    let text = format!("[{}1]", "1,".repeat(4_000_000));
    assert_eq!(fault(text.as_bytes()), Some(Fault::TooManyValues));
}

#[test]
fn every_cut_of_a_document_and_every_wrong_byte_is_told() {
    let text = br#"{"a": [1.5e3, "x\u00e9\n", {"b": null}], "c": true}"#;
    for end in 0..text.len() {
        assert!(fault(&text[..end]).is_some(), "{}", text[..end].escape_ascii());
    }
    // Whatever byte stands wherever: the same verdict as another parser, or a stricter one on
    // names.
    for at in 0..text.len() {
        for byte in 0..=255 {
            let mut other = text.to_vec();
            other[at] = byte;
            let ours = fault(&other);
            let theirs = serde_json::from_slice::<serde_json::Value>(&other).is_ok();
            assert_eq!(
                ours.is_none() || ours == Some(Fault::DuplicateName),
                theirs,
                "{}",
                other.escape_ascii()
            );
        }
    }
}
