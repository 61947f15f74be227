//! Reading manifests: YAML of several documents.

use std::fs;
use std::path::{Path, PathBuf};

use gatehouse_sandbox::workspace;
use serde_json::Value;

/// The documents of a text.
#[track_caller]
pub(crate) fn documents(text: &str) -> Vec<Value> {
    let documents: Vec<Value> =
        serde_saphyr::from_multiple(text).unwrap_or_else(|fault| panic!("{fault}\n{text}"));
    documents.into_iter().filter(|document| !document.is_null()).collect()
}

/// The documents of each manifest in a folder of the clone, with its path.
pub(crate) fn in_folder(folder: &str) -> Vec<(PathBuf, Value)> {
    let mut found = Vec::new();
    for path in files(&workspace::root().join(folder)) {
        let text = fs::read_to_string(&path).expect("a text");
        found.extend(documents(&text).into_iter().map(|document| (path.clone(), document)));
    }
    assert!(!found.is_empty(), "{folder} has no manifests");
    found
}

/// All files below a folder, sorted.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// A text in a document; empty where there is none.
pub(crate) fn text<'a>(document: &'a Value, pointer: &str) -> &'a str {
    document.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
