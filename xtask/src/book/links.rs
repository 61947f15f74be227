//! Every link of every page of the clone, and whether it leads somewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::page::{Link, Page};
use super::place::Place;

/// Where the chapters of the book are listed.
pub(super) const SUMMARY: &str = "docs/SUMMARY.md";

/// The pages that `cargo xtask new` writes: their links are right where it puts them.
const TEMPLATE: &str = "xtask/src/new/template";

/// What was looked at, and what is wrong with it.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) pages: usize,
    pub(super) links: usize,
    pub(super) faults: Vec<Fault>,
}

/// A link that leads nowhere, or a page that nothing leads to.
#[derive(Debug)]
pub(super) struct Fault {
    page: PathBuf,
    line: usize,
    what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}: {}", self.page.display(), self.line, self.what)
    }
}

/// Checks all pages below the root.
///
/// # Errors
/// A folder or a page that cannot be read.
pub(super) fn check(root: &Path) -> Result<Found> {
    let mut pages = BTreeMap::new();
    for path in markdown(root, Path::new(""))? {
        let text = fs::read_to_string(root.join(&path))
            .with_context(|| format!("cannot read {}", path.display()))?;
        pages.insert(path, Page::read(&text));
    }
    let tree = Tree { root, chapters: chapters(&pages), pages: &pages };
    let mut faults = tree.summary_faults();
    for (path, page) in &pages {
        let told = page.links.iter().filter_map(|link| {
            tree.fault(path, link).map(|what| Fault { page: path.clone(), line: link.line, what })
        });
        let undefined = page.undefined.iter().map(|(line, name)| Fault {
            page: path.clone(),
            line: *line,
            what: format!("[{name}] is defined nowhere in the page"),
        });
        faults.extend(told.chain(undefined));
    }
    let links = pages.values().map(|page| page.links.len()).sum();
    Ok(Found { pages: pages.len(), links, faults })
}

/// The chapters that a summary lists, from the root.
fn chapters(pages: &BTreeMap<PathBuf, Page>) -> Vec<PathBuf> {
    let summary = Path::new(SUMMARY);
    let links = pages.get(summary).map(|page| page.links.as_slice()).unwrap_or_default();
    let places = links.iter().filter_map(|link| Place::of(summary, &link.target).ok().flatten());
    places.map(|place| place.path).collect()
}

/// The clone, as far as links lead.
struct Tree<'a> {
    root: &'a Path,
    pages: &'a BTreeMap<PathBuf, Page>,
    chapters: Vec<PathBuf>,
}

impl Tree<'_> {
    /// What is wrong with a link.
    fn fault(&self, page: &Path, link: &Link) -> Option<String> {
        let target = &link.target;
        let place = match Place::of(page, target) {
            Ok(None) => return None,
            Ok(Some(place)) => place,
            Err(why) => return Some(format!("the link `{target}` {why}")),
        };
        if place.path.starts_with("target") {
            return Some(format!("the link `{target}` leads to what is built"));
        }
        let is_page = place.path.extension().is_some_and(|extension| extension == "md");
        match (self.pages.get(&place.path), &place.anchor) {
            (Some(there), Some(anchor)) if !there.anchors.contains(anchor) => {
                Some(format!("`{target}`: {} has no heading `{anchor}`", place.path.display()))
            }
            (Some(_), _) if self.leaves_book(page, &place.path) => {
                Some(format!("`{target}` is no chapter: list it in {SUMMARY}"))
            }
            (Some(_), _) => None,
            (None, _) if is_page || !self.root.join(&place.path).exists() => {
                Some(format!("`{target}`: there is no {}", place.path.display()))
            }
            (None, Some(_)) => Some(format!("`{target}`: only pages have headings")),
            (None, None) => self.unnamed(&place.path, link),
        }
    }

    /// Whether a link leads from a chapter to a page that the book does not have. The list of chapters
    /// is in it, beside every page.
    fn leaves_book(&self, from: &Path, to: &Path) -> bool {
        let has = |page: &Path| {
            page == Path::new(SUMMARY) || self.chapters.iter().any(|chapter| chapter == page)
        };
        has(from) && !has(to)
    }

    /// What is wrong with a link that names a function of a Rust file.
    fn unnamed(&self, path: &Path, link: &Link) -> Option<String> {
        let name = link.code.as_deref()?;
        let is_name = |name: &str| name.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_');
        if path.extension().is_none_or(|extension| extension != "rs") || !is_name(name) {
            return None;
        }
        let there = fs::read_to_string(self.root.join(path)).unwrap_or_default();
        let is_there = there.contains(&format!("fn {name}("));
        (!is_there).then(|| format!("{} has no function `{name}`", path.display()))
    }

    /// Chapters that are listed twice, and pages for users that no list has.
    fn summary_faults(&self) -> Vec<Fault> {
        let fault = |what: String| Fault { page: SUMMARY.into(), line: 1, what };
        let mut faults = Vec::new();
        let mut seen = BTreeSet::new();
        for chapter in &self.chapters {
            if !seen.insert(chapter) {
                faults.push(fault(format!("{} is listed twice", chapter.display())));
            }
        }
        for page in self.pages.keys().filter(|page| is_for_users(page)) {
            if !seen.contains(page) {
                faults.push(fault(format!("{} is not listed", page.display())));
            }
        }
        faults
    }
}

/// Whether a page has to be in the book: those of `docs`, and the README of each filter.
fn is_for_users(page: &Path) -> bool {
    let parts: Vec<_> = page.iter().filter_map(|part| part.to_str()).collect();
    match parts.as_slice() {
        ["docs", name] => Path::new(SUMMARY) != page && name.ends_with(".md"),
        ["filters", _, "README.md"] => true,
        _ => false,
    }
}

/// The pages below a folder of the root, from the root; sorted.
fn markdown(root: &Path, folder: &Path) -> Result<Vec<PathBuf>> {
    let cannot = || format!("cannot list {}", root.join(folder).display());
    let mut found = Vec::new();
    for entry in fs::read_dir(root.join(folder)).with_context(cannot)? {
        let entry = entry.with_context(cannot)?;
        let name = entry.file_name();
        let path = folder.join(&name);
        let kind = entry.file_type().with_context(cannot)?;
        if kind.is_dir() {
            let is_hidden = name.to_string_lossy().starts_with('.');
            if !is_hidden && name != "target" && path != Path::new(TEMPLATE) {
                found.extend(markdown(root, &path)?);
            }
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
