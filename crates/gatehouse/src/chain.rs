//! `gatehouse chain FILTER…`: what to paste into one's own Envoy configuration, so that it has
//! these filters.

mod block;
mod log;
mod minimal;
mod modules;
mod tags;

use anyhow::{Result, bail};
use clap::Args;
use gatehouse_check::distance;

use super::Answer;
pub(crate) use block::{Block, indented};
pub(crate) use modules::Modules;

/// Print the chain of these filters, to be pasted into a configuration of your own.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gatehouse chain jwt-auth rate-limit
  gatehouse chain --gateway api-key-auth jwt-auth authorization rate-limit > chain.yaml
  gatehouse chain --capabilities --modules /opt/gatehouse jwt-auth

The filters come in the order in which they work, whatever the order here. Each has a small \
configuration that starts: `gatehouse explain FILTER` tells the rest.")]
pub struct Chain {
    /// The filters.
    #[arg(required = true, value_name = "FILTER")]
    pub filters: Vec<String>,
    /// One module, gateway.wasm, with all of them.
    #[arg(long)]
    pub gateway: bool,
    /// Hold each module to a list of what it may do (as Envoy 1.40 has it).
    #[arg(long)]
    pub capabilities: bool,
    /// Where the modules are.
    #[command(flatten)]
    pub modules: Modules,
}

/// The order in which requests meet filters. Who looks on sees what the others refuse, who asks who
/// calls comes after those who know it, and what is answered from the store has been through all.
pub(crate) const ORDER: [&str; 10] = [
    "audit",
    "telemetry",
    "api-key-auth",
    "jwt-auth",
    "authorization",
    "rate-limit",
    "header-transform",
    "body-transform",
    "aggregate",
    "response-cache",
];

impl Chain {
    /// The pieces, each under a comment that says where it goes.
    ///
    /// # Errors
    /// A filter that there is not, or that comes twice.
    pub fn run(&self) -> Result<Answer> {
        let filters = in_order(&self.filters)?;
        let blocks = minimal::blocks(&filters)?;
        let text = format!(
            "\
# Into the `typed_config` of the HTTP connection manager.
# The client's address is that of the connection, not what the client says it is.
use_remote_address: true
# What each filter decided is in filter state.
access_log:
{}http_filters:
{}{}
# Into the bootstrap: labels of the filters' counters, which are parts of the counters' names.
{}",
            indented(&log::access_log(&filters), 2),
            indented(&block::modules(&blocks, self.gateway, self.capabilities, &self.modules)?, 2),
            indented(block::ROUTER, 2),
            tags::stats_config(&filters),
        );
        Ok(Answer::good(text))
    }
}

/// The filters of these names, in the order in which they work.
pub(crate) fn in_order(names: &[String]) -> Result<Vec<&'static str>> {
    for (index, name) in names.iter().enumerate() {
        if !ORDER.contains(&name.as_str()) {
            bail!("{}", unknown(name));
        }
        if names.iter().take(index).any(|earlier| earlier == name) {
            bail!("`{name}` comes twice");
        }
    }
    Ok(ORDER.into_iter().filter(|filter| names.iter().any(|name| name == filter)).collect())
}

fn unknown(name: &str) -> String {
    match ORDER.iter().find(|known| distance(known, name) <= 2) {
        Some(near) => format!("no filter is called `{name}`, did you mean `{near}`?"),
        None => format!("no filter is called `{name}`; there are {}", ORDER.join(", ")),
    }
}

pub(crate) use block::{ROUTER, modules as http_filters};
pub(crate) use log::access_log;
pub(crate) use tags::stats_config;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_filter_has_its_place_in_the_order() {
        let mut known: Vec<&str> = gatehouse_gateway::FILTERS.iter().map(|it| it.name).collect();
        let mut order = ORDER.to_vec();
        known.sort_unstable();
        order.sort_unstable();
        assert_eq!(order, known);
    }

    #[test]
    fn filters_come_in_the_order_in_which_they_work() {
        let names =
            |names: &[&str]| -> Vec<String> { names.iter().map(ToString::to_string).collect() };
        for (given, want) in [
            (&["rate-limit", "jwt-auth"][..], Ok(vec!["jwt-auth", "rate-limit"])),
            (&["response-cache", "audit", "telemetry"], {
                Ok(vec!["audit", "telemetry", "response-cache"])
            }),
            (&["jwt-auht"], Err("no filter is called `jwt-auht`, did you mean `jwt-auth`?")),
            (&["jwt-auth", "jwt-auth"], Err("`jwt-auth` comes twice")),
        ] {
            let got = in_order(&names(given)).map_err(|error| error.to_string());
            assert_eq!(got, want.map_err(str::to_owned), "{given:?}");
        }
    }
}
