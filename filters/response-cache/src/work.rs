//! What the cache works with in one callback.

use gatehouse_filter::{Callouts, Secret, Timestamp};

/// The secret of its digests, the host, and the time.
#[derive(Clone, Copy)]
pub(crate) struct Work<'a> {
    pub(crate) secret: &'a Secret,
    pub(crate) host: &'a dyn Callouts,
    pub(crate) now: Timestamp,
}
