use super::*;
use crate::amount::Amount;
use crate::calendar::{Calendar, Period};
use crate::quota::Pace;
use gatehouse_filter_test::FakeHost;

const SECOND: u64 = 1_000_000_000;
/// 2026-09-21, half a minute past one.
const NOW: u64 = 1_789_952_430 * SECOND;

/// The limits that the cases have: 100 a minute of which 40 are used, 5 an hour of which 2 are.
fn limits() -> Vec<(Quota, Level)> {
    let even = Pace::Even { window: 60 * SECOND, burst: None, ahead: 60 * SECOND };
    let hour = Pace::Calendar(Calendar { period: Period::Hour, offset: 0 });
    let host = FakeHost::default();
    let request = gatehouse_filter::Request::new(Headers::from_list::<&str, &str>(&[]), &host);
    [("minute", even, 100, 40), ("hour", hour, 5, 2)]
        .map(|(name, pace, requests, used)| {
            let quota = Quota {
                name: name.to_owned(),
                pace,
                requests: Amount::Fixed(requests),
                gateways: 1,
            };
            let mut level = quota.level(quota.terms(&request), &mut std::iter::empty(), NOW);
            level.charge(used);
            (quota, level)
        })
        .into()
}

fn put(forms: &[Form], received: &[(&str, &str)]) -> Vec<String> {
    let limits = limits();
    let fields = Fields::new(forms, limits.iter().map(|(quota, level)| (quota, level)));
    let mut headers = Headers::from_list(received);
    fields.put_on(&mut headers);
    let names = [
        "ratelimit-policy",
        "ratelimit",
        "ratelimit-limit",
        "ratelimit-remaining",
        "ratelimit-reset",
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
    ];
    let text = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap();
    let lines = names.iter().flat_map(|name| {
        headers.values(name).map(|value| format!("{name}: {}", text(value))).collect::<Vec<_>>()
    });
    lines.collect()
}

#[test]
fn every_form_has_its_fields() {
    let draft = [
        r#"ratelimit-policy: "minute";q=100;w=60, "hour";q=5;w=3600"#,
        r#"ratelimit: "minute";r=60;t=24, "hour";r=3;t=3570"#,
    ];
    let draft03 = [
        "ratelimit-limit: 5, 100;w=60, 5;w=3600",
        "ratelimit-remaining: 3",
        "ratelimit-reset: 3570",
    ];
    let x = ["x-ratelimit-limit: 5", "x-ratelimit-remaining: 3", "x-ratelimit-reset: 3570"];
    assert_eq!(put(&[Form::Draft], &[]), draft);
    assert_eq!(put(&[Form::Draft03], &[]), draft03);
    assert_eq!(put(&[Form::XRateLimit], &[]), x);
    assert_eq!(put(&[Form::XRateLimit, Form::Draft], &[]), [&draft[..], &x].concat());
    assert_eq!(put(&[], &[]), [""; 0]);
}

#[test]
fn lists_are_continued_and_single_numbers_replaced() {
    let theirs =
        [("ratelimit", "\"up\";r=1;t=1"), ("x-ratelimit-limit", "7"), ("x-ratelimit-limit", "8")];
    assert_eq!(
        put(&[Form::Draft, Form::XRateLimit], &theirs)[1..4],
        [
            "ratelimit: \"up\";r=1;t=1",
            r#"ratelimit: "minute";r=60;t=24, "hour";r=3;t=3570"#,
            "x-ratelimit-limit: 5",
        ]
    );
}

#[test]
fn without_limits_there_is_nothing_to_tell() {
    let mut headers = Headers::from_list::<&str, &str>(&[]);
    Fields::new(&[Form::Draft, Form::Draft03, Form::XRateLimit], [].into_iter())
        .put_on(&mut headers);
    assert!(headers.edits().is_empty());
}
