//! Methods, as caching tells them apart (RFC 9110 §9.2).

/// Whether requests of this method ask for no change (RFC 9110 §9.2.1, RFC 10008 §2). A method that
/// is not known may ask for one.
pub fn is_safe(method: &[u8]) -> bool {
    matches!(
        method,
        b"GET" | b"HEAD" | b"OPTIONS" | b"TRACE" | b"QUERY" | b"PROPFIND" | b"REPORT" | b"SEARCH"
    )
}

/// Whether the key of such a request needs its content and the fields that say what it is:
/// [`CONTENT_FIELDS`] (RFC 10008 §2.7). A `GET` with content is not answered from a store.
pub fn is_keyed_by_content(method: &[u8]) -> bool {
    !matches!(method, b"GET" | b"HEAD")
}

/// The fields of a request that say what its content is (RFC 10008 §2.7, RFC 9110 §8).
pub const CONTENT_FIELDS: [&str; 4] =
    ["content-type", "content-encoding", "content-language", "content-location"];
