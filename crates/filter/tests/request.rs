//! What is known around a request's head, and who knows it.

use gatehouse_filter::{Attribute, Facts, HeaderValue, Headers, Identity, Request, Spoken};
use gatehouse_filter_test::FakeHost;
use std::cell::Cell;
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;

fn named(subject: &str) -> Identity {
    Identity { subject: Some(subject.to_owned()), ..Identity::default() }
}

fn subject(request: &Request<'_>) -> Option<String> {
    request.identity()?.subject.clone()
}

/// The same request, as the next filter of the same VM sees it.
fn handed_on<'h>(
    request: Request<'h>,
    host: &'h FakeHost,
    change: impl FnOnce(&mut Facts),
) -> Request<'h> {
    let (headers, mut facts) = request.into_parts();
    change(&mut facts);
    Request::with_facts(headers, facts, host)
}

#[test]
fn a_caller_in_memory_comes_before_what_filter_state_says() {
    let host = FakeHost::default();
    let request = Request::new(Headers::default(), &host);
    assert_eq!(subject(&request), None);

    host.identify(&named("in state"));
    let request = Request::new(Headers::default(), &host);
    assert_eq!(subject(&request).as_deref(), Some("in state"));
    // Also where filter state has been read already.
    let caller = Rc::new(named("in memory").into());
    let request = handed_on(request, &host, |facts| facts.caller = Some(Rc::clone(&caller)));
    assert_eq!(subject(&request).as_deref(), Some("in memory"));
    assert!(std::ptr::eq(request.identity().unwrap(), caller.identity()), "nothing is read again");
    // And on to the filter after that.
    let request = handed_on(request, &host, |_| ());
    assert_eq!(subject(&request).as_deref(), Some("in memory"));
    let request = handed_on(request, &host, |facts| facts.caller = None);
    assert_eq!(subject(&request).as_deref(), Some("in state"));
}

#[test]
fn what_the_matched_route_told_is_forgotten_and_nothing_else_is() {
    let host = FakeHost::default();
    let tell = |route: &str, client: &str, subject: &str| {
        host.set(Attribute::RouteName, route);
        host.set(Attribute::RoutePolicy, format!("policy of {route}"));
        host.set(Attribute::SourceAddress, client);
        host.identify(&named(subject));
    };
    let told = |request: &Request<'_>| {
        let text = |bytes: Option<&[u8]>| String::from_utf8(bytes.unwrap().to_vec()).unwrap();
        (
            text(request.route_name()),
            text(request.policy()),
            request.client_address(),
            subject(request),
        )
    };
    let want = |route: &str, last: u8, subject: &str| {
        let client = IpAddr::from(Ipv4Addr::new(192, 0, 2, last));
        (route.to_owned(), format!("policy of {route}"), Some(client), Some(subject.to_owned()))
    };
    tell("first", "192.0.2.1:1000", "alice");
    let request = Request::new(Headers::default(), &host);
    assert_eq!(told(&request), want("first", 1, "alice"));

    tell("second", "192.0.2.2:1000", "bob");
    let request = handed_on(request, &host, |_| ());
    assert_eq!(told(&request), want("first", 1, "alice"), "each is read once");
    let request = handed_on(request, &host, Facts::forget_route);
    assert_eq!(told(&request), want("second", 1, "alice"));
    // What was never read is read afterwards all the same.
    let request = handed_on(Request::new(Headers::default(), &host), &host, Facts::forget_route);
    assert_eq!(told(&request), want("second", 2, "bob"));
}

#[test]
fn a_preflight_that_names_another_method_in_any_spelling_is_none() {
    let host = FakeHost::default();
    let preflight: [(&str, &str); 3] =
        [(":method", "OPTIONS"), ("origin", "https://a"), ("access-control-request-method", "PUT")];
    let is_preflight = |more: Option<&str>| {
        let fields: Vec<_> = preflight.into_iter().chain(more.map(|name| (name, "PUT"))).collect();
        Request::new(Headers::from_list(&fields), &host).is_preflight()
    };
    assert!(is_preflight(None));
    assert!(is_preflight(Some("x-http-methods")));
    for name in
        ["x-http-method-override", "x_http_method_override", "x-http_method", "x_method-override"]
    {
        assert!(!is_preflight(Some(name)), "{name}");
    }
}

#[test]
fn how_a_client_speaks_is_what_its_content_type_says() {
    const WEB: Spoken = Spoken::GrpcWeb("application/grpc-web");
    const PROTO: Spoken = Spoken::GrpcWeb("application/grpc-web+proto");
    const TEXT: Spoken = Spoken::GrpcWeb("application/grpc-web-text");
    const TEXT_PROTO: Spoken = Spoken::GrpcWeb("application/grpc-web-text+proto");
    for (kind, want) in [
        ("", Spoken::Http),
        ("application/json", Spoken::Http),
        ("application/grpc", Spoken::Grpc),
        ("application/grpc+proto", Spoken::Grpc),
        ("APPLICATION/gRPC ; a=b", Spoken::Grpc),
        ("application/grpc-web", WEB),
        ("application/grpc-web; charset=utf-8", WEB),
        ("application/grpc-web+proto", PROTO),
        ("Application/gRPC-Web+json", PROTO),
        ("application/grpc-web-text", TEXT),
        ("application/grpc-web-text+proto; a=b", TEXT_PROTO),
        ("application/grpc-webx", Spoken::Http),
        ("application/grpc-web-texts", Spoken::Http),
        ("text/grpc-web", Spoken::Http),
        ("application/grpcx", Spoken::Http),
    ] {
        let head = Headers::from_list(&[("content-type", kind)]);
        assert_eq!(Spoken::by(&head), want, "{kind}");
    }
    assert_eq!(Spoken::by(&Headers::default()), Spoken::Http);
}

thread_local! {
    static FETCHED: Cell<usize> = const { Cell::new(0) };
}

fn fetched() -> Option<Vec<u8>> {
    FETCHED.set(FETCHED.get().saturating_add(1));
    Some(Headers::to_pairs(&[(":method", "GET")]))
}

#[test]
fn a_method_is_asked_for_alone_where_nobody_else_reads_the_head() {
    let unread: fn() -> Headers = || Headers::lazy(fetched);
    let read = || {
        let head = Headers::lazy(fetched);
        head.wire();
        head
    };
    for (case, facts, head, attribute, want, fetches) in [
        ("one filter", Facts::for_one(), unread, "PUT", "PUT", 0),
        ("others come after it", Facts::default(), unread, "PUT", "GET", 1),
        ("it has read the head", Facts::for_one(), read, "PUT", "GET", 1),
        ("the host does not say", Facts::for_one(), unread, "", "GET", 1),
        ("a head of nobody's", Facts::for_one(), Headers::default, "PUT", "", 0),
    ] {
        let host = FakeHost::default();
        if !attribute.is_empty() {
            host.set(Attribute::Method, attribute);
        }
        let request = Request::with_facts(head(), facts, &host);
        assert_eq!(request.method_alone(), want.as_bytes(), "{case}");
        assert_eq!(FETCHED.replace(0), fetches, "{case}");
    }
    // What is changed is read as it was changed.
    let host = FakeHost::default();
    let mut request = Request::with_facts(Headers::lazy(fetched), Facts::for_one(), &host);
    request.set_method(HeaderValue::from_static("POST"));
    assert_eq!(request.method_alone(), &b"POST"[..]);
}
