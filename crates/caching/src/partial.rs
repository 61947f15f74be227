//! Parts of a content (RFC 9110 §14.4, RFC 9111 §3.3, §3.4).

use gatehouse_filter::Headers;

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
