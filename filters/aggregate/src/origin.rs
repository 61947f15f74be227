//! Whose fault it is where a value is missing or cannot be used: the client's, or a service's.

use gatehouse_filter::template::{Sources, Template};
use std::cell::Cell;

/// Where a fact that a template names comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Origin {
    /// The request, its body or its client; or the configuration.
    #[default]
    Request,
    /// The answer to this call.
    Answer(usize),
    /// Answers of which it is an item.
    Items,
}

/// The origin of the fact that was asked for last, where it is one of this filter's own; whoever
/// takes it makes room for the next.
pub(crate) type Last = Cell<Origin>;

/// Where that comes from which makes the text of a template one that cannot be used: what is bad by
/// itself, else what the request says, else what an answer says.
pub(crate) fn culprit(
    template: &Template,
    (sources, last): (&Sources<'_>, &Last),
    is_bad: impl Fn(&[u8]) -> bool,
) -> Origin {
    last.take();
    let (mut bad, mut of_request, mut first) = (None, None, None);
    let note = |fact: &[u8], _: &mut Vec<u8>| {
        let origin = last.take();
        first = first.or(Some(origin));
        bad = bad.or(is_bad(fact).then_some(origin));
        of_request = of_request.or((origin == Origin::Request).then_some(origin));
        Some(())
    };
    // Everything is there, or it would be missing and not bad.
    let _ = template.render_encoded(sources, &mut Vec::new(), note);
    bad.or(of_request).or(first).unwrap_or_default()
}
