//! The console of the gateway that `up` runs, on a thread of its own: what else this program does
//! does not hold it up.

use std::net::SocketAddr;
use std::thread;

use anyhow::{Context as _, Result};
use gatehouse_console::{AccessLog, Console};
use tokio::net::TcpListener;

/// Serves the console on this port of loopback, for as long as this program runs; where it is.
///
/// # Errors
/// The port is taken, or there can be no thread.
pub(super) fn serve(port: u16, admin: SocketAddr, log: AccessLog) -> Result<SocketAddr> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let listener = runtime
        .block_on(TcpListener::bind(("127.0.0.1", port)))
        .with_context(|| format!("cannot listen on port {port}"))?;
    let address = listener.local_addr()?;
    let serving = Console::new(admin.to_string(), log).serve(listener, std::future::pending());
    let serve = move || {
        if let Err(fault) = runtime.block_on(serving) {
            note!("the console ended: {fault}");
        }
    };
    thread::Builder::new().name("console".to_owned()).spawn(serve)?;
    Ok(address)
}
