//! `gatehouse-demo`: one of the demo services on a port, or a look at whether one is healthy.

mod command;
mod healthcheck;

use std::fmt::Display;
use std::io::{self, Write as _};
use std::process::ExitCode;

use command::{Command, USAGE, Upstream};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Fails with 1 whatever is wrong: Docker reserves 2 for a healthcheck.
#[tokio::main]
async fn main() -> ExitCode {
    let command = match Command::parse(std::env::args().skip(1), |name| std::env::var(name).ok()) {
        Ok(command) => command,
        Err(error) => return fail(&format_args!("{error}\n\n{USAGE}")),
    };
    match command {
        Command::Help => say(&USAGE),
        Command::Healthcheck { url } => match healthcheck::get(&url).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(&format_args!("{url}: {error}")),
        },
        Command::Serve(upstream) => match serve(upstream).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(&error),
        },
    }
}

async fn serve(Upstream { service, instance, listen }: Upstream) -> Result<(), String> {
    // Before the port is open: whoever sees the service answer may stop it.
    let signals = stop_signal().map_err(|e| format!("cannot listen for signals: {e}"))?;
    let listener = TcpListener::bind(&listen).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => {
            format!(
                "cannot listen on {listen}: another program does; stop it, or choose a port with --listen"
            )
        }
        _ => format!("cannot listen on {listen}: {error}"),
    })?;
    let address = listener.local_addr().map_err(|e| format!("cannot listen on {listen}: {e}"))?;
    say(&format_args!("{instance}: the {service} service listens on http://{address}"));
    gatehouse_demo::serve(service, &instance, listener, signals).await.map_err(|e| e.to_string())
}

/// Completes at the first SIGTERM or Ctrl-C. As process 1 of a container there is no default action
/// for either.
fn stop_signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

fn say(text: &impl Display) -> ExitCode {
    // `println!` panics when nobody reads the other end.
    let _ = writeln!(io::stdout(), "{text}");
    ExitCode::SUCCESS
}

fn fail(error: &impl Display) -> ExitCode {
    let _ = writeln!(io::stderr(), "gatehouse-demo: {error}");
    ExitCode::FAILURE
}
