//! The Helm chart, rendered by Helm, in a real Envoy: the files as the kubelet lays them out, with
//! ports, addresses and the places of the modules replaced, and nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use gatehouse_deploy::envoy_config::EnvoyConfig;
use gatehouse_deploy::helm::{Helm, Rendered};
use gatehouse_sandbox::raw::{self, Connection, Request};
use gatehouse_sandbox::{Gateway, Packaging, Upstreams, workspace};
use serde_json::{Value, json};

use crate::ecds::assert_nothing_but_refusals;
use crate::harness::{received, start, trap, until};

const KEY: &str = "acme-demo-key-1";
const DIGEST: &str = "sha256:53c0bbbb0bb4c4b246b3864960657bcb300d500b1599167dabfb3e9372241898";

/// A pod of the chart, without its container.
struct Pod {
    gateway: Gateway,
    folder: PathBuf,
    address: SocketAddr,
    admin: u16,
    versions: u32,
    upstreams: Upstreams,
    helm: Helm,
    files: BTreeMap<String, String>,
}

impl Pod {
    /// Starts the chart with the values of [`values`], changed like this. `None`, which is said, where there is no
    /// Helm.
    fn start(change: impl FnOnce(&mut Value)) -> Option<Self> {
        let helm = match Helm::install(|step| println!("{step}")) {
            Ok(helm) => helm,
            Err(why) => {
                println!("skipped: {why:#}");
                return None;
            }
        };
        let echo = "echo:8000".to_owned();
        let upstreams =
            Upstreams::start(&[echo.clone()].into(), BTreeMap::new()).expect("a demo service");
        let (address, admin) = (free(), free().port());
        let folder = workspace::target().join("sandbox").join(format!("pod-{}", address.port()));
        fs::create_dir_all(folder.join("dynamic")).expect("a folder");
        let mut values = values("first", upstreams.addresses()[&echo]);
        change(&mut values);
        let files = render(&helm, &values);
        let config = EnvoyConfig::of_chart(&files).expect("ConfigMaps");
        lay_out(&folder.join("dynamic"), 1, &config, address);
        let bootstrap = folder.join("envoy.json");
        let text = placed(&config.bootstrap().to_string(), &folder.join("dynamic"));
        fs::write(&bootstrap, text).expect("it can be written");
        let builder = Gateway::builder(&bootstrap)
            .edit(move |tree| {
                let own = "/static_resources/clusters/0/load_assignment/endpoints/0/lb_endpoints/0\
                           /endpoint/address/socket_address/port_value";
                *tree.pointer_mut(own).expect("the cluster of the admin interface") = json!(admin);
            })
            .admin_port(admin)
            // Its listener comes by a file, and stays.
            .alone();
        let gateway = start(builder);
        let pod = Self { gateway, folder, address, admin, versions: 1, upstreams, helm, files };
        until("the listener", || raw::send(pod.address, &Request::get("/")).is_ok());
        Some(pod)
    }

    /// Other values, as the kubelet brings them: a new folder, and one link that leads there.
    fn change(&mut self, change: impl FnOnce(&mut Value)) {
        let mut values = values("first", self.upstreams.addresses()["echo:8000"]);
        change(&mut values);
        let config = EnvoyConfig::of_chart(&render(&self.helm, &values)).expect("ConfigMaps");
        self.versions += 1;
        lay_out(&self.folder.join("dynamic"), self.versions, &config, self.address);
    }

    fn count(&self, end: &str) -> u64 {
        let stats = self.gateway.stats();
        stats.iter().filter(|(name, _)| name.ends_with(end)).map(|(_, count)| count).sum()
    }

    /// The port of probes and metrics.
    fn status(&self, method: &str, path: &str) -> u16 {
        raw::send(self.gateway.address(), &Request::new(method, path)).expect("an answer").status
    }
}

impl Drop for Pod {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn free() -> SocketAddr {
    TcpListener::bind(("127.0.0.1", 0)).and_then(|it| it.local_addr()).expect("a port")
}

fn values(consumer: &str, echo: SocketAddr) -> Value {
    json!({
        "filters": [{"name": "api-key-auth", "config": {
            "consumer_header": "x-consumer",
            "consumers": [{"name": consumer, "keys": [{"digest": DIGEST}]}],
            "default": "key",
        }}],
        "upstreams": [{"name": "echo", "host": echo.ip(), "port": echo.port()}],
        "routes": [{"name": "all", "match": {"prefix": "/"}, "route": {"cluster": "echo"}}],
        "drainSeconds": 1,
    })
}

#[track_caller]
fn render(helm: &Helm, values: &Value) -> BTreeMap<String, String> {
    let rendered = helm.render(&Helm::chart(), std::slice::from_ref(values)).expect("the chart");
    match rendered.into_iter().next() {
        Some(Rendered::Files(files)) => files,
        other => panic!("{other:?}"),
    }
}

/// With the places of this machine.
fn placed(text: &str, dynamic: &Path) -> String {
    text.replace("/etc/envoy/dynamic", &dynamic.display().to_string())
        .replace("/etc/gatehouse/filters", &workspace::filters().display().to_string())
}

/// As the kubelet has a ConfigMap: `lds.json` leads to `..data/lds.json`, and `..data` to a folder
/// of this version.
fn lay_out(folder: &Path, version: u32, config: &EnvoyConfig, address: SocketAddr) {
    let this = format!("..{version}");
    fs::create_dir_all(folder.join(&this)).expect("a folder");
    for (name, resources) in config.dynamic() {
        let mut resources = resources.clone();
        if name == "lds.json" {
            resources["resources"][0]["address"]["socket_address"] =
                json!({"address": address.ip(), "port_value": address.port()});
        }
        let text = placed(&resources.to_string(), folder);
        fs::write(folder.join(&this).join(name), text).expect("it can be written");
        let _ = symlink(Path::new("..data").join(name), folder.join(name));
    }
    let next = folder.join("..data_next");
    symlink(&this, &next).expect("a link");
    fs::rename(next, folder.join("..data")).expect("it can be moved");
}

#[test]
fn a_pod_guards_takes_changes_without_a_restart_and_drains() {
    let Some(mut pod) = Pod::start(|_| {}) else { return };
    let with_key = Request::get("/orders").header("x-api-key", KEY);

    // It comes up.
    assert!(run(&pod, "startupProbe"));

    // It guards.
    let refused = raw::send(pod.address, &Request::get("/orders")).expect("an answer");
    assert_eq!(refused.status, 401, "{}", refused.text());
    assert_eq!(refused.json()["code"], "api_key_auth.key_missing");
    let passed = raw::send(pod.address, &with_key).expect("an answer");
    assert_eq!((passed.status, received(&passed, "x-consumer")), (200, vec!["first".to_owned()]));

    // Probes and metrics are there, and nothing else of the admin interface.
    for (method, path, status) in [
        ("GET", "/ready", 200),
        ("GET", "/live", 200),
        ("GET", "/stats/prometheus", 200),
        ("POST", "/ready", 404),
        ("POST", "/quitquitquit", 404),
        ("GET", "/quitquitquit", 404),
        ("GET", "/config_dump", 404),
        ("GET", "/stats", 404),
    ] {
        assert_eq!(pod.status(method, path), status, "{method} {path}");
    }
    let metrics = raw::send(pod.gateway.address(), &Request::get("/stats/prometheus"));
    let metrics = metrics.expect("an answer").text();
    let told = "gatehouse_decisions_total{filter=\"api_key_auth\",code=\"key_missing\"";
    assert!(metrics.contains(told), "the labels are labels");

    // Another configuration, on a connection that stays.
    let mut connection = Connection::open(pod.address).expect("a connection");
    assert_eq!(connection.send(&with_key).expect("an answer").status, 200);
    pod.change(|values| {
        values["filters"][0]["config"]["consumers"][0]["name"] = json!("second");
    });
    until("another consumer", || {
        let response = connection.send(&with_key).expect("the connection stays");
        assert_eq!(response.status, 200, "{}", response.text());
        received(&response, "x-consumer") == ["second"]
    });

    // Another route, on the same connection.
    pod.change(|values| {
        values["filters"][0]["config"]["consumers"][0]["name"] = json!("second");
        values["routes"] = json!([{"match": {"prefix": "/"}, "direct_response": {"status": 418}}]);
    });
    until("another route", || {
        connection.send(&with_key).expect("the connection stays").status == 418
    });

    // One that the filter refuses: the last good one stays, and it is counted.
    let refused = pod.count(".config_fail") + pod.count(".update_rejected");
    pod.change(|values| values["filters"][0]["config"]["consumer"] = json!([]));
    until("it is refused", || pod.count(".config_fail") + pod.count(".update_rejected") > refused);
    assert_eq!(raw::send(pod.address, &Request::get("/")).expect("an answer").status, 401);

    // It drains: not ready, alive, and who is there is answered and told to go.
    assert!(run(&pod, "lifecycle/preStop"));
    assert_eq!((pod.status("GET", "/ready"), pod.status("GET", "/live")), (503, 200));
    let last = connection.send(&with_key).expect("an answer");
    assert_eq!(last.header_text("connection").as_deref(), Some("close"));
    assert_nothing_but_refusals(&pod.gateway);
}

/// The list of capabilities in Istio's manifest, in this Envoy.
#[test]
fn what_the_envoy_filter_allows_is_all_that_the_filter_needs() {
    let manifest = workspace::root().join("deploy/istio/envoy-filter/body-transform.yaml");
    let manifest = fs::read_to_string(manifest).expect("a manifest");
    let manifest: Value = serde_saphyr::from_str(&manifest).expect("one document");
    let config = &manifest["spec"]["configPatches"][1]["patch"]["value"]["typed_config"]["config"];
    assert_eq!(config["allow_on_headers_stop_iteration"], true);
    let allowed = config["capability_restriction_config"].clone();
    let builder = Gateway::builder("envoy/body-transform.yaml")
        // The list is that of this module.
        .packaging(Packaging::Separate)
        .edit(move |tree| {
            let filter = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config\
                          /http_filters/0/typed_config/config";
            let config = tree.pointer_mut(filter).expect("the filter");
            config["capability_restriction_config"] = allowed;
        });
    let gateway = start(builder);
    let note = json!({"authorName": "Alice", "attachments": [{"internalId": 1, "name": "a"}]});
    let response = gateway.request(Request::post_json("/notes", &note).header("x-tenant", "acme"));
    assert_eq!(response.status, 200, "{}", response.text());
    // The head waited for the body, and the answer was transformed.
    assert_eq!(received(&response, "x-author"), ["Alice"]);
    let names: Vec<String> =
        response.json().as_object().expect("an object").keys().cloned().collect();
    assert_eq!(names, ["headers", "length", "method", "path"]);
    trap::assert_none(&gateway);
}

/// Envoy says that it is ready, and would answer 500.
#[test]
fn a_pod_whose_filter_refuses_its_configuration_does_not_come_up() {
    let bad = |values: &mut Value| values["filters"][0]["config"]["consumer"] = json!([]);
    let Some(pod) = Pod::start(bad) else { return };
    assert_eq!(pod.status("GET", "/ready"), 200);
    assert!(!run(&pod, "startupProbe"));
    assert_eq!(raw::send(pod.address, &Request::get("/")).expect("an answer").status, 500);
    assert_nothing_but_refusals(&pod.gateway);
}

/// Runs a command of the rendered Deployment, with the port of this admin interface: whether it ends
/// well.
#[track_caller]
fn run(pod: &Pod, what: &str) -> bool {
    let deployment: Value =
        serde_saphyr::from_str(&pod.files["deployment.yaml"]).expect("a Deployment");
    let words = format!("/spec/template/spec/containers/0/{what}/exec/command");
    let words = deployment.pointer(&words).expect("a command").clone();
    let words: Vec<String> = serde_json::from_value(words).expect("words");
    let own = format!("/127.0.0.1/{}", pod.admin);
    let words: Vec<String> =
        words.iter().map(|word| word.replace("/127.0.0.1/9901", &own)).collect();
    Command::new(&words[0]).args(&words[1..]).status().expect("it can be run").success()
}
