//! The filter among those of the router, on `envoy/header-transform-upstream.yaml`: the route has
//! been chosen, and a rewrite keeps it.

use gatehouse_sandbox::Gateway;
use gatehouse_sandbox::raw::Request;

use crate::harness::Shared;
use crate::harness::upstream::Upstream;

const CONFIG: &str = "envoy/header-transform-upstream.yaml";

#[test]
fn a_rewrite_keeps_the_route_and_only_the_upstream_sees_it() {
    let upstream = Upstream::start();
    let gateway = Shared::start(Gateway::builder(CONFIG).upstream("echo:8000", upstream.address()));
    for (target, route, sent, link) in [
        ("/v1/orders?a=1", "v1", Some(("/v2/compatible/orders?a=1", "api.internal")), true),
        ("/v1", "v1", Some(("/v2/compatible", "api.internal")), true),
        ("/v2/orders", "v2", Some(("/v2/orders", "public.example")), false),
        // What the rewrite leads to is closed for who asks for it himself.
        ("/v2/compatible/orders", "compatible", None, false),
        ("/v1/../v2/compatible/orders", "compatible", None, false),
    ] {
        let exchange = gateway.ask(Request::get(target).header("host", "public.example"));
        let got = upstream.take().map(|got| {
            let target = got.head.split(' ').nth(1).unwrap_or_default().to_owned();
            (target, got.header("host").unwrap_or_default().to_owned())
        });
        let sent = sent.map(|(target, host)| (target.to_owned(), host.to_owned()));
        assert_eq!(got, sent, "{target}");
        assert_eq!(exchange.response.status, if sent.is_some() { 200 } else { 404 }, "{target}");
        assert_eq!(exchange.logged("route"), route, "{target}");
        assert_eq!(exchange.response.header("link").is_some(), link, "{target}");
    }
    gateway.assert_no_trap();
}

/// The filter runs again for each try, on the head that the try before has left.
#[test]
fn a_retry_asks_the_upstream_for_the_same() {
    let upstream = Upstream::start();
    upstream.answer_with(503, "text/plain", "", "busy");
    let gateway = Shared::start(Gateway::builder(CONFIG).upstream("echo:8000", upstream.address()));
    let exchange = gateway.ask(Request::get("/v1/orders"));
    assert_eq!(exchange.response.status, 503);
    assert!(exchange.response.header("link").is_some());
    let heads: Vec<String> = upstream.take_all().into_iter().map(|got| got.head).collect();
    let lines: Vec<&str> = heads.iter().filter_map(|head| head.lines().next()).collect();
    assert_eq!(lines, ["GET /v2/compatible/orders HTTP/1.1"; 2]);
    for head in heads {
        assert_eq!(head.matches("x-api-version: 1").count(), 1, "{head}");
    }
    gateway.assert_no_trap();
}
