//! What a browser that speaks gRPC-Web is told, where no `grpc_web` filter of Envoy's is before
//! ours: a status in header fields, from every filter that refuses.

use gatehouse_sandbox::Gateway;
use gatehouse_sandbox::raw::Request;
use serde_json::{Value, json};

use crate::harness::{Shared, configuration};

#[test]
fn every_filter_that_refuses_tells_a_browser_a_grpc_status() {
    let refusing = [
        ("jwt-auth", None, "16", "token"),
        ("api-key-auth", Some(json!({"consumers": [{"name": "a", "keys": []}]})), "16", "key"),
        (
            "authorization",
            Some(json!({"rules": [{"name": "all", "action": "deny"}]})),
            "7",
            "not allowed",
        ),
        (
            "rate-limit",
            Some(json!({"rules": [{"name": "all", "key": ["path"],
                "limits": [{"requests": 1, "window": "1h"}]}]})),
            "8",
            "",
        ),
        (
            "body-transform",
            Some(json!({"rules": [{"name": "all", "request": {"on_other_type": "reject",
                "operations": [{"remove": {"path": "a"}}]}}]})),
            "3",
            "",
        ),
    ];
    for (filter, value, status, part) in refusing {
        let gateway = start(filter, value);
        let ask = |kind: &str| {
            gateway
                .ask(Request::new("POST", "/call").header("content-type", kind).body("\0\0\0\0\0"))
        };
        // The limit is for the requests after this one.
        if filter == "rate-limit" {
            ask("application/json");
        }
        for (kind, answered) in [
            ("application/grpc-web", "application/grpc-web"),
            ("application/grpc-web+proto", "application/grpc-web+proto"),
            ("Application/gRPC-Web+proto; a=b", "application/grpc-web+proto"),
            ("application/grpc-web-text", "application/grpc-web-text"),
            ("application/grpc-web-text+proto", "application/grpc-web-text+proto"),
        ] {
            let exchange = ask(kind);
            let response = &exchange.response;
            let case = format!("{filter} {kind}: {response:?}");
            let field = |name: &str| response.header_text(name).unwrap_or_default();
            assert_eq!((response.status, response.text()), (200, String::new()), "{case}");
            assert_eq!(field("grpc-status"), status, "{case}");
            // Envoy leaves it out where there is no body.
            assert!(["", answered].contains(&&*field("content-type")), "{case}");
            let message = field("grpc-message");
            assert!(!message.is_empty() && message.contains(part), "{case}");
            let code = format!("{}.", filter.replace('-', "_"));
            assert!(exchange.logged("details").starts_with(&code), "{case}: {}", exchange.log);
        }
        // What only begins so is none.
        for kind in ["application/grpc-webx", "text/grpc-web", "application/json"] {
            let exchange = ask(kind);
            let response = &exchange.response;
            assert_eq!(response.header("grpc-status"), None, "{filter} {kind}: {response:?}");
            assert!(response.status >= 400 || filter == "body-transform", "{filter} {kind}");
        }
        gateway.assert_no_trap();
    }
}

#[track_caller]
fn start(filter: &'static str, value: Option<Value>) -> Shared {
    let mut builder = Gateway::builder(format!("envoy/{filter}.yaml"));
    if let Some(value) = value {
        builder = builder.edit(move |tree| configuration::set(tree, filter, value));
    }
    Shared::start(builder)
}
