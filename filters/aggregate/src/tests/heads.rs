//! The head of the answer.

use super::{Gateway, answer, ok};
use crate::Code;
use gatehouse_filter::{Callout, Identity};
use serde_json::json;

const JSON: (&str, &str) = ("content-type", "application/json");

#[test]
fn an_answer_is_as_fresh_as_the_least_fresh_of_its_parts() {
    for (case, a, b, fields, want) in [
        ("both say", "max-age=60", "max-age=30", &[][..], "max-age=30"),
        ("one does not", "max-age=60", "", &[], "no-cache"),
        ("one is private", "max-age=60", "private, max-age=90", &[], "private, max-age=60"),
        ("one is not to be stored", "no-store", "max-age=90", &[], "no-store"),
        (
            "somebody asks with credentials",
            "max-age=60",
            "max-age=30",
            &[("authorization", "Bearer x")],
            "private, max-age=30",
        ),
    ] {
        let calls = json!([
            {"name": "a", "cluster": "a", "path": "/"},
            {"name": "b", "cluster": "b", "path": "/"},
        ]);
        let gateway = Gateway::of(calls, json!({}), |call: &Callout| {
            let control = if call.cluster == "a" { a } else { b };
            answer(200, &[JSON, ("cache-control", control)], "1")
        });
        let mut head = vec![(":path", "/x/7")];
        head.extend(fields);
        let got = gateway.ask(&head, None);
        assert_eq!(got.header("cache-control").as_deref(), Some(want), "{case}");
    }
    let calls = json!([{"name": "a", "cluster": "a", "path": "/"}]);
    let gateway = Gateway::of(calls, json!({}), |_| {
        answer(200, &[JSON, ("cache-control", "max-age=60")], "1")
    });
    let alice = Identity { subject: Some("alice".to_owned()), ..Identity::default() };
    gateway.host.identify(&alice);
    let got = gateway.get("/x/7");
    assert_eq!(got.header("cache-control").as_deref(), Some("private, max-age=60"), "for alice");
}

#[test]
fn it_varies_with_what_was_passed_on() {
    let calls = json!([{
        "name": "a", "cluster": "a", "path": "/", "pass_headers": ["accept-language"],
    }]);
    let gateway = Gateway::of(calls, json!({}), |_| {
        answer(200, &[JSON, ("vary", "Accept-Language, Accept-Encoding, Cookie")], "1")
    });
    let got = gateway.get("/x/7");
    assert_eq!(got.header("vary").as_deref(), Some("accept-language"));
}

#[test]
fn who_has_the_answer_already_is_told_so() {
    let calls = json!([{"name": "a", "cluster": "a", "path": "/"}]);
    let gateway = Gateway::of(calls.clone(), json!({"etag": true}), |_| ok("1"));
    let got = gateway.get("/x/7");
    let tag = got.header("etag").expect("a tag");
    assert!(tag.len() == 34 && tag.starts_with('"'), "{tag}");
    for (case, field, status) in [
        ("the tag", tag.clone(), 304),
        ("a weak one", format!("W/{tag}"), 304),
        ("one of several", format!("\"x\", {tag}"), 304),
        ("any", "*".to_owned(), 304),
        ("another", "\"x\"".to_owned(), 200),
        ("without quotes", tag.trim_matches('"').to_owned(), 200),
    ] {
        let got = gateway.ask(&[(":path", "/x/7"), ("if-none-match", &field)], None);
        assert_eq!(got.status, status, "{case}");
        assert_eq!(got.header("etag").as_deref(), Some(&*tag), "{case}");
        assert_eq!(got.body.is_empty(), status == 304, "{case}");
        assert_eq!(got.code == Code::NotModified, status == 304, "{case}");
    }
    // Another answer has another tag.
    let gateway = Gateway::of(calls, json!({"etag": true}), |_| ok("2"));
    assert_ne!(gateway.get("/x/7").header("etag"), Some(tag));
}

#[test]
fn it_has_the_fields_that_the_rule_says() {
    let calls = json!([{"name": "a", "cluster": "a", "path": "/"}]);
    let others = json!({"response_headers": {
        "x-id": "${path.id}", "x-a": "${call.a.v}", "x-none": "${call.a.none}",
        "x-status": "${status.a}", "cache-control": "max-age=5",
    }});
    let gateway = Gateway::of(calls.clone(), others.clone(), |_| ok(r#"{"v":1}"#));
    let got = gateway.get("/x/7");
    for (name, want) in [
        ("x-id", Some("7")),
        ("x-a", Some("1")),
        ("x-none", None),
        ("x-status", Some("200")),
        ("cache-control", Some("max-age=5")),
        ("content-type", Some("application/json")),
    ] {
        assert_eq!(got.header(name).as_deref(), want, "{name}");
    }
    let gateway = Gateway::of(calls.clone(), others.clone(), |_| ok(r#"{"v":"a\r\nb"}"#));
    let got = gateway.get("/x/7");
    assert_eq!((got.code, got.status), (Code::FieldInvalid, 502));
    let gateway = Gateway::of(calls, others, |_| ok("1"));
    let got = gateway.get("/x/a%0D%0Ab");
    assert_eq!((got.code, got.status), (Code::ValueRefused, 400));
}

/// What is made of something must not be given to whoever has something else.
#[test]
fn what_templates_name_of_the_client_is_said_to_caches() {
    for (case, call, control, vary) in [
        ("nothing", json!({}), "max-age=60", None),
        ("a field in a path", json!({"path": "/${header.X-Plan}"}), "max-age=60", Some("x-plan")),
        (
            "a field in a condition",
            json!({"when": {"value": "${header.x-plan}", "exists": true}}),
            "max-age=60",
            Some("x-plan"),
        ),
        (
            "the identity in a condition",
            json!({"when": {"identity": "subject"}}),
            "private, no-cache",
            None,
        ),
        (
            "a claim in an operation",
            json!({"operations": [{"set": {"path": "a", "value": "${claim.plan}"}}]}),
            "private, max-age=60",
            None,
        ),
        ("a cookie", json!({"path": "/${cookie.plan | default: x}"}), "max-age=60", Some("cookie")),
        (
            "the client's address",
            json!({"path": "/${client_address | default: x}"}),
            "private, max-age=60",
            None,
        ),
        ("a query", json!({"path": "/?q=${query.q | default: x}"}), "max-age=60", None),
    ] {
        let mut calls = json!([{"name": "a", "cluster": "a", "path": "/"}]);
        gatehouse_filter_test::change(&mut calls[0], &call);
        let gateway = Gateway::of(calls, json!({}), |_| {
            answer(200, &[JSON, ("cache-control", "max-age=60")], "{}")
        });
        let got = gateway.ask(&[(":path", "/x/7"), ("x-plan", "gold")], None);
        assert_eq!(got.header("cache-control").as_deref(), Some(control), "{case}");
        assert_eq!(got.header("vary").as_deref(), vary, "{case}");
    }
    // A service that varies with a field which is made of who asks.
    let calls = json!([{"name": "a", "cluster": "a", "path": "/"}]);
    let gateway = Gateway::of(calls, json!({}), |_| {
        answer(200, &[JSON, ("cache-control", "max-age=60"), ("vary", "X-User")], "1")
    });
    let got = gateway.get("/x/7");
    assert_eq!(got.header("cache-control").as_deref(), Some("private, max-age=60"));
}

/// RFC 9110 §9.2.3, RFC 9111 §3: what another method than GET has done is to be done each time.
#[test]
fn only_what_is_read_may_be_kept() {
    for (case, method, call, body, want) in [
        ("a GET", "GET", json!({}), None, "max-age=60"),
        ("a HEAD", "HEAD", json!({}), None, "max-age=60"),
        ("a POST", "POST", json!({}), None, "no-store"),
        ("a call that writes", "GET", json!({"method": "PUT"}), None, "no-store"),
        ("a call that asks by POST", "GET", json!({"method": "POST"}), None, "no-store"),
        (
            "a body that is used",
            "GET",
            json!({"path": "/${body.q}"}),
            Some(&b"{\"q\":1}"[..]),
            "no-store",
        ),
        (
            "a body that is not there",
            "GET",
            json!({"path": "/${body.q | default: x}"}),
            None,
            "max-age=60",
        ),
    ] {
        let mut calls = json!([{"name": "a", "cluster": "a", "path": "/"}]);
        gatehouse_filter_test::change(&mut calls[0], &call);
        let gateway = Gateway::of(calls, json!({"etag": true}), |_| {
            answer(200, &[JSON, ("cache-control", "max-age=60")], "1")
        });
        let got = gateway.ask(&[(":method", method), (":path", "/x/7")], body);
        assert_eq!(got.header("cache-control").as_deref(), Some(want), "{case}");
        // A tag, and a 304, are for what is read.
        let got =
            gateway.ask(&[(":method", method), (":path", "/x/7"), ("if-none-match", "*")], body);
        assert_eq!(got.status == 304, method != "POST", "{case}");
        assert_eq!(got.header("etag").is_some(), method != "POST", "{case}");
    }
}

/// A cache in front of the gateway would give one rule's answers to requests of the other.
#[test]
fn it_varies_with_what_the_rules_ask_for() {
    let rule = |name: &str, headers: serde_json::Value| {
        let mut rule = json!({"name": name, "match": {"path": {"prefix": "/x"}},
                              "calls": [{"name": name, "cluster": "a", "path": "/"}]});
        if !headers.is_null() {
            rule["match"]["headers"] = headers;
        }
        rule
    };
    let rules =
        json!([rule("beta", json!([{"name": "X-Beta", "exact": "1"}])), rule("all", json!(null)),]);
    let gateway = Gateway::with(json!({"rules": rules}), |_| ok("1"));
    for (beta, body) in [("1", r#"{"beta":1}"#), ("0", r#"{"all":1}"#)] {
        let got = gateway.ask(&[(":path", "/x/7"), ("x-beta", beta)], None);
        assert_eq!((got.body.as_str(), got.header("vary").as_deref()), (body, Some("x-beta")));
    }
}

#[test]
fn it_varies_with_what_the_fields_of_all_calls_are_made_of() {
    let calls = json!([{"name": "a", "cluster": "a", "path": "/"}]);
    for (headers, vary, control) in [
        (json!({"x-plan": "${header.X-Tier | lower}"}), Some("x-tier"), "max-age=60"),
        (json!({"x-plan": "${claim.plan}"}), None, "private, max-age=60"),
        (json!({}), None, "max-age=60"),
    ] {
        let gateway = Gateway::of(calls.clone(), json!({"headers": headers}), |_| {
            answer(200, &[JSON, ("cache-control", "max-age=60")], "1")
        });
        let got = gateway.get("/x/7");
        assert_eq!(got.header("vary").as_deref(), vary, "{headers}");
        assert_eq!(got.header("cache-control").as_deref(), Some(control), "{headers}");
    }
}

/// Neither a partial answer that is kept, nor one kept for all that is for some.
#[test]
fn fields_of_the_rule_take_nothing_back() {
    let calls = json!([
        {"name": "a", "cluster": "a", "path": "/${header.x-a | default: 1}", "optional": true},
    ]);
    let others = json!({"response_headers": {"cache-control": "max-age=5", "vary": "x-b"}});
    let gateway = Gateway::of(calls.clone(), others.clone(), |_| answer(500, &[], ""));
    assert_eq!(gateway.get("/x/7").header("cache-control").as_deref(), Some("no-store"));
    let gateway =
        Gateway::of(calls, others, |_| answer(200, &[JSON, ("cache-control", "max-age=60")], "1"));
    let got = gateway.get("/x/7");
    let vary: Vec<_> = got.headers.values("vary").map(<[u8]>::to_vec).collect();
    assert_eq!(vary, [b"x-a", b"x-b"]);
    assert_eq!(got.header("cache-control").as_deref(), Some("max-age=5"));
}

#[test]
fn a_call_may_have_a_secret_in_a_field() {
    let calls = json!([
        {"name": "a", "cluster": "a", "path": "/", "headers": {"x-api-key": {"env": "KEY"}}},
    ]);
    let gateway = Gateway::of(calls, json!({}), |call: &Callout| {
        let key = call.headers.iter().find(|(name, _)| name.as_str() == "x-api-key");
        assert_eq!(key.map(|(_, value)| value.as_bytes()), Some(&b"s3cret ${x}"[..]));
        ok("1")
    });
    assert_eq!(gateway.get("/x/7").code, Code::Aggregated);
}
