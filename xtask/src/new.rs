//! `cargo xtask new NAME`: a filter that builds, is checked, tested and serves requests.
//!
//! What is written is the example of `docs/writing-a-filter.md`, under the new name: templates in
//! `new/template`, and a line in each file that lists the filters.

mod lists;
mod name;
mod template;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use gatehouse_sandbox::workspace;

use crate::arguments::{Command as Named, Given, Opt};
use lists::Lists;
use name::Name;

pub(crate) const COMMAND: Named = Named {
    name: "new",
    operands: "NAME",
    about: "Make a filter that works, for you to change.
See docs/writing-a-filter.md.",
    options: &[Opt {
        name: "--into",
        value: Some("DIR"),
        about: "in the clone at DIR, instead of this one",
    }],
    run,
};

/// Makes a filter in this clone, or in the one at `DIR`, and prints what remains to do.
///
/// # Errors
/// No name, one that is not kebab-case, or one that is taken: then nothing was written.
fn run(given: &Given) -> Result<()> {
    let [name] = given.operands() else {
        bail!("new needs a name: cargo xtask new tenant-check [--into DIR]");
    };
    let root = given.value("--into").map_or_else(workspace::root, PathBuf::from);
    let name: Name = name.parse()?;
    let written = write(&name, &root)?;
    format(&name, &root);
    written.iter().for_each(|path| say!("{path}"));
    say!("{}", remaining(&name));
    Ok(())
}

/// Writes the filter and its lines in the lists; gives the paths of what was written.
fn write(name: &Name, root: &Path) -> Result<Vec<String>> {
    let files = template::files(name);
    let lists = Lists::read(root)?;
    lists.refuse_if_taken(name)?;
    if let Some(taken) = files.iter().find(|file| root.join(&file.path).exists()) {
        bail!("the name `{}` is taken: there is a {}", name.kebab(), taken.path);
    }
    let folder = format!("filters/{}", name.kebab());
    if root.join(&folder).exists() {
        bail!("the name `{}` is taken: there is a {folder}", name.kebab());
    }
    // All of it is known before any of it is written.
    let all: Vec<_> = files.into_iter().chain(lists.with(name)?).collect();
    for file in &all {
        let path = root.join(&file.path);
        let cannot = || format!("cannot write {}", path.display());
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).with_context(cannot)?;
        }
        std::fs::write(&path, &file.text).with_context(cannot)?;
    }
    Ok(all.into_iter().map(|file| file.path).collect())
}

/// A file to be written.
struct File {
    /// From the root of the clone.
    path: String,
    text: String,
}

/// Names differ in length and in order: lines are broken and sorted anew.
fn format(name: &Name, root: &Path) {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let package = format!("gatehouse-{}", name.kebab());
    let mut cargo = Command::new(program);
    cargo.current_dir(root).arg("fmt");
    for package in [package.as_str(), "gatehouse-gateway", "gatehouse-e2e"] {
        cargo.args(["--package", package]);
    }
    if !cargo.status().is_ok_and(|status| status.success()) {
        note!("note: `cargo fmt --all` did not run; run it");
    }
}

fn remaining(name: &Name) -> String {
    let (kebab, snake) = (name.kebab(), name.snake());
    format!(
        "
It works as it is, as the example of docs/writing-a-filter.md:

  cargo xtask build {kebab} gateway
  cargo xtask check envoy/{kebab}.yaml
  cargo test -p gatehouse-{kebab}
  cargo test -p gatehouse-e2e {snake}
  cargo xtask up envoy/{kebab}.yaml
  cargo run -p gatehouse -- schema --out docs/schema

What remains is yours:

- filters/{kebab}/src: what it decides, its configuration, its refusals
- filters/{kebab}/README.md: all that a user can see of it
- envoy/{kebab}.yaml: the smallest configuration that shows it
- tests/{snake}.rs: what only a real Envoy can show
- README.md and CHANGELOG.md: a line each
- crates/gatehouse/src/chain: a small configuration that starts
- fuzz/: a target, where it reads a stranger's bytes in a way of its own"
    )
}

#[cfg(test)]
mod tests;
