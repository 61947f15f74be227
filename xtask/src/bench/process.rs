//! One gateway under measurement, whatever program it is: the process and its children.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::load;
use super::process_tree as tree;

/// How long to wait between looks whether it listens, and how often to look: a minute, since Envoy
/// compiles its modules first.
const POLL: Duration = Duration::from_millis(2);
const POLLS: u32 = 30_000;

/// How often a gateway that listens already is asked until it answers, and how long between two
/// questions.
const ATTEMPTS: u32 = 200;
const PAUSE: Duration = Duration::from_millis(10);

/// How often to look whether a parent has ended as it was told to.
const FAREWELLS: u32 = 1000;

/// A running gateway; stopped when dropped.
pub(super) struct Process {
    name: String,
    process: Child,
    started: Instant,
    address: SocketAddr,
    log: PathBuf,
}

impl Process {
    /// Runs `command`, which makes a gateway listen on `port`, on the core of the calling thread.
    /// What it says goes to a file in `scratch`.
    ///
    /// # Errors
    /// An unwritable `scratch`, or a program that cannot be started.
    pub(super) fn start(
        name: &str,
        scratch: &Path,
        port: u16,
        command: &mut Command,
    ) -> Result<Self> {
        let log = scratch.join(format!("{name}.log"));
        let output =
            File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let started = Instant::now();
        let process = command
            .stdin(Stdio::null())
            .stdout(output.try_clone().context("cannot share the log")?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().display()))?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Ok(Process { name: name.to_owned(), process, started, address, log })
    }

    /// # Errors
    /// It ended, or does not listen within a minute; the error holds the end of its log.
    pub(super) fn wait_until_ready(&mut self) -> Result<()> {
        for _ in 0..POLLS {
            if TcpStream::connect(self.address).is_ok() {
                return Ok(());
            }
            if let Some(status) = self.process.try_wait().context("cannot watch the gateway")? {
                bail!("set-up {} ended ({status}): {}", self.name, self.log_end());
            }
            std::thread::sleep(POLL);
        }
        bail!("set-up {} does not listen after a minute: {}", self.name, self.log_end())
    }

    /// Asks until it answers with 200.
    ///
    /// # Errors
    /// It does not; the error holds the end of its log.
    pub(super) fn wait_for_answer(&self, request: &[u8]) -> Result<()> {
        let mut last = None;
        for _ in 0..ATTEMPTS {
            match load::ask(self.address, request) {
                Ok(_) => return Ok(()),
                Err(error) => last = Some(error),
            }
            std::thread::sleep(PAUSE);
        }
        let why = last.map(|error| format!("{error:#}")).unwrap_or_default();
        bail!("set-up {} does not answer: {why}; {}", self.name, self.log_end())
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The process.
    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Since it was started.
    pub(super) fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// CPU time that all threads of it and its children have used since the start, to the
    /// nanosecond.
    ///
    /// # Errors
    /// It has ended.
    pub(super) fn cpu(&self) -> Result<Duration> {
        let ids = tree::of(self.id()).with_context(|| format!("set-up {} ended", self.name))?;
        ids.into_iter().try_fold(Duration::ZERO, |sum, id| Ok(sum.saturating_add(tree::cpu(id)?)))
    }

    /// The resident memory of it and its children, in MiB.
    ///
    /// # Errors
    /// It has ended.
    pub(super) fn mebibytes(&self) -> Result<f64> {
        let ids = tree::of(self.id()).with_context(|| format!("set-up {} ended", self.name))?;
        ids.into_iter().map(tree::mebibytes).sum()
    }

    /// The last lines that it said, for an error.
    pub(super) fn log_end(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let end = lines
            .iter()
            .skip(lines.len().saturating_sub(8))
            .copied()
            .collect::<Vec<_>>()
            .join("\n  ");
        format!("end of {}:\n  {end}", self.log.display())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let ids = tree::of(self.id()).unwrap_or_default();
        let children = ids.get(1..).unwrap_or_default();
        // A parent is told first, and ends its children itself if it can.
        if !children.is_empty() {
            tree::terminate(self.id());
            let has_ended = |process: &mut Child| !matches!(process.try_wait(), Ok(None));
            for _ in 0..FAREWELLS {
                if has_ended(&mut self.process) {
                    return;
                }
                std::thread::sleep(POLL);
            }
        }
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
        children.iter().copied().for_each(tree::kill);
    }
}

/// # Errors
/// No port is free.
pub(super) fn free_port() -> Result<u16> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr().context("no free port on 127.0.0.1")?.port())
}

/// Where a program is; the folders of servers are not on everybody's path.
///
/// # Errors
/// It is not there.
pub(super) fn program(name: &str) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders =
        std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    let found = folders.map(|folder| folder.join(name)).find(|path| path.is_file());
    found.with_context(|| format!("no `{name}` on this machine (Debian: apt-get install {name})"))
}
