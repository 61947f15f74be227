//! What is served while things change: another configuration, new VMs, an upstream that is away.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use gatehouse_sandbox::example::Example;
use gatehouse_sandbox::{Gateway, Packaging, workspace};
use serde_json::{Value, json};

use super::origin::{Origin, fresh};
use super::{example, start};
use crate::harness::{configuration, trap, until};

/// A gateway whose listener comes from a file, which can be written anew.
struct Changing {
    gateway: Gateway,
    port: u16,
    folder: PathBuf,
    updates: u64,
}

impl Changing {
    fn start(origin: &Origin) -> Self {
        let name = format!("lds-{}-{}", std::process::id(), origin.address().port());
        let folder = workspace::target().join("sandbox").join(name);
        fs::create_dir_all(&folder).expect("a folder");
        let free = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        write(&folder, &listener(port, |_| {}));
        let file = folder.join("lds.json").display().to_string();
        // The example's own listener stays: the sandbox asks for it. What comes from the file is
        // not bundled, so both have the filter in a module of its own.
        let builder = example(origin.address()).packaging(Packaging::Separate).edit(move |tree| {
            tree["node"] = json!({"id": "test", "cluster": "test"});
            tree["dynamic_resources"] = json!({"lds_config": {
                "resource_api_version": "V3", "path_config_source": {"path": file}}});
        });
        let gateway = start(builder.concurrency(2));
        let changing = Self { gateway, port, folder, updates: 1 };
        changing.wait();
        changing
    }

    /// Another listener of the same name and place.
    fn change(&mut self, edit: impl FnOnce(&mut Value)) {
        write(&self.folder, &listener(self.port, edit));
        self.updates += 1;
        self.wait();
    }

    fn wait(&self) {
        until("the listener is there", || {
            let stats = self.gateway.stats();
            let count = |name: &str| stats.get(name).copied().unwrap_or(0);
            assert_eq!(count("listener_manager.lds.update_rejected"), 0);
            count("listener_manager.lds.update_success") >= self.updates
                && count("listener_manager.total_listeners_warming") == 0
        });
        // New connections go to the new listener as soon as all workers have it.
        thread::sleep(Duration::from_millis(500));
    }

    fn get(&self, path: &str) -> gatehouse_sandbox::raw::Response {
        let to = ([127, 0, 0, 1], self.port).into();
        let request = gatehouse_sandbox::raw::Request::get(path);
        gatehouse_sandbox::raw::send(to, &request).unwrap_or_else(|fault| panic!("{fault}"))
    }
}

impl Drop for Changing {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The example's listener, as a resource of a file.
fn listener(port: u16, edit: impl FnOnce(&mut Value)) -> Value {
    let path = workspace::root().join("envoy/response-cache.yaml");
    let mut example = Example::load(&path).expect("the example");
    edit(example.tree_mut());
    let module = configuration::module(example.tree_mut(), "response-cache");
    *module = json!(workspace::filters().join("response-cache.wasm").display().to_string());
    let mut listener = example.tree()["static_resources"]["listeners"][0].clone();
    listener["@type"] = json!("type.googleapis.com/envoy.config.listener.v3.Listener");
    listener["name"] = json!("changing");
    listener["address"] = json!({"socket_address": {"address": "127.0.0.1", "port_value": port}});
    json!({"version_info": "x", "resources": [listener]})
}

/// Envoy takes notice of a file that is moved to the place.
fn write(folder: &Path, resources: &Value) {
    let new = folder.join("new.json");
    fs::write(&new, resources.to_string()).expect("it can be written");
    fs::rename(new, folder.join("lds.json")).expect("it can be moved");
}

/// What was stored before is served after, without a word to the origin.
#[test]
fn what_is_stored_outlives_another_configuration_and_new_vms() {
    let origin = Origin::start();
    origin.script("l", vec![fresh().field("surrogate-key", "old")]);
    let mut changing = Changing::start(&origin);
    assert_eq!(changing.get("/all/l/a").header_text("x-origin").as_deref(), Some("1"));
    let is_stored = |changing: &Changing, sentence: &str| {
        for _ in 0..4 {
            let response = changing.get("/all/l/a");
            assert_eq!(response.status, 200, "{sentence}");
            assert_eq!(response.header_text("x-origin").as_deref(), Some("1"), "{sentence}");
        }
        assert_eq!(origin.asked("l"), 1, "{sentence}");
    };
    is_stored(&changing, "before");

    changing.change(|tree| {
        let cache = configuration::shipped(tree, "response-cache");
        cache["rules"][0]["freshness"] = json!({"default": "10s"});
    });
    is_stored(&changing, "with another option of the rule");

    changing.change(|tree| {
        // Another configuration of the VM is another VM, with the same shared data.
        let plugin = configuration::plugin_config(tree, "response-cache");
        plugin["vm_config"]["configuration"] = json!({
            "@type": "type.googleapis.com/google.protobuf.StringValue", "value": "another"});
    });
    is_stored(&changing, "with new VMs");

    changing.change(|tree| {
        let cache = configuration::shipped(tree, "response-cache");
        cache["rules"][0]["key"] = json!({"headers": ["x-tenant"]});
    });
    let response = changing.get("/all/l/a");
    assert_eq!(response.status, 200, "with another key nothing is served that was stored without");
    assert_eq!(origin.asked("l"), 2);

    changing.change(|tree| {
        let cache = configuration::shipped(tree, "response-cache");
        cache["rules"][0]["freshness"] = json!({"most": "1s"});
        drop(cache["rules"][0].as_object_mut().expect("a rule").remove("key"));
    });
    assert_eq!(changing.get("/all/l/a").status, 200);
    trap::assert_none(&changing.gateway);
}

/// The upstream has gone, and nobody listens there.
#[test]
fn an_upstream_that_is_down_is_covered_as_far_as_its_words_go() {
    let gateway = start(Gateway::builder("envoy/response-cache.yaml"));
    let rows = [
        ("fresh", "max-age=3600", 200),
        ("stale", "max-age=1", 200),
        ("stale, in its window", "max-age=1,%20stale-if-error=3600", 200),
        ("stale, to be refreshed", "max-age=1,%20stale-while-revalidate=3600", 200),
        ("stale, and not to be used so", "max-age=1,%20must-revalidate", 503),
        ("stale, and not to be used so by proxies", "max-age=1,%20proxy-revalidate", 503),
        ("stale for shared caches", "s-maxage=1", 503),
        ("to be validated", "no-cache", 503),
        ("not stored", "no-store", 503),
        ("private", "private,%20max-age=3600", 503),
    ];
    let path = |control: &str| format!("/echo?header=cache-control:{control}&header=etag:%22a%22");
    for (sentence, control, _) in rows {
        assert_eq!(gateway.get(&path(control), &[]).status, 200, "{sentence}");
    }
    assert!(gateway.upstreams().stop("echo"), "the upstream stops");
    thread::sleep(Duration::from_secs(3));
    for (sentence, control, status) in rows {
        let response = gateway.get(&path(control), &[]);
        assert_eq!(response.status, status, "{sentence}");
        let told = response.header_text("cache-status").unwrap_or_default();
        println!("{sentence}: {status}, {told}");
        if status == 200 {
            assert!(told.contains("hit") || told.contains("fwd=stale"), "{sentence}: {told}");
            assert!(response.header("age").is_some(), "{sentence}");
        }
    }
    assert_eq!(gateway.get("/echo?never", &[]).status, 503, "what was never stored");
    trap::assert_none(&gateway);
}
