//! Filters that come by ECDS, as Istio sends them: each a resource of its own beside the listener,
//! its configuration JSON in a `StringValue`, the plugin called `NAMESPACE.NAME`, without a `vm_id`.
//! Two listeners have the same one.
//!
//! The resources come from a file here and from a stream there; Envoy treats both alike.

mod plugin;

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use gatehouse_sandbox::raw::{Connection, Request, Response};
use gatehouse_sandbox::{Builder, Gateway, workspace};
use serde_json::{Value, json};

use crate::harness::{received, start, trap, until};
use plugin::{extension, list_of_filters};

const CONFIG: &str = "envoy/api-key-auth.yaml";
const KEY: &str = "acme-demo-key-1";
const DIGEST: &str = "sha256:53c0bbbb0bb4c4b246b3864960657bcb300d500b1599167dabfb3e9372241898";

/// Two listeners whose filter comes from a file.
struct Discovered {
    gateway: Gateway,
    name: &'static str,
    folder: PathBuf,
    /// How often another configuration was taken, by each listener.
    taken: u64,
}

impl Discovered {
    /// Starts them on this resource.
    fn start(name: &'static str, resource: &Value, change: impl FnOnce(&mut Value)) -> Self {
        let folder =
            workspace::target().join("sandbox").join(format!("ecds-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        write(&folder, &[resource.clone()]);
        let file = folder.join("ecds.json");
        let mut discovery = json!({
            "config_source": {
                "resource_api_version": "V3",
                // As Istio has it: nothing passes before the filter is there.
                "initial_fetch_timeout": "0s",
                "path_config_source": {"path": file},
            },
            "type_urls": [
                "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
                "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC",
            ],
        });
        change(&mut discovery);
        let filter = json!({"name": name, "config_discovery": discovery});
        let builder = Gateway::builder(CONFIG).edit(move |tree| {
            tree["node"] = json!({"id": "test", "cluster": "test"});
            list_of_filters(tree)[0] = filter;
            let mut second = tree["static_resources"]["listeners"][0].clone();
            second["name"] = json!("second");
            tree["static_resources"]["listeners"].as_array_mut().expect("a list").push(second);
        });
        let gateway = start(alone(builder));
        let mut discovered = Self { gateway, name, folder, taken: 0 };
        discovered.taken = discovered.count("update_success");
        discovered
    }

    /// The first listener and the second.
    fn addresses(&self) -> [SocketAddr; 2] {
        [self.gateway.address(), self.gateway.listener("second").expect("a second listener")]
    }

    /// A counter of the filter's subscription.
    fn count(&self, what: &str) -> u64 {
        let end = format!(".{}.{what}", self.name);
        let stats = self.gateway.stats();
        let is_of_it =
            |name: &str| name.contains("extension_config_discovery.") && name.ends_with(&end);
        stats.iter().filter(|(name, _)| is_of_it(name)).map(|(_, count)| count).sum()
    }

    /// Takes another resource in, and waits until both listeners have it.
    fn change(&mut self, resource: &Value) {
        write(&self.folder, &[resource.clone()]);
        self.taken += 1;
        until("another configuration", || self.count("update_success") >= self.taken);
    }
}

impl Drop for Discovered {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// What is discovered once stays known to an Envoy: its counters are what these cases ask for.
fn alone(builder: Builder) -> Builder {
    builder.concurrency(2).alone()
}

/// A whole file at once, as Envoy takes notice of it.
fn write(folder: &std::path::Path, resources: &[Value]) {
    let next = folder.join("next.json");
    fs::write(&next, json!({"resources": resources}).to_string()).expect("it can be written");
    fs::rename(next, folder.join("ecds.json")).expect("it can be moved");
}

/// One of two configurations: the same key is another consumer's in each, and each has its own words
/// for who has none.
fn keys(consumer: &str) -> Value {
    json!({
        "consumer_header": "x-consumer",
        "realm": consumer,
        "consumers": [{"name": consumer, "keys": [{"digest": DIGEST}]}],
        "default": "key",
    })
}

/// Who it was for the upstream, or whose words refused it.
fn answer(response: &Response) -> Result<String, String> {
    let realm = response.header_text("www-authenticate").unwrap_or_default();
    match response.status {
        200 => Ok(format!("passed as {}", received(response, "x-consumer").join(","))),
        401 => Ok(format!("refused by {realm}")),
        other => Err(format!("{other} {}", response.text())),
    }
}

fn ask(to: SocketAddr, key: Option<&str>) -> Response {
    let request = Request::get("/orders");
    let request = match key {
        Some(key) => request.header("x-api-key", key),
        None => request,
    };
    gatehouse_sandbox::raw::send(to, &request).expect("an answer")
}

#[test]
fn fifty_updates_under_load_give_no_wrong_answer() {
    let plugin = |consumer: &str| extension("api-key-auth", "default.keys", &keys(consumer));
    let (first, second) = (plugin("first"), plugin("second"));
    let mut discovered = Discovered::start("default.keys", &first, |_| {});
    let addresses = discovered.addresses();
    // All that either configuration says to each of three clients.
    let expected = |key: Option<&str>| -> Vec<String> {
        ["first", "second"]
            .map(|consumer| match key {
                Some(KEY) => format!("passed as {consumer}"),
                _ => format!("refused by ApiKey realm=\"{consumer}\""),
            })
            .to_vec()
    };
    let (is_over, answers) = (AtomicBool::new(false), AtomicUsize::new(0));
    let seen: Vec<BTreeMap<String, usize>> = thread::scope(|scope| {
        let clients: Vec<_> = (0..6)
            .map(|number: usize| {
                let (is_over, answers) = (&is_over, &answers);
                let key = [Some(KEY), Some("no-key-of-anybody"), None][number % 3];
                let address = addresses[number / 3];
                scope.spawn(move || {
                    let mut seen = BTreeMap::new();
                    let mut connection = Connection::open(address).expect("a connection");
                    while !is_over.load(Ordering::SeqCst) {
                        let request = Request::get("/orders");
                        let request = match key {
                            Some(key) => request.header("x-api-key", key),
                            None => request,
                        };
                        // The connection stays whatever is changed: only a listener that goes
                        // takes its connections with it.
                        let response = connection.send(&request).expect("the connection stays");
                        let told = answer(&response).unwrap_or_else(|wrong| wrong);
                        assert!(expected(key).contains(&told), "{key:?}: {told}");
                        *seen.entry(told).or_default() += 1;
                        answers.fetch_add(1, Ordering::SeqCst);
                    }
                    seen
                })
            })
            .collect();
        let all_stand = || clients.iter().all(|client| !client.is_finished());
        for turn in 0..50 {
            let before = answers.load(Ordering::SeqCst);
            let (now, consumer) =
                if turn % 2 == 0 { (&second, "second") } else { (&first, "first") };
            discovered.change(now);
            // Both listeners have it by now, also for connections that are new.
            for address in addresses {
                until("the new configuration", || {
                    answer(&ask(address, Some(KEY))) == Ok(format!("passed as {consumer}"))
                });
            }
            until("requests of each turn", || {
                answers.load(Ordering::SeqCst) > before + 6 || !all_stand()
            });
        }
        is_over.store(true, Ordering::SeqCst);
        clients.into_iter().map(|client| client.join().expect("no wrong answer")).collect()
    });
    for client in &seen {
        assert_eq!(client.len(), 2, "each client has met both configurations: {client:?}");
    }
    assert_eq!(discovered.count("config_fail"), 0);
    trap::assert_none(&discovered.gateway);
}

#[test]
fn what_is_refused_or_removed_leaves_the_last_one_on_guard() {
    let good = extension("api-key-auth", "default.guard", &keys("first"));
    let mut discovered = Discovered::start("default.guard", &good, |_| {});
    let guarded = |discovered: &Discovered, case: &str, consumer: &str| {
        for address in discovered.addresses() {
            let refused = format!("refused by ApiKey realm=\"{consumer}\"");
            assert_eq!(answer(&ask(address, None)), Ok(refused), "{case}");
            let passed = format!("passed as {consumer}");
            assert_eq!(answer(&ask(address, Some(KEY))), Ok(passed), "{case}");
        }
    };
    guarded(&discovered, "at the start", "first");
    let mut unreadable = keys("second");
    unreadable["consumer"] = json!([]);
    let mut without_code = extension("api-key-auth", "default.guard", &keys("second"));
    without_code["typed_config"]["config"]["vm_config"]["code"]["local"]["filename"] =
        json!("/nowhere.wasm");
    for (case, resources) in [
        (
            "a field that is not known",
            vec![extension("api-key-auth", "default.guard", &unreadable)],
        ),
        ("no file", vec![without_code]),
        ("no resource", vec![]),
        ("another's resource", vec![extension("api-key-auth", "default.other", &keys("second"))]),
    ] {
        let bad = || discovered.count("config_fail") + discovered.count("update_rejected");
        let before = bad();
        write(&discovered.folder, &resources);
        until(case, || bad() > before);
        guarded(&discovered, case, "first");
    }
    discovered.change(&extension("api-key-auth", "default.guard", &keys("third")));
    guarded(&discovered, "after all that", "third");
    assert_nothing_but_refusals(&discovered.gateway);
}

/// No trap: a configuration that a filter refuses is told in the same words as a VM that is lost, but
/// for these.
#[track_caller]
pub(crate) fn assert_nothing_but_refusals(gateway: &Gateway) {
    let mut signs = trap::signs(gateway);
    signs.retain(|sign| !sign.contains("failed to load"));
    assert!(signs.is_empty(), "{signs:#?}");
}

/// Where the first configuration is refused, Envoy answers for the filter until there is another.
#[test]
fn before_the_first_configuration_nobody_passes() {
    let unreadable = extension("api-key-auth", "default.late", &json!({"consumer": []}));
    let deny = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC",
        // No policy allows anything.
        "rules": {"action": "ALLOW"},
    });
    for (case, limit, default, status) in [
        ("no default", "0.1s", None, 500),
        ("no default, as Istio and the chart have it", "0s", None, 500),
        ("a default that denies", "0.1s", Some(deny), 403),
    ] {
        let mut discovered = Discovered::start("default.late", &unreadable, |discovery| {
            discovery["config_source"]["initial_fetch_timeout"] = json!(limit);
            if let Some(default) = default {
                discovery["default_config"] = default;
                discovery["apply_default_config_without_warming"] = json!(true);
            }
        });
        for address in discovered.addresses() {
            for key in [None, Some(KEY)] {
                assert_eq!(ask(address, key).status, status, "{case}, {key:?}");
            }
        }
        let before = discovered.count("update_success");
        discovered.taken = before;
        discovered.change(&extension("api-key-auth", "default.late", &keys("first")));
        for address in discovered.addresses() {
            assert_eq!(
                answer(&ask(address, Some(KEY))),
                Ok("passed as first".to_owned()),
                "{case}"
            );
        }
    }
}

/// What two plugins count, they count together wherever their VMs have one `vm_id`: in Istio that is
/// every plugin of a proxy, as none has one.
#[test]
fn plugins_of_one_vm_id_share_what_they_count() {
    let one_an_hour = json!({"rules": [{"key": [], "limits": [{"requests": 1, "window": "1h"}]}]});
    for (case, name, vm_id, second) in [
        ("the same plugin in two listeners", "default.limit", None, 429),
        ("another name", "default.other", None, 429),
        ("another vm_id", "default.limit", Some("apart"), 200),
    ] {
        let plugin = |name: &str, vm_id: Option<&str>| {
            let mut plugin = extension("rate-limit", name, &one_an_hour)["typed_config"].take();
            if let Some(vm_id) = vm_id {
                plugin["config"]["vm_config"]["vm_id"] = json!(vm_id);
            }
            json!({"name": name, "typed_config": plugin})
        };
        let plugins = [plugin("default.limit", None), plugin(name, vm_id)];
        let builder = Gateway::builder(CONFIG).edit(move |tree| {
            let mut both = [tree["static_resources"]["listeners"][0].clone(), json!(null)];
            both[1] = both[0].clone();
            both[1]["name"] = json!("second");
            for (listener, plugin) in both.iter_mut().zip(plugins) {
                *plugin::filters_of(listener).get_mut(0).expect("a filter") = plugin;
            }
            tree["static_resources"]["listeners"] = json!(both);
        });
        let gateway = start(builder.alone());
        let other = gateway.listener("second").expect("a second listener");
        let statuses = [ask(gateway.address(), None).status, ask(other, None).status];
        assert_eq!(statuses, [200, second], "{case}");
        trap::assert_none(&gateway);
    }
}
