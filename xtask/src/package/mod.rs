//! `cargo xtask package`: what a release is made of, as OCI images, bills of materials and one
//! archive.
//!
//! The same sources give the same bytes, whenever and wherever: nothing that is written has a time
//! of day, an owner, or an order that differs from run to run.

mod archive;
mod bill;
mod digest;
mod image;
mod layout;
mod linked;
mod release;
mod version;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use gatehouse_sandbox::workspace;

use crate::arguments::{Command, Given, Opt};
use crate::build;
use archive::Epoch;
use image::{Image, Kind};
use layout::Layout;
use linked::Linked;
use release::Release;
use version::Version;

pub(crate) const COMMAND: Command = Command {
    name: "package",
    operands: "",
    about: "Build the modules and the tool, and make of them what a release consists of.

Writes target/package/gatehouse-VERSION: the modules, the tool, an OCI image layout of each with the image in
the layouts compat and oci, a CycloneDX bill of materials of each, the examples, dashboards and
documents, and SHA256SUMS; and beside it the same as gatehouse-VERSION.tar.gz. Prints the digest of
each image. No daemon and no registry takes part.

The same sources, compiler and version give the same bytes. Where SOURCE_DATE_EPOCH is set, the
files in the archive have that time instead of 1970.",
    options: &[
        Opt { name: "--out", value: Some("DIR"), about: "write there instead of target/package" },
        Opt {
            name: "--version",
            value: Some("V"),
            about: "the version of the release, instead of Cargo.toml's",
        },
        Opt {
            name: "--built",
            value: None,
            about: "take the modules in target/filters, and the tool if it is there; build nothing",
        },
    ],
    run,
};

/// Builds, packages, and prints where what is.
///
/// # Errors
/// A version that cannot be a tag, a module that does not build or is older than its sources, or a
/// file that cannot be read or written.
fn run(given: &Given) -> Result<()> {
    let version = Version::parse(given.value("--version").unwrap_or(env!("CARGO_PKG_VERSION")))?;
    let epoch = Epoch::read(|name| std::env::var(name).ok())?;
    let out = given.value("--out").map_or_else(|| workspace::target().join("package"), Into::into);
    let tool = match given.has("--built") {
        true => build::tool::built()?,
        false => {
            build::report(&[])?;
            Some(build::tool::build()?)
        }
    };
    let modules = build::built()?;
    let linked = Linked::read()?;

    let mut release = Release::new(&version);
    let mut references = Vec::new();
    for (name, path) in &modules {
        let wasm = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let (layout, tags) = images(name, &version, &wasm, epoch)?;
        release.add_folder(&format!("images/{name}"), layout.into_files()?);
        release.add(&format!("sbom/{name}.cdx.json"), bill::of(name, &version, &wasm, &linked)?);
        release.add(&format!("filters/{name}.wasm"), wasm);
        references.extend(tags);
    }
    release.add("images/DIGESTS", lines(&references).into_bytes());
    release.add_documents()?;
    match tool {
        Some(path) => release.add_tool(&path)?,
        None => note!("bin/gatehouse is not in this release: it was not built"),
    }

    let written = write(release, &out, epoch)?;
    references.iter().for_each(|reference| say!("{reference}"));
    say!("written to {}", written.display());
    Ok(())
}

/// The image of a module in both layouts, and a line for each: its name, tag and digest, as a
/// registry's address goes on after the repository.
fn images(
    name: &str,
    version: &Version,
    wasm: &[u8],
    epoch: Epoch,
) -> Result<(Layout, Vec<String>)> {
    let mut layout = Layout::default();
    let mut references = Vec::new();
    for kind in [Kind::Compat, Kind::Oci] {
        let image = Image { module: name, version, wasm, kind };
        let tag = image.tag();
        let digest = image.add_to(&mut layout, epoch)?;
        references.push(format!("{name}:{tag}@{digest}"));
    }
    Ok((layout, references))
}

/// Replaces the folder of this version, and its archive beside it. Nothing else in `out` is
/// touched.
fn write(release: Release, out: &Path, epoch: Epoch) -> Result<PathBuf> {
    let name = release.name();
    let folder = out.join(&name);
    if folder.exists() && !folder.join(release::SUMS).is_file() {
        bail!(
            "{} is there and has no {}: it is no release of this command's, and stays as it is",
            folder.display(),
            release::SUMS
        );
    }
    let files = release.finish();
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot replace {}", folder.display()))?;
    }
    // The checksums first: by them the next run knows a folder that this one has not finished.
    for file in files.iter().rev() {
        file.write_below(&folder)?;
    }
    let archive = archive::compressed(&archive::of(&name, &files, epoch)?)?;
    let sum = format!("{}  {name}.tar.gz\n", digest::hex(&archive));
    for (ending, bytes) in [("tar.gz", archive), ("tar.gz.sha256", sum.into_bytes())] {
        let path = out.join(format!("{name}.{ending}"));
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(folder)
}

fn lines(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests;
