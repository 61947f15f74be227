//! What the store has for a request.

use crate::ResponseCache;
use crate::ask::Ask;
use crate::hot::Kept;
use crate::key::{Digest, Key, digest, url_of};
use crate::object::{Kind, Object};
use crate::work::Work;
use gatehouse_caching::{Identified, Reuse, reuse};
use gatehouse_filter::{Request, Secret, StoreError, hex};
use std::rc::Rc;

/// What the store has.
#[derive(Debug)]
pub(crate) enum Lookup {
    /// This object, under this key.
    Found(Rc<Object>, Key),
    /// Responses for other selecting fields.
    OtherVariants,
    Nothing,
}

/// The most sets of selecting fields that the responses of one key are told apart by. An origin
/// that goes on to name others has the oldest forgotten.
pub(crate) const MOST_SETS: usize = 4;

impl ResponseCache {
    /// Finds the response that may answer a request, fresh or not.
    ///
    /// # Errors
    /// [`StoreError`]
    pub(crate) fn find(
        &self,
        ask: &mut Ask,
        request: &Request<'_>,
        work: &Work<'_>,
    ) -> Result<Lookup, StoreError> {
        match self.find_as(ask, None, request, work)? {
            Lookup::Nothing => self.find_search(ask, request, work),
            found => Ok(found),
        }
    }

    /// The same as if the request had another key, where one is given.
    ///
    /// # Errors
    /// [`StoreError`]
    pub(crate) fn find_as(
        &self,
        ask: &mut Ask,
        other: Option<&Key>,
        request: &Request<'_>,
        work: &Work<'_>,
    ) -> Result<Lookup, StoreError> {
        if ask.rule.storing.identified == Identified::Own {
            ask.find_whose(request);
        }
        // What is for everybody, and then what is for this identity alone.
        let is_own_alone = ask.whose.is_some() && ask.rule.storing.identified == Identified::Own;
        let shared = match is_own_alone {
            true => Lookup::Nothing,
            false => self.find_under(ask, other.unwrap_or(&ask.key), work)?,
        };
        let shared = match shared {
            Lookup::Found(object, key) if object.fixed().is_public => {
                let answers = reuse(&object.fixed().lifetime, work.now, &ask.directives);
                if !matches!(answers, Reuse::MustValidate(_)) {
                    return Ok(Lookup::Found(object, key));
                }
                // What is for this identity alone may have come since.
                ask.find_whose(request);
                Lookup::Found(object, key)
            }
            shared => {
                ask.find_whose(request);
                shared
            }
        };
        let own = ask.own_key(other.unwrap_or(&ask.key), work.secret);
        let Some(own) = own else { return Ok(shared) };
        let own = self.find_under(ask, &own, work)?;
        let shared = match shared {
            Lookup::Found(object, _) if !object.fixed().is_public => Lookup::Nothing,
            shared => shared,
        };
        let is_shared = match (&own, &shared) {
            (Lookup::Nothing, _) | (Lookup::OtherVariants, Lookup::Found(..)) => true,
            (Lookup::Found(own, _), Lookup::Found(shared, _)) => !is_newer(own, shared),
            _ => false,
        };
        Ok(if is_shared { shared } else { own })
    }

    /// Finds the response under a key, for whomever it is.
    fn find_under(&self, ask: &Ask, key: &Key, work: &Work<'_>) -> Result<Lookup, StoreError> {
        let Some(kept) = self.config.objects.find(work.host, key, work.now)? else {
            return Ok(Lookup::Nothing);
        };
        if kept.object.fixed().kind == Kind::Response {
            return match self.is_good(&kept, work)? {
                true => Ok(Lookup::Found(kept.object, key.clone())),
                false => Ok(Lookup::Nothing),
            };
        }
        for names in sets(&kept.object) {
            let key = variant_key(ask, key, names, work.secret);
            let Some(kept) = self.config.objects.find(work.host, &key, work.now)? else { continue };
            if self.is_good(&kept, work)? {
                return Ok(Lookup::Found(kept.object, key));
            }
        }
        Ok(Lookup::OtherVariants)
    }

    /// Whether an object that was found before was not purged since.
    ///
    /// # Errors
    /// [`StoreError`]
    pub(crate) fn is_good_still(
        &self,
        object: &Rc<Object>,
        work: &Work<'_>,
    ) -> Result<bool, StoreError> {
        self.is_good(&Kept { object: Rc::clone(object), checked: None }, work)
    }

    /// Whether nothing that it is part of was purged since it was asked for.
    fn is_good(&self, kept: &Kept, work: &Work<'_>) -> Result<bool, StoreError> {
        let purges = self.config.purges.count(work.host)?;
        if kept.checked == Some(purges) {
            return Ok(true);
        }
        let fixed = kept.object.fixed();
        let url = url_of(kept.object.key());
        let digests = digests(work.secret, url, kept.object.labels());
        if !self.config.purges.is_good(work.host, fixed.purges, url, digests)? {
            return Ok(false);
        }
        self.config.objects.checked(fixed.version, purges);
        Ok(true)
    }
}

/// Whether a response came after another one.
fn is_newer(one: &Object, other: &Object) -> bool {
    one.fixed().lifetime.received > other.fixed().lifetime.received
}

/// What a response can be purged by: its URL, and its labels.
pub(crate) fn digests<'a>(
    secret: &'a Secret,
    url: &'a [u8],
    labels: &'a [u8],
) -> impl Iterator<Item = Digest> + 'a {
    let labels = labels.split(|byte| *byte == b'\n').filter(|label| !label.is_empty());
    std::iter::once(url).chain(labels).map(|bytes| digest(secret, bytes))
}

/// The sets of selecting fields that an object of [`Kind::Variants`] has, the newest first.
pub(crate) fn sets(object: &Object) -> impl Iterator<Item = &str> {
    let text = std::str::from_utf8(object.head_bytes()).unwrap_or_default();
    text.lines()
}

/// The key of the response that a request selects by these fields, separated by commas.
pub(crate) fn variant_key(ask: &Ask, key: &Key, names: &str, secret: &Secret) -> Key {
    let mut values = Vec::new();
    ask.rule
        .selection
        .write_key(names.split(','), &ask.head, |part| values.extend_from_slice(part));
    let digest = digest(secret, &values);
    let digest = hex::text(&digest);
    key.with_line(secret, "vary", &[names.as_bytes(), b" ", digest.as_bytes()].concat())
}
