//! A copy of this clone in another folder: what a step does to it or builds in it, this clone does not
//! see. It stays, with the times of its files: the next run compiles only what has changed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use gatehouse_sandbox::workspace;

/// The files that git tracks, as they are now, and nothing else but what was built before.
///
/// # Errors
/// A file that cannot be read or written, or no git.
pub(super) fn copy_to(copy: &Path) -> Result<()> {
    let files = tracked()?;
    for file in &files {
        let from = workspace::root().join(file);
        // Deleted, and not committed yet.
        if !from.is_file() {
            continue;
        }
        let to = copy.join(file);
        let cannot = || format!("cannot copy {} to {}", from.display(), to.display());
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder).with_context(cannot)?;
        }
        let modified =
            from.metadata().and_then(|metadata| metadata.modified()).with_context(cannot)?;
        fs::copy(&from, &to).with_context(cannot)?;
        // Cargo goes by the times.
        let copied = fs::File::options().write(true).open(&to).with_context(cannot)?;
        copied.set_modified(modified).with_context(cannot)?;
    }
    remove_others(copy, copy, &files)
}

/// What git tracks, and what it would if it were told: everything but what is ignored.
fn tracked() -> Result<BTreeSet<PathBuf>> {
    let mut git = Command::new("git");
    git.current_dir(workspace::root());
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let output = git.output().context("cannot run git")?;
    if !output.status.success() {
        bail!(
            "git does not list the files of this clone: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let names = String::from_utf8(output.stdout).context("a file whose name is not UTF-8")?;
    Ok(names.split('\0').filter(|name| !name.is_empty()).map(PathBuf::from).collect())
}

/// The filter of the last run, and what has been deleted since.
fn remove_others(folder: &Path, copy: &Path, files: &BTreeSet<PathBuf>) -> Result<()> {
    let cannot = || format!("cannot clear {}", folder.display());
    for entry in fs::read_dir(folder).with_context(cannot)? {
        let path = entry.with_context(cannot)?.path();
        if path == copy.join("target") {
            continue;
        }
        if path.is_dir() {
            remove_others(&path, copy, files)?;
            // Where it is empty.
            let _ = fs::remove_dir(&path);
        } else if !path.strip_prefix(copy).is_ok_and(|path| files.contains(path)) {
            fs::remove_file(&path).with_context(cannot)?;
        }
    }
    Ok(())
}

/// Links what was built of the registry's crates: nobody writes to it again, because another
/// version, another compiler or another profile has another name.
///
/// # Errors
/// A folder that cannot be read or written.
pub(super) fn link_registry(from: &Path, to: &Path) -> Result<()> {
    for folder in [".fingerprint", "build", "deps"] {
        let from = from.join(folder);
        if from.is_dir() {
            link_folder(&from, &to.join(folder))?;
        }
    }
    Ok(())
}

fn link_folder(from: &Path, to: &Path) -> Result<()> {
    let cannot = || format!("cannot link {} to {}", from.display(), to.display());
    fs::create_dir_all(to).with_context(cannot)?;
    for entry in fs::read_dir(from).with_context(cannot)? {
        let entry = entry.with_context(cannot)?;
        let name = entry.file_name();
        let target = to.join(&name);
        if is_own(&name.to_string_lossy()) || target.is_file() {
            continue;
        }
        if entry.path().is_dir() {
            link_folder(&entry.path(), &target)?;
        } else if fs::hard_link(entry.path(), &target).is_err() {
            // Another file system, or gone meanwhile: then it is compiled.
            let _ = fs::copy(entry.path(), &target);
        }
    }
    Ok(())
}

/// Whether a file or folder of a target folder belongs to a crate of this project.
fn is_own(name: &str) -> bool {
    ["gatehouse", "libgatehouse", "xtask", "e2e-"].iter().any(|start| name.starts_with(start))
}
