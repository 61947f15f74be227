//! An Envoy that runs on an example config.

mod builder;
mod folder;
mod host;
mod lease;
mod start_error;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::{Upstreams, raw};
use lease::Lease;

pub use builder::Builder;
pub use start_error::StartError;

/// A running Envoy with the demo services behind it. Dropping it stops everything.
#[derive(Debug)]
pub struct Gateway {
    envoy: Lease,
    /// Name and address, in the order of the config.
    listeners: Vec<(String, SocketAddr)>,
    admin: SocketAddr,
    folder: PathBuf,
    /// Held for as long as Envoy may call them.
    upstreams: Upstreams,
}

impl Gateway {
    /// Prepares a gateway on the config, a path from the root of the clone such as
    /// `envoy/envoy.yaml`.
    pub fn builder(config: impl Into<PathBuf>) -> Builder {
        Builder::new(config.into())
    }

    /// The port of the first listener, on loopback.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address().port()
    }

    /// The address of the first listener.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        // The builder refuses to start a config without a listener.
        self.listeners.first().map_or(self.admin, |(_, address)| *address)
    }

    /// The address of the listener with this name.
    #[must_use]
    pub fn listener(&self, name: &str) -> Option<SocketAddr> {
        self.listeners.iter().find(|(this, _)| this == name).map(|(_, address)| *address)
    }

    /// The URL of a path on the first listener.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }

    /// The address of Envoy's admin interface.
    #[must_use]
    pub fn admin_address(&self) -> SocketAddr {
        self.admin
    }

    /// Envoy's process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.envoy.id()
    }

    /// The demo services behind this gateway.
    #[must_use]
    pub fn upstreams(&self) -> &Upstreams {
        &self.upstreams
    }

    /// Everything that Envoy has written to its log since it was started.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.envoy.log()
    }

    /// The access log lines so far that are JSON. Envoy writes a line a moment after the response:
    /// to wait for one, use [`Gateway::access_log_after`].
    #[must_use]
    pub fn access_log(&self) -> Vec<Value> {
        self.envoy.output().iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Sends the request on a connection of its own.
    ///
    /// # Errors
    /// See [`raw::Error`].
    pub fn try_request(&self, request: &raw::Request) -> Result<raw::Response, raw::Error> {
        raw::send(self.address(), request)
    }

    /// The body that the admin interface answers to a GET.
    ///
    /// # Errors
    /// When it does not answer with 200.
    pub fn try_admin(&self, path: &str) -> Result<String> {
        admin_get(self.admin, path)
    }

    /// Whether Envoy has ended, and how.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        self.envoy.exited()
    }

    /// Stops Envoy in its own way, which flushes the access log; kills it when that takes more than
    /// three seconds.
    pub fn stop(&mut self) {
        if self.exited().is_none() {
            let _ = raw::send(self.admin, &raw::Request::new("POST", "/quitquitquit"));
            let _ = wait_for(Duration::from_secs(3), || self.exited());
        }
        self.envoy.kill();
    }
}

/// The calls for tests: a fault of the harness panics where the test called it.
#[allow(clippy::panic, reason = "a test that cannot reach its gateway has nothing to assert on")]
impl Gateway {
    /// Sends a GET with these header lines and reads the response.
    ///
    /// # Panics
    /// When no whole response comes.
    #[track_caller]
    #[must_use]
    pub fn get(&self, path: &str, headers: &[(&str, &str)]) -> raw::Response {
        let start = raw::Request::get(path);
        self.request(
            headers.iter().fold(start, |request, (name, value)| request.header(name, value)),
        )
    }

    /// Sends the request on a connection of its own and reads the response.
    ///
    /// # Panics
    /// When no whole response comes.
    #[track_caller]
    #[must_use]
    #[allow(clippy::needless_pass_by_value, reason = "tests build a request for one call")]
    pub fn request(&self, request: raw::Request) -> raw::Response {
        self.try_request(&request).unwrap_or_else(|fault| self.fail(&fault.to_string()))
    }

    /// A connection to the first listener, for several requests or for parts of one.
    ///
    /// # Panics
    /// When it cannot be opened.
    #[track_caller]
    #[must_use]
    pub fn connect(&self) -> raw::Connection {
        raw::Connection::open(self.address()).unwrap_or_else(|fault| self.fail(&fault.to_string()))
    }

    /// The body that the admin interface answers to a GET.
    ///
    /// # Panics
    /// When it does not answer with 200.
    #[track_caller]
    #[must_use]
    pub fn admin(&self, path: &str) -> String {
        self.try_admin(path).unwrap_or_else(|fault| self.fail(&format!("{fault:#}")))
    }

    /// Envoy's counters and gauges by name.
    ///
    /// # Panics
    /// When the admin interface does not answer.
    #[track_caller]
    #[must_use]
    pub fn stats(&self) -> BTreeMap<String, u64> {
        numbers(&self.admin("/stats"))
    }

    /// Waits until the access log has at least `lines` lines, and returns all of it.
    ///
    /// # Panics
    /// When they have not come in 10 seconds.
    #[track_caller]
    #[must_use]
    pub fn access_log_after(&self, lines: usize) -> Vec<Value> {
        let whole = || Some(self.access_log()).filter(|log| log.len() >= lines);
        wait_for(Duration::from_secs(10), whole)
            .unwrap_or_else(|| self.fail(&format!("the access log has not got {lines} lines")))
    }

    #[track_caller]
    fn fail(&self, fault: &str) -> ! {
        panic!(
            "{fault}\nEnvoy's log:\n{}\naccess log:\n{}",
            self.stderr(),
            self.envoy.output().join("\n")
        )
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // What Envoy was started with is worth reading only when a test fails.
        if !thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

/// The counters and gauges by name in an answer to `/stats`. Histograms and texts do not parse as a
/// number and are left out.
fn numbers(stats: &str) -> BTreeMap<String, u64> {
    let number = |line: &str| {
        let (name, value) = line.rsplit_once(": ")?;
        Some((name.to_owned(), value.parse().ok()?))
    };
    stats.lines().filter_map(number).collect()
}

/// The thread that answers compiles modules, too: gateway.wasm for seven seconds of a core, and for
/// each plugin that comes by discovery.
const ADMIN_ANSWERS_WITHIN: Duration = Duration::from_secs(60);

fn admin_get(admin: SocketAddr, path: &str) -> Result<String> {
    let answer = raw::Connection::open_within(admin, ADMIN_ANSWERS_WITHIN)
        .and_then(|mut connection| connection.send(&raw::Request::get(path)));
    let response = answer.with_context(|| format!("admin GET {path}"))?;
    if response.status != 200 {
        bail!("admin GET {path} answered {}: {}", response.status, response.text());
    }
    Ok(response.text())
}

/// Asks every 20 ms until there is an answer or the time is over.
pub(crate) fn wait_for<T>(limit: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let begin = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if begin.elapsed() >= limit {
            return None;
        }
        thread::sleep(Duration::from_millis(20));
    }
}
