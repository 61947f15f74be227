//! Where the access log goes: the terminal, a file, both, or nowhere.

use std::fs::File;
use std::io::Write as _;

use anyhow::{Context as _, Result};

/// Takes Envoy's access log, a line at a time.
pub(super) struct AccessLog {
    is_quiet: bool,
    file: Option<File>,
}

impl AccessLog {
    /// A log that is not on the terminal where `is_quiet`, and that goes to the end of a file where
    /// there is one.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn open(is_quiet: bool, path: Option<&str>) -> Result<Self> {
        let open = |path| {
            let file = File::options().create(true).append(true).open(path);
            file.with_context(|| format!("--log: cannot write {path}"))
        };
        Ok(Self { is_quiet, file: path.map(open).transpose()? })
    }

    /// Takes a line.
    pub(super) fn take(&mut self, line: &str) {
        if let Some(file) = &mut self.file
            // At once and in one call: who follows the file sees it now, and never half of it.
            && let Err(error) = file.write_all(format!("{line}\n").as_bytes())
        {
            note!("error: the access log goes to its file no more: {error}");
            self.file = None;
        }
        if !self.is_quiet {
            say!("{line}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_in_the_file_as_soon_as_it_is_taken_and_what_was_there_stays() {
        let folder = std::env::temp_dir().join(format!("gatehouse-up-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("access.json");
        std::fs::write(&path, "before\n").unwrap();
        let mut log = AccessLog::open(true, path.to_str()).unwrap();
        for (line, want) in [("{}", "before\n{}\n"), ("{\"a\":1}", "before\n{}\n{\"a\":1}\n")] {
            log.take(line);
            assert_eq!(std::fs::read_to_string(&path).unwrap(), want);
        }
        let error = AccessLog::open(true, folder.to_str()).err().unwrap().to_string();
        assert_eq!(error, format!("--log: cannot write {}", folder.display()));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
