//! The gateway with traces, `envoy/tracing.yaml`: what a collector gets.

/// Calls of filters.
mod calls;

/// Traces that go on, or not.
mod context;

/// What was decided, as tags.
mod decisions;

/// The files that Compose and people use.
mod files;

use std::sync::LazyLock;

use gatehouse_sandbox::raw::{Request, Response};

use crate::harness::collector::{self, Collector, Span};
use crate::harness::{Shared, token, trap, until};

/// A trace that a client has begun, and the span of its that the request is of.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// For every case that counts nothing and changes nothing.
static COLLECTOR: LazyLock<Collector> = LazyLock::new(Collector::start);

static GATEWAY: LazyLock<Shared> =
    LazyLock::new(|| Shared::kept(collector::builder(&COLLECTOR).edit(collector::tag_record)));

/// Sends a request, and waits for its span.
#[track_caller]
fn traced(request: Request) -> (Response, Span) {
    let response = GATEWAY.ask(request).response;
    let span = COLLECTOR.request(&id(&response));
    (response, span)
}

/// The id that Envoy gave the request of this response.
#[track_caller]
fn id(response: &Response) -> String {
    response.header_text("x-request-id").expect("the edge tells its id")
}

#[test]
fn a_collector_that_is_not_there_holds_up_nobody_and_is_not_complained_of() {
    if !collector::is_told_of() {
        return;
    }
    let nobody = std::net::SocketAddr::from(([127, 0, 0, 1], 9));
    let gateway = collector::to(nobody).start().unwrap_or_else(|fault| panic!("{fault}"));
    until("it is tried", || {
        assert_eq!(gateway.request(Request::get("/orders")).status, 401);
        gateway.stats()["cluster.collector.upstream_cx_connect_fail"] > 0
    });
    let bob = token::bearer(&token::good("bob"));
    let dashboard = gateway.request(Request::get("/dashboard/bob").header("authorization", bob));
    assert_eq!(dashboard.status, 200, "{}", dashboard.text());
    let log = gateway.stderr().to_lowercase();
    let told = log.lines().find(|line| line.contains("otlp") || line.contains("collector"));
    assert_eq!(told, None);
    trap::assert_none(&gateway);
}
