//! Bodies as clients were seen to send them.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use gatehouse_sandbox::raw::Request;
use serde_json::json;

use super::with_rules;
use crate::harness::Shared;
use crate::harness::upstream::Upstream;

#[test]
fn what_clients_were_seen_to_send_is_read_as_it_is_meant() {
    let upstream = Upstream::start();
    let rules = json!([
        {"name": "names", "match": {"path": {"prefix": "/names"}},
         "request": {"names": "ignore_case", "operations": [{"remove": {"path": "isAdmin"}}]}},
        {"name": "kept", "match": {"path": {"prefix": "/kept"}},
         "request": {"names": "ignore_case", "operations": [{"keep": {"names": ["id"]}}]}},
        // What Envoy's YAML makes of `equals: 1.5`.
        {"name": "numbers", "match": {"path": {"prefix": "/numbers"}}, "request": {"operations": [
            {"filter": {"path": "l", "keep": {"path": "v", "equals": "1.5"}}}]}},
        {"name": "all", "request": {"operations": [{"case": {"to": "camel"}}]}},
    ]);
    let gateway = Shared::start(with_rules(true, rules).upstream("echo:8000", upstream.address()));
    let mut raw = DeflateEncoder::new(Vec::new(), Compression::best());
    raw.write_all(br#"{"user_id":1.0}"#).expect("a Vec takes it");
    let raw = raw.finish().expect("a Vec takes it");
    for (case, path, coding, body, want) in [
        (
            "a name in capitals, which some upstreams take for the other",
            "/names",
            "identity",
            br#"{"ISADMIN":true,"a":1}"#.to_vec(),
            r#"{"a":1}"#,
        ),
        (
            "the same where names are kept",
            "/kept",
            "identity",
            br#"{"ID":7,"isAdmin":true}"#.to_vec(),
            r#"{"ID":7}"#,
        ),
        (
            "a number that YAML makes a text of",
            "/numbers",
            "identity",
            br#"{"l":[{"v":1.5},{"v":"1.5"},{"v":15e-1},{"v":2}]}"#.to_vec(),
            r#"{"l":[{"v":1.5},{"v":"1.5"},{"v":15e-1}]}"#,
        ),
        (
            "a byte order mark",
            "/x",
            "identity",
            "\u{feff}{\"user_id\":1.0}".as_bytes().to_vec(),
            r#"{"userId":1.0}"#,
        ),
        ("deflate without its envelope", "/x", "deflate", raw, r#"{"userId":1.0}"#),
    ] {
        let request = Request::new("POST", path)
            .header("content-type", "application/json")
            .header("content-encoding", coding)
            .body(body);
        let exchange = gateway.ask(request);
        assert_eq!(exchange.response.status, 200, "{case}: {}", exchange.response.text());
        assert_eq!(upstream.wait().text(), want, "{case}");
    }
    gateway.assert_no_trap();
}
