//! A request that is no more.

use crate::{Attribute, Caller, Callouts, Identity};
use std::borrow::Cow;

/// The end of a request, whatever it was: its answer has gone, or its client has left. The heads
/// are gone; what the proxy counted is there.
pub struct Ended<'h> {
    caller: Option<&'h Caller>,
    host: &'h dyn Callouts,
}

impl<'h> Ended<'h> {
    /// The end of a request of this caller, where a filter of the same VM has found out.
    pub fn new(caller: Option<&'h Caller>, host: &'h dyn Callouts) -> Self {
        Self { caller, host }
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

    /// The bytes of the request's body.
    pub fn request_bytes(&self) -> u64 {
        self.number(Attribute::RequestBytes).unwrap_or_default()
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
