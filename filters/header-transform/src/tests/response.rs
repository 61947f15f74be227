use super::*;

/// The head of a response with these fields after a request with those.
pub(super) fn answered(
    filter: &HeaderTransform,
    request: &[(&str, &[u8])],
    response: &[(&str, &[u8])],
) -> Vec<String> {
    let mut state = put(filter, request).state;
    respond(filter, &mut state, response)
}

fn respond(filter: &HeaderTransform, state: &mut State, fields: &[(&str, &[u8])]) -> Vec<String> {
    respond_with(filter, state, "200", fields).1
}

/// The status and the head of a response that had this status.
fn respond_with(
    filter: &HeaderTransform,
    state: &mut State,
    status: &str,
    fields: &[(&str, &[u8])],
) -> (String, Vec<String>) {
    let host = FakeHost::default();
    let mut all: Vec<(&str, &[u8])> = vec![(":status", status.as_bytes())];
    all.extend(fields);
    let mut response = Response::new(Headers::from_list(&all), &host);
    let decision = filter.on_response(&mut response, state);
    assert_eq!((decision.code, decision.step), (None, ResponseStep::Continue));
    let status = response.headers.first(":status").unwrap();
    (String::from_utf8(status.to_vec()).unwrap(), head(&response.headers))
}

#[test]
fn response_operations_change_the_response_alone() {
    let filter = filter(
        r#"[{"request": [{"set": {"name": "x-request", "value": "1"}}],
             "response": [{"remove": {"name": "x-server"}},
                          {"rename": {"from": "x-upstream", "to": "x-served-by"}},
                          {"copy": {"from": "etag", "to": "x-etag"}},
                          {"append": {"name": "via", "value": "gatehouse"}},
                          {"add_if_absent": {"name": "cache-control", "value": "no-store"}},
                          {"set": {"name": "x-status", "value": "${response.status} ${response.header.via}"}}]}]"#,
    );
    let response: &[(&str, &[u8])] = &[
        ("x-server", b"envoy"),
        ("x-upstream", b"\xff"),
        ("etag", b"W/1"),
        ("via", b"a"),
        ("x-etag", b"old"),
    ];
    let want = [
        "etag: W/1",
        "via: a",
        "via: gatehouse",
        "x-etag: W/1",
        "x-served-by: \\xff",
        "cache-control: no-store",
        "x-status: 200 a, gatehouse",
    ];
    assert_eq!(answered(&filter, &[], response), want);
    assert_eq!(head(&put(&filter, &[]).headers), ["x-request: 1"]);
}

#[test]
fn what_a_response_needs_of_its_request_is_kept_from_the_request() {
    let filter = filter(
        r#"[{"match": {"path": {"template": "/users/{id}"}},
             "request": [{"set": {"name": "x-tenant", "value": "<${header.x-tenant}>"}}],
             "response": [{"set": {"name": "x-id", "value": "${path.id}"}},
                          {"set": {"name": "x-trace", "value": "${response.status}/${header.x-trace}/${header.x-tenant}"}},
                          {"append": {"name": "x-kept", "value": "${query.q}"}},
                          {"add_if_absent": {"name": "x-kept", "value": "absent ${method}"}},
                          {"rename": {"from": "x-old", "to": "x-new"}}]}]"#,
    );
    let request: &[(&str, &[u8])] =
        &[(":path", b"/users/a%20b?q=1"), ("x-trace", b"t\xff"), ("x-tenant", b"acme")];
    let response: &[(&str, &[u8])] = &[("x-id", b"forged"), ("x-old", b"1")];
    // The request is seen as the request operations left it.
    let want = ["x-id: a b", "x-trace: 200/t\\xff/<acme>", "x-kept: 1", "x-new: 1"];
    assert_eq!(answered(&filter, request, response), want);
    // What the request does not have is missing in the response: `set` removes, the others skip.
    let want = ["x-id: 7", "x-kept: absent GET", "x-new: 1"];
    let trace: &[(&str, &[u8])] = &[("x-trace", b"old"), ("x-old", b"1")];
    assert_eq!(answered(&filter, &[(":path", b"/users/7")], trace), want);
}

#[test]
fn a_control_character_is_not_written_into_a_response() {
    let filter = filter(
        r#"[{"response": [{"set": {"name": "x-a", "value": "${query.q}"}},
                          {"append": {"name": "x-b", "value": "${response.status}${query.q}"}},
                          {"add_if_absent": {"name": "x-c", "value": "${query.q}"}}]}]"#,
    );
    let request: &[(&str, &[u8])] = &[(":path", b"/?q=%0d%0aset-cookie:a")];
    assert_eq!(put(&filter, request).decision.code, Code::Applied);
    assert_eq!(answered(&filter, request, &[("x-a", b"old"), ("x-b", b"1")]), ["x-b: 1"]);
}

#[test]
fn an_operation_for_some_statuses_leaves_the_others_alone() {
    let filter = filter(
        r#"[{"response": [{"set": {"name": "x-not-found", "value": "1"}, "when": {"status": [404]}},
                          {"set": {"name": "x-fault", "value": "${method}"}, "when": {"status": ["502", "4xx", 503]}}]}]"#,
    );
    for (status, want) in [
        ("200", &[][..]),
        ("404", &["x-not-found: 1", "x-fault: GET"]),
        ("499", &["x-fault: GET"]),
        ("502", &["x-fault: GET"]),
        ("503", &["x-fault: GET"]),
        ("500", &[]),
        ("", &[]),
    ] {
        let mut state = put(&filter, &[]).state;
        let (_, head) = respond_with(&filter, &mut state, status, &[]);
        assert_eq!(head, want, "{status}");
    }
}

#[test]
fn a_status_is_mapped_where_that_is_safe() {
    let filter = filter(
        r#"[{"response": [{"status": {"404": 410, "4xx": 400, "5xx": 502, "2xx": 203, "3xx": 307}},
                          {"set": {"name": "x-gone", "value": "${response.status}"}, "when": {"status": [410]}}]}]"#,
    );
    let grpc: &[(&str, &[u8])] = &[("content-type", b"application/GRPC+proto")];
    for (status, fields, want) in [
        ("404", &[][..], "410"),
        ("403", &[], "400"),
        ("599", &[], "502"),
        ("200", &[], "203"),
        // Without content, or not the last word.
        ("204", &[], "204"),
        ("205", &[], "205"),
        ("304", &[], "304"),
        ("101", &[], "101"),
        ("200", grpc, "200"),
        ("404", grpc, "404"),
    ] {
        let mut state = put(&filter, &[]).state;
        let (mapped, head) = respond_with(&filter, &mut state, status, fields);
        assert_eq!(mapped, want, "{status}");
        assert_eq!(head.contains(&"x-gone: 410".to_owned()), want == "410", "{status}: {head:?}");
    }
}

#[test]
fn the_status_of_a_tunnel_stays() {
    let filter = filter(
        r#"[{"response": [{"status": {"2xx": 203}}, {"set": {"name": "x-a", "value": "${response.status}"}}]}]"#,
    );
    let mut state = put(&filter, &[(":method", b"CONNECT")]).state;
    let (status, head) = respond_with(&filter, &mut state, "200", &[]);
    assert_eq!((status.as_str(), head), ("200", vec!["x-a: 200".to_owned()]));
}

#[test]
fn an_operation_that_replaces_what_is_there_looks_at_the_response() {
    let filter = filter(
        r#"[{"response": [{"replace_if_present": {"name": "x-server",
            "value": "${header.x-name}"}}]}]"#,
    );
    let named: &[(&str, &[u8])] = &[("x-name", b"gatehouse")];
    let server: &[(&str, &[u8])] = &[("x-server", b"a")];
    assert_eq!(answered(&filter, named, server), ["x-server: gatehouse"]);
    assert_eq!(answered(&filter, named, &[]), [""; 0]);
    assert_eq!(answered(&filter, &[], server), [""; 0]);
}

#[test]
fn a_response_without_a_request_is_left_alone() {
    let filter = filter(r#"[{"response": [{"set": {"name": "x-a", "value": "1"}}]}]"#);
    assert_eq!(respond(&filter, &mut State::default(), &[("x-b", b"2")]), ["x-b: 2"]);
}

#[test]
fn a_response_to_a_request_that_no_rule_matches_is_left_alone() {
    let filter = filter(
        r#"[{"match": {"path": {"prefix": "/a"}}, "response": [{"set": {"name": "x-a", "value": "1"}}]}]"#,
    );
    assert_eq!(answered(&filter, &[(":path", b"/b")], &[]), [""; 0]);
    assert_eq!(answered(&filter, &[(":path", b"/a")], &[]), ["x-a: 1"]);
}

#[test]
fn the_answer_to_a_refused_request_goes_through_the_response_operations() {
    let filter = filter(
        r#"[{"request": [{"set": {"name": "x-a", "value": "${query.q}"}}],
             "response": [{"set": {"name": "strict-transport-security", "value": "max-age=1"}}]}]"#,
    );
    let mut outcome = put(&filter, &[(":path", b"/?q=%0a")]);
    assert_eq!(outcome.status(), Some(400));
    assert_eq!(respond(&filter, &mut outcome.state, &[]), ["strict-transport-security: max-age=1"]);
}

#[test]
fn operations_that_need_nothing_of_the_request_are_shared_not_copied() {
    let filter =
        filter(r#"[{"response": [{"set": {"name": "x-a", "value": "${response.status}"}}]}]"#);
    let shared = |outcome: &Outcome<HeaderTransform>| {
        outcome.state.first.as_ref().unwrap().response.clone().unwrap()
    };
    assert!(Rc::ptr_eq(&shared(&put(&filter, &[])), &shared(&put(&filter, &[]))));
}
