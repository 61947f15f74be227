//! A gateway whose listener comes from a file, which can be written anew: what a configuration
//! update does.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use gatehouse_sandbox::example::{Example, Placement};
use gatehouse_sandbox::{Builder, Gateway, Packaging, workspace};
use serde_json::{Value, json};

use super::until;

/// The gateway. The example's own listener is there too: the sandbox asks for it.
pub(crate) struct Changing {
    pub(crate) gateway: Gateway,
    config: &'static str,
    modules: PathBuf,
    address: SocketAddr,
    folder: PathBuf,
    updates: u64,
}

impl Changing {
    /// Starts a builder of this example, with the example's listener as a file has it, changed like
    /// this. The modules are those of the folder, in the packaging that the environment says.
    pub(crate) fn start(
        config: &'static str,
        builder: Builder,
        modules: PathBuf,
        edit: impl FnOnce(&mut Value),
    ) -> Self {
        let free = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let address = free.local_addr().expect("an address");
        drop(free);
        let name = format!("lds-{}-{}", std::process::id(), address.port());
        let folder = workspace::target().join("sandbox").join(name);
        fs::create_dir_all(&folder).expect("a folder");
        let file = folder.join("lds.json").display().to_string();
        replace(&folder.join("lds.json"), &listener(config, &modules, address, edit));
        let builder = builder.edit(move |tree| {
            tree["node"] = json!({"id": "test", "cluster": "test"});
            tree["dynamic_resources"] = json!({"lds_config": {
                "resource_api_version": "V3", "path_config_source": {"path": file}}});
        });
        let gateway = builder.start().unwrap_or_else(|fault| panic!("{fault}"));
        let changing = Self { gateway, config, modules, address, folder, updates: 1 };
        changing.wait();
        changing
    }

    /// Where the listener is.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Another listener of the same name and place.
    pub(crate) fn change(&mut self, edit: impl FnOnce(&mut Value)) {
        let resources = listener(self.config, &self.modules, self.address, edit);
        replace(&self.folder.join("lds.json"), &resources);
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
}

impl Drop for Changing {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The example's listener, as a resource of a file.
fn listener(
    config: &str,
    modules: &Path,
    address: SocketAddr,
    edit: impl FnOnce(&mut Value),
) -> Value {
    let tree = placed(config, modules, address.port(), edit);
    let mut listener = tree["static_resources"]["listeners"][0].clone();
    listener["@type"] = json!("type.googleapis.com/envoy.config.listener.v3.Listener");
    listener["name"] = json!("changing");
    json!({"version_info": "x", "resources": [listener]})
}

/// The example, changed like this, as this process starts it: in the packaging that the environment
/// says, with the modules of the folder, and the port of its first listener.
pub(crate) fn placed(
    config: &str,
    modules: &Path,
    port: u16,
    edit: impl FnOnce(&mut Value),
) -> Value {
    let mut example = Example::load(&workspace::root().join(config)).expect("the example");
    edit(example.tree_mut());
    if Packaging::from_env().expect("a packaging") == Packaging::Gateway {
        example.bundle().expect("filters that can be listed");
    }
    example.place(&Placement {
        port,
        admin_port: 0,
        upstreams: Default::default(),
        filters: modules.to_owned(),
    });
    example.tree().clone()
}

/// Puts resources into a file. Envoy takes notice of one that is moved to the place.
pub(crate) fn replace(file: &Path, resources: &Value) {
    let new = file.with_extension("new");
    fs::write(&new, resources.to_string()).expect("it can be written");
    fs::rename(new, file).expect("it can be moved");
}
