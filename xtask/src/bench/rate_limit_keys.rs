//! `cargo xtask bench rate-limit-keys`: the memory of one Envoy while ever new clients come.

use std::net::SocketAddr;

use anyhow::Result;
use gatehouse_sandbox::envoy;
use serde_json::json;

use super::Sources;
use super::cores::Cores;
use super::envoy_process;
use super::load::Connection;
use super::options::Options;
use super::rate_limit::CAPABILITIES;
use super::set_up::{PATH, SetUp, wasm_filter};
use crate::build;

/// The bench's name.
pub(super) const NAME: &str = "rate-limit-keys";

/// How many clients the filter remembers.
const REMEMBERED: usize = 65_536;

/// Connections, with one request on the way on each: Envoy closes one on which more than two
/// answers of its own are waiting.
const FLIGHT: usize = 32;

/// How often the memory is read on the way.
const READINGS: usize = 10;

/// Sends one request of each of `--keys` clients and prints what memory Envoy holds meanwhile.
///
/// # Errors
/// No Envoy, or an answer other than 200: a new client has its whole limit before it.
pub(super) fn run(options: &Options, sources: &Sources) -> Result<()> {
    let keys = options.keys;
    build::modules(&["rate-limit".to_owned()])?;
    let configuration = json!({
        "keys": REMEMBERED,
        "response_fields": "none",
        "rules": [{"key": [{"header": "x-client"}], "limits": [{"requests": 10, "window": "60s"}]}],
    });
    let module = sources.modules.join("rate-limit.wasm");
    let filter = wasm_filter("rate-limit", &module, Some(configuration), &CAPABILITIES);
    let set_up = SetUp::new(NAME, vec![filter]);

    let cores = Cores::choose()?;
    let envoy = envoy::locate(|step| note!("{step}"))?;
    let gateway = cores.start(|| envoy_process::start(envoy.path(), &sources.scratch, &set_up))?;
    set_up.check(gateway.address())?;

    say!("{NAME}: {keys} clients, {REMEMBERED} remembered; memory of Envoy (RSS) in MiB");
    let mut clients = Clients::connect(gateway.address())?;
    // Pools and buffers have their size after some thousand requests.
    clients.come(keys.min(20_000))?;
    say!("{:>12}  {:>8.1}", "before", gateway.mebibytes()?);
    for _ in 0..READINGS {
        clients.come(keys.div_ceil(READINGS))?;
        say!("{:>12}  {:>8.1}", clients.came, gateway.mebibytes()?);
    }
    Ok(())
}

/// Connections on which every request is from another client.
struct Clients {
    connections: Vec<Connection>,
    came: usize,
}

impl Clients {
    fn connect(address: SocketAddr) -> Result<Self> {
        let connections = (0..FLIGHT).map(|_| Connection::open(address)).collect::<Result<_>>()?;
        Ok(Self { connections, came: 0 })
    }

    /// One request from each of `clients` that never came before.
    fn come(&mut self, clients: usize) -> Result<()> {
        let mut left = clients;
        while left > 0 {
            let flight = left.min(self.connections.len());
            for connection in self.connections.iter_mut().take(flight) {
                let client = self.came;
                connection.send(
                    format!(
                        "GET {PATH} HTTP/1.1\r\nhost: a\r\nx-client: client-{client:08}\r\n\r\n"
                    )
                    .as_bytes(),
                )?;
                self.came = self.came.saturating_add(1);
            }
            for connection in self.connections.iter_mut().take(flight) {
                connection.receive()?;
            }
            left = left.saturating_sub(flight);
        }
        Ok(())
    }
}
