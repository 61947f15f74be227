//! The configuration, read into what a request needs.

mod consumers;
mod dpop;
mod form;
mod forwards;
mod introspection;
mod jwks;
mod providers;
mod require;
mod requirements;
mod revocations;
mod rule;
mod sources;
mod verification;

pub(crate) use dpop::Dpop;
pub(crate) use providers::Provider;
pub(crate) use require::{Accepted, Require};
pub(crate) use rule::Rule;

use crate::binding::Binding;
use crate::revocation::Revocations;
use crate::token::MAX_TOKEN;
use crate::trial::Bounds;
use gatehouse_consumers::Source as Consumers;
use gatehouse_filter::config::{Fields, Node};
use gatehouse_filter::credential::{self, Source};
use gatehouse_filter::rules::Rules;
use gatehouse_filter::{Challenge, HeaderName, Mode, Words};
use providers::Usual;
use verification::Verification;

/// What the filter does, in final form.
pub(crate) struct Config {
    pub(crate) mode: Mode,
    /// What a client without a good token is asked for.
    pub(crate) challenge: Challenge,
    /// Whether CORS preflights pass without a token.
    pub(crate) skip_preflight: bool,
    /// Whether a request that a filter before this one knows already needs no token.
    pub(crate) accepts_identified: bool,
    /// Who a request is from that has a token, and that a filter before this one knows.
    pub(crate) on_both: OnBoth,
    /// Where any provider's tokens are, and nowhere else; no two hold the same credential.
    pub(crate) sources: Vec<Source>,
    /// The fields among them.
    pub(crate) fields: Vec<HeaderName>,
    /// The longest token that any provider's may be, in bytes.
    pub(crate) max_token_size: usize,
    /// Whether the upstream gets the token too.
    pub(crate) forwards_token: bool,
    /// How many verified tokens a worker remembers.
    pub(crate) cached_tokens: usize,
    /// What verifying may take.
    pub(crate) bounds: Bounds,
    /// What proofs must be, where tokens are bound to keys.
    pub(crate) dpop: Option<Dpop>,
    /// The positions of the sources that tokens with proofs are in.
    pub(crate) proof_sources: Vec<usize>,
    pub(crate) providers: Vec<Provider>,
    /// Every field that a provider writes: clients may send none of them.
    pub(crate) written: Vec<HeaderName>,
    /// What tokens are not taken any more, where there is a list of them.
    pub(crate) revocations: Option<Revocations>,
    /// Who there is, where providers' tokens name consumers.
    pub(crate) consumers: Option<Consumers>,
    pub(crate) rules: Rules<Rule>,
    pub(crate) default: Rule,
}

/// Who a request is from that has a token, and that a filter before this one knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum OnBoth {
    /// Nobody: it is refused.
    Refuse,
    /// Whom the filter before knows, by its key.
    Key,
    /// Whom the token says.
    Token,
}

impl OnBoth {
    const NAMES: [(&'static str, Self); 3] =
        [("refuse", Self::Refuse), ("key", Self::Key), ("token", Self::Token)];
}

impl Config {
    pub(crate) fn read(node: Node<'_>) -> Option<Self> {
        let mut fields = node.fields()?;
        let mode = fields.with_default("mode", Mode::Enforce, Mode::read);
        let accepts_identified =
            fields.with_default("accept_identified", false, |node| node.boolean());
        let is_one_of_two = accepts_identified == Some(true);
        let words = Words::read(&mut fields, true);
        let skip_preflight = fields.with_default("skip_preflight", true, |node| node.boolean());
        // Where both are needed, both are sent.
        let on_both = if is_one_of_two { OnBoth::Refuse } else { OnBoth::Token };
        let on_both = fields.with_default("on_both", on_both, |node| node.one_of(&OnBoth::NAMES));
        let sources = fields.optional("sources", credential::sources);
        let forwards_token = fields.with_default("forward_token", true, |node| node.boolean());
        let cached_tokens = fields.with_default("cache", 1024, cached_tokens);
        let max_token_size =
            fields.with_default("max_token_size", MAX_TOKEN, |node| form::max_token_size(&node));
        let verification =
            fields.with_default("verification", Verification::default(), Verification::read);
        let without_alg = verification.as_ref().map(|it| it.without_alg.as_slice());
        let usual = Usual {
            sources: sources.as_ref().and_then(Option::as_deref),
            without_alg: without_alg.unwrap_or_default(),
            max_token_size: max_token_size.unwrap_or(MAX_TOKEN),
        };
        let providers = fields.required("providers", |node| providers::read(&node, &usual));
        let dpop = fields.optional("dpop", |node| Dpop::read(&node));
        let takes_proofs = |providers: &[Provider]| providers.iter().any(Provider::takes_proofs);
        let proofs_are_taken = providers.as_ref().map(|(providers, _)| takes_proofs(providers));
        match (proofs_are_taken, &dpop) {
            (Some(true), Some(None)) => fields.node().fault::<()>(
                "must have dpop: its origins say for which URLs the proofs of `binding` are",
            ),
            (Some(false), Some(Some(_))) => fields.node().fault::<()>(
                "has dpop, and no provider has `binding: dpop` or `any`: nothing would be proven",
            ),
            _ => None,
        };
        let challenge = challenge(
            &mut fields,
            providers.as_ref().map_or(&[], |(providers, _)| providers.as_slice()),
            is_one_of_two,
            dpop.as_ref().and_then(Option::as_ref),
        );
        let known = providers.as_ref().map(|(providers, _)| providers.as_slice());
        let revocations = fields.optional("revocations", |node| {
            let issuers = |providers: &[Provider]| {
                providers.iter().map(|provider| provider.issuer.clone()).collect()
            };
            revocations::read(&node, known.map(issuers))
        });
        let consumers = consumers::read(&mut fields, known);
        let rules = fields.with_default("rules", Rules::none(&words), |node| {
            Rules::read_before_identity(&node, &words, |fields| Rule::read(fields, known))
        });
        let default = fields.optional("default", |node| Require::read(&node, known));
        fields.finish();
        let (rules, default, _, _) = (rules?, default?, sources?, max_token_size?);
        let (providers, sources) = providers?;
        Some(Self {
            mode: mode?,
            challenge: challenge?,
            skip_preflight: skip_preflight?,
            accepts_identified: accepts_identified?,
            on_both: on_both?,
            bounds: verification?.bounds,
            fields: credential::fields(&sources),
            proof_sources: proof_sources(&providers, &sources),
            sources,
            dpop: dpop?,
            max_token_size: providers.iter().map(|provider| provider.max_token_size).max()?,
            forwards_token: forwards_token?,
            cached_tokens: cached_tokens?,
            written: written(&providers),
            revocations: revocations?,
            consumers: consumers?,
            default: default.unwrap_or_else(|| Require::any(&providers)).into(),
            providers,
            rules,
        })
    }

    /// The provider whose tokens have this issuer, with its position, where such a token will do
    /// and may be in one of these sources. One that takes any issuer's tokens gets none of another
    /// provider's: nobody can say in another's name what only that one's keys can prove.
    pub(crate) fn provider(
        &self,
        accepted: &Accepted,
        issuer: Option<&str>,
        sources: &[usize],
    ) -> Option<(usize, &Provider)> {
        let (index, provider) = self.provider_of(issuer)?;
        let is_accepted = accepted.providers.contains(&index)
            && sources.iter().any(|source| provider.sources.contains(source));
        is_accepted.then_some((index, provider))
    }

    /// The provider whose tokens have this issuer, with its position, wherever they are taken.
    pub(crate) fn provider_of(&self, issuer: Option<&str>) -> Option<(usize, &Provider)> {
        let mut providers = self.providers.iter().enumerate();
        let named = providers
            .find(|(_, provider)| issuer.is_some() && provider.issuer.as_deref() == issuer);
        let of_any =
            || self.providers.iter().enumerate().find(|(_, provider)| provider.issuer.is_none());
        named.or_else(of_any)
    }

    /// The names of the providers whose tokens will do.
    pub(crate) fn names(&self, accepted: &Accepted) -> impl Iterator<Item = &str> {
        let providers = accepted.providers.iter().filter_map(|index| self.providers.get(*index));
        providers.map(|provider| provider.name.as_str())
    }
}

fn cached_tokens(node: Node<'_>) -> Option<usize> {
    let mut fields = node.fields()?;
    let tokens = fields.with_default("tokens", 1024, |node| node.integer(0..=65_536));
    fields.finish();
    usize::try_from(tokens?).ok()
}

/// What a client without a good token is asked for: as its providers' tokens are sent.
fn challenge(
    fields: &mut Fields<'_>,
    providers: &[Provider],
    is_one_of_two: bool,
    dpop: Option<&Dpop>,
) -> Option<Challenge> {
    let is_only = |binding: Binding| {
        !providers.is_empty() && providers.iter().all(|provider| provider.binding == binding)
    };
    let own = if is_only(Binding::Dpop) { "DPoP" } else { "Bearer" };
    let mut others = Vec::new();
    if own == "Bearer" && providers.iter().any(Provider::takes_proofs) {
        others.push("DPoP");
    }
    // Who is known by a key needs no token.
    if is_one_of_two {
        others.push("ApiKey");
    }
    let challenge = Challenge::read(fields, own, &others)?;
    Some(match dpop {
        Some(dpop) => challenge.with_proof_algorithms(dpop.terms.algorithm_names()),
        None => challenge,
    })
}

/// The positions of the sources that tokens with proofs are in, where a provider has such tokens.
fn proof_sources(providers: &[Provider], sources: &[Source]) -> Vec<usize> {
    let is_checked = providers.iter().any(Provider::takes_proofs);
    let all = sources.iter().enumerate();
    let of_proofs = all.filter(|(_, source)| is_checked && sources::is_of_proofs(source));
    of_proofs.map(|(position, _)| position).collect()
}

/// Every header field that a provider writes, once.
fn written(providers: &[Provider]) -> Vec<HeaderName> {
    let mut written: Vec<HeaderName> = Vec::new();
    for forward in providers.iter().flat_map(|provider| &provider.claims_to_headers) {
        if !written.contains(&forward.header) {
            written.push(forward.header.clone());
        }
    }
    written
}
