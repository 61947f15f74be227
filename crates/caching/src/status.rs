//! Statuses, as caching tells them apart.

/// Whether a response of this status may be stored though it says nothing of its lifetime (RFC 9110
/// §15.1).
pub fn is_heuristically_cacheable(status: u16) -> bool {
    matches!(status, 200 | 203 | 204 | 206 | 300 | 301 | 308 | 404 | 405 | 410 | 414 | 501)
}

/// Whether what the status demands of a cache is known here (RFC 9111 §3, §5.2.2.3): those of RFC
/// 9110 §15 and the registered others, none of which demand anything of a cache but 206 and 304.
pub fn is_understood(status: u16) -> bool {
    matches!(
        status,
        200..=208
            | 226
            | 300..=305
            | 307
            | 308
            | 400..=417
            | 421..=426
            | 428
            | 429
            | 431
            | 451
            | 500..=508
            | 510
            | 511
    )
}

/// Whether no response of this status is stored. What it says holds of this one request, of its
/// conditions or of this moment (304; 412, 416, 417, 425), or its RFC forbids it (RFC 6585 §3 to
/// §6).
pub fn is_never_stored(status: u16) -> bool {
    !(200..=599).contains(&status)
        || matches!(status, 304 | 407 | 412 | 416 | 417 | 425 | 428 | 429 | 431 | 511)
}

/// Whether the status is that of an error.
pub(crate) fn is_error(status: u16) -> bool {
    status >= 400
}

/// Whether the origin failed in a way that `stale-if-error` is about (RFC 5861 §4).
pub fn is_failure(status: u16) -> bool {
    matches!(status, 500 | 502 | 503 | 504)
}
