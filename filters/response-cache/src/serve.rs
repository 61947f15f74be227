//! An answer from the store.

use crate::ask::{Ask, Method};
use crate::keep::range_label;
use crate::object::Object;
use gatehouse_caching::{
    Multipart, Part, Precondition, Ranges, boundary, content_range, if_range_holds,
    not_modified_fields, precondition, unsatisfied_range,
};
use gatehouse_filter::{Bytes, HeaderName, HeaderValue, Headers, Replay, Timestamp};

/// What the store has for a request.
#[derive(Debug)]
pub(crate) enum Served {
    /// This answer.
    Answer(Replay),
    /// Nothing: the conditions of the request are for the origin, or it asks for a part that is not
    /// there.
    Nothing,
}

const AGE: HeaderName = HeaderName::from_static("age");
const CONTENT_TYPE: HeaderName = HeaderName::from_static("content-type");
const CONTENT_RANGE: HeaderName = HeaderName::from_static("content-range");

/// Answers a request with an object that may be used for it.
pub(crate) fn serve(ask: &Ask, object: &Object, now: Timestamp) -> Served {
    let fixed = object.fixed();
    let received = fixed.lifetime.received;
    let head = object.head();
    let mut replay = match precondition(&ask.head, fixed.status, &head, received) {
        Precondition::ForOrigin => return Served::Nothing,
        Precondition::NotModified => {
            let head = Headers::from_list(&not_modified_fields(&head));
            Replay { status: 304, head, body: Bytes::default() }
        }
        Precondition::Holds if fixed.status == 206 => match part(ask, object, head) {
            Some(replay) => replay,
            None => return Served::Nothing,
        },
        Precondition::Holds => whole_or_ranges(ask, object, head),
    };
    replay.head.append(&AGE, HeaderValue::from_number(fixed.lifetime.age(now).into()));
    Served::Answer(replay)
}

/// The whole content, or the ranges of it that the request asks for (RFC 9110 §14.2: of `GET`, and
/// of `QUERY`, alone).
fn whole_or_ranges(ask: &Ask, object: &Object, mut head: Headers) -> Replay {
    let (status, body) = (object.fixed().status, object.body());
    let length = u64::try_from(body.as_slice().len()).unwrap_or(u64::MAX);
    let wants_ranges = ask.head.first("range").is_some()
        && matches!(ask.method, Method::Get | Method::Query)
        && status == 200
        && if_range_holds(&ask.head, &head, object.fixed().lifetime.received);
    if !wants_ranges {
        return Replay { status, head, body };
    }
    match Ranges::of(&ask.head, length) {
        Ranges::Whole => Replay { status, head, body },
        Ranges::One(span) => {
            head.set(&CONTENT_RANGE, content_range(span, Some(length)));
            let first = usize::try_from(span.first).unwrap_or(usize::MAX);
            let end = usize::try_from(span.last).unwrap_or(usize::MAX).saturating_add(1);
            Replay { status: 206, head, body: body.slice(first..end) }
        }
        Ranges::Several(spans) => {
            let boundary = boundary(body.as_slice());
            let kind = object.head();
            let multipart =
                Multipart { boundary: &boundary, content_type: kind.first("content-type") };
            head.set(&CONTENT_TYPE, multipart.content_type());
            let body = multipart.content(body.as_slice(), &spans).into();
            Replay { status: 206, head, body }
        }
        Ranges::Unsatisfiable => {
            // It is no answer for anybody else: what was said of the whole does not hold of it.
            let mut head = Headers::default();
            head.append(&CONTENT_RANGE, unsatisfied_range(length));
            Replay { status: 416, head, body: Bytes::default() }
        }
    }
}

/// What a stored part has of what is asked for.
fn part(ask: &Ask, object: &Object, mut head: Headers) -> Option<Replay> {
    if ask.method != Method::Get
        || !if_range_holds(&ask.head, &head, object.fixed().lifetime.received)
    {
        return None;
    }
    let body = object.body();
    let asked = ask.head.only("range").ok()??;
    if object.has_label(&range_label(asked)) {
        // It is what the origin has answered to just this.
        return Some(Replay { status: 206, head, body });
    }
    let part = Part::of(&head, u64::try_from(body.as_slice().len()).ok()?)?;
    let (span, at) = part.answer(&ask.head)?;
    let end = at.checked_add(usize::try_from(span.length()).ok()?)?;
    head.set(&CONTENT_RANGE, content_range(span, part.whole));
    Some(Replay { status: 206, head, body: body.slice(at..end) })
}
