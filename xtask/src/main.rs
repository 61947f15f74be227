//! `cargo xtask …`: the project's one tool.
#![allow(
    clippy::disallowed_methods,
    reason = "steps are timed with the real clock; no filter links this program"
)]

mod bench;
mod build;
mod check;
mod fuzz;
mod hash_key;
mod new;
mod test;
mod up;

use std::process::ExitCode;

use anyhow::{Result, bail};

const HELP: &str = "\
usage: cargo xtask <command>

  build [module…]      build every filter and the gateway of all of them, or those named, to
                       target/filters/<name>.wasm
  up [FILE]            build, then run Envoy on envoy/envoy.yaml, or on another example, with the demo
                       services, until Ctrl-C
      --port N         the gateway's port, instead of 8080 or GATEHOUSE_PORT
      --admin-port N   Envoy's admin port, instead of 9901 or GATEHOUSE_ADMIN_PORT
      --concurrency N  Envoy's worker threads, instead of 1
  new NAME             make a filter that works, for you to change: see docs/writing-a-filter.md
      --into DIR       in the clone at DIR, instead of this one
  check <file>…        check the configuration of every Gatehouse filter in these Envoy configs, offline
  hash-key             print a new API key and its digest for api-key-auth
      --stdin          take the key from standard input instead
      --hmac-secret-file FILE  make a keyed digest, with the filter's hmac_secret
  test [step…]         everything that CI runs, or the steps named (`test --list` prints them)
      --fast           without the fuzzers, the new filter and the compose test
  bench [bench]        CPU per request, ours beside bare Envoy, native and Lua
  fuzz [target…]       made-up bytes for every reader of a stranger's, a minute each
      --seconds N      so long each

Envoy is the program in ENVOY=/path, else `envoy` on PATH, else the pinned version, installed into target/.";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> Result<()> {
    let (command, rest) =
        args.split_first().map_or(("help", args), |(command, rest)| (command.as_str(), rest));
    match command {
        "build" => build::run(rest),
        "up" => up::run(rest),
        "new" => new::run(rest),
        "check" => check::run(rest),
        "hash-key" => hash_key::run(rest),
        "test" => test::run(rest),
        "bench" => bench::run(rest),
        "fuzz" => fuzz::run(rest),
        "help" | "--help" | "-h" => {
            println!("{HELP}");
            Ok(())
        }
        other => bail!("no command is called `{other}`\n\n{HELP}"),
    }
}
