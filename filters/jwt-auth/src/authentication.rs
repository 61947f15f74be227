//! From a request to who it is from: by the token that it carries, or by one of each of several.

use crate::algorithm::Algorithm;
use crate::binding::Binding;
use crate::cache::{Signer, Verified};
use crate::claims::Claims;
use crate::config::{Accepted, OnBoth, Provider, Require, Rule};
use crate::consumer::Owned;
use crate::keys::Lookup;
use crate::possession::{Claimed, Owner};
use crate::refusal::Refusal;
use crate::revocation::Denylist;
use crate::slot::{Awaited, Slot};
use crate::token::Token;
use crate::trial::Trial;
use crate::verify::HostVerifier;
use crate::why::{self, Refused};
use crate::{JwtAuth, forward};
use gatehouse_filter::credential::{self, Unclear};
use gatehouse_filter::fetched::{Awaits, Fetched};
use gatehouse_filter::rules::Captures;
use gatehouse_filter::{Caller, Callouts, Host, Mode, Request, Timestamp, Until};
use std::borrow::Cow;
use std::cell::Cell;
use std::rc::Rc;

/// What is known of a request that is not refused.
pub(crate) enum Found {
    Identity(Rc<Caller>),
    /// It need not say who it is from, and does not.
    Nobody,
    /// A filter before this one knows who it is from, and that is who: it has no token, or a good
    /// one that changes nothing about it.
    Identified,
    /// It has to wait.
    NotYet(Until),
}

impl Found {
    fn not_yet(slot: &Option<Slot>) -> Self {
        let until = slot.as_ref().map(|slot| slot.awaited().until());
        Self::NotYet(until.unwrap_or(Until::Fetched))
    }
}

/// What was revoked, as far as a request knows it.
pub(crate) enum Listed {
    /// This, or nothing.
    List(Option<Rc<Denylist>>),
    /// It has to wait for the list.
    NotYet,
}

/// A token as it came, and the positions of the sources that it came in: the same in two places is
/// one token.
pub(crate) struct Sent<'r> {
    pub(crate) token: Cow<'r, [u8]>,
    pub(crate) sources: Vec<usize>,
}

impl Provider {
    /// Whether claims hold now and here: what costs nothing to tell.
    pub(crate) fn check(&self, claims: &Claims, now: Timestamp) -> Result<(), Refusal> {
        claims.validity.check(now, &self.lifetime)?;
        claims.check_audience(&self.audiences, &self.all_audiences)?;
        self.binding.of(claims.confirmation()).map(|_| ())
    }

    /// What a token says whose claims are the word of this provider, which has this position:
    /// signed with this key, or told when it was asked.
    pub(crate) fn believe(
        &self,
        (index, signer): (usize, Option<Signer>),
        claims: &Claims,
        denylist: Option<&Denylist>,
        now: Timestamp,
    ) -> Result<Rc<Verified>, Refusal> {
        self.requirements.check(claims)?;
        let verified = Verified {
            provider: index,
            signer,
            validity: claims.validity,
            numeric_token: claims.numeric_token().map(Box::from),
            caller: Rc::new(self.identity.caller(claims)),
            checked: Cell::new(0),
            owner: Owner::new(self.binding.of(claims.confirmation())?),
            owned: self.consumer.as_ref().map(|mapping| Owned::new(mapping, claims)),
            fields: forward::fields(&self.claims_to_headers, claims, self.max_token_size)?,
        };
        verified.check_revoked(denylist, claims.validity.issued(now, &self.lifetime))?;
        Ok(Rc::new(verified))
    }
}

impl JwtAuth {
    /// Who the request is from, by the rule that it falls under, whose path template captured this.
    pub(crate) fn authenticate(
        &self,
        request: &mut Request<'_>,
        (rule, captures): (&Rule, &Captures),
        slot: &mut Option<Slot>,
    ) -> Result<Found, Refused> {
        let host = request.callouts();
        let (each, missing) = match &rule.require {
            Require::Nothing => return Ok(Found::Nobody),
            Require::Optional(accepted) | Require::Lenient(accepted) => {
                (std::slice::from_ref(accepted), None)
            }
            Require::Each(each) if each.len() > 1 => {
                (each.as_slice(), Some(Refusal::TokenOfEachMissing))
            }
            Require::Each(each) if each.iter().all(|accepted| self.wants_proof(accepted)) => {
                (each.as_slice(), Some(Refusal::BoundTokenMissing))
            }
            Require::Each(each) => (each.as_slice(), Some(Refusal::TokenMissing)),
        };
        let mut first = None;
        let mut others = Vec::new();
        let mut claimed = Vec::new();
        for accepted in each {
            let Some(sent) = self.sent(request, accepted)? else {
                let is_identified =
                    || self.config.accepts_identified && request.identity().is_some();
                return match missing {
                    None => Ok(Found::Nobody),
                    Some(Refusal::TokenMissing | Refusal::BoundTokenMissing) if is_identified() => {
                        Ok(Found::Identified)
                    }
                    Some(refusal) => Err(refusal.into()),
                };
            };
            if self.config.on_both == OnBoth::Refuse && request.identity().is_some() {
                return Err(Refusal::TwoIdentities.into());
            }
            let (verified, is_remembered) = match self.recall(&sent, accepted, host)? {
                Some(verified) => (verified, true),
                None => match self.verify(&sent, accepted, host, slot)? {
                    Some(verified) => (verified, false),
                    None => return Ok(Found::not_yet(slot)),
                },
            };
            if let Some(demand) = &rule.demand {
                let provider = self.config.providers.get(verified.provider);
                let provider = provider.map_or("", |provider| &provider.name);
                demand.check(&verified, provider, request, captures)?;
            }
            let Some(caller) = self.caller(&verified, host.now(), slot)? else {
                return Ok(Found::not_yet(slot));
            };
            if self.is_owned(&sent, &verified) {
                let verified = Rc::clone(&verified);
                claimed.push(Claimed { sent, verified, is_remembered });
            }
            match &first {
                None => first = Some((verified, caller)),
                Some(_) => others.push(verified),
            }
        }
        // Once, and after the last that a request may have to wait for: a proof is used up by it.
        claimed.iter().try_for_each(|claimed| self.check_owner(request, claimed))?;
        drop(claimed);
        let Some((first, caller)) = first else { return Ok(Found::Nobody) };
        if self.config.on_both == OnBoth::Key && request.identity().is_some() {
            return Ok(Found::Identified);
        }
        for verified in [&first].into_iter().chain(&others) {
            for (name, value) in verified.fields.iter() {
                request.headers.append(name, value.clone());
            }
        }
        Ok(Found::Identity(caller))
    }

    /// Whether each of these providers' tokens comes with a proof.
    fn wants_proof(&self, accepted: &Accepted) -> bool {
        let is_bound = |index: &usize| {
            let provider = self.config.providers.get(*index);
            provider.is_some_and(|provider| provider.binding == Binding::Dpop)
        };
        accepted.providers.iter().all(is_bound)
    }

    /// The one token in the sources of these providers, and the source that it is in.
    fn sent<'r>(
        &'r self,
        request: &'r Request<'_>,
        accepted: &Accepted,
    ) -> Result<Option<Sent<'r>>, Refusal> {
        let mut sent: Option<Sent> = None;
        for index in &accepted.sources {
            let Some(source) = self.config.sources.get(*index) else { continue };
            let found =
                credential::find(std::slice::from_ref(source), request, self.config.max_token_size)
                    .map_err(|unclear| match unclear {
                        Unclear::Repeated => Refusal::TokenRepeated,
                        // Of the scheme `Basic`, which no source of tokens is.
                        Unclear::Malformed => Refusal::TokenMalformed,
                    })?;
            match (found, &mut sent) {
                (None, _) => {}
                (Some(token), None) => sent = Some(Sent { token, sources: vec![*index] }),
                (Some(token), Some(sent)) if sent.token == token => sent.sources.push(*index),
                (Some(_), Some(_)) => return Err(Refusal::TokenRepeated),
            }
        }
        Ok(sent)
    }

    /// What is known of a token that was verified before and is still good.
    fn recall(
        &self,
        sent: &Sent<'_>,
        accepted: &Accepted,
        host: &dyn Host,
    ) -> Result<Option<Rc<Verified>>, Refused> {
        let Some(verified) = self.cache.find(&sent.token) else { return Ok(None) };
        let Some(provider) = self.config.providers.get(verified.provider) else { return Ok(None) };
        let is_accepted = accepted.providers.contains(&verified.provider);
        if !is_accepted || !sent.sources.iter().any(|source| provider.sources.contains(source)) {
            return Ok(None);
        }
        let now = host.now();
        // A key that was withdrawn since is to be noticed.
        if !provider.keys.current(now).is_some_and(|keys| verified.is_of(&keys, now)) {
            return Ok(None);
        }
        Ok(self.is_still_good(&verified, provider, now)?.then_some(verified))
    }

    /// Whether what was judged before is good by now, as far as that can be told without what it
    /// was judged by.
    pub(crate) fn is_still_good(
        &self,
        verified: &Verified,
        provider: &Provider,
        now: Timestamp,
    ) -> Result<bool, Refused> {
        let refused = |refusal| {
            let subject = verified.caller.subject();
            why::of_known(refusal, &verified.validity, subject, provider, now)
        };
        verified.validity.check(now, &provider.lifetime).map_err(refused)?;
        if let Some(revocations) = &self.config.revocations {
            // Without a list: as for a token that was never seen.
            let Ok(list) = revocations.current(now) else { return Ok(false) };
            let issued = verified.validity.issued(now, &provider.lifetime);
            verified.check_revoked(list.as_deref(), issued).map_err(refused)?;
        }
        Ok(true)
    }

    /// Verifies a token, or asks its issuer about it; `None` where the request has to wait.
    fn verify(
        &self,
        sent: &Sent<'_>,
        accepted: &Accepted,
        host: &dyn Callouts,
        slot: &mut Option<Slot>,
    ) -> Result<Option<Rc<Verified>>, Refused> {
        if let Some(witness) = self.witness(sent, accepted, host.now()) {
            return self.introspect(sent, &witness, host, slot);
        }
        let most = self.config.max_token_size;
        let (token, payload) =
            Token::parse(&sent.token, most, &self.usual_header).map_err(|refusal| {
                match sent.token.contains(&b',') {
                    // Two fields that a proxy has joined.
                    true => Refusal::TokenRepeated.into(),
                    false => why::for_form(refusal, &sent.token, most),
                }
            })?;
        let claims = Claims::parse(payload).map_err(why::for_types)?;
        let provider = self.config.provider(accepted, claims.issuer().as_deref(), &sent.sources);
        let Some((index, provider)) = provider else {
            let issuer = claims.issuer();
            let owner = self.config.provider_of(issuer.as_deref()).map(|(_, provider)| provider);
            return Err(why::for_issuer(&claims, owner, self.config.names(accepted)));
        };
        claims.check_ids(provider.numeric_ids).map_err(why::for_types)?;
        if sent.token.len() > provider.max_token_size {
            return Err(why::for_size(sent.token.len(), provider));
        }
        let now = host.now();
        self.judge(&token, &claims, index, &sent.token, host, slot)
            .map_err(|refusal| why::of_token(refusal, &token, &claims, provider, now))
    }

    /// Judges a token that was taken apart, of the provider at this position; `None` where the
    /// request has to wait for keys.
    fn judge(
        &self,
        token: &Token<'_>,
        claims: &Claims,
        index: usize,
        sent: &[u8],
        host: &dyn Host,
        slot: &mut Option<Slot>,
    ) -> Result<Option<Rc<Verified>>, Refusal> {
        let provider = self.config.providers.get(index).ok_or(Refusal::IssuerUnknown)?;
        // What costs nothing comes first: a forged token should not buy a verification, nor a
        // fetch.
        if !provider.takes(token.header.kind.as_ref()) || claims.tells_events() {
            return Err(Refusal::TypeNotAllowed);
        }
        let is_allowed = |allowed: &Vec<Algorithm>| allowed.contains(&token.header.algorithm);
        if !provider.algorithms.as_ref().is_none_or(is_allowed) {
            return Err(Refusal::AlgorithmNotAllowed);
        }
        let now = host.now();
        let lookup = provider.keys.seek(&token.header, &provider.choice, now)?;
        provider.check(claims, now)?;
        let keys = match lookup {
            Lookup::Found(keys) => keys,
            Lookup::Missing(fetched, refusal) => {
                self.wait(slot, Awaited::Keys(index), fetched, refusal, now)?;
                return Ok(None);
            }
        };
        let Listed::List(denylist) = self.denylist(slot, now)? else { return Ok(None) };

        let verifier = HostVerifier { host, is_absent: &self.host_cannot_verify };
        let trial = Trial::within(self.config.bounds, &self.spent, now, &verifier);
        let term = keys.verify(token, &provider.choice, &trial)?;
        self.usual_header.keep(token);

        // From here on the claims are the issuer's word.
        let signer = Signer { keys, term, header: Rc::clone(&token.header) };
        let verified = provider.believe((index, Some(signer)), claims, denylist.as_deref(), now)?;
        self.cache.keep(sent, &verified);
        Ok(Some(verified))
    }

    /// What was revoked, unless the request has to wait for it.
    pub(crate) fn denylist(
        &self,
        slot: &mut Option<Slot>,
        now: Timestamp,
    ) -> Result<Listed, Refusal> {
        let Some(revocations) = &self.config.revocations else { return Ok(Listed::List(None)) };
        match revocations.current(now) {
            Ok(list) => Ok(Listed::List(list)),
            Err(refusal) => {
                self.wait(slot, Awaited::Revocations, &revocations.list, refusal, now)?;
                Ok(Listed::NotYet)
            }
        }
    }

    /// Lets a request wait, unless that is in vain.
    pub(crate) fn wait<T>(
        &self,
        slot: &mut Option<Slot>,
        awaited: Awaited,
        fetched: &Fetched<T>,
        refusal: Refusal,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        // Nobody can say that a key is unknown while the issuer cannot be asked.
        let told = || match refusal {
            Refusal::KeyUnknown if fetched.is_failing() => Refusal::KeysUnavailable,
            refusal => refusal,
        };
        // A dry run delays nobody.
        if self.config.mode == Mode::Shadow {
            fetched.want();
            return Err(told());
        }
        let awaits = if refusal == Refusal::KeyUnknown { Awaits::Newer } else { Awaits::Any };
        match self.waiters.may_wait(slot, awaited, fetched, awaits, now) {
            true => Ok(()),
            false => Err(told()),
        }
    }
}
