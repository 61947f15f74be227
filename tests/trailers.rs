//! Trailers of requests: what a filter takes out of the head, or writes into it, does not come
//! after the body either. Envoy hands trailers on to upstreams of HTTP/2, and of HTTP/1.1 where it
//! is told to.

use gatehouse_sandbox::raw::Request;
use gatehouse_sandbox::{Builder, Gateway};
use http::HeaderMap;
use serde_json::json;

use crate::harness::upstream::Upstream;
use crate::harness::{Shared, configuration, http2, token};

/// Each identity field of a filter's example, and a trailer that is the client's own.
#[test]
fn who_a_request_is_from_is_in_no_trailer_of_its_client_whatever_it_and_the_upstream_speak() {
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
        let behind = Behind::start(Gateway::builder(example).edit(move |tree| {
            let open = json!({"match": {"path": {"prefix": "/public"}}, "require": "none"});
            let rules = configuration::shipped(tree, filter)["rules"].as_array_mut();
            rules.expect("rules are a list").insert(0, open);
        }));
        let forged: Vec<_> =
            owned.iter().chain(&["x-sum"]).map(|name| (*name, "mallory")).collect();
        for (case, path, fields) in
            [("known", "/orders", &[credential][..]), ("one that needs no name", "/public", &[])]
        {
            for (spoken, trailers) in behind.trailers_of(path, fields, &forged) {
                assert_eq!(trailers, "x-sum: mallory", "{filter}, {case}, {spoken}");
            }
        }
        behind.gateway.assert_no_trap();
    }
}

/// What an operation of `header-transform` does to the head, and what of the trailers comes to an
/// upstream.
#[test]
fn a_field_that_header_transform_writes_or_removes_is_in_no_trailer_either() {
    let cases = [
        ("set", json!({"set": {"name": "x-tenant", "value": "acme"}}), &["x-tier", "x-sum"][..]),
        ("removed", json!({"remove": {"name": "x-tenant"}}), &["x-tier", "x-sum"]),
        ("removed-by-prefix", json!({"remove": {"prefix": "x-t"}}), &["x_tenant", "x-sum"]),
        ("renamed", json!({"rename": {"from": "x-tenant", "to": "x-tier"}}), &["x-sum"]),
        ("copied", json!({"copy": {"from": "x-tier", "to": "x-tenant"}}), &["x-tier", "x-sum"]),
        (
            "appended",
            json!({"append": {"name": "x-tenant", "value": "acme"}}),
            &["x-tenant", "x_tenant", "x-tier", "x-sum"],
        ),
    ];
    let rules = cases.clone().map(|(case, operation, _)| {
        let path = json!({"exact": format!("/{case}")});
        json!({"name": case, "match": {"path": path}, "request": [operation]})
    });
    let behind = Behind::start(Gateway::builder("envoy/header-transform.yaml").edit(move |tree| {
        configuration::set(tree, "header-transform", json!({"rules": rules}));
    }));
    let sent = ["x-tenant", "x_tenant", "x-tier", "x-sum"].map(|name| (name, "1"));
    for (case, _, kept) in cases {
        let want: Vec<String> = kept.iter().map(|name| format!("{name}: 1")).collect();
        for (spoken, trailers) in behind.trailers_of(&format!("/{case}"), &[], &sent) {
            assert_eq!(trailers, want.join("\r\n"), "{case}, {spoken}");
        }
    }
    behind.gateway.assert_no_trap();
}

/// A gateway that keeps trailers, with upstreams that speak either HTTP.
struct Behind {
    gateway: Shared,
    http1: Upstream,
    http2: Upstream,
}

type Field<'a> = (&'a str, &'a str);

impl Behind {
    fn start(builder: Builder) -> Self {
        let (http1, http2) = (Upstream::start(), Upstream::start_http2());
        let port = http2.address().port();
        let gateway = Shared::start(
            builder
                .upstream("echo:8000", http1.address())
                .edit(configuration::keep_trailers)
                .edit(configuration::allow_underscores)
                .edit(move |tree| configuration::route_to_http2(tree, "http2", port)),
        );
        Self { gateway, http1, http2 }
    }

    /// What comes of these trailers to the upstream, for each way in which client and upstream may
    /// speak, told before it.
    #[track_caller]
    fn trailers_of(
        &self,
        path: &str,
        fields: &[Field<'_>],
        trailers: &[Field<'_>],
    ) -> Vec<(String, String)> {
        let mut came = Vec::new();
        for (upstream, name, spoken) in
            [(&self.http1, "http1", "HTTP/1.1"), (&self.http2, "http2", "HTTP/2")]
        {
            let fields = [fields, &[("x-upstream", name)]].concat();
            let mut keep = |client: &str| {
                let got = upstream.wait();
                assert!(got.head.lines().next().is_some_and(|line| line.ends_with(spoken)));
                assert_eq!(got.text(), "ab", "{path}, {client} to {spoken}");
                came.push((format!("{client} to {spoken}"), got.trailers));
            };
            self.send_http1(path, &fields, trailers);
            keep("HTTP/1.1");
            self.send_http2(path, &fields, trailers);
            keep("HTTP/2");
        }
        came
    }

    #[track_caller]
    fn send_http1(&self, path: &str, fields: &[Field<'_>], trailers: &[Field<'_>]) {
        let lines = |fields: &[Field<'_>]| -> String {
            fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect()
        };
        let raw = format!(
            "POST {path} HTTP/1.1\r\nhost: a.example\r\n{}transfer-encoding: chunked\r\n\r\n2\r\n\
             ab\r\n0\r\n{}\r\n",
            lines(fields),
            lines(trailers)
        );
        let response = self.gateway.send(Request::exact(raw));
        assert_eq!(response.status, 200, "{path}: {}", response.text());
    }

    #[track_caller]
    fn send_http2(&self, path: &str, fields: &[Field<'_>], trailers: &[Field<'_>]) {
        let head = fields.iter().fold(http2::get(path).method("POST"), |head, (name, value)| {
            head.header(*name, *value)
        });
        let head = head.body(()).expect("a request");
        let mut map = HeaderMap::new();
        for (name, value) in trailers {
            map.insert(
                http::HeaderName::from_bytes(name.as_bytes()).expect("a name"),
                value.parse().expect("a value"),
            );
        }
        let to = self.gateway.gateway().address();
        let answer = http2::send_body(to, head, &[b"ab"], Some(map));
        assert_eq!(answer.status, 200, "{path}, HTTP/2");
    }
}
