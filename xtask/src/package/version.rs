//! The version of a release: it is in file names, and a tag of images.

use std::fmt;

use anyhow::{Result, bail};

/// A version that can be a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version(String);

/// What the OCI distribution specification lets a tag be ("Pulling manifests"), less the room for
/// the ending that tells the second layout.
const LONGEST: usize = 120;

impl Version {
    /// Reads a version.
    ///
    /// # Errors
    /// It cannot be a tag.
    pub(super) fn parse(text: &str) -> Result<Self> {
        if text.contains('+') {
            bail!(
                "--version: `{text}` has build metadata (`+…`), and a tag of an image cannot hold a `+`"
            );
        }
        let is_inner = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
        let begins_well = text.starts_with(|letter: char| letter.is_ascii_alphanumeric());
        if !begins_well || !text.chars().all(is_inner) || text.len() > LONGEST {
            bail!(
                "--version: `{text}` cannot be a tag: letters, digits and `._-`, a letter or digit \
                 first, {LONGEST} at most"
            );
        }
        Ok(Self(text.to_owned()))
    }

    /// As it is written.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_a_tag_is_a_version() {
        let longest = "1".repeat(LONGEST);
        for text in ["0.1.0", "1.0.0-rc.1", "2026_11", "v1", &longest] {
            assert_eq!(Version::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn what_cannot_be_a_tag_is_refused_with_the_reason() {
        let longer = "1".repeat(LONGEST + 1);
        for (text, reason) in [
            ("", "cannot be a tag"),
            ("../1", "cannot be a tag"),
            (".1", "cannot be a tag"),
            ("1 0", "cannot be a tag"),
            ("1/0", "cannot be a tag"),
            ("1.0.0+linux", "build metadata"),
            (longer.as_str(), "cannot be a tag"),
        ] {
            let error = Version::parse(text).unwrap_err().to_string();
            assert!(error.starts_with("--version: ") && error.contains(reason), "{text}: {error}");
        }
    }
}
