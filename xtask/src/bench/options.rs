//! The command line of `cargo xtask bench`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail};

use super::identity::token::Says;
use super::{aggregate, cache, gateway, worst};
use crate::arguments::Given;

/// What to measure and how long.
#[derive(Debug, PartialEq)]
pub(super) struct Options {
    /// The bench by name; `None` is the default one.
    pub(super) bench: Option<String>,
    /// Requests a set-up and round.
    pub(super) requests: usize,
    /// How often each set-up is measured.
    pub(super) rounds: usize,
    /// Only these set-ups besides the baseline; all when empty.
    pub(super) set_ups: Vec<String>,
    /// More modules to measure, loaded without configuration.
    pub(super) modules: Vec<PathBuf>,
    /// A folder of modules from another time.
    pub(super) before: Option<PathBuf>,
    /// How many clients come, where that is what is measured.
    pub(super) keys: usize,
    /// JSON on stdout in place of the table.
    pub(super) json: bool,
    /// What the tokens of the gateway bench say.
    pub(super) token: Says,
    /// Which other gateways are measured; `None` for all that this machine has.
    pub(super) peers: Option<Vec<String>>,
    /// Where the gateway bench draws its chart.
    pub(super) plot: Option<PathBuf>,
    /// How long the calls of the aggregate bench wait for their answers.
    pub(super) delay: Duration,
    /// Whether the cache bench fills one store many times over.
    pub(super) budget: bool,
}

impl Options {
    /// # Errors
    /// A word that none is, or a number that is not positive.
    pub(super) fn read(given: &Given) -> Result<Self> {
        let (requests, rounds) = (given.positive("--requests")?, given.positive("--rounds")?);
        let bench = match given.operands() {
            [] => None,
            [bench] => Some(bench.clone()),
            _ => bail!("bench takes one bench at a time"),
        };
        let mut options = Options {
            bench,
            requests: 40_000,
            rounds: 6,
            set_ups: given.values("--filter-set").last().map(names).unwrap_or_default(),
            modules: given.values("--module").map(PathBuf::from).collect(),
            before: given.value("--before").map(PathBuf::from),
            keys: given.positive("--keys")?.unwrap_or(10_000_000),
            json: given.has("--json"),
            token: given.value("--token").map_or(Ok(Says::Much), says)?,
            peers: given.value("--peers").map(names),
            plot: given.value("--plot").map(PathBuf::from),
            delay: milliseconds(given.positive("--delay")?),
            budget: given.has("--budget"),
        };
        if options.bench.as_deref() == Some(gateway::NAME) {
            // Many set-ups, each measured in four ways.
            (options.requests, options.rounds) = (gateway::REQUESTS, gateway::ROUNDS);
        }
        if options.bench.as_deref() == Some(aggregate::NAME) {
            (options.requests, options.rounds) = (aggregate::REQUESTS, aggregate::ROUNDS);
        }
        if options.bench.as_deref() == Some(cache::NAME) {
            (options.requests, options.rounds) = (cache::REQUESTS, cache::ROUNDS);
        }
        if options.bench.as_deref() == Some(worst::NAME) {
            // Each is as long as hundreds.
            options.requests = worst::REQUESTS;
        }
        options.requests = requests.unwrap_or(options.requests);
        options.rounds = rounds.unwrap_or(options.rounds);
        Ok(options)
    }

    /// Whether a set-up is to be measured.
    pub(super) fn has_set_up(&self, name: &str) -> bool {
        self.set_ups.is_empty() || self.set_ups.iter().any(|named| named == name)
    }

    /// Whether another gateway is to be measured.
    pub(super) fn has_peer(&self, name: &str) -> bool {
        self.peers.as_ref().is_none_or(|names| names.iter().any(|named| named == name))
    }

    /// Those of a line as a user writes it.
    #[cfg(test)]
    pub(super) fn of_line(line: &str) -> Result<Self> {
        let words: Vec<_> = line.split_whitespace().map(ToOwned::to_owned).collect();
        Self::read(&super::COMMAND.parse(&words)?)
    }
}

/// # Errors
/// One of the `named` is not `known`.
pub(super) fn check_known<'a>(
    what: &str,
    named: impl IntoIterator<Item = &'a String>,
    known: &[&str],
) -> Result<()> {
    match named.into_iter().find(|name| !known.contains(&name.as_str())) {
        Some(name) => bail!("no {what} is called `{name}`; there are: {}", known.join(", ")),
        None => Ok(()),
    }
}

fn names(list: &str) -> Vec<String> {
    list.split(',').map(|name| name.trim().to_owned()).collect()
}

fn milliseconds(given: Option<usize>) -> Duration {
    given.and_then(|given| u64::try_from(given).ok()).map(Duration::from_millis).unwrap_or_default()
}

fn says(token: &str) -> Result<Says> {
    match token {
        "usual" => Ok(Says::Much),
        "short" => Ok(Says::Little),
        other => bail!("--token: `{other}` is neither `usual` nor `short`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_options_six_rounds_of_forty_thousand_are_measured() {
        let options = Options::of_line("").unwrap();
        assert_eq!((options.requests, options.rounds, options.json), (40_000, 6, false));
    }

    #[test]
    fn benches_of_many_set_ups_send_fewer_unless_told() {
        let options = Options::of_line("gateway --rounds 9").unwrap();
        assert_eq!((options.requests, options.rounds), (gateway::REQUESTS, 9));
        let options = Options::of_line("aggregate --requests 9").unwrap();
        assert_eq!((options.requests, options.rounds), (9, aggregate::ROUNDS));
        assert_eq!((options.delay, options.budget), (Duration::ZERO, false));
        let options = Options::of_line("cache --rounds 1").unwrap();
        assert_eq!((options.requests, options.rounds), (cache::REQUESTS, 1));
    }

    #[test]
    fn every_option_is_taken() {
        let options = Options::of_line(
            "identity --requests 10 --rounds 2 --filter-set lua,bare --module a.wasm \
             --before old --keys 5 --json --token short --peers nginx,haproxy --plot a.svg \
             --delay 7 --budget",
        )
        .unwrap();
        assert_eq!(
            options,
            Options {
                bench: Some("identity".to_owned()),
                requests: 10,
                rounds: 2,
                set_ups: vec!["lua".to_owned(), "bare".to_owned()],
                modules: vec!["a.wasm".into()],
                before: Some("old".into()),
                keys: 5,
                json: true,
                token: Says::Little,
                peers: Some(vec!["nginx".to_owned(), "haproxy".to_owned()]),
                plot: Some("a.svg".into()),
                delay: Duration::from_millis(7),
                budget: true,
            }
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in
            ["--requests", "--requests 0", "--rounds many", "--fast", "one two", "--token long"]
        {
            assert!(Options::of_line(line).is_err(), "{line}");
        }
    }
}
