//! The set-ups that are measured beside each other.

use anyhow::Result;
use serde_json::Value;

use super::super::identity::token::Signed;
use super::super::options::{Options, check_known};
use super::super::{Sources, probe, set_up};
use super::ability::Ability;
use super::peers::Peer;
use super::{filters, native};

/// What is measured, and what is not.
pub(super) struct LineUp {
    pub(super) contenders: Vec<Contender>,
    /// Names, and why they are left out.
    pub(super) skipped: Vec<(String, String)>,
}

/// One gateway to measure.
pub(super) struct Contender {
    /// Its row in the table.
    pub(super) name: &'static str,
    /// The bare proxy that it extends; `None` for a bare proxy.
    pub(super) over: Option<&'static str>,
    /// What it does.
    pub(super) ability: Ability,
    /// What it runs on.
    pub(super) program: Program,
}

/// What a set-up runs on.
pub(super) enum Program {
    /// An Envoy with these filters before the router.
    Envoy(Vec<Value>),
    /// Another gateway.
    Peer(Peer),
}

impl Contender {
    /// The other gateway that it is.
    pub(super) fn peer(&self) -> Option<Peer> {
        match self.program {
            Program::Envoy(_) => None,
            Program::Peer(peer) => Some(peer),
        }
    }

    /// Whether it matters to it which token a request has.
    pub(super) fn reads_tokens(&self) -> bool {
        self.over.is_none() || self.ability.checks_tokens
    }

    fn bare(name: &'static str, program: Program) -> Self {
        Contender { name, over: None, ability: Ability::NONE, program }
    }
}

/// All of them, baselines before what adds to them; and what this tree does not have, with the
/// reason.
///
/// # Errors
/// The empty module cannot be written.
pub(super) fn contenders(key: &Signed, sources: &Sources) -> Result<LineUp> {
    let modules = sources.modules.as_path();
    let empty = probe::write(&sources.scratch, "empty", &[], probe::Data::default())?;
    let envoy = |name, ability, filters| Contender {
        name,
        over: Some("bare"),
        ability,
        program: Program::Envoy(filters),
    };
    let limits = |tells| Ability { limits: true, tells, ..Ability::NONE };
    let checks = Ability { checks_tokens: true, ..Ability::NONE };
    let edits = Ability { edits: true, ..Ability::NONE };
    let limit = || native::local_ratelimit("x-user", true);
    let mut all = vec![
        Contender::bare("bare", Program::Envoy(vec![])),
        envoy(
            "native",
            Ability::ALL,
            vec![native::jwt_authn(key, true), limit(), native::header_mutation()],
        ),
        envoy(
            "native-uncached",
            Ability::ALL,
            vec![native::jwt_authn(key, false), limit(), native::header_mutation()],
        ),
        envoy(
            "native-lua",
            Ability::ALL,
            vec![native::jwt_authn(key, true), limit(), native::lua()],
        ),
        envoy(
            "three-modules",
            Ability::ALL,
            vec![
                filters::jwt_auth(modules, key),
                filters::rate_limit(modules, "x-user", true),
                filters::header_transform(modules),
            ],
        ),
    ];
    let skipped = Vec::new();
    for (name, tells) in [("gateway.wasm", true), ("gateway-silent", false)] {
        all.push(envoy(name, Ability::ALL, vec![filters::gateway(modules, key, tells)]));
    }
    let alone = |name, ability, filter| envoy(name, ability, vec![filter]);
    all.extend([
        alone("jwt-auth", checks, filters::jwt_auth(modules, key)),
        alone("rate-limit", limits(true), filters::rate_limit(modules, "x-request-id", true)),
        alone(
            "rate-limit-silent",
            limits(false),
            filters::rate_limit(modules, "x-request-id", false),
        ),
        alone("header-transform", edits, filters::header_transform(modules)),
        alone("no-match", Ability::NONE, filters::no_match(modules)),
        alone("wasm-empty", Ability::NONE, set_up::wasm_filter("empty", &empty, None, &[])),
        alone("local_ratelimit", limits(true), native::local_ratelimit("x-request-id", true)),
        alone(
            "local_ratelimit-silent",
            limits(false),
            native::local_ratelimit("x-request-id", false),
        ),
        alone("lua", edits, native::lua()),
        alone("header_mutation", edits, native::header_mutation()),
    ]);
    for peer in Peer::ALL {
        let program = || Program::Peer(peer);
        all.push(Contender::bare(peer.bare(), program()));
        let (name, ability) = (peer.name(), Ability::ALL);
        all.push(Contender { name, over: Some(peer.bare()), ability, program: program() });
    }
    Ok(LineUp { contenders: all, skipped })
}

/// # Errors
/// The options name a set-up or a peer that is none.
pub(super) fn check_names(all: &[Contender], options: &Options) -> Result<()> {
    let known: Vec<&str> = all.iter().map(|contender| contender.name).collect();
    check_known("set-up", &options.set_ups, &known)?;
    let mut peers = vec!["none"];
    peers.extend(Peer::ALL.map(Peer::name));
    check_known("peer", options.peers.iter().flatten(), &peers)
}

/// Those that the options ask for, and what they add to.
pub(super) fn keep(all: Vec<Contender>, options: &Options) -> Vec<Contender> {
    let baselines: Vec<&str> =
        all.iter().filter(|it| options.has_set_up(it.name)).filter_map(|it| it.over).collect();
    let wanted = |it: &Contender| {
        let is_baseline = it.name == "bare" || baselines.contains(&it.name);
        (options.has_set_up(it.name) || is_baseline)
            && it.peer().is_none_or(|peer| options.has_peer(peer.name()))
    };
    all.into_iter().filter(wanted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(line: &str) -> Result<Vec<&'static str>> {
        let options = Options::of_line(line)?;
        let all = || {
            let nginx = |name, over| Contender {
                name,
                over,
                ability: Ability::ALL,
                program: Program::Peer(Peer::Nginx),
            };
            vec![
                Contender::bare("bare", Program::Envoy(vec![])),
                Contender { over: Some("bare"), ..Contender::bare("lua", Program::Envoy(vec![])) },
                nginx("bare-nginx", None),
                nginx("nginx", Some("bare-nginx")),
            ]
        };
        check_names(&all(), &options)?;
        Ok(keep(all(), &options).iter().map(|contender| contender.name).collect())
    }

    #[test]
    fn what_is_asked_for_is_kept_with_its_baseline() {
        assert_eq!(kept("gateway").unwrap(), ["bare", "lua", "bare-nginx", "nginx"]);
        assert_eq!(kept("gateway --peers none").unwrap(), ["bare", "lua"]);
        assert_eq!(kept("gateway --peers haproxy").unwrap(), ["bare", "lua"]);
        assert_eq!(kept("gateway --filter-set nginx").unwrap(), ["bare", "bare-nginx", "nginx"]);
        assert_eq!(kept("gateway --filter-set lua").unwrap(), ["bare", "lua"]);
    }

    #[test]
    fn names_that_nothing_has_are_refused() {
        assert!(kept("gateway --peers apache").is_err());
        assert!(kept("gateway --filter-set luaa").is_err());
    }
}
