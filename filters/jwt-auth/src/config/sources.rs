//! Where a provider's tokens are.

use crate::binding::Binding;
use gatehouse_filter::HeaderName;
use gatehouse_filter::config::{Fields, Node};
use gatehouse_filter::credential::{self, Source};

/// Where a provider's tokens are: where it says, or else where all do; where nobody says, behind the
/// schemes that are for tokens bound so. `places` are those of the providers before it.
pub(super) fn read(
    node: &Node<'_>,
    fields: &mut Fields<'_>,
    usual: Option<&[Source]>,
    binding: Binding,
    places: &[Source],
) -> Vec<Source> {
    let own = fields.optional("sources", |node| {
        let sources = credential::sources(node.clone())?;
        match sources.iter().position(|source| is_of_proofs(source) != binding.takes_proofs()) {
            Some(_) if binding == Binding::Dpop => node.fault(
                "must all be with the prefix `DPoP `: a token that is bound to a key is sent there",
            ),
            Some(_) if matches!(binding, Binding::Bearer | Binding::Certificate) => node.fault(
                "must not have the prefix `DPoP `, which is for tokens with proofs, without \
                 `binding: dpop` or `any`",
            ),
            _ => Some(sources),
        }
    });
    let own = own.flatten();
    let taken = match own.as_deref().or(usual) {
        Some(taken) => taken.to_vec(),
        None => of_schemes(binding),
    };
    if binding.takes_proofs() && !taken.iter().any(is_of_proofs) {
        node.fault::<()>(
            "has no source for its tokens with proofs: one must have the prefix `DPoP `",
        );
    }
    check_beside(node, &taken, places);
    taken
}

/// What cannot be told apart from where an earlier provider's tokens are.
fn check_beside(node: &Node<'_>, taken: &[Source], places: &[Source]) {
    // Of two that only overlap, one token would be found in both, and be two.
    let clashes =
        |source: &Source| places.iter().any(|other| other.overlaps(source) && other != source);
    if taken.iter().any(clashes) {
        node.fault::<()>("has its tokens where those of a provider before it may be: the same `sources` will do, or quite others");
    }
    let spelt = |source: &Source| places.iter().find_map(|other| other.other_spelling_of(source));
    if let Some(name) = taken.iter().find_map(spelt) {
        node.fault::<()>(format!(
            "has its tokens in a field that upstreams may take for `{name}`, \
         where those of a provider before it are: every other spelling of that is removed from \
         requests"
        ));
    }
}

/// RFC 6750 §2.1, RFC 9449 §7.1.
fn of_schemes(binding: Binding) -> Vec<Source> {
    let prefixes: &[&str] = match binding {
        Binding::Dpop => &["DPoP "],
        Binding::Any => &["Bearer ", "DPoP "],
        Binding::Bearer | Binding::Certificate | Binding::Ignored => &["Bearer "],
    };
    let source = |prefix: &&str| Source::Header {
        name: HeaderName::from_static("authorization"),
        prefix: Some((*prefix).to_owned()),
    };
    prefixes.iter().map(source).collect()
}

/// Whether tokens with proofs are in this place: behind the scheme `DPoP`.
pub(super) fn is_of_proofs(source: &Source) -> bool {
    matches!(source, Source::Header { prefix: Some(prefix), .. }
        if prefix.trim_ascii_end().eq_ignore_ascii_case("DPoP"))
}

/// Where these sources are among all; new ones are added.
pub(super) fn positions(sources: &[Source], places: &mut Vec<Source>) -> Vec<usize> {
    let position = |source: &Source| {
        places.iter().position(|known| known == source).unwrap_or_else(|| {
            places.push(source.clone());
            places.len().saturating_sub(1)
        })
    };
    sources.iter().map(position).collect()
}

pub(super) fn is_field(source: &Source, field: &HeaderName) -> bool {
    source.field().is_some_and(|name| name.is_read_as(field))
}
