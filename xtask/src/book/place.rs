//! Where a link leads, from the root of the clone.

use std::path::{Component, Path, PathBuf};

/// What a link names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// From the root of the clone, without `.` and `..`; that of the page itself for `#anchor`.
    pub(super) path: PathBuf,
    /// What follows the `#`.
    pub(super) anchor: Option<String>,
}

impl Place {
    /// Where the target of a link in this page leads; `None` for other hosts, and mail.
    ///
    /// # Errors
    /// A sentence on a target that leads out of the clone, or is written so that it works in one
    /// reader and not in another.
    pub(super) fn of(page: &Path, target: &str) -> Result<Option<Self>, String> {
        if ["http://", "https://", "mailto:"].iter().any(|scheme| target.starts_with(scheme)) {
            return Ok(None);
        }
        if target.is_empty() {
            return Err("has no target".to_owned());
        }
        if target.starts_with('/') {
            return Err("begins with `/`, which is another root in every reader".to_owned());
        }
        let (path, anchor) = match target.split_once('#') {
            Some((path, anchor)) => (path, Some(anchor.to_owned())),
            None => (target, None),
        };
        let path = match path {
            "" => page.to_owned(),
            path => joined(page.parent().unwrap_or(Path::new("")), path)?,
        };
        Ok(Some(Self { path, anchor }))
    }
}

fn joined(folder: &Path, path: &str) -> Result<PathBuf, String> {
    let mut whole = folder.to_owned();
    for part in Path::new(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if whole.pop() => {}
            Component::Normal(name) => whole.push(name),
            _ => return Err("leads out of the repository".to_owned()),
        }
    }
    Ok(whole)
}
