//! Consumers: how a provider's tokens name them, and where the table of them is.

use super::Provider;
use crate::JwtAuth;
use crate::consumer::{By, Mapping, Unknown};
use crate::event::Event;
use gatehouse_consumers::{Owner, Required, Source, Tokens, Uses};
use gatehouse_filter::config::{Fields, Node};

/// How a provider's tokens name their consumers.
pub(super) fn mapping(node: &Node<'_>) -> Option<Mapping> {
    const BY: [(&str, By); 2] = [("tokens", By::Tokens), ("name", By::Name)];
    const UNKNOWN: [(&str, Unknown); 2] = [("refuse", Unknown::Refuse), ("pass", Unknown::Pass)];
    // Whether the scopes are the token's alone.
    const SCOPES: [(&str, bool); 2] = [("both", false), ("token", true)];
    let mut fields = node.fields()?;
    let claim = fields.required("claim", |node| node.text().map(str::to_owned));
    let by = fields.with_default("by", By::Tokens, |node| node.one_of(&BY));
    let unknown = fields.with_default("unknown", Unknown::Refuse, |node| node.one_of(&UNKNOWN));
    let own_scopes = fields.with_default("scopes", false, |node| node.one_of(&SCOPES));
    fields.finish();
    Some(Mapping { claim: claim?, by: by?, unknown: unknown?, own_scopes: own_scopes? })
}

/// Where the consumers are of these providers' tokens; while the providers themselves are at fault,
/// their names are not judged.
pub(super) fn read(
    fields: &mut Fields<'_>,
    providers: Option<&[Provider]>,
) -> Option<Option<Source>> {
    let mappings = || {
        let named = providers.unwrap_or_default().iter();
        named.filter_map(|provider| Some((provider, provider.consumer.as_ref()?)))
    };
    let by_tokens = mappings().filter(|(_, mapping)| mapping.by == By::Tokens);
    let by_tokens = by_tokens.map(|(provider, _)| provider.name.clone()).collect();
    let inline = Tokens::Used { providers: (mappings().count() > 0).then_some(by_tokens) };
    // A list is for other filters and other gateways, too: who is in it for those is nobody here.
    let polled = Tokens::Used { providers: None };
    // Who has none could be meant by a name alone.
    let (of_inline, of_polled) = match mappings().any(|(_, mapping)| mapping.by == By::Name) {
        true => (Required::Name, Required::Name),
        false => (Required::Tokens, Required::Any),
    };
    let uses = |tokens, required| Uses { tokens, required, ..Uses::default() };
    let source = Source::read(fields, &uses(inline, of_inline), uses(polled, of_polled), owner())?;
    match (&source, providers.map(|_| mappings().count() > 0)) {
        (None, Some(true)) => fields.node().fault(
            "must have consumers or consumers_from: a provider has `consumer`, and nothing says \
             who there is",
        ),
        (Some(_), Some(false)) => fields.node().fault(
            "has consumers, and no provider has `consumer`: no token would be anybody's of them",
        ),
        _ => Some(source),
    }
}

/// Whose the list is, and what is counted of it.
fn owner() -> Owner {
    Owner::of::<JwtAuth>([
        Event::ConsumersFetched,
        Event::ConsumersFetchFailed,
        Event::ConsumersRefused,
        Event::ConsumersDropped,
    ])
}
