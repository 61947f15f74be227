//! The head of a stored response: what is kept of it, and how others update it (RFC 9111 §3.1,
//! §3.2, §4.3.4, §4.3.5).

use crate::http_date::HttpDate;
use crate::partial::position;
use crate::response_directives::ResponseDirectives;
use gatehouse_filter::{Headers, Timestamp, list};
use std::borrow::Cow;

const SET_COOKIE: &[u8] = b"set-cookie";

/// A field: its name, in lower case, and its value.
pub type Field<'a> = (&'a [u8], Cow<'a, [u8]>);

/// The fields of a response that are stored (§3.1), with `:status`, in the order received;
/// [`Headers::to_pairs`] makes a head of them.
///
/// Left out are fields of the connection, those that `no-cache` and `private` name, `age`, which
/// each use has its own of, and what Envoy measured. Where there is no `date`, the time at which
/// the response came is it (RFC 9110 §6.6.1). The head must have no edits (`settled`).
pub fn kept<'a>(
    response: &'a Headers,
    directives: &ResponseDirectives,
    strip_set_cookie: bool,
    received: Timestamp,
) -> Vec<Field<'a>> {
    let mut fields: Vec<Field<'a>> = storable(response, directives)
        .filter(|(name, _)| !(strip_set_cookie && *name == SET_COOKIE))
        .map(|(name, value)| (name, Cow::Borrowed(value)))
        .collect();
    add_date(&mut fields, received);
    fields
}

/// The fields of a stored response after a 304, or a response to `HEAD`, or another part of it told
/// news of it (§3.2, §3.4): each field of the update replaces all of its name, those excepted that
/// the stored content depends upon. `directives` are those of the update; neither head has edits.
///
/// A cookie is stored only where the response was stored with one: an update is the answer to one
/// client, and what set no cookie before was not asked whether its cookies are for others.
///
/// What comes of it is another response: whether it may still be stored, what selects it and how
/// long it lives are asked again ([`may_store`](crate::may_store), [`Vary`](crate::Vary),
/// [`Lifetime::of_freshened`](crate::Lifetime::of_freshened)).
pub fn freshened<'a>(
    stored: &'a Headers,
    update: &'a Headers,
    directives: &ResponseDirectives,
    received: Timestamp,
) -> Vec<Field<'a>> {
    let sets_cookies = stored.first("set-cookie").is_some();
    let is_kept = |name: &[u8]| match name {
        b":status" | b"content-length" | b"content-encoding" | b"content-range" => true,
        SET_COOKIE => !sets_cookies,
        _ => false,
    };
    let new: Vec<(&[u8], &[u8])> =
        storable(update, directives).filter(|(name, _)| !is_kept(name)).collect();
    let is_replaced =
        // When it was made is told anew, or it is now.
        |name: &[u8]| name == b"date" || new.iter().any(|(known, _)| *known == name);
    let old = stored.iter_received().filter(|(name, _)| !is_replaced(name));
    let mut fields: Vec<Field<'a>> =
        old.chain(new.iter().copied()).map(|(name, value)| (name, Cow::Borrowed(value))).collect();
    add_date(&mut fields, received);
    fields
}

/// What a response to `HEAD` says of a stored response to `GET` (§4.3.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HeadEffect {
    /// The content is the same: the stored head is [`freshened`].
    Freshens,
    /// The content is another one: the stored response is stale, whatever its lifetime says.
    Outdates,
    /// It is no 200: nothing happens.
    None,
}

/// Compares what a response to `HEAD` says of the content with what is stored, whose content has
/// `length` bytes. A field that it leaves out says nothing.
pub fn head_effect(stored: &Headers, length: u64, head: &Headers) -> HeadEffect {
    if head.first(":status") != Some(b"200") || stored.first(":status") != Some(b"200") {
        return HeadEffect::None;
    }
    let is_another_validator = ["etag", "last-modified"].iter().any(|name| {
        let told = head.first(name);
        told.is_some() && told != stored.first(name)
    });
    let told = head.first("content-length");
    if is_another_validator || told.is_some_and(|told| position(told) != Some(length)) {
        HeadEffect::Outdates
    } else {
        HeadEffect::Freshens
    }
}

fn storable<'a>(
    response: &'a Headers,
    directives: &ResponseDirectives,
) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
    let listed = || response.values("connection").flat_map(list::members);
    response.iter_received().filter(move |(name, _)| {
        !is_of_connection(name)
            && !listed().any(|listed| listed.eq_ignore_ascii_case(name))
            && !directives.no_cache.names(name)
            && !directives.private.names(name)
    })
}

/// Fields of one connection or one use (RFC 9111 §3.1, RFC 9110 §7.6.1, §11.7).
fn is_of_connection(name: &[u8]) -> bool {
    matches!(
        name,
        b"connection"
            | b"keep-alive"
            | b"proxy-connection"
            | b"te"
            | b"trailer"
            | b"transfer-encoding"
            | b"upgrade"
            | b"proxy-authenticate"
            | b"proxy-authentication-info"
            | b"proxy-authorization"
            | b"age"
            | b"x-envoy-upstream-service-time"
    )
}

fn add_date(fields: &mut Vec<Field<'_>>, received: Timestamp) {
    if !fields.iter().any(|(name, _)| *name == b"date") {
        fields.push((b"date", Cow::Owned(HttpDate::at(received).to_string().into_bytes())));
    }
}
