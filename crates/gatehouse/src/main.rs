//! `gatehouse COMMAND …`: see `gatehouse --help`.

use std::io::{self, ErrorKind, Write as _};
use std::process::ExitCode;

use clap::Parser as _;
use gatehouse::{Gatehouse, hash_key};

/// What a shell reports of a program that a closed pipe has ended: 128 and the signal's number.
const CLOSED_PIPE: u8 = 128 + 13;
/// Asked wrongly, or not able to.
const WRONG: u8 = 2;

fn main() -> ExitCode {
    let command = match Gatehouse::try_parse() {
        Ok(command) => command,
        Err(error) if error.use_stderr() && hash_key::may_hold_a_key(std::env::args()) => {
            return complain(hash_key::NOT_HERE);
        }
        Err(error) => error.exit(),
    };
    match command.run() {
        Ok(answer) => {
            let printed = io::stdout().lock().write_all(answer.text.as_bytes());
            if let Err(error) = printed.and_then(|()| io::stdout().flush()) {
                return match error.kind() {
                    ErrorKind::BrokenPipe => ExitCode::from(CLOSED_PIPE),
                    _ => complain(&format!("cannot write to standard output: {error}")),
                };
            }
            if let Some(summary) = &answer.summary {
                note(summary);
            }
            ExitCode::from(answer.outcome.code())
        }
        Err(error) => complain(&format!("{error:#}")),
    }
}

fn complain(what: &str) -> ExitCode {
    note(&format!("error: {what}"));
    ExitCode::from(WRONG)
}

/// A line on standard error. Where nobody can read it, there is nobody to tell that either.
fn note(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
