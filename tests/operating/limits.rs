//! A limit that changes while requests and WebSockets are under way, in the two ways in which Envoy
//! takes a filter's configuration from elsewhere.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use gatehouse_sandbox::raw::{self, Connection, Request};
use gatehouse_sandbox::{Gateway, workspace};
use serde_json::{Value, json};

use super::traffic::Traffic;
use crate::harness::changing::{self, Changing};
use crate::harness::upstream::{Said, Upstream};
use crate::harness::{configuration, trap, until};

const CONFIG: &str = "envoy/rate-limit.yaml";

/// How long a listener that is replaced has for those who are there.
const DRAIN: &str = "2";

/// One Envoy: its own listener finds the filter by ECDS, and another listener comes by LDS with the
/// filter in it.
#[test]
fn a_limit_changes_without_a_wrong_answer_and_only_a_new_listener_cuts_websockets() {
    let upstream = Upstream::start();
    upstream.answer_by(|request| match request.header("upgrade") {
        Some(_) => Said { bytes: SWITCHED.to_vec(), ..Said::default() },
        None => Said::response(200, "text/plain", "", ""),
    });
    let discovered = Discovered::create();
    let file = discovered.file().display().to_string();
    let builder = Gateway::builder(CONFIG)
        .concurrency(2)
        .upstream("echo:8000", upstream.address())
        .arg("--drain-time-s")
        .arg(DRAIN)
        .edit(move |tree| {
            let manager = manager(tree);
            manager["http_filters"][0] = json!({"name": "limits", "config_discovery": {
                "config_source": {"resource_api_version": "V3", "path_config_source": {"path": file}},
                "type_urls": [WASM],
            }});
            allow_websockets(tree);
        });
    let mut changing = Changing::start(CONFIG, builder, workspace::filters(), limited(OLD));
    let (by_ecds, by_lds) = (changing.gateway.address(), changing.address());

    let mut socket = websocket(by_ecds);
    let change = || discovered.change(&changing.gateway);
    assert_changes("ECDS", by_ecds, change);
    thread::sleep(Duration::from_secs(4));
    assert_eq!(ping(&mut socket), Ok(200), "ECDS: twice the time of a drain later");

    let mut socket = websocket(by_lds);
    assert_changes("LDS", by_lds, || changing.change(limited(NEW)));
    until("LDS: the WebSocket is cut", || ping(&mut socket).is_err());
    assert_eq!(ping(&mut websocket(by_lds)), Ok(200), "LDS: another one is opened");

    // It is about to be replaced itself: whoever asks for its health is told, whoever has a connection
    // is sent to another, and nobody is turned away.
    let admin = changing.gateway.admin_address();
    let drained = raw::send(admin, &Request::new("POST", "/healthcheck/fail")).expect("an answer");
    assert_eq!(drained.status, 200, "{}", drained.text());
    let ready = raw::send(admin, &Request::get("/ready")).expect("an answer");
    assert_eq!(ready.status, 503, "{}", ready.text());
    let last = changing.gateway.get("/orders", &[]);
    assert_eq!(last.status, 200, "{}", last.text());
    assert_eq!(last.header_text("connection").as_deref(), Some("close"));
    trap::assert_none(&changing.gateway);
}

/// How many requests a minute: before, and after.
const OLD: u32 = 1_000_000;
const NEW: u32 = 2_000_000;

/// Clients ask all the time; each is told the one limit, and from some answer on the other.
#[track_caller]
fn assert_changes(case: &str, to: SocketAddr, change: impl FnOnce()) {
    let traffic = Traffic::start(to);
    traffic.wait_for(case, &policy(OLD));
    change();
    traffic.wait_for(case, &policy(NEW));
    for answers in traffic.end() {
        let wrong: Vec<_> = answers.iter().filter(|answer| answer.is_err()).collect();
        assert!(wrong.is_empty(), "{case}: {} of {}: {:?}", wrong.len(), answers.len(), wrong[0]);
        let told: Vec<&String> = answers.iter().flatten().collect();
        let mut limits = told.clone();
        limits.dedup();
        assert_eq!(limits, [&policy(OLD), &policy(NEW)], "{case}: {} answers", told.len());
    }
}

fn policy(requests: u32) -> String {
    format!("\"orders\";q={requests};w=60")
}

/// The example with another limit, and WebSockets.
fn limited(requests: u32) -> impl FnOnce(&mut Value) {
    move |tree| {
        let limits = configuration::shipped(tree, "rate-limit");
        limits["rules"][0]["limits"][0]["requests"] = requests.into();
        allow_websockets(tree);
    }
}

fn allow_websockets(tree: &mut Value) {
    manager(tree)["upgrade_configs"] = json!([{"upgrade_type": "websocket"}]);
}

fn manager(tree: &mut Value) -> &mut Value {
    let manager = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";
    tree.pointer_mut(manager).expect("a connection manager")
}

const WASM: &str = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm";

/// The file in which Envoy finds the filter that its listener names.
struct Discovered {
    folder: PathBuf,
}

impl Discovered {
    fn create() -> Self {
        let name = format!("ecds-{}", std::process::id());
        let folder = workspace::target().join("sandbox").join(name);
        fs::create_dir_all(&folder).expect("a folder");
        let discovered = Self { folder };
        discovered.write(OLD);
        discovered
    }

    fn file(&self) -> PathBuf {
        self.folder.join("limits.json")
    }

    /// Writes the new limit, and waits until Envoy has taken it.
    fn change(&self, gateway: &Gateway) {
        self.write(NEW);
        until("the filter has changed", || {
            let stats = gateway.stats();
            let count = |name: &str| {
                let name = format!("extension_config_discovery.http_filter.limits.{name}");
                stats.iter().find(|(this, _)| this.ends_with(&name)).map_or(0, |(_, count)| *count)
            };
            assert_eq!(count("config_fail"), 0);
            count("config_reload") >= 2
        });
    }

    fn write(&self, requests: u32) {
        let modules: &Path = &workspace::filters();
        let tree = changing::placed(CONFIG, modules, 0, limited(requests));
        let filter = tree
            .pointer("/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/http_filters/0")
            .expect("the filter");
        let resource = json!({
            "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
            "name": "limits", "typed_config": filter["typed_config"],
        });
        changing::replace(&self.file(), &json!({"version_info": "x", "resources": [resource]}));
    }
}

impl Drop for Discovered {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

const SWITCHED: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\n\
    upgrade: websocket\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// A connection that has become one (RFC 6455 §4).
#[track_caller]
fn websocket(to: SocketAddr) -> Connection {
    let mut connection = Connection::open(to).expect("a connection");
    let handshake = Request::get("/orders")
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    let response = connection.send(&handshake).expect("an answer");
    assert_eq!(response.status, 101, "{}", response.text());
    assert_eq!(ping(&mut connection), Ok(200));
    connection
}

/// Bytes there and back. To the gateway it is all one what they are: to the upstream of this case
/// they are a request.
fn ping(socket: &mut Connection) -> Result<u16, String> {
    let answer = socket.send(&Request::get("/ping"));
    answer.map(|answer| answer.status).map_err(|fault| fault.to_string())
}
