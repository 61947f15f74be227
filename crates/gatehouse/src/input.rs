//! What a command reads: a file, or standard input.

use std::io::{Error, ErrorKind, Read as _, stdin};
use std::path::Path;

use gatehouse_check::FileFormat;

/// No configuration is larger. Envoy itself takes what fits into memory; a mistake such as
/// `/dev/zero` should end.
const LARGEST: u64 = 64 * 1024 * 1024;

/// What stands for standard input on a command line.
const STANDARD_INPUT: &str = "-";

/// What was read.
pub(crate) struct Input {
    /// What lines call it.
    pub(crate) name: String,
    pub(crate) format: FileFormat,
    pub(crate) bytes: Vec<u8>,
}

impl Input {
    /// Reads a file, or standard input where the name is `-`. All JSON that people write is YAML,
    /// so that standard input is read as YAML.
    pub(crate) fn read(name: &str) -> Result<Self, Error> {
        let is_standard = name == STANDARD_INPUT;
        let mut bytes = Vec::new();
        let read = match is_standard {
            true => stdin().lock().take(LARGEST).read_to_end(&mut bytes)?,
            false => std::fs::File::open(name)?.take(LARGEST).read_to_end(&mut bytes)?,
        };
        if u64::try_from(read).is_ok_and(|read| read >= LARGEST) {
            let what = format!("is larger than {} MiB", LARGEST / 1024 / 1024);
            return Err(Error::new(ErrorKind::FileTooLarge, what));
        }
        let (name, format) = match is_standard {
            true => ("<stdin>", FileFormat::Yaml),
            false => (name, FileFormat::of(Path::new(name))),
        };
        Ok(Self { name: name.to_owned(), format, bytes })
    }
}
