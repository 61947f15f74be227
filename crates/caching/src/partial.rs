//! Parts of a content (RFC 9110 §14.4, RFC 9111 §3.3, §3.4).

use crate::entity_tag::EntityTag;
use crate::preconditions::strong_date;
use crate::ranges::Ranges;
use gatehouse_filter::{HeaderName, HeaderValue, Headers, Timestamp};

/// A range of bytes, from the first to the last, both included; never empty.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// The first byte.
    pub first: u64,
    /// The last byte, not before the first.
    pub last: u64,
}

/// What `Content-Range` says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ContentRange {
    /// Which bytes a response has; `None` in a 416 (`bytes */123`).
    pub span: Option<Span>,
    /// How long the whole is, where that is known.
    pub whole: Option<u64>,
}

impl ContentRange {
    /// That of a response; `None` where there is none, several, another unit or none that can hold
    /// (RFC 9110 §14.4).
    pub fn of(response: &Headers) -> Option<Self> {
        Self::parse(response.only("content-range").ok()??)
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let (unit, range) = text.split_at_checked("bytes ".len())?;
        if !unit.eq_ignore_ascii_case(b"bytes ") {
            return None;
        }
        let (span, whole) = halves(range, b'/')?;
        let whole = if whole == b"*" { None } else { Some(position(whole)?) };
        if span == b"*" {
            return whole.is_some().then_some(Self { span: None, whole });
        }
        let (first, last) = halves(span, b'-')?;
        let span = Span { first: position(first)?, last: position(last)? };
        let holds = span.first <= span.last && whole.is_none_or(|whole| span.last < whole);
        holds.then_some(Self { span: Some(span), whole })
    }
}

impl Span {
    /// How many bytes it has.
    pub fn length(self) -> u64 {
        self.last.saturating_sub(self.first).saturating_add(1)
    }

    /// These bytes of a content; `None` where it does not have all of them.
    pub fn of(self, content: &[u8]) -> Option<&[u8]> {
        let first = usize::try_from(self.first).ok()?;
        let last = usize::try_from(self.last).ok()?;
        content.get(first..=last)
    }

    fn has(self, other: Self) -> bool {
        self.first <= other.first && other.last <= self.last
    }
}

/// A part of a content that is stored: a 206.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Part {
    /// Where it is said to lie.
    pub span: Span,
    /// How many bytes of it there are, from its first on: at least one, at most its length.
    pub held: u64,
    /// How long the whole is, where that is known.
    pub whole: Option<u64>,
}

const RANGE: HeaderName = HeaderName::from_static("range");
const IF_RANGE: HeaderName = HeaderName::from_static("if-range");

impl Part {
    /// A 206 with a body of this length. An origin that sends fewer bytes than it says has sent the
    /// first of them; one that sends none, or more, has sent nothing that can be used.
    pub fn of(response: &Headers, length: u64) -> Option<Self> {
        let range = ContentRange::of(response)?;
        let span = range.span?;
        (1..=span.length()).contains(&length).then_some(Self {
            span,
            held: length,
            whole: range.whole,
        })
    }

    /// Which bytes of the whole a request for one range is answered with, and where in the part
    /// they begin. `None` where it asks for what does not lie in the part (RFC 9111 §3.3), or for
    /// several ranges, or for none.
    pub fn answer(&self, request: &Headers) -> Option<(Span, usize)> {
        let asked = Ranges::single(request, self.whole)?;
        if !self.span.has(asked) {
            return None;
        }
        // Of what is said to be there and is not, the rest is given (RFC 9110 §15.3.7).
        let held = self.held_span();
        let span = Span { first: asked.first, last: asked.last.min(held.last) };
        let at = usize::try_from(span.first.saturating_sub(held.first)).ok()?;
        (span.first <= span.last).then_some((span, at))
    }

    /// The fields of a request for what the part lacks to be whole: only where it lacks one piece,
    /// and has a strong validator. Without one it could not be known that the answer is of the same
    /// content (RFC 9111 §3.4); with one, an origin whose content has changed sends all of it.
    pub fn completion(
        &self,
        stored: &Headers,
        received: Timestamp,
    ) -> Option<[(HeaderName, HeaderValue); 2]> {
        let held = self.held_span();
        let range = if held.first == 0 {
            format!("bytes={}-", held.last.checked_add(1)?)
        } else if self.whole.is_some_and(|whole| held.last.saturating_add(1) == whole) {
            format!("bytes=0-{}", held.first.checked_sub(1)?)
        } else {
            return None;
        };
        let tag = stored.only("etag").ok()?.filter(|tag| EntityTag::parse(tag).is_strong());
        let validator = match tag {
            Some(tag) => tag,
            None => {
                strong_date(stored, received)?;
                stored.first("last-modified")?
            }
        };
        Some([
            (RANGE, HeaderValue::try_from(range.into_bytes()).ok()?),
            (IF_RANGE, HeaderValue::try_from(validator).ok()?),
        ])
    }

    /// Both parts as one, where they are of the same content and nothing is missing between them
    /// (RFC 9111 §3.4): its place, and its bytes. The head is that of the older, freshened by the
    /// newer; where it is whole (`span.length() == whole`), the status is 200.
    pub fn combined(older: &HeldPart<'_>, newer: &HeldPart<'_>) -> Option<(Self, Vec<u8>)> {
        if !are_of_one_content(older, newer) {
            return None;
        }
        let whole = match (older.part.whole, newer.part.whole) {
            (Some(one), Some(other)) if one != other => return None,
            (one, other) => one.or(other),
        };
        let (early, late) = if older.part.span.first <= newer.part.span.first {
            (older, newer)
        } else {
            (newer, older)
        };
        let (first, then) = (early.part.held_span(), late.part.held_span());
        let next = first.last.checked_add(1)?;
        if then.first > next {
            return None;
        }
        let overlap = usize::try_from(next.saturating_sub(then.first)).ok()?;
        let rest = late.body.get(overlap..).unwrap_or_default();
        let body = [early.body, rest].concat();
        let span = Span { first: first.first, last: first.last.max(then.last) };
        let held = u64::try_from(body.len()).ok().filter(|held| *held == span.length())?;
        Some((Self { span, held, whole }, body))
    }

    /// Whether it is the whole content.
    pub fn is_whole(&self) -> bool {
        self.whole == Some(self.held) && self.span.first == 0
    }

    fn held_span(&self) -> Span {
        let last = self.span.first.saturating_add(self.held.saturating_sub(1));
        Span { first: self.span.first, last }
    }
}

/// A part with its head and its bytes.
#[derive(Clone, Copy, Debug)]
pub struct HeldPart<'a> {
    /// Its place.
    pub part: Part,
    /// Its bytes.
    pub body: &'a [u8],
    /// The head that it came with.
    pub head: &'a Headers,
    /// When it came.
    pub received: Timestamp,
}

/// Whether both have the same strong validator (RFC 9110 §15.3.7.3).
fn are_of_one_content<'a>(one: &HeldPart<'a>, other: &HeldPart<'a>) -> bool {
    let tag = |part: &HeldPart<'a>| part.head.only("etag").ok().flatten().map(EntityTag::parse);
    match (tag(one), tag(other)) {
        (Some(one), Some(other)) => one.is_strongly(other),
        (None, None) => {
            let date = |part: &HeldPart<'_>| strong_date(part.head, part.received);
            date(one).is_some() && date(one) == date(other)
        }
        _ => false,
    }
}

/// The text before and behind the first such byte.
pub(crate) fn halves(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let middle = text.iter().position(|byte| *byte == at)?;
    let (before, behind) = text.split_at_checked(middle)?;
    Some((before, behind.get(1..)?))
}

/// A position in a content: digits and nothing else. One that no content reaches is none.
pub(crate) fn position(text: &[u8]) -> Option<u64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes 4 to 8 of ten.
    fn part(length: u64) -> Option<Part> {
        Part::of(&Headers::from_list(&[("content-range", "bytes 4-8/10")]), length)
    }

    #[test]
    fn a_part_answers_what_lies_in_it() {
        for (length, range, want) in [
            (5, "bytes=4-8", Some((4, 8, 0))),
            (5, "bytes=6-7", Some((6, 7, 2))),
            (5, "bytes=3-5", None),
            (5, "bytes=6-9", None),
            (5, "bytes=6-", None),
            (5, "bytes=-5", None),
            (5, "bytes=4-4, 6-6", None),
            // The origin sent two bytes of the five that it announced.
            (2, "bytes=4-8", Some((4, 5, 0))),
            (2, "bytes=5-5", Some((5, 5, 1))),
            (2, "bytes=6-8", None),
        ] {
            let request = Headers::from_list(&[("range", range)]);
            let want = want.map(|(first, last, at)| (Span { first, last }, at));
            assert_eq!(part(length).unwrap().answer(&request), want, "{range} of {length}");
        }
        assert_eq!((part(0), part(6)), (None, None));
        assert_eq!(part(5).unwrap().answer(&Headers::default()), None);
    }

    #[test]
    fn a_part_is_completed_only_by_what_is_of_the_same_content() {
        let at = Timestamp::from_seconds(1_795_953_600);
        let strong = ("etag", "\"a\"");
        let (lm, date) = (
            ("last-modified", "Sun, 29 Nov 2026 11:59:59 GMT"),
            ("date", "Sun, 29 Nov 2026 12:00:00 GMT"),
        );
        for (what, place, fields, want) in [
            ("the end is missing", "0-4/10", &[strong][..], Some(("bytes=5-", "\"a\""))),
            ("the length is not known", "0-4/*", &[strong], Some(("bytes=5-", "\"a\""))),
            ("the beginning is missing", "5-9/10", &[strong], Some(("bytes=0-4", "\"a\""))),
            ("both are missing", "4-8/10", &[strong], None),
            ("a weak tag is of another content, perhaps", "0-4/10", &[("etag", "W/\"a\"")], None),
            ("a date a second older", "0-4/10", &[lm, date], Some(("bytes=5-", lm.1))),
            ("a date of the same second", "0-4/10", &[("last-modified", date.1), date], None),
            ("no validator", "0-4/10", &[], None),
        ] {
            let range = format!("bytes {place}");
            let fields: Vec<_> =
                [("content-range", range.as_str())].iter().chain(fields).copied().collect();
            let head = Headers::from_list(&fields);
            let asked = Part::of(&head, 5).unwrap().completion(&head, at);
            let have = asked.map(|[(_, range), (_, validator)]| {
                [range, validator]
                    .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            });
            let want = want.map(|(range, validator)| [range.to_owned(), validator.to_owned()]);
            assert_eq!(have, want, "{what}");
        }
    }

    #[test]
    fn parts_are_combined_where_nothing_is_missing() {
        let combined = |one: (&str, &str, &str), other: (&str, &str, &str)| {
            let head = |(place, _, tag): (&str, &str, &str)| {
                Headers::from_list(&[("content-range", place), ("etag", tag)])
            };
            let (one_head, other_head) = (head(one), head(other));
            let part = |head: &Headers, body: &str| {
                Part::of(head, u64::try_from(body.len()).unwrap()).unwrap()
            };
            let received = Timestamp::from_seconds(1_795_953_600);
            let (part, body) = Part::combined(
                &HeldPart {
                    part: part(&one_head, one.1),
                    body: one.1.as_bytes(),
                    head: &one_head,
                    received,
                },
                &HeldPart {
                    part: part(&other_head, other.1),
                    body: other.1.as_bytes(),
                    head: &other_head,
                    received,
                },
            )?;
            Some((part.span.first, String::from_utf8(body).unwrap(), part.is_whole()))
        };
        let is = |first: u64, body: &str, is_whole| Some((first, body.to_owned(), is_whole));
        let start = ("bytes 0-4/10", "01234", "\"a\"");
        for (what, one, other, want) in [
            (
                "one behind the other",
                start,
                ("bytes 5-9/10", "56789", "\"a\""),
                is(0, "0123456789", true),
            ),
            (
                "the other way round",
                ("bytes 5-9/10", "56789", "\"a\""),
                start,
                is(0, "0123456789", true),
            ),
            ("they overlap", start, ("bytes 3-7/10", "34567", "\"a\""), is(0, "01234567", false)),
            (
                "one lies in the other",
                start,
                ("bytes 1-2/10", "12", "\"a\""),
                is(0, "01234", false),
            ),
            (
                "one length is not known",
                start,
                ("bytes 5-6/*", "56", "\"a\""),
                is(0, "0123456", false),
            ),
            ("a byte is missing", start, ("bytes 6-9/10", "6789", "\"a\""), None),
            ("the lengths differ", start, ("bytes 5-9/11", "56789", "\"a\""), None),
            ("the tags differ", start, ("bytes 5-9/10", "56789", "\"b\""), None),
            (
                "the tags are weak",
                ("bytes 0-4/10", "01234", "W/\"a\""),
                ("bytes 5-9/10", "56789", "W/\"a\""),
                None,
            ),
            (
                "the first is shorter than it says",
                ("bytes 0-4/10", "012", "\"a\""),
                ("bytes 5-9/10", "56789", "\"a\""),
                None,
            ),
        ] {
            assert_eq!(combined(one, other), want, "{what}");
        }
    }

    #[test]
    fn a_content_range_is_read_where_it_can_hold() {
        let part =
            |first, last, whole| Some(ContentRange { span: Some(Span { first, last }), whole });
        for (text, want) in [
            ("bytes 4-9/10", part(4, 9, Some(10))),
            ("Bytes 0-0/*", part(0, 0, None)),
            ("bytes */10", Some(ContentRange { span: None, whole: Some(10) })),
            ("bytes 0-18446744073709551615/*", part(0, u64::MAX, None)),
            ("bytes */*", None),
            ("bytes 4-10/10", None),
            ("bytes 5-4/10", None),
            ("bytes 0-18446744073709551616/*", None),
            ("bytes -5/10", None),
            ("bytes 4-/10", None),
            ("bytes 4-9", None),
            ("bytes=4-9/10", None),
            ("bytes 4 - 9/10", None),
            ("items 4-9/10", None),
            ("bytes", None),
            ("", None),
        ] {
            let fields = [("content-range", text)];
            assert_eq!(ContentRange::of(&Headers::from_list(&fields)), want, "{text}");
        }
        let twice = [("content-range", "bytes 0-1/2"); 2];
        assert_eq!(ContentRange::of(&Headers::from_list(&twice)), None);
    }
}
