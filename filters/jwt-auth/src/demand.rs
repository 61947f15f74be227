//! What a rule asks of a token beyond what its provider does.
//!
//! It is judged with each request, also of a token that was verified before: what is remembered of
//! a token is the same for all rules.

use crate::cache::Verified;
use crate::kind::Kind;
use crate::requirement::Requirement;
use crate::why::{self, Refused};
use gatehouse_filter::rules::Captures;
use gatehouse_filter::{Identity, Reference, Request};
use serde_json::Value;

/// What the tokens of a rule must say.
#[derive(Debug)]
pub(crate) struct Demand {
    /// Empty: any audience.
    pub(crate) audiences: Vec<String>,
    /// `None`: any kind that the provider takes.
    pub(crate) kinds: Option<Vec<Kind>>,
    pub(crate) claims: Vec<Requirement<Reference>>,
}

impl Demand {
    /// Whether a token that is good is good enough for this request, whose path the rule's template
    /// captured so.
    ///
    /// # Errors
    /// Those that the token would have met with at its provider, had that asked the same.
    pub(crate) fn check(
        &self,
        verified: &Verified,
        provider: &str,
        request: &Request<'_>,
        captures: &Captures,
    ) -> Result<(), Refused> {
        let kind = verified.kind();
        if let Some(kinds) = &self.kinds
            && !kind.is_some_and(|kind| kinds.contains(kind))
        {
            return Err(why::for_kind(kind, kinds, provider));
        }
        // Of the same bytes as what the provider has judged.
        let identity = verified.caller.identity();
        if !self.audiences.is_empty() && !self.is_for_one(identity) {
            return Err(why::for_audience(identity.claims.get("aud"), &self.audiences, provider));
        }
        for required in &self.claims {
            let claim = identity.claim(&required.claim);
            let met = claim.map_or(Some(false), |claim| {
                required.want.is_met(claim, |reference| reference.said(request, captures))
            });
            if met != Some(true) {
                return Err(why::for_claim(&required.claim, claim, met, provider));
            }
        }
        Ok(())
    }

    fn is_for_one(&self, identity: &Identity) -> bool {
        let is_ours = |audience: &Value| {
            audience.as_str().is_some_and(|it| self.audiences.iter().any(|ours| ours == it))
        };
        match identity.claims.get("aud") {
            Some(Value::Array(audiences)) => audiences.iter().any(is_ours),
            audience => audience.is_some_and(is_ours),
        }
    }
}
