//! The console beside the demo gateway: what it says of requests is what was asked.

/// The page, in a real browser.
mod page;

/// A Chromium that is driven over its debugging pipe.
mod browser;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use gatehouse_console::Console;
use gatehouse_sandbox::raw::{self, Request, Response};
use gatehouse_sandbox::{Gateway, workspace};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::harness::{trap, until};

/// A name that a page which takes it for HTML runs a script for.
const HOSTILE: &str = "<img/src=x/onerror=document.title='taken'>";

/// The same in a path, as this gateway normalises it.
const HOSTILE_PATH: &str = "/orders/%3Cimg/src=x/onerror=document.title='taken'%3E";

/// A gateway with a console that reads its access log from a file.
struct Watched {
    gateway: Gateway,
    console: SocketAddr,
    log: PathBuf,
    _runtime: Runtime,
}

/// What was asked of a gateway, and how it was answered.
#[derive(Default)]
struct Asked {
    /// Answers by the first digit of their status.
    classes: BTreeMap<u16, u64>,
    /// The ids of requests that were refused, the last first.
    refused: Vec<String>,
}

impl Watched {
    #[track_caller]
    fn start() -> Self {
        static LOGS: AtomicU32 = AtomicU32::new(0);
        let number = LOGS.fetch_add(1, Ordering::Relaxed);
        let name = format!("console-{}-{number}.log", std::process::id());
        let log = workspace::target().join("sandbox").join(name);
        let path = log.clone();
        // The console shows all that Envoy has.
        let builder = Gateway::builder("envoy/envoy.yaml")
            .alone()
            .concurrency(2)
            .edit(move |config| log_to_file(config, &path));
        let gateway = builder.start().unwrap_or_else(|fault| panic!("{fault}"));
        let runtime = Runtime::new().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let console = listener.local_addr().expect("an address");
        let watching =
            Console::without_log(gateway.admin_address().to_string()).follow(log.clone());
        runtime.spawn(watching.serve(listener, std::future::pending()));
        Self { gateway, console, log, _runtime: runtime }
    }

    /// A document of the console.
    #[track_caller]
    fn document(&self, path: &str) -> Value {
        let request = Request::get(path).header("host", self.console.to_string());
        let response = raw::send(self.console, &request).expect("an answer");
        assert_eq!(response.status, 200, "{path}: {}", response.text());
        response.json()
    }

    /// The live document, once it knows of all that was asked.
    #[track_caller]
    fn live_after(&self, asked: &Asked) -> Value {
        let total = asked.total();
        let mut live = Value::Null;
        until("the console knows of every request", || {
            live = self.document("/api/live");
            let hosts = live["clusters"].as_array().into_iter().flatten();
            let are_healthy = hosts.clone().count() > 0
                && hosts.clone().all(|cluster| {
                    Some(cluster["healthy"].as_u64())
                        == cluster["hosts"].as_array().map(|hosts| hosts.len().try_into().ok())
                });
            live["requests"]["total"] == total
                && live["requests"]["active"] == 0
                && live["log"]["lines"] == total
                && are_healthy
        });
        live
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.log);
    }
}

impl Asked {
    #[track_caller]
    fn ask(&mut self, gateway: &Gateway, request: Request, want: u16) -> Response {
        let response = gateway.request(request);
        assert_eq!(response.status, want, "{}", response.text());
        *self.classes.entry(want / 100).or_default() += 1;
        if want >= 400 {
            self.refused.insert(0, response.header_text("x-request-id").expect("an id"));
        }
        response
    }

    fn total(&self) -> u64 {
        self.classes.values().sum()
    }
}

/// Requests with known outcomes, the hostile one last.
#[track_caller]
fn mixed_requests(gateway: &Gateway) -> Asked {
    let mut asked = Asked::default();
    let login = json!({"username": "alice", "password": "wonderland"});
    let token = asked.ask(gateway, Request::post_json("/auth/login", &login), 200).json();
    let bearer = format!("Bearer {}", token["access_token"].as_str().expect("a token"));
    let as_alice = |path: &str| Request::get(path).header("authorization", &bearer);
    let as_acme = |path: &str| Request::get(path).header("x-api-key", "acme-partner-demo-key");
    for _ in 0..2 {
        asked.ask(gateway, as_alice("/orders"), 200);
        asked.ask(gateway, as_acme("/orders"), 403);
    }
    for _ in 0..4 {
        asked.ask(gateway, as_acme("/products"), 200);
    }
    for _ in 0..3 {
        asked.ask(gateway, Request::get("/orders"), 401);
    }
    asked.ask(gateway, as_alice("/dashboard/alice"), 200);
    let hostile = Request::get(format!("/orders/{HOSTILE}")).header("user-agent", HOSTILE);
    asked.ask(gateway, hostile, 401);
    asked
}

/// Writes the access log to a file, in the form in which it would go to the standard output.
fn log_to_file(config: &mut Value, path: &std::path::Path) {
    let logger = config
        .pointer_mut(
            "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/access_log/0",
        )
        .expect("an access log");
    let format = logger["typed_config"]["log_format"].take();
    *logger = json!({"name": "envoy.access_loggers.file", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
        "path": path.display().to_string(),
        "log_format": format,
    }});
}

#[test]
fn the_numbers_are_those_asked_of_the_gateway() {
    let watched = Watched::start();
    let asked = mixed_requests(&watched.gateway);
    let live = watched.live_after(&asked);

    let class = |class: u16| asked.classes.get(&class).copied().unwrap_or_default();
    assert_eq!(live["requests"]["ok"], class(2), "{}", live["requests"]);
    assert_eq!(live["requests"]["client_errors"], class(4));
    assert_eq!(live["requests"]["server_errors"], 0);
    assert_eq!(live["log"]["unread"], 0);
    assert_eq!(live["gateway"]["answers"], true);

    // Every decision that Envoy counts, and no other.
    let shown: BTreeMap<String, u64> = list(&live["decisions"])
        .map(|one| {
            let text = |name: &str| one[name].as_str().expect("a text").to_owned();
            let stat = format!(
                "wasmcustom.gatehouse_decisions_total.filter={};.code={};.mode={};",
                text("filter"),
                text("code"),
                text("mode")
            );
            (stat, one["total"].as_u64().expect("a number"))
        })
        .collect();
    let counted: BTreeMap<String, u64> = watched
        .gateway
        .stats()
        .into_iter()
        .filter(|(name, count)| name.contains("gatehouse_decisions_total") && *count > 0)
        .collect();
    assert_eq!(shown, counted);
    let missing =
        "wasmcustom.gatehouse_decisions_total.filter=jwt_auth;.code=token_missing;.mode=enforce;";
    assert_eq!(shown[missing], 4);

    // Refusals, with their reasons and the ids that clients got.
    let ids: Vec<&str> =
        list(&live["refusals"]).filter_map(|one| one["request_id"].as_str()).collect();
    assert_eq!(ids, asked.refused);
    let first = &live["refusals"][0];
    assert_eq!(first["path"], HOSTILE_PATH);
    assert_eq!(live["recent"][0]["user_agent"], HOSTILE);
    assert_eq!((&first["filter"], &first["code"]), (&json!("jwt_auth"), &json!("token_missing")));
    let denied = list(&live["refusals"]).find(|one| one["code"] == "no_rule").expect("acme's");
    assert_eq!(denied["caller"], "acme");
    assert!(denied["why"].as_str().is_some_and(|why| !why.is_empty()), "{denied}");

    let consumers: Vec<(&str, &Value)> = list(&live["consumers"]["rows"])
        .map(|row| (row["name"].as_str().expect("a name"), &row["requests"]))
        .collect();
    assert_eq!(consumers, [("acme", &json!(6)), ("alice", &json!(3))]);
    // Four requests for products, of five units each.
    let costs: Vec<&Value> = list(&live["consumers"]["rows"]).map(|row| &row["cost"]).collect();
    assert_eq!(costs, [&json!(20), &Value::Null]);

    let orders = list(&live["limits"]).find(|one| one["rule"] == "orders").expect("a limit");
    assert_eq!(
        (&orders["allowed"], &orders["exceeded"], &orders["limits"]),
        (&json!(2), &json!(0), &json!(["30 in 60s"]))
    );
    let left = list(&live["left"]).find(|one| one["policy"] == "orders").expect("what is left");
    assert_eq!((&left["client"], &left["quota"]), (&json!("alice"), &json!(30)));
    assert!(left["left"].as_u64().is_some_and(|left| (28..30).contains(&left)), "{left}");

    let cache = &live["cache"];
    assert_eq!(
        (&cache["hits"], &cache["lookups"], &cache["ratio"]),
        (&json!(3), &json!(4), &json!(0.75))
    );
    let keys = list(&live["key_sets"]).find(|one| one["provider"] == "demo").expect("keys");
    assert!(keys["fetched"].as_u64() >= Some(1) && keys["age_s"].is_u64(), "{keys}");

    let orders = list(&live["clusters"]).find(|one| one["name"] == "orders").expect("a cluster");
    assert_eq!(orders["healthy"], 2, "{orders}");
    trap::assert_none(&watched.gateway);
}

#[test]
fn the_chain_is_shown_as_configured_and_no_secret_of_it() {
    let watched = Watched::start();
    let mut setup = Value::Null;
    until("the console has asked for the configuration", || {
        setup = watched.document("/api/setup")["setup"].take();
        list(&setup["listeners"]).count() > 0
    });
    let outside = &setup["listeners"][0];
    let ours = list(&outside["filters"]).filter(|one| one["wasm"] == true);
    let filters: Vec<&str> = ours.filter_map(|one| one["kind"].as_str()).collect();
    let guards = ["api-key-auth", "jwt-auth", "authorization", "rate-limit"];
    assert!(filters.windows(4).any(|four| four == guards), "{filters:?}");
    let filter = |kind: &str| {
        list(&outside["filters"]).find(|one| one["kind"] == kind).expect("it is in the chain")
    };
    let rules = list(&filter("authorization")["rules"]);
    let rules: Vec<&str> = rules.filter_map(|one| one["name"].as_str()).collect();
    assert!(rules.starts_with(&["login", "own-record", "users", "dashboard"]), "{rules:?}");
    let routes: Vec<&str> =
        list(&outside["routes"]).filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(routes, ["auth", "dashboard", "users", "orders", "products"]);
    assert_eq!(filter("api-key-auth")["settings"]["consumers"][0]["keys"], json!(["***"]));
    let digest = "7a25f2d0eef2a409489420852076494650d8d0c087f2c0a95cc9cedc68518ae1";
    assert!(watched.gateway.admin("/config_dump").contains(digest), "Envoy shows it");
    assert!(!setup.to_string().contains(digest), "{setup}");
}

#[test]
fn nobody_else_is_answered() {
    let watched = Watched::start();
    let here = watched.console.to_string();
    let evil = "http://evil.example".to_owned();
    for (case, request, want) in [
        (
            "its own page",
            Request::get("/api/live")
                .header("host", &here)
                .header("origin", format!("http://{here}")),
            200,
        ),
        (
            "another name for the address",
            Request::get("/api/live").header("host", "evil.example"),
            421,
        ),
        (
            "another page",
            Request::get("/api/live").header("host", &here).header("origin", evil),
            403,
        ),
        (
            "a page without an origin",
            Request::get("/api/setup").header("host", &here).header("origin", "null"),
            403,
        ),
        ("writing", Request::new("POST", "/api/live").header("host", &here), 405),
        (
            "an address as target",
            Request::get("http://evil.example/api/live").header("host", &here),
            421,
        ),
    ] {
        let response = raw::send(watched.console, &request).expect("an answer");
        assert_eq!(response.status, want, "{case}: {}", response.text());
        assert!(want == 200 || !response.text().contains('{'), "{case}");
        assert_eq!(response.header("access-control-allow-origin"), None, "{case}");
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> + Clone {
    value.as_array().map(Vec::as_slice).unwrap_or_default().iter()
}
