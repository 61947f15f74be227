//! The project's tool.

use std::process::Command;

use gatehouse_sandbox::workspace;

/// `cargo xtask`, by the program that runs these cases, where one does.
pub(crate) fn xtask() -> Command {
    let mut xtask = match std::env::var_os("GATEHOUSE_XTASK") {
        Some(built) => Command::new(built),
        None => {
            let mut cargo = Command::new(env!("CARGO"));
            cargo.args(["run", "--quiet", "--package", "xtask", "--"]);
            cargo
        }
    };
    xtask.current_dir(workspace::root());
    xtask
}
