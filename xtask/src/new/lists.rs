//! The files that have a line for every filter.

use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};

use super::name::Name;
use super::{File, template};

const WORKSPACE: &str = "Cargo.toml";
const LOCK: &str = "Cargo.lock";
const GATEWAY: &str = "crates/gateway/Cargo.toml";
const REGISTRY: &str = "crates/gateway/src/registry.rs";
const CASES: &str = "tests/main.rs";
const MANUALS: &str = "crates/manual/src/documents.rs";
const CHAPTERS: &str = "docs/SUMMARY.md";

/// The lists, as they are.
pub(super) struct Lists {
    /// The filters that there are, sorted.
    filters: Vec<String>,
    workspace: String,
    lock: String,
    gateway: String,
    registry: String,
    cases: String,
    manuals: String,
    chapters: String,
}

impl Lists {
    /// Reads the lists of the clone at `root`.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let read = |path: &str| {
            let path = root.join(path);
            let cannot = || {
                format!(
                    "{} is no clone of Gatehouse: cannot read {}",
                    root.display(),
                    path.display()
                )
            };
            std::fs::read_to_string(&path).with_context(cannot)
        };
        let gateway = read(GATEWAY)?;
        let folder = |line: &str| {
            Some(line.split_once("path = \"../../filters/")?.1.split_once('"')?.0.to_owned())
        };
        let mut filters: Vec<String> = gateway.lines().filter_map(folder).collect();
        filters.sort();
        Ok(Self {
            filters,
            workspace: read(WORKSPACE)?,
            lock: read(LOCK)?,
            registry: read(REGISTRY)?,
            cases: read(CASES)?,
            manuals: read(MANUALS)?,
            chapters: read(CHAPTERS)?,
            gateway,
        })
    }

    /// Whether a crate, a module of cases or a type is called so already.
    pub(super) fn refuse_if_taken(&self, name: &Name) -> Result<()> {
        let (kebab, pascal) = (name.kebab(), name.pascal());
        let crate_line = format!("name = \"gatehouse-{kebab}\"");
        let module = format!("mod {};", name.snake());
        let is_taken = self.filters.iter().any(|filter| filter == kebab)
            || self.lock.lines().any(|line| line == crate_line)
            || self.cases.lines().any(|line| line == module);
        if is_taken {
            bail!("the name `{kebab}` is taken: a crate or a file of cases is called so");
        }
        if is_in(&pascal, &self.registry) || template::has_word(&pascal) {
            bail!("the name `{kebab}` is taken: the type {pascal} is another one");
        }
        Ok(())
    }

    /// The lists with a line for this filter.
    pub(super) fn with(&self, name: &Name) -> Result<Vec<File>> {
        let (kebab, snake, pascal) = (name.kebab(), name.snake(), name.pascal());
        let file = |path: &str, text: Option<String>| -> Result<File> {
            let text = text
                .ok_or_else(|| anyhow!("{path} has no line for a filter to add this one after"))?;
            Ok(File { path: path.to_owned(), text })
        };
        let is_dependency =
            |line: &str| line.starts_with("gatehouse-") && line.contains("filters/");
        let dependency = format!("gatehouse-{kebab} = {{ path = \"filters/{kebab}\" }}");
        let of_gateway = format!(
            "gatehouse-{kebab} = {{ path = \"../../filters/{kebab}\", default-features = false }}"
        );
        let import = format!("use gatehouse_{snake}::{pascal};");
        let registry = after(&self.registry, &import, |line| line.starts_with("use gatehouse_"));
        let cases = format!("\n/// `{kebab}` on `envoy/{kebab}.yaml`.\nmod {snake};");
        let is_case = |line: &str| {
            self.filters.iter().any(|filter| line == format!("mod {};", filter.replace('-', "_")))
        };
        let manual = format!("    (\"{kebab}\", document!(\"filters/{kebab}/README.md\")),");
        let is_manual = |line: &str| line.contains("document!(\"filters/");
        let chapter = format!("- [{kebab}](../filters/{kebab}/README.md)");
        let is_chapter = |line: &str| line.contains("](../filters/");
        Ok(vec![
            file(WORKSPACE, after(&self.workspace, &dependency, is_dependency))?,
            file(GATEWAY, after(&self.gateway, &of_gateway, is_dependency))?,
            file(REGISTRY, registry.and_then(|text| self.registered(&text, name)))?,
            file(CASES, after(&self.cases, &cases, is_case))?,
            file(MANUALS, after(&self.manuals, &manual, is_manual))?,
            file(CHAPTERS, after(&self.chapters, &chapter, is_chapter))?,
        ])
    }

    /// A line in `FILTERS`, which is sorted by the filters' names.
    fn registered(&self, text: &str, name: &Name) -> Option<String> {
        let before = self.filters.iter().filter(|filter| filter.as_str() < name.kebab()).count();
        let is_line = |line: &&str| line.trim_start().starts_with("Registered::of::<");
        let mut lines: Vec<&str> = text.lines().collect();
        let first = lines.iter().position(&is_line)?;
        if lines.iter().filter(|line| is_line(line)).count() != self.filters.len() {
            return None;
        }
        let line = format!("    Registered::of::<{}>(),", name.pascal());
        lines.insert(first.saturating_add(before), &line);
        Some(joined(&lines))
    }
}

/// The text with more lines after the last one that is like it.
fn after(text: &str, more: &str, is_like: impl Fn(&str) -> bool) -> Option<String> {
    let mut lines: Vec<&str> = text.lines().collect();
    let last = lines.iter().rposition(|line| is_like(line))?;
    lines.insert(last.saturating_add(1), more);
    Some(joined(&lines))
}

fn joined(lines: &[&str]) -> String {
    lines.iter().flat_map(|line| [*line, "\n"]).collect()
}

/// Whether a text has this word, and not only as a part of another one.
pub(super) fn is_in(word: &str, text: &str) -> bool {
    text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
        .any(|other| other == word)
}
