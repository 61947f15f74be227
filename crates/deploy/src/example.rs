//! One filter of an example, with its configuration as the file has it, comments included.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use gatehouse_filter::config::Nowhere;
use gatehouse_sandbox::example::{Example, GATEWAY, WasmFilter};
use gatehouse_sandbox::workspace;
use serde_json::Value;

use crate::services::Services;

/// A filter, and how one of the examples configures it.
#[derive(Debug)]
pub(crate) struct Plugin {
    /// The filter, or `gateway`.
    pub(crate) name: String,
    /// The example, from the root of the clone.
    pub(crate) example: PathBuf,
    /// The lines of its configuration, the outermost names at the margin.
    pub(crate) configuration: String,
    /// The clusters of the example that it calls.
    pub(crate) calls: Services,
    wasm: WasmFilter,
}

impl Plugin {
    /// The filter of this name in its own example; `gateway` in that of the whole gateway.
    ///
    /// # Errors
    /// There is no such example, or it is laid out in another way.
    pub(crate) fn shipped(name: &str) -> Result<Self> {
        let example = Path::new("envoy").join(format!("{name}.yaml"));
        let path = workspace::root().join(&example);
        let parsed = Example::load(&path)?;
        let wasm = parsed.filters().into_iter().find(|wasm| wasm.filter() == name);
        let wasm = wasm.with_context(|| format!("{} has no {name}", example.display()))?;
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let configuration = configuration(&text, name).with_context(|| {
            format!("{}: no line `value:` follows the module of {name}", example.display())
        })?;
        let calls = Services::called(parsed.tree(), &wasm.configuration);
        Ok(Self { name: name.to_owned(), example, configuration, calls, wasm })
    }

    /// Whether it has to be told that it may hold heads until it has seen bodies.
    pub(crate) fn holds_heads(&self) -> bool {
        self.wasm.may_hold_heads
    }

    /// All that it needs of its host, so configured.
    ///
    /// # Errors
    /// It refuses its configuration.
    pub(crate) fn capabilities(&self) -> Result<BTreeSet<&'static str>> {
        let json = self.wasm.json()?;
        // The examples refer to no variable.
        let (needed, faults) = match gatehouse_gateway::filter(&self.name) {
            Some(filter) => match filter.read(&json, &Nowhere) {
                Ok(link) => (gatehouse_chain::needed(&*link), Vec::new()),
                Err(faults) => (BTreeSet::new(), faults),
            },
            None => {
                let checked = gatehouse_gateway::check(&json, &Nowhere);
                (checked.needed.into_iter().collect(), checked.faults)
            }
        };
        if let Some(fault) = faults.first() {
            anyhow::bail!("{}: {}: {fault}", self.example.display(), self.name);
        }
        Ok(needed)
    }

    /// The same without one of the filters in the list of `gateway`.
    pub(crate) fn without(mut self, filter: &str) -> Self {
        debug_assert_eq!(self.name, GATEWAY);
        self.configuration = without_item(&self.configuration, filter);
        self
    }
}

/// The lines of the mapping under `configuration.value`, of the plugin of this module.
fn configuration(text: &str, module: &str) -> Option<String> {
    let file = format!("/{module}.wasm");
    let mut lines = text.lines().skip_while(|line| !line.contains(&file));
    let value = lines.find(|line| line.trim() == "value:")?;
    let block: Vec<&str> =
        lines.take_while(|line| line.trim().is_empty() || margin(line) > margin(value)).collect();
    let outer = block.first().map_or(0, |line| margin(line));
    let line = |line: &&str| without_anchor(line.get(outer..).unwrap_or_default()).to_owned();
    let mut text = block.iter().map(line).collect::<Vec<_>>().join("\n");
    text.truncate(text.trim_end().len());
    (!text.is_empty()).then_some(text)
}

/// What an anchor marks is named from elsewhere in the example.
fn without_anchor(line: &str) -> &str {
    match line.rsplit_once(" &") {
        Some((before, name))
            if before.ends_with(':') && name.chars().all(|letter| letter.is_ascii_lowercase()) =>
        {
            before
        }
        _ => line,
    }
}

/// Without the item `- NAME:` of a list, and the comment that stands directly before it.
fn without_item(text: &str, name: &str) -> String {
    let item = format!("- {name}:");
    let mut kept: Vec<&str> = Vec::new();
    let mut dropped: Option<usize> = None;
    for line in text.lines() {
        if dropped.is_some_and(|outer| line.trim().is_empty() || margin(line) > outer) {
            continue;
        }
        dropped = (line.trim() == item).then(|| margin(line));
        if dropped.is_some() {
            while kept.last().is_some_and(|last| last.trim().starts_with('#')) {
                kept.pop();
            }
        } else {
            kept.push(line);
        }
    }
    kept.join("\n")
}

fn margin(line: &str) -> usize {
    line.len().saturating_sub(line.trim_start().len())
}

/// Each line so much further to the right.
pub(crate) fn indented(text: &str, by: usize) -> String {
    let margin = " ".repeat(by);
    let line = |line: &str| match line {
        "" => String::new(),
        line => format!("{margin}{line}"),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// What `name` is in this tree, wherever it is a name.
pub(crate) fn each_named<'a>(tree: &'a Value, name: &str, visit: &mut impl FnMut(&'a Value)) {
    match tree {
        Value::Array(items) => items.iter().for_each(|item| each_named(item, name, visit)),
        Value::Object(fields) => {
            for (key, value) in fields {
                if key == name {
                    visit(value);
                }
                each_named(value, name, visit);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
http_filters:
  - name: first
    code: {local: {filename: /etc/gatehouse/filters/first.wasm}}
    configuration:
      value:
        # Of the first.
        a: 1

        list:
          # Stays.
          - x:
              b: 2
          # Goes with what it is about.
          - y: &mark
              c: 3
              # Inside.
              d: 4
          - z: {e: 5}
  - name: second
    code: {local: {filename: /etc/gatehouse/filters/second.wasm}}
    configuration:
      value: {f: 6}
";

    #[test]
    fn a_configuration_is_cut_out_with_its_comments() {
        let first = configuration(FILE, "first").unwrap();
        assert!(first.starts_with("# Of the first.\na: 1\n\nlist:\n  # Stays."), "{first}");
        assert!(first.ends_with("  - z: {e: 5}"), "{first}");
        assert!(first.contains("  - y:\n"), "an anchor is of the file: {first}");
        assert_eq!(configuration(FILE, "second"), None);
        assert_eq!(configuration(FILE, "third"), None);
    }

    #[test]
    fn an_item_goes_with_the_comment_before_it() {
        let first = configuration(FILE, "first").unwrap();
        assert_eq!(
            without_item(&first, "y"),
            "# Of the first.\na: 1\n\nlist:\n  # Stays.\n  - x:\n      b: 2\n  - z: {e: 5}"
        );
        assert_eq!(without_item(&first, "w"), first);
    }

    #[test]
    fn an_empty_line_gets_no_margin() {
        assert_eq!(indented("a:\n\n  b", 2), "  a:\n\n    b");
    }
}
