//! Ranges that a request asks for (RFC 9110 §14), and how they are answered.

use crate::partial::{Span, halves, position};
use gatehouse_filter::{HeaderValue, Headers, list};

/// What a request for ranges is answered with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ranges {
    /// The whole content, with the status that it has: no ranges are asked for, or in a way that
    /// does not count.
    Whole,
    /// 206 with this part, and [`content_range`].
    One(Span),
    /// 206 with these parts, each of which is a part of `multipart/byteranges`: see
    /// [`Multipart`]. They overlap nowhere.
    Several(Vec<Span>),
    /// 416 with [`unsatisfied_range`].
    Unsatisfiable,
}

/// A member of the field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Asked {
    /// From a byte, to another or to the end.
    From(u64, Option<u64>),
    /// So many of the last.
    Last(u64),
}

/// More parts than that are not given one by one: it is the whole (RFC 9110 §14.2, §17.15).
const MOST_PARTS: usize = 16;

/// What lies between two parts is sent rather than left out where it is shorter than the head of a
/// part (RFC 9110 §15.3.7.2).
const LEAST_GAP: u64 = 80;

impl Ranges {
    /// Those of a `GET` or `QUERY` for a content of this length. Whether they are wanted of this
    /// very response, [`if_range_holds`](crate::if_range_holds) tells.
    pub fn of(request: &Headers, length: u64) -> Self {
        let Some(asked) = asked(request) else { return Self::Whole };
        if length == 0 {
            // No part has no bytes: the last five of none are the whole (§14.1.2).
            let is_suffix = |one: &Asked| matches!(one, Asked::Last(1..));
            return if asked.iter().any(is_suffix) { Self::Whole } else { Self::Unsatisfiable };
        }
        let spans: Vec<Span> = asked.iter().filter_map(|one| one.within(length)).collect();
        let spans = joined(spans);
        let sent = spans.iter().fold(0, |sent: u64, span| sent.saturating_add(span.length()));
        match spans.as_slice() {
            [] => Self::Unsatisfiable,
            [one] => Self::One(*one),
            _ if sent >= length => Self::Whole,
            _ => Self::Several(spans),
        }
    }

    /// The one range that a request asks for, of a content whose length may not be known: what a
    /// part can answer. `None` where there is none, or several, or its place is not known.
    pub fn single(request: &Headers, length: Option<u64>) -> Option<Span> {
        match (asked(request)?.as_slice(), length) {
            ([one], Some(length)) => one.within(length),
            ([Asked::From(first, Some(last))], None) => Some(Span { first: *first, last: *last }),
            _ => None,
        }
    }
}

impl Asked {
    fn parse(text: &[u8]) -> Option<Self> {
        let (first, last) = halves(text, b'-')?;
        if first.is_empty() {
            return Some(Self::Last(far_position(last)?));
        }
        let first = far_position(first)?;
        if last.is_empty() {
            return Some(Self::From(first, None));
        }
        let last = far_position(last)?;
        (first <= last).then_some(Self::From(first, Some(last)))
    }

    fn within(self, length: u64) -> Option<Span> {
        let end = length.checked_sub(1)?;
        let (first, last) = match self {
            Self::From(first, last) => (first, last.unwrap_or(end).min(end)),
            Self::Last(0) => return None,
            Self::Last(bytes) => (length.saturating_sub(bytes), end),
        };
        (first <= last).then_some(Span { first, last })
    }
}

/// What the field asks for; `None` where it does not count: it is there twice, of another unit, not
/// of the form (§14.2), or an attack.
fn asked(request: &Headers) -> Option<Vec<Asked>> {
    let text = request.only("range").ok()??.trim_ascii();
    let (unit, ranges) = text.split_at_checked("bytes=".len())?;
    if !unit.eq_ignore_ascii_case(b"bytes=") {
        return None;
    }
    let mut asked = Vec::new();
    for member in list::members(ranges) {
        if asked.len() == MOST_PARTS {
            return None;
        }
        asked.push(Asked::parse(member)?);
    }
    (!asked.is_empty()).then_some(asked)
}

/// A position, however many digits it has: what is past every content is as far as one can go.
fn far_position(text: &[u8]) -> Option<u64> {
    let is_number = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    is_number.then(|| position(text).unwrap_or(u64::MAX))
}

/// Parts that overlap, or nearly touch, become one; otherwise they keep the order in which they
/// were asked for (RFC 9110 §15.3.7.2).
fn joined(spans: Vec<Span>) -> Vec<Span> {
    let mut parts: Vec<Span> = Vec::with_capacity(spans.len());
    for mut span in spans {
        // What it is joined with may reach others then.
        while let Some(at) = parts.iter().position(|part| are_near(*part, span)) {
            let part = parts.remove(at);
            span = Span { first: part.first.min(span.first), last: part.last.max(span.last) };
        }
        parts.push(span);
    }
    parts
}

fn are_near(one: Span, other: Span) -> bool {
    let (early, late) = if one.first <= other.first { (one, other) } else { (other, one) };
    late.first <= early.last.saturating_add(LEAST_GAP)
}

/// `content-range` of a part (§14.4).
pub fn content_range(span: Span, whole: Option<u64>) -> HeaderValue {
    let Span { first, last } = span;
    text(match whole {
        Some(whole) => format!("bytes {first}-{last}/{whole}"),
        None => format!("bytes {first}-{last}/*"),
    })
}

/// `content-range` of a 416 (§15.5.17).
pub fn unsatisfied_range(whole: u64) -> HeaderValue {
    text(format!("bytes */{whole}"))
}

fn text(text: String) -> HeaderValue {
    // Digits and what stands between them.
    HeaderValue::try_from(text.into_bytes()).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Several parts in one content (§14.6).
#[derive(Clone, Copy, Debug)]
pub struct Multipart<'a> {
    /// Text that stands in none of the parts: see [`boundary`].
    pub boundary: &'a str,
    /// `content-type` of the whole.
    pub content_type: Option<&'a [u8]>,
}

/// A boundary that stands nowhere in a content (RFC 2046 §5.1.1), however that was made up: of what
/// stands behind all places that begin with it, it goes on with the rarest digit, until there are
/// no such places.
pub fn boundary(content: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut boundary = String::from("part-");
    // What stands behind each place.
    let mut behind: Vec<&[u8]> = Vec::new();
    let mut rest = content;
    while let Some(at) = rest.windows(boundary.len()).position(|text| text == boundary.as_bytes()) {
        rest = rest.get(at.saturating_add(boundary.len())..).unwrap_or_default();
        behind.push(rest);
    }
    loop {
        let times = |digit: &u8| behind.iter().filter(|rest| rest.first() == Some(digit)).count();
        let rarest = DIGITS.iter().min_by_key(|digit| times(digit)).copied().unwrap_or(b'0');
        boundary.push(char::from(rarest));
        behind = behind.into_iter().filter_map(|rest| rest.strip_prefix(&[rarest])).collect();
        if behind.is_empty() {
            return boundary;
        }
    }
}

impl Multipart<'_> {
    /// `content-type` of the answer; it has no `content-range` (§15.3.7.2).
    pub fn content_type(&self) -> HeaderValue {
        text(format!("multipart/byteranges; boundary={}", self.boundary))
    }

    /// The content of the answer. Parts that the whole does not have are left out.
    pub fn content(&self, whole: &[u8], spans: &[Span]) -> Vec<u8> {
        let mut content = Vec::new();
        for span in spans {
            let Some(part) = span.of(whole) else { continue };
            content.extend_from_slice(b"\r\n--");
            content.extend_from_slice(self.boundary.as_bytes());
            if let Some(content_type) = self.content_type {
                content.extend_from_slice(b"\r\ncontent-type: ");
                content.extend_from_slice(content_type);
            }
            let length = u64::try_from(whole.len()).ok();
            content.extend_from_slice(b"\r\ncontent-range: ");
            content.extend_from_slice(content_range(*span, length).as_bytes());
            content.extend_from_slice(b"\r\n\r\n");
            content.extend_from_slice(part);
        }
        content.extend_from_slice(b"\r\n--");
        content.extend_from_slice(self.boundary.as_bytes());
        content.extend_from_slice(b"--\r\n");
        content
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(range: &str) -> Headers {
        Headers::from_list(&[("range", range)])
    }

    fn span(first: u64, last: u64) -> Span {
        Span { first, last }
    }

    #[test]
    fn ranges_are_what_rfc_9110_14_1_2_says() {
        use Ranges::{One, Several, Unsatisfiable, Whole};
        for (range, length, want) in [
            ("bytes=0-1", 11, One(span(0, 1))),
            ("bytes=1-", 11, One(span(1, 10))),
            ("bytes=-1", 11, One(span(10, 10))),
            ("bytes=-20", 11, One(span(0, 10))),
            ("bytes=0-999999999999999999999999", 11, One(span(0, 10))),
            ("bytes=5-20", 11, One(span(5, 10))),
            ("BYTES=0-1", 11, One(span(0, 1))),
            ("bytes= 0-1 ,, ", 11, One(span(0, 1))),
            ("bytes=11-", 11, Unsatisfiable),
            ("bytes=-0", 11, Unsatisfiable),
            ("bytes=99999999999999999999-", 11, Unsatisfiable),
            // Those that cannot be satisfied are left out where others can.
            ("bytes=20-30, 0-1", 11, One(span(0, 1))),
            ("bytes=0-0, 200-209", 1000, Several(vec![span(0, 0), span(200, 209)])),
            // The order asked for is kept (§15.3.7.2).
            (
                "bytes=500-509, -1, 0-9",
                1000,
                Several(vec![span(500, 509), span(999, 999), span(0, 9)]),
            ),
            // What overlaps, or is nearer than the head of a part is long, is one part.
            ("bytes=0-9, 5-20", 1000, One(span(0, 20))),
            ("bytes=0-9, 90-99", 1000, Several(vec![span(0, 9), span(90, 99)])),
            ("bytes=0-9, 89-99", 1000, One(span(0, 99))),
            ("bytes=0-9, 300-309, 5-305", 1000, One(span(0, 309))),
            // Nothing of it is left out then.
            ("bytes=0-, 0-, 0-", 11, One(span(0, 10))),
            // None has no bytes.
            ("bytes=0-", 0, Unsatisfiable),
            ("bytes=-5", 0, Whole),
            // What is not of the form does not count (§14.2).
            ("bytes=5-4", 11, Whole),
            ("bytes=0-1, 5-4", 11, Whole),
            ("bytes=", 11, Whole),
            ("bytes=-", 11, Whole),
            ("bytes=a-b", 11, Whole),
            ("bytes=+0-1", 11, Whole),
            ("bytes=0 - 1", 11, Whole),
            ("bytes 0-1", 11, Whole),
            ("items=0-1", 11, Whole),
            ("", 11, Whole),
        ] {
            assert_eq!(Ranges::of(&request(range), length), want, "{range} of {length}");
        }
        assert_eq!(Ranges::of(&Headers::default(), 11), Whole);
        assert_eq!(Ranges::of(&Headers::from_list(&[("range", "bytes=0-1"); 2]), 11), Whole);
    }

    #[test]
    fn many_ranges_are_the_whole() {
        let ranges = |count: u64| {
            let each = (0..count).map(|at| format!("{}-{}", at * 1000, at * 1000));
            format!("bytes={}", each.collect::<Vec<_>>().join(","))
        };
        let parts = |count| match Ranges::of(&request(&ranges(count)), 1 << 20) {
            Ranges::Several(spans) => Some(spans.len()),
            _ => None,
        };
        assert_eq!(parts(16), Some(16));
        assert_eq!(parts(17), None);
        assert_eq!(Ranges::of(&request(&ranges(17)), 1 << 20), Ranges::Whole);
    }

    #[test]
    fn a_single_range_is_known_without_the_length_only_where_it_says_both_ends() {
        for (range, length, want) in [
            ("bytes=6-8", None, Some(span(6, 8))),
            ("bytes=6-", None, None),
            ("bytes=-5", None, None),
            ("bytes=-5", Some(10), Some(span(5, 9))),
            ("bytes=6-", Some(10), Some(span(6, 9))),
            ("bytes=6-8, 0-1", Some(10), None),
            ("bytes=10-", Some(10), None),
        ] {
            assert_eq!(Ranges::single(&request(range), length), want, "{range} of {length:?}");
        }
    }

    #[test]
    fn a_boundary_stands_nowhere_in_the_content() {
        let all: Vec<String> = (0..4096).map(|number| format!("--part-{number:03x}")).collect();
        let all = all.concat();
        for (content, want) in [
            ("", "part-0"),
            ("part-0", "part-1"),
            ("part-part-0part-", "part-1"),
            (all.as_str(), "part-0000"),
        ] {
            let boundary = boundary(content.as_bytes());
            assert_eq!(boundary, want);
            assert!(!content.contains(&boundary));
        }
    }

    #[test]
    fn several_parts_are_written_with_their_places() {
        let multipart = Multipart { boundary: "xyz", content_type: Some(b"text/plain") };
        assert_eq!(multipart.content_type().as_bytes(), b"multipart/byteranges; boundary=xyz");
        let content = multipart.content(b"0123456789", &[span(0, 1), span(8, 9), span(9, 10)]);
        assert_eq!(
            String::from_utf8(content).unwrap(),
            "\r\n--xyz\r\ncontent-type: text/plain\r\ncontent-range: bytes 0-1/10\r\n\r\n01\
             \r\n--xyz\r\ncontent-type: text/plain\r\ncontent-range: bytes 8-9/10\r\n\r\n89\
             \r\n--xyz--\r\n"
        );
        assert_eq!(unsatisfied_range(10).as_bytes(), b"bytes */10");
        assert_eq!(content_range(span(0, 1), None).as_bytes(), b"bytes 0-1/*");
    }
}
