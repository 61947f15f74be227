//! The command line.

use anyhow::Result;
use clap::{Parser, Subcommand};

use super::{Answer, chain, check, completions, explain, hash_key, import, init, schema};

/// Checks, explains and writes configurations of Gatehouse's filters.
#[derive(Debug, Parser)]
#[command(
    name = "gatehouse",
    version,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "`gatehouse COMMAND --help` says what a command takes, with examples.\n\
                  Everything is done offline. Ends with 0 where all is good, 1 where there are \
                  faults, 2 where it was asked wrongly or cannot read what it should."
)]
pub struct Gatehouse {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Check),
    Explain(explain::Explain),
    Chain(chain::Chain),
    Init(Box<init::Init>),
    Import(import::Import),
    Schema(schema::Schema),
    HashKey(hash_key::HashKey),
    Completions(completions::Completions),
}

impl Gatehouse {
    /// Does what was asked for.
    ///
    /// # Errors
    /// It cannot be done.
    pub fn run(&self) -> Result<Answer> {
        match &self.command {
            Command::Check(check) => check.run(),
            Command::Chain(chain) => chain.run(),
            Command::Init(init) => init.run(),
            Command::Import(import) => import.run(),
            Command::Explain(explain) => explain.run(),
            Command::Schema(schema) => schema.run(),
            Command::HashKey(hash_key) => hash_key.run(),
            Command::Completions(completions) => Ok(completions.run()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Gatehouse::command().debug_assert();
    }

    #[test]
    fn every_command_and_option_says_what_it_does() {
        for command in Gatehouse::command().get_subcommands() {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
                assert!(
                    argument.get_help().is_some(),
                    "{} {}",
                    command.get_name(),
                    argument.get_id()
                );
            }
        }
    }
}
