//! Every operation, in both directions: what the upstream received and what the client received,
//! over HTTP/1 and HTTP/2. One gateway holds the rules of all cases; a header says which one a
//! request is for.

use std::sync::LazyLock;

use gatehouse_sandbox::raw::Request;
use serde_json::{Value, json};

use super::builder;
use crate::harness::{Shared, http2};

/// A rule, a request, and what came of it.
struct Case {
    name: &'static str,
    /// The rule, without its condition on the header `x-case`.
    rule: fn() -> Value,
    method: &'static str,
    target: &'static str,
    headers: &'static [(&'static str, &'static str)],
    /// What the upstream received: `:method`, `:path`, `host`, or a header with each value apart.
    upstream: &'static [(&'static str, &'static [&'static str])],
    /// The status and the headers that the client received.
    client: (u16, &'static [(&'static str, &'static [&'static str])]),
}

const CASES: &[Case] = &[
    Case {
        name: "set",
        rule: || {
            json!({"request": [{"set": {"name": "x-a", "value": "<${header.x-b}>"}}, {"set": {"name": "x-gone", "value": "${query.none}"}}],
                   "response": [{"set": {"name": "x-a", "value": "${response.status}"}}]})
        },
        target: "/?header=x-a:1&header=x-a:2",
        headers: &[("x-a", "1"), ("x-a", "2"), ("x-b", "b"), ("x-gone", "forged")],
        upstream: &[("x-a", &["<b>"]), ("x-gone", &[])],
        client: (200, &[("x-a", &["200"])]),
        ..EMPTY
    },
    Case {
        name: "append",
        rule: || {
            let operations = json!([{"append": {"name": "x-a", "value": "last"}}, {"append": {"name": "x-b", "value": "only"}}]);
            json!({"request": operations, "response": operations})
        },
        target: "/?header=x-a:first",
        headers: &[("x-a", "first")],
        upstream: &[("x-a", &["first", "last"]), ("x-b", &["only"])],
        client: (200, &[("x-a", &["first", "last"]), ("x-b", &["only"])]),
        ..EMPTY
    },
    Case {
        name: "add_if_absent",
        rule: || {
            let operations = json!([{"add_if_absent": {"name": "x-a", "value": "not this"}}, {"add_if_absent": {"name": "x-b", "value": "this"}}]);
            json!({"request": operations, "response": operations})
        },
        target: "/?header=x-a:mine",
        headers: &[("x-a", "mine")],
        upstream: &[("x-a", &["mine"]), ("x-b", &["this"])],
        client: (200, &[("x-a", &["mine"]), ("x-b", &["this"])]),
        ..EMPTY
    },
    Case {
        name: "replace_if_present",
        rule: || {
            let operations = json!([{"replace_if_present": {"name": "x-a", "value": "new"}}, {"replace_if_present": {"name": "x-b", "value": "new"}}]);
            json!({"request": operations, "response": operations})
        },
        target: "/?header=x-a:1&header=x-a:2",
        headers: &[("x-a", "1"), ("x-a", "2")],
        upstream: &[("x-a", &["new"]), ("x-b", &[])],
        client: (200, &[("x-a", &["new"]), ("x-b", &[])]),
        ..EMPTY
    },
    Case {
        name: "remove",
        rule: || {
            let operations = json!([{"remove": {"name": "x-a"}}, {"remove": {"prefix": "x-internal-"}}, {"remove": {"regex": "^x-(debug|trace)$"}}]);
            json!({"request": operations, "response": operations})
        },
        target: "/?header=x-a:1&header=x-a:2&header=x-internal-a:1&header=x-internal-b:1&header=x-trace:1&header=x-traces:1",
        headers: &[
            ("x-a", "1"),
            ("X-A", "2"),
            ("X-Internal-A", "1"),
            ("x-internal-b", "1"),
            ("x-trace", "1"),
            ("x-traces", "1"),
        ],
        upstream: &[
            ("x-a", &[]),
            ("x-internal-a", &[]),
            ("x-internal-b", &[]),
            ("x-trace", &[]),
            ("x-traces", &["1"]),
        ],
        client: (
            200,
            &[
                ("x-a", &[]),
                ("x-internal-a", &[]),
                ("x-internal-b", &[]),
                ("x-trace", &[]),
                ("x-traces", &["1"]),
            ],
        ),
        ..EMPTY
    },
    Case {
        name: "a-pattern-for-all-leaves-what-envoy-needs",
        rule: || json!({"request": [{"remove": {"regex": "."}}], "response": [{"remove": {"regex": "."}}]}),
        target: "/?header=x-a:1",
        headers: &[("x-a", "1")],
        upstream: &[("x-a", &[]), ("host", &["gateway.example"]), (":method", &["GET"])],
        client: (200, &[("x-a", &[]), ("content-type", &[])]),
        ..EMPTY
    },
    Case {
        name: "rename-and-copy",
        rule: || {
            let operations = json!([
                {"rename": {"from": "x-a", "to": "x-b"}},
                {"copy": {"from": "x-b", "to": "x-c"}},
            ]);
            json!({"request": operations, "response": operations})
        },
        target: "/?header=x-a:1&header=x-a:2&header=x-b:old&header=x-c:old",
        headers: &[("x-a", "1"), ("x-a", "2"), ("x-b", "old"), ("x-c", "old")],
        upstream: &[("x-a", &[]), ("x-b", &["1", "2"]), ("x-c", &["1", "2"])],
        client: (200, &[("x-a", &[]), ("x-b", &["1", "2"]), ("x-c", &["1", "2"])]),
        ..EMPTY
    },
    Case {
        name: "dedupe",
        rule: || {
            let operations = json!([
                {"dedupe": {"name": "x-a", "keep": "first"}}, {"dedupe": {"name": "x-b", "keep": "last"}},
                {"dedupe": {"name": "x-c", "keep": "unique"}}, {"dedupe": {"name": "access-control-allow-origin", "keep": "unique", "list": true}}]);
            json!({"request": operations, "response": operations})
        },
        target: "/?header=x-a:1&header=x-a:2&header=x-b:1&header=x-b:2&header=x-c:2&header=x-c:1&header=x-c:2&header=access-control-allow-origin:*&header=access-control-allow-origin:*",
        headers: &[
            ("x-a", "1"),
            ("x-a", "2"),
            ("x-b", "1"),
            ("x-b", "2"),
            ("x-c", "2"),
            ("x-c", "1"),
            ("x-c", "2"),
        ],
        upstream: &[("x-a", &["1"]), ("x-b", &["2"]), ("x-c", &["2", "1"])],
        client: (
            200,
            &[
                ("x-a", &["1"]),
                ("x-b", &["2"]),
                ("x-c", &["2", "1"]),
                ("access-control-allow-origin", &["*"]),
            ],
        ),
        ..EMPTY
    },
    Case {
        name: "map",
        rule: || {
            let operations = json!([
                {"map": {"from": "x-plan", "to": "x-tier", "table": {"p1": "gold", "p2": "silver"}, "default": "none"}},
                {"map": {"from": "x-code", "to": "x-code", "table": {"1": "one"}}},
                {"map": {"from": "x-two", "to": "x-code-two", "table": {"1": "one", "2": "two"}, "default": "other"}}]);
            json!({"request": operations, "response": operations})
        },
        target: "/?header=x-plan:p2&header=x-tier:gold&header=x-code:7&header=x-two:1&header=x-two:2",
        headers: &[
            ("x-plan", "p2"),
            ("x-tier", "gold"),
            ("x-code", "7"),
            ("x-two", "1"),
            ("x-two", "2"),
        ],
        upstream: &[
            ("x-plan", &["p2"]),
            ("x-tier", &["silver"]),
            ("x-code", &[]),
            ("x-code-two", &["other"]),
        ],
        client: (
            200,
            &[
                ("x-plan", &["p2"]),
                ("x-tier", &["silver"]),
                ("x-code", &[]),
                ("x-code-two", &["other"]),
            ],
        ),
        ..EMPTY
    },
    Case {
        name: "path-prefix",
        rule: || json!({"reroute": true, "request": [{"path": {"prefix": "/v1", "to": "/"}}]}),
        target: "/v1/us%2ders/a%20b?q=%41&&x",
        // Envoy itself decodes what need not be encoded in a path, before the filter sees it.
        upstream: &[(":path", &["/us-ers/a%20b?q=%41&&x"])],
        ..EMPTY
    },
    Case {
        name: "path-prefix-that-is-all",
        rule: || json!({"reroute": true, "request": [{"path": {"prefix": "/v1", "to": "/api/v2"}}]}),
        target: "/v1",
        upstream: &[(":path", &["/api/v2"])],
        ..EMPTY
    },
    Case {
        name: "path-prefix-of-whole-segments",
        rule: || json!({"reroute": true, "request": [{"path": {"prefix": "/v1", "to": "/"}}]}),
        target: "/v12/users",
        upstream: &[(":path", &["/v12/users"])],
        ..EMPTY
    },
    Case {
        name: "path-template",
        rule: || {
            json!({"reroute": true, "match": {"path": {"template": "/v1/users/{id}/{rest=**}"}},
                   "request": [{"path": {"to": "/users/{id}/files/{rest}"}}],
                   "response": [{"set": {"name": "x-id", "value": "${path.id}"}}]})
        },
        target: "/v1/users/a%20%C3%A4/b/c?q",
        upstream: &[(":path", &["/users/a%20%C3%A4/files/b/c?q"])],
        client: (200, &[("x-id", &["a \u{e4}"])]),
        ..EMPTY
    },
    Case {
        name: "path-regex",
        rule: || json!({"reroute": true, "request": [{"path": {"regex": "/v(?P<version>[0-9])/(.*)", "to": "/{2}/{version}"}}]}),
        target: "/v1/a/b?q",
        upstream: &[(":path", &["/a/b/1?q"])],
        ..EMPTY
    },
    Case {
        name: "query",
        rule: || {
            json!({"reroute": true, "request": [
                {"query": {"set": {"name": "tenant", "value": "${header.x-tenant}"}}},
                {"query": {"append": {"name": "tag", "value": "last"}}},
                {"query": {"add_if_absent": {"name": "page", "value": "1"}}},
                {"query": {"add_if_absent": {"name": "limit", "value": "10"}}},
                {"query": {"remove": {"name": "debug"}}},
                {"query": {"rename": {"from": "q", "to": "search"}}}]})
        },
        target: "/?raw=%41+%zz&te%6eant=evil&tag=a&page=7&%64ebug=1&q=x%26y",
        headers: &[("x-tenant", "a&b=c d")],
        upstream: &[(
            ":path",
            &["/?raw=%41+%zz&tenant=a%26b%3Dc%20d&tag=a&page=7&search=x%26y&tag=last&limit=10"],
        )],
        ..EMPTY
    },
    Case {
        name: "query-keep-only",
        rule: || json!({"reroute": true, "request": [{"query": {"keep_only": ["page", "tag"]}}]}),
        target: "/?tag=%61&admin=1&page=2&tag=b&&Page=3",
        upstream: &[(":path", &["/?tag=%61&page=2&tag=b"])],
        ..EMPTY
    },
    Case {
        name: "query-that-is-no-more",
        rule: || json!({"reroute": true, "request": [{"query": {"remove": {"name": "a"}}}]}),
        target: "/p?a=1&%61=2",
        upstream: &[(":path", &["/p"])],
        ..EMPTY
    },
    Case {
        name: "method",
        rule: || json!({"reroute": true, "request": [{"method": "POST"}]}),
        target: "/",
        upstream: &[(":method", &["POST"])],
        ..EMPTY
    },
    Case {
        name: "host",
        rule: || {
            json!({"reroute": true, "request": [
                {"set": {"name": "x-forwarded-host", "value": "${host}"}}, {"host": "users.internal:8080"}]})
        },
        target: "/",
        upstream: &[("host", &["users.internal:8080"]), ("x-forwarded-host", &["gateway.example"])],
        ..EMPTY
    },
    Case {
        name: "when",
        rule: || {
            json!({"response": [
                {"set": {"name": "x-retry", "value": "no"}, "when": {"status": [404, 410]}},
                {"set": {"name": "x-fault", "value": "upstream"}, "when": {"status": ["5xx"]}}]})
        },
        target: "/?status=410",
        client: (410, &[("x-retry", &["no"]), ("x-fault", &[])]),
        ..EMPTY
    },
    Case {
        name: "when-a-class",
        rule: || json!({"response": [{"set": {"name": "x-fault", "value": "upstream"}, "when": {"status": ["5xx"]}}]}),
        target: "/?status=503",
        client: (503, &[("x-fault", &["upstream"])]),
        ..EMPTY
    },
    Case {
        name: "status",
        rule: || {
            json!({"response": [
                {"status": {"404": 410, "4xx": 400}}, {"set": {"name": "x-gone", "value": "1"}, "when": {"status": [410]}}]})
        },
        target: "/?status=404",
        client: (410, &[("x-gone", &["1"])]),
        ..EMPTY
    },
    Case {
        name: "status-of-a-class",
        rule: || json!({"response": [{"status": {"404": 410, "4xx": 400}}]}),
        target: "/?status=418",
        client: (400, &[]),
        ..EMPTY
    },
];

const EMPTY: Case = Case {
    name: "",
    rule: || Value::Null,
    method: "GET",
    target: "/",
    headers: &[],
    upstream: &[],
    client: (200, &[]),
};

static GATEWAY: LazyLock<Shared> = LazyLock::new(|| {
    let rules = CASES.iter().map(|case| {
        let mut rule = (case.rule)();
        rule["name"] = json!(case.name);
        rule["match"]["headers"] = json!([{"name": "x-case", "exact": case.name}]);
        rule
    });
    Shared::kept(builder(json!({"rules": rules.collect::<Vec<_>>()})))
});

#[test]
fn over_http_1() {
    for case in CASES {
        let request = Request::new(case.method, case.target).header("x-case", case.name);
        let request =
            case.headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        let exchange = GATEWAY.ask(request);
        let response = &exchange.response;
        let values = |name: &str| {
            response
                .header_all(name)
                .iter()
                .map(|value| String::from_utf8_lossy(value).into_owned())
                .collect()
        };
        case.assert(response.status, &response.json(), values);
        assert_eq!(
            exchange.logged("header_transform"),
            format!("header_transform.applied;rule={}", case.name)
        );
        // The log has what the upstream got, and what the client got.
        let echo = response.json();
        let path = text(&echo["path"]);
        assert_eq!(Some(exchange.logged("path")), path.split('?').next(), "{}", case.name);
        assert_eq!(echo["method"], exchange.logged("method"), "{}", case.name);
        assert_eq!(exchange.log["status"], response.status, "{}: {}", case.name, exchange.log);
    }
    GATEWAY.assert_no_trap();
}

#[test]
fn over_http_2() {
    // A gateway of its own: the other one counts the lines of its access log.
    let rules = CASES.iter().map(|case| {
        let mut rule = (case.rule)();
        rule["match"]["headers"] = json!([{"name": "x-case", "exact": case.name}]);
        rule
    });
    let gateway = Shared::start(builder(json!({"rules": rules.collect::<Vec<_>>()})));
    for case in CASES {
        let request = http2::get(case.target).method(case.method).header("x-case", case.name);
        let request = case
            .headers
            .iter()
            .fold(request, |request, (name, value)| request.header(*name, *value));
        let answer = http2::send(gateway.gateway().address(), request.body(()).expect("a request"));
        let echo = serde_json::from_slice(&answer.body)
            .unwrap_or_else(|_| panic!("{}: {answer:?}", case.name));
        let values = |name: &str| {
            let all = answer.headers.get_all(name).iter();
            all.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
        };
        case.assert(answer.status, &echo, values);
    }
    gateway.assert_no_trap();
}

impl Case {
    #[track_caller]
    fn assert(&self, status: u16, echo: &Value, client: impl Fn(&str) -> Vec<String>) {
        let name = self.name;
        assert_eq!(status, self.client.0, "{name}: {echo}");
        for (field, want) in self.upstream {
            let have: Vec<String> = match *field {
                ":method" => vec![text(&echo["method"])],
                ":path" => vec![text(&echo["path"])],
                field => {
                    let headers = echo["headers"]
                        .as_array()
                        .unwrap_or_else(|| panic!("{name}: no echo: {echo}"));
                    headers
                        .iter()
                        .filter(|header| header[0] == field)
                        .map(|header| text(&header[1]))
                        .collect()
                }
            };
            assert_eq!(have, *want, "{name}: {field} at the upstream");
        }
        for (field, want) in self.client.1 {
            assert_eq!(client(field), *want, "{name}: {field} at the client");
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
