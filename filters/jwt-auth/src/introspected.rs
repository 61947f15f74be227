//! From a token that its issuer is to be asked about to what it says.

use crate::JwtAuth;
use crate::authentication::{Listed, Sent};
use crate::cache::Verified;
use crate::claims::Claims;
use crate::config::{Accepted, Provider};
use crate::introspection::{Active, Introspection, Known, Said, Unasked};
use crate::opaque::{Form, is_bearer_token};
use crate::refusal::Refusal;
use crate::slot::{Awaited, Slot};
use crate::why::{self, Refused};
use gatehouse_filter::{Callouts, Mode, Timestamp};
use std::rc::Rc;

/// Who is to say what a token is.
pub(crate) struct Witness<'c> {
    /// The provider's position.
    index: usize,
    provider: &'c Provider,
    introspection: &'c Introspection,
    /// What is known of the token already.
    known: Option<Rc<Known>>,
}

impl JwtAuth {
    /// Whom to ask about a token, where it is not to be judged by what it says itself.
    ///
    /// A token goes to the issuer that it names, and to no other: a service that gets another
    /// one's tokens could use them. One that names nobody can be of one provider only, for no two
    /// that are asked have their tokens in one place.
    pub(crate) fn witness(
        &self,
        sent: &Sent<'_>,
        accepted: &Accepted,
        now: Timestamp,
    ) -> Option<Witness<'_>> {
        let here = accepted.providers.iter().filter_map(|index| {
            let provider = self.config.providers.get(*index)?;
            let is_here = sent.sources.iter().any(|source| provider.sources.contains(source));
            let introspection = provider.introspection.as_ref().filter(|_| is_here)?;
            Some(Witness { index: *index, provider, introspection, known: None })
        });
        let mut here = here.peekable();
        here.peek()?;
        // What is longer is nobody's.
        let is_small = sent.token.len() <= self.config.max_token_size;
        let mut first = None;
        for witness in here {
            let known = is_small.then(|| witness.introspection.known(&sent.token, now)).flatten();
            if known.is_some() {
                return Some(Witness { known, ..witness });
            }
            first = first.or(Some(witness));
        }
        if !is_small {
            return first;
        }
        match Form::of(&sent.token) {
            Form::Opaque => first,
            Form::Signed { issuer } => {
                let (index, provider) =
                    self.config.provider(accepted, issuer.as_deref(), &sent.sources)?;
                // Its own keys tell sooner, where it has some.
                let introspection =
                    provider.introspection.as_ref().filter(|_| !provider.has_keys())?;
                Some(Witness { index, provider, introspection, known: None })
            }
        }
    }

    /// Has the issuer say what it knows of a token; `None` where the request has to wait.
    pub(crate) fn introspect(
        &self,
        sent: &Sent<'_>,
        witness: &Witness<'_>,
        callouts: &dyn Callouts,
        slot: &mut Option<Slot>,
    ) -> Result<Option<Rc<Verified>>, Refused> {
        let Witness { provider, introspection, .. } = witness;
        let refused = |refusal| why::of_opaque(refusal, &sent.token, provider);
        if let Some(known) = &witness.known {
            return match &known.said {
                Said::Active(active) => self.judge_active(active, witness, callouts.now(), slot),
                Said::Inactive => Err(refused(Refusal::TokenInactive)),
                Said::Nothing => Err(refused(Refusal::IntrospectionUnavailable)),
            };
        }
        if sent.token.len() > provider.max_token_size {
            return Err(refused(Refusal::TokenTooLarge));
        }
        if !is_bearer_token(&sent.token) {
            // A comma is of two fields that a proxy has joined.
            let is_joined = sent.token.contains(&b',');
            let refusal = if is_joined { Refusal::TokenRepeated } else { Refusal::TokenIllegible };
            return Err(refused(refusal));
        }
        let call = introspection.ask(&sent.token, callouts).map_err(|unasked| match unasked {
            Unasked::Busy => refused(Refusal::IntrospectionBusy),
            Unasked::Unreached => refused(Refusal::IntrospectionUnavailable),
        })?;
        // A dry run delays nobody: the next request finds the answer.
        if self.config.mode == Mode::Shadow {
            return Err(refused(Refusal::IntrospectionUnavailable));
        }
        match self.waiters.may_wait_for_answer(slot, Awaited::Answer(call), callouts.now()) {
            true => Ok(None),
            false => Err(refused(Refusal::IntrospectionBusy)),
        }
    }

    /// Judges what the issuer says of an active token as it would judge what a JWT says.
    fn judge_active(
        &self,
        active: &Active,
        witness: &Witness<'_>,
        now: Timestamp,
        slot: &mut Option<Slot>,
    ) -> Result<Option<Rc<Verified>>, Refused> {
        let Witness { index, provider, .. } = *witness;
        if let Some(verified) = active.verified.get()
            && self.is_still_good(verified, provider, now)?
        {
            return Ok(Some(Rc::clone(verified)));
        }
        let claims = active.claims.as_ref().map_err(|refusal| why::for_types(*refusal))?;
        let owner = self.config.provider_of(claims.issuer().as_deref());
        // Nobody can say in another's name what only that one knows.
        if owner.is_none_or(|(owner, _)| owner != index) {
            let owner = owner.map(|(_, provider)| provider);
            return Err(why::for_issuer(claims, owner, [&provider.name].into_iter()));
        }
        claims.check_ids(provider.numeric_ids).map_err(why::for_types)?;
        let verified = self
            .judge_claims(claims, witness, now, slot)
            .map_err(|refusal| why::of_claims(refusal, claims, provider, now))?;
        if let Some(verified) = &verified {
            let _ = active.verified.set(Rc::clone(verified));
        }
        Ok(verified)
    }

    fn judge_claims(
        &self,
        claims: &Claims,
        witness: &Witness<'_>,
        now: Timestamp,
        slot: &mut Option<Slot>,
    ) -> Result<Option<Rc<Verified>>, Refusal> {
        let Witness { index, provider, .. } = *witness;
        provider.check(claims, now)?;
        let Listed::List(denylist) = self.denylist(slot, now)? else { return Ok(None) };
        provider.believe((index, None), claims, denylist.as_deref(), now).map(Some)
    }
}
