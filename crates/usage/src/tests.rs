//! Answers cut anywhere, and what they tell.

use crate::{Paths, Reader, Told};
use serde_json::Value;

fn paths(of: &[&str]) -> Paths {
    let path = |text: &&str| text.split('.').map(Into::into).collect();
    Paths::new(of.iter().map(path).collect()).unwrap()
}

/// What an answer tells at each path, however it is cut: all in one part, byte by byte, in two
/// parts at each place.
fn told(content_type: &str, answer: &[u8], of: &[&str]) -> Vec<Told> {
    let paths = paths(of);
    let read = |parts: &[&[u8]]| {
        let mut reader = Reader::of(content_type.as_bytes()).unwrap();
        parts.iter().for_each(|part| reader.read(part, &paths));
        (0..of.len()).map(|at| reader.told(at)).collect::<Vec<_>>()
    };
    let whole = read(&[answer]);
    let case = answer.escape_ascii();
    assert_eq!(read(&answer.chunks(1).collect::<Vec<_>>()), whole, "byte by byte: {case}");
    for at in 0..=answer.len() {
        let (left, right) = answer.split_at(at);
        assert_eq!(read(&[left, right]), whole, "cut at {at}: {case}");
    }
    whole
}

fn json(answer: &str) -> Told {
    told("application/json", answer.as_bytes(), &["usage.total"])[0]
}

fn events(answer: &str) -> Told {
    told("text/event-stream", answer.as_bytes(), &["usage.total"])[0]
}

#[test]
fn a_document_tells_the_number_at_the_path_and_no_other() {
    use Told::{Nonsense, Nothing, Units};
    for (document, want) in [
        (r#"{"usage":{"total":12}}"#, Units(12)),
        ("  {\r\n\t\"usage\" : { \"total\" : 12 } }\n", Units(12)),
        ("\u{feff}{\"usage\":{\"total\":12}}", Units(12)),
        (r#"{"a":[{"b":"]}"}],"usage":{"total":12},"z":{"usage":{"total":99}}}"#, Units(12)),
        (r#"{"usage":{"a":{"total":99},"total":12,"b":[99]}}"#, Units(12)),
        (r#"{"usage":{"total":0}}"#, Units(0)),
        (r#"{"usage":{"total":-0}}"#, Units(0)),
        (r#"{"usage":{"total":12.0}}"#, Units(12)),
        (r#"{"usage":{"total":1.2e1}}"#, Units(12)),
        (r#"{"usage":{"total":1E9}}"#, Units(1_000_000_000)),
        (r#"{"usage":{"total":18446744073709551615}}"#, Units(u64::MAX)),
        (r#"{"usage":{"total":18446744073709551616}}"#, Nonsense),
        (r#"{"usage":{"total":1e300}}"#, Nonsense),
        (r#"{"usage":{"total":1e999}}"#, Nonsense),
        (r#"{"usage":{"total":-1}}"#, Nonsense),
        (r#"{"usage":{"total":0.5}}"#, Nonsense),
        (r#"{"usage":{"total":1-2}}"#, Nonsense),
        (r#"{"usage":{"total":"12"}}"#, Nonsense),
        (r#"{"usage":{"total":true}}"#, Nonsense),
        (r#"{"usage":{"total":{}}}"#, Nonsense),
        (r#"{"usage":{"total":[12]}}"#, Nonsense),
        (r#"{"usage":{"total":null}}"#, Nothing),
        (r#"{"usage":null}"#, Nothing),
        (r#"{"usage":12}"#, Nothing),
        (r#"{"usage":"{\"total\":12}"}"#, Nothing),
        (r#"{"usage":[{"total":12}]}"#, Nothing),
        (r#"{"a":{"usage":{"total":12}}}"#, Nothing),
        (r#"{"usage.total":12}"#, Nothing),
        (r#"{"total":12}"#, Nothing),
        (r#"{"Usage":{"total":12}}"#, Nothing),
        (r#"{"text":"\"usage\":{\"total\":12}"}"#, Nothing),
        (r#"{"text":"\\","usage":{"total":12}}"#, Units(12)),
        (r#"{"text":"\\\"","usage":{"total":12}}"#, Units(12)),
        (r#"{"u\u0073ag\u0065":{"t\u006ftal":12}}"#, Units(12)),
        (r#"{"usage\u0000":{"total":12}}"#, Nothing),
        (r#"{"usage":{"total":12},"usage":{"total":7}}"#, Units(12)),
        (r#"{"usage":{"total":7,"total":12}}"#, Units(12)),
        (r#"{"usage":{"total":7,"total":"12"}}"#, Nonsense),
        // An array of answers, and answers on lines.
        (r#"[{"usage":{"total":7}},{"usage":{"total":12}}]"#, Units(12)),
        (r#"[[{"usage":{"total":7}}],1,"]"]"#, Nothing),
        ("{\"usage\":{\"total\":7}}\n{\"usage\":{\"total\":12}}\n", Units(12)),
        ("[]{\"usage\":{\"total\":12}}", Units(12)),
        // What breaks off, or is no JSON: what was there before counts.
        (r#"{"usage":{"total":12"#, Nothing),
        (r#"{"usage":{"total":12,"#, Units(12)),
        (r#"{"usage":{"total":12}} <html>"#, Units(12)),
        (r#"<html>{"usage":{"total":12}}"#, Nothing),
        (r#"{usage:{"total":12}}"#, Nothing),
        (r#"{"usage" {"total":12}}"#, Nothing),
        (r#"{"usage":}{"usage":{"total":12}}"#, Nothing),
        (r#"{"a":1 "usage":{"total":12}}"#, Nothing),
        ("", Nothing),
        ("[", Nothing),
        ("\"", Nothing),
    ] {
        assert_eq!(json(document), want, "{document}");
    }
}

#[test]
fn names_are_compared_as_what_they_say() {
    let snowman = told("application/json", r#"{"a☃":1,"a\u2603":3}"#.as_bytes(), &["a☃"]);
    assert_eq!(snowman, [Told::Units(3)]);
    for (name, is_it) in [
        (r"\ud83d\ude00", true),
        ("😀", true),
        (r"\ud83d", false),
        (r"\ude00", false),
        (r"\ud83d\ud83d\ude00", false),
        (r"\ud83dx", false),
        (r"\ud83d\n\ude00", false),
        (r"\u12", false),
        (r"\x", false),
    ] {
        let document = format!(r#"{{"{name}":1}}"#);
        let got = told("application/json", document.as_bytes(), &["😀"])[0];
        assert_eq!(got != Told::Nothing, is_it, "{name}");
    }
    let longest = "n".repeat(Paths::LONGEST_NAME);
    for (name, want) in [
        (longest.clone(), Told::Units(1)),
        (format!("{longest}n"), Told::Nothing),
        (longest.repeat(9), Told::Nothing),
    ] {
        let document = format!(r#"{{"{name}":1}}"#);
        assert_eq!(told("application/json", document.as_bytes(), &[&longest]), [want]);
    }
}

#[test]
fn an_event_stream_tells_the_largest_number_of_its_events() {
    use Told::{Nonsense, Nothing, Units};
    for (stream, want) in [
        ("data: {\"usage\":{\"total\":12}}\n\ndata: [DONE]\n\n", Units(12)),
        ("data:{\"usage\":{\"total\":12}}\r\n\r\ndata:[DONE]\r\n\r\n", Units(12)),
        ("data: {\"usage\":{\"total\":12}}\r\r", Units(12)),
        ("\u{feff}data: {\"usage\":{\"total\":12}}\n\n", Units(12)),
        ("event: a\nid: 1\n: comment\ndata: {\"usage\":{\"total\":12}}\nretry: 5\n\n", Units(12)),
        ("data: {\"usage\":\ndata: {\"total\":\ndata:12}}\n\n", Units(12)),
        ("data: {\"usage\":null}\n\ndata: {\"usage\":{\"total\":12}}\n\n", Units(12)),
        ("data: {\"usage\":{\"total\":7}}\n\ndata: {\"usage\":{\"total\":12}}\n\n", Units(12)),
        ("data: {\"usage\":{\"total\":12}}\n\ndata: {\"usage\":{\"total\":0}}\n\n", Units(12)),
        ("data: {\"usage\":{\"total\":12}}\n\ndata: {\"usage\":{\"total\":\"x\"}}\n\n", Nonsense),
        ("data: nonsense\n\ndata: {\"usage\":{\"total\":12}}\n\n", Units(12)),
        ("data: {\"usage\":{\n\ndata: {\"usage\":{\"total\":12}}\n\n", Units(12)),
        // No empty line at the end: it was told all the same.
        ("data: {\"usage\":{\"total\":12}}", Units(12)),
        ("data: {\"usage\":{\"total\":12", Nothing),
        ("data: {\"usage\":{\"total\":12\n\n", Nothing),
        ("event: {\"usage\":{\"total\":12}}\n\n", Nothing),
        ("datum: {\"usage\":{\"total\":12}}\n\n", Nothing),
        ("data2: {\"usage\":{\"total\":12}}\n\n", Nothing),
        (" data: {\"usage\":{\"total\":12}}\n\n", Nothing),
        (": data: {\"usage\":{\"total\":12}}\n\n", Nothing),
        ("{\"usage\":{\"total\":12}}\n\n", Nothing),
        ("data\ndata:\ndata: {\"usage\":{\"total\":12}}\n\n", Units(12)),
        ("\n\n\r\r\n", Nothing),
    ] {
        assert_eq!(events(stream), want, "{stream:?}");
    }
}

#[test]
fn what_comes_in_several_events_comes_at_several_paths() {
    let stream = concat!(
        "event: message_start\n",
        r#"data: {"type":"message_start","message":{"usage":{"input_tokens":25,"output_tokens":1}}}"#,
        "\n\nevent: content_block_delta\n",
        r#"data: {"type":"content_block_delta","delta":{"usage":{"output_tokens":9999}}}"#,
        "\n\nevent: message_delta\n",
        r#"data: {"type":"message_delta","usage":{"output_tokens":15}}"#,
        "\n\n",
    );
    let of = ["message.usage.input_tokens", "usage.output_tokens", "usage.input_tokens"];
    assert_eq!(
        told("text/event-stream; charset=utf-8", stream.as_bytes(), &of),
        [Told::Units(25), Told::Units(15), Told::Nothing]
    );
}

#[test]
fn only_what_is_said_to_be_json_or_events_is_read() {
    for (content_type, is_read) in [
        ("application/json", true),
        ("Application/JSON ; charset=utf-8", true),
        ("application/problem+json", true),
        ("application/x-ndjson", true),
        ("text/event-stream;charset=utf-8", true),
        ("TEXT/Event-Stream", true),
        ("text/html", false),
        ("application/jsonx", false),
        ("application/vnd.amazon.eventstream", false),
        ("application/octet-stream", false),
        ("", false),
        (";", false),
    ] {
        assert_eq!(Reader::of(content_type.as_bytes()).is_some(), is_read, "{content_type}");
    }
}

#[test]
fn paths_are_bounded() {
    use crate::PathsError::{Count, Length, Name};
    let path = |names: usize| vec![Box::from("a"); names];
    for (paths, want) in [
        (vec![], Err(Count)),
        (vec![path(1); Paths::MOST + 1], Err(Count)),
        (vec![vec![]], Err(Length)),
        (vec![path(Paths::MOST_NAMES + 1)], Err(Length)),
        (vec![vec!["n".repeat(Paths::LONGEST_NAME + 1).into()]], Err(Name)),
        (vec![path(Paths::MOST_NAMES); Paths::MOST], Ok(())),
    ] {
        assert_eq!(Paths::new(paths).map(|_| ()), want);
    }
}

/// Documents of all shapes, by a small generator: what `serde_json` reads there is what is told.
#[test]
fn it_agrees_with_another_reader() {
    let mut seed = 1_u64;
    let mut next = move |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    fn value(next: &mut impl FnMut(u64) -> u64, depth: u64) -> Value {
        match next(if depth > 4 { 5 } else { 9 }) {
            0 => Value::Null,
            1 => Value::from(next(1000)),
            2 => Value::from(next(2) == 0),
            3 => Value::from("}\"],\\{é\u{1}"),
            4 => Value::from(next(1000) * 1000),
            5 => Value::Array((0..next(3)).map(|_| value(next, depth + 1)).collect()),
            _ => {
                let names = ["usage", "total", "a\"b", "c"];
                let member = |_| {
                    let name = names[usize::try_from(next(4)).unwrap()];
                    (name.to_owned(), value(next, depth + 1))
                };
                Value::Object((0..5).map(member).collect())
            }
        }
    }
    let mut found = 0;
    for _ in 0..400 {
        let document = value(&mut next, 0);
        if !document.is_object() {
            continue;
        }
        let want = match document.pointer("/usage/total") {
            None | Some(Value::Null) => Told::Nothing,
            Some(total) => total.as_u64().map_or(Told::Nonsense, Told::Units),
        };
        // An item of an array has no name.
        let want = if document["usage"].is_array() { Told::Nothing } else { want };
        found += usize::from(want != Told::Nothing);
        assert_eq!(json(&document.to_string()), want, "{document}");
        let pretty = serde_json::to_string_pretty(&document).unwrap();
        assert_eq!(json(&pretty), want, "{pretty}");
        let stream = format!("data: {}\n\n", pretty.replace('\n', "\ndata: "));
        assert_eq!(events(&stream), want, "{stream}");
    }
    assert!(found > 20, "{found}");
}

#[test]
fn each_byte_is_looked_at_a_few_times_and_none_is_kept() {
    let long = "x".repeat(300_000);
    for (case, answer) in [
        ("a string", format!(r#"{{"usage":{{"a":"{long}"}}}}"#)),
        ("a name", format!(r#"{{"usage":{{"{long}":1}}}}"#)),
        ("a number", format!(r#"{{"usage":{{"total":{}}}}}"#, "1".repeat(300_000))),
        ("depth", "{\"usage\":".repeat(40_000)),
        ("arrays", "[".repeat(300_000)),
        ("quotes", "\"".repeat(300_000)),
        ("escapes", format!("{{\"{}", "\\u0061".repeat(50_000))),
        ("documents", "{\"usage\":{\"total\":1}}".repeat(15_000)),
        ("empty lines", "\n".repeat(300_000)),
        ("events", "data: {\"usage\":{\"total\":1}}\n\n".repeat(10_000)),
        ("data", "data:\n".repeat(50_000)),
    ] {
        for content_type in ["application/json", "text/event-stream"] {
            for size in [1, 1000, answer.len()] {
                let paths = paths(&["usage.total", "usage.a.b", "usage.usage.usage.usage"]);
                let mut reader = Reader::of(content_type.as_bytes()).unwrap();
                let (steps, ()) = gatehouse_steps::of(|| {
                    answer.as_bytes().chunks(size).for_each(|part| reader.read(part, &paths));
                });
                let most = 3 * answer.len();
                assert!(steps <= most, "{case} as {content_type} by {size}: {steps}");
            }
        }
    }
}
