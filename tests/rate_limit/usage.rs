//! Costs that the bodies of answers tell, as those of language models do.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use gatehouse_sandbox::raw::Request;
use gatehouse_sandbox::{Builder, Gateway};
use serde_json::{Value, json};

use crate::harness::upstream::{Said, Upstream, chunked};
use crate::harness::{configuration, start, trap, until};
use crate::telemetry::{insert, of_example, series};

/// 100 units a day for each client; what comes in counts once, and what goes out twice.
fn rule() -> Value {
    json!({
        "name": "tokens", "key": [{"header": "x-client"}],
        "cost": {
            "response_body": [
                {"path": ["usage.in", "message.usage.in"]},
                {"path": "usage.out", "times": 2},
            ],
            "default": 5, "most": 90,
        },
        "limits": [{"requests": 100, "per": "day"}],
    })
}

/// A gateway with this rule, whose log has what each request was charged.
fn limited(upstream: &Upstream, rule: Value) -> Builder {
    Gateway::builder("envoy/rate-limit.yaml").upstream("echo:8000", upstream.address()).edit(
        move |tree| {
            let block = json!({"tell_costs": true, "keys": 4096, "rules": [rule]});
            configuration::set(tree, "rate-limit", block);
            let manager = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";
            let log = format!("{manager}/access_log/0/typed_config/log_format/json_format");
            tree.pointer_mut(&log).expect("a format")["costs"] =
                json!("%FILTER_STATE(wasm.gatehouse.costs:PLAIN)%");
            let route = format!("{manager}/route_config/virtual_hosts/0/routes/0/route");
            tree.pointer_mut(&route).expect("a route")["timeout"] = json!("60s");
        },
    )
}

fn of_client(client: &str, path: &str) -> Request {
    Request::get(path).header("x-client", client)
}

/// What is charged for the request whose path this is, as the log has it.
fn charged(gateway: &Gateway, path: &str) -> String {
    let mut costs = None;
    until(path, || {
        let log = gateway.access_log();
        costs = log.iter().find(|line| line["path"] == path).map(|line| line["costs"].clone());
        costs.is_some()
    });
    costs.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned()
}

const STREAM: &str = concat!(
    "event: message_start\r\n",
    r#"data: {"message":{"usage":{"in":7,"out":1}},"text":"\"usage\":{\"out\":99}"}"#,
    "\r\n\r\n: still there\n\nevent: message_delta\n",
    "data: {\"u\\u0073age\":\ndata: {\"out\":12}}\n\n",
    "data: [DONE]\n\n",
);

/// A response in chunks, its body in two parts with a pause between them.
fn in_two_parts(content_type: &str, body: &str, at: usize) -> Said {
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    let chunk = |part: &[u8]| [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat();
    let (left, right) = body.as_bytes().split_at(at);
    let first = if left.is_empty() { Vec::new() } else { chunk(left) };
    let second = if right.is_empty() { Vec::new() } else { chunk(right) };
    Said {
        bytes: [head.as_bytes(), &first].concat(),
        then: vec![(Duration::from_millis(15), [&second[..], b"0\r\n\r\n"].concat())],
        ..Said::default()
    }
}

#[test]
fn a_stream_is_charged_what_it_tells_wherever_it_is_cut() {
    let upstream = Upstream::start();
    upstream.answer_by(|request| {
        let at = request.target().rsplit('/').next().and_then(|at| at.parse().ok());
        in_two_parts("text/event-stream", STREAM, at.expect("a place"))
    });
    let gateway = start(limited(&upstream, rule()));
    let cuts: Vec<usize> = (0..=STREAM.len()).collect();
    thread::scope(|scope| {
        for cuts in cuts.chunks(cuts.len().div_ceil(8)) {
            let gateway = &gateway;
            scope.spawn(move || {
                let mut connection = gateway.connect();
                for at in cuts {
                    let request = of_client(&format!("client-{at}"), &format!("/cut/{at}"));
                    let response = connection.send(&request).expect("an answer");
                    assert_eq!((response.status, response.text().as_str()), (200, STREAM), "{at}");
                }
            });
        }
    });
    for at in &cuts {
        let charges = charged(&gateway, &format!("/cut/{at}"));
        // What comes in is charged when it is known, be the rest known then or not.
        let known = ["tokens=5;tokens=2;tokens=24;", "tokens=5;tokens=26;"];
        assert!(known.contains(&charges.as_str()), "{at}: {charges}");
    }
    trap::assert_none(&gateway);
}

#[test]
fn a_document_is_charged_what_it_tells_and_reaches_the_client_as_it_is() {
    let ok = |more: &'static str, body: &'static str| {
        move || Said::response(200, "application/json", more, body)
    };
    let plain = |bytes: &'static str| move || Said { bytes: bytes.into(), ..Said::default() };
    let large = |size: usize| {
        move || {
            let text = "x\\\"{".repeat(size / 4);
            Said::json(format!(r#"{{"text":"{text}","usage":{{"in":3,"out":4}}}}"#))
        }
    };
    type Case = (&'static str, Box<dyn Fn() -> Said + Send + Sync>, &'static str);
    let cases: Vec<Case> = vec![
        ("usual", Box::new(ok("", r#"{"usage":{"in":3,"out":4}}"#)), "5;6"),
        ("less", Box::new(ok("", r#"{"usage":{"in":3}}"#)), "5;-2"),
        ("nothing", Box::new(ok("", r#"{"usage":{"in":0,"out":0}}"#)), "5;-5"),
        ("untold", Box::new(ok("", r#"{"usage":null,"in":9}"#)), "5"),
        ("negative", Box::new(ok("", r#"{"usage":{"in":-1}}"#)), "5;85"),
        ("a fraction", Box::new(ok("", r#"{"usage":{"in":1.5}}"#)), "5;85"),
        ("text", Box::new(ok("", r#"{"usage":{"in":"7"}}"#)), "5;85"),
        ("an exponent", Box::new(ok("", r#"{"usage":{"in":1e1}}"#)), "5;5"),
        ("huge", Box::new(ok("", r#"{"usage":{"in":1e9}}"#)), "5;85"),
        ("more digits", Box::new(ok("", r#"{"usage":{"in":99999999999999999999999}}"#)), "5;85"),
        ("twice", Box::new(ok("", r#"{"usage":{"in":9,"in":4},"usage":{"in":1}}"#)), "5;4"),
        ("in a text", Box::new(ok("", r#"{"a":"{\"usage\":{\"in\":9}}"}"#)), "5"),
        ("in a choice", Box::new(ok("", r#"{"choices":[{"usage":{"in":9}}]}"#)), "5"),
        ("no JSON", Box::new(ok("", r#"usage: {"in":9}"#)), "5"),
        ("cut short", Box::new(ok("", r#"{"usage":{"in":9"#)), "5"),
        ("encoded", Box::new(ok("content-encoding: gzip\r\n", r#"{"usage":{"in":9}}"#)), "5"),
        ("a page", Box::new(|| Said::response(200, "text/html", "", r#"{"usage":{"in":9}}"#)), "5"),
        ("an error", Box::new(|| Said::response(429, "application/json", "", "{}")), "5"),
        (
            "an error with usage",
            Box::new(|| Said::response(500, "application/json", "", r#"{"usage":{"in":9}}"#)),
            "5;4",
        ),
        ("no body", Box::new(ok("", "")), "5"),
        (
            "204",
            Box::new(plain("HTTP/1.1 204 No Content\r\ncontent-type: application/json\r\n\r\n")),
            "5",
        ),
        ("a mebibyte", Box::new(large(1 << 20)), "5;6"),
        ("three mebibytes", Box::new(large(3 << 20)), "5;6"),
        (
            "trailers",
            Box::new(|| {
                let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: \
                 chunked\r\n\r\n";
                let body = chunked(br#"{"usage":{"in":9}}"#, 1, "x-usage: 1\r\n");
                Said { bytes: [head.as_bytes(), &body].concat(), ..Said::default() }
            }),
            "5;4",
        ),
        (
            "lines",
            Box::new(|| {
                let body = "{\"usage\":{\"in\":9}}\n{\"usage\":{\"in\":2}}\n";
                Said::response(200, "application/x-ndjson", "", body)
            }),
            "5;4",
        ),
    ];
    let upstream = Upstream::start();
    let shared = std::sync::Arc::new(cases);
    let answers = std::sync::Arc::clone(&shared);
    upstream.answer_by(move |request| {
        let at = request.target().trim_start_matches('/').parse::<usize>().expect("a case");
        answers[at].1()
    });
    let gateway = start(limited(&upstream, rule()));
    for (at, (case, said, want)) in shared.iter().enumerate() {
        let path = format!("/{at}");
        let request = of_client(&path, &path)
            .header("accept-encoding", "gzip, br")
            .header("range", "bytes=0-9");
        let response = gateway.request(request);
        let received = upstream.wait();
        assert_eq!(received.header("accept-encoding"), Some("identity"), "{case}");
        assert_eq!(received.header("range"), None, "{case}");
        let sent = said().bytes;
        if *case != "trailers" {
            assert!(sent.ends_with(&response.body), "{case}: another body");
            let end = sent.windows(4).position(|end| end == b"\r\n\r\n").expect("a head") + 4;
            assert_eq!(response.body.len(), sent.len() - end, "{case}");
        }
        let want: String = want.split(';').map(|units| format!("tokens={units};")).collect();
        assert_eq!(charged(&gateway, &path), want, "{case}");
        // The next request of the same client sees what is left.
        let used: i64 =
            want.split(';').filter_map(|it| it.strip_prefix("tokens=")?.parse::<i64>().ok()).sum();
        let next = gateway.request(of_client(&path, &path));
        let left = next.header_text("ratelimit").expect("a field");
        assert!(left.starts_with(&format!("\"tokens\";r={};", 100 - used - 5)), "{case}: {left}");
        let _ = upstream.take_all();
    }
    trap::assert_none(&gateway);
}

/// The upstream of what is not over yet.
fn open_ended(events: &'static str) -> Upstream {
    let upstream = Upstream::start();
    upstream.answer_by(move |request| {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
        match request.target() {
            "/stream" => Said {
                bytes: [head, events].concat().into_bytes(),
                then: vec![(Duration::from_secs(60), b"data: late\n\n".to_vec())],
                closes: true,
                ..Said::default()
            },
            "/breaks-off" => Said {
                bytes: [head, events]
                    .concat()
                    .replace("\r\n\r\n", "\r\ncontent-length: 999\r\n\r\n")
                    .into_bytes(),
                closes: true,
                ..Said::default()
            },
            _ => Said::json(r#"{"usage":{"in":0}}"#),
        }
    });
    upstream
}

/// What is left of 100 to a client, when nothing of it is under way.
fn left(gateway: &Gateway, client: &str) -> u32 {
    let response = gateway.request(of_client(client, "/"));
    let field = response.header_text("ratelimit").expect("a field");
    let left = field.split(";r=").nth(1).and_then(|rest| rest.split(';').next());
    left.and_then(|left| left.parse::<u32>().ok()).expect("a number") + 5
}

#[test]
fn a_stream_is_not_held_and_what_it_told_is_charged_when_its_client_leaves() {
    for (events, used) in [
        ("data: hello\n\n", 5),
        ("data: {\"message\":{\"usage\":{\"in\":3}}}\n\ndata: hello\n\n", 3),
        ("data: {\"message\":{\"usage\":{\"in\":30}}}\n\ndata: hello\n\n", 30),
        ("data: {\"usage\":{\"in\":30}}\n\ndata: {\"usage\":{\"out\":20}}\n\ndata: hello\n\n", 70),
    ] {
        let upstream = open_ended(events);
        let gateway = start(limited(&upstream, rule()));
        let mut stream = TcpStream::connect(gateway.address()).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a time limit");
        stream.write_all(&of_client("a", "/stream").bytes()).expect("it can be sent");
        // It has not ended, and its first part is here.
        let (mut received, mut part) = (Vec::new(), [0; 4096]);
        while !String::from_utf8_lossy(&received).contains("hello") {
            let read = stream.read(&mut part).expect("a part");
            assert_ne!(read, 0, "it ended");
            received.extend_from_slice(&part[..read]);
        }
        drop(stream);
        until(events, || left(&gateway, "a") == 100 - used);
        // An upstream that breaks off is no other end.
        let _ = gateway.try_request(&of_client("b", "/breaks-off"));
        until(events, || left(&gateway, "b") == 100 - used);
        trap::assert_none(&gateway);
    }
}

#[test]
fn a_budget_is_used_up_exactly_over_workers() {
    let upstream = Upstream::start();
    upstream.answer_by(|_| in_two_parts("application/json", r#"{"usage":{"in":10}}"#, 15));
    let budget = |default: u32| {
        let mut rule = rule();
        rule["cost"]["default"] = json!(default);
        start(limited(&upstream, rule).concurrency(4))
    };
    // One after the other, over many connections: each is charged before the next comes.
    let gateway = budget(1);
    let statuses: Vec<_> = (0..14).map(|_| gateway.request(of_client("a", "/")).status).collect();
    assert_eq!(statuses, [[200; 10].as_slice(), &[429; 4]].concat());
    assert_eq!(gateway.request(of_client("b", "/")).status, 200, "another client has its own");
    // All at once, where what they will cost is reserved.
    let gateway = budget(10);
    let passed: usize = thread::scope(|scope| {
        let client = || {
            let mut connection = gateway.connect();
            let statuses =
                (0..4).map(|_| connection.send(&of_client("a", "/")).expect("an answer").status);
            statuses.filter(|status| *status == 200).count()
        };
        let clients: Vec<_> = (0..16).map(|_| scope.spawn(client)).collect();
        clients.into_iter().map(|client| client.join().expect("a client")).sum()
    });
    assert_eq!(passed, 10);
    trap::assert_none(&gateway);
}

#[test]
fn others_that_read_the_answer_and_the_one_that_counts_costs_go_with_it() {
    let upstream = Upstream::start();
    upstream.answer_by(|request| {
        // Each path has its own answer, so that the cache keeps each.
        let body = r#"{"usage":{"in":7,"out":2},"secret":1}"#;
        let at = request.target().rsplit('/').next().and_then(|at| at.parse().ok()).unwrap_or(0);
        let mut said = in_two_parts("application/json", body, at);
        let head = String::from_utf8_lossy(&said.bytes)
            .replace("\r\n\r\n", "\r\ncache-control: max-age=600\r\n\r\n");
        if at == 0 {
            said.bytes = head.into_bytes();
        }
        said
    });
    let builder = limited(&upstream, rule()).concurrency(2).edit(|tree| {
        let mut telemetry = of_example("telemetry");
        *telemetry.pointer_mut("/typed_config/config/configuration/value").expect("a value") =
            json!({"cost": {"labels": ["rule"]}});
        insert(tree, 0, telemetry);
        insert(tree, 2, of_example("response-cache"));
        configuration::set(tree, "response-cache", json!({"rules": [{"name": "all"}]}));
        insert(tree, 3, of_example("body-transform"));
        let transform = json!({"rules": [{
            "request": {"operations": [{
                "set": {"path": "stream_options.include_usage", "value": true},
                "when": {"path": "stream", "equals": true},
            }]},
            "response": {"operations": [{"remove": {"path": "secret"}}]},
        }]});
        configuration::set(tree, "body-transform", transform);
    });
    let gateway = start(builder);
    let want = r#"{"usage":{"in":7,"out":2}}"#;
    let mut total = 0;
    for (client, path) in
        [("a", "/x/0"), ("b", "/x/0"), ("c", "/x/9"), ("d", "/x/20"), ("e", "/x/36")]
    {
        let response = gateway.request(of_client(client, path));
        assert_eq!((response.status, response.text().as_str()), (200, want), "{client} {path}");
        total += 11;
        // A kept answer tells what it told when it was made.
        until(client, || left(&gateway, client) <= 100 - 11);
        total += 11;
    }
    // Who does not ask for the usage of a stream is helped.
    let streams = Request::post_json("/x/9", &json!({"stream": true})).header("x-client", "f");
    assert_eq!(gateway.request(streams).status, 200);
    let received = upstream.take().expect("a request");
    assert_eq!(received.text(), r#"{"stream":true,"stream_options":{"include_usage":true}}"#);
    until("all is counted", || {
        series(&gateway, "gatehouse_cost_units_total").values().sum::<u64>() >= total
    });
    trap::assert_none(&gateway);
}

#[test]
fn an_answer_that_tells_nothing_is_counted() {
    let upstream = open_ended("data: hello\n\n");
    let gateway = start(limited(&upstream, rule()));
    upstream.answer_with(200, "text/plain", "", "hello");
    for _ in 0..3 {
        assert_eq!(gateway.request(of_client("a", "/")).status, 200);
    }
    let head = gateway.request(Request::new("HEAD", "/").header("x-client", "a"));
    assert_eq!(head.status, 200);
    until("all are counted", || {
        series(&gateway, "gatehouse_rule_events_total")
            .iter()
            .any(|(labels, count)| labels.contains(r#"event="cost_untold""#) && *count == 4)
    });
    trap::assert_none(&gateway);
}
