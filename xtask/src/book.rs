//! `cargo xtask book`: the documentation as a book, which is made of the files that are read on
//! their own too. Nothing is written twice: `docs/SUMMARY.md` says which files are chapters.

mod links;
mod page;
mod place;
mod rendered;
mod sources;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command as Program, Stdio};

use anyhow::{Context as _, Result, bail};
use gatehouse_sandbox::workspace;

use crate::arguments::{Command, Given};

pub(crate) const COMMAND: Command = Command {
    name: "book",
    operands: "",
    about: "Check every link of the documentation, and make a book of it in target/book.

A link leads to a file of this clone, and what follows a `#` to a heading there. A link to a Rust
file whose text is a name in code leads to a function of that name: what a page says of a test is
said of one that there is. Links to other hosts are not followed.

The book is made by mdbook; without one only the links are checked.",
    options: &[],
    run,
};

/// How to get what makes the book.
pub(crate) const INSTALL: &str =
    "cargo install mdbook --locked --no-default-features --features search";

fn run(_: &Given) -> Result<()> {
    check()?;
    match build()? {
        Some(book) => say!("{}", book.join("index.html").display()),
        None => note!("no book: mdbook is not installed ({INSTALL})"),
    }
    Ok(())
}

/// Checks every link of every page of the clone.
///
/// # Errors
/// A page that cannot be read, or any link that leads nowhere; all of them are printed.
pub(crate) fn check() -> Result<()> {
    let found = links::check(&workspace::root())?;
    found.faults.iter().for_each(|fault| say!("{fault}"));
    say!("{} pages, {} links, {} faults", found.pages, found.links, found.faults.len());
    if !found.faults.is_empty() {
        bail!("the documentation has {} faults", found.faults.len());
    }
    Ok(())
}

/// Makes the book, and checks each link of what was made. `None` where there is no mdbook.
///
/// # Errors
/// mdbook fails, or a page that it made leads nowhere.
pub(crate) fn build() -> Result<Option<PathBuf>> {
    if !has_mdbook() {
        return Ok(None);
    }
    let (sources, book) =
        (workspace::target().join("book-sources"), workspace::target().join("book"));
    empty(&sources)?;
    empty(&book)?;
    sources::lay(&workspace::root(), &sources)?;
    let status = Program::new("mdbook")
        .args(["build", "--dest-dir"])
        .arg(&book)
        .arg(&sources)
        .stdin(Stdio::null())
        .status()
        .context("cannot run mdbook")?;
    if !status.success() {
        bail!("mdbook ended with {status}");
    }
    let faults = rendered::faults(&book)?;
    faults.iter().for_each(|fault| say!("{fault}"));
    if !faults.is_empty() {
        bail!("the book has {} links that lead nowhere", faults.len());
    }
    Ok(Some(book))
}

fn has_mdbook() -> bool {
    let version = Program::new("mdbook").arg("--version").stdin(Stdio::null()).output();
    version.is_ok_and(|output| output.status.success())
}

/// Whatever was there is from an older run.
fn empty(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))
}
