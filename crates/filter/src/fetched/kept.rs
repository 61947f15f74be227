use super::Reader;
use super::lease::Lease;
use super::stored::Stored;
use crate::{Store, Timestamp};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

/// A worker's own copy of what all share.
pub(super) struct Kept<T> {
    /// Of the shared value.
    pub(super) key: Vec<u8>,
    read: Reader<T>,
    max_age: Duration,
    in_use: RefCell<Option<InUse<T>>>,
    /// Which of the stored bodies was read last, by its number.
    seen: Cell<u64>,
}

/// The text without the byte order mark that editors put before it: readers of JSON may ignore it
/// (RFC 8259 §8.1).
pub fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

struct InUse<T> {
    value: Rc<T>,
    /// What it was read from.
    stored: Stored,
    /// The number of that in the store; `None` where it is not there.
    number: Option<u64>,
    fetched_at: Timestamp,
}

impl<T> Kept<T> {
    pub(super) fn new(key: Vec<u8>, read: Reader<T>, max_age: Duration) -> Self {
        Self { key, read, max_age, in_use: RefCell::new(None), seen: Cell::new(0) }
    }

    pub(super) fn read(&self, body: &[u8]) -> Result<T, String> {
        (self.read)(without_mark(body))
    }

    /// What is in use, while it is not too old.
    pub(super) fn current(&self, now: Timestamp) -> Option<Rc<T>> {
        let in_use = self.in_use.borrow();
        let in_use = in_use.as_ref()?;
        (now < in_use.fetched_at.after(self.max_age)).then(|| Rc::clone(&in_use.value))
    }

    /// What was in use last, however old it is.
    pub(super) fn in_use(&self) -> Option<Rc<T>> {
        self.in_use.borrow().as_ref().map(|in_use| Rc::clone(&in_use.value))
    }

    pub(super) fn fetched_at(&self) -> Option<Timestamp> {
        self.in_use.borrow().as_ref().map(|in_use| in_use.fetched_at)
    }

    /// What the server calls the body in use (RFC 9110 §8.8.3).
    pub(super) fn tag(&self) -> Option<String> {
        self.in_use.borrow().as_ref()?.stored.tag().map(str::to_owned)
    }

    /// Whether this very body is in use, and in the store under this number.
    pub(super) fn is_known(&self, body: &Stored, number: u64) -> bool {
        self.in_use
            .borrow()
            .as_ref()
            .is_some_and(|in_use| in_use.number == Some(number) && in_use.stored == *body)
    }

    /// Whether what is in use is in the store under this number.
    pub(super) fn is_of(&self, number: u64) -> bool {
        self.in_use.borrow().as_ref().is_some_and(|in_use| in_use.number == Some(number))
    }

    /// What is in use was confirmed at this time.
    pub(super) fn is_from(&self, now: Timestamp) {
        if let Some(in_use) = self.in_use.borrow_mut().as_mut() {
            in_use.fetched_at = now;
        }
    }

    /// Reads the body where another worker stored a new one, or had the one confirmed that was
    /// dropped here.
    ///
    /// # Errors
    /// Why it cannot be used here, although it was stored: by a configuration with another reading
    /// of it.
    pub(super) fn follow<S: Store + ?Sized>(
        &self,
        lease: Lease,
        last: Lease,
        store: &S,
    ) -> Result<(), String> {
        let is_missed = self.in_use.borrow().is_none() && lease.fetched_at != last.fetched_at;
        if lease.bodies != self.seen.get() || is_missed {
            let Ok(Some((value, _))) = store.get(&self.key) else { return Ok(()) };
            self.seen.set(lease.bodies);
            if let Some(stored) = Stored::from_bytes(&value) {
                return self
                    .adopt(stored, Some(lease.bodies), lease.fetched_at, |body| self.read(body));
            }
        } else if self.is_of(lease.bodies) {
            self.is_from(lease.fetched_at);
        }
        Ok(())
    }

    /// Uses a body. One that is the same as the last is only younger: tokens that were verified
    /// stay so.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(super) fn adopt(
        &self,
        stored: Stored,
        number: Option<u64>,
        fetched_at: Timestamp,
        read: impl FnOnce(&[u8]) -> Result<T, String>,
    ) -> Result<(), String> {
        if let Some(number) = number {
            self.seen.set(number);
        }
        let mut in_use = self.in_use.borrow_mut();
        let value = match in_use.as_ref() {
            Some(in_use) if in_use.stored.body() == stored.body() => Rc::clone(&in_use.value),
            _ => Rc::new(read(stored.body())?),
        };
        *in_use = Some(InUse { value, stored, number, fetched_at });
        Ok(())
    }

    /// Drops what is too old. Whether there was something to drop.
    pub(super) fn drop_old(&self, now: Timestamp) -> bool {
        let is_old = self.fetched_at().is_some() && self.current(now).is_none();
        if is_old {
            *self.in_use.borrow_mut() = None;
        }
        is_old
    }
}
