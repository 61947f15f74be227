//! An Envoy that serves one gateway after the other: their listeners and clusters come from files
//! (xDS by the file system), and go before the next ones come.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use serde_json::{Map, Value, json};

use super::builder::{LOG_LEVEL, READY_WITHIN, command, started};
use super::folder::Folder;
use super::{StartError, admin_get, numbers, wait_for};
use crate::envoy::EnvoyBinary;
use crate::example::{self, Example};
use crate::process::Process;
use crate::{raw, workspace};

/// What every host is started with: the demo without its listeners and clusters.
static DEMO: LazyLock<Result<Map<String, Value>>> = LazyLock::new(|| {
    let demo = Example::load(&workspace::root().join("envoy/envoy.yaml"))?.tree().clone();
    let Value::Object(mut demo) = demo else { bail!("the demo is no mapping") };
    demo.remove("static_resources");
    Ok(demo)
});
const LISTENER: &str = "type.googleapis.com/envoy.config.listener.v3.Listener";
const CLUSTER: &str = "type.googleapis.com/envoy.config.cluster.v3.Cluster";
/// How long they may take to go.
const GOES_WITHIN: Duration = Duration::from_secs(10);
/// When all that Envoy has to say of them has been said: it writes its access log every 50 ms.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// What a host is started with, beside what all are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kind {
    concurrency: u32,
    /// `layered_runtime` as JSON.
    runtime: Option<String>,
}

impl Kind {
    /// The kind for a config, with so many workers.
    pub(super) fn of(tree: &Value, concurrency: u32) -> Self {
        Self { concurrency, runtime: tree.get("layered_runtime").map(Value::to_string) }
    }
}

#[derive(Debug)]
pub(super) struct Host {
    process: Process,
    admin: SocketAddr,
    folder: PathBuf,
    kind: Kind,
    /// How many it has served, this one among them.
    served: u64,
    /// The modules that it has compiled, each with a listener that keeps it: V8 forgets code that
    /// no VM has.
    kept: BTreeMap<PathBuf, Value>,
}

impl Host {
    /// Whether the config has nothing beside listeners and clusters that the demo or the kind of a
    /// host has not: what else it has is read at the start only.
    pub(super) fn can_serve(tree: &Value) -> bool {
        let Ok(demo) = &*DEMO else { return false };
        let is_known = |(name, value): (&String, &Value)| match name.as_str() {
            "static_resources" => has_only(value, &["listeners", "clusters"]),
            "admin" => has_only(value, &["address"]),
            "layered_runtime" => true,
            "stats_config" => {
                has_only(value, &["stats_tags", "histogram_bucket_settings"])
                    && is_within(value, demo.get(name))
            }
            _ => demo.get(name) == Some(value),
        };
        let listeners = tree.pointer("/static_resources/listeners").and_then(Value::as_array);
        let mut listeners = listeners.into_iter().flatten();
        tree.as_object().is_some_and(|tree| tree.iter().all(is_known))
            && listeners.all(|listener| listener.get("name").is_some())
    }

    pub(super) fn start(envoy: &EnvoyBinary, kind: Kind) -> Result<Self, StartError> {
        let folder = Folder::create(Path::new("host"))?;
        let config = folder.path().join("envoy.json");
        fs::write(&config, bootstrap(&kind, folder.path())?)
            .with_context(|| format!("cannot write {}", config.display()))?;
        write(folder.path(), "lds", &[])?;
        write(folder.path(), "cds", &[])?;
        let mut command = command(envoy, kind.concurrency, LOG_LEVEL);
        // A listener that goes is gone at once.
        command.args(["--drain-time-s", "0"]).arg("--config-path").arg(&config);
        let (process, admin) = started(command, folder.path(), READY_WITHIN, None)?;
        let folder = folder.keep();
        Ok(Self { process, admin, folder, kind, served: 0, kept: BTreeMap::new() })
    }

    /// Takes the listeners and clusters of a config in, and waits until they are there.
    pub(super) fn serve(&mut self, tree: &Value) -> Result<(), StartError> {
        self.served = self.served.saturating_add(1);
        self.process.forget();
        self.reset_counters()?;
        let mut tree = tree.clone();
        // What VMs share, they share by the names of their VMs.
        gatehouse_config_file::each_vm(&mut tree, &|vm| vm.push_str(&format!(".{}", self.served)));
        let resources = |kind: &str| -> Vec<Value> {
            let all = tree.pointer(&format!("/static_resources/{kind}")).and_then(Value::as_array);
            all.cloned().unwrap_or_default()
        };
        self.keep(&modules(&tree))?;
        let mut listeners: Vec<Value> = self.kept.values().cloned().collect();
        listeners.extend(resources("listeners"));
        write(&self.folder, "cds", &typed(resources("clusters"), CLUSTER))?;
        self.wait_for("cluster_manager.cds", "cluster_manager.warming_clusters")?;
        write(&self.folder, "lds", &typed(listeners, LISTENER))?;
        self.wait_for("listener_manager.lds", "listener_manager.total_listeners_warming")
    }

    fn reset_counters(&self) -> Result<()> {
        let reset = raw::send(self.admin, &raw::Request::new("POST", "/reset_counters"))?;
        if reset.status != 200 {
            bail!("Envoy does not reset its counters: {}", reset.text());
        }
        Ok(())
    }

    /// Keeps these modules from now on.
    fn keep(&mut self, modules: &BTreeSet<PathBuf>) -> Result<()> {
        for module in modules {
            if !self.kept.contains_key(module)
                && let Some(keeper) = keeper(module)?
            {
                self.kept.insert(module.clone(), keeper);
            }
        }
        Ok(())
    }

    /// How many of these modules it need not compile.
    pub(super) fn knows(&self, modules: &BTreeSet<PathBuf>) -> usize {
        modules.iter().filter(|module| self.kept.contains_key(*module)).count()
    }

    /// Lets all go that the last gateway had, and waits until it is gone.
    pub(super) fn forget(&mut self) -> Result<()> {
        if let Some(status) = self.process.exited() {
            bail!("it has ended: {status}");
        }
        let kept: Vec<Value> = self.kept.values().cloned().collect();
        write(&self.folder, "lds", &typed(kept, LISTENER))?;
        write(&self.folder, "cds", &[])?;
        // Two on the main thread and one for each worker.
        let kept_listeners = self.kept.len() as u64;
        let vms = u64::from(self.kind.concurrency).saturating_add(2).saturating_mul(kept_listeners);
        let mut stats = BTreeMap::new();
        let gone = wait_for(GOES_WITHIN, || {
            stats = stats_of(self.admin).ok()?;
            let is = |name: &str, count: u64| stats.get(name).copied().unwrap_or(0) == count;
            (is("listener_manager.total_listeners_active", kept_listeners)
                && is("listener_manager.total_listeners_draining", 0)
                && is("cluster_manager.active_clusters", 0)
                && is("wasm.envoy.wasm.runtime.v8.active", vms))
            .then_some(())
        });
        thread::sleep(LAST_WORDS);
        gone.with_context(|| {
            stats.retain(|name, _| {
                name.starts_with("listener_manager.total") || name.contains("active")
            });
            format!("{vms} VMs and {kept_listeners} listeners should be left: {stats:?}")
        })
    }

    /// Waits until an update has come, and nothing of it is on its way.
    fn wait_for(&mut self, updates: &str, warming: &str) -> Result<(), StartError> {
        let came = wait_for(READY_WITHIN, || {
            if let Some(status) = self.process.exited() {
                self.process.kill();
                return Some(Err(Some(status)));
            }
            let stats = stats_of(self.admin).ok()?;
            let count = |name: &str| stats.get(name).copied().unwrap_or(0);
            if count(&format!("{updates}.update_rejected")) > 0 {
                // Its last lines may not have been read yet.
                thread::sleep(LAST_WORDS);
                return Some(Err(None));
            }
            let there = count(&format!("{updates}.update_success")) > 0 && count(warming) == 0;
            there.then_some(Ok(()))
        });
        let log = self.process.log();
        match came {
            Some(Ok(())) => Ok(()),
            Some(Err(status)) => Err(StartError::Refused { status, log }),
            None => Err(StartError::NotReady { waited: READY_WITHIN, log }),
        }
    }

    pub(super) fn admin(&self) -> SocketAddr {
        self.admin
    }

    pub(super) fn kind(&self) -> &Kind {
        &self.kind
    }

    pub(super) fn process(&self) -> &Process {
        &self.process
    }

    pub(super) fn process_mut(&mut self) -> &mut Process {
        &mut self.process
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.process.kill();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The modules that a config has filters of.
pub(super) fn modules(tree: &Value) -> BTreeSet<PathBuf> {
    example::wasm_filters(tree).into_iter().map(|filter| filter.module.into()).collect()
}

/// What a host of this kind is started with, whose listeners and clusters are in this folder.
fn bootstrap(kind: &Kind, folder: &Path) -> Result<String> {
    let mut fields = DEMO.as_ref().map_err(|fault| anyhow!("{fault:#}"))?.clone();
    let admin = json!({"address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}});
    let resources = json!({
        "lds_config": source(&folder.join("lds.json")),
        "cds_config": source(&folder.join("cds.json")),
    });
    fields.insert("node".to_owned(), json!({"id": "host", "cluster": "sandbox"}));
    fields.insert("admin".to_owned(), admin);
    fields.insert("dynamic_resources".to_owned(), resources);
    if let Some(runtime) = &kind.runtime {
        let runtime = serde_json::from_str(runtime).context("`layered_runtime` is not JSON")?;
        fields.insert("layered_runtime".to_owned(), runtime);
    }
    Ok(Value::Object(fields).to_string())
}

fn has_only(value: &Value, names: &[&str]) -> bool {
    value.as_object().is_some_and(|fields| fields.keys().all(|name| names.contains(&name.as_str())))
}

/// Whether the lists in `value` have nothing that those of `whole` have not.
fn is_within(value: &Value, whole: Option<&Value>) -> bool {
    let items = |value: Option<&Value>| -> BTreeSet<String> {
        let items = value.and_then(Value::as_array).into_iter().flatten();
        items.map(Value::to_string).collect()
    };
    let mut names = value.as_object().into_iter().flat_map(serde_json::Map::keys);
    names.all(|name| {
        items(value.get(name)).is_subset(&items(whole.and_then(|whole| whole.get(name))))
    })
}

fn source(file: &Path) -> Value {
    json!({"resource_api_version": "V3", "path_config_source": {"path": file}})
}

/// Each as an `Any` of this type.
fn typed(mut resources: Vec<Value>, kind: &str) -> Vec<Value> {
    for resource in resources.iter_mut().filter_map(Value::as_object_mut) {
        resource.insert("@type".to_owned(), json!(kind));
    }
    resources
}

/// A whole file at once: Envoy reads it when another takes its place.
fn write(folder: &Path, name: &str, resources: &[Value]) -> Result<()> {
    let file = folder.join(format!("{name}.json"));
    let next = folder.join(format!("{name}.next"));
    let text = json!({"resources": resources}).to_string();
    fs::write(&next, text)
        .and_then(|()| fs::rename(&next, &file))
        .with_context(|| format!("cannot write {}", file.display()))
}

fn stats_of(admin: SocketAddr) -> Result<BTreeMap<String, u64>> {
    let stats = admin_get(admin, "/stats?filter=^(listener_manager|cluster_manager|wasm)\\.")?;
    Ok(numbers(&stats))
}

/// A listener with a VM of this module, configured as in the example that is called like it; `None`
/// where there is none.
fn keeper(module: &Path) -> Result<Option<Value>> {
    let name = module.file_stem().unwrap_or_default().to_string_lossy();
    let Some(mut wasm) = example::shipped_plugin(&name, module)? else { return Ok(None) };
    gatehouse_config_file::each_vm(&mut wasm, &|vm| *vm = format!("keeper.{name}"));
    let manager = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3\
                   .HttpConnectionManager";
    let router = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router";
    Ok(Some(json!({
        "name": format!("keeper of {name}"),
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}},
        "filter_chains": [{"filters": [{
            "name": "envoy.filters.network.http_connection_manager",
            "typed_config": {
                "@type": manager,
                "stat_prefix": "keeper",
                "route_config": {"virtual_hosts": []},
                "http_filters": [
                    {"name": "keeper", "typed_config": wasm},
                    {"name": "envoy.filters.http.router", "typed_config": {"@type": router}},
                ],
            },
        }]}],
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_serves_what_adds_listeners_and_clusters_only() {
        let clusters = json!({"static_resources": {"clusters": []}});
        let with = |name: &str, value: Value| {
            let mut tree = clusters.clone();
            tree[name] = value;
            tree
        };
        let tag = |name: &str| {
            json!({"stats_tags": [{"tag_name": name,
            "regex": format!(r"(\.{name}=([^;]*);)")}]})
        };
        for (case, tree, can) in [
            ("clusters", clusters.clone(), true),
            ("an admin interface", with("admin", json!({"address": {}})), true),
            ("one with a log", with("admin", json!({"access_log_path": "/dev/null"})), false),
            ("a tag that the demo has", with("stats_config", tag("filter")), true),
            ("one of its own", with("stats_config", tag("colour")), false),
            ("a runtime", with("layered_runtime", json!({"layers": []})), true),
            ("secrets", json!({"static_resources": {"secrets": []}}), false),
            ("what comes from elsewhere", with("dynamic_resources", json!({})), false),
            ("no mapping", json!([]), false),
            (
                "a listener without a name",
                json!({"static_resources": {"listeners": [{"address": {}}]}}),
                false,
            ),
        ] {
            assert_eq!(Host::can_serve(&tree), can, "{case}");
        }
    }

    #[test]
    fn every_module_can_be_kept() {
        let filters = workspace::filter_names().unwrap();
        let names = filters.iter().map(String::as_str).chain([example::GATEWAY]);
        for name in names {
            let module = workspace::filters().join(format!("{name}.wasm"));
            let listener = keeper(&module).unwrap().unwrap_or_else(|| panic!("{name}"));
            assert_eq!(modules(&listener), BTreeSet::from([module]), "{name}");
        }
        assert_eq!(keeper(Path::new("/a/unheard-of.wasm")).unwrap(), None);
    }
}
