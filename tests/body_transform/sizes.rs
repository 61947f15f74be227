use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use gatehouse_sandbox::raw::Request;
use serde_json::json;

use super::with_rules;
use crate::harness::upstream::Upstream;
use crate::harness::{Shared, trap};

/// A JSON text of this length.
fn text(length: usize) -> String {
    match length {
        0 => String::new(),
        1 => "1".to_owned(),
        length => format!("\"{}\"", "a".repeat(length - 2)),
    }
}

#[test]
fn a_body_up_to_the_cap_is_transformed_and_one_byte_more_is_not() {
    const CAP: usize = 64 * 1024;
    for hold in [true, false] {
        let upstream = Upstream::start();
        let rule = |name: &str, choice: &str| {
            let side = json!({
                "max_body": "64KiB", "on_oversize": choice,
                "operations": [{"wrap": {"name": "d"}}],
            });
            json!({"name": name, "match": {"path": {"prefix": format!("/{name}")}}, "request": side,
                "response": side})
        };
        let rules = json!([rule("strict", "reject"), rule("lax", "pass")]);
        let gateway =
            Shared::start(with_rules(hold, rules).upstream("echo:8000", upstream.address()));
        for length in [0, 1, 2, CAP - 1, CAP, CAP + 1, CAP + 100, 3 * CAP] {
            let body = text(length);
            let transformed = if length == 0 { String::new() } else { format!("{{\"d\":{body}}}") };
            for chunked in [false, true] {
                let case = format!("{length} bytes, in chunks: {chunked}, {hold}");
                let post = |path: &str| {
                    let request =
                        Request::new("POST", path).header("content-type", "application/json");
                    if !chunked {
                        return request
                            .header("content-length", length.to_string())
                            .body(body.clone());
                    }
                    let chunk = if length == 0 {
                        String::new()
                    } else {
                        format!("{length:x}\r\n{body}\r\n")
                    };
                    request.header("transfer-encoding", "chunked").body(format!("{chunk}0\r\n\r\n"))
                };
                if chunked {
                    upstream.answer(format!(
                        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n{}0\r\n\r\n",
                        if length == 0 { String::new() } else { format!("{length:x}\r\n{body}\r\n") }
                    ));
                } else {
                    upstream.answer_with(200, "application/json", "", &body);
                }
                for path in ["/strict", "/lax"] {
                    let want = if length > CAP { &body } else { &transformed };
                    if length > CAP && path == "/strict" {
                        let refused = gateway.ask(post(path));
                        refused.assert_refused(&case, 413, "body_transform.too_large");
                        assert!(upstream.take().is_none(), "{case}");
                        // What the length tells is known before the head has gone on.
                        if hold || !chunked {
                            let refused = gateway.ask(Request::get(path));
                            refused.assert_refused(&case, 502, "body_transform.response_too_large");
                        } else {
                            assert!(
                                gateway.gateway().try_request(&Request::get(path)).is_err(),
                                "{case}"
                            );
                            gateway.skip();
                        }
                        let _ = upstream.wait();
                        continue;
                    }
                    let response = gateway.send(post(path));
                    assert_eq!(response.status, 200, "{case}: {}", response.text());
                    assert_eq!(upstream.wait().text(), *want, "{case}");
                    assert_eq!(response.text(), *want, "{case}");
                }
            }
        }
        gateway.assert_no_trap();
    }
}

#[test]
fn beyond_what_envoy_collects_the_cap_has_no_effect() {
    for hold in [true, false] {
        let upstream = Upstream::start();
        let side = json!({"max_body": "4MiB", "operations": [{"wrap": {"name": "d"}}]});
        let rules = json!([{"name": "all", "request": side, "response": side}]);
        let gateway =
            Shared::start(with_rules(hold, rules).upstream("echo:8000", upstream.address()));
        let body = text(3 << 20);
        let request =
            Request::new("POST", "/").header("content-type", "application/json").body(body.clone());
        let refused = gateway.send(request);
        assert_eq!(refused.status, 413, "{hold}: {}", refused.text());
        assert!(!refused.text().contains("body_transform"), "{hold}: it is Envoy's own");
        upstream.answer_with(200, "application/json", "", &body);
        let answer = gateway.gateway().try_request(&Request::get("/"));
        if hold {
            assert_eq!(answer.expect("an answer").status, 500);
        } else {
            assert!(answer.is_err(), "{answer:?}");
        }
        gateway.assert_no_trap();
    }
}

/// 64 MB both ways through a route of which the filter wants nothing, and through one whose types
/// it does not want: Envoy and the VM may not grow by more than a fraction of it.
#[test]
fn what_nobody_asked_for_streams_by_with_memory_flat() {
    const LENGTH: usize = 64 << 20;
    for hold in [true, false] {
        let rules = json!([
            {"name": "in", "match": {"path": {"prefix": "/in"}}, "request": {}, "response": {}},
        ]);
        let upstream = Upstream::start();
        let mirror = mirror();
        let gateway = with_rules(hold, rules).upstream("echo:8000", mirror).start();
        let gateway = gateway.unwrap_or_else(|fault| panic!("{fault}"));
        drop(upstream);
        for (path, kind) in [("/out", "application/json"), ("/in", "application/octet-stream")] {
            // Pools and code that any request fills.
            assert_eq!(stream(gateway.address(), path, kind, 1 << 20), 1 << 20);
            let before = resident(gateway.pid());
            assert_eq!(stream(gateway.address(), path, kind, LENGTH), LENGTH, "{path}");
            let after = peak(gateway.pid());
            let grown = after.saturating_sub(before);
            assert!(grown < 12 << 10, "{path}: {before} KiB before, {after} KiB at most");
        }
        trap::assert_none(&gateway);
    }
}

/// Sends a body of this length and reads it back at the same time; how many bytes came.
fn stream(to: std::net::SocketAddr, path: &str, kind: &str, length: usize) -> usize {
    let mut stream = TcpStream::connect(to).expect("the gateway listens");
    stream.set_read_timeout(Some(std::time::Duration::from_secs(60))).expect("a timeout");
    let mut writer = stream.try_clone().expect("a second handle");
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: gateway.example\r\nconnection: close\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n"
    );
    let sender = std::thread::spawn(move || {
        writer.write_all(head.as_bytes()).expect("the head is taken");
        let block = [b'x'; 65_536];
        let mut left = length;
        while left > 0 {
            let count = left.min(block.len());
            writer.write_all(&block[..count]).expect("the body is taken");
            left -= count;
        }
    });
    let mut block = vec![0; 65_536];
    let mut count = stream.read(&mut block).expect("an answer");
    while !block[..count].windows(4).any(|window| window == b"\r\n\r\n") {
        count += stream.read(&mut block[count..]).expect("a head");
    }
    let head =
        block[..count].windows(4).position(|window| window == b"\r\n\r\n").expect("it has an end")
            + 4;
    assert!(block.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&block[..head]));
    let mut received = count - head;
    while received < length {
        match stream.read(&mut block).expect("the body") {
            0 => break,
            more => received += more,
        }
    }
    sender.join().expect("all was sent");
    received
}

/// An upstream that answers each request with its own body, as it comes.
fn mirror() -> std::net::SocketAddr {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a loopback port is free");
    let address = listener.local_addr().expect("it has an address");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut block = vec![0; 65_536];
                let mut head = Vec::new();
                let end = loop {
                    let Ok(count @ 1..) = stream.read(&mut block) else { return };
                    head.extend_from_slice(&block[..count]);
                    if let Some(end) = head.windows(4).position(|window| window == b"\r\n\r\n") {
                        break end + 4;
                    }
                };
                let text = String::from_utf8_lossy(&head[..end]).into_owned();
                let field = |name: &str| {
                    text.lines()
                        .find_map(|line| line.strip_prefix(name))
                        .map(str::to_owned)
                        .unwrap_or_default()
                };
                let answer = format!(
                    "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type:{}\r\ncontent-length:{}\r\n\r\n",
                    field("content-type:"),
                    field("content-length:")
                );
                let _ = stream.write_all(answer.as_bytes());
                let mut left: usize = field("content-length:").trim().parse().unwrap_or_default();
                let begun = &head[end..];
                let _ = stream.write_all(begun);
                left = left.saturating_sub(begun.len());
                while left > 0 {
                    let Ok(count @ 1..) = stream.read(&mut block) else { return };
                    let _ = stream.write_all(&block[..count]);
                    left = left.saturating_sub(count);
                }
            });
        }
    });
    address
}

/// KiB of memory that the process has in use.
fn resident(pid: u32) -> u64 {
    // What was the most until now is forgotten.
    std::fs::write(format!("/proc/{pid}/clear_refs"), "5").expect("the process is ours");
    status(pid, "VmRSS:")
}

/// The most that it had since [`resident`] was asked.
fn peak(pid: u32) -> u64 {
    status(pid, "VmHWM:")
}

fn status(pid: u32, name: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("the process runs");
    let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("the kernel tells");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
