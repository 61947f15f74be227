//! Forms with files: what is read, what is refused, what is written.

use super::*;

const TYPE: &[u8] = b"multipart/form-data; boundary=B";

fn form(body: &str) -> Result<Form, Unread> {
    Form::read(body.as_bytes().to_vec(), Delimiter::of(TYPE).unwrap())
}

/// A form of parts, each with its head and its content.
fn of(parts: &[(&str, &str)]) -> String {
    let part = |(head, content): &(&str, &str)| format!("--B\r\n{head}\r\n\r\n{content}\r\n");
    parts.iter().map(part).collect::<String>() + "--B--\r\n"
}

fn read(body: &str) -> Option<String> {
    form(body).ok().map(|form| String::from_utf8(form.to_json()).unwrap())
}

/// The form written from this document.
fn written(body: &str, document: &str) -> Option<String> {
    let mut document = Document::read(document.as_bytes().to_vec(), 10_000).unwrap();
    let written = form(body).unwrap().written(&mut document)?;
    Some(String::from_utf8(written).unwrap())
}

const FIELD: &str = "Content-Disposition: form-data; name=\"a\"";
const FILE: &str = concat!(
    "Content-Disposition: form-data; name=\"f\"; filename=\"x.png\"\r\n",
    "Content-Type: image/png\r\nX-Own: 1"
);

#[test]
fn a_boundary_is_what_rfc_2046_says() {
    for (content_type, want) in [
        ("multipart/form-data; boundary=abc", Some("--abc")),
        ("multipart/form-data; boundary=\"a b\"", Some("--a b")),
        ("multipart/form-data; charset=utf-8; BOUNDARY=abc", Some("--abc")),
        ("multipart/form-data", None),
        ("multipart/form-data; boundary=", None),
        ("multipart/form-data; boundary=\"\"", None),
        ("multipart/form-data; boundary=\"a \"", None),
        ("multipart/form-data; boundary=\"a\rb\"", None),
        ("multipart/form-data; boundary=a; boundary=b", None),
        ("multipart/form-data; boundary=a*b", None),
    ] {
        let got = Delimiter::of(content_type.as_bytes());
        assert_eq!(got, want.map(|want| Delimiter(want.into())), "{content_type}");
    }
    for (length, is_one) in [(70, true), (71, false)] {
        let content_type = format!("multipart/form-data; boundary={}", "a".repeat(length));
        assert_eq!(Delimiter::of(content_type.as_bytes()).is_some(), is_one, "{length}");
    }
}

#[test]
fn a_form_is_an_object_of_texts_and_of_what_is_known_of_files() {
    for (case, parts, want) in [
        ("nothing", &[][..], "{}"),
        ("a field", &[(FIELD, "1")], r#"{"a":"1"}"#),
        ("an empty field", &[(FIELD, "")], r#"{"a":""}"#),
        ("lines and quotes", &[(FIELD, "x\r\n\r\n\"y\"--")], r#"{"a":"x\r\n\r\n\"y\"--"}"#),
        (
            "the same name",
            &[(FIELD, "1"), (FILE, "\u{0}"), (FIELD, "2")],
            r#"{"a":["1","2"],"f":{"filename":"x.png","content_type":"image/png","size":1,"part":1}}"#,
        ),
        ("a token", &[("content-disposition:form-data;NAME=a", "1")], r#"{"a":"1"}"#),
        (
            "a text that says so",
            &[(
                "Content-Type: text/plain; charset=UTF-8\r\nContent-Disposition: form-data; \
                 name=\"a\"\r\nContent-Transfer-Encoding: 8bit",
                "ü",
            )],
            r#"{"a":"ü"}"#,
        ),
        (
            "JSON without a name of a file",
            &[("Content-Disposition: form-data; name=a\r\nContent-Type: application/json", "{}")],
            r#"{"a":{"content_type":"application/json","size":2,"part":0}}"#,
        ),
        (
            "another character set",
            &[(
                "Content-Disposition: form-data; name=a\r\nContent-Type: text/plain; charset=latin1",
                "\u{1}",
            )],
            r#"{"a":{"content_type":"text/plain; charset=latin1","size":1,"part":0}}"#,
        ),
        (
            "an encoded field",
            &[(
                "Content-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64",
                "YQ==",
            )],
            r#"{"a":{"size":4,"part":0}}"#,
        ),
        (
            "another spelling of a file",
            &[("Content-Disposition: form-data; name=a; filename*=utf-8''x", "1")],
            r#"{"a":{"size":1,"part":0}}"#,
        ),
        (
            "a Windows path",
            &[("Content-Disposition: form-data; name=a; filename=\"C:\\x\"", "1")],
            r#"{"a":{"filename":"C:\\x","size":1,"part":0}}"#,
        ),
        (
            "a nested form",
            &[(
                "Content-Disposition: form-data; name=a\r\nContent-Type: multipart/mixed; boundary=C",
                "--C\r\n\r\n1\r\n--C--",
            )],
            r#"{"a":{"content_type":"multipart/mixed; boundary=C","size":15,"part":0}}"#,
        ),
    ] {
        assert_eq!(read(&of(parts)).as_deref(), Some(want), "{case}");
    }
    assert_eq!(read("\r\n--B--").as_deref(), Some("{}"));
}

#[test]
fn what_two_readers_could_read_in_two_ways_is_no_form() {
    let one = |head: &str| of(&[(head, "1")]);
    for (case, body) in [
        ("nothing", String::new()),
        ("something before it", format!("x\r\n{}", one(FIELD))),
        ("something after it", format!("{}x", one(FIELD))),
        ("another form after it", format!("{0}{0}", one(FIELD))),
        ("no end", format!("--B\r\n{FIELD}\r\n\r\n1\r\n")),
        ("half an end", format!("--B\r\n{FIELD}\r\n\r\n1\r\n--B-")),
        ("no head", "--B\r\n\r\n1\r\n--B--".into()),
        ("no empty line", format!("--B\r\n{FIELD}\r\n1\r\n--B--")),
        ("a longer line", format!("--B\r\n{FIELD}\r\n\r\n1\r\n--Bx\r\n{FIELD}\r\n\r\n2\r\n--B--")),
        ("padding", format!("--B \r\n{FIELD}\r\n\r\n1\r\n--B--")),
        ("line feeds alone", one(FIELD).replace("\r\n", "\n")),
        (
            "a line feed before a boundary",
            format!("--B\r\n{FIELD}\r\n\r\n1\n--B\r\n{FIELD}\r\n\r\n2\r\n--B--"),
        ),
        ("a boundary in a line", of(&[(FIELD, "x--B")])),
        ("a boundary in a name", one("Content-Disposition: form-data; name=\"--B\"")),
        ("a line that goes on", one("Content-Disposition: form-data;\r\n name=\"a\"")),
        ("a space before a colon", one("Content-Disposition : form-data; name=\"a\"")),
        ("a line feed in a head", one("Content-Disposition: form-data; name=\"a\"\nx: y")),
        ("NUL in a name", one("Content-Disposition: form-data; name=\"a\u{0}\"")),
        ("two dispositions", one(&format!("{FIELD}\r\n{FIELD}"))),
        ("two types", one(&format!("{FIELD}\r\nContent-Type: text/plain\r\nContent-Type: a/b"))),
        ("no disposition", one("Content-Type: text/plain")),
        ("an attachment", one("Content-Disposition: attachment; name=\"a\"")),
        ("no name", one("Content-Disposition: form-data; filename=\"a\"")),
        ("two names", one("Content-Disposition: form-data; name=\"a\"; name=\"b\"")),
        (
            "a name and an extended one",
            one("Content-Disposition: form-data; name=\"a\"; name*=utf-8''b"),
        ),
        ("a name in parts", one("Content-Disposition: form-data; name=\"a\"; name*0=b")),
        (
            "a quote that may end a name",
            one("Content-Disposition: form-data; name=\"a\\\"; filename=\"x\""),
        ),
        (
            "a quote in the name of a file",
            one("Content-Disposition: form-data; name=a; filename=\"x\\\"; y=\""),
        ),
        ("a backslash in a name", one("Content-Disposition: form-data; name=\"ad\\min\"")),
        ("an encoded word", one("Content-Disposition: form-data; name=\"=?utf-8?q?a?=\"")),
        ("a name with a space", one("Content-Disposition: form-data; name=a b")),
        ("a quote that does not end", one("Content-Disposition: form-data; name=\"a")),
        (
            "another character set for all",
            of(&[("Content-Disposition: form-data; name=_charset_", "utf-7")]),
        ),
        ("a long head", one(&format!("{FIELD}\r\nx: {}", "y".repeat(9000)))),
    ] {
        assert!(matches!(form(&body), Err(Unread::Invalid)), "{case}: {:?}", read(&body));
    }
    let bytes = [b"--B\r\n", FIELD.as_bytes(), b"\r\n\r\n\xff\r\n--B--"].concat();
    assert!(Form::read(bytes, Delimiter::of(TYPE).unwrap()).is_err());
    let many = |count: usize| of(&vec![(FIELD, "1"); count]);
    assert!(form(&many(1000)).is_ok());
    assert!(matches!(form(&many(1001)), Err(Unread::TooManyParts)));
}

#[test]
fn a_form_is_written_as_the_object_says_with_files_byte_for_byte() {
    let came = of(&[(FIELD, "1"), (FILE, "\u{1}\r\n-B"), (FIELD, "2")]);
    let file = r#"{"filename":"x.png","content_type":"image/png","size":9,"part":1}"#;
    let named = |name: &str| format!("Content-Disposition: form-data; name=\"{name}\"");
    let content = "\u{1}\r\n-B";
    let renamed = FILE.replace("name=\"f\"", "name=\"g\"");
    let other = FILE.replace("x.png", "%22y%0D%0A");
    for (case, document, want) in [
        (
            "as it came",
            format!(r#"{{"a":["1","2"],"f":{file}}}"#),
            Some(of(&[(FIELD, "1"), (FIELD, "2"), (FILE, content)])),
        ),
        ("without the file", r#"{"a":"3"}"#.into(), Some(of(&[(FIELD, "3")]))),
        ("without anything", "{}".into(), Some("--B--\r\n".into())),
        (
            "a new field, before the file",
            format!(r#"{{"f":{file},"a":"1","n":2.50,"t":true,"x":null}}"#),
            Some(of(&[
                (&named("n"), "2.50"),
                (&named("t"), "true"),
                (FILE, content),
                (FIELD, "1"),
            ])),
        ),
        ("another name", format!(r#"{{"g":{file}}}"#), Some(of(&[(&renamed, content)]))),
        (
            "another name of the file",
            format!(r#"{{"f":{}}}"#, file.replace("x.png", "\\\"y\\r\\n")),
            Some(of(&[(&other, content)])),
        ),
        (
            "a name that could end a line",
            r#"{"a\"\r\nx: y":"1"}"#.into(),
            Some(of(&[(&named("a%22%0D%0Ax: y"), "1")])),
        ),
        ("a text that could end its part", r#"{"a":"x\r\n--B\r\n"}"#.into(), None),
        ("a boundary at the beginning", r#"{"a":"--B--"}"#.into(), None),
        ("an object that is no file", r#"{"a":{"b":1}}"#.into(), None),
        ("a number of a field", r#"{"a":{"part":0}}"#.into(), None),
        ("a number of nothing", r#"{"a":{"part":9}}"#.into(), None),
        ("a list of lists", r#"{"a":[["1"]]}"#.into(), None),
        ("no object", "[]".into(), None),
    ] {
        assert_eq!(written(&came, &document), want, "{case}");
    }
}
