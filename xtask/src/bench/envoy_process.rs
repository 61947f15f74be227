//! One Envoy under measurement.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::set_up::{PROOF_HEADER, PROOF_PATH, SetUp, http_filter};

/// How long to wait between looks whether Envoy listens, and how often to look: a minute, since it compiles its
/// modules first.
const POLL: Duration = Duration::from_millis(50);
const POLLS: u32 = 1200;

/// A running Envoy; stopped when dropped.
pub(super) struct EnvoyProcess {
    name: String,
    process: Child,
    address: SocketAddr,
    log: PathBuf,
}

impl EnvoyProcess {
    /// Starts one worker on a free port of the loopback, on the core of the calling thread.
    ///
    /// # Errors
    /// No free port, an unwritable `scratch`, or a binary that cannot be started.
    pub(super) fn start(envoy: &Path, scratch: &Path, set_up: &SetUp) -> Result<Self> {
        let port = free_port()?;
        let config = scratch.join(format!("{}.json", set_up.name));
        fs::write(&config, format!("{:#}", configuration(port, set_up)))
            .with_context(|| format!("cannot write {}", config.display()))?;
        let log = scratch.join(format!("{}.log", set_up.name));
        let output = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let process = Command::new(envoy)
            .args(["--concurrency", "1", "--disable-hot-restart", "--log-level", "warn", "--config-path"])
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(output.try_clone().context("cannot share the log")?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("cannot start {}", envoy.display()))?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Ok(EnvoyProcess { name: set_up.name.clone(), process, address, log })
    }

    /// # Errors
    /// Envoy ended, or does not listen within a minute; the error holds the end of its log.
    pub(super) fn wait_until_ready(&mut self) -> Result<()> {
        for _ in 0..POLLS {
            if TcpStream::connect(self.address).is_ok() {
                return Ok(());
            }
            if let Some(status) = self.process.try_wait().context("cannot watch Envoy")? {
                bail!("the Envoy of set-up {} ended ({status}): {}", self.name, self.log_end());
            }
            std::thread::sleep(POLL);
        }
        bail!("the Envoy of set-up {} does not listen after a minute: {}", self.name, self.log_end())
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The process.
    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    /// CPU time that all threads have used since the start, to the nanosecond.
    ///
    /// # Errors
    /// Envoy has ended.
    pub(super) fn cpu(&self) -> Result<Duration> {
        let folder = format!("/proc/{}/task", self.process.id());
        let mut total = Duration::ZERO;
        let threads = fs::read_dir(&folder).with_context(|| format!("set-up {}: Envoy ended", self.name))?;
        for thread in threads {
            let path = thread.context("cannot list Envoy's threads")?.path().join("schedstat");
            let text =
                fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            // "time on the CPU, time waiting for one (both ns), time slices".
            let nanoseconds = text.split_whitespace().next().and_then(|field| field.parse().ok());
            let nanoseconds = nanoseconds.with_context(|| format!("{} holds `{text}`", path.display()))?;
            total = total.saturating_add(Duration::from_nanos(nanoseconds));
        }
        Ok(total)
    }

    fn log_end(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let end = lines.iter().skip(lines.len().saturating_sub(8)).copied().collect::<Vec<_>>().join("\n  ");
        format!("end of {}:\n  {end}", self.log.display())
    }
}

impl Drop for EnvoyProcess {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr().context("no free port on 127.0.0.1")?.port())
}

/// The smallest gateway: no admin, no access log, nothing that wakes up meanwhile, an answer without upstream.
fn configuration(port: u16, set_up: &SetUp) -> Value {
    let router =
        http_filter("envoy.filters.http.router", "envoy.extensions.filters.http.router.v3.Router", json!({}));
    let http_filters: Vec<&Value> = set_up.http_filters.iter().chain([&router]).collect();
    let body = set_up.answer.as_deref().unwrap_or("{\"id\":17}\n");
    let answer = json!({"status": 200, "body": {"inline_string": body}});
    let json = json!([{
        "header": {"key": "content-type", "value": "application/json"},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    }]);
    let proof = json!([{"header": {"key": PROOF_HEADER, "value": "%REQ(x-bench)%"}}]);
    let connection_manager = http_filter(
        "envoy.filters.network.http_connection_manager",
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        json!({
            "stat_prefix": "bench",
            // The request brings its own: a set-up must not measure the making of random ids.
            "generate_request_id": false,
            "http_filters": http_filters,
            "route_config": {"max_direct_response_body_size_bytes": 2 << 20, "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
                {"match": {"prefix": "/orders"}, "direct_response": answer, "response_headers_to_add": json},
                {"match": {"path": PROOF_PATH}, "direct_response": answer, "response_headers_to_add": proof},
            ]}]},
        }),
    );
    json!({
        "stats_flush_interval": "240s",
        "static_resources": {"listeners": [{
            "name": "bench",
            "per_connection_buffer_limit_bytes": 4 << 20,
            "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
            "filter_chains": [{"filters": [connection_manager]}],
        }]},
    })
}
