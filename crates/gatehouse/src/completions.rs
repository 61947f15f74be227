//! `gatehouse completions SHELL`.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::{Answer, Gatehouse};

/// Print the completions for a shell.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gatehouse completions bash > ~/.local/share/bash-completion/completions/gatehouse
  gatehouse completions zsh > ~/.zfunc/_gatehouse
  gatehouse completions fish > ~/.config/fish/completions/gatehouse.fish")]
pub struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    /// The script that the shell reads.
    #[must_use]
    pub fn run(&self) -> Answer {
        let mut script = Vec::new();
        let mut command = Gatehouse::command();
        clap_complete::generate(self.shell, &mut command, "gatehouse", &mut script);
        Answer::good(String::from_utf8_lossy(&script))
    }
}
