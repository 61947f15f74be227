//! Bodies that are made: when, of what, and with which head.

use super::*;

/// What happened to a response: its code, its step, its head, and the body that took another's
/// place.
fn response(
    filter: &BodyTransform,
    method: &str,
    head: &[(&str, &str)],
    body: Option<&str>,
) -> (String, Headers, Option<String>) {
    let host = FakeHost::default();
    let sent = [(":method", method), (":path", "/?q=%3Cb%3E&x=a%26b"), (":authority", "a.example")];
    let mut request = Request::new(Headers::from_list(&sent), &host);
    let mut state = State::default();
    let _ = filter.on_request(&mut request, &mut state);
    let mut response = Response::new(Headers::from_list(head), &host).with_body(body.is_some());
    let decision = filter.on_response(&mut response, &mut state);
    let code = |decision: &ResponseDecision<Code>| {
        decision.code.map(|code| code.name().to_owned()).unwrap_or_default()
    };
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    match &decision.step {
        ResponseStep::Replace(replay) => {
            (code(&decision), replay.head.clone(), Some(text(replay.body.as_slice())))
        }
        ResponseStep::ReadBody(collect) => {
            let body = body.unwrap();
            let is_too_long = body.len() > collect.max_bytes;
            let mut body =
                if is_too_long { Body::too_long() } else { Body::new(body.as_bytes().to_vec()) };
            let head = collect.hold_head.then_some(&mut response);
            let decision = filter.on_response_body(head, &mut body, &host, &mut state).unwrap();
            let made = match &decision.step {
                ResponseStep::Replace(replay) => Some(text(replay.body.as_slice())),
                _ => body.replacement().map(text),
            };
            (code(&decision), response.headers, made)
        }
        _ => (code(&decision), response.headers, None),
    }
}

const HTML: (&str, &str) = ("content-type", "text/html");

#[test]
fn a_response_gets_the_first_body_that_is_for_it_whatever_its_own() {
    for hold in [true, false] {
        let filter = filter(json!({"hold_heads": hold, "rules": [{"response_bodies": [
            {"statuses": [404],
             "problem": {"detail": "nothing at ${host}", "members": {"q": "${query.q}"}}},
            {"statuses": ["4xx"], "content_types": ["text/html"],
             "value": {"s": "${response.status}", "n": [1, "${header.x-no}"]}},
            {"statuses": [200, "5xx"], "max_body": "8B", "content_type": "text/html; charset=utf-8",
             "text": "<a title=\"${query.q}\" href='/?${query.x}'>${header.x-no}$$</a>"},
        ]}]}));
        let problem = concat!(
            r#"{"type":"about:blank","title":"Not Found","status":404,"#,
            r#""detail":"nothing at a.example","q":"<b>"}"#
        );
        let page = "<a title=\"&lt;b&gt;\" href='/?a&amp;b'>$</a>";
        let value = r#"{"n":[1],"s":"400"}"#;
        let replaced = "response_replaced";
        for (case, method, status, fields, body, code, want) in [
            ("a page", "GET", "404", &[HTML][..], Some("<h1>"), replaced, Some(problem)),
            ("no type", "GET", "404", &[], Some("x"), replaced, Some(problem)),
            ("no body", "GET", "404", &[HTML], None, replaced, Some(problem)),
            ("to HEAD", "HEAD", "404", &[HTML], None, replaced, None),
            ("a type that is named", "GET", "400", &[HTML], Some("x"), replaced, Some(value)),
            ("another type", "GET", "400", &[JSON], Some("{}"), "", None),
            ("no type where one is named", "GET", "400", &[], None, "", None),
            ("another status", "GET", "302", &[HTML], Some("x"), "", None),
            ("markup", "GET", "500", &[JSON], Some("x"), replaced, Some(page)),
            (
                "an encoded body",
                "GET",
                "500",
                &[("content-encoding", "x")],
                Some("x"),
                replaced,
                Some(page),
            ),
            (
                "a problem",
                "GET",
                "404",
                &[("content-type", "application/problem+json")],
                Some("x"),
                "",
                None,
            ),
            (
                "gRPC",
                "POST",
                "200",
                &[("content-type", "application/grpc+proto")],
                Some("x"),
                "",
                None,
            ),
            ("a tunnel", "CONNECT", "200", &[], Some("x"), "", None),
            ("a tunnel refused", "CONNECT", "500", &[], Some("x"), replaced, Some(page)),
        ] {
            let head: Vec<_> =
                [(":status", status), ("etag", "1")].iter().chain(fields).copied().collect();
            let (told, head, made) = response(&filter, method, &head, body);
            assert_eq!((told.as_str(), made.as_deref()), (code, want), "{case}");
            let is_replaced = code == replaced;
            assert_eq!(head.first("etag").is_none(), is_replaced, "{case}");
            if is_replaced {
                assert_eq!(head.first("content-encoding"), None, "{case}");
                assert_eq!(head.values("content-type").count(), 1, "{case}");
            }
        }
        // A long one is left out where the head has waited. Where it has not, the answer is broken.
        let head = [(":status", "500"), HTML];
        let (told, _, made) = response(&filter, "GET", &head, Some("123456789"));
        let want = if hold { (replaced, Some(page)) } else { ("response_too_large", None) };
        assert_eq!((told.as_str(), made.as_deref()), want);
    }
}

#[test]
fn statuses_without_content_keep_none() {
    let filter = filter(
        json!({"rules": [{"response_bodies": [{"statuses": ["2xx", "3xx"], "text": "x"}]}]}),
    );
    for status in ["204", "205", "206", "304", "101", "100"] {
        let (code, head, made) = response(&filter, "GET", &[(":status", status), HTML], None);
        assert_eq!((code.as_str(), made), ("", None), "{status}");
        assert_eq!(head.first("content-type"), Some(&b"text/html"[..]), "{status}");
    }
}

#[test]
fn a_requests_body_is_replaced_whatever_its_type_and_made_of_nothing_in_it() {
    for hold in [true, false] {
        let filter = filter(json!({"hold_heads": hold, "rules": [{"request_body":
            {"max_body": "4B", "content_type": "application/x-www-form-urlencoded",
             "text": "a=${header.x-a}&b=1"}}]}));
        let form = "a=%3D%26+%25&b=1";
        for (case, fields, body, code, want) in [
            ("any type", &[HTML][..], "<>", "replaced", Some(form)),
            ("JSON", &[JSON], "{}", "replaced", Some(form)),
            ("no type", &[], "x", "replaced", Some(form)),
            ("no bytes", &[], "", "untouched", None),
            ("too long", &[], "12345", "too_large", None),
            ("said to be too long", &[("content-length", "5")], "1", "too_large", None),
            ("gRPC", &[("content-type", "application/grpc")], "x", "untouched", None),
            ("an upgrade", &[("upgrade", "websocket")], "x", "untouched", None),
        ] {
            let fields: Vec<_> =
                [("x-a", "=& %"), ("digest", "x")].iter().chain(fields).copied().collect();
            let (told, made, head) = request(&filter, &fields, body);
            assert_eq!((told.as_str(), made.as_deref()), (code, want), "{case}");
            if want.is_some() {
                assert_eq!(head.first("digest"), None, "{case}");
                let content_type = head.first("content-type").unwrap();
                assert_eq!(content_type, b"application/x-www-form-urlencoded", "{case}");
            }
        }
    }
}
