use crate::revocation::{OnError, Revocations};
use gatehouse_filter::config::Node;
use gatehouse_filter::fetched::{Limits, Source};
use std::time::Duration;

/// Where the list of what was revoked is, about tokens of these issuers.
pub(super) fn read(node: &Node<'_>, issuers: Option<Vec<Option<String>>>) -> Option<Revocations> {
    const ERRORS: [(&str, OnError); 2] = [("deny", OnError::Deny), ("allow", OnError::Allow)];
    let mut fields = node.fields()?;
    let source = Source::read(&mut fields, &LIMITS);
    let most = fields.with_default("max_entries", 10_000, |node| node.integer(1..=100_000));
    let on_error = fields.with_default("on_error", OnError::Deny, |node| node.one_of(&ERRORS));
    fields.finish();
    Some(Revocations::new(source?, usize::try_from(most?).ok()?, issuers?, on_error?))
}

/// A list is asked for often, and, unless told otherwise, the last good one is used for ever.
const LIMITS: Limits = Limits {
    refresh: Duration::from_secs(10),
    timeout: Duration::from_secs(2),
    max_age: Duration::MAX,
    max_size: 1024 * 1024,
    most: crate::revocation::MAX_DENYLIST,
    retry: Duration::from_secs(1),
};
