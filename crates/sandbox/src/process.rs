//! A child process: what it prints, and that it ends with us.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use anyhow::{Context as _, Result, anyhow};

/// A child process with its output.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    /// Kills the child when this process ends in any way, also by SIGKILL or with the value in a
    /// static.
    guard: Child,
    output: Arc<Capture>,
    log: Arc<Capture>,
    readers: Vec<JoinHandle<()>>,
}

/// Takes the lines of a stream, one at a time.
pub(crate) type Sink = Box<dyn FnMut(&str) + Send>;

/// The lines of one stream: kept, or passed on.
#[derive(Debug, Default)]
struct Capture {
    lines: Mutex<Vec<String>>,
    pass_on: AtomicBool,
}

impl Process {
    /// Starts the command. Each line of its standard output goes to `sink` as it comes; without
    /// one they are kept.
    pub(crate) fn start(mut command: Command, sink: Option<Sink>) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot run {}", command.get_program().display()))?;
        let guard = match guard(child.id()) {
            Ok(guard) => guard,
            Err(fault) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(fault);
            }
        };
        let output =
            Arc::new(Capture { pass_on: AtomicBool::new(sink.is_some()), ..Capture::default() });
        let log = Arc::new(Capture::default());
        let stdout =
            child.stdout.take().ok_or_else(|| anyhow!("the child has no standard output"))?;
        let stderr =
            child.stderr.take().ok_or_else(|| anyhow!("the child has no standard error"))?;
        let readers = vec![
            read(stdout, Arc::clone(&output), sink.unwrap_or_else(|| Box::new(|_| {}))),
            read(
                stderr,
                Arc::clone(&log),
                Box::new(|line| {
                    let _ = writeln!(std::io::stderr(), "{line}");
                }),
            ),
        ];
        Ok(Self { child, guard, output, log, readers })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How the process ended, if it has.
    pub(crate) fn exited(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// The lines kept of the standard output.
    pub(crate) fn output(&self) -> Vec<String> {
        self.output.kept().clone()
    }

    /// What was kept of the standard error.
    pub(crate) fn log(&self) -> String {
        self.log.kept().join("\n")
    }

    /// Forgets what was kept of both.
    pub(crate) fn forget(&self) {
        self.output.kept().clear();
        self.log.kept().clear();
    }

    /// From now on the standard error goes to ours.
    pub(crate) fn pass_log_on(&self) {
        self.log.pass_on.store(true, Ordering::Relaxed);
    }

    /// Ends the process if it has not ended, and waits until everything it printed has been read.
    pub(crate) fn kill(&mut self) {
        // The guard first: a process id that we have waited for may soon be somebody else's.
        let _ = self.guard.kill();
        let _ = self.guard.wait();
        let _ = self.child.kill();
        let _ = self.child.wait();
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Capture {
    fn kept(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A shell that waits for the end of a pipe which only we hold open.
fn guard(child: u32) -> Result<Child> {
    Command::new("sh")
        .args(["-c", "read _; kill -KILL $1", "envoy-guard", &child.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot run sh")
}

fn read(
    stream: impl Read + Send + 'static,
    into: Arc<Capture>,
    mut pass_on: Sink,
) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut line = Vec::new();
        // Bytes, not `lines()`: a log line may hold what a client sent.
        while stream.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            let text = String::from_utf8_lossy(line.trim_ascii_end()).into_owned();
            if into.pass_on.load(Ordering::Relaxed) {
                pass_on(&text);
            } else {
                into.kept().push(text);
            }
            line.clear();
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_streams_are_kept_and_the_end_is_seen() {
        let mut command = Command::new("sh");
        command.args(["-c", "printf 'a\\n\\377b\\n'; echo c >&2; exit 3"]);
        let mut process = Process::start(command, None).unwrap();
        let status =
            crate::gateway::wait_for(std::time::Duration::from_secs(10), || process.exited())
                .unwrap();
        process.kill();
        assert_eq!(status.code(), Some(3));
        assert_eq!(process.output(), ["a", "\u{fffd}b"]);
        assert_eq!(process.log(), "c");
    }

    #[test]
    fn each_line_goes_to_the_sink_and_none_is_kept() {
        let (sender, lines) = std::sync::mpsc::channel();
        let mut command = Command::new("sh");
        command.args(["-c", "printf 'a\\nb\\n'; echo c >&2"]);
        let sink: Sink = Box::new(move |line| sender.send(line.to_owned()).unwrap());
        let mut process = Process::start(command, Some(sink)).unwrap();
        assert_eq!(lines.iter().take(2).collect::<Vec<_>>(), ["a", "b"]);
        process.kill();
        assert!(process.output().is_empty());
        assert_eq!(process.log(), "c");
    }
}
