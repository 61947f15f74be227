//! What mdbook is given: the chapters, each at its place in the clone, so that the links between
//! them hold, and the files that they lead to.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};

use super::links::SUMMARY;
use super::page::{Link, Page};
use super::place::Place;

/// Where mdbook is told the title and how to write.
const BOOK: &str = "docs/book.toml";

/// Lays the sources of the book into an empty folder.
///
/// # Errors
/// A file that cannot be read or written, or a chapter that leads where no link should.
pub(super) fn lay(root: &Path, to: &Path) -> Result<()> {
    let sources = to.join("src");
    copy(&root.join(BOOK), &to.join("book.toml"))?;
    let (summary, chapters) = summary(root)?;
    write(&sources.join("SUMMARY.md"), &summary)?;
    // A file that several chapters lead to is copied once.
    let mut files = BTreeMap::new();
    for chapter in &chapters {
        let text = read(&root.join(chapter))?;
        let mut written = text.clone();
        // From the end: a change moves what is behind it.
        for link in Page::read(&text).links.iter().rev() {
            let Some(place) = place(chapter, link)? else { continue };
            let there = root.join(&place.path);
            if there.is_dir() || place.path == Path::new(SUMMARY) {
                // A book has no page of a folder, and the list of its chapters beside every page.
                let words = text.get(link.text.clone()).unwrap_or_default();
                written.replace_range(link.place.clone(), words);
            } else if !chapters.contains(&place.path) {
                files.insert(sources.join(&place.path), there);
            }
        }
        write(&sources.join(chapter), &written)?;
    }
    files.iter().try_for_each(|(to, from)| copy(from, to))
}

/// The list of chapters as seen from the root, where mdbook wants it, and the chapters.
fn summary(root: &Path) -> Result<(String, Vec<PathBuf>)> {
    let text = read(&root.join(SUMMARY))?;
    let mut written = text.clone();
    let mut chapters = Vec::new();
    for link in Page::read(&text).links.iter().rev() {
        let Some(Place { path, .. }) = place(Path::new(SUMMARY), link)? else {
            bail!("{SUMMARY}:{}: a chapter is a file", link.line)
        };
        let words = text.get(link.text.clone()).unwrap_or_default();
        written.replace_range(link.place.clone(), &format!("[{words}]({})", path.display()));
        chapters.push(path);
    }
    chapters.reverse();
    Ok((written, chapters))
}

fn place(page: &Path, link: &Link) -> Result<Option<Place>> {
    Place::of(page, &link.target)
        .map_err(|why| anyhow!("{}:{}: the link {why}", page.display(), link.line))
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<()> {
    make_folder_of(path)?;
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    make_folder_of(to)?;
    fs::copy(from, to).with_context(|| format!("cannot copy {}", from.display()))?;
    Ok(())
}

fn make_folder_of(path: &Path) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))
}
