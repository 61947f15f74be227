use super::*;

/// Adds a field to a message.
type Put<'a> = &'a dyn Fn(&mut Vec<u8>);

/// A message by its fields.
fn of(fields: &[Put<'_>]) -> Vec<u8> {
    let mut message = Vec::new();
    fields.iter().for_each(|put| put(&mut message));
    message
}

fn number(field: u32, value: u64) -> impl Fn(&mut Vec<u8>) {
    move |message| put_varint_field(message, field, value)
}

fn bytes(field: u32, value: Vec<u8>) -> impl Fn(&mut Vec<u8>) {
    move |message| put_bytes(message, field, &value)
}

fn limit(requests: u64, unit: u64) -> Vec<u8> {
    of(&[&number(1, requests), &number(2, unit), &bytes(3, b"orders".to_vec())])
}

fn reset(seconds: u64, nanos: u64) -> Vec<u8> {
    of(&[&number(1, seconds), &number(2, nanos)])
}

#[test]
fn a_question_is_the_message_of_the_protocol() {
    let descriptor =
        [("rule".to_owned(), "orders".to_owned()), ("client".to_owned(), String::new())];
    let want =
        b"\x0a\x02gw\x12\x1c\x0a\x0e\x0a\x04rule\x12\x06orders\x0a\x0a\x0a\x06client\x12\x00\x18\xac\x02";
    assert_eq!(question("gw", &descriptor, 300), want);
    // Lengths of more than one byte.
    let long = [("k".to_owned(), "v".repeat(200))];
    let message = question("gw", &long, 1);
    let want = [
        &b"\x0a\x02gw\x12\xd1\x01\x0a\xce\x01\x0a\x01k\x12\xc8\x01"[..],
        &[b'v'; 200],
        b"\x18\x01",
    ]
    .concat();
    assert_eq!(message, want);
}

#[test]
fn an_answer_says_yes_or_no_and_perhaps_why() {
    let status = of(&[
        &number(1, 1),
        &bytes(2, limit(100, 2)),
        &number(3, 41),
        &bytes(4, reset(12, 500_000_000)),
    ]);
    let told = Told {
        requests: 100,
        window: 60,
        remaining: Some(41),
        reset: Some(Duration::from_millis(12_500)),
    };
    let header = |name: &str, value: &str| {
        of(&[&bytes(1, name.as_bytes().to_vec()), &bytes(2, value.as_bytes().to_vec())])
    };
    let only_reset =
        |seconds| Told { reset: Some(Duration::from_secs(seconds)), ..Told::default() };
    for (case, message, want) in [
        ("Limitador's", of(&[&number(1, 1)]), Some((true, None))),
        (
            "Limitador's refusal",
            of(&[&number(1, 2), &bytes(3, header("X-RateLimit-Limit", "100"))]),
            Some((false, None)),
        ),
        (
            "Limitador's refusal with a time",
            of(&[&number(1, 2), &bytes(3, header("X-RateLimit-Reset", "7"))]),
            Some((false, Some(only_reset(7)))),
        ),
        (
            "a time without a limit",
            of(&[&number(1, 2), &bytes(2, of(&[&number(1, 2), &bytes(4, reset(7, 0))]))]),
            Some((false, Some(only_reset(7)))),
        ),
        (
            "a time in both places",
            of(&[
                &number(1, 1),
                &bytes(3, header("X-RateLimit-Reset", "7")),
                &bytes(2, status.clone()),
            ]),
            Some((true, Some(told))),
        ),
        (
            "a limit without a time, which a field has",
            of(&[
                &number(1, 1),
                &bytes(2, of(&[&bytes(2, limit(100, 2)), &number(3, 41)])),
                &bytes(3, header("X-RateLimit-Reset", "7")),
            ]),
            Some((true, Some(Told { reset: Some(Duration::from_secs(7)), ..told }))),
        ),
        (
            "with a status",
            of(&[&number(1, 1), &bytes(2, status.clone())]),
            Some((true, Some(told))),
        ),
        ("a refusal", of(&[&bytes(2, status.clone()), &number(1, 2)]), Some((false, Some(told)))),
        (
            "a descriptor without a limit",
            of(&[&number(1, 1), &bytes(2, number_only())]),
            Some((true, None)),
        ),
        (
            "a field that nobody knows",
            of(&[&number(1, 1), &bytes(99, vec![0xff; 9])]),
            Some((true, None)),
        ),
        ("no code", of(&[&bytes(2, status.clone())]), None),
        ("no message", vec![], None),
        ("a code that is unknown", of(&[&number(1, 0)]), None),
        ("a code of the future", of(&[&number(1, 3)]), None),
    ] {
        let read = Ruling::read(&message).map(|ruling| (ruling.passed, ruling.told));
        assert_eq!(read, want, "{case}");
    }
    let both = of(&[
        &bytes(3, header("X-Response", "1")),
        &bytes(4, header("X-Request", "2")),
        &bytes(3, header("x-response", "3")),
        &number(1, 1),
    ]);
    let ruling = Ruling::read(&both).unwrap();
    let names = |added: &Added| added.iter().map(|(name, _)| name.as_str().to_owned()).collect();
    let (response, request): (Vec<_>, Vec<_>) = (names(&ruling.response), names(&ruling.request));
    assert_eq!(
        (response.join(" ").as_str(), request),
        ("x-response x-response", vec!["x-request".to_owned()])
    );
}

fn number_only() -> Vec<u8> {
    of(&[&number(1, 1)])
}

#[test]
fn a_time_that_makes_no_sense_is_not_told() {
    for (seconds, nanos, want) in [
        (0, 1, Some(Duration::from_nanos(1))),
        (86_400, 0, Some(Duration::from_secs(86_400))),
        (0, 0, None),
        (u64::MAX, 0, None),
        (400 * 86_400, 0, None),
        (1, 1_000_000_000, None),
    ] {
        assert_eq!(read_duration(&reset(seconds, nanos)), Some(want), "{seconds} {nanos}");
    }
}

#[test]
fn garbage_is_no_answer_and_panics_nowhere() {
    for message in [
        &b"<html>"[..],
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x08",
        b"\x12\xff\xff\xff\xff\x0f",
        b"\x00\x01",
        b"\x0b",
        b"\x08\x01\x12\x01\x12",
    ] {
        assert_eq!(Ruling::read(message), None, "{}", message.escape_ascii());
    }
    let status =
        of(&[&number(1, 1), &bytes(2, limit(100, 2)), &number(3, 41), &bytes(4, reset(12, 5))]);
    let field = of(&[&bytes(1, b"x-a".to_vec()), &bytes(2, b"1".to_vec())]);
    let whole = of(&[
        &number(1, 1),
        &bytes(2, status.clone()),
        &bytes(3, field.clone()),
        &bytes(4, field.clone()),
    ]);
    // Between two fields it is a message.
    let ends = [2, 4 + status.len(), 6 + status.len() + field.len()];
    for length in 0..whole.len() {
        let read = Ruling::read(&whole[..length]);
        assert_eq!(read.is_some(), ends.contains(&length), "{length} bytes: {read:?}");
    }
    // Every byte replaced by every other: nothing panics.
    for index in 0..whole.len() {
        for byte in 0..=u8::MAX {
            let mut changed = whole.clone();
            changed[index] = byte;
            let _ = Ruling::read(&changed);
        }
    }
}
