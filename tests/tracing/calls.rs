use gatehouse_sandbox::raw::Request;
use gatehouse_sandbox::workspace;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde_json::json;

use super::{PARENT, TRACE, id};
use crate::harness::collector::{self, Collector, Span};
use crate::harness::upstream::{Received, Upstream};
use crate::harness::{configuration, token, trap};

/// The traces and the spans that calls have told their services of.
fn told(received: &[Received]) -> Vec<(String, String)> {
    let parts = |received: &Received| {
        let traceparent = received.header("traceparent").unwrap_or_default().to_owned();
        let mut parts = traceparent.split('-').skip(1).map(str::to_owned);
        (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
    };
    received.iter().map(parts).collect()
}

/// The demo's services, as one that knows of no dashboard but an empty one.
fn services() -> Upstream {
    let services = Upstream::start();
    services.answer_with(200, "application/json", "", r#"{"data": {"orders": []}}"#);
    services
}

#[test]
fn each_call_of_a_dashboard_is_a_span_below_that_of_its_request() {
    if !collector::tells_ids() {
        return;
    }
    let (collector, services) = (Collector::start(), services());
    let mut builder = collector::builder(&collector);
    for name in ["users", "recommendations", "orders-1", "orders-2"] {
        builder = builder.upstream(&format!("{name}:8000"), services.address());
    }
    let gateway = builder.start().unwrap_or_else(|fault| panic!("{fault}"));
    let bob = token::bearer(&token::good("bob"));
    for (case, traceparent) in
        [("a trace of the client's", Some(format!("00-{TRACE}-{PARENT}-01"))), ("none", None)]
    {
        let _ = services.take_all();
        let request = Request::get("/dashboard/bob?token=s3cret").header("authorization", &bob);
        let request = traceparent
            .iter()
            .fold(request, |request, traceparent| request.header("traceparent", traceparent));
        let response = gateway.request(request);
        assert_eq!(response.status, 200, "{case}: {}", response.text());
        let request = collector.request(&id(&response));
        assert_eq!(request.trace == TRACE, traceparent.is_some(), "{case}");
        let is_below = |span: &Span| span.parent == request.id;
        let mut calls = collector.wait_for(case, 3, is_below);
        calls.sort_by(|a, b| a.name.cmp(&b.name));
        let names: Vec<&str> = calls.iter().map(|span| &*span.name).collect();
        assert_eq!(names, ["GET orders", "GET recommendations", "GET users"], "{case}");
        for call in &calls {
            assert_eq!((call.kind, &*call.trace), (SpanKind::Client, &*request.trace), "{call:?}");
            assert_eq!(call.tag("http.status_code"), "200", "{call:?}");
            // The same request, for logs as well as here.
            assert_eq!(call.tag("guid:x-request-id"), request.tag("guid:x-request-id"));
        }
        // What the services are told is the span of the call.
        let mut spans: Vec<(String, String)> =
            calls.into_iter().map(|call| (call.trace, call.id)).collect();
        let mut told: Vec<(String, String)> = told(&asked(&services));
        spans.sort();
        told.sort();
        assert_eq!(told, spans, "{case}");
    }
    trap::assert_none(&gateway);
}

/// The requests that are no health checks.
fn asked(services: &Upstream) -> Vec<Received> {
    let mut asked = services.take_all();
    asked.retain(|request| request.target() != "/healthz");
    asked
}

/// What the host does not allow: without a listener of the gateway's own, calls are no spans.
#[test]
fn calls_that_go_straight_to_a_service_are_told_of_the_request_and_are_no_spans() {
    if !collector::tells_ids() {
        return;
    }
    let (collector, services) = (Collector::start(), services());
    let mut builder = collector::builder(&collector).edit(|tree| {
        for call in configuration::shipped(tree, "aggregate")["rules"][0]["calls"]
            .as_array_mut()
            .expect("calls")
        {
            call["cluster"] = call["authority"].take();
            call.as_object_mut().expect("a call").remove("authority");
        }
    });
    for name in ["users", "recommendations", "orders-1", "orders-2"] {
        builder = builder.upstream(&format!("{name}:8000"), services.address());
    }
    let gateway = builder.start().unwrap_or_else(|fault| panic!("{fault}"));
    let _ = services.take_all();
    let bob = token::bearer(&token::good("bob"));
    let response = gateway.request(Request::get("/dashboard/bob").header("authorization", bob));
    let request = collector.request(&id(&response));
    let told = told(&asked(&services));
    assert_eq!(told, vec![(request.trace.clone(), request.id.clone()); 3]);
    let below: Vec<Span> =
        collector.spans().into_iter().filter(|span| span.parent == request.id).collect();
    assert!(below.is_empty(), "{below:?}");
    trap::assert_none(&gateway);
}

/// Nor this: keys are fetched for no request, by whichever VM it falls to, that of Envoy's main
/// thread too, for which there is no listener inside.
#[test]
fn keys_are_fetched_without_a_trace() {
    if !collector::is_told_of() {
        return;
    }
    let (collector, auth) = (Collector::start(), Upstream::start());
    let keys = std::fs::read(workspace::root().join("services/demo/keys/jwks.json"));
    auth.answer_with(200, "application/json", "", keys.expect("the keys"));
    let gateway = collector::builder(&collector)
        .upstream("auth:8000", auth.address())
        .start()
        .unwrap_or_else(|fault| panic!("{fault}"));
    let bob = token::bearer(&token::good("bob"));
    let response = gateway.request(Request::get("/orders").header("authorization", bob));
    assert_eq!(response.status, 200, "{}", response.text());
    collector.request(&id(&response));
    let fetched = asked(&auth);
    assert!(!fetched.is_empty());
    for fetch in fetched {
        assert_eq!(fetch.target(), "/auth/.well-known/jwks.json");
        assert_eq!(fetch.header("traceparent"), None);
    }
    let spans = collector.spans();
    assert!(spans.iter().all(|span| !span.tag("http.url").to_string().contains("jwks")));
    trap::assert_none(&gateway);
}

#[test]
fn a_call_that_fails_is_a_span_that_says_so() {
    if !collector::tells_ids() {
        return;
    }
    let (collector, services) = (Collector::start(), services());
    let nobody = std::net::SocketAddr::from(([127, 0, 0, 1], 9));
    let mut builder =
        collector::builder(&collector).upstream("recommendations:8000", nobody).edit(|tree| {
            let clusters = tree["static_resources"]["clusters"].as_array_mut().expect("clusters");
            clusters.iter_mut().for_each(|cluster| cluster["health_checks"] = json!([]));
        });
    for name in ["users", "orders-1", "orders-2"] {
        builder = builder.upstream(&format!("{name}:8000"), services.address());
    }
    let gateway = builder.start().unwrap_or_else(|fault| panic!("{fault}"));
    let bob = token::bearer(&token::good("bob"));
    let response = gateway.request(Request::get("/dashboard/bob").header("authorization", bob));
    assert_eq!(response.status, 200, "{}", response.text());
    let request = collector.request(&id(&response));
    let calls = collector
        .wait("the call", |span| span.parent == request.id && span.name == "GET recommendations");
    assert!(calls[0].has_failed, "{:?}", calls[0]);
    assert_eq!(calls[0].tag("http.status_code"), "503");
    assert!(!request.has_failed, "{request:?}");
    trap::assert_none(&gateway);
}

/// What response-cache has brought up to date goes through a listener of the gateway's own, too.
#[test]
fn an_answer_that_is_brought_up_to_date_in_the_background_is_a_span_of_its_request() {
    if !collector::tells_ids() {
        return;
    }
    let (collector, products) = (Collector::start(), Upstream::start());
    // It is stale when it comes.
    let stale = "cache-control: public, max-age=60, stale-while-revalidate=600\r\nage: 100\r\n";
    products.answer_with(200, "application/json", stale, "[]");
    let gateway = collector::builder(&collector)
        .upstream("products:8000", products.address())
        .start()
        .unwrap_or_else(|fault| panic!("{fault}"));
    let partner = || Request::get("/products").header("x-api-key", "acme-partner-demo-key");
    assert_eq!(gateway.request(partner()).status, 200);
    let request = collector.request(&id(&gateway.request(partner())));
    assert_eq!(request.tag("gatehouse.code"), "response_cache.stale");
    let refreshes = collector.wait("the refresh", |span| span.parent == request.id);
    assert_eq!(refreshes[0].trace, request.trace);
    trap::assert_none(&gateway);
}
