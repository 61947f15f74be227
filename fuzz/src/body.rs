use crate::{NOW, filter};
use gatehouse_body_transform::BodyTransform;
use gatehouse_filter::{Body, Filter, Headers, OnRequestBody, Request, Step};
use gatehouse_filter_test::FakeHost;
use serde::de::IgnoredAny;

/// A body, after a byte that says how it is labelled. Whatever takes its place is JSON, and no
/// longer than allowed.
pub fn body(data: &[u8]) {
    thread_local! {
        static FILTER: BodyTransform = filter(CONFIGURATION);
    }
    let Some((label, bytes)) = data.split_first() else { return };
    let path = ["/json", "/form"][usize::from(label & 1)];
    let content_type =
        ["application/json", "application/x-www-form-urlencoded"][usize::from(label & 1)];
    let encoding = ["identity", "gzip", "deflate", "br"][usize::from(label >> 1 & 3)];
    let head = [
        (":method", "POST"),
        (":path", path),
        ("content-type", content_type),
        ("content-encoding", encoding),
    ];
    FILTER.with(|filter| {
        let host = FakeHost::at(NOW);
        let mut request = Request::new(Headers::from_list(&head), &host).with_body(true);
        let mut state = Default::default();
        let Step::ReadBody(collect) = filter.on_request(&mut request, &mut state).step else {
            return;
        };
        let is_too_long = bytes.len() > collect.max_bytes;
        let mut body = if is_too_long { Body::too_long() } else { Body::new(bytes.to_vec()) };
        assert!(collect.hold_head && collect.may_replace);
        let decision = filter.on_request_body(Some(&mut request), &mut body, &host, &mut state);
        let passes = decision.is_ok_and(|decision| decision.step == Step::Continue);
        if let Some(replacement) = body.replacement()
            && passes
        {
            // Four times `max_body`. Any number is one: 1e400 goes on as it came.
            assert!(replacement.len() <= 4 * 4096, "{}", replacement.len());
            assert!(
                serde_json::from_slice::<IgnoredAny>(replacement).is_ok(),
                "{}",
                replacement.escape_ascii()
            );
        }
    });
}

const CONFIGURATION: &str = r#"{
    "hold_heads": true,
    "rules": [
        {
            "match": {"path": {"prefix": "/json"}},
            "request": {"max_body": "4KiB", "encoding": "plain", "operations": [
                {"case": {"to": "snake"}},
                {"set": {"path": "tenant.id", "value": "${header.x-tenant | default: none}"}},
                {"rename": {"path": "a", "to": "b"}},
                {"remove": {"path": "items[*].secret"}},
                {"keep": {"names": ["tenant", "items", "b", "c"]}}
            ]}
        },
        {"match": {"path": {"prefix": "/form"}}, "request": {"max_body": "4KiB", "encoding": "plain", "read": "form", "write": "json"}}
    ]
}"#;
