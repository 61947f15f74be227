//! JSON of the configuration with templates in it, texts, and the paths of both.

use super::*;
use gatehouse_filter::template::{OwnFacts, OwnNames};
use gatehouse_shape::{Condition, Text, Value as Shape, path, place};

/// A filter that knows three facts: a list, a text, and one that is missing.
#[derive(Debug)]
struct Own;

impl OwnNames for Own {
    fn number(&self, placeholder: &str) -> Option<Result<usize, String>> {
        let name = placeholder.strip_prefix("own.")?;
        ["list", "text", "missing"]
            .iter()
            .position(|known| *known == name)
            .map(Ok)
            .or_else(|| Some(Err(format!("there is no `{name}`"))))
    }

    fn spellings(&self) -> &'static str {
        "own.NAME"
    }
}

impl OwnFacts for Own {
    fn render(&self, number: usize, out: &mut Vec<u8>) -> Option<()> {
        out.extend_from_slice([&b"1,2"[..], b"t"].get(number)?);
        Some(())
    }

    fn render_json(&self, number: usize, out: &mut Vec<u8>) -> Option<()> {
        // As one that finds out late.
        out.extend_from_slice([&b"[1,2]"[..], b"\"t\"", b"["].get(number)?);
        (number < 2).then_some(())
    }
}

const SCOPE: Scope<'_> = Scope { response: true, captures: &[], pattern: None, own: Some(&Own) };

/// The value, of a document and of what a client sent.
fn rendered(value: &Value, text: &str, at: &str) -> Option<String> {
    let host = FakeHost::default();
    let request = asked(&host);
    let facts = Sources { request: Some(&request), own: Some(&Own), ..Sources::default() };
    let read = |node: config::Node<'_>| Shape::read(&node, &SCOPE);
    let (value, _) = config::read(value.to_string().as_bytes(), read).unwrap();
    let mut document = Document::read(text.as_bytes().to_vec(), 1000).unwrap();
    let root = document.root();
    let at = config::read(format!("\"{at}\"").as_bytes(), |node| path(&node)).unwrap();
    let base = *document.select(root, &at).first().unwrap();
    let mut out = b"before ".to_vec();
    let found = value.render(&facts, &mut document, base, &mut out);
    let out = String::from_utf8(out).unwrap();
    assert!(found.is_some() || out == "before ", "{out}");
    found.map(|()| out.strip_prefix("before ").unwrap().to_owned())
}

#[test]
fn a_value_keeps_its_type_and_a_text_is_always_one_text() {
    let text =
        r#"{"n":1.50,"s":"a\"b","z":null,"l":[1],"name":"\"},{${header.x-from}","o":{"n":7}}"#;
    for (value, at, want) in [
        (json!(1), "$", Some("1")),
        (json!(null), "$", None),
        (json!([true, {"b": "x"}, []]), "$", Some(r#"[true,{"b":"x"},[]]"#)),
        (json!("costs 5$$"), "$", Some(r#""costs 5$""#)),
        (json!(["$$", "a"]), "$", Some(r#"["$","a"]"#)),
        (json!("${body.n}"), "$", Some("1.50")),
        (json!("${body.s}"), "$", Some(r#""a\"b""#)),
        (json!("${body.z}"), "$", Some("null")),
        (json!("${body.l}"), "$", Some("[1]")),
        (json!("${body}"), "l", Some("[1]")),
        (json!("${body.n}"), "o", Some("7")),
        (json!("${body.none}"), "$", None),
        (json!("n: ${body.n}, l: ${body.l}"), "$", Some(r#""n: 1.50, l: [1]""#)),
        (json!("z: ${body.z}"), "$", None),
        (json!("${header.x-none}"), "$", None),
        (json!("${method}"), "$", Some(r#""POST""#)),
        (json!("${header.x-from}"), "$", Some(r#""\",\"admin\":true,\"x\":\"""#)),
        (json!("hi ${body.name}"), "$", Some(r#""hi \"},{${header.x-from}""#)),
        // What is missing leaves its list or object, and no comma.
        (json!(["${body.none}", 1, "${body.none}", 2]), "$", Some("[1,2]")),
        (
            json!({"a": "${body.none}", "b": 1, "c": ["${body.none}"]}),
            "$",
            Some(r#"{"b":1,"c":[]}"#),
        ),
        // The filter's own.
        (json!("${own.list}"), "$", Some("[1,2]")),
        (json!("${own.text}"), "$", Some(r#""t""#)),
        (json!("${own.missing}"), "$", None),
        (json!("${own.list | lower}"), "$", Some(r#""1,2""#)),
        (json!("${own.list} ${body.n}"), "$", Some(r#""1,2 1.50""#)),
        (json!(["${own.missing}", "${own.list}"]), "$", Some("[[1,2]]")),
    ] {
        // The configuration as a whole is never `null`.
        let (value, want) = match &value {
            Value::Null => (json!([null]), Some("[null]")),
            _ => (value, want),
        };
        assert_eq!(rendered(&value, text, at).as_deref(), want, "{value} at {at}");
    }
}

#[test]
fn json_in_a_text_is_written_as_it_stands() {
    for (text, want) in [
        ("1.50", Ok("1.50")),
        (" {\"a\" : 1e2} ", Ok("{\"a\" : 1e2}")),
        ("\"${method}\"", Ok("\"${method}\"")),
        ("null", Ok("null")),
        ("{", Err("must be JSON")),
        ("{\"a\":1,\"a\":2}", Err("must be JSON")),
        ("", Err("must not be empty")),
    ] {
        let read = |node: config::Node<'_>| Shape::read_json(&node);
        let got = match config::read(json!(text).to_string().as_bytes(), read) {
            Ok(value) => {
                let mut document = Document::read(b"{}".to_vec(), 0).unwrap();
                let (root, mut out) = (document.root(), Vec::new());
                value.render(&Sources::default(), &mut document, root, &mut out).unwrap();
                Ok(String::from_utf8(out).unwrap())
            }
            Err(faults) => Err(faults.first().unwrap().to_string()),
        };
        match (&got, want) {
            (Ok(got), Ok(want)) => assert_eq!(got, want),
            (Err(got), Err(want)) => assert!(got.starts_with(want), "{text}: {got}"),
            _ => panic!("{text}: {got:?}"),
        }
    }
}

#[test]
fn a_text_names_facts_and_values_of_the_document() {
    let mut document = Document::read(br#"{"id":7,"s":"\u0061","z":null}"#.to_vec(), 1000).unwrap();
    let root = document.root();
    let host = FakeHost::default();
    let request = asked(&host);
    let facts = Sources { request: Some(&request), ..Sources::default() };
    for (text, want, needs_request) in [
        ("/u/${body.id}", Some("/u/7"), false),
        ("${body.s}${body.s}", Some("aa"), false),
        ("${method} ${body.id}", Some("POST 7"), true),
        ("$${body.id} $$", Some("${body.id} $"), false),
        ("${body.z}", None, false),
        ("${body.none}", None, false),
    ] {
        let read = |node: config::Node<'_>| Text::read(&node, &SCOPE);
        let (template, needs) = config::read(json!(text).to_string().as_bytes(), read).unwrap();
        let mut out = Vec::new();
        let found = template.render(&facts, &mut document, root, &mut out);
        assert_eq!(found.map(|()| String::from_utf8(out).unwrap()).as_deref(), want, "{text}");
        assert_eq!(needs.request, needs_request, "{text}");
    }
}

#[test]
fn a_condition_holds_for_the_value_where_its_path_begins() {
    let condition = config::read(br#"{"path": "a", "equals": 1}"#, |node| Condition::read(&node));
    let condition = condition.unwrap();
    let mut document = Document::read(br#"{"a":1,"b":{"a":2}}"#.to_vec(), 0).unwrap();
    let root = document.root();
    let inner = document.member(root, b"b").unwrap();
    assert!(condition.holds(&mut document, root));
    assert!(!condition.holds(&mut document, inner));
}

#[test]
fn only_a_path_that_is_written_to_may_name_the_place_after_the_last_item() {
    for (text, as_path, as_place) in [
        ("a.b[0]", "", ""),
        ("/a/b~1c", "", ""),
        ("a[-]", "has `-`, the place after the last item", ""),
        ("a..b", "has an empty name", "has an empty name"),
        ("", "must not be empty", "must not be empty"),
    ] {
        let json = json!(text).to_string();
        let told = |read: fn(&config::Node<'_>) -> Option<gatehouse_json::Path>| {
            let faults = config::read(json.as_bytes(), |node| read(&node)).err();
            faults.map(|faults| faults.first().unwrap().to_string()).unwrap_or_default()
        };
        for (told, want) in [(told(path), as_path), (told(place), as_place)] {
            assert_eq!(told.is_empty(), want.is_empty(), "{text}: {told}");
            assert!(told.starts_with(want), "{text}: {told}");
        }
    }
}
