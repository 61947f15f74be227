//! The files of a release, and their checksums.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use gatehouse_sandbox::workspace;

use super::digest;
use super::version::Version;

/// A file of a release, by its path from the release's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    /// With `/` between folders.
    pub(super) path: String,
    pub(super) bytes: Vec<u8>,
    /// It may be run.
    pub(super) is_program: bool,
}

/// What a release consists of.
pub(super) struct Release {
    version: Version,
    /// By path: a file that is added twice is there once.
    files: BTreeMap<String, File>,
}

/// The file of checksums, as `sha256sum -c` reads it.
pub(super) const SUMS: &str = "SHA256SUMS";

/// What the clone has for who runs a gateway: files, and folders with all that is below.
const DOCUMENTS: [&str; 8] = [
    "README.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "LICENSE",
    "deploy",
    "docs",
    "envoy",
    "monitoring",
];

impl File {
    /// A file that is read.
    pub(super) fn new(path: &str, bytes: Vec<u8>) -> Self {
        Self { path: path.to_owned(), bytes, is_program: false }
    }

    /// Writes the file into a folder, and the folders between.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn write_below(&self, folder: &Path) -> Result<()> {
        let path = folder.join(&self.path);
        let cannot = || format!("cannot write {}", path.display());
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).with_context(cannot)?;
        }
        fs::write(&path, &self.bytes).with_context(cannot)?;
        if self.is_program {
            set_executable(&path).with_context(cannot)?;
        }
        Ok(())
    }
}

#[cfg(unix)]
fn set_executable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn set_executable(_: &Path) -> std::io::Result<()> {
    Ok(())
}

impl Release {
    /// A release with nothing in it.
    pub(super) fn new(version: &Version) -> Self {
        Self { version: version.clone(), files: BTreeMap::new() }
    }

    /// The name of its folder, and of its archive without the ending.
    pub(super) fn name(&self) -> String {
        format!("gatehouse-{}", self.version)
    }

    /// Adds a file.
    pub(super) fn add(&mut self, path: &str, bytes: Vec<u8>) {
        self.files.insert(path.to_owned(), File::new(path, bytes));
    }

    /// Adds files below a folder.
    pub(super) fn add_folder(&mut self, folder: &str, files: Vec<File>) {
        for file in files {
            let path = format!("{folder}/{}", file.path);
            self.files.insert(path.clone(), File { path, ..file });
        }
    }

    /// Adds what the clone has for who runs a gateway: documents, examples, dashboards, manifests,
    /// and the README of each filter beside its module.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn add_documents(&mut self) -> Result<()> {
        let root = workspace::root();
        for name in DOCUMENTS {
            self.add_path(&root, Path::new(name))?;
        }
        for filter in workspace::filter_names()? {
            self.add_path(&root, &Path::new("filters").join(filter).join("README.md"))?;
        }
        Ok(())
    }

    /// Adds the tool.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) fn add_tool(&mut self, path: &Path) -> Result<()> {
        let file = File { is_program: true, ..File::new("bin/gatehouse", read(path)?) };
        self.files.insert(file.path.clone(), file);
        Ok(())
    }

    /// A file of the clone, or all below a folder. Hidden files and Python's leavings are not the
    /// release's.
    ///
    /// # Errors
    /// It is not there, or cannot be read.
    pub(super) fn add_path(&mut self, root: &Path, path: &Path) -> Result<()> {
        let whole = root.join(path);
        if !whole.is_dir() {
            let bytes = read(&whole)?;
            self.add(&slashed(path), bytes);
            return Ok(());
        }
        let cannot = || format!("cannot list {}", whole.display());
        for entry in fs::read_dir(&whole).with_context(cannot)? {
            let name = entry.with_context(cannot)?.file_name();
            let shown = name.to_string_lossy();
            if !shown.starts_with('.') && shown != "__pycache__" {
                self.add_path(root, &path.join(&name))?;
            }
        }
        Ok(())
    }

    /// All files in order of their paths, and the checksums of all others last.
    pub(super) fn finish(self) -> Vec<File> {
        let mut files: Vec<File> = self.files.into_values().collect();
        let line = |file: &File| format!("{}  {}\n", digest::hex(&file.bytes), file.path);
        let sums: String = files.iter().map(line).collect();
        files.push(File::new(SUMS, sums.into_bytes()));
        files
    }
}

fn slashed(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
