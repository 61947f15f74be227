//! A Prometheus of a test's own.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use gatehouse_filter::percent_encoded;
use serde_json::Value;

use crate::gateway::wait_for;
use crate::process::Process;
use crate::{raw, workspace};

/// A `prometheus` with an empty database. Dropping it stops it and removes what it has stored.
#[derive(Debug)]
pub struct Prometheus {
    address: SocketAddr,
    process: Process,
    folder: PathBuf,
}

impl Prometheus {
    /// How `prometheus` and `promtool` get onto a Debian machine.
    pub const INSTALL: &'static str = "apt-get install prometheus";

    /// Whether there are a `prometheus` and a `promtool` on this machine.
    #[must_use]
    pub fn is_installed() -> bool {
        ["prometheus", "promtool"].iter().all(|program| {
            Command::new(program).arg("--version").output().is_ok_and(|run| run.status.success())
        })
    }

    /// Starts one on a free loopback port, with this configuration as a file.
    ///
    /// # Errors
    /// When it is not installed, refuses the configuration, or is not ready in thirty seconds.
    pub fn start(config: &str) -> Result<Self> {
        if !Self::is_installed() {
            bail!("prometheus is missing (Debian: `{}`)", Self::INSTALL);
        }
        // It cannot be told to take any free port and say which.
        let address = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .context("no loopback port is free")?;
        let folder = workspace::target().join("sandbox").join(format!(
            "prometheus-{}-{}",
            std::process::id(),
            address.port()
        ));
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let file = folder.join("prometheus.yml");
        std::fs::write(&file, config)
            .with_context(|| format!("cannot write {}", file.display()))?;
        let mut command = Command::new("prometheus");
        command
            .arg(argument("--config.file=", &file))
            .arg(argument("--storage.tsdb.path=", &folder.join("data")))
            .arg(format!("--web.listen-address={address}"));
        let process = Process::start(command, None)?;
        let mut started = Self { address, process, folder };
        let ready = wait_for(Duration::from_secs(30), || match started.process.exited() {
            Some(status) => Some(Err(status)),
            None => started.get("/-/ready").is_ok().then_some(Ok(())),
        });
        match ready {
            Some(Ok(())) => Ok(started),
            Some(Err(status)) => {
                started.process.kill();
                bail!("prometheus ended ({status}):\n{}", started.process.log())
            }
            None => bail!("prometheus is not ready:\n{}", started.process.log()),
        }
    }

    /// What a query says now: for each series its labels and its value.
    ///
    /// # Errors
    /// Its own words where it refuses the query.
    pub fn query(&self, query: &str) -> Result<Vec<(Value, f64)>> {
        let query = String::from_utf8(percent_encoded(query.as_bytes()).collect())?;
        let data = self.get(&format!("/api/v1/query?query={query}"))?;
        let result = data.get("result").and_then(Value::as_array).cloned().unwrap_or_default();
        let sample = |series: &Value| {
            let value = series.pointer("/value/1")?.as_str()?.parse().ok()?;
            Some((series.get("metric")?.clone(), value))
        };
        result.iter().map(|series| sample(series).context("not a sample")).collect()
    }

    /// The rules that it evaluates, as its API tells of them.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn rules(&self) -> Result<Vec<Value>> {
        let data = self.get("/api/v1/rules")?;
        let groups = data.get("groups").and_then(Value::as_array).cloned().unwrap_or_default();
        let rules = |group: &Value| group.get("rules").and_then(Value::as_array).cloned();
        Ok(groups.iter().filter_map(rules).flatten().collect())
    }

    /// The member `data` of an answer; `Null` where it has none.
    fn get(&self, path: &str) -> Result<Value> {
        let response = raw::send(self.address, &raw::Request::get(path))?;
        if response.status != 200 {
            bail!("prometheus answered {}: {}", response.status, response.text());
        }
        Ok(response.json().get("data").cloned().unwrap_or_default())
    }
}

fn argument(option: &str, path: &Path) -> std::ffi::OsString {
    let mut argument = std::ffi::OsString::from(option);
    argument.push(path);
    argument
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        self.process.kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
