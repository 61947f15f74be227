//! Following the access log where it is a file, through rotation and truncation.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::AccessLog;
use crate::traffic::LONGEST_LINE;

/// Reads what the file gets, for ever. A file that is not there yet is waited for.
pub(crate) async fn follow(path: PathBuf, log: AccessLog) {
    let mut follower = Follower::new(path);
    loop {
        let log = log.clone();
        let read = tokio::task::spawn_blocking(move || {
            follower.read(&log);
            follower
        });
        // Only a panic ends it otherwise, and nothing there can.
        let Ok(back) = read.await else { return };
        follower = back;
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

#[derive(Debug)]
struct Follower {
    path: PathBuf,
    open: Option<Open>,
    /// A file that there was from the beginning is read from near its end.
    is_first: bool,
}

#[derive(Debug)]
struct Open {
    file: File,
    inode: u64,
    position: u64,
    /// The beginning of a line whose end has not come.
    begun: Vec<u8>,
    /// The line is too long, or began before where the file was opened.
    skips: bool,
}

impl Follower {
    fn new(path: PathBuf) -> Self {
        Self { path, open: None, is_first: true }
    }

    /// Reads what has come, some of it where that is much.
    fn read(&mut self, log: &AccessLog) {
        let now = std::fs::metadata(&self.path).ok();
        let is_other = |open: &Open| match &now {
            Some(now) => now.ino() != open.inode || now.len() < open.position,
            None => false,
        };
        // The last lines of a file that was moved away come before those of the new one.
        if let Some(open) = &mut self.open {
            let _ = open.read(log);
        }
        if self.open.as_ref().is_none_or(is_other) {
            self.open = Open::at(&self.path, self.is_first).ok();
            if let Some(open) = &mut self.open {
                let _ = open.read(log);
            }
        }
        self.is_first = false;
    }
}

impl Open {
    fn at(path: &Path, near_end: bool) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let status = file.metadata()?;
        let position = if near_end { status.len().saturating_sub(TAIL) } else { 0 };
        if position > 0 {
            file.seek(SeekFrom::Start(position))?;
        }
        Ok(Self { file, inode: status.ino(), position, begun: Vec::new(), skips: position > 0 })
    }

    fn read(&mut self, log: &AccessLog) -> io::Result<()> {
        let mut bytes = Vec::new();
        let read = (&self.file).take(TAIL).read_to_end(&mut bytes)?;
        self.position = self.position.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.part(part, log);
        }
        Ok(())
    }

    fn part(&mut self, part: &[u8], log: &AccessLog) {
        let Some(end) = part.strip_suffix(b"\n") else {
            if self.begun.len().saturating_add(part.len()) > LONGEST_LINE {
                self.skips = true;
                self.begun.clear();
            } else if !self.skips {
                self.begun.extend_from_slice(part);
            }
            return;
        };
        if self.skips {
            self.skips = false;
            return log.skip();
        }
        self.begun.extend_from_slice(end);
        log.line(&String::from_utf8_lossy(&self.begun));
        self.begun.clear();
    }
}

/// Bytes that are read at once, and of a file that there was before.
const TAIL: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::OpenOptions;
    use std::io::Write as _;

    fn append(path: &Path, text: &str) {
        let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    #[test]
    fn lines_are_read_in_parts_after_truncation_and_after_rotation() {
        let path =
            std::env::temp_dir().join(format!("gatehouse-console-{}.log", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let log = AccessLog::default();
        let mut follower = Follower::new(path.clone());
        let mut lines = |want: (u64, u64), case: &str| {
            follower.read(&log);
            let traffic = log.traffic();
            assert_eq!((traffic.lines, traffic.unread), want, "{case}");
        };
        lines((0, 0), "no file");
        append(&path, "{\"status\":200}\n{\"status\":");
        lines((1, 0), "the beginning of a line");
        append(&path, "404}\n");
        lines((2, 0), "its end");
        std::fs::write(&path, "{\"status\":1}\n").unwrap();
        lines((3, 0), "truncated");
        append(&path, &format!("{{\"a\":\"{}\"}}\n{{\"status\":200}}\n", "x".repeat(LONGEST_LINE)));
        lines((4, 1), "a long line and a short one");
        append(&path, &"x".repeat(LONGEST_LINE * 2));
        lines((4, 1), "a line without an end");
        append(&path, "\n");
        lines((4, 2), "its end");
        append(&path, "{\"status\":200}\n");
        std::fs::rename(&path, path.with_extension("old")).unwrap();
        append(&path, "{\"status\":200}\n{\"status\":200}\n");
        lines((7, 2), "moved away, and another in its place");
        let _ = std::fs::remove_file(&path);
        let _ = std::fs::remove_file(path.with_extension("old"));
    }

    #[test]
    fn a_long_file_is_read_from_near_its_end() {
        let path =
            std::env::temp_dir().join(format!("gatehouse-console-long-{}.log", std::process::id()));
        let line = format!("{{\"status\":200,\"path\":\"{}\"}}\n", "x".repeat(1000));
        std::fs::write(&path, line.repeat(5000)).unwrap();
        let log = AccessLog::default();
        Follower::new(path.clone()).read(&log);
        let lines = log.traffic().lines;
        assert!((1000..1100).contains(&lines), "{lines}");
        let _ = std::fs::remove_file(&path);
    }
}
