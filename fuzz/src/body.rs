use crate::{NOW, filter};
use gatehouse_body_transform::BodyTransform;
use gatehouse_filter::{Body, Filter, Headers, OnRequestBody, Request, Step};
use gatehouse_filter_test::FakeHost;
use serde::de::IgnoredAny;

/// A body, after a byte that says how it is labelled. Whatever takes its place is JSON, or a form
/// that is read again as the same, and no longer than allowed.
pub fn body(data: &[u8]) {
    thread_local! {
        static FILTER: BodyTransform = filter(CONFIGURATION);
    }
    let Some((label, bytes)) = data.split_first() else { return };
    let kind = usize::from(label & 1 | label >> 2 & 2);
    let path = ["/json", "/form", "/parts", "/text"][kind];
    let content_type = [
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=B",
        "text/html",
    ][kind];
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
            let said = replacement.escape_ascii();
            match kind {
                2 => {
                    // No field that was taken out, for a reader who knows nothing but boundaries.
                    let text = String::from_utf8_lossy(replacement);
                    let heads = text.split("--B").filter_map(|part| part.split("\r\n\r\n").next());
                    for head in heads {
                        assert!(!head.contains("name=\"secret\""), "{said}");
                    }
                    let mut again = Body::new(replacement.to_vec());
                    let mut request = Request::new(Headers::from_list(&head[..3]), &host);
                    request = request.with_body(true);
                    let mut state = Default::default();
                    let _ = filter.on_request(&mut request, &mut state);
                    let head = Some(&mut request);
                    let decision = filter.on_request_body(head, &mut again, &host, &mut state);
                    assert!(decision.is_ok_and(|next| next.step == Step::Continue), "{said}");
                    assert_eq!(again.replacement(), Some(replacement), "{said}");
                }
                3 => assert!(!replacement.windows(6).any(|part| part == b"secret"), "{said}"),
                _ => {
                    assert!(serde_json::from_slice::<IgnoredAny>(replacement).is_ok(), "{said}");
                }
            }
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
        {
            "match": {"path": {"prefix": "/parts"}},
            "request": {"max_body": "4KiB", "encoding": "plain", "read": "multipart", "operations": [
                {"remove": {"path": "secret"}}, {"set": {"path": "tenant", "value": "none"}}
            ]}
        },
        {
            "match": {"path": {"prefix": "/text"}},
            "request": {"max_body": "4KiB", "encoding": "plain", "text": [
                {"replace": ["secret", "-"]}, {"replace": ["a+(b.*c)?", "$1"]}, {"replace": ["secret", "-"]}
            ]}
        },
        {"match": {"path": {"prefix": "/form"}}, "request": {"max_body": "4KiB", "encoding": "plain", "read": "form", "write": "json"}}
    ]
}"#;
