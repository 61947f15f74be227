//! Answers in gzip that nobody asked for.

use super::*;

#[test]
fn gzip_that_nobody_asked_for_is_read_within_the_bound() {
    // `list one`, and 1000 bytes that begin with `list`.
    let one = packed(b"list one");
    let mut cut = one.clone();
    cut.pop();
    let bomb = packed(format!("list{}", " ".repeat(996)).as_bytes());
    assert!(bomb.len() < 100);
    let coded = |coding: &str, tag: &str, body: &[u8]| Answer {
        headers: Headers::from_list(&[
            (":status", "200"),
            ("content-encoding", coding),
            ("etag", tag),
        ]),
        body: body.to_vec(),
        ..Answer::default()
    };
    for (coding, body, want) in [
        ("gzip", one.as_slice(), ""),
        ("X-GZIP", &one, ""),
        ("identity", b"list one", ""),
        ("gzip", b"list one", "the answer is not the gzip that its `content-encoding` says"),
        ("gzip", &cut, "the answer is not the gzip that its `content-encoding` says"),
        ("gzip", &bomb, "the answer is larger than 100 bytes (`max_size`)"),
        ("br", &one, "the answer has the `content-encoding` `br`; only gzip is read"),
        ("gzip, gzip", &one, "the answer has the `content-encoding` `gzip, gzip`"),
    ] {
        let host = FakeHost::at(NOW);
        let worker = worker(&host);
        fetch(&host, &worker, &coded(coding, "\"a\"", body));
        let said = host.take_warnings().concat();
        assert_eq!(said.is_empty(), want.is_empty(), "{coding}: {said}");
        assert!(said.contains(want), "{coding}: {said}");
        let list = want.is_empty().then_some("list one");
        assert_eq!(current(&host, &worker).as_deref(), list, "{coding}");
    }
    // What is stored is the text, and the tag is that of what came: a 304 is good for both.
    let host = FakeHost::at(NOW);
    let workers = [worker(&host), worker(&host)];
    fetch(&host, &workers[0], &coded("gzip", "\"a\"", &one));
    workers[1].tick(&host);
    assert_eq!(current(&host, &workers[1]).as_deref(), Some("list one"));
    host.clock.advance(seconds(60));
    workers[1].tick(&host);
    let (id, callout) = call(&host);
    assert!(callout.headers.contains(&field("if-none-match", "\"a\"")), "{callout:?}");
    assert!(workers[1].answered(id, &answer("304", ""), &host));
    assert_eq!((counted(&host, Event::Fetched), host.take_warnings().len()), (2, 0));
    assert_eq!(current(&host, &workers[1]).as_deref(), Some("list one"));
}

/// The gzip of a text.
fn packed(text: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    // Writing to memory does not fail.
    let _ = encoder.write_all(text);
    encoder.finish().unwrap_or_default()
}
