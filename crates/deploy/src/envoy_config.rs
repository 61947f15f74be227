//! Envoy's configuration in what the chart has made: a bootstrap, and files of resources that it
//! names.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::kustomize::data;

/// The files, by their names.
#[derive(Debug, Clone)]
pub struct EnvoyConfig {
    bootstrap: Value,
    dynamic: BTreeMap<String, Value>,
}

impl EnvoyConfig {
    /// Those in the ConfigMaps of a rendered chart.
    ///
    /// # Errors
    /// One is missing, or is not JSON.
    pub fn of_chart(files: &BTreeMap<String, String>) -> Result<Self> {
        let read = |file: &str| -> Result<BTreeMap<String, Value>> {
            let text = files.get(file).with_context(|| format!("the chart has no {file}"))?;
            let parsed = |(name, text): (String, String)| {
                let value = serde_json::from_str(&text);
                Ok((name.clone(), value.with_context(|| format!("{name} is not JSON"))?))
            };
            data(text).into_iter().map(parsed).collect()
        };
        let bootstrap = read("configmap-bootstrap.yaml")?.remove("envoy.json");
        let bootstrap = bootstrap.context("the bootstrap has no envoy.json")?;
        Ok(Self { bootstrap, dynamic: read("configmap.yaml")? })
    }

    /// What Envoy is started with.
    #[must_use]
    pub fn bootstrap(&self) -> &Value {
        &self.bootstrap
    }

    /// What it reads again.
    #[must_use]
    pub fn dynamic(&self) -> &BTreeMap<String, Value> {
        &self.dynamic
    }

    /// All in one file, each where another is named: what a file that nothing changes would have.
    #[must_use]
    pub fn as_one(&self) -> Value {
        let mut tree = self.bootstrap.clone();
        if let Some(fields) = tree.as_object_mut() {
            fields.remove("dynamic_resources");
        }
        for (list, file) in [("listeners", "lds.json"), ("clusters", "cds.json")] {
            let mut all = self.resources(file);
            all.iter_mut().for_each(|resource| self.fill(resource));
            if let Some(list) = tree.pointer_mut(&format!("/static_resources/{list}"))
                && let Some(list) = list.as_array_mut()
            {
                list.extend(all);
            }
        }
        tree
    }

    /// The resources of a file, without their types.
    fn resources(&self, file: &str) -> Vec<Value> {
        let all = self.dynamic.get(file).and_then(|file| file.get("resources"));
        let mut all = all.and_then(Value::as_array).cloned().unwrap_or_default();
        for resource in all.iter_mut().filter_map(Value::as_object_mut) {
            resource.remove("@type");
        }
        all
    }

    /// Puts what comes from other files into its place.
    fn fill(&self, tree: &mut Value) {
        if let Some(fields) = tree.as_object_mut() {
            if fields.remove("rds").is_some() {
                let routes = self.resources("rds.json").into_iter().next();
                fields.insert("route_config".to_owned(), routes.unwrap_or_default());
            }
            if let Some(discovered) = fields.get("config_discovery").and_then(path_of)
                && let Some(filter) = self.resources(&discovered).first_mut()
            {
                fields.remove("config_discovery");
                let filter = filter.get_mut("typed_config").map(Value::take);
                fields.insert("typed_config".to_owned(), filter.unwrap_or_default());
            }
            if fields.contains_key("sds_config") {
                // A certificate is a file in any case.
                fields
                    .insert("sds_config".to_owned(), json!({"path_config_source": {"path": "/"}}));
            }
            fields.values_mut().for_each(|field| self.fill(field));
        } else if let Some(items) = tree.as_array_mut() {
            items.iter_mut().for_each(|item| self.fill(item));
        }
    }
}

/// The name of the file that a source names.
fn path_of(discovery: &Value) -> Option<String> {
    let path = discovery.pointer("/config_source/path_config_source/path")?.as_str()?;
    path.rsplit('/').next().map(str::to_owned)
}
