//! Clients on a Unix domain socket: they have no address, and what goes by addresses cannot be
//! told of them. It is decided as for whoever would be worst.

use std::path::PathBuf;

use gatehouse_sandbox::raw::{self, Request};
use gatehouse_sandbox::{Gateway, workspace};
use serde_json::{Value, json};

use crate::harness::{Exchange, Shared, configuration};

#[test]
fn a_client_without_an_address_is_denied_by_every_rule_by_sources_and_allowed_by_none() {
    let sources = |networks: Value| json!([{"sources": networks}]);
    let anywhere = sources(json!(["0.0.0.0/0", "::/0"]));
    let path = |prefix: &str| json!({"path": {"prefix": prefix}});
    let both = TwoWays::start(
        "authorization",
        json!({"default": "allow", "rules": [
            {"name": "banned", "match": path("/banned"), "action": "deny",
             "principals": sources(json!(["10.0.0.0/8"]))},
            {"name": "office", "match": path("/office"), "action": "allow",
             "principals": anywhere},
            {"name": "others", "match": path("/office"), "action": "deny"},
        ]}),
    );
    for (path, forwarded, by_port, by_socket) in [
        ("/banned", None, "default_allowed", "denied;rule=banned"),
        ("/office", None, "allowed;rule=office", "denied;rule=others"),
        ("/else", None, "default_allowed", "default_allowed"),
        // What it says of itself is no address either.
        ("/banned", Some("192.0.2.1"), "default_allowed", "denied;rule=banned"),
        ("/office", Some("127.0.0.1"), "allowed;rule=office", "denied;rule=others"),
    ] {
        let request = forwarded
            .into_iter()
            .fold(Request::get(path), |request, from| request.header("x-forwarded-for", from));
        for (way, exchange, note) in [
            ("port", both.gateway.ask(request.clone()), by_port),
            ("socket", both.ask_by_socket(&request), by_socket),
        ] {
            let noted = exchange.noted("authorization");
            assert_eq!(noted, format!("authorization.{note}"), "{path} by {way}");
            match note.starts_with("denied") {
                // Nobody was asked who it is: a token might help.
                true => assert!([401, 403].contains(&exchange.response.status), "{path} by {way}"),
                false => assert_eq!(exchange.response.status, 200, "{path} by {way}"),
            }
        }
    }
    both.gateway.assert_no_trap();
}

#[test]
fn clients_without_an_address_share_the_limit_of_an_address() {
    let limit = json!([{"requests": 2, "window": "30d"}]);
    let rule = |name: &str, key: Value| {
        json!({"name": name, "match": {"path": {"prefix": format!("/{name}")}}, "key": key,
            "limits": limit})
    };
    let both = TwoWays::start(
        "rate-limit",
        json!({"rules": [
            rule("address", json!(["client_address"])),
            rule("preflights", json!(["client_address"])),
            rule("header", json!([{"header": "x-key"}])),
        ]}),
    );
    for (path, method) in [("/address", "GET"), ("/preflights", "OPTIONS"), ("/header", "GET")] {
        let request = Request::new(method, path)
            .header("origin", "https://shop.example")
            .header("access-control-request-method", "PUT");
        for status in [200, 200, 429, 429] {
            let exchange = both.ask_by_socket(&request);
            assert_eq!(exchange.response.status, status, "{method} {path}");
        }
        // Whoever has an address has a limit of its own.
        assert_eq!(both.gateway.ask(request).response.status, 200, "{method} {path}");
    }
    both.gateway.assert_no_trap();
}

/// A gateway on a port and on a Unix domain socket.
struct TwoWays {
    gateway: Shared,
    socket: PathBuf,
}

impl TwoWays {
    #[track_caller]
    fn start(filter: &'static str, value: Value) -> Self {
        let socket = socket(filter);
        let path = socket.clone();
        let gateway =
            Shared::start(Gateway::builder(format!("envoy/{filter}.yaml")).edit(move |tree| {
                configuration::set(tree, filter, value);
                let listeners = tree["static_resources"]["listeners"].as_array_mut();
                let listeners = listeners.expect("a list of listeners");
                let mut second = listeners[0].clone();
                second["name"] = json!("socket");
                second["address"] = json!({"pipe": {"path": path}});
                listeners.push(second);
            }));
        Self { gateway, socket }
    }

    #[track_caller]
    fn ask_by_socket(&self, request: &Request) -> Exchange {
        let send =
            || raw::send_to_socket(&self.socket, request).unwrap_or_else(|fault| panic!("{fault}"));
        self.gateway.ask_by(send)
    }
}

impl Drop for TwoWays {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.socket);
    }
}

/// A path that is short enough: the system takes 107 bytes.
fn socket(filter: &str) -> PathBuf {
    let name = format!("gatehouse-{filter}-{}.sock", std::process::id());
    let path = workspace::target().join("sandbox").join(&name);
    if path.as_os_str().len() <= 107 { path } else { std::env::temp_dir().join(name) }
}
