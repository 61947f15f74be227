//! Event streams (HTML, "Server-sent events") that come in parts: what events have for data is a
//! JSON document each.

use crate::document::Document;
use crate::{Found, Paths};

/// How far a stream has been read.
#[derive(Default, Debug)]
pub(crate) struct Events {
    line: Line,
    /// The last line ended with a carriage return: a line feed is of it.
    is_after_return: bool,
    /// The event has data.
    has_data: bool,
    data: Document,
}

/// Where in a line it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Line {
    /// At the very beginning, after so many bytes of a byte order mark.
    Mark(usize),
    Start,
    /// After so many bytes of the name `data`.
    Name(usize),
    /// After the colon of `data:`.
    Colon,
    Data,
    /// Of another field, or a comment.
    Other,
}

impl Default for Line {
    fn default() -> Self {
        Self::Mark(0)
    }
}

const MARK: &[u8] = b"\xef\xbb\xbf";
const NAME: &[u8] = b"data";

impl Events {
    /// Reads on.
    pub(crate) fn read(&mut self, part: &[u8], paths: &Paths, found: &mut Found) {
        let mut rest = part;
        while let Some((byte, after)) = rest.split_first() {
            let is_end = matches!(byte, b'\r' | b'\n');
            rest = match self.line {
                Line::Mark(at) if MARK.get(at) == Some(byte) => {
                    self.line = Line::Mark(at.saturating_add(1));
                    after
                }
                Line::Mark(_) => {
                    self.line = Line::Start;
                    rest
                }
                Line::Start if std::mem::take(&mut self.is_after_return) && *byte == b'\n' => after,
                Line::Start if is_end => {
                    self.end_event();
                    self.end_line(*byte);
                    after
                }
                Line::Start => {
                    self.line = Line::Name(0);
                    rest
                }
                Line::Name(at) if NAME.get(at) == Some(byte) => {
                    self.line = Line::Name(at.saturating_add(1));
                    after
                }
                Line::Name(at) if at == NAME.len() && *byte == b':' => {
                    self.begin_data(paths, found);
                    self.line = Line::Colon;
                    after
                }
                Line::Name(_) => {
                    self.line = Line::Other;
                    rest
                }
                Line::Colon => {
                    self.line = Line::Data;
                    if *byte == b' ' { after } else { rest }
                }
                Line::Data | Line::Other => self.rest_of_line(rest, paths, found),
            };
        }
    }

    fn rest_of_line<'a>(&mut self, rest: &'a [u8], paths: &Paths, found: &mut Found) -> &'a [u8] {
        let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
        gatehouse_steps::took(end.unwrap_or(rest.len()));
        let (text, left) = rest.split_at_checked(end.unwrap_or(rest.len())).unwrap_or((rest, &[]));
        if self.line == Line::Data {
            self.data.read(text, paths, found);
        }
        let Some((byte, left)) = left.split_first() else { return left };
        self.end_line(*byte);
        left
    }

    /// The lines of an event's data are one document.
    fn begin_data(&mut self, paths: &Paths, found: &mut Found) {
        if self.has_data {
            self.data.read(b"\n", paths, found);
        }
        self.has_data = true;
    }

    fn end_line(&mut self, byte: u8) {
        self.is_after_return = byte == b'\r';
        self.line = Line::Start;
    }

    fn end_event(&mut self) {
        if std::mem::take(&mut self.has_data) {
            self.data = Document::default();
        }
    }
}
