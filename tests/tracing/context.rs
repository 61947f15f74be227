use gatehouse_sandbox::raw::Request;
use gatehouse_sandbox::{Builder, Gateway, Upstreams};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde_json::json;

use super::{PARENT, TRACE, id};
use crate::harness::collector::{self, Collector, Span};
use crate::harness::until;
use crate::harness::{envoy_minor, received, token, trap};

/// Where the demo's chain is.
const MANAGER: &str = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";

/// A gateway before a service that answers with what it got.
struct Echoing {
    gateway: Gateway,
    collector: Collector,
    _echo: Upstreams,
}

impl Echoing {
    fn start(change: impl FnOnce(Builder) -> Builder) -> Self {
        let collector = Collector::start();
        let echo = Upstreams::start(&["echo:8000".to_owned()].into(), Default::default())
            .expect("an echo");
        let builder =
            collector::builder(&collector).upstream("users:8000", echo.addresses()["echo:8000"]);
        let gateway = change(builder).start().unwrap_or_else(|fault| panic!("{fault}"));
        Self { gateway, collector, _echo: echo }
    }

    /// The id of the request, and what the upstream got under these names.
    fn send(&self, fields: &[(&str, &str)]) -> (String, [Vec<String>; 3]) {
        let request = Request::get("/users/bob?of=context")
            .header("authorization", token::bearer(&token::good("bob")));
        let with = |request: Request, (name, value): &(&str, &str)| request.header(name, *value);
        let response = self.gateway.request(fields.iter().fold(request, with));
        assert_eq!(response.status, 200, "{}", response.text());
        let names = ["traceparent", "tracestate", "baggage"];
        (id(&response), names.map(|name| received(&response, name)))
    }

    /// The spans of a request, and those below it: Envoy sends them in the order in which they
    /// end, and the request's own last.
    #[track_caller]
    fn spans(&self, id: &str) -> (Span, Vec<Span>) {
        let request = self.collector.request(id);
        let mut below = Vec::new();
        // Envoy may send the two in two messages.
        until("a span below that of the request", || {
            below = self.collector.spans();
            below.retain(|span| span.trace == request.trace && span.parent == request.id);
            !below.is_empty()
        });
        (request, below)
    }
}

/// The trace, the span and whether it is sampled, of a `traceparent` (W3C Trace Context §3.2).
#[track_caller]
fn parts(traceparent: &[String]) -> (String, String, bool) {
    let [traceparent] = traceparent else { panic!("one field, not {traceparent:?}") };
    let parts: Vec<&str> = traceparent.split('-').collect();
    let ["00", trace, span, flags] = parts[..] else { panic!("{traceparent}") };
    (trace.to_owned(), span.to_owned(), flags == "01")
}

#[test]
fn a_trace_goes_on_and_where_there_is_none_one_begins() {
    if !collector::is_told_of() {
        return;
    }
    let echoing = Echoing::start(|builder| builder);
    let of_client = format!("00-{TRACE}-{PARENT}-01");
    for (case, fields, goes_on, state) in [
        ("the client's trace", &[("traceparent", &*of_client)][..], true, ""),
        (
            "with what vendors say",
            &[("traceparent", &of_client), ("tracestate", "a=1,b=2")],
            true,
            "a=1,b=2",
        ),
        (
            "random numbers (W3C Trace Context 2)",
            &[("traceparent", &format!("00-{TRACE}-{PARENT}-03"))],
            true,
            "",
        ),
        ("of a version to come", &[("traceparent", &format!("01-{TRACE}-{PARENT}-01"))], true, ""),
        ("no trace", &[], false, ""),
        ("vendors, and no trace", &[("tracestate", "a=1")], false, ""),
    ] {
        let fields = [fields, &[("baggage", "plan=gold")]].concat();
        let (id, [traceparent, tracestate, baggage]) = echoing.send(&fields);
        let (request, below) = echoing.spans(&id);
        assert_eq!(request.trace == TRACE, goes_on, "{case}: {request:?}");
        assert_eq!(request.parent, if goes_on { PARENT } else { "" }, "{case}");
        assert_eq!(request.kind, SpanKind::Server, "{case}");
        assert_eq!(request.service, "gatehouse", "{case}");
        assert_eq!(request.state, state, "{case}");
        // The upstream's parent is the span of the try, and that one's is the request's.
        let [tried] = &below[..] else { panic!("{case}: {below:?}") };
        assert_eq!(tried.kind, SpanKind::Client, "{case}");
        assert_eq!(parts(&traceparent), (request.trace, tried.id.clone(), true), "{case}");
        assert_eq!(tracestate.concat(), state, "{case}");
        assert_eq!(baggage, ["plan=gold"], "{case}");
    }
    trap::assert_none(&echoing.gateway);
}

#[test]
fn a_sender_who_does_not_want_a_trace_has_none_and_says_so_upstream() {
    if !collector::is_told_of() {
        return;
    }
    let echoing = Echoing::start(|builder| builder);
    let unsampled = format!("00-{TRACE}-{PARENT}-00");
    let (unwanted, [traceparent, ..]) = echoing.send(&[("traceparent", &unsampled)]);
    let (trace, span, is_sampled) = parts(&traceparent);
    assert_eq!((&*trace, is_sampled), (TRACE, false));
    assert_ne!(span, PARENT);
    // Envoy makes no span where it cannot read what it should go on with, and hands it on.
    let malformed = ["nonsense", "", "00-xyz", &format!("00-{TRACE}-{PARENT}-01-more")]
        .map(|traceparent| echoing.send(&[("traceparent", traceparent)]).0);
    // The spans of one worker come in order: when this one is there, theirs would be.
    let (last, _) = echoing.send(&[]);
    echoing.spans(&last);
    for id in malformed.iter().chain([&unwanted]) {
        let found = echoing.collector.spans().into_iter().find(|span| span.is_of_request(id));
        assert!(found.is_none(), "{found:?}");
    }
    trap::assert_none(&echoing.gateway);
}

#[test]
fn of_requests_no_more_are_sampled_than_the_configuration_says() {
    if !collector::is_told_of() {
        return;
    }
    let echoing = Echoing::start(|builder| {
        builder.edit(|tree| {
            tree.pointer_mut(MANAGER).expect("a manager")["tracing"]["random_sampling"] =
                json!({"value": 0});
        })
    });
    let sampled = format!("00-{TRACE}-{PARENT}-01");
    for (fields, is_sampled) in [
        (&[][..], false),
        (&[("x-client-trace-id", "1")], false),
        // Whoever has begun a trace decides for it before 1.39.
        (&[("traceparent", &sampled)], envoy_minor() < 39),
    ] {
        let (_, [traceparent, ..]) = echoing.send(fields);
        assert_eq!(parts(&traceparent).2, is_sampled, "{fields:?}: {traceparent:?}");
    }
    let stats = echoing.gateway.stats();
    for reason in ["random_sampling", "client_enabled", "service_forced"] {
        assert_eq!(stats[&format!("http.gateway.tracing.{reason}")], 0, "{reason}");
    }
    trap::assert_none(&echoing.gateway);
}

/// What `docs/monitoring.md` has for those who do not believe what clients say of traces.
#[test]
fn a_gateway_that_does_not_believe_its_clients_begins_a_trace_of_its_own() {
    if !collector::tells_ids() {
        return;
    }
    let echoing = Echoing::start(|builder| {
        builder.edit(|tree| {
            tree.pointer_mut(MANAGER).expect("a manager")["early_header_mutation_extensions"] =
                super::files::documented("early_header_mutation_extensions");
        })
    });
    for traceparent in [&*format!("00-{TRACE}-{PARENT}-00"), "nonsense"] {
        let fields = [("traceparent", traceparent), ("tracestate", "a=1")];
        let (id, [_, tracestate, _]) = echoing.send(&fields);
        let (request, _) = echoing.spans(&id);
        assert_ne!(request.trace, TRACE, "{traceparent}");
        assert_eq!(request.parent, "", "{traceparent}");
        assert_eq!(tracestate.concat(), "", "{traceparent}");
    }
}
