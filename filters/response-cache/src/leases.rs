//! Which request asks the upstream, of all that want the same: one, on whatever worker it is.

use crate::key::Digest;
use crate::store_key::StoreKey;
use gatehouse_filter::{Callouts, Queue, SetError, Store, StoreError, Timestamp, Topic, Version};
use std::time::Duration;

/// The leases in the store: a fixed number of slots, each for one key at a time.
#[derive(Debug)]
pub(crate) struct Leases {
    /// Of the keys: `c/default/`.
    prefix: String,
}

/// So many keys can have a lease at once. Of two that have one slot, one goes without.
const SLOTS: u32 = 2048;
/// Whoever loses so many races asks the upstream itself.
const ATTEMPTS: usize = 16;
/// So many workers can wait for one lease; requests on others go without.
const MOST_QUEUES: usize = 256;

/// What a request may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Turn {
    /// Ask the upstream, for all.
    Lead(Held),
    /// Wait: another one asks. It will be woken for this topic.
    Follow(Topic),
    /// Ask the upstream, for itself alone.
    Alone,
    /// The upstream has just failed: not to be asked, where there is anything else.
    Failing,
}

/// A request that wants an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Asker {
    /// A number that no other request has.
    pub(crate) holder: u64,
    /// That of its worker.
    pub(crate) queue: Option<Queue>,
    /// Whether there is something else for it while the upstream fails.
    pub(crate) has_other: bool,
}

/// A lease that a request has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Held {
    digest: Digest,
    holder: u64,
}

impl Held {
    /// The lease for a key that this holder has.
    pub(crate) fn new(digest: Digest, holder: u64) -> Self {
        Self { digest, holder }
    }
}

/// How a lease ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// With an answer in the store, or without any: the next may ask.
    Free,
    /// The answer cannot be stored: nobody need wait for the next ones.
    Uncacheable,
    /// The upstream has failed.
    Failed,
}

/// For how long nobody waits for what cannot be stored.
const UNCACHEABLE_FOR: Duration = Duration::from_secs(10);
/// For how long an upstream that has failed is not asked for what can be answered without it.
const FAILED_FOR: Duration = Duration::from_secs(1);
/// So far apart two workers may read the clock, and still mean the same moment.
const APART: Duration = Duration::from_secs(5);
/// So many leaders may fail, one after the other, before nobody waits for another one.
const FAILURES: u8 = 2;

/// A slot.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Lease {
    state: State,
    digest: Digest,
    /// How many leaders have failed, one after the other.
    failures: u8,
    /// Who asks.
    holder: u64,
    /// After this it is as if it were free.
    until: Timestamp,
    /// The workers on which requests wait.
    queues: Vec<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Free = 0,
    Asking = 1,
    Uncacheable = 2,
    Failed = 3,
}

impl Leases {
    pub(crate) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    /// What a request may do that wants the answer for this key.
    ///
    /// # Errors
    /// [`StoreError`]
    pub(crate) fn turn(
        &self,
        store: &dyn Store,
        digest: &Digest,
        asker: Asker,
        lasts: Duration,
        now: Timestamp,
    ) -> Result<Turn, StoreError> {
        let Asker { holder, queue, has_other } = asker;
        for _ in 0..ATTEMPTS {
            let (lease, version) = self.read(store, digest)?;
            // One that lasts longer than any can is from before the clock was set back.
            let longest = match lease.state {
                State::Uncacheable => UNCACHEABLE_FOR,
                State::Failed => FAILED_FOR,
                State::Asking | State::Free => lasts,
            };
            let is_live = lease.until > now && lease.until <= now.after(longest).after(APART);
            let mine = match (lease.state, lease.digest == *digest) {
                (State::Uncacheable, true) if is_live => return Ok(Turn::Alone),
                (State::Failed, true) if is_live && has_other => return Ok(Turn::Failing),
                (State::Failed, true) if is_live && lease.failures >= FAILURES => {
                    return Ok(Turn::Alone);
                }
                (State::Asking, false) if is_live => return Ok(Turn::Alone),
                (State::Asking, true) if is_live => {
                    let Some(queue) = queue else { return Ok(Turn::Alone) };
                    let topic = topic(digest);
                    if lease.queues.contains(&queue.0) {
                        return Ok(Turn::Follow(topic));
                    }
                    if lease.queues.len() >= MOST_QUEUES {
                        return Ok(Turn::Alone);
                    }
                    let mut lease = lease;
                    lease.queues.push(queue.0);
                    if self.write(store, &lease, version)? {
                        return Ok(Turn::Follow(topic));
                    }
                    continue;
                }
                (before, is_same) => Lease {
                    state: State::Asking,
                    digest: *digest,
                    failures: match before {
                        State::Failed if is_live && is_same => lease.failures,
                        _ => 0,
                    },
                    holder,
                    until: now.after(lasts),
                    queues: Vec::new(),
                },
            };
            if self.write(store, &mine, version)? {
                return Ok(Turn::Lead(Held { digest: *digest, holder }));
            }
        }
        Ok(Turn::Alone)
    }

    /// Ends a lease, and wakes those who wait for it.
    pub(crate) fn end(&self, held: Held, how: End, callouts: &dyn Callouts, now: Timestamp) {
        for _ in 0..ATTEMPTS {
            let Ok((lease, version)) = self.read(callouts, &held.digest) else { return };
            if lease.state != State::Asking
                || lease.digest != held.digest
                || lease.holder != held.holder
            {
                return;
            }
            let (state, until) = match how {
                End::Free => (State::Free, Timestamp::default()),
                End::Uncacheable => (State::Uncacheable, now.after(UNCACHEABLE_FOR)),
                End::Failed => (State::Failed, now.after(FAILED_FOR)),
            };
            let failures = match how {
                End::Failed => lease.failures.saturating_add(1),
                End::Free | End::Uncacheable => 0,
            };
            let ended = Lease { state, until, failures, queues: Vec::new(), ..lease };
            match self.write(callouts, &ended, version) {
                Ok(true) => {
                    let topic = topic(&held.digest);
                    lease.queues.iter().for_each(|queue| callouts.wake(Queue(*queue), topic));
                    return;
                }
                Ok(false) => {}
                Err(StoreError) => return,
            }
        }
    }

    fn read(&self, store: &dyn Store, digest: &Digest) -> Result<(Lease, Version), StoreError> {
        let key = self.key(digest);
        loop {
            if let Some((bytes, version)) = store.get(&key)? {
                return Ok((Lease::read(&bytes), version));
            }
            store.create(&key, b"")?;
        }
    }

    /// Whether nobody else was first.
    fn write(
        &self,
        store: &dyn Store,
        lease: &Lease,
        version: Version,
    ) -> Result<bool, StoreError> {
        match store.set(&self.key(&lease.digest), &lease.to_bytes(), Some(version)) {
            Ok(()) => Ok(true),
            Err(SetError::Conflict) => Ok(false),
            Err(SetError::Failed) => Err(StoreError),
        }
    }

    fn key(&self, digest: &Digest) -> StoreKey {
        let (_, last) = digest.split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
        let bits = last.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
        StoreKey::new(&self.prefix, b'l', &[bits % SLOTS])
    }
}

fn topic(digest: &Digest) -> Topic {
    Topic(digest.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes)))
}

impl Lease {
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(64);
        bytes.extend([self.state as u8, self.failures]);
        bytes.extend(self.digest);
        bytes.extend(self.holder.to_le_bytes());
        bytes.extend(self.until.0.to_le_bytes());
        self.queues.iter().for_each(|queue| bytes.extend(queue.to_le_bytes()));
        bytes
    }

    /// What [`to_bytes`](Self::to_bytes) wrote; anything else is a free one.
    fn read(bytes: &[u8]) -> Self {
        let read = || {
            let (state, rest) = bytes.split_first()?;
            let state = match state {
                1 => State::Asking,
                2 => State::Uncacheable,
                3 => State::Failed,
                _ => return None,
            };
            let (failures, rest) = rest.split_first()?;
            let (digest, rest) = rest.split_first_chunk::<16>()?;
            let (holder, rest) = rest.split_first_chunk::<8>()?;
            let (until, rest) = rest.split_first_chunk::<8>()?;
            let (queues, _) = rest.as_chunks::<4>();
            Some(Self {
                state,
                digest: *digest,
                failures: *failures,
                holder: u64::from_le_bytes(*holder),
                until: Timestamp(u64::from_le_bytes(*until)),
                queues: queues.iter().map(|queue| u32::from_le_bytes(*queue)).collect(),
            })
        };
        read().unwrap_or(Self {
            state: State::Free,
            digest: Digest::default(),
            failures: 0,
            holder: 0,
            until: Timestamp::default(),
            queues: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests;
