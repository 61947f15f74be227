//! Whose tokens a request needs.

use super::providers::Provider;
use crate::binding::Binding;
use gatehouse_filter::HeaderName;
use gatehouse_filter::config::{Fields, Kind, Node};

/// Whose tokens a request needs.
pub(crate) enum Require {
    /// Nobody's: a token is not even looked at.
    Nothing,
    /// One token, where there is one.
    Optional(Accepted),
    /// The same, where a token that is no good counts as none.
    Lenient(Accepted),
    /// A token for each of these, of which there is one at least. The first says who the request is
    /// from.
    Each(Vec<Accepted>),
}

/// Whose one token may be, and where it may be.
#[derive(Clone)]
pub(crate) struct Accepted {
    /// By position.
    pub(crate) providers: Vec<usize>,
    /// Every source of these providers, by position, once.
    pub(crate) sources: Vec<usize>,
}

impl Require {
    /// A token of any provider.
    pub(super) fn any(providers: &[Provider]) -> Self {
        Self::Each(vec![Accepted::any(providers)])
    }

    /// What a rule requires. One that asks for nothing refuses nobody.
    pub(super) fn of_rule(rule: &mut Fields<'_>, providers: Option<&[Provider]>) -> Option<Self> {
        let require = rule.required("require", |node| Self::read(&node, providers))?;
        match rule.given("refusal") {
            Some(wording) if matches!(require, Self::Nothing) => {
                wording.fault("has no effect with `require: none`")
            }
            _ => Some(require),
        }
    }

    /// While the providers themselves are at fault, names are not judged, and nothing is read.
    pub(super) fn read(node: &Node<'_>, providers: Option<&[Provider]>) -> Option<Self> {
        match node.kind() {
            Kind::List => accepted(node, providers).map(|accepted| Self::Each(vec![accepted])),
            Kind::Mapping => named(node, providers),
            _ => match node.word(&WORDS) {
                Some(Word::None) => Some(Self::Nothing),
                Some(Word::Optional) => Some(Self::Optional(Accepted::any(providers?))),
                Some(Word::Lenient) => Some(Self::Lenient(Accepted::any(providers?))),
                Some(Word::Any) => Some(Self::any(providers?)),
                None => node.fault(FORMS),
            },
        }
    }
}

/// What is required without naming a provider.
#[derive(Clone, Copy)]
enum Word {
    None,
    Optional,
    Lenient,
    Any,
}

const WORDS: [(&str, Word); 4] = [
    ("none", Word::None),
    ("optional", Word::Optional),
    ("lenient", Word::Lenient),
    ("any", Word::Any),
];

const FORMS: &str = "must be none, optional, lenient, any, a list of provider names, or a mapping with one of any, optional, lenient, all";

impl Accepted {
    fn any(providers: &[Provider]) -> Self {
        Self::of((0..providers.len()).collect(), providers)
    }

    fn of(accepted: Vec<usize>, providers: &[Provider]) -> Self {
        let mut sources: Vec<usize> = accepted
            .iter()
            .filter_map(|index| providers.get(*index))
            .flat_map(|provider| provider.sources.iter().copied())
            .collect();
        sources.sort_unstable();
        sources.dedup();
        Self { providers: accepted, sources }
    }
}

fn named(node: &Node<'_>, providers: Option<&[Provider]>) -> Option<Require> {
    let mut fields = node.fields()?;
    let any = fields.optional("any", |node| accepted(&node, providers));
    let optional = fields.optional("optional", |node| accepted(&node, providers));
    let lenient = fields.optional("lenient", |node| accepted(&node, providers));
    let all = fields.optional("all", |node| each(&node, providers));
    fields.finish();
    match (any?, optional?, lenient?, all?) {
        (Some(accepted), None, None, None) => Some(Require::Each(vec![accepted])),
        (None, Some(accepted), None, None) => Some(Require::Optional(accepted)),
        (None, None, Some(accepted), None) => Some(Require::Lenient(accepted)),
        (None, None, None, Some(each)) => Some(Require::Each(each)),
        _ => node.fault(FORMS),
    }
}

/// A token for each item: of that provider, or of one of that list.
fn each(node: &Node<'_>, providers: Option<&[Provider]>) -> Option<Vec<Accepted>> {
    let mut sources: Vec<usize> = Vec::new();
    let mut has_proof = false;
    let mut written: Vec<HeaderName> = Vec::new();
    node.nonempty_list(|node| {
        let accepted = match node.kind() {
            Kind::List => accepted(&node, providers)?,
            _ => Accepted::of(vec![provider(&node, providers)?], providers?),
        };
        if accepted.sources.iter().any(|source| sources.contains(source)) {
            return node.fault(
                "must have its token in another place than the providers before it: give each `sources` of its own",
            );
        }
        sources.extend(&accepted.sources);
        let providers_of = || accepted.providers.iter().filter_map(|index| providers?.get(*index));
        // RFC 9449 §4.3: a request has one proof, which is for one token.
        if providers_of().all(|provider| provider.binding == Binding::Dpop)
            && std::mem::replace(&mut has_proof, true)
        {
            return node.fault(
                "must not be of providers with `binding: dpop` alone, as those before it are: a request has one proof, for one token",
            );
        }
        let own: Vec<&HeaderName> = providers_of()
            .flat_map(|provider| provider.claims_to_headers.iter().map(|forward| &forward.header))
            .collect();
        if let Some(name) = own.iter().find(|name| written.iter().any(|known| known.is_read_as(name))) {
            return node.fault(format!(
                "must not write the field `{}`, which a provider before it writes too",
                name.as_str()
            ));
        }
        written.extend(own.into_iter().cloned());
        Some(accepted)
    })
}

/// A list of providers of whom one will do.
fn accepted(node: &Node<'_>, providers: Option<&[Provider]>) -> Option<Accepted> {
    let accepted = node.nonempty_list(|node| provider(&node, providers))?;
    Some(Accepted::of(accepted, providers?))
}

/// A provider's position.
fn provider(node: &Node<'_>, providers: Option<&[Provider]>) -> Option<usize> {
    let name = node.text()?;
    let providers = providers?;
    providers.iter().position(|provider| provider.name == name).or_else(|| {
        let known: Vec<_> = providers.iter().map(|provider| provider.name.as_str()).collect();
        node.fault(format!("unknown provider; known: {}", known.join(", ")))
    })
}
