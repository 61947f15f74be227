//! The fields that the proxy owns (`crates/filter/src/headers/owned.rs`), measured: what becomes of
//! a filter's change to a field.
//!
//! A Lua filter stands where this one does, and edits what this one refuses to.

use std::sync::{LazyLock, Mutex, PoisonError};

use gatehouse_filter::{FieldChange, Head, HeaderName};
use gatehouse_sandbox::Builder;
use gatehouse_sandbox::raw::Request;
use serde_json::{Value, json};

use super::builder;
use crate::harness::{Shared, configuration, upstream::Upstream};

/// Does to the request what `x-edit` says, and to the response what `x-edit-response` says.
const LUA: &str = r#"
function edit(headers, operation)
  if operation == nil then return end
  local name, value = string.match(operation, "^(%S+) ?(.*)$")
  if value == "" then headers:remove(name) else headers:replace(name, value) end
end
function envoy_on_request(handle)
  local headers = handle:headers()
  local response = headers:get("x-edit-response")
  if response then handle:streamInfo():dynamicMetadata():set("edit", "response", response) end
  edit(headers, headers:get("x-edit"))
end
function envoy_on_response(handle)
  local metadata = handle:streamInfo():dynamicMetadata():get("edit")
  if metadata then edit(handle:headers(), metadata["response"]) end
end
"#;

/// A gateway with the Lua filter in place of this one, in front of an upstream that tells what it
/// got.
struct Bench {
    gateway: Shared,
    upstream: Upstream,
    /// Held from what the upstream is told to answer to what it has received: tests that share a
    /// bench would take each other's requests.
    turn: Mutex<()>,
}

static BENCH: LazyLock<Bench> = LazyLock::new(|| Bench::start(|_| ()));

impl Bench {
    fn start(change: impl FnOnce(&mut Value) + Send + 'static) -> Self {
        let upstream = Upstream::start();
        let port = upstream.address().port();
        let gateway = Shared::start(lua().edit(move |tree| {
            configuration::add_cluster(tree, "measured", port);
            let manager = manager(tree);
            manager["route_config"]["virtual_hosts"][0]["routes"][0]["route"]["cluster"] =
                json!("measured");
            change(manager);
        }));
        Self { gateway, upstream, turn: Mutex::default() }
    }

    /// The status, and the values of the field behind the proxy: at the upstream, or at the client.
    fn edited(
        &self,
        head: Head,
        field: &str,
        value: &str,
        sent: Option<&str>,
    ) -> (u16, Vec<String>) {
        let line = sent.map(|sent| format!("{field}: {sent}\r\n")).unwrap_or_default();
        let edit = format!("{field} {value}");
        let mut request = Request::get("/").header(
            if head == Head::Request { "x-edit" } else { "x-edit-response" },
            edit.trim_end(),
        );
        if let (Head::Request, Some(sent)) = (head, sent) {
            request = request.header(field, sent);
        }
        let line = if head == Head::Response { line } else { String::new() };
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.upstream.answer(format!("HTTP/1.1 200 OK\r\n{line}content-length: 0\r\n\r\n"));
        let response = self.gateway.ask(request).response;
        let values = match head {
            Head::Request => {
                let lines = self.upstream.take().map(|received| received.head).unwrap_or_default();
                let value =
                    |line: &str| Some(line.strip_prefix(field)?.strip_prefix(": ")?.to_owned());
                lines.lines().filter_map(value).collect()
            }
            Head::Response => {
                let text = |value: &&[u8]| String::from_utf8_lossy(value).into_owned();
                response.header_all(field).iter().map(|value| text(&&value[..])).collect()
            }
        };
        (response.status, values)
    }

    /// Whether the change does what it says, whether or not the field was sent, and nothing breaks.
    fn works(&self, head: Head, change: FieldChange, field: &str, value: &str) -> bool {
        let (value, want) = match change {
            FieldChange::Write => (value, vec![value.to_owned()]),
            FieldChange::Remove => ("", vec![]),
        };
        let sent = if field == "date" { "Tue, 02 Jan 2001 00:00:00 GMT" } else { "https" };
        [None, Some(sent)]
            .into_iter()
            .all(|sent| self.edited(head, field, value, sent) == (200, want.clone()))
    }
}

fn lua() -> Builder {
    builder(json!({"rules": [{"request": [{"set": {"name": "x-a", "value": "1"}}]}]})).edit(
        |tree| {
            let filters =
                manager(tree)["http_filters"].as_array_mut().expect("the example has filters");
            filters[0] = json!({"name": "lua", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
            "default_source_code": {"inline_string": LUA}}});
        },
    )
}

fn manager(tree: &mut Value) -> &mut Value {
    tree.pointer_mut("/static_resources/listeners/0/filter_chains/0/filters/0/typed_config")
        .expect("the example has a connection manager")
}

/// The fields of requests beside those of the connection, and what is written to them.
const OF_REQUESTS: [(&str, &str); 32] = [
    ("x-forwarded-proto", "http"),
    ("x-envoy-expected-rq-timeout-ms", "77"),
    ("x-forwarded-for", "9.9.9.9"),
    ("x-forwarded-host", "b"),
    ("x-forwarded-port", "1"),
    ("x-forwarded-client-cert", "b"),
    ("x-request-id", "11111111-2222-4333-8444-555555555555"),
    ("x-client-trace-id", "b"),
    ("via", "b"),
    ("forwarded", "for=b"),
    ("user-agent", "b"),
    ("server", "b"),
    ("date", "Mon, 01 Jan 2001 00:00:00 GMT"),
    ("content-type", "text/b"),
    ("content-encoding", "b"),
    ("accept-encoding", "b"),
    ("cookie", "b=c"),
    ("authorization", "b"),
    ("early-data", "1"),
    ("traceparent", "b"),
    ("tracestate", "b"),
    ("priority", "u=1"),
    ("x-envoy-attempt-count", "9"),
    ("x-envoy-original-path", "/b"),
    ("x-envoy-original-host", "b"),
    ("x-envoy-external-address", "9.9.9.9"),
    ("x-envoy-internal", "true"),
    ("x-envoy-force-trace", "b"),
    ("x-envoy-decorator-operation", "b"),
    ("x-envoy-downstream-service-cluster", "b"),
    ("x-envoy-downstream-service-node", "b"),
    ("x-envoy-peer-metadata", "b"),
];

/// The same of responses.
const OF_RESPONSES: [(&str, &str); 20] = [
    ("server", "b"),
    ("date", "Mon, 01 Jan 2001 00:00:00 GMT"),
    ("via", "b"),
    ("alt-svc", "clear"),
    ("proxy-status", "b"),
    ("content-type", "text/b"),
    ("set-cookie", "b=c"),
    ("location", "/b"),
    ("x-request-id", "b"),
    ("grpc-status", "3"),
    ("strict-transport-security", "max-age=1"),
    ("x-forwarded-proto", "http"),
    ("x-envoy-upstream-service-time", "999"),
    ("x-envoy-upstream-canary", "true"),
    ("x-envoy-upstream-healthchecked-cluster", "b"),
    ("x-envoy-attempt-count", "9"),
    ("x-envoy-degraded", "true"),
    ("x-envoy-ratelimited", "true"),
    ("x-envoy-decorator-operation", "b"),
    ("x-envoy-expected-rq-timeout-ms", "77"),
];

#[test]
fn the_fields_that_a_filter_may_not_change_are_those_whose_change_does_nothing_or_breaks_requests()
{
    let of = |head, fields: &'static [(&str, &str)]| fields.iter().map(move |field| (head, *field));
    for (head, (field, value)) in
        of(Head::Request, &OF_REQUESTS).chain(of(Head::Response, &OF_RESPONSES))
    {
        for change in [FieldChange::Write, FieldChange::Remove] {
            let name = HeaderName::try_from(field).expect("a name");
            // Writing it may remove it: what is written is not always there.
            let works = BENCH.works(head, change, field, value)
                && (field != "x-forwarded-proto"
                    || BENCH.works(head, FieldChange::Remove, field, ""));
            let is_allowed = head.owner(change, &name).is_none();
            assert_eq!(is_allowed, works, "{field}: {change:?} in a {head:?}");
        }
    }
}

#[test]
fn a_request_without_a_scheme_finds_no_route_and_with_a_fixed_one_it_does() {
    let proto = |value| BENCH.edited(Head::Request, "x-forwarded-proto", value, None);
    assert_eq!(proto("").0, 404);
    for scheme in ["http", "https"] {
        assert_eq!(proto(scheme), (200, vec![scheme.to_owned()]));
    }
}

#[test]
fn what_tells_the_router_what_to_do_is_followed_and_goes_no_further() {
    for field in [
        "x-envoy-upstream-rq-timeout-ms",
        "x-envoy-upstream-rq-per-try-timeout-ms",
        "x-envoy-max-retries",
        "x-envoy-retry-on",
        "x-envoy-retry-grpc-on",
        "x-envoy-retriable-status-codes",
        "x-envoy-hedge-on-per-try-timeout",
        "x-envoy-upstream-alt-stat-name",
    ] {
        assert_eq!(BENCH.edited(Head::Request, field, "777", None), (200, vec![]), "{field}");
    }
    let gateway = Shared::start(builder(json!({"rules": [{"request": [
        {"set": {"name": "x-envoy-upstream-rq-timeout-ms", "value": "50"}}]}]})));
    assert_eq!(gateway.ask(Request::get("/?delay_ms=2000")).response.status, 504);
    gateway.assert_no_trap();
}

/// What the faults offer instead.
#[test]
fn what_the_proxy_owns_is_changed_by_its_own_settings() {
    let server = Bench::start(|manager| manager["server_name"] = json!("b"));
    assert_eq!(server.edited(Head::Response, "x-none", "", None).0, 200);
    let named = |bench: &Bench, field: &str| {
        bench.upstream.answer("HTTP/1.1 200 OK\r\nserver: upstream\r\ncontent-length: 0\r\n\r\n");
        bench.gateway.ask(Request::get("/")).response.header_text(field)
    };
    assert_eq!(named(&server, "server").as_deref(), Some("b"));

    let passed = Bench::start(|manager| {
        manager["server_header_transformation"] = json!("PASS_THROUGH");
    });
    assert_eq!(named(&passed, "server").as_deref(), Some("upstream"));
    let removed = Bench::start(|manager| {
        manager["server_header_transformation"] = json!("PASS_THROUGH");
        let route = &mut manager["route_config"]["virtual_hosts"][0]["routes"][0];
        route["response_headers_to_remove"] = json!(["server"]);
        route["request_headers_to_remove"] = json!(["x-forwarded-proto"]);
    });
    assert_eq!(named(&removed, "server"), None);
    let received = removed.upstream.take().expect("it found its route");
    assert_eq!(received.header("x-forwarded-proto"), None);
    assert!(received.header("x-envoy-expected-rq-timeout-ms").is_some());

    let quiet = Bench::start(|manager| {
        let filters = manager["http_filters"].as_array_mut().expect("filters");
        let router = filters.last_mut().expect("the router is the last");
        router["typed_config"]["suppress_envoy_headers"] = json!(true);
    });
    assert_eq!(named(&quiet, "x-none"), None);
    let received = quiet.upstream.take().expect("it came");
    assert_eq!(received.header("x-envoy-expected-rq-timeout-ms"), None);
}
