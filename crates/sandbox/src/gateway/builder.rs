//! How a gateway is started.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use serde_json::Value;
use tokio::net::TcpSocket;

use super::folder::Folder;
use super::lease::{self, Lease};
use super::{Gateway, StartError, admin_get, wait_for};
use crate::envoy::{self, EnvoyBinary};
use crate::example::{Example, Placement};
use crate::process::{Process, Sink};
use crate::{Packaging, Upstreams, modules, upstreams, workspace};

/// How long Envoy may take to become ready, unless set: nine modules that are compiled beside other
/// Envoys take a minute where there are two cores.
pub(super) const READY_WITHIN: Duration = Duration::from_secs(180);

/// Envoy's log level, unless set.
pub(super) const LOG_LEVEL: &str = "info";

type Edit = Box<dyn FnOnce(&mut Value)>;

/// Options for starting a [`Gateway`]; the defaults are what tests want.
#[must_use]
pub struct Builder {
    config: PathBuf,
    envoy: Option<EnvoyBinary>,
    concurrency: u32,
    log_level: String,
    args: Vec<String>,
    variables: Vec<(String, String)>,
    port: u16,
    admin_port: u16,
    upstreams: BTreeMap<String, SocketAddr>,
    demo: Option<SocketAddr>,
    edits: Vec<Edit>,
    packaging: Option<Packaging>,
    modules: PathBuf,
    ready_within: Duration,
    sink: Option<Sink>,
    alone: bool,
}

impl Builder {
    pub(super) fn new(config: PathBuf) -> Self {
        Self {
            config,
            envoy: None,
            concurrency: 1,
            log_level: LOG_LEVEL.to_owned(),
            args: Vec::new(),
            variables: Vec::new(),
            port: 0,
            admin_port: 0,
            upstreams: BTreeMap::new(),
            demo: None,
            edits: Vec::new(),
            packaging: None,
            modules: workspace::filters(),
            ready_within: READY_WITHIN,
            sink: None,
            alone: false,
        }
    }

    /// The number of worker threads; 1 unless set.
    pub fn concurrency(mut self, workers: u32) -> Self {
        self.concurrency = workers;
        self
    }

    /// Envoy's log level: `trace`, `debug`, `info` (unless set), `warning`, `error`, `critical` or
    /// `off`.
    pub fn log_level(mut self, level: &str) -> Self {
        level.clone_into(&mut self.log_level);
        self
    }

    /// One more argument on Envoy's command line.
    pub fn arg(mut self, arg: &str) -> Self {
        self.args.push(arg.to_owned());
        self
    }

    /// A variable in Envoy's environment, beside those that this process has.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The program to start, instead of the one that [`envoy::locate`] finds.
    pub fn envoy(mut self, binary: &EnvoyBinary) -> Self {
        self.envoy = Some(binary.clone());
        self
    }

    /// The first listener's port; a free one unless set.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The admin port; a free one unless set.
    pub fn admin_port(mut self, port: u16) -> Self {
        self.admin_port = port;
        self
    }

    /// Sends the calls to the upstream `host:port`, as the config names it, to this address; no
    /// demo service is started for it.
    pub fn upstream(mut self, name: &str, address: SocketAddr) -> Self {
        self.upstreams.insert(name.to_owned(), address);
        self
    }

    /// Sends the calls to every demo service to this address; none is started.
    pub fn in_place_of_demo(mut self, address: SocketAddr) -> Self {
        self.demo = Some(address);
        self
    }

    /// Changes the config, as a tree, before ports, addresses and paths are replaced. May be called
    /// repeatedly.
    pub fn edit(mut self, change: impl FnOnce(&mut Value) + 'static) -> Self {
        self.edits.push(Box::new(change));
        self
    }

    /// How the filters reach Envoy, whatever the environment says ([`Packaging::from_env`]). Say
    /// why beside the call: what holds in one packaging should hold in the other.
    pub fn packaging(mut self, packaging: Packaging) -> Self {
        self.packaging = Some(packaging);
        self
    }

    /// The folder of the modules, in place of where `cargo xtask build` puts them: for such as were
    /// changed. What they are copies of has to be built all the same.
    pub fn modules(mut self, folder: PathBuf) -> Self {
        self.modules = folder;
        self
    }

    /// How long Envoy may take to become ready; 180 seconds unless set.
    pub fn ready_within(mut self, limit: Duration) -> Self {
        self.ready_within = limit;
        self
    }

    /// Each line of Envoy's standard output (the access log) goes to `sink` instead of being kept,
    /// and its log goes to our standard error once it is ready.
    pub fn pass_output(mut self, sink: impl FnMut(&str) + Send + 'static) -> Self {
        self.sink = Some(Box::new(sink));
        self
    }

    /// An Envoy that nobody has used before, nor will: for a gateway that is kept until the process
    /// ends, and for cases about all that an Envoy has. Say beside the call which of them.
    pub fn alone(mut self) -> Self {
        self.alone = true;
        self
    }

    /// Whether the gateway may be lent an Envoy that others have used, or have one of its own only:
    /// an Envoy takes ports, arguments and variables at its start.
    fn may_share(&self) -> bool {
        !self.alone
            && self.envoy.is_none()
            && self.sink.is_none()
            && (self.port, self.admin_port) == (0, 0)
            && self.args.is_empty()
            && self.variables.is_empty()
            && self.log_level == LOG_LEVEL
            && self.ready_within == READY_WITHIN
            && self.modules == workspace::filters()
    }

    /// Starts the demo services that the config names, then Envoy, and waits until it is ready.
    ///
    /// Where nothing asks for an Envoy of its own, it is lent one that other gateways of this
    /// process have used, and that has forgotten them.
    ///
    /// # Errors
    /// See [`StartError`]. Nothing is left running.
    pub fn start(self) -> Result<Gateway, StartError> {
        let envoy = match &self.envoy {
            Some(envoy) => envoy.clone(),
            None => envoy::locate(|step| eprintln!("{step}"))?,
        };
        let may_share = self.may_share();
        let mut example = Example::load(&workspace::root().join(&self.config))?;
        for edit in self.edits {
            edit(example.tree_mut());
        }
        let packaging = self.packaging.map_or_else(Packaging::from_env, Ok)?;
        if packaging == Packaging::Gateway {
            example.bundle()?;
        }
        let names = example.listeners();
        if names.is_empty() {
            return Err(
                anyhow!("{} has no static listener with a port", self.config.display()).into()
            );
        }
        let (wanted, mut given) = (example.upstreams(), self.upstreams);
        if let Some(address) = self.demo {
            let demo = wanted.iter().filter(|upstream| upstreams::is_demo(upstream));
            demo.for_each(|upstream| _ = given.entry(upstream.clone()).or_insert(address));
        }
        let upstreams = Upstreams::start(&wanted, given)
            .with_context(|| format!("cannot start what {} calls", self.config.display()))?;
        // Who calls itself has to know its port before it has it.
        let reserved = (self.port == 0 && example.leads_to_itself()).then(ReservedPort::new);
        let reserved = reserved.transpose().context("no loopback port is free")?;
        example.place(&Placement {
            port: reserved.as_ref().map_or(self.port, ReservedPort::number),
            admin_port: self.admin_port,
            upstreams: upstreams.addresses().clone(),
            filters: self.modules.clone(),
        });
        ensure_modules(&example, &self.modules)?;

        let folder = Folder::create(&self.config)?;
        let config = folder.path().join("envoy.json");
        example.write(&config)?;
        if may_share
            && let Some((envoy, admin)) = lease::of(&envoy, self.concurrency, example.tree())?
        {
            let listeners = listeners(admin, names)?;
            return Ok(Gateway { envoy, listeners, admin, folder: folder.keep(), upstreams });
        }
        let passes_output = self.sink.is_some();
        let mut command = command(&envoy, self.concurrency, &self.log_level);
        command.args(&self.args).envs(self.variables).arg("--config-path").arg(&config);
        let (process, admin) = started(command, folder.path(), self.ready_within, self.sink)?;
        let listeners = listeners(admin, names)?;
        if passes_output {
            process.pass_log_on();
        }
        let envoy = Lease::of_its_own(process);
        Ok(Gateway { envoy, listeners, admin, folder: folder.keep(), upstreams })
    }
}

/// The program with what every Envoy of a sandbox is started with.
pub(super) fn command(envoy: &EnvoyBinary, concurrency: u32, log_level: &str) -> Command {
    let mut command = envoy.command();
    command
        // Hot restart would tie together every Envoy on the machine.
        .arg("--disable-hot-restart")
        .args(["--concurrency", &concurrency.to_string(), "--log-level", log_level])
        // The default is 10 s: no test wants to wait so long for an access log line, and no
        // person either.
        .args(["--file-flush-interval-msec", "50"]);
    command
}

/// Starts an Envoy, which leaves the address of its admin interface in the folder, and waits until
/// it is ready.
pub(super) fn started(
    mut command: Command,
    folder: &Path,
    ready_within: Duration,
    sink: Option<Sink>,
) -> Result<(Process, SocketAddr), StartError> {
    let admin_file = folder.join("admin");
    command.arg("--admin-address-path").arg(&admin_file);
    let mut process = Process::start(command, sink)?;
    let admin = wait_until_live(&mut process, &admin_file, ready_within)?;
    Ok((process, admin))
}

/// A loopback port that nobody is given while this lives, and that Envoy can listen on: both say
/// `SO_REUSEPORT`, and a socket that does not listen takes no connection.
struct ReservedPort {
    number: u16,
    _socket: TcpSocket,
}

impl ReservedPort {
    fn new() -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseport(true)?;
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        Ok(Self { number: socket.local_addr()?.port(), _socket: socket })
    }

    fn number(&self) -> u16 {
        self.number
    }
}

/// Envoy's own message for a module that is not there names the path but not the cure, and of an
/// old one it says nothing.
fn ensure_modules(example: &Example, folder: &Path) -> Result<()> {
    for filter in example.filters() {
        let path = Path::new(&filter.module);
        for known in [folder, &workspace::filters()] {
            if let Ok(name) = path.strip_prefix(known) {
                modules::ensure_built(&workspace::filters().join(name))?;
                break;
            }
        }
    }
    Ok(())
}

fn wait_until_live(
    process: &mut Process,
    file: &Path,
    limit: Duration,
) -> Result<SocketAddr, StartError> {
    let live = wait_for(limit, || {
        if let Some(status) = process.exited() {
            return Some(Err(status));
        }
        let admin: SocketAddr = fs::read_to_string(file).ok()?.trim().parse().ok()?;
        admin_get(admin, "/ready").ok()?;
        Some(Ok(admin))
    });
    match live {
        Some(Ok(admin)) => Ok(admin),
        Some(Err(status)) => {
            // Its last lines may not have been read yet.
            process.kill();
            Err(StartError::Refused { status: Some(status), log: process.log() })
        }
        None => {
            process.kill();
            Err(StartError::NotReady { waited: limit, log: process.log() })
        }
    }
}

/// Where the kernel has put each listener; only Envoy knows.
fn listeners(admin: SocketAddr, names: Vec<String>) -> Result<Vec<(String, SocketAddr)>> {
    let text = admin_get(admin, "/listeners?format=json")?;
    let status: Value =
        serde_json::from_str(&text).context("Envoy's list of listeners is not JSON")?;
    let all =
        status.get("listener_statuses").and_then(Value::as_array).cloned().unwrap_or_default();
    let address = |listener: &Value| -> Option<SocketAddr> {
        let address = listener.pointer("/local_address/socket_address")?;
        let port = u16::try_from(address.get("port_value")?.as_u64()?).ok()?;
        Some(SocketAddr::new(address.get("address")?.as_str()?.parse().ok()?, port))
    };
    let named =
        |name: &str| all.iter().find(|this| this.get("name").and_then(Value::as_str) == Some(name));
    names
        .into_iter()
        .map(|name| {
            // Envoy gives a listener without a name a random one; with a single listener it is
            // clear which.
            let found = named(&name).or_else(|| all.first().filter(|_| all.len() == 1));
            let address = found.and_then(address);
            Ok((
                name.clone(),
                address
                    .with_context(|| format!("listener `{name}` has no address: give it a name"))?,
            ))
        })
        .collect()
}

impl fmt::Debug for Builder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Builder").field("config", &self.config).finish_non_exhaustive()
    }
}
