//! Every Envoy config under `envoy/`: the filters' own parsers, then Envoy's.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use gatehouse_sandbox::example::{Example, Placement, wasm_filters};
use gatehouse_sandbox::{envoy, workspace};
use serde_json::Value;

use super::steps::Outcome;

pub(super) fn run() -> Result<Outcome> {
    let envoy = envoy::locate(|step| say!("{step}"))?;
    let folder = workspace::root().join("envoy");
    let scratch = workspace::target().join("sandbox/validate");
    fs::create_dir_all(&scratch).with_context(|| format!("cannot create {}", scratch.display()))?;
    let mut seen = false;
    let mut bad = Vec::new();
    for path in yaml_files(&folder)? {
        let name = path.strip_prefix(workspace::root()).unwrap_or(&path).display().to_string();
        let mut example = match Example::load(&path) {
            // A manifest of another tool, or several documents in one file.
            Ok(example) if !example.is_bootstrap() => continue,
            Ok(example) => example,
            Err(error) if is_bootstrap_text(&path) => {
                say!("{name}: {error:#}");
                bad.push(name);
                continue;
            }
            Err(_) => continue,
        };
        seen = true;
        let lines = gatehouse_check::file(&path, &name);
        lines.iter().for_each(|line| say!("{line}"));
        example.place(&Placement {
            port: 0,
            admin_port: 0,
            upstreams: BTreeMap::new(),
            filters: workspace::filters(),
        });
        // A start of gateway.wasm takes Envoy seconds, and the end-to-end tests start each recipe.
        // What they take out, TLS to identity providers, is seen here.
        let is_recipe = path.starts_with(folder.join("recipes"));
        if is_recipe {
            without_modules(example.tree_mut());
        }
        let rendered = scratch.join(format!("{}.json", name.replace('/', "_")));
        example.write(&rendered)?;
        let accepted = envoy.validate(&rendered);
        match &accepted {
            Ok(()) if is_recipe => say!("{name}: Envoy accepts what is around our filters"),
            Ok(()) => say!("{name}: Envoy accepts it"),
            Err(error) => say!("{name}: {error:#}"),
        }
        // Nor are variables set here that a recipe takes from Envoy's environment.
        let is_bad = |line: &gatehouse_check::Line| {
            let is_of_a_variable = is_recipe && line.text.contains("` is not set here, ");
            line.level != gatehouse_check::Level::Good && !is_of_a_variable
        };
        if lines.iter().any(is_bad) || accepted.is_err() {
            bad.push(name);
        }
    }
    match bad.as_slice() {
        _ if !seen => bail!("there is no Envoy config under {}", folder.display()),
        [] => Ok(Outcome::Passed),
        bad => bail!("refused: {}", bad.join(", ")),
    }
}

/// Takes our filters out of the lists of filters.
fn without_modules(tree: &mut Value) {
    if let Some(Value::Array(list)) = tree.get_mut("http_filters") {
        list.retain(|filter| wasm_filters(filter).is_empty());
    }
    match tree {
        Value::Array(items) => items.iter_mut().for_each(without_modules),
        Value::Object(fields) => fields.values_mut().for_each(without_modules),
        _ => {}
    }
}

/// Whether a file that does not parse was meant to be an Envoy config.
fn is_bootstrap_text(path: &Path) -> bool {
    fs::read_to_string(path)
        .is_ok_and(|text| text.lines().any(|line| line.starts_with("static_resources:")))
}

/// The YAML files below the folder, sorted.
fn yaml_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries {
        let path = entry.with_context(|| format!("cannot list {}", folder.display()))?.path();
        if path.is_dir() {
            found.extend(yaml_files(&path)?);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "yaml" || extension == "yml")
        {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
