//! What a fetch sends beside its own fields.

use super::*;
use gatehouse_filter::config::{self, Node};
use serde_json::json;

fn with_key(key: &str) -> Source {
    let text = json!({"headers": [{"name": "X-Api-Key", "value": key}]}).to_string();
    let read = |node: Node<'_>| {
        let mut fields = node.fields()?;
        let sent = Sent::read(&mut fields);
        fields.finish();
        sent
    };
    Source { sent: config::read(text.as_bytes(), read).unwrap_or_default(), ..source() }
}

#[test]
fn a_key_is_sent_with_each_fetch_and_never_told() {
    let host = FakeHost::at(NOW);
    let worker = worker_of(&host, with_key("s3cret"));
    fetch(&host, &worker, &tagged("200", "\"a\"", "list"));
    host.clock.advance(seconds(60));
    worker.tick(&host);
    let (id, call) = call(&host);
    assert_eq!(
        call.headers,
        [
            field("accept", "text/plain"),
            field("accept-encoding", "identity"),
            field("if-none-match", "\"a\""),
            field("x-api-key", "s3cret"),
        ]
    );
    worker.answered(id, &answer("401", ""), &host);
    let said = [host.take_warnings(), host.take_lines()].concat().concat();
    assert!(said.contains("401") && !said.contains("s3cret"), "{said}");
}

#[test]
fn what_came_for_one_key_is_not_what_another_gets() {
    let host = FakeHost::at(NOW);
    fetch(&host, &worker_of(&host, with_key("a")), &answer("200", "list of a"));
    assert_eq!(current(&host, &worker_of(&host, with_key("a"))).as_deref(), Some("list of a"));
    assert_eq!(current(&host, &worker_of(&host, with_key("b"))), None);
    assert_eq!(current(&host, &worker_of(&host, source())), None);
}

#[test]
fn a_key_goes_through_no_other_cluster() {
    for (cluster, is_sent) in [("lists", true), ("else", false)] {
        let host = FakeHost::at(NOW);
        let locate = |_: &[u8]| Ok(Location { authority: "else".into(), path: "/b".into() });
        let lead = Lead { name: "x".into(), cluster: cluster.into(), locate: Box::new(locate) };
        let worker = worker_of(&host, Source { lead: Some(lead), ..with_key("s3cret") });
        worker.tick(&host);
        let key = field("x-api-key", "s3cret");
        let (id, document) = call(&host);
        assert!(document.headers.contains(&key));
        worker.answered(id, &answer("200", "at /b"), &host);
        assert_eq!(call(&host).1.headers.contains(&key), is_sent, "{cluster}");
    }
}
