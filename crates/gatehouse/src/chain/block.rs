//! The filters of a chain as Envoy has them.

use std::collections::BTreeSet;

use anyhow::{Result, anyhow};
use gatehouse_chain::needed;
use gatehouse_config_file::{Format, read};
use gatehouse_filter::config::Nowhere;

use super::modules::Modules;

/// The end of every chain.
pub(crate) const ROUTER: &str = "\
- name: envoy.filters.http.router
  typed_config:
    \"@type\": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
";

/// What a module's runtime needs, and what it may be asked for beside what its filter needs: see
/// docs/capabilities.md. Without the foreign function signatures are verified in the module.
const BESIDE: [&str; 5] =
    ["environ_get", "environ_sizes_get", "fd_write", "proc_exit", "proxy_call_foreign_function"];

/// A filter and its configuration in YAML, with comments.
pub(crate) struct Block {
    pub(crate) filter: &'static str,
    pub(crate) text: String,
}

/// The items of `http_filters`: a module for each filter, or one for all of them.
pub(crate) fn modules(
    blocks: &[Block],
    is_one: bool,
    restricted: bool,
    modules: &Modules,
) -> Result<String> {
    let capabilities = |blocks: &[Block]| match restricted {
        true => capabilities(blocks).map(Some),
        false => Ok(None),
    };
    if !is_one {
        let module = |block: &Block| {
            let allowed = capabilities(std::slice::from_ref(block))?;
            Ok(module(block.filter, &block.text, allowed.as_ref(), modules))
        };
        return blocks.iter().map(module).collect();
    }
    let mut list = "filters:\n".to_owned();
    for Block { filter, text } in blocks {
        list.push_str(&format!("  - {filter}:\n{}", indented(text, 6)));
    }
    Ok(module(gatehouse_gateway::NAME, &list, capabilities(blocks)?.as_ref(), modules))
}

fn module(
    name: &str,
    block: &str,
    allowed: Option<&BTreeSet<&'static str>>,
    modules: &Modules,
) -> String {
    let restriction = allowed.map_or_else(String::new, |allowed| {
        let names: String =
            allowed.iter().map(|name| format!("            {name}: {{}}\n")).collect();
        format!("        capability_restriction_config:\n          allowed_capabilities:\n{names}")
    });
    format!(
        "\
- name: {name}
  typed_config:
    \"@type\": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
    config:
      name: {name}
      # A trap costs the requests of one worker at that moment, not the worker.
      failure_policy: FAIL_RELOAD
      vm_config:
        vm_id: gatehouse.{name}
        runtime: envoy.wasm.runtime.v8
        code: {{local: {{filename: {}}}}}
{restriction}      configuration:
        \"@type\": type.googleapis.com/google.protobuf.Struct
        value:
{}",
        modules.file(name),
        indented(block, 10)
    )
}

/// What the filters, so configured, need of Envoy.
fn capabilities(blocks: &[Block]) -> Result<BTreeSet<&'static str>> {
    let mut all = BTreeSet::from(BESIDE);
    for Block { filter, text } in blocks {
        let registered = gatehouse_gateway::filter(filter);
        let registered = registered.ok_or_else(|| anyhow!("no filter is called `{filter}`"))?;
        let json = read(text, Format::Yaml)?.tree.to_string();
        let link = registered.read(json.as_bytes(), &Nowhere).map_err(|faults| {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            anyhow!("{filter}: {}", faults.join("; "))
        })?;
        all.extend(needed(&*link));
        all.extend(registered.phases.callbacks());
    }
    Ok(all)
}

/// The lines of a text, each this many spaces further to the right.
pub(crate) fn indented(text: &str, spaces: usize) -> String {
    let indent = " ".repeat(spaces);
    let line = |line: &str| match line.is_empty() {
        true => "\n".to_owned(),
        false => format!("{indent}{line}\n"),
    };
    text.lines().map(line).collect()
}
