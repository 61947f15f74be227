//! `cargo xtask bench [bench]`: CPU per request of one Envoy worker, one set-up beside the other.
//!
//! Every set-up of a bench runs in an Envoy of its own, all pinned to one core and all but one
//! idle; the load comes from this program on another core. Each round serves the same number of
//! requests with each set-up, in short turns. The upstream is a direct response: only the gateway
//! counts.

mod aggregate;
mod body_transform;
mod cache;
mod cores;
mod costs;
mod envoy_process;
mod forged;
mod gateway;
mod header_transform;
mod host_calls;
mod identity;
mod load;
mod options;
mod origin;
mod probe;
mod process;
mod process_tree;
mod python;
mod rate_limit;
mod rate_limit_keys;
mod report;
mod rounds;
mod set_up;
mod stage;
mod telemetry;
mod template;
mod tracing;
mod verdict;
mod worst;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use gatehouse_sandbox::{envoy, workspace};

use crate::arguments::{Command, Given, Opt};
use crate::build;
use cores::Cores;
use load::Load;
use options::Options;
use process::Process;
use report::Report;
use rounds::{Rounds, SLICES};
use set_up::{Bench, SetUp};

/// The benches by name; the first is the default.
const BENCHES: [(&str, MakeBench); 8] = [
    (header_transform::NAME, header_transform::bench),
    (host_calls::NAME, host_calls::bench),
    (rate_limit::NAME, rate_limit::bench),
    (identity::NAME, identity::bench),
    (forged::NAME, forged::bench),
    (worst::NAME, worst::bench),
    (telemetry::NAME, telemetry::bench),
    (tracing::NAME, tracing::bench),
];

/// Lists a bench's set-ups and writes what they load.
type MakeBench = fn(&Sources) -> Result<Bench>;

/// Where a bench finds modules.
struct Sources {
    /// `<target>/filters`.
    modules: PathBuf,
    /// `<target>/bench`: configurations, logs and generated modules.
    scratch: PathBuf,
    /// Modules from another time, to be measured beside ours.
    before: Option<PathBuf>,
}

#[cfg(test)]
impl Sources {
    /// For tests, which load no module.
    fn of_nothing() -> Self {
        Self { modules: "filters".into(), scratch: std::env::temp_dir(), before: None }
    }
}

pub(crate) const COMMAND: Command = Command {
    name: "bench",
    operands: "[bench]",
    about: "Measure CPU per request, ours beside bare Envoy, native and Lua.
The benches are header-transform, host-calls, rate-limit, rate-limit-keys, identity, forged, worst,
telemetry, tracing, body-transform, gateway, aggregate and cache.",
    options: &[
        Opt { name: "--requests", value: Some("N"), about: "so many a set-up and round" },
        Opt { name: "--rounds", value: Some("N"), about: "how often each set-up is measured" },
        Opt {
            name: "--filter-set",
            value: Some("NAME,…"),
            about: "only these set-ups, beside the baseline",
        },
        Opt {
            name: "--module",
            value: Some("FILE"),
            about: "one more module, loaded without configuration",
        },
        Opt {
            name: "--before",
            value: Some("FOLDER"),
            about: "modules from another time, to measure beside ours",
        },
        Opt { name: "--keys", value: Some("N"), about: "so many clients, in rate-limit-keys" },
        Opt { name: "--json", value: None, about: "JSON in place of the table" },
        Opt {
            name: "--token",
            value: Some("KIND"),
            about: "what tokens say in gateway: usual or short",
        },
        Opt {
            name: "--peers",
            value: Some("NAME,…"),
            about: "which other programs in gateway, aggregate and cache: none, or names",
        },
        Opt {
            name: "--delay",
            value: Some("MS"),
            about: "so long each call of aggregate waits for its answer",
        },
        Opt {
            name: "--budget",
            value: None,
            about: "what a store of cache holds that is filled many times over",
        },
        Opt { name: "--plot", value: Some("FILE"), about: "where gateway draws its chart" },
    ],
    run,
};

/// Runs one bench and prints its table, or JSON with `--json`. Slow is not an error.
///
/// # Errors
/// Bad options, no Envoy, a filter that does not build, or an Envoy that does not answer as the
/// set-up must.
fn run(given: &Given) -> Result<()> {
    let options = Options::read(given)?;
    let sources = Sources {
        modules: workspace::filters(),
        scratch: workspace::target().join("bench"),
        before: options.before.clone(),
    };
    fs::create_dir_all(&sources.scratch)
        .with_context(|| format!("cannot create {}", sources.scratch.display()))?;

    if options.bench.as_deref() == Some(rate_limit_keys::NAME) {
        return rate_limit_keys::run(&options, &sources);
    }
    if options.bench.as_deref() == Some(body_transform::NAME) {
        return body_transform::run(&options, &sources);
    }
    if options.bench.as_deref() == Some(gateway::NAME) {
        return gateway::run(&options, &sources);
    }
    if options.bench.as_deref() == Some(aggregate::NAME) {
        return aggregate::run(&options, &sources);
    }
    if options.bench.as_deref() == Some(cache::NAME) {
        return cache::run(&options, &sources);
    }
    let mut bench = find(&options)?(&sources)?;
    for module in &options.modules {
        bench.set_ups.push(SetUp::of_module(module)?);
    }
    bench.keep(&options.set_ups)?;
    if let Some(before) = sources.before.as_deref().filter(|_| bench.name != worst::NAME) {
        bench.add_twins(&sources.modules, before)?;
    }
    build_modules(&bench)?;

    let envoy = envoy::locate(|step| note!("{step}"))?;
    let report = measure(&bench, &options, envoy.path(), &sources.scratch)?;
    if options.json { report.print_json() } else { report.print_table() }
}

fn find(options: &Options) -> Result<MakeBench> {
    let [(first, _), ..] = BENCHES;
    let wanted = options.bench.as_deref().unwrap_or(first);
    let found = BENCHES.into_iter().find(|(name, _)| *name == wanted);
    found.map(|(_, bench)| bench).with_context(|| {
        let others = [
            rate_limit_keys::NAME,
            body_transform::NAME,
            gateway::NAME,
            aggregate::NAME,
            cache::NAME,
        ];
        let names = BENCHES.into_iter().map(|(name, _)| name).chain(others);
        let names: Vec<&str> = names.collect();
        format!("no bench is called `{wanted}`; there are: {}", names.join(", "))
    })
}

fn build_modules(bench: &Bench) -> Result<()> {
    let mut filters: Vec<String> =
        bench.set_ups.iter().filter_map(|set_up| set_up.filter.clone()).collect();
    filters.sort();
    filters.dedup();
    if !filters.is_empty() {
        build::modules(&filters)?;
    }
    Ok(())
}

fn measure<'a>(
    bench: &'a Bench,
    options: &Options,
    envoy: &Path,
    scratch: &Path,
) -> Result<Report<'a>> {
    let cores = Cores::choose()?;
    note!("{}", cores.describe());

    let mut report = Report::new(bench, options, &cores);
    let mut rounds = Rounds::of(&bench.set_ups, options);
    for _ in 0..options.rounds {
        report.add_round(rounds.run(
            |set_up| start(set_up, options, envoy, scratch, &cores),
            |_, (gateway, load)| cost_per_request(gateway, load, options.requests.div_ceil(SLICES)),
        )?);
    }
    Ok(report)
}

/// A gateway that is warm, and a load for it.
fn start(
    set_up: &SetUp,
    options: &Options,
    envoy: &Path,
    scratch: &Path,
    cores: &Cores,
) -> Result<(Process, Load)> {
    let gateway = cores.start(|| envoy_process::start(envoy, scratch, set_up))?;
    set_up.check(gateway.address())?;
    let mut load = Load::connect(gateway.address(), &set_up.request)?;
    // Past lazy compilation, and past the growth of pools and tables.
    load.serve(options.requests.div_ceil(4)).with_context(|| format!("set-up {}", set_up.name))?;
    Ok((gateway, load))
}

/// CPU µs a request of the whole Envoy process while it serves `requests`.
fn cost_per_request(gateway: &Process, load: &mut Load, requests: usize) -> Result<f64> {
    let before = gateway.cpu()?;
    load.serve(requests)?;
    settle();
    let spent = gateway.cpu()?.saturating_sub(before);
    Ok(spent.as_secs_f64() * 1e6 / requests as f64)
}

/// The kernel books a thread's time when it goes to sleep: let the workers get there.
fn settle() {
    std::thread::sleep(Duration::from_millis(2));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module names every call to the host that its configuration needs, and refuses to start
    /// without: a list that was enough once is told here, not when somebody measures.
    #[test]
    fn what_a_bench_lets_its_filters_do_is_what_they_need() {
        let scratch = std::env::temp_dir().join(format!("gatehouse-bench-{}", std::process::id()));
        std::fs::create_dir_all(&scratch).unwrap();
        let sources = Sources { modules: "filters".into(), scratch: scratch.clone(), before: None };
        let benches = [
            header_transform::bench,
            rate_limit::bench,
            identity::bench,
            forged::bench,
            telemetry::bench,
        ];
        let mut looked_at = 0;
        for bench in benches.map(|bench| bench(&sources).unwrap()) {
            for set_up in bench.set_ups {
                let file = scratch.join("envoy.json");
                let configuration = gateway::envoy::configuration(1, 2, &set_up.http_filters);
                std::fs::write(&file, configuration.to_string()).unwrap();
                for line in gatehouse_check::file(&file, "envoy.json") {
                    let text = line.text;
                    let is_of_capabilities = text.contains("capabilit");
                    assert!(!is_of_capabilities, "{}, {}: {text}", bench.name, set_up.name);
                }
                looked_at += set_up.http_filters.len();
            }
        }
        std::fs::remove_dir_all(scratch).unwrap();
        assert!(looked_at > 20, "{looked_at}");
    }
}
