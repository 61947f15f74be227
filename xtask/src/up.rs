//! `cargo xtask up [FILE]`: the gateway of the README, or of another example, in the foreground.

mod access_log;
mod console;
mod state;

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs as _};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use gatehouse_console::AccessLog as ShownLog;
use gatehouse_sandbox::example::Example;
use gatehouse_sandbox::{Gateway, envoy, workspace};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::arguments::{Command, Given, Opt, number};
use crate::build;
use access_log::AccessLog;
use state::States;

const CONFIG: &str = "envoy/envoy.yaml";

/// How envoy/tracing.yaml calls the collector of its spans. Nothing waits for it: it need not be there.
const COLLECTOR: &str = "collector:4317";

pub(crate) const COMMAND: Command = Command {
    name: "up",
    operands: "[FILE]",
    about: "Build, then run Envoy on envoy/envoy.yaml, or on another example, until Ctrl-C.
The demo services that the file names run behind it.",
    options: &[
        Opt {
            name: "--port",
            value: Some("N"),
            about: "the gateway's port, instead of 8080 or GATEHOUSE_PORT",
        },
        Opt {
            name: "--admin-port",
            value: Some("N"),
            about: "Envoy's admin port, instead of 9901 or GATEHOUSE_ADMIN_PORT",
        },
        Opt {
            name: "--console-port",
            value: Some("N"),
            about: "the console's port, instead of 9902 or GATEHOUSE_CONSOLE_PORT",
        },
        Opt {
            name: "--concurrency",
            value: Some("N"),
            about: "Envoy's worker threads, instead of 1",
        },
        Opt {
            name: "--upstream",
            value: Some("HOST:PORT"),
            about: "where all calls to demo services go instead; none is started",
        },
        Opt {
            name: "--collector",
            value: Some("HOST:PORT"),
            about: "where envoy/tracing.yaml sends its spans, instead of 127.0.0.1:4317",
        },
        Opt { name: "--quiet", value: None, about: "no access log on the terminal" },
        Opt {
            name: "--log",
            value: Some("FILE"),
            about: "the access log goes to the end of this file too, a line at a time",
        },
    ],
    run,
};

/// What there is to wait for: 5 minutes 40 seconds in all, on two cores and an empty target folder.
const FIRST_START: &str = "first start: builds the filters (some five minutes on two cores, seconds \
                           from then on), gets Envoy, and starts it in front of the demo services";

/// Builds, starts everything, prints what to try, and stops everything on Ctrl-C or SIGTERM.
///
/// # Errors
/// Bad options, a port that is taken, anything missing, or an Envoy that refuses or ends by itself.
fn run(given: &Given) -> Result<()> {
    let options = Options::read(given, |name| std::env::var(name).ok())?;
    // Before the build: who has to choose another port should not wait for it.
    ensure_free(options.port, "--port", "GATEHOUSE_PORT")?;
    ensure_free(options.admin_port, "--admin-port", "GATEHOUSE_ADMIN_PORT")?;
    ensure_free(options.console_port, "--console-port", "GATEHOUSE_CONSOLE_PORT")?;
    let mut access_log = AccessLog::open(options.quiet, options.log.as_deref())?;
    let modules = modules(&options.config)?;
    if !modules.iter().all(|name| workspace::filters().join(format!("{name}.wasm")).is_file()) {
        note!("{FIRST_START}");
    }
    build::report(&modules)?;
    let envoy = envoy::locate(|step| note!("{step}"))?;
    let others = if options.upstream.is_some() { "" } else { "the demo services and " };
    note!("starting {others}{}", envoy.path().display());

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut stop = runtime.block_on(async { Stop::listen() })?;
    let shown_log = ShownLog::default();
    let log_to_show = shown_log.clone();
    let mut builder = Gateway::builder(&options.config).upstream(COLLECTOR, options.collector);
    if let Some(address) = options.upstream {
        builder = builder.in_place_of_demo(address);
    }
    let mut gateway = builder
        .envoy(&envoy)
        .concurrency(options.concurrency)
        .port(options.port)
        .admin_port(options.admin_port)
        .log_level("warning")
        .pass_output(move |line| {
            log_to_show.line(line);
            access_log.take(line);
        })
        .start()?;
    let console = console::serve(options.console_port, gateway.admin_address(), shown_log)?;
    print_hints(&gateway, console, &options);
    let ended = runtime.block_on(wait(&mut gateway, &mut stop));
    note!("stopping");
    gateway.stop();
    ended
}

#[derive(Debug, PartialEq)]
struct Options {
    /// A path from the root of the clone.
    config: String,
    port: u16,
    admin_port: u16,
    console_port: u16,
    concurrency: u32,
    /// Where all calls to demo services go instead.
    upstream: Option<SocketAddr>,
    /// Where spans go.
    collector: SocketAddr,
    /// No access log on the terminal.
    quiet: bool,
    /// The file that the access log goes to.
    log: Option<String>,
}

impl Options {
    fn read(given: &Given, env: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let from_env = |name: &str, default: u16| match env(name).filter(|value| !value.is_empty())
        {
            Some(value) => number(name, &value),
            None => Ok(default),
        };
        let of = |option: &str, other: Result<u16>| match given.value(option) {
            Some(value) => number(option, value),
            None => other,
        };
        let of_option = |name: &str| given.value(name).map(|text| address(name, text)).transpose();
        let options = Self {
            config: given.operands().last().map_or(CONFIG, String::as_str).to_owned(),
            port: of("--port", from_env("GATEHOUSE_PORT", 8080))?,
            admin_port: of("--admin-port", from_env("GATEHOUSE_ADMIN_PORT", 9901))?,
            console_port: of("--console-port", from_env("GATEHOUSE_CONSOLE_PORT", 9902))?,
            concurrency: given.positive("--concurrency")?.unwrap_or(1),
            upstream: of_option("--upstream")?,
            collector: of_option("--collector")?
                .unwrap_or(SocketAddr::from(([127, 0, 0, 1], 4317))),
            quiet: given.has("--quiet"),
            log: given.value("--log").map(ToOwned::to_owned),
        };
        for (what, port, other, taken) in [
            ("Envoy's admin interface", options.admin_port, "the gateway", options.port),
            ("the console", options.console_port, "the gateway", options.port),
            ("the console", options.console_port, "Envoy's admin interface", options.admin_port),
        ] {
            if port == taken && port != 0 {
                bail!("{other} and {what} cannot both have port {port}");
            }
        }
        Ok(options)
    }

    fn where_the_log_is(&self) -> String {
        match (&self.log, self.quiet) {
            (None, false) => "The access log follows.".to_owned(),
            (None, true) => "There is no access log (--quiet).".to_owned(),
            (Some(file), false) => format!("The access log follows, and is in {file}."),
            (Some(file), true) => format!("The access log is in {file}."),
        }
    }
}

/// The address that `HOST:PORT` stands for; of several, one that is not IPv6.
fn address(option: &str, text: &str) -> Result<SocketAddr> {
    let addresses = text.to_socket_addrs();
    let mut addresses: Vec<_> =
        addresses.with_context(|| format!("{option} must be HOST:PORT, not `{text}`"))?.collect();
    addresses.sort_by_key(SocketAddr::is_ipv6);
    addresses.into_iter().next().with_context(|| format!("`{text}` has no address"))
}

/// The modules of ours that the config names: no others are built.
fn modules(config: &str) -> Result<Vec<String>> {
    let example = Example::load(&workspace::root().join(config))?;
    let ours =
        |name: &str| gatehouse_gateway::filter(name).is_some() || name == gatehouse_gateway::NAME;
    let mut names: Vec<String> = example
        .filters()
        .iter()
        .map(|wasm| wasm.filter().to_owned())
        .filter(|name| ours(name))
        .collect();
    names.sort();
    names.dedup();
    Ok(names)
}

/// Envoy shares a port with another Envoy instead of failing (`SO_REUSEPORT`), so ask the kernel
/// first.
fn ensure_free(port: u16, option: &str, variable: &str) -> Result<()> {
    match TcpListener::bind(("127.0.0.1", port)) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            bail!("port {port} is taken: choose another with `{option} N` or {variable}=N")
        }
        Err(error) => Err(error).with_context(|| format!("cannot listen on port {port}")),
    }
}

fn print_hints(gateway: &Gateway, console: SocketAddr, options: &Options) {
    let url = gateway.url("");
    let log = options.where_the_log_is();
    if let Some(upstream) = options.upstream {
        return say!(
            "
The gateway is at {url}, in front of {upstream}, its console at http://{console}, Envoy's admin \
             interface at http://{admin}. Ctrl-C stops all. {log}
",
            admin = gateway.admin_address()
        );
    }
    say!(
        r#"
The gateway is at {url}, its console at http://{console}, Envoy's admin interface at
http://{admin}. Ctrl-C stops all.
Try, in another terminal: no token; alice logs in; with her token; bob may not do what alice may; a
partner's API key.

  curl -i {url}/orders
  TOKEN=$(curl -s {url}/auth/login -H 'content-type: application/json' \
    -d '{{"username":"alice","password":"wonderland"}}' \
    | sed -E 's/.*"access_token": ?"([^"]+)".*/\1/')
  curl -i {url}/orders -H "authorization: Bearer $TOKEN"
  BOB=$(curl -s {url}/auth/login -H 'content-type: application/json' \
    -d '{{"username":"bob","password":"builder"}}' \
    | sed -E 's/.*"access_token": ?"([^"]+)".*/\1/')
  curl -i {url}/users/alice -H "authorization: Bearer $BOB"
  curl -i {url}/products -H 'x-api-key: acme-partner-demo-key'

{log}
"#,
        admin = gateway.admin_address()
    );
}

/// The signals that mean "stop".
struct Stop {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Stop {
    fn listen() -> Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn told(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => (),
            _ = self.terminate.recv() => (),
            _ = self.hang_up.recv() => (),
        }
    }
}

/// Envoy answers on its main thread, within a millisecond or two.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// Tells what becomes of upstreams and keys until a signal comes, which is the good end, or Envoy
/// ends by itself, which is not.
async fn wait(gateway: &mut Gateway, stop: &mut Stop) -> Result<()> {
    let mut states = States::default();
    let mut asked = None::<Instant>;
    loop {
        if asked.is_none_or(|asked| asked.elapsed() >= BETWEEN_LOOKS) {
            // Envoy may be on its way out: then the next look finds that.
            states.look(gateway).into_iter().flatten().for_each(|line| note!("{line}"));
            asked = Some(Instant::now());
        }
        if tokio::time::timeout(Duration::from_millis(200), stop.told()).await.is_ok() {
            return Ok(());
        }
        if let Some(status) = gateway.exited() {
            // Ctrl-C reaches Envoy as well, and it may have ended before we heard of it.
            let told = tokio::time::timeout(Duration::from_millis(500), stop.told()).await;
            return told.map_err(|_| anyhow!("Envoy ended by itself ({status}); its log is above"));
        }
    }
}

#[cfg(test)]
mod tests;
