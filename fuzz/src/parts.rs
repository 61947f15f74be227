//! What services answer to `aggregate`.

use crate::{NOW, filter};
use gatehouse_aggregate::Aggregate;
use gatehouse_filter::{Answer, Answered, Calls, Filter, Headers, OnAnswers, Reply, Request, Step};
use gatehouse_filter_test::FakeHost;
use serde::de::IgnoredAny;
use std::collections::VecDeque;

/// The query of a request, and what services answer, with a 0xff between them. The request is
/// answered with JSON, and each call goes to the path that its rule says.
pub fn parts(data: &[u8]) {
    thread_local! {
        static FILTER: Aggregate = filter(CONFIGURATION);
    }
    let mut pieces = data.split(|byte| *byte == 0xff);
    let query = pieces.next().unwrap_or_default();
    let pieces: Vec<&[u8]> = pieces.collect();
    let path = [b"/x/7?", query].concat();
    FILTER.with(|filter| {
        let host = FakeHost::at(NOW);
        let head = [(&b":method"[..], &b"GET"[..]), (b":path", &path), (b":authority", b"a")];
        let mut request = Request::new(Headers::from_list(&head), &host);
        let mut state = Default::default();
        let mut step = filter.on_request(&mut request, &mut state).step;
        let (mut open, mut made) = (VecDeque::new(), 0);
        loop {
            match step {
                Step::Call(Calls { callouts, .. }) => {
                    for call in callouts {
                        let (path, _) = call.path.split_once('?').unwrap_or((&call.path, ""));
                        assert_eq!(path.matches('/').count(), 2, "{path}");
                        assert!(!path.ends_with("/.") && !path.ends_with("/.."), "{path}");
                        assert!(call.path.bytes().all(|byte| matches!(byte, b'!'..=b'~')));
                        open.push_back(made);
                        made += 1;
                    }
                }
                Step::Reply(reply) => return assert_is_json(&reply),
                Step::Continue => return,
                step => panic!("{step:?}"),
            }
            // The answers in another order than the calls.
            let call = if made % 2 == 0 { open.pop_front() } else { open.pop_back() };
            let call = call.expect("it waits for nothing");
            let body = pieces.get(call % pieces.len().max(1)).copied().unwrap_or_default();
            let answers = vec![Answered { call, answer: answer(body) }];
            step = filter
                .on_answers(answers, &mut request, &mut state)
                .expect("the filter is not broken")
                .step;
        }
    });
}

/// An answer, of which the first byte says what it is labelled as.
fn answer(bytes: &[u8]) -> Answer {
    let (label, body) = bytes.split_first().unwrap_or((&0, &[]));
    let status = ["200", "200", "200", "404"][usize::from(label & 3)];
    let coding = ["identity", "gzip"][usize::from(label >> 2 & 1)];
    let head = [
        (":status", status),
        ("content-type", "application/json"),
        ("content-encoding", coding),
        ("cache-control", "max-age=60"),
    ];
    Answer {
        headers: Headers::from_list(&head),
        body: body.to_vec(),
        truncated: body.len() > 4096,
        ..Answer::default()
    }
}

fn assert_is_json(reply: &Reply) {
    if let Reply::Document(document) = reply {
        assert!(document.body.len() <= 8192, "{}", document.body.len());
        assert!(
            serde_json::from_slice::<IgnoredAny>(&document.body).is_ok(),
            "{}",
            document.body.escape_ascii()
        );
    }
}

const CONFIGURATION: &str = r#"{"rules": [{
    "match": {"path": {"template": "/x/{id}"}}, "max_size": "8KiB", "max_calls": 12,
    "merge": {"on_conflict": "array", "objects": "merge", "lists": "concatenate"},
    "partial": {"member": "parts"}, "operations": [{"rename": {"path": "a", "to": "b"}}],
    "calls": [
        {"name": "a", "cluster": "a", "path": "/a/${query.v | default: x}?q=${query.w}", "max_size": "4KiB",
         "optional": {"default": {"l": [1]}}, "operations": [{"case": {"to": "camel"}}]},
        {"name": "b", "cluster": "b", "path": "/b/${item}", "max_size": "4KiB", "optional": true,
         "for_each": {"value": "a.l[*]", "most": 4, "at_once": 2},
         "join": {"to": "a.l[*]", "by": "k", "as": "joined.to"}},
        {"name": "c", "cluster": "c", "path": "/c/${call.a.id | default: none}?s=${items}",
         "max_size": "4KiB",
         "optional": true, "into": "$", "for_each": {"value": "a.m[*].k"}},
        {"name": "d", "cluster": "d", "path": "/d/${status.a | default: 0}", "optional": true, "into": "l.m",
         "max_size": "4KiB", "when": {"value": "${call.a.id}", "exists": true}}
    ]
}]}"#;
