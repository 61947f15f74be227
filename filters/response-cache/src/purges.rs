//! What was purged and when, as far as anybody needs to know: numbers that only grow.
//!
//! An object knows the number of purges at the time when its response was asked for. What was
//! purged after that is no good: not in the store, and not on its way there. So nothing has to be
//! found to be purged, and a request that was under way brings nothing back.
//!
//! Whoever purges first writes the number of its purge, which nobody has yet, beside what it
//! purges, and then makes it the number of purges; where another purge was first, it does both again
//! with the next. So whoever sees the number of purges sees what they were.

use crate::key::{Digest, is_for_all_hosts, target_of};
use gatehouse_filter::{Host, SetError, Store, StoreError, Version};

/// The numbers of purges in the store.
#[derive(Debug)]
pub(crate) struct Purges {
    /// Of the keys: `c/default/`.
    prefix: String,
    /// The key of their number, which every request reads.
    count: String,
}

/// What is purged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Purged {
    /// Everything.
    All,
    /// All responses of a URL, or with a tag, by a digest.
    One(Digest),
    /// All responses whose URLs begin so.
    Prefix(Vec<u8>),
}

/// So many prefixes are remembered. What was asked for before one that is forgotten is not stored.
const PREFIXES: usize = 32;
/// A purge that loses so many races gives up: as many others have succeeded.
const ATTEMPTS: usize = 64;

/// The prefixes that were purged last.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Prefixes {
    /// The highest number of one that is forgotten.
    forgotten: u64,
    /// Each with its number, the oldest first.
    known: Vec<(u64, Vec<u8>)>,
}

impl Purges {
    pub(crate) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), count: [prefix, "n"].concat() }
    }

    /// How many purges there were.
    ///
    /// # Errors
    /// [`StoreError`]
    pub(crate) fn count(&self, store: &dyn Store) -> Result<u64, StoreError> {
        Ok(number_at(store, &self.count)?.0)
    }

    /// Makes it known that this is purged: all that was asked for before is no good any more.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing may be purged.
    pub(crate) fn purge(&self, host: &dyn Host, what: &Purged) -> Result<(), StoreError> {
        for _ in 0..ATTEMPTS {
            let (before, version) = number_at(host, &self.count)?;
            let Some(version) = version else {
                host.create(self.count.as_bytes(), &0_u64.to_le_bytes())?;
                continue;
            };
            let number = before.saturating_add(1);
            match what {
                Purged::All => self.raise(host, "a", number)?,
                Purged::One(digest) => self.raise(host, &clock(digest), number)?,
                Purged::Prefix(prefix) => self.add_prefix(host, number, prefix)?,
            }
            match host.set(self.count.as_bytes(), &number.to_le_bytes(), Some(version)) {
                Ok(()) => return Ok(()),
                // Another purge has this number: what was asked for since then would be good.
                Err(SetError::Conflict) => {}
                Err(SetError::Failed) => return Err(StoreError),
            }
        }
        Err(StoreError)
    }

    /// Whether what was asked for when there were `then` purges is still good: its URL, by text and
    /// digest, and the digests of its labels.
    ///
    /// # Errors
    /// [`StoreError`]
    pub(crate) fn is_good(
        &self,
        store: &dyn Store,
        then: u64,
        url: &[u8],
        digests: impl IntoIterator<Item = Digest>,
    ) -> Result<bool, StoreError> {
        if self.number(store, "a")?.0 > then {
            return Ok(false);
        }
        for digest in digests {
            if self.number(store, &clock(&digest))?.0 > then {
                return Ok(false);
            }
        }
        let (prefixes, _) = self.prefixes(store)?;
        Ok(!prefixes.known.iter().any(|(number, prefix)| *number > then && begins(url, prefix)))
    }

    /// Whether what was asked for then is too old to be stored: what was purged since is not all
    /// known any more.
    ///
    /// # Errors
    /// [`StoreError`]
    pub(crate) fn is_too_old(&self, store: &dyn Store, then: u64) -> Result<bool, StoreError> {
        Ok(self.prefixes(store)?.0.forgotten > then)
    }

    fn number(&self, store: &dyn Store, name: &str) -> Result<(u64, Option<Version>), StoreError> {
        number_at(store, &self.key(name))
    }

    /// Makes a number at least this.
    fn raise(&self, store: &dyn Store, name: &str, to: u64) -> Result<(), StoreError> {
        for _ in 0..ATTEMPTS {
            let (number, version) = self.number(store, name)?;
            if number >= to {
                return Ok(());
            }
            let key = self.key(name);
            match version {
                None => store.create(key.as_bytes(), &0_u64.to_le_bytes())?,
                Some(version) => {
                    match store.set(key.as_bytes(), &to.to_le_bytes(), Some(version)) {
                        Ok(()) => return Ok(()),
                        Err(SetError::Conflict) => {}
                        Err(SetError::Failed) => return Err(StoreError),
                    }
                }
            }
        }
        Err(StoreError)
    }

    fn prefixes(&self, store: &dyn Store) -> Result<(Prefixes, Option<Version>), StoreError> {
        match store.get(self.key("p").as_bytes())? {
            Some((bytes, version)) => {
                Ok((Prefixes::read(&bytes).ok_or(StoreError)?, Some(version)))
            }
            None => Ok((Prefixes::default(), None)),
        }
    }

    fn add_prefix(&self, store: &dyn Store, number: u64, prefix: &[u8]) -> Result<(), StoreError> {
        for _ in 0..ATTEMPTS {
            let (mut prefixes, version) = self.prefixes(store)?;
            let key = self.key("p");
            let Some(version) = version else {
                store.create(key.as_bytes(), &prefixes.to_bytes())?;
                continue;
            };
            prefixes.add(number, prefix);
            match store.set(key.as_bytes(), &prefixes.to_bytes(), Some(version)) {
                Ok(()) => return Ok(()),
                Err(SetError::Conflict) => {}
                Err(SetError::Failed) => return Err(StoreError),
            }
        }
        Err(StoreError)
    }

    fn key(&self, name: &str) -> String {
        [&self.prefix, name].concat()
    }
}

impl Prefixes {
    fn add(&mut self, number: u64, prefix: &[u8]) {
        // Another one may have purged it meanwhile, with a higher number.
        let known = self.known.iter().filter(|(_, known)| known == prefix);
        let number = known.map(|(number, _)| *number).max().unwrap_or(0).max(number);
        self.known.retain(|(_, known)| known != prefix);
        self.known.push((number, prefix.to_vec()));
        let surplus = self.known.len().saturating_sub(PREFIXES);
        for (number, _) in self.known.drain(..surplus) {
            self.forgotten = self.forgotten.max(number);
        }
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.forgotten.to_le_bytes().to_vec();
        for (number, prefix) in &self.known {
            bytes.extend(number.to_le_bytes());
            bytes.extend(u32::try_from(prefix.len()).unwrap_or(u32::MAX).to_le_bytes());
            bytes.extend(prefix);
        }
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (forgotten, mut rest) = bytes.split_first_chunk::<8>()?;
        let mut known = Vec::new();
        while !rest.is_empty() {
            let (number, after) = rest.split_first_chunk::<8>()?;
            let (length, after) = after.split_first_chunk::<4>()?;
            let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
            let (prefix, after) = after.split_at_checked(length)?;
            known.push((u64::from_le_bytes(*number), prefix.to_vec()));
            rest = after;
        }
        Some(Self { forgotten: u64::from_le_bytes(*forgotten), known })
    }
}

fn number_at(
    store: &(impl Store + ?Sized),
    key: &str,
) -> Result<(u64, Option<Version>), StoreError> {
    let Some((bytes, version)) = store.get(key.as_bytes())? else { return Ok((0, None)) };
    let number = bytes.try_into().map(u64::from_le_bytes).map_err(|_| StoreError)?;
    Ok((number, Some(version)))
}

/// The name of a digest's number. 65536 digests are told apart, each from when it is first purged:
/// two that are not are purged together.
fn clock(digest: &Digest) -> String {
    let bits = digest.first_chunk().map_or(0, |bytes| u16::from_le_bytes(*bytes));
    format!("u{bits}")
}

/// Whether a URL begins so, by whole segments: `/a` is the beginning of `/a`, `/a/b` and `/a?b`, and
/// not of `/ab`. A prefix of a path alone is one for every origin, and one that ends with a line
/// break is the whole of it. What is for all hosts is for the one of the prefix, too.
pub(crate) fn begins(url: &[u8], prefix: &[u8]) -> bool {
    let is_path = prefix.first() == Some(&b'/');
    let (text, prefix) = match is_path || is_for_all_hosts(url) {
        true => (target_of(url), if is_path { prefix } else { target_of(prefix) }),
        false => (url, prefix),
    };
    match prefix.strip_suffix(b"\n") {
        Some(whole) => text == whole,
        None => text.strip_prefix(prefix).is_some_and(|rest| {
            // Of a query, it is the characters that count.
            let is_open = prefix.ends_with(b"/") || prefix.contains(&b'?');
            is_open || matches!(rest.first(), None | Some(b'/' | b'?'))
        }),
    }
}

#[cfg(test)]
mod tests;
