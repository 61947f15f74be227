//! A request that is no more.

use crate::{Attribute, Caller, Callouts, Headers, Identity};
use std::borrow::Cow;

/// The end of a request, whatever it was: its answer has gone, or its client has left. What the
/// proxy counted is there; the heads are gone, but for one that never went on.
pub struct Ended<'h> {
    caller: Option<&'h Caller>,
    head: Headers,
    host: &'h dyn Callouts,
}

impl<'h> Ended<'h> {
    /// The end of a request of this caller, where a filter of the same VM has found out, and with
    /// this head, where the proxy has it still.
    pub fn new(caller: Option<&'h Caller>, head: Headers, host: &'h dyn Callouts) -> Self {
        Self { caller, head, host }
    }

    /// The proxy that the request went through.
    pub fn host(&self) -> &'h dyn Callouts {
        self.host
    }

    /// Who the request was from, where a filter found out.
    pub fn identity(&self) -> Option<Cow<'h, Identity>> {
        if let Some(caller) = self.caller {
            return Some(Cow::Borrowed(caller.identity()));
        }
        let bytes = self.host.attribute(Attribute::FilterState(Identity::STATE))?;
        Identity::from_bytes(&bytes).map(Cow::Owned)
    }

    /// The name of the Envoy route that it went by.
    pub fn route(&self) -> Option<Vec<u8>> {
        self.host.attribute(Attribute::RouteName)
    }

    /// The status that the client was answered with; `None` where it has left before.
    pub fn status(&self) -> Option<u16> {
        let status = u16::try_from(self.number(Attribute::ResponseCode)?).ok()?;
        Some(status).filter(|status| *status > 0)
    }

    /// The bytes of the request's body that have come, whatever the client has declared.
    pub fn request_bytes(&self) -> u64 {
        let all = self.number(Attribute::RequestBytes).unwrap_or_default();
        let fields = self.head.iter_received();
        let head = fields.fold(0, |sum: usize, (name, value)| {
            sum.saturating_add(name.len()).saturating_add(value.len())
        });
        all.saturating_sub(u64::try_from(head).unwrap_or(u64::MAX))
    }

    /// The bytes of the response's body.
    pub fn response_bytes(&self) -> u64 {
        self.number(Attribute::ResponseBytes).unwrap_or_default()
    }

    /// A number as the proxy writes it: eight bytes, the least significant one first.
    fn number(&self, attribute: Attribute<'_>) -> Option<u64> {
        let bytes = self.host.attribute(attribute)?.try_into().ok()?;
        u64::try_from(i64::from_le_bytes(bytes)).ok()
    }
}
