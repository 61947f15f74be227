//! The pages that mdbook has made, and whether their links lead somewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::place::Place;

/// Pages that have links of one place for readers of another: what is said where there is no page.
const OF_NO_PLACE: [&str; 1] = ["404.html"];

/// What is wrong with the links of a book: a line for each.
///
/// # Errors
/// A page that cannot be read.
pub(super) fn faults(book: &Path) -> Result<Vec<String>> {
    let mut pages = BTreeMap::new();
    for path in html(book, Path::new(""))? {
        let text = fs::read_to_string(book.join(&path))
            .with_context(|| format!("cannot read {}", path.display()))?;
        pages.insert(path, text);
    }
    let anchors: BTreeMap<&PathBuf, BTreeSet<&str>> =
        pages.iter().map(|(path, text)| (path, values(text, "id").collect())).collect();
    let mut faults = Vec::new();
    for (page, text) in &pages {
        if OF_NO_PLACE.iter().any(|name| page == Path::new(name)) {
            continue;
        }
        for target in values(text, "href").chain(values(text, "src")) {
            let is_there = match Place::of(page, target) {
                Ok(None) => true,
                Ok(Some(Place { path, anchor: Some(anchor) })) => {
                    anchors.get(&path).is_some_and(|there| there.contains(anchor.as_str()))
                }
                Ok(Some(Place { path, anchor: None })) => book.join(path).is_file(),
                Err(_) => false,
            };
            if !is_there {
                faults.push(format!("{}: `{target}` leads nowhere", page.display()));
            }
        }
    }
    Ok(faults)
}

/// The values of an attribute. mdbook writes them in double quotes, and text has none unescaped.
fn values<'a>(html: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let begin = format!(" {name}=\"");
    let rests: Vec<&str> = html.split(begin.as_str()).skip(1).collect();
    rests.into_iter().filter_map(|rest| rest.split_once('"')).map(|(value, _)| value)
}

/// The pages below a folder of the book, from the book; sorted.
fn html(book: &Path, folder: &Path) -> Result<Vec<PathBuf>> {
    let cannot = || format!("cannot list {}", book.join(folder).display());
    let mut found = Vec::new();
    for entry in fs::read_dir(book.join(folder)).with_context(cannot)? {
        let entry = entry.with_context(cannot)?;
        let path = folder.join(entry.file_name());
        if entry.file_type().with_context(cannot)?.is_dir() {
            found.extend(html(book, &path)?);
        } else if path.extension().is_some_and(|extension| extension == "html") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
