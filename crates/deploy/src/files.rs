//! The files that are made, as texts.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::helm::Helm;
use crate::images::Images;
use crate::{envoy_gateway, istio, kustomize};

/// Where lines of comments are broken.
const WIDTH: usize = 98;

/// A file that is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// From the root of the clone.
    pub path: PathBuf,
    /// What is in it.
    pub text: String,
}

impl File {
    pub(crate) fn new(path: String, text: String) -> Self {
        Self { path: path.into(), text }
    }
}

/// The manifests for Istio and Envoy Gateway, with images from here.
///
/// # Errors
/// An example cannot be read.
pub fn manifests(images: &Images) -> Result<Vec<File>> {
    let mut files = istio::manifests(images)?;
    files.extend(envoy_gateway::manifests(images)?);
    files.push(envoy_gateway::chain(images)?);
    Ok(files)
}

/// The Kustomize base: what the chart makes of `deploy/kustomize/values.json`.
///
/// # Errors
/// The chart cannot be rendered.
pub fn kustomize_base(helm: &Helm) -> Result<Vec<File>> {
    kustomize::base(helm)
}

/// Writes the files below a folder, which is the root of a clone or takes its place.
///
/// # Errors
/// One cannot be written.
pub fn write(files: &[File], root: &Path) -> Result<()> {
    for file in files {
        let path = root.join(&file.path);
        let cannot = || format!("cannot write {}", path.display());
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(cannot)?;
        }
        fs::write(&path, &file.text).with_context(cannot)?;
    }
    Ok(())
}

/// The comment at the head of a file that is made of another.
pub(crate) fn head(of: &str, said: &[String]) -> String {
    let mut head = commented(&format!(
        "Made of {of} by `cargo xtask manifests`: change it there, or take a copy."
    ));
    for paragraph in said {
        head.push_str("#\n");
        head.push_str(&commented(paragraph));
    }
    head.push('\n');
    head
}

fn commented(paragraph: &str) -> String {
    let mut lines = vec![String::from("#")];
    for word in paragraph.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len().saturating_add(word.len()) < WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!("# {word}")),
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_comments_within_the_width() {
        let head = head("envoy/a.yaml", &["word ".repeat(60)]);
        assert!(head.starts_with("# Made of envoy/a.yaml by `cargo xtask manifests`"), "{head}");
        assert!(head.ends_with("word\n\n"), "{head:?}");
        for line in head.trim_end().lines() {
            assert!(line.starts_with('#') && line.len() <= WIDTH, "{line}");
        }
        assert_eq!(head.matches("word").count(), 60);
    }
}
