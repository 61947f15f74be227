//! Archives of which the same files give the same bytes.

use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use flate2::{Compression, GzBuilder};
use tar::{Builder, EntryType, Header};

use super::release::File;

/// The time that files in an archive have, in seconds since 1970.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Epoch(u64);

/// <https://reproducible-builds.org/specs/source-date-epoch/>
const VARIABLE: &str = "SOURCE_DATE_EPOCH";

/// What RFC 1952 §2.3.1 calls an unknown system: no archive tells where it was made.
const UNKNOWN_SYSTEM: u8 = 255;

impl Epoch {
    /// What `SOURCE_DATE_EPOCH` says, or 1970.
    ///
    /// # Errors
    /// It is no number of seconds.
    pub(super) fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let Some(text) = variable(VARIABLE).filter(|text| !text.is_empty()) else {
            return Ok(Self::default());
        };
        let seconds = text.parse();
        seconds.map(Self).map_err(|_| anyhow!("{VARIABLE}: `{text}` is no number of seconds"))
    }
}

/// The files in order of their paths, in a folder of this name; in none where that is empty. No
/// owner, no time but the epoch's, and no permission but to read and, where a file says so, to run.
///
/// # Errors
/// A path that a tar archive cannot hold.
pub(super) fn of(folder: &str, files: &[File], epoch: Epoch) -> Result<Vec<u8>> {
    let mut sorted: Vec<&File> = files.iter().collect();
    sorted.sort_by(|one, other| one.path.cmp(&other.path));
    let mut tar = Builder::new(Vec::new());
    for file in sorted {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(if file.is_program { 0o755 } else { 0o644 });
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(epoch.0);
        header.set_size(file.bytes.len().try_into()?);
        tar.append_data(&mut header, Path::new(folder).join(&file.path), file.bytes.as_slice())
            .with_context(|| format!("cannot archive {}", file.path))?;
    }
    tar.into_inner().context("cannot end an archive")
}

/// Compressed, without a name, a time or a system in its head.
///
/// # Errors
/// None that is known: it is written to memory.
pub(super) fn compressed(bytes: &[u8]) -> Result<Vec<u8>> {
    let head = GzBuilder::new().mtime(0).operating_system(UNKNOWN_SYSTEM);
    let mut encoder = head.write(Vec::new(), Compression::default());
    std::io::Write::write_all(&mut encoder, bytes)?;
    encoder.finish().context("cannot end a compressed file")
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn file(path: &str, text: &str) -> File {
        File::new(path, text.as_bytes().to_vec())
    }

    fn files() -> Vec<File> {
        let program = File { is_program: true, ..file("c", "3") };
        vec![file("b/deep", "2"), file("a", "1"), program]
    }

    #[test]
    fn the_order_of_files_is_that_of_their_paths() {
        let mut turned = files();
        turned.reverse();
        let archive = of("top", &files(), Epoch(7)).unwrap();
        assert_eq!(archive, of("top", &turned, Epoch(7)).unwrap());
        let mut read = tar::Archive::new(archive.as_slice());
        let mut seen = Vec::new();
        for entry in read.entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            let header = entry.header();
            assert_eq!((header.uid().unwrap(), header.gid().unwrap()), (0, 0));
            assert_eq!(header.mtime().unwrap(), 7);
            let path = entry.path().unwrap().to_string_lossy().into_owned();
            seen.push((path, header.mode().unwrap(), text));
        }
        let entry = |path: &str, mode, text: &str| (path.to_owned(), mode, text.to_owned());
        assert_eq!(
            seen,
            [
                entry("top/a", 0o644, "1"),
                entry("top/b/deep", 0o644, "2"),
                entry("top/c", 0o755, "3"),
            ]
        );
    }

    #[test]
    fn a_path_longer_than_the_first_field_for_it_is_kept_whole() {
        let path = format!("images/{}/blobs/sha256/{}", "m".repeat(40), "0".repeat(64));
        let archive = of("", &[file(&path, "x")], Epoch::default()).unwrap();
        let mut read = tar::Archive::new(archive.as_slice());
        let entry = read.entries().unwrap().next().unwrap().unwrap();
        assert_eq!(entry.path().unwrap().to_string_lossy(), path);
    }

    /// RFC 1952 §2.3: magic, method 8, no flags, no time, no system.
    #[test]
    fn the_head_of_a_compressed_file_tells_nothing_of_when_and_where() {
        let compressed = compressed(b"text").unwrap();
        assert_eq!(compressed[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
        let mut text = String::new();
        flate2::read::GzDecoder::new(&compressed[..]).read_to_string(&mut text).unwrap();
        assert_eq!(text, "text");
    }

    #[test]
    fn the_epoch_is_a_number_of_seconds() {
        let epoch = |text: &str| {
            let text = text.to_owned();
            Epoch::read(move |name| (name == VARIABLE).then(|| text.clone()))
        };
        assert_eq!(epoch("1700000000").unwrap(), Epoch(1_700_000_000));
        assert_eq!(epoch("").unwrap(), Epoch(0));
        assert_eq!(Epoch::read(|_| None).unwrap(), Epoch(0));
        for text in ["-1", "now", "1.5"] {
            let error = epoch(text).unwrap_err().to_string();
            assert_eq!(error, format!("SOURCE_DATE_EPOCH: `{text}` is no number of seconds"));
        }
    }
}
