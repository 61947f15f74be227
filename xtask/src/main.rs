//! `cargo xtask …`: the project's one tool.
#![allow(
    clippy::disallowed_methods,
    reason = "steps are timed with the real clock; no filter links this program"
)]
#![deny(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "they panic where a pipe is closed: say! and note! do not"
)]

#[macro_use]
mod output;

mod arguments;
mod bench;
mod book;
mod build;
mod check;
mod fuzz;
mod hash_key;
mod manifests;
mod new;
mod package;
mod test;
mod up;

use std::process::ExitCode;

use anyhow::{Context as _, Result};

use arguments::Command;

const COMMANDS: [Command; 11] = [
    build::COMMAND,
    package::COMMAND,
    up::COMMAND,
    new::COMMAND,
    check::COMMAND,
    hash_key::COMMAND,
    manifests::COMMAND,
    test::COMMAND,
    bench::COMMAND,
    fuzz::COMMAND,
    book::COMMAND,
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            note!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> Result<()> {
    let Some((name, rest)) = args.split_first() else {
        say!("{}", help());
        return Ok(());
    };
    if ["help", "--help", "-h"].contains(&name.as_str()) {
        say!("{}", help());
        return Ok(());
    }
    let command = COMMANDS.iter().find(|command| command.name == name);
    let command =
        command.with_context(|| format!("no command is called `{name}`\n\n{}", help()))?;
    let given = command.parse(rest)?;
    if given.wants_help {
        say!("{}", command.help());
        return Ok(());
    }
    (command.run)(&given)
}

/// All commands, each with the first sentence of what it does.
fn help() -> String {
    let mut help = "usage: cargo xtask <command>\n\n".to_owned();
    for Command { name, operands, about, .. } in &COMMANDS {
        let first = about.split_inclusive('.').next().unwrap_or_default().replace('\n', " ");
        help.push_str(&format!("  {:20} {first}\n", format!("{name} {operands}")));
    }
    help.push_str(
        "\n`cargo xtask <command> --help` says what it takes. Envoy is the program in ENVOY=/path, else\n\
         `envoy` on PATH, else the pinned version, installed into target/.",
    );
    help
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_says_what_it_does() {
        for command in &COMMANDS {
            assert!(help().contains(&format!("\n  {} ", command.name)), "{}", command.name);
            assert!(run(&[command.name.to_owned(), "--help".to_owned()]).is_ok());
            let error = run(&[command.name.to_owned(), "--nonsense".to_owned()]).unwrap_err();
            let wanted = format!("{} has no option `--nonsense`; ", command.name);
            assert!(error.to_string().starts_with(&wanted), "{error}");
        }
    }
}
