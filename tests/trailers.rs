//! Trailers of requests: what a filter takes out of the head, or writes into it, does not come
//! after the body either.

use gatehouse_sandbox::Gateway;
use gatehouse_sandbox::raw::Request;
use http::HeaderMap;
use serde_json::json;

use crate::harness::upstream::Upstream;
use crate::harness::{Shared, configuration, http2, token};

/// Each identity field of a filter's example, and a trailer that is the client's own.
#[test]
fn who_a_request_is_from_is_in_no_trailer_of_its_client() {
    let bearer = token::bearer(&token::good("alice"));
    for (example, filter, owned, credential) in [
        (
            "envoy/jwt-auth.yaml",
            "jwt-auth",
            &["x-user", "x_user", "x-roles"][..],
            ("authorization", bearer.as_str()),
        ),
        (
            "envoy/api-key-auth.yaml",
            "api-key-auth",
            &["x-consumer", "x_consumer"],
            ("x-api-key", "acme-demo-key-2"),
        ),
    ] {
        let upstream = Upstream::start();
        let gateway = Shared::start(
            Gateway::builder(example)
                .upstream("echo:8000", upstream.address())
                .edit(configuration::keep_trailers)
                .edit(configuration::allow_underscores)
                .edit(move |tree| {
                    let open = json!({"match": {"path": {"prefix": "/public"}}, "require": "none"});
                    let rules = configuration::shipped(tree, filter)["rules"].as_array_mut();
                    rules.expect("rules are a list").insert(0, open);
                }),
        );
        for (case, path, with_credential) in
            [("known", "/orders", true), ("one that needs no name", "/public", false)]
        {
            let forged =
                owned.iter().map(|name| format!("{name}: mallory\r\n")).collect::<String>();
            let fields = match with_credential {
                true => format!("{}: {}\r\n", credential.0, credential.1),
                false => String::new(),
            };
            let raw = format!(
                "POST {path} HTTP/1.1\r\nhost: a.example\r\n{fields}transfer-encoding: chunked\r\n\
                 \r\n2\r\nab\r\n0\r\n{forged}x-sum: 1\r\n\r\n"
            );
            let response = gateway.send(Request::exact(raw));
            assert_eq!(response.status, 200, "{filter}, {case}: {}", response.text());
            let got = upstream.wait();
            assert_eq!(
                (got.text().as_str(), got.trailers.as_str()),
                ("ab", "x-sum: 1"),
                "{filter}, {case}"
            );

            let mut trailers = HeaderMap::new();
            for name in owned.iter().chain(&["x-sum"]) {
                trailers.insert(*name, "mallory".parse().expect("a value"));
            }
            let mut request = http2::get(path).method("POST");
            if with_credential {
                request = request.header(credential.0, credential.1);
            }
            let request = request.body(()).expect("a request");
            let to = gateway.gateway().address();
            let answer = http2::send_body(to, request, &[b"ab"], Some(trailers));
            assert_eq!(answer.status, 200, "{filter}, {case}, HTTP/2");
            let got = upstream.wait();
            let sent = (got.text(), got.trailers);
            assert_eq!(
                sent,
                ("ab".to_owned(), "x-sum: mallory".to_owned()),
                "{filter}, {case}, HTTP/2"
            );
        }
        gateway.assert_no_trap();
    }
}

/// What an operation of `header-transform` does to the head, and what of the trailers comes to an
/// upstream.
#[test]
fn a_field_that_header_transform_writes_or_removes_is_in_no_trailer_either() {
    for (case, operation, kept) in [
        ("set", json!({"set": {"name": "x-tenant", "value": "acme"}}), &["x-tier", "x-sum"][..]),
        ("removed", json!({"remove": {"name": "x-tenant"}}), &["x-tier", "x-sum"]),
        ("removed by prefix", json!({"remove": {"prefix": "x-t"}}), &["x_tenant", "x-sum"]),
        ("renamed", json!({"rename": {"from": "x-tenant", "to": "x-tier"}}), &["x-sum"]),
        ("copied", json!({"copy": {"from": "x-tier", "to": "x-tenant"}}), &["x-tier", "x-sum"]),
        (
            "appended",
            json!({"append": {"name": "x-tenant", "value": "acme"}}),
            &["x-tenant", "x_tenant", "x-tier", "x-sum"],
        ),
    ] {
        let upstream = Upstream::start();
        let gateway = Shared::start(
            Gateway::builder("envoy/header-transform.yaml")
                .upstream("echo:8000", upstream.address())
                .edit(configuration::keep_trailers)
                .edit(configuration::allow_underscores)
                .edit(move |tree| {
                    let rules = json!([{"name": "all", "request": [operation]}]);
                    configuration::set(tree, "header-transform", json!({"rules": rules}));
                }),
        );
        let raw = "POST / HTTP/1.1\r\nhost: a.example\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n\
            0\r\nx-tenant: 1\r\nx_tenant: 1\r\nx-tier: 1\r\nx-sum: 1\r\n\r\n";
        let response = gateway.send(Request::exact(raw));
        assert_eq!(response.status, 200, "{case}: {}", response.text());
        let got = upstream.wait();
        let want: Vec<String> = kept.iter().map(|name| format!("{name}: 1")).collect();
        assert_eq!((got.text().as_str(), got.trailers), ("ab", want.join("\r\n")), "{case}");
        gateway.assert_no_trap();
    }
}
