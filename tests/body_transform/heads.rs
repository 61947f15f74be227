use gatehouse_sandbox::raw::Request;
use http::HeaderMap;
use serde_json::{Value, json};

use super::with_rules;
use crate::harness::upstream::Upstream;
use crate::harness::{Shared, configuration, http2};

const TWICE: &str = r#"{"a":1,"a":2}"#;

/// Envoy lets clients change to WebSocket, as a gateway in front of such services does.
fn allow_websocket(tree: &mut Value) {
    let options = tree
        .pointer_mut("/static_resources/listeners/0/filter_chains/0/filters/0/typed_config")
        .expect("a connection manager");
    options["upgrade_configs"] = json!([{"upgrade_type": "websocket"}]);
}

#[test]
fn a_rule_is_not_switched_off_by_what_a_client_says_its_request_is() {
    for hold in [true, false] {
        let upstream = Upstream::start();
        let rule = |name: &str, choice: &str| {
            let side =
                json!({"on_other_type": choice, "operations": [{"remove": {"path": "secret"}}]});
            json!({"name": name, "match": {"path": {"prefix": format!("/{name}")}}, "request": side,
                "response": side})
        };
        let rules = json!([rule("strict", "reject"), rule("lax", "pass")]);
        let builder = with_rules(hold, rules).upstream("echo:8000", upstream.address());
        let builder = builder.edit(allow_websocket).edit(configuration::keep_trailers);
        let gateway = Shared::start(builder);
        upstream.answer_with(200, "application/json", "", r#"{"id":1,"secret":2}"#);
        let socket = &[("connection", "upgrade"), ("upgrade", "websocket")][..];
        for (fields, code) in [
            (&[("content-type", "application/grpcx")][..], "type_refused"),
            (&[("content-type", "application/grpc")], "type_refused"),
            (&[("content-type", "application/grpc-web-text")], "type_refused"),
            (&[("content-type", "APPLICATION/GRPC-web+json")], "type_refused"),
            (&[("content-type", "application/json"), ("upgrade", "websocket")], "duplicate_name"),
            (&[("content-type", "application/json"), socket[0], socket[1]], "type_refused"),
            (&[("content-type", "text/plain"), socket[0], socket[1]], "type_refused"),
            (&[("content-type", "text/plain;a=b,application/json")], "type_refused"),
        ] {
            let case = format!("{fields:?}, {hold}");
            let with = |method: &str, path: &str| {
                fields.iter().fold(Request::new(method, path), |request, (name, value)| {
                    request.header(name, *value)
                })
            };
            let refused = gateway.ask(with("POST", "/strict").body(TWICE));
            let code = format!("body_transform.{code}");
            match fields {
                // A client that speaks gRPC, or gRPC-Web, is told in its form.
                [
                    (
                        _,
                        "application/grpc"
                        | "application/grpc-web-text"
                        | "APPLICATION/GRPC-web+json",
                    ),
                ] => {
                    let logged = refused.logged("body_transform");
                    assert_eq!(logged, format!("{code};rule=strict"), "{case}");
                }
                _ if code.ends_with("name") => refused.assert_refused(&case, 400, &code),
                _ => refused.assert_refused(&case, 415, &code),
            }
            assert!(upstream.take().is_none(), "{case}");
            if fields.contains(&socket[0]) {
                continue;
            }
            let read = gateway.ask(with("GET", "/strict"));
            assert_eq!(read.response.text(), r#"{"id":1}"#, "{case}");
            let note = "body_transform.response_transformed;rule=strict";
            assert_eq!(read.logged("body_transform"), note, "{case}");
            let _ = upstream.wait();
        }
        // Real gRPC is another type, and so is its answer: passed, or refused.
        upstream.answer(
            "HTTP/1.1 200 OK\r\ncontent-type: application/grpc\r\ntransfer-encoding: chunked\r\n\r\n\
             2\r\nab\r\n0\r\ngrpc-status: 0\r\n\r\n",
        );
        let to = gateway.gateway().address();
        let call = |path: &str, kind: &str| {
            let request = http2::get(path).method("POST").header("content-type", kind);
            http2::send_body(to, request.body(()).expect("a request"), &[b"\0\0"], None)
        };
        for kind in ["application/grpc", "application/grpc+proto"] {
            let answer = call("/lax", kind);
            let seen = (answer.status, answer.body.as_slice(), answer.trailer("grpc-status"));
            assert_eq!(seen, (200, &b"ab"[..], Some("0".to_owned())), "{kind}, {hold}");
            assert_eq!(upstream.wait().text(), "\0\0", "{kind}, {hold}");
            assert_ne!(call("/strict", kind).header("grpc-status").as_deref(), Some("0"), "{kind}");
            assert!(upstream.take().is_none(), "{kind}, {hold}");
        }
        gateway.assert_no_trap();
    }
}

#[test]
fn a_change_of_the_protocol_goes_by_where_other_types_do() {
    for hold in [true, false] {
        let upstream = Upstream::start();
        let rule = |name: &str, choice: &str| {
            let side = json!({"on_other_type": choice});
            json!({"name": name, "match": {"path": {"prefix": format!("/{name}")}}, "request": side,
                "response": side})
        };
        let rules = json!([rule("strict", "reject"), rule("lax", "pass")]);
        let builder = with_rules(hold, rules).upstream("echo:8000", upstream.address());
        let gateway = Shared::start(builder.edit(allow_websocket));
        upstream.answer(
            "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
        );
        for content_type in ["", "content-type: application/json\r\n"] {
            for (path, status) in [("/lax", 101), ("/strict", 415)] {
                let response = gateway.send(Request::exact(format!(
                    "GET {path} HTTP/1.1\r\nhost: a.example\r\nconnection: upgrade\r\n\
                     upgrade: websocket\r\n{content_type}\r\n"
                )));
                assert_eq!(response.status, status, "{path} {content_type:?}, {hold}");
            }
        }
        gateway.assert_no_trap();
    }
}

#[test]
fn a_field_that_a_rule_writes_is_never_the_clients_nor_the_upstreams() {
    let upstream = Upstream::start();
    let side =
        json!({"operations": [{"set_header": {"name": "x-owner", "value": "${body.owner}"}}]});
    let rules = json!([{"name": "all", "request": side, "response": side}]);
    let builder = with_rules(true, rules).upstream("echo:8000", upstream.address());
    let builder = builder.edit(configuration::keep_trailers);
    let gateway = Shared::start(builder.edit(configuration::allow_underscores));
    for (case, content_type, body, want) in [
        ("said", "application/json", r#"{"owner":"ann"}"#, Some("ann")),
        ("not said", "application/json", "{}", None),
        ("an empty body", "application/json", "", None),
        ("another type", "text/plain", r#"{"owner":"ann"}"#, None),
        ("another that begins alike", "application/grpcx", r#"{"owner":"ann"}"#, None),
    ] {
        upstream.answer_with(200, content_type, "x-owner: upstream\r\n", body);
        for is_empty in [false, true] {
            let mut request = Request::new("POST", "/")
                .header("content-type", content_type)
                .header("x-owner", "mallory")
                .header("X_Owner", "mallory");
            if !is_empty {
                request = request.body(body);
            }
            let response = gateway.send(request);
            assert_eq!(response.header_text("x-owner").as_deref(), want, "{case}");
            let got = upstream.wait();
            let want = want.filter(|_| !is_empty);
            assert_eq!(got.header("x-owner"), want, "{case}, {is_empty}");
            assert_eq!(got.header("x_owner"), None, "{case}, {is_empty}");
        }
        let mut trailers = HeaderMap::new();
        for name in ["x-owner", "x-sum"] {
            trailers.insert(name, "mallory".parse().expect("a value"));
        }
        let request = http2::get("/").method("POST").header("content-type", content_type);
        let request = request.body(()).expect("a request");
        let to = gateway.gateway().address();
        let answer = http2::send_body(to, request, &[body.as_bytes()], Some(trailers));
        assert_eq!(answer.status, 200, "{case}");
        let got = upstream.wait();
        assert_eq!(
            (got.header("x-owner"), got.trailers.as_str()),
            (want, "x-sum: mallory"),
            "{case}"
        );
    }
    gateway.assert_no_trap();
}
