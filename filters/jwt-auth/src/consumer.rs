//! Whose a token is, by the table of consumers.
//!
//! The table may change while a token is remembered: who it is is looked up with each request, and
//! once for each table.

use crate::JwtAuth;
use crate::cache::Verified;
use crate::claims::Claims;
use crate::config::Provider;
use crate::refusal::Refusal;
use crate::slot::{Awaited, Slot};
use crate::why::{self, Refused};
use gatehouse_consumers::{Consumer, Consumers, Source};
use gatehouse_filter::{Caller, Timestamp};
use std::cell::RefCell;
use std::rc::{Rc, Weak};

/// How it is found out whose a provider's tokens are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Mapping {
    /// The path of the claim that says it; see [`claim_names`](gatehouse_filter::claim_names).
    pub(crate) claim: String,
    pub(crate) by: By,
    pub(crate) unknown: Unknown,
    /// Whether the scopes are the token's alone.
    pub(crate) own_scopes: bool,
}

/// What the claim is compared with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum By {
    /// What consumers are called in this provider's tokens.
    Tokens,
    /// Their names.
    Name,
}

/// What becomes of a token that is no known consumer's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unknown {
    Refuse,
    Pass,
}

impl Mapping {
    fn find<'t>(&self, table: &'t Consumers, provider: &str, value: &str) -> Option<&'t Consumer> {
        let found = match self.by {
            By::Tokens => table.of_token(provider, value),
            By::Name => table.named(value),
        };
        found.map(|consumer| &**consumer)
    }
}

/// What a token says of whose it is, and who that was by the last table.
pub(crate) struct Owned {
    /// `None` where it says nothing: a claim that is missing, no text, or empty names nobody.
    value: Option<Box<str>>,
    last: RefCell<Option<Looked>>,
}

/// What was found in a table. That one may be gone by now: a token that is remembered keeps no
/// table alive.
struct Looked {
    table: Weak<Consumers>,
    found: Result<Rc<Caller>, Refusal>,
}

impl Owned {
    pub(crate) fn new(mapping: &Mapping, claims: &Claims) -> Self {
        let value = claims.at(&mapping.claim).and_then(|claim| claim.text());
        let value = value.filter(|value| !value.is_empty());
        Self { value: value.map(|value| value.into_owned().into()), last: RefCell::default() }
    }

    /// Who it is by this table, where that is known already.
    fn looked_up(&self, table: &Rc<Consumers>) -> Option<Result<Rc<Caller>, Refusal>> {
        let last = self.last.borrow();
        let last = last.as_ref().filter(|last| last.table.as_ptr() == Rc::as_ptr(table))?;
        Some(last.found.clone())
    }
}

impl JwtAuth {
    /// Who a token is about that is good: whom it says, with what is known of its consumer. `None`
    /// where the request has to wait for the table.
    pub(crate) fn caller(
        &self,
        verified: &Verified,
        now: Timestamp,
        slot: &mut Option<Slot>,
    ) -> Result<Option<Rc<Caller>>, Refused> {
        let (Some(owned), Some(source)) = (&verified.owned, &self.config.consumers) else {
            return Ok(Some(Rc::clone(&verified.caller)));
        };
        let Some(provider) = self.config.providers.get(verified.provider) else {
            return Err(Refusal::ConsumerUnknown.into());
        };
        let table = match source {
            Source::Inline(table) => Rc::clone(table),
            Source::Polled(list) => match list.current(now) {
                Some(table) => table,
                None => {
                    let refusal = Refusal::ConsumersUnavailable;
                    self.wait(slot, Awaited::Consumers, list, refusal, now)?;
                    return Ok(None);
                }
            },
        };
        let found = match owned.looked_up(&table) {
            Some(found) => found,
            None => {
                let found = found(owned, provider, &table, &verified.caller);
                let looked = Looked { table: Rc::downgrade(&table), found: found.clone() };
                owned.last.replace(Some(looked));
                found
            }
        };
        found.map(Some).map_err(|refusal| why::of_owner(refusal, owned.value.as_deref(), provider))
    }
}

fn found(
    owned: &Owned,
    provider: &Provider,
    table: &Consumers,
    caller: &Rc<Caller>,
) -> Result<Rc<Caller>, Refusal> {
    let Some(mapping) = &provider.consumer else { return Err(Refusal::ConsumerUnknown) };
    let named = owned.value.as_deref();
    let consumer = named.and_then(|value| mapping.find(table, &provider.name, value));
    match (consumer, mapping.unknown) {
        (Some(consumer), _) if consumer.is_disabled => Err(Refusal::ConsumerDisabled),
        (Some(consumer), _) => {
            let both = consumer.with_token(caller.identity(), mapping.own_scopes);
            Ok(Rc::new(both.into()))
        }
        (None, Unknown::Pass) => Ok(Rc::clone(caller)),
        (None, Unknown::Refuse) => Err(Refusal::ConsumerUnknown),
    }
}
