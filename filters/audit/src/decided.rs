//! What was decided about a request, and who it is from.

use crate::note;
use crate::record::FilterName;
use gatehouse_filter::{Attribute, Host, Identity};
use serde_json::{Map, Value};

/// What filters have left of a request when its response comes back.
#[derive(Debug)]
pub(crate) struct Decided<'a> {
    /// `None` where nobody knows who it is from.
    pub(crate) identity: Option<Map<String, Value>>,
    /// Of each filter that has decided.
    pub(crate) decisions: Vec<(&'a FilterName, Map<String, Value>)>,
}

impl<'a> Decided<'a> {
    /// What these filters have left.
    pub(crate) fn read(filters: &'a [FilterName], host: &dyn Host) -> Self {
        let decision = |filter: &'a FilterName| {
            let note = host.attribute(Attribute::FilterState(&filter.state))?;
            Some((filter, note::read(&note)))
        };
        Self { identity: who(host), decisions: filters.iter().filter_map(decision).collect() }
    }
}

/// Who the request is from: those parts of the identity that name somebody.
pub(crate) fn who(host: &dyn Host) -> Option<Map<String, Value>> {
    let bytes = host.attribute(Attribute::FilterState(Identity::STATE))?;
    let Identity { issuer, subject, consumer, tier, .. } = Identity::from_bytes(&bytes)?;
    let parts = [("issuer", issuer), ("subject", subject), ("consumer", consumer), ("tier", tier)];
    let part = |(name, part): (&str, Option<String>)| Some((name.to_owned(), part?.into()));
    Some(parts.into_iter().filter_map(part).collect())
}
