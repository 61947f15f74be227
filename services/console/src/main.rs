//! `gatehouse-console`: the console of one gateway, on a port of this machine.

mod command;

use std::fmt::Display;
use std::io::{self, Write as _};
use std::process::ExitCode;

use command::{Command, Options, USAGE};
use gatehouse_console::Console;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> ExitCode {
    match Command::parse(std::env::args().skip(1)) {
        Ok(Command::Help) => say(&USAGE),
        Ok(Command::Serve(options)) => match serve(options).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(&error),
        },
        Err(misuse) => fail(&format_args!("{misuse}\n\n{USAGE}")),
    }
}

async fn serve(options: Options) -> Result<(), String> {
    // Before the port is open: whoever sees the console answer may stop it.
    let stopped = stop_signal().map_err(|error| format!("cannot listen for signals: {error}"))?;
    let cannot = |error: io::Error| format!("cannot listen on {}: {error}", options.listen);
    let listener = TcpListener::bind(&options.listen).await.map_err(cannot)?;
    let address = listener.local_addr().map_err(cannot)?;
    say(&format_args!("the console of {} is at http://{address}", options.admin));
    let console = Console::without_log(options.admin);
    let console = match options.access_log {
        Some(file) => console.follow(file),
        None => console,
    };
    let console = options.names.into_iter().fold(console, Console::called);
    console.serve(listener, stopped).await.map_err(|error| error.to_string())
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
    let _ = writeln!(io::stderr(), "gatehouse-console: {error}");
    ExitCode::FAILURE
}
