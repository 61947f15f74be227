//! A request as a server gets it.

use std::io::BufRead;

use super::Error;
use super::message::{self, Field, Length, line, lines};

/// What came, byte for byte.
#[derive(Debug, Clone)]
pub struct Received {
    /// The request line.
    pub line: Vec<u8>,
    /// The header lines in the order they came, names as they came.
    pub headers: Vec<Field>,
    /// The body, without any transfer coding.
    pub body: Vec<u8>,
    /// The trailer lines of a chunked body.
    pub trailers: Vec<Field>,
}

impl Received {
    /// Reads a head. The body is read by [`read_body`](Self::read_body).
    ///
    /// # Errors
    /// See [`Error`].
    pub fn read_head(from: &mut impl BufRead) -> Result<Self, Error> {
        let line = line(from)?;
        Ok(Self { line, headers: lines(from)?, body: Vec::new(), trailers: Vec::new() })
    }

    /// Reads the body; a request that says no length has none (RFC 9112 §6.3).
    ///
    /// # Errors
    /// See [`Error`].
    pub fn read_body(&mut self, from: &mut impl BufRead) -> Result<(), Error> {
        match Length::of(&self.headers)? {
            Length::Chunked => (self.body, self.trailers) = message::read_chunks(from)?,
            Length::Bytes(length) => message::read_exactly(from, length, &mut self.body)?,
            Length::Unsaid => {}
        }
        Ok(())
    }

    /// The target of the request line; empty where there is none.
    #[must_use]
    pub fn target(&self) -> String {
        let target = self.line.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
        String::from_utf8_lossy(target).into_owned()
    }

    /// The request line and the header lines as text, each `name: value`.
    #[must_use]
    pub fn head(&self) -> String {
        let head = String::from_utf8_lossy(&self.line).into_owned();
        self.headers.iter().fold(head, |head, field| head + "\r\n" + &text(field))
    }

    /// The trailer lines as text, each `name: value`.
    #[must_use]
    pub fn trailer_lines(&self) -> String {
        self.trailers.iter().map(text).collect::<Vec<_>>().join("\r\n")
    }
}

fn text((name, value): &Field) -> String {
    format!("{}: {}", String::from_utf8_lossy(name), String::from_utf8_lossy(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_up_to_its_end_and_no_further() {
        let mut bytes = &b"POST /a HTTP/1.1\r\nX-A: 1\r\ntransfer-encoding: chunked\r\n\r\n\
            2\r\nab\r\n0\r\nx-t: 1\r\n\r\n\
            PUT /b HTTP/1.1\r\ncontent-length: 2\r\n\r\ncdGET /c HTTP/1.1\r\n\r\n"[..];
        let mut next = || {
            let mut request = Received::read_head(&mut bytes).unwrap();
            request.read_body(&mut bytes).unwrap();
            (request.target(), String::from_utf8(request.body.clone()).unwrap(), request)
        };
        let (target, body, chunked) = next();
        assert_eq!((target.as_str(), body.as_str()), ("/a", "ab"));
        assert_eq!(chunked.head(), "POST /a HTTP/1.1\r\nX-A: 1\r\ntransfer-encoding: chunked");
        assert_eq!(chunked.trailer_lines(), "x-t: 1");
        for (target, body) in [("/b", "cd"), ("/c", "")] {
            let (got, text, _) = next();
            assert_eq!((got.as_str(), text.as_str()), (target, body));
        }
        assert!(Received::read_head(&mut bytes).is_err());
    }
}
