//! A Redis of a test's own.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::gateway::wait_for;
use crate::process::Process;

/// A `redis-server` that keeps nothing on disk. Dropping it stops it.
#[derive(Debug)]
pub struct Redis {
    address: SocketAddr,
    process: Option<Process>,
}

impl Redis {
    /// How `redis-server` gets onto a Debian machine.
    pub const INSTALL: &'static str = "apt-get install redis-server";

    /// Whether there is a `redis-server` on this machine.
    #[must_use]
    pub fn is_installed() -> bool {
        Command::new("redis-server")
            .arg("--version")
            .output()
            .is_ok_and(|output| output.status.success())
    }

    /// Starts one on a free loopback port.
    ///
    /// # Errors
    /// When it is not installed, or does not answer in ten seconds.
    pub fn start() -> Result<Self> {
        if !Self::is_installed() {
            bail!("redis-server is missing (Debian: `{}`)", Self::INSTALL);
        }
        // Redis cannot be told to take any free port. Somebody may take this one first: then
        // another is tried.
        let mut last = None;
        for _ in 0..5 {
            let address = TcpListener::bind("127.0.0.1:0")
                .and_then(|listener| listener.local_addr())
                .context("no loopback port is free")?;
            let mut redis = Self { address, process: None };
            match redis.resume() {
                Ok(()) => return Ok(redis),
                Err(fault) => last = Some(fault),
            }
        }
        last.map_or_else(|| bail!("no Redis"), Err)
    }

    /// `redis://127.0.0.1:…`
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// Stops it at once; what it had counted is lost.
    pub fn stop(&mut self) {
        self.process = None;
    }

    /// Starts it again, at the same address.
    ///
    /// # Errors
    /// When it does not answer in ten seconds.
    pub fn resume(&mut self) -> Result<()> {
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--port", &self.address.port().to_string()]).args([
            "--save",
            "",
            "--appendonly",
            "no",
            "--daemonize",
            "no",
        ]);
        let mut process = Process::start(command, None)?;
        let answers = wait_for(Duration::from_secs(10), || match process.exited() {
            Some(status) => Some(Err(status)),
            None => self.answers().then_some(Ok(())),
        });
        match answers {
            Some(Ok(())) => {
                self.process = Some(process);
                Ok(())
            }
            Some(Err(status)) => {
                process.kill();
                bail!("redis-server ended ({status}): {}", process.output().join("\n"))
            }
            None => bail!("redis-server does not answer"),
        }
    }

    fn answers(&self) -> bool {
        let ping = || {
            let mut stream = TcpStream::connect(self.address)?;
            stream.set_read_timeout(Some(Duration::from_secs(1)))?;
            stream.write_all(b"PING\r\n")?;
            let mut answer = [0; 7];
            stream.read_exact(&mut answer)?;
            Ok::<_, std::io::Error>(&answer == b"+PONG\r\n")
        };
        ping().unwrap_or(false)
    }
}
