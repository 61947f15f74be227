//! What a client's preconditions say of a stored response (RFC 9110 §13, RFC 9111 §4.3.2).

use crate::entity_tag::EntityTag;
use crate::http_date::HttpDate;
use gatehouse_filter::{Headers, Timestamp};

/// What comes of a request's preconditions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Precondition {
    /// There is none that counts, or it holds: the response is given.
    Holds,
    /// The client has the response: 304 with [`not_modified_fields`].
    NotModified,
    /// They are for the origin alone (`if-match`, `if-unmodified-since`): the request goes on.
    ForOrigin,
}

/// Evaluates the preconditions of a `GET`, `HEAD` or `QUERY` against a stored response that may be
/// used for it. Allocates nothing.
///
/// A response that is no success knows no preconditions (RFC 9110 §13.2.1).
pub fn precondition(
    request: &Headers,
    status: u16,
    stored: &Headers,
    received: Timestamp,
) -> Precondition {
    if ["if-match", "if-unmodified-since"].iter().any(|name| request.first(name).is_some()) {
        return Precondition::ForOrigin;
    }
    if !(200..=299).contains(&status) {
        return Precondition::Holds;
    }
    let has_it = match request.first("if-none-match") {
        // The date does not count where there are tags (§13.1.3).
        Some(_) => has_tag(request, stored),
        None => has_date(request, stored, received),
    };
    if has_it { Precondition::NotModified } else { Precondition::Holds }
}

/// Whether a request asks under a condition. Whoever fetches a whole response for the store asks
/// under none but its own.
pub fn is_conditional(request: &Headers) -> bool {
    CONDITIONAL.iter().any(|name| request.first(name).is_some())
}

/// The fields of a request that make it conditional (RFC 9110 §13.1).
pub const CONDITIONAL: [&str; 5] =
    ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range"];

/// Whether the ranges that a request asks for are wanted of this response (§13.1.5): it has no
/// `if-range`, or one with a strong validator of the response.
pub fn if_range_holds(request: &Headers, stored: &Headers, received: Timestamp) -> bool {
    let text = match request.only("if-range") {
        Ok(None) => return true,
        Ok(Some(text)) => text.trim_ascii(),
        Err(_) => return false,
    };
    if text.ends_with(b"\"") {
        let tag = stored.only("etag").ok().flatten();
        return tag.is_some_and(|tag| EntityTag::parse(tag).is_strongly(EntityTag::parse(text)));
    }
    let asked = HttpDate::parse(text, received);
    asked.is_some() && asked == strong_date(stored, received)
}

/// `if-none-match` (§13.1.2): one of the tags is that of the response, or `*` is any.
fn has_tag(request: &Headers, stored: &Headers) -> bool {
    let tag = stored.only("etag").ok().flatten().map(EntityTag::parse);
    request.values("if-none-match").any(|line| {
        line.trim_ascii() == b"*"
            || tag.is_some_and(|tag| EntityTag::list(line).any(|listed| listed.is_weakly(tag)))
    })
}

/// `if-modified-since` (§13.1.3): a date that is none says nothing. Of a response without
/// `last-modified` its `date` counts, or when it came (RFC 9111 §4.3.2).
fn has_date(request: &Headers, stored: &Headers, received: Timestamp) -> bool {
    let date = |headers: &Headers, name| {
        headers.only(name).ok().flatten().and_then(|text| HttpDate::parse(text, received))
    };
    let Some(since) = date(request, "if-modified-since") else { return false };
    let modified = if stored.first("last-modified").is_some() {
        // One that cannot be read may be any.
        date(stored, "last-modified")
    } else {
        date(stored, "date").or_else(|| Some(HttpDate::at(received)))
    };
    modified.is_some_and(|modified| modified <= since)
}

/// The date of modification, where no other content can have it: the response was made a second
/// later, or more (RFC 9110 §8.8.2.2).
pub(crate) fn strong_date(stored: &Headers, received: Timestamp) -> Option<HttpDate> {
    let date =
        |name| stored.only(name).ok().flatten().and_then(|text| HttpDate::parse(text, received));
    let modified = date("last-modified")?;
    (modified < date("date")?).then_some(modified)
}

/// The fields of a stored response that its 304 has (RFC 9110 §15.4.5): all but those that say what
/// its content is. A date of modification is said where there is no tag.
pub fn not_modified_fields(stored: &Headers) -> Vec<(&[u8], &[u8])> {
    let has_tag = stored.first("etag").is_some();
    let is_said = |name: &[u8]| match name {
        b"content-type" | b"content-length" | b"content-encoding" | b"content-language"
        | b"content-range" | b"content-md5" | b"content-digest" | b"repr-digest" | b"digest" => {
            false
        }
        b"last-modified" => !has_tag,
        _ => !name.starts_with(b":"),
    };
    stored.iter_received().filter(|(name, _)| is_said(name)).collect()
}
