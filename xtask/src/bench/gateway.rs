//! `cargo xtask bench gateway`: a token checked, a client limited and heads transformed in one
//! gateway, by Envoy's own filters, by ours and by other gateways, each beside the bare proxy that
//! it extends.
//!
//! Requests are proxied to a small server on the core of the load, as users run it, and answered by
//! the gateway itself. Only the gateway's processes count.

mod ability;
mod answer;
mod chart;
mod contenders;
pub(super) mod envoy;
mod figures;
mod filters;
mod measurement;
mod native;
mod peers;
mod proof;
mod requests;
mod resources;
mod stage;
mod table;
mod targets;

use std::fs;

use anyhow::{Context as _, Result, bail};
use gatehouse_sandbox::envoy as program;
use serde_json::{Value, json};

use super::Sources;
use super::identity::token::{Says, Signed};
use super::options::Options;
use crate::build;
use contenders::{Contender, LineUp, contenders};
use figures::Figures;
use requests::Requests;
use stage::Stage;

/// The bench's name.
pub(super) const NAME: &str = "gateway";

/// Requests of one kind that a set-up serves in a round, unless told otherwise.
pub(super) const REQUESTS: usize = 6_000;

/// Rounds, unless told otherwise.
pub(super) const ROUNDS: usize = 3;

/// Measures every set-up that this machine has, and prints the tables and whether the targets are
/// reached.
///
/// # Errors
/// Bad options, no Envoy, a filter that does not build, or a set-up that does not do its work.
pub(super) fn run(options: &Options, sources: &Sources) -> Result<()> {
    if !options.modules.is_empty() {
        bail!("--module is not for {NAME}: its set-ups do more than one module does");
    }
    build_modules()?;
    let program = program::locate(|step| note!("{step}"))?;
    note!("signing {} tokens", requests::POOL);
    let key = Signed::rs256(options.token)?;
    let requests = Requests::new(&key, options.token)?;
    let stage = Stage::new(program.path(), &sources.scratch, requests)?;
    note!("{}", stage.cores.describe());

    let LineUp { contenders, skipped } = choose(contenders(&key, sources)?, options, &stage)?;
    let figures = measurement::measure(&contenders, options, &stage)?;
    let resources = resources::measure(&contenders, options, &stage)?;
    let token = match options.token {
        Says::Much => "usual",
        Says::Little => "short",
    };
    if let Some(path) = &options.plot {
        fs::write(path, chart::svg(&figures, token))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    if options.json {
        let run = json!({
            "requests": options.requests,
            "rounds": options.rounds,
            "cores": stage.cores.describe(),
            "token": token,
        });
        return print_json(&figures, &resources, &skipped, &run);
    }
    say!(
        "{NAME}: CPU µs a request of the gateway with one worker; median of {} rounds of {} requests",
        options.rounds,
        options.requests
    );
    say!("{}; {token} token of {} bytes", stage.cores.describe(), key.token.len());
    table::print(&figures);
    for (name, why) in &skipped {
        say!("{name} skipped: {why}");
    }
    targets::print(&figures);
    resources::print(&resources);
    Ok(())
}

/// What is asked for and there, tried once; and of what is not there, why.
fn choose(all: LineUp, options: &Options, stage: &Stage) -> Result<LineUp> {
    let LineUp { contenders: all, mut skipped } = all;
    contenders::check_names(&all, options)?;
    let mut chosen: Vec<Contender> = Vec::new();
    for contender in contenders::keep(all, options) {
        let Some(peer) = contender.peer() else {
            chosen.push(contender);
            continue;
        };
        if skipped.iter().any(|(name, _)| name == peer.name()) {
            continue;
        }
        match peer.prepare(stage).and_then(|()| stage.start(&contender, 1)) {
            Ok(_) => chosen.push(contender),
            Err(error) => {
                // Without one of the two, the other says nothing.
                chosen.retain(|other| other.peer() != Some(peer));
                skipped.push((peer.name().to_owned(), format!("{error:#}")));
            }
        }
    }
    Ok(LineUp { contenders: chosen, skipped })
}

/// Builds the modules that the set-ups load.
fn build_modules() -> Result<()> {
    let names = ["jwt-auth", "rate-limit", "header-transform", gatehouse_gateway::NAME]
        .map(ToOwned::to_owned);
    build::modules(&names).map(drop)
}

fn print_json(
    figures: &Figures<'_>,
    resources: &[resources::Resources],
    skipped: &[(String, String)],
    run: &Value,
) -> Result<()> {
    let report = json!({
        "bench": NAME,
        "unit": "CPU microseconds a request",
        "run": run,
        "set_ups": figures.json(),
        "targets": targets::json(figures),
        "resources": resources.iter().map(resources::Resources::json).collect::<Vec<_>>(),
        "skipped": skipped,
    });
    say!("{}", serde_json::to_string_pretty(&report)?);
    Ok(())
}
