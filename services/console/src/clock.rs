//! The one place where the clock is read.

use std::time::{SystemTime, UNIX_EPOCH};

/// A moment, in milliseconds since 1970.
pub(crate) type Millis = u64;

pub(crate) fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
