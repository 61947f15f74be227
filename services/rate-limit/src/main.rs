//! `gatehouse-rate-limit-service`: see its README.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use gatehouse_rate_limit_service::{Limits, Options, Refused, Stats, serve};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

const USAGE: &str = "\
usage: gatehouse-rate-limit-service --limits FILE [option…]

  --limits FILE     what is limited, in the configuration format of envoyproxy/ratelimit
  --redis URL       where the counts are, instead of redis://127.0.0.1:6379
  --listen ADDRESS  where it answers, instead of 127.0.0.1:8081
  --count-refused   a refused hit is counted, as envoyproxy/ratelimit does";

#[tokio::main]
async fn main() -> ExitCode {
    match run(std::env::args().skip(1)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "gatehouse-rate-limit-service: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: impl Iterator<Item = String>) -> Result<(), String> {
    let Some(command) = Command::parse(args)? else {
        let _ = writeln!(std::io::stdout(), "{USAGE}");
        return Ok(());
    };
    let text = std::fs::read_to_string(&command.limits)
        .map_err(|error| format!("cannot read {}: {error}", command.limits))?;
    let limits =
        Limits::from_yaml(&text).map_err(|fault| format!("{}: {fault}", command.limits))?;
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    let cannot = |error| format!("cannot listen on {}: {error}", command.listen);
    let listener = TcpListener::bind(&command.listen).await.map_err(cannot)?;
    let address = listener.local_addr().map_err(cannot)?;
    let _ =
        writeln!(std::io::stdout(), "rate limit service on {address}, counts in {}", command.redis);
    let options = Options {
        limits,
        redis: command.redis,
        refused: command.refused,
        stats: Arc::new(Stats::default()),
    };
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    };
    serve(options, listener, stop).await.map_err(|error| error.to_string())
}

#[derive(Debug, PartialEq)]
struct Command {
    limits: String,
    redis: String,
    listen: String,
    refused: Refused,
}

impl Command {
    /// `None` where help was asked for.
    fn parse(mut args: impl Iterator<Item = String>) -> Result<Option<Self>, String> {
        let mut command = Self {
            limits: String::new(),
            redis: "redis://127.0.0.1:6379".to_owned(),
            listen: "127.0.0.1:8081".to_owned(),
            refused: Refused::Free,
        };
        while let Some(arg) = args.next() {
            let slot = match arg.as_str() {
                "--help" | "-h" => return Ok(None),
                "--count-refused" => {
                    command.refused = Refused::Counted;
                    continue;
                }
                "--limits" => &mut command.limits,
                "--redis" => &mut command.redis,
                "--listen" => &mut command.listen,
                other => return Err(format!("no option is called {other}\n\n{USAGE}")),
            };
            *slot = args.next().ok_or_else(|| format!("{arg} needs a value\n\n{USAGE}"))?;
        }
        if command.limits.is_empty() {
            return Err(format!("--limits is missing\n\n{USAGE}"));
        }
        Ok(Some(command))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Option<Command>, String> {
        Command::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_are_read_or_refused() {
        let command = parse("--limits l.yaml --listen 0.0.0.0:1 --count-refused").unwrap().unwrap();
        assert_eq!(command.limits, "l.yaml");
        assert_eq!(command.listen, "0.0.0.0:1");
        assert_eq!(command.refused, Refused::Counted);
        assert_eq!(parse("--help"), Ok(None));
        for (line, why) in [
            ("", "--limits is missing"),
            ("--limits", "--limits needs a value"),
            ("--limits a --port 1", "no option is called --port"),
        ] {
            assert!(parse(line).unwrap_err().starts_with(why), "{line}");
        }
    }
}
