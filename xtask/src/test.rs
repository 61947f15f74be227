//! `cargo xtask test`: everything that CI runs, each step to its end, and a summary.

mod clone;
mod configs;
mod new_filter;
mod reproducible;
mod steps;

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::arguments::{Command, Given, Opt};
use steps::{MATRIX, Outcome, STEPS, Step};

pub(crate) const COMMAND: Command = Command {
    name: "test",
    operands: "[step…]",
    about: "Run everything that CI runs, or the steps named.",
    options: &[
        Opt {
            name: "--fast",
            value: None,
            about: "without the second build, the fuzzers, the new filter and the compose test",
        },
        Opt { name: "--list", value: None, about: "print the steps" },
    ],
    run,
};

/// Runs the steps named, or all. The last line printed is `N passed, N failed`.
///
/// # Errors
/// Unknown step, or any step that failed.
fn run(given: &Given) -> Result<()> {
    let Some(chosen) = choose(given)? else {
        all().for_each(|step| say!("{:12} {}", step.name, step.title));
        return Ok(());
    };
    let mut results = Vec::new();
    for step in chosen {
        say!("\n==> {}: {}", step.name, step.title);
        let begin = Instant::now();
        let outcome = (step.run)();
        let result = Done { name: step.name, outcome, took: begin.elapsed() };
        say!("<== {result}");
        results.push(result);
    }
    summary(&results)
}

/// `None`: only list them.
fn choose(given: &Given) -> Result<Option<Vec<&'static Step>>> {
    if given.has("--list") {
        return Ok(None);
    }
    let (fast, names) = (given.has("--fast"), given.operands());
    if let Some(name) = names.iter().find(|name| !all().any(|step| step.name == *name)) {
        let known: Vec<&str> = all().map(|step| step.name).collect();
        bail!("test has no step `{name}`; there are {}", known.join(", "));
    }
    let wanted = |step: &&Step| match names {
        [] => step.name != MATRIX.name && !(fast && step.slow),
        names => names.iter().any(|name| name == step.name),
    };
    Ok(Some(all().filter(wanted).collect()))
}

/// The steps, and the one that runs only where it is named.
fn all() -> impl Iterator<Item = &'static Step> {
    STEPS.iter().chain([&MATRIX])
}

/// A step that has been run.
struct Done {
    name: &'static str,
    outcome: Result<Outcome>,
    took: Duration,
}

impl std::fmt::Display for Done {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{:12} {:>7.1} s  ", self.name, self.took.as_secs_f64())?;
        match &self.outcome {
            Ok(Outcome::Passed) => out.write_str("passed"),
            Ok(Outcome::Skipped(why)) => write!(out, "skipped: {why}"),
            // What a tool said may follow in more lines; the step has printed them already.
            Err(error) if out.alternate() => {
                write!(out, "FAILED: {}", format!("{error:#}").lines().next().unwrap_or_default())
            }
            Err(error) => write!(out, "FAILED: {error:#}"),
        }
    }
}

fn summary(results: &[Done]) -> Result<()> {
    let failed = results.iter().filter(|done| done.outcome.is_err()).count();
    let passed = results.iter().filter(|done| matches!(done.outcome, Ok(Outcome::Passed))).count();
    say!("\n==> summary");
    results.iter().for_each(|done| say!("{done:#}"));
    if failed > 0 {
        note!("error: {failed} of {} steps failed", results.len());
    }
    say!("{passed} passed, {failed} failed");
    if failed > 0 {
        // Not an error to be printed: the counts are the last line.
        std::process::exit(1);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(args: &[&str]) -> Vec<&'static str> {
        let args: Vec<String> = args.iter().map(ToString::to_string).collect();
        choose(&COMMAND.parse(&args).unwrap())
            .unwrap()
            .unwrap()
            .iter()
            .map(|step| step.name)
            .collect()
    }

    #[test]
    fn fast_leaves_out_what_is_slow_unless_it_is_named() {
        assert_eq!(names(&[]).len(), STEPS.len());
        assert!(!names(&["--fast"]).contains(&"compose"));
        assert_eq!(names(&["--fast", "compose"]), ["compose"]);
    }

    #[test]
    fn every_version_is_tested_where_that_is_asked_for() {
        assert!(!names(&[]).contains(&"matrix"));
        assert_eq!(names(&["matrix"]), ["matrix"]);
    }

    #[test]
    fn steps_run_in_their_own_order() {
        assert_eq!(names(&["e2e", "format"]), ["format", "e2e"]);
    }

    #[test]
    fn an_unknown_step_is_refused() {
        assert!(choose(&COMMAND.parse(&["e3e".to_owned()]).unwrap()).is_err());
    }
}
