//! Somebody who chooses every byte of the request, and of the answers.

use super::{Gateway, ok};
use crate::Code;
use gatehouse_filter::{Callout, Identity};
use serde_json::json;

#[test]
fn no_value_leads_a_call_elsewhere() {
    for (case, value, want) in [
        ("a plain one", "alice", Ok("a/u/alice/x?q=alice")),
        ("a space", "a%20b", Ok("a/u/a%20b/x?q=a%20b")),
        ("a question mark", "a%3Fb", Ok("a/u/a%3Fb/x?q=a%3Fb")),
        ("a fragment", "a%23b", Ok("a/u/a%23b/x?q=a%23b")),
        ("another parameter", "a%26b=c", Ok("a/u/a%26b%3Dc/x?q=a%26b%3Dc")),
        ("a plus", "a+b", Ok("a/u/a%2Bb/x?q=a%2Bb")),
        ("an at sign and a colon", "a@b:80", Ok("a/u/a%40b%3A80/x?q=a%40b%3A80")),
        ("a line", "a%0D%0Ax:%20y", Ok("a/u/a%0D%0Ax%3A%20y/x?q=a%0D%0Ax%3A%20y")),
        ("no UTF-8", "%FF", Ok("a/u/%FF/x?q=%FF")),
        ("an escape", "a%2541", Ok("a/u/a%2541/x?q=a%2541")),
        ("a slash", "a%2Fb", Err(Code::ValueRefused)),
        ("a backslash", "a%5Cb", Err(Code::ValueRefused)),
        ("dots", "..", Err(Code::ValueRefused)),
        ("a dot", ".", Err(Code::ValueRefused)),
        ("dots and a parameter", "..;a", Err(Code::ValueRefused)),
        ("an escaped slash", "a%252Fb", Err(Code::ValueRefused)),
        ("escaped dots", "%252e%252e", Err(Code::ValueRefused)),
        ("dots of full width", "%EF%BC%8E%EF%BC%8E", Err(Code::ValueRefused)),
        ("a byte of value 0", "a%00", Err(Code::ValueRefused)),
        ("nothing", "", Err(Code::ValueRefused)),
        ("overlong UTF-8", "%C0%AE%C0%AE", Err(Code::ValueRefused)),
    ] {
        let calls = json!([
            {"name": "a", "cluster": "a", "path": "/u/${query.v}/x?q=${query.v}"},
        ]);
        let gateway = Gateway::of(calls, json!({}), |_| ok("1"));
        let got = gateway.get(&format!("/x/7?v={value}"));
        match want {
            Ok(target) => assert_eq!(gateway.targets(), [target], "{case}"),
            Err(code) => {
                assert_eq!((got.code, got.status), (code, 400), "{case}");
                assert!(gateway.targets().is_empty(), "{case}");
            }
        }
    }
}

/// An answer is a stranger, too.
#[test]
fn no_answer_leads_another_call_elsewhere() {
    for (case, answer, want) in [
        ("a plain one", r#"{"id":"b"}"#, Some("b/b")),
        ("a slash", r#"{"id":"b/c"}"#, None),
        ("dots", r#"{"id":".."}"#, None),
        ("an object", r#"{"id":{"a":"/"}}"#, None),
        ("a host", r#"{"id":"@evil.example"}"#, Some("b/%40evil.example")),
        ("a line", r#"{"id":"\r\nx: y"}"#, Some("b/%0D%0Ax%3A%20y")),
    ] {
        let calls = json!([
            {"name": "a", "cluster": "a", "path": "/"},
            {"name": "b", "cluster": "b", "path": "/${call.a.id}"},
        ]);
        let gateway = Gateway::of(calls, json!({}), |call: &Callout| match &*call.cluster {
            "a" => ok(answer),
            _ => ok("1"),
        });
        let got = gateway.get("/x/7");
        match want {
            Some(target) => assert_eq!(gateway.targets(), ["a/", target], "{case}"),
            None => {
                assert_eq!((got.code, got.status), (Code::InputRefused, 502), "{case}");
                assert_eq!(gateway.targets().len(), 1, "{case}");
            }
        }
    }
}

#[test]
fn an_ambiguous_target_is_refused() {
    let calls = json!([{"name": "a", "cluster": "a", "path": "/${path.id}"}]);
    let gateway = Gateway::of(calls, json!({}), |_| ok("1"));
    for path in ["/x/..;/y", "/x/%2e%2e", "/x/a%2Fb", "/x/a%5cb", "/x/%00"] {
        let got = gateway.get(path);
        assert_eq!((got.code, got.status), (Code::TargetAmbiguous, 400), "{path}");
    }
    assert!(gateway.targets().is_empty());
}

/// What a client sends does not become a field of calls, but for those that are listed.
#[test]
fn calls_have_the_fields_that_they_are_to_have() {
    let calls = json!([{
        "name": "a", "cluster": "a", "path": "/", "pass_headers": ["accept-language"],
        "headers": {"x-tenant": "${query.tenant}", "x-plan": "${query.plan}"},
    }]);
    let gateway = Gateway::of(calls, json!({}), |_| ok("1"));
    gateway.host.identify(&Identity { subject: Some("alice".to_owned()), ..Identity::default() });
    gateway.ask(
        &[
            (":path", "/x/7?tenant=acme"),
            ("authorization", "Bearer secret"),
            ("cookie", "a=b"),
            ("x-user", "root"),
            ("x-consumer", "root"),
            ("x-plan", "gold"),
            ("accept", "text/html"),
            ("accept-encoding", "br"),
            ("accept-language", "de"),
            ("accept-language", "en"),
            ("traceparent", "00-1-2-3"),
            ("x-request-id", "r"),
            ("range", "bytes=0-1"),
            ("if-none-match", "*"),
            ("cdn-loop", "other"),
        ],
        None,
    );
    let calls = gateway.calls.borrow();
    let mut fields: Vec<String> = calls[0]
        .headers
        .iter()
        .map(|(name, value)| {
            format!("{}: {}", name.as_str(), String::from_utf8_lossy(value.as_bytes()))
        })
        .collect();
    fields.sort();
    assert_eq!(
        fields,
        [
            "accept-encoding: identity",
            "accept-language: de",
            "accept-language: en",
            "accept: application/json",
            "cdn-loop: other, gatehouse",
            "traceparent: 00-1-2-3",
            "x-request-id: r",
            "x-tenant: acme",
            "x-user: alice",
        ]
    );
}

#[test]
fn a_value_that_no_field_can_have_is_refused() {
    let calls = json!([{
        "name": "a", "cluster": "a", "path": "/", "headers": {"x-tenant": "${query.tenant}"},
    }]);
    let gateway = Gateway::of(calls, json!({}), |_| ok("1"));
    let got = gateway.get("/x/7?tenant=a%0D%0Ax-admin:%20yes");
    assert_eq!((got.code, got.status), (Code::ValueRefused, 400));
}

/// A gateway that calls itself does so for a few rounds.
#[test]
fn a_loop_ends() {
    let calls = json!([{"name": "a", "cluster": "a", "path": "/"}]);
    let gateway = Gateway::of(calls, json!({}), |_| ok("1"));
    for (field, status) in [
        ("gatehouse", 200),
        ("gatehouse, gatehouse", 200),
        ("gatehouse, other,gatehouse , gatehouse", 508),
    ] {
        let got = gateway.ask(&[(":path", "/x/7"), ("cdn-loop", field)], None);
        assert_eq!(got.status, status, "{field}");
    }
}

/// The call's fields stand in place of the rule's, also those that it passes on.
#[test]
fn what_a_call_says_of_fields_stands_in_place_of_what_the_rule_says() {
    for (case, rule, call, want) in [
        ("the rule's", json!({"headers": {"x-a": "rule"}}), json!({}), Some("rule")),
        (
            "the call's",
            json!({"headers": {"x-a": "rule"}}),
            json!({"headers": {"x-a": "call"}}),
            Some("call"),
        ),
        (
            "the call passes it",
            json!({"headers": {"x-a": "rule"}}),
            json!({"pass_headers": ["x-a"]}),
            Some("sent"),
        ),
        (
            "the rule passes it",
            json!({"pass_headers": ["x-a"]}),
            json!({"headers": {"x-a": "call"}}),
            Some("call"),
        ),
        (
            "it is missing",
            json!({"headers": {"x-a": "rule"}}),
            json!({"headers": {"x-a": "${query.none}"}}),
            None,
        ),
        (
            "none is sent",
            json!({"headers": {"x-a": "rule", "x-b": "rule"}}),
            json!({"pass_headers": ["x-b"]}),
            Some("rule"),
        ),
    ] {
        let mut calls = json!([{"name": "a", "cluster": "a", "path": "/"}]);
        gatehouse_filter_test::change(&mut calls[0], &call);
        let gateway = Gateway::of(calls, rule, |_| ok("1"));
        gateway.ask(&[(":path", "/x/7"), ("x-a", "sent")], None);
        let calls = gateway.calls.borrow();
        let value = |name: &str| {
            let mut found = calls[0].headers.iter().filter(|(known, _)| known.as_str() == name);
            let value = found.next().map(|(_, value)| value.as_bytes().to_vec());
            assert_eq!(found.next(), None, "{case}");
            value
        };
        assert_eq!(value("x-a").as_deref(), want.map(str::as_bytes), "{case}");
        assert_eq!(value("x-b"), None, "{case}");
    }
}

/// Whatever services say, and in whatever order: an answer comes, and it is JSON.
#[test]
fn whatever_services_say_the_answer_is_json() {
    const SAID: [&str; 14] = [
        "null",
        "1",
        r#""a""#,
        "[]",
        "{}",
        r#"[{"id":1,"sku":"a"},{"id":2,"sku":"b","p":{"q":1}},{"id":2,"sku":"a"},3]"#,
        r#"{"id":"x","l":[{"id":1},{"id":"1"}],"sku":"a"}"#,
        r#"{"id":"..","l":{"id":{"id":[]}},"p":null}"#,
        r#"[[["a"]],{"id":null,"l":[]},"a","b,c",""]"#,
        r#"{"user":{"id":1},"a":{"b":[1]},"parts":1}"#,
        r#"{"a\u0022\n":"\u0000\ud83d\ude00","id":"é\r\n"}"#,
        r#"[{"id":1.0,"sku":"a","p":[]},{"id":1,"sku":true}]"#,
        "{]",
        r#"{"l":[1,"2",null,true,{"id":7}],"id":12345678901234567890}"#,
    ];
    let optional = |numbers: &mut Numbers, call: &mut serde_json::Value| match numbers.below(4) {
        0 => {}
        1 => call["optional"] = json!({"default": {"id": 1, "l": [{"id": "a"}]}}),
        _ => call["optional"] = json!(true),
    };
    for seed in 0..1_000_u64 {
        let mut numbers = Numbers(seed);
        let missing = ["omit", "null", "fail"][numbers.below(3)];
        let mut calls = json!([
            {"name": "user", "cluster": "u", "path": "/${path.id}",
             "when": {"value": "${query.v}", "exists": true}},
            {"name": "top", "cluster": "t", "path": "/?l=${call.user.l[*]}", "into": "$"},
            {"name": "list", "cluster": "l", "path": "/", "after": ["user"]},
            {"name": "each", "cluster": "e", "path": "/${item}/${call.user.id | default: x}",
             "for_each": {"value": "list[*].id", "at_once": 2},
             "join": {"to": "list[*]", "by": "id", "as": "p.q", "missing": missing}},
            {"name": "all", "cluster": "a", "method": "POST", "path": "/", "into": "a.b",
             "body": {"ids": "${items}", "all": "${call.list}", "some": "x${call.each[*].id}"},
             "for_each": {"value": "each[*].sku"},
             "join": {"to": "each[*]", "by": "sku", "as": "more"}},
            {"name": "in", "cluster": "i", "path": "/${status.list}/${call.all.l[0].id}",
             "into": "a", "operations": [{"case": {"to": "camel"}}, {"set": {"path": "p.q", "value": "1x"}}]},
        ]);
        for call in calls.as_array_mut().expect("calls") {
            optional(&mut numbers, call);
        }
        calls[0]["optional"] = json!(true);
        let conflict = ["first", "last", "array"][numbers.below(3)];
        let others = json!({
            "merge": {"on_conflict": conflict, "objects": "merge", "lists": "concatenate"},
            "partial": {"member": "how"}, "etag": true,
            "response_headers": {"x-id": "${call.user.id}"},
        });
        let said = std::cell::RefCell::new(Numbers(seed ^ 0xabcd));
        let gateway = Gateway::of(calls, others, |_| {
            let mut said = said.borrow_mut();
            match said.below(20) {
                at @ 0..14 => ok(SAID[at]),
                14 => super::answer(500, &[], "x"),
                15 => super::answer(404, &[], "x"),
                16 => gatehouse_filter::Answer::default(),
                _ => ok(SAID[5]),
            }
        })
        .answering(move |open| numbers.below(open));
        let got = gateway.get(["/x/7", "/x/7?v=1"][usize::from(seed % 3 > 0)]);
        got.json();
        assert_eq!(
            got.code == Code::Partial,
            got.header("x-gatehouse-partial").is_some(),
            "{seed}"
        );
        assert_eq!(
            got.status == 200,
            matches!(got.code, Code::Partial | Code::Aggregated),
            "{seed}"
        );
    }
}

/// Numbers that are the same each time (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let mixed = usize::try_from((mixed ^ (mixed >> 31)) >> 33).expect("31 bits");
        mixed.checked_rem(most).expect("there is a choice")
    }
}
