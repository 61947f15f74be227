//! An example config under `envoy/`, as a tree that can be looked into and changed.

mod bundle;
mod render;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use gatehouse_config_file::{Format, each_module, read, whole};
use serde_json::Value;

use crate::workspace;

pub use bundle::bundle;
pub use gatehouse_config_file::{EnvironmentVariables, GATEWAY, WasmFilter, wasm_filters};
pub use render::Placement;

/// A parsed example config.
#[derive(Debug, Clone)]
pub struct Example {
    path: PathBuf,
    tree: Value,
}

impl Example {
    /// Reads the file as Envoy does: one called `.yaml` or `.yml` is YAML, any other JSON.
    ///
    /// # Errors
    /// When it cannot be read or is not what its name says, or has a name twice.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let format = Format::of(path);
        let document = read(&text, format).with_context(|| match format {
            Format::Yaml => format!("{} is not valid YAML", path.display()),
            Format::Json => {
                let what = "is not valid JSON, which Envoy reads where a name does not end in";
                format!("{} {what} .yaml", path.display())
            }
        })?;
        let tree = document.tree;
        Ok(Self { path: path.to_owned(), tree })
    }

    /// The file it was read from.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether this is a config that Envoy can be started with, rather than a piece of one or
    /// another tool's file.
    #[must_use]
    pub fn is_bootstrap(&self) -> bool {
        self.tree.get("static_resources").is_some() || self.tree.get("dynamic_resources").is_some()
    }

    /// The config as a tree.
    #[must_use]
    pub fn tree(&self) -> &Value {
        &self.tree
    }

    /// The config as a tree, to be changed.
    pub fn tree_mut(&mut self) -> &mut Value {
        &mut self.tree
    }

    /// Every wasm filter in the config, wherever it is (also inside a composite filter), in list
    /// order.
    #[must_use]
    pub fn filters(&self) -> Vec<WasmFilter> {
        wasm_filters(&self.tree)
    }

    /// The upstreams that the clusters name, as `host:port`.
    #[must_use]
    pub fn upstreams(&self) -> BTreeSet<String> {
        render::upstreams(&self.tree)
    }

    /// Whether a cluster leads to the first listener, by the address of this machine.
    #[must_use]
    pub fn leads_to_itself(&self) -> bool {
        render::leads_to_itself(&self.tree)
    }

    /// The names of the static listeners that have a port, in file order; a listener without a
    /// name gives an empty one.
    #[must_use]
    pub fn listeners(&self) -> Vec<String> {
        let listeners = self.tree.pointer("/static_resources/listeners").and_then(Value::as_array);
        let has_port = |listener: &&Value| listener.pointer("/address/socket_address").is_some();
        let name = |listener: &Value| {
            listener.get("name").and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        listeners.map(|all| all.iter().filter(has_port).map(name).collect()).unwrap_or_default()
    }

    /// Makes every run of Gatehouse's filters one `gateway`: see [`bundle()`].
    ///
    /// # Errors
    /// When the filters of this clone cannot be listed.
    pub fn bundle(&mut self) -> Result<()> {
        bundle(&mut self.tree, &workspace::filter_names()?);
        Ok(())
    }

    /// Replaces ports, upstream addresses and module paths, and nothing else.
    pub fn place(&mut self, placement: &Placement) {
        render::place(&mut self.tree, placement);
    }

    /// Writes the config where Envoy can read it. As JSON: every JSON file is a YAML file that says
    /// the same, and quoting cannot change a value on the way.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let text =
            serde_json::to_string_pretty(&self.tree).context("cannot write the config as JSON")?;
        std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
    }
}

/// The wasm filter that the example of this name has, or one of `gateway.wasm`, with the module at
/// another place. `None` where there is no such example.
///
/// # Errors
/// When the example cannot be read.
pub(crate) fn shipped_plugin(name: &str, module: &Path) -> Result<Option<Value>> {
    // Any filter is a gateway of one.
    let example = if name == GATEWAY { "header-transform" } else { name };
    let path = workspace::root().join(format!("envoy/{example}.yaml"));
    if !path.is_file() {
        return Ok(None);
    }
    let mut example = Example::load(&path)?;
    if name == GATEWAY {
        example.bundle()?;
    }
    let mut plugin = whole(&example.tree, name).cloned();
    if let Some(plugin) = &mut plugin {
        each_module(plugin, &|path| *path = module.display().to_string());
    }
    Ok(plugin)
}
