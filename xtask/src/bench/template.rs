//! Configurations of other programs, of `tests/peers/`, with marks such as `@port@` in them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::python::peers;

/// Writes a configuration of `tests/peers/` with its marks replaced; where it is then.
///
/// # Errors
/// It cannot be read, or not be written to `scratch`.
pub(super) fn fill(
    template: &str,
    scratch: &Path,
    name: &str,
    values: &[(&str, &str)],
) -> Result<PathBuf> {
    let template = peers().join(template);
    let text = fs::read_to_string(&template)
        .with_context(|| format!("cannot read {}", template.display()))?;
    let path = scratch.join(name);
    fs::write(&path, replaced(&text, values))
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// `text` with each `@name@` replaced by the value of that name.
pub(super) fn replaced(text: &str, values: &[(&str, &str)]) -> String {
    values
        .iter()
        .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("@{name}@"), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_replaced_and_other_text_stays() {
        let text = replaced("listen @port@; # a@b @other@", &[("port", "80"), ("b", "c")]);
        assert_eq!(text, "listen 80; # a@b @other@");
    }
}
