//! `cargo xtask build [module…]`: every filter as one `.wasm` that Envoy can load, and all of them
//! as `gateway.wasm`.
//!
//! Compiles for `wasm32-wasip1`, with nothing in it of where that was done ([`places`]), then
//! removes the exports that the filter does not implement ([`trim`]) and writes
//! `<target>/filters/<name>.wasm`.

mod places;
pub(crate) mod tool;
mod toolchain;
mod trim;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use gatehouse_sandbox::{ensure_built, workspace};

use crate::arguments::Command as Named;
use places::{Places, cargo_home};
use trim::Trimmed;

pub(crate) use toolchain::{TARGET, rustc};

pub(crate) const COMMAND: Named = Named {
    name: "build",
    operands: "[module…]",
    about: "Build every filter and the gateway of all of them, or those named.
Writes target/filters/<name>.wasm.",
    options: &[],
    run: |given| report(given.operands()),
};

/// One filter, built and trimmed.
pub(crate) struct Module {
    /// The filter's name: its folder under `filters/`.
    pub(crate) name: String,
    /// Where the module is: `<target>/filters/<name>.wasm`.
    pub(crate) path: PathBuf,
    /// Bytes as the linker wrote it.
    pub(crate) linked: usize,
    /// Bytes after trimming.
    pub(crate) trimmed: usize,
    /// The callbacks that Envoy will find, by export name.
    pub(crate) callbacks: Vec<String>,
}

/// Builds the named filters, or all of them, and prints what came out.
///
/// # Errors
/// An unknown filter, a missing toolchain part, a compile error, or a module that [`trim`] refuses.
pub(crate) fn report(names: &[String]) -> Result<()> {
    let modules = modules(names)?;
    print_table(&modules);
    Ok(())
}

/// Builds the filters `names`, all when empty, with cargo's own progress on the terminal.
///
/// # Errors
/// As [`report`].
pub(crate) fn modules(names: &[String]) -> Result<Vec<Module>> {
    let names = choose(known(), names)?;
    toolchain::ensure(TARGET)?;
    let (gateway, filters): (Vec<String>, Vec<String>) =
        names.into_iter().partition(|name| name == gatehouse_gateway::NAME);
    let site = Site::here()?;
    let places = Places::read(&site.cargo_home)?;
    let mut modules = Vec::new();
    for (names, profile) in [(filters, FILTERS), (gateway, GATEWAY)] {
        if !names.is_empty() {
            compile(&names, profile, &site, &places)?;
        }
        for name in names {
            let (linked, trimmed) = finish(&name, profile, &site, &places)?;
            let path = workspace::filters().join(format!("{name}.wasm"));
            replace_file(&path, &trimmed.wasm)?;
            let (trimmed, callbacks) = (trimmed.wasm.len(), trimmed.callbacks);
            modules.push(Module { name, path, linked, trimmed, callbacks });
        }
    }
    Ok(modules)
}

/// Builds a filter at another site, and gives the module.
///
/// # Errors
/// As [`report`].
pub(crate) fn elsewhere(name: &str, site: &Site) -> Result<Vec<u8>> {
    let places = Places::read(&site.cargo_home)?;
    compile(&[name.to_owned()], FILTERS, site, &places)?;
    Ok(finish(name, FILTERS, site, &places)?.1.wasm)
}

/// Where modules are compiled. Nothing of it is in them.
pub(crate) struct Site {
    /// The root of the clone.
    pub(crate) root: PathBuf,
    /// Where what is built goes.
    pub(crate) target: PathBuf,
    /// Where cargo keeps what it has fetched.
    pub(crate) cargo_home: PathBuf,
}

impl Site {
    /// This clone.
    ///
    /// # Errors
    /// There is no home.
    pub(crate) fn here() -> Result<Self> {
        Ok(Self { root: workspace::root(), target: workspace::target(), cargo_home: cargo_home()? })
    }
}

/// The modules that an earlier build has left: the name of each, and where it is.
///
/// # Errors
/// One is missing, or older than its sources.
pub(crate) fn built() -> Result<Vec<(String, PathBuf)>> {
    let place = |name: String| {
        let path = workspace::filters().join(format!("{name}.wasm"));
        ensure_built(&path)?;
        Ok((name, path))
    };
    known().into_iter().map(place).collect()
}

/// The profile that filters are built in.
const FILTERS: &str = "release";

/// The same for the gateway, in a folder of its own. The filters in it are no modules themselves,
/// which is a feature of their crates: one build has one set of features, and what it leaves of
/// them would be taken for theirs.
const GATEWAY: &str = "gateway";

/// The modules: every filter's, and the gateway's.
pub(crate) fn known() -> Vec<String> {
    let filters = gatehouse_gateway::FILTERS.iter().map(|filter| filter.name);
    filters.chain([gatehouse_gateway::NAME]).map(str::to_owned).collect()
}

fn choose(known: Vec<String>, wanted: &[String]) -> Result<Vec<String>> {
    if let Some(name) = wanted.iter().find(|name| !known.contains(name)) {
        bail!("no module is called `{name}`; there are: {}", known.join(", "));
    }
    if wanted.is_empty() {
        return Ok(known);
    }
    Ok(known.into_iter().filter(|name| wanted.contains(name)).collect())
}

fn compile(names: &[String], profile: &str, site: &Site, places: &Places) -> Result<()> {
    note!("building {} for {TARGET}", names.join(", "));
    let packages: Vec<String> = names.iter().map(|name| package(name)).collect();
    cargo_build(&packages, TARGET, profile, site, places)
}

fn cargo_build(
    packages: &[String],
    target: &str,
    profile: &str,
    site: &Site,
    places: &Places,
) -> Result<()> {
    let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut cargo = Command::new(&program);
    cargo.current_dir(&site.root).env("CARGO_HOME", &site.cargo_home);
    cargo.args(["build", "--profile", profile, "--target", target]);
    // Said outright: a `build.target-dir` in somebody's cargo configuration must not hide the
    // artefacts.
    cargo.arg("--target-dir").arg(&site.target);
    places.hide(&mut cargo, target, |name| env::var(name).ok())?;
    for package in packages {
        cargo.args(["-p", package]);
    }
    let status = cargo.status().with_context(|| format!("cannot run {}", program.display()))?;
    if !status.success() {
        let packages = packages.join(", ");
        bail!("{packages} does not compile for {target}: see cargo's messages above");
    }
    Ok(())
}

/// How long the module was as the linker wrote it, and what became of it.
fn finish(name: &str, profile: &str, site: &Site, places: &Places) -> Result<(usize, Trimmed)> {
    let library = format!("{}.wasm", package(name).replace('-', "_"));
    let artefact = site.target.join(TARGET).join(profile).join(library);
    let linked = fs::read(&artefact).with_context(|| {
        format!(
            "cargo left no {}: has {} the crate type cdylib?",
            artefact.display(),
            package(name)
        )
    })?;
    let trimmed =
        trim::trim(&linked).with_context(|| format!("cannot finish {}", package(name)))?;
    places.ensure_hidden(&trimmed.wasm).with_context(|| format!("{name}.wasm"))?;
    Ok((linked.len(), trimmed))
}

/// The package that a module is made of.
pub(crate) fn package(filter: &str) -> String {
    format!("gatehouse-{filter}")
}

/// Renames into place, so that an Envoy that starts meanwhile never reads half a module.
fn replace_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().context("a module path has a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let unfinished = path.with_extension(format!("wasm.{}", std::process::id()));
    fs::write(&unfinished, bytes)
        .with_context(|| format!("cannot write {}", unfinished.display()))?;
    fs::rename(&unfinished, path).with_context(|| format!("cannot replace {}", path.display()))
}

fn print_table(modules: &[Module]) {
    let width = modules
        .iter()
        .map(|module| module.name.len())
        .max()
        .unwrap_or_default()
        .max("filter".len());
    say!(
        "{:width$}  {:>10}  {:>11}  callbacks (proxy_on_…)",
        "module",
        "linked KiB",
        "trimmed KiB"
    );
    for module in modules {
        let callbacks: Vec<&str> =
            module.callbacks.iter().map(|name| name.trim_start_matches("proxy_on_")).collect();
        say!(
            "{:width$}  {:>10.1}  {:>11.1}  {}",
            module.name,
            kib(module.linked),
            kib(module.trimmed),
            callbacks.join(", ")
        );
    }
    if let Some(folder) = modules.first().and_then(|module| module.path.parent()) {
        say!("written to {}", folder.display());
    }
}

fn kib(bytes: usize) -> f64 {
    bytes as f64 / 1024.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_folder_of_filters_is_in_the_registry() {
        let registered: Vec<&str> =
            gatehouse_gateway::FILTERS.iter().map(|filter| filter.name).collect();
        assert_eq!(workspace::filter_names().unwrap(), registered);
    }

    #[test]
    fn without_names_every_filter_is_built() {
        assert_eq!(
            choose(names(&["jwt-auth", "rate-limit"]), &[]).unwrap(),
            names(&["jwt-auth", "rate-limit"])
        );
    }

    #[test]
    fn an_unknown_filter_is_refused_with_the_known_ones() {
        let error = choose(names(&["jwt-auth", "rate-limit"]), &names(&["jwt"])).unwrap_err();
        assert_eq!(error.to_string(), "no module is called `jwt`; there are: jwt-auth, rate-limit");
    }

    #[test]
    fn a_module_is_replaced_whole_and_leaves_nothing_beside_it() {
        let folder = std::env::temp_dir().join(format!("gatehouse-build-{}", std::process::id()));
        let path = folder.join("filters").join("a.wasm");
        replace_file(&path, b"old").unwrap();
        replace_file(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        fs::remove_dir_all(folder).unwrap();
    }
}
