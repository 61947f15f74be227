//! Requests whose form becomes their query.

use crate::fault::Fault;
use gatehouse_filter::{HeaderName, HeaderValue, Headers, split_target};

/// Puts a form into the query of a request, after the one that it has, and takes the content out of
/// its head. `POST`, `PUT` and `PATCH` become `GET`: others say what they mean without content too.
///
/// # Errors
/// [`Fault::QueryTooLong`] where the query would be longer than `most` bytes.
pub(crate) fn put(form: &[u8], most: usize, head: &mut Headers) -> Result<(), Fault> {
    let target = head.first(":path").unwrap_or_default();
    let (path, query) = split_target(target);
    let query = query.filter(|query| !query.is_empty());
    let parts: Vec<&[u8]> =
        query.into_iter().chain([form]).filter(|part| !part.is_empty()).collect();
    let query = parts.join(&b'&');
    if query.len() > most {
        return Err(Fault::QueryTooLong);
    }
    if !form.is_empty() {
        let target = [path, b"?", query.as_slice()].concat();
        // What stands in the head, and what is percent-encoded.
        let target = HeaderValue::try_from(target).map_err(|_| Fault::HeaderInvalid)?;
        head.set(&PATH, target);
    }
    without_content(head);
    Ok(())
}

/// The same of a request that has no content.
pub(crate) fn without_content(head: &mut Headers) {
    if matches!(head.first(":method"), Some(b"POST" | b"PUT" | b"PATCH")) {
        head.set(&METHOD, HeaderValue::from_static("GET"));
    }
    for field in &OF_CONTENT {
        if head.first(field.as_str()).is_some() {
            head.remove(field);
        }
    }
}

const METHOD: HeaderName = HeaderName::from_static(":method");
const PATH: HeaderName = HeaderName::from_static(":path");

/// What speaks of content (RFC 9110 §8), beside digests and the length.
const OF_CONTENT: [HeaderName; 5] = [
    HeaderName::from_static("content-type"),
    HeaderName::from_static("content-encoding"),
    HeaderName::from_static("content-language"),
    HeaderName::from_static("content-location"),
    HeaderName::from_static("content-disposition"),
];
