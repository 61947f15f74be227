//! What clients are told in `Cache-Status` (RFC 9211).

use crate::ResponseCache;
use gatehouse_caching::{CacheStatus, Forward, Handling};
use gatehouse_filter::{HeaderName, HeaderValue, Headers, Response};

const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

impl ResponseCache {
    /// Says in the response what the cache did.
    pub(crate) fn tell(
        &self,
        response: &mut Response<'_>,
        handling: Handling,
        ttl: Option<i64>,
        detail: Option<&str>,
        key: Option<&[u8]>,
    ) {
        self.tell_in(&mut response.headers, handling, ttl, detail, key);
    }

    fn cache_status(
        &self,
        handling: Handling,
        ttl: Option<i64>,
        detail: Option<&str>,
        key: Option<&[u8]>,
    ) -> Option<HeaderValue> {
        let field = self.config.status?;
        let key = key.filter(|_| field.key);
        Some(CacheStatus { cache: &self.config.name, handling, ttl, key, detail }.to_value())
    }

    /// Says in a kept head what the cache did.
    pub(crate) fn tell_in(
        &self,
        head: &mut Headers,
        handling: Handling,
        ttl: Option<i64>,
        detail: Option<&str>,
        key: Option<&[u8]>,
    ) {
        if let Some(value) = self.cache_status(handling, ttl, detail, key) {
            head.append(&CACHE_STATUS, value);
        }
    }
}

/// What is said of a request that went on.
pub(crate) fn handled(why: Forward, status: Option<u16>, stored: bool) -> Handling {
    Handling::Forwarded { why, status, stored, collapsed: false }
}
