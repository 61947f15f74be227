//! A path, cut into segments once for all templates that look at it.

use gatehouse_steps::took;
use std::cell::RefCell;

/// The path of a request, or one of its other forms.
///
/// It may be 60 KiB long, in one segment or in thousands: no more of it is looked through than the
/// template with the most segments needs, and that once.
pub(in crate::rules) struct Path<'a> {
    text: &'a [u8],
    /// Where the segments end that were asked for so far.
    ends: RefCell<Vec<usize>>,
}

impl<'a> Path<'a> {
    pub(in crate::rules) fn new(text: &'a [u8]) -> Self {
        Self { text, ends: RefCell::default() }
    }

    pub(in crate::rules) fn text(&self) -> &'a [u8] {
        self.text
    }

    /// Whether it is an absolute path, rather than `*`.
    pub(super) fn is_absolute(&self) -> bool {
        self.text.starts_with(b"/")
    }

    /// The segment of this number, which may be empty; `None` where the path has no more.
    pub(super) fn segment(&self, number: usize) -> Option<&'a [u8]> {
        self.text.get(self.start(number)?..self.end(number)?)
    }

    /// All from the segment of this number on; nothing where the path has no more.
    pub(super) fn rest(&self, number: usize) -> &'a [u8] {
        self.start(number).and_then(|start| self.text.get(start..)).unwrap_or_default()
    }

    fn start(&self, number: usize) -> Option<usize> {
        let before = match number.checked_sub(1) {
            None => 0,
            Some(before) => self.end(before)?,
        };
        (self.text.get(before) == Some(&b'/')).then(|| before.saturating_add(1))
    }

    fn end(&self, number: usize) -> Option<usize> {
        let mut ends = self.ends.borrow_mut();
        while ends.len() <= number {
            let before = ends.last().copied().unwrap_or_default();
            let rest = self.text.get(before..)?.strip_prefix(b"/")?;
            let length = rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len());
            took(length.saturating_add(1));
            ends.push(before.saturating_add(1).saturating_add(length));
        }
        ends.get(number).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_the_segments_that_are_between_its_slashes() {
        for (path, segments, rests) in [
            ("/", &[""][..], &["", ""][..]),
            ("/a", &["a"], &["a", ""]),
            ("/a/", &["a", ""], &["a/", "", ""]),
            ("/a//b", &["a", "", "b"], &["a//b", "/b", "b", ""]),
            ("*", &[], &[""]),
            ("", &[], &[""]),
        ] {
            let path_of = Path::new(path.as_bytes());
            let all: Vec<_> = (0..).map_while(|number| path_of.segment(number)).collect();
            let want: Vec<_> = segments.iter().map(|segment| segment.as_bytes()).collect();
            assert_eq!(all, want, "{path}");
            for (number, rest) in rests.iter().enumerate() {
                assert_eq!(path_of.rest(number), rest.as_bytes(), "{path} from {number}");
                // Whatever was asked for before.
                assert_eq!(Path::new(path.as_bytes()).rest(number), rest.as_bytes(), "{path}");
            }
        }
    }
}
