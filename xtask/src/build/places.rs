//! Where this machine keeps what modules are compiled from. Nothing of that is in a module: the same
//! sources give the same bytes in any folder and anybody's home.
//!
//! The place of a panic is compiled into a module as the path of its source file. Those of this
//! workspace are told from its root, whatever that is. A package of the registry is compiled from
//! cargo's home; the standard library's functions too are told by where its sources are, once
//! `rustup component add rust-src` has put them there.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, anyhow, bail};
use gatehouse_sandbox::workspace;

use super::toolchain::rustc;

/// A place on this machine, and what a module says instead.
pub(super) struct Places(Vec<(String, String)>);

/// What is between the flags in cargo's variable for them.
const BETWEEN: char = '\u{1f}';

impl Places {
    /// Asks the compiler for its own.
    ///
    /// # Errors
    /// It cannot be run, or something is kept where a path is not UTF-8.
    pub(super) fn read(cargo_home: &Path) -> Result<Self> {
        let text = |path: PathBuf| {
            let not_utf8 = |path: OsString| format!("{} is not UTF-8", path.display());
            path.into_os_string().into_string().map_err(|path| anyhow!(not_utf8(path)))
        };
        let sources = PathBuf::from(rustc(&["--print", "sysroot"])?).join("lib/rustlib/src/rust");
        let version = rustc(&["-vV"])?;
        let commit = version.lines().find_map(|line| line.strip_prefix("commit-hash: "));
        let commit = commit.context("`rustc -vV` tells no commit")?;
        Ok(Self(vec![
            (text(cargo_home.to_owned())?, "/cargo".to_owned()),
            // As the compiler calls them where they are not installed.
            (text(sources)?, format!("/rustc/{commit}")),
        ]))
    }

    /// Has cargo tell the compiler what to say instead, beside what these variables have it told.
    ///
    /// # Errors
    /// None that is known: text is JSON.
    pub(super) fn hide(
        &self,
        cargo: &mut Command,
        target: &str,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<()> {
        let flags = self.0.iter().map(|(from, to)| format!("--remap-path-prefix={from}={to}"));
        // Cargo takes the flags of its configuration, or those of a variable, not both.
        match given_flags(variable) {
            Some(given) => {
                let all: Vec<String> = given.into_iter().chain(flags).collect();
                cargo.env("CARGO_ENCODED_RUSTFLAGS", all.join(&BETWEEN.to_string()));
            }
            None => {
                // A list of JSON texts is one of TOML's.
                let flags = serde_json::to_string(&flags.collect::<Vec<_>>())?;
                cargo.arg("--config").arg(format!("target.{target}.rustflags={flags}"));
            }
        }
        Ok(())
    }

    /// Refuses a module that says where it was compiled.
    ///
    /// # Errors
    /// It has the path of one of the places.
    pub(super) fn ensure_hidden(&self, wasm: &[u8]) -> Result<()> {
        // What is called as it is said to be can stay.
        for (place, _) in self.0.iter().filter(|(place, said)| !said.contains(place.as_str())) {
            if wasm.windows(place.len()).any(|bytes| bytes == place.as_bytes()) {
                bail!("has the path {place} in it: it would differ on another machine");
            }
        }
        Ok(())
    }
}

/// The flags that somebody has set for every compilation.
fn given_flags(variable: impl Fn(&str) -> Option<String>) -> Option<Vec<String>> {
    let split = |flags: String, by: char| {
        flags.split(by).filter(|flag| !flag.is_empty()).map(ToOwned::to_owned).collect()
    };
    let encoded = variable("CARGO_ENCODED_RUSTFLAGS").map(|flags| split(flags, BETWEEN));
    encoded.or_else(|| variable("RUSTFLAGS").map(|flags| split(flags, ' ')))
}

/// Where cargo keeps what it has fetched: <https://doc.rust-lang.org/cargo/guide/cargo-home.html>.
///
/// # Errors
/// There is no home.
pub(super) fn cargo_home() -> Result<PathBuf> {
    let set = env::var_os("CARGO_HOME").filter(|home| !home.is_empty());
    match set {
        // From where cargo is called, in every documented use.
        Some(home) => Ok(workspace::root().join(home)),
        None => Ok(env::home_dir().context("there is no home, nor CARGO_HOME")?.join(".cargo")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::TARGET;

    fn places() -> Places {
        Places(vec![("/home/a b/.cargo".to_owned(), "/cargo".to_owned())])
    }

    #[test]
    fn a_path_with_a_space_reaches_the_compiler_whole() {
        let mut cargo = Command::new("cargo");
        places().hide(&mut cargo, TARGET, |_| None).unwrap();
        let args: Vec<_> = cargo.get_args().map(|arg| arg.to_string_lossy()).collect();
        let flags =
            r#"target.wasm32-wasip1.rustflags=["--remap-path-prefix=/home/a b/.cargo=/cargo"]"#;
        assert_eq!(args, ["--config", flags]);
    }

    #[test]
    fn where_a_variable_has_flags_ours_come_after_them() {
        let mut cargo = Command::new("cargo");
        let set = |name: &str| (name == "RUSTFLAGS").then(|| "-D warnings".to_owned());
        places().hide(&mut cargo, TARGET, set).unwrap();
        let variable = cargo.get_envs().find(|(name, _)| *name == "CARGO_ENCODED_RUSTFLAGS");
        let flags = variable.and_then(|(_, value)| value).unwrap().to_string_lossy();
        assert_eq!(flags, "-D\u{1f}warnings\u{1f}--remap-path-prefix=/home/a b/.cargo=/cargo");
        assert_eq!(cargo.get_args().count(), 0);
    }

    #[test]
    fn flags_that_somebody_has_set_are_kept() {
        let given = |set: &'static [(&str, &str)]| {
            given_flags(move |name| {
                let found = set.iter().find(|(other, _)| *other == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(given(&[]), None);
        assert_eq!(given(&[("RUSTFLAGS", "-D  warnings")]).unwrap(), ["-D", "warnings"]);
        let both = given(&[("RUSTFLAGS", "-A x"), ("CARGO_ENCODED_RUSTFLAGS", "-C\u{1f}a b")]);
        assert_eq!(both.unwrap(), ["-C", "a b"]);
    }

    #[test]
    fn a_module_that_tells_where_it_was_compiled_is_refused() {
        let error = places().ensure_hidden(b"\0asm/home/a b/.cargo/registry/x.rs").unwrap_err();
        assert!(error.to_string().contains("has the path /home/a b/.cargo in it"), "{error}");
        places().ensure_hidden(b"\0asm/cargo/registry/x.rs").unwrap();
        places().ensure_hidden(b"").unwrap();
        let same = Places(vec![("/cargo".to_owned(), "/cargo".to_owned())]);
        same.ensure_hidden(b"\0asm/cargo/registry/x.rs").unwrap();
    }
}
