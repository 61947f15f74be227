//! A response as bytes.

use std::io::BufRead;

use super::Error;
use super::message::{self, Field, Length, line, lines};

/// What came back.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The header lines in the order they came, names as they came.
    pub headers: Vec<Field>,
    /// The body, without any transfer coding.
    pub body: Vec<u8>,
    /// The trailer lines of a chunked body.
    pub trailers: Vec<Field>,
}

impl Response {
    /// The first value of the header, whatever the case of its name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.header_all(name).first().copied()
    }

    /// Every value of the header, in order.
    #[must_use]
    pub fn header_all(&self, name: &str) -> Vec<&[u8]> {
        message::values(&self.headers, name).collect()
    }

    /// The first value of the header as text; bytes that are not UTF-8 are replaced.
    #[must_use]
    pub fn header_text(&self, name: &str) -> Option<String> {
        self.header(name).map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// The body as text; bytes that are not UTF-8 are replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; `Null` when it is not.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(super) fn read(from: &mut impl BufRead, to_head: bool) -> Result<Self, Error> {
        loop {
            let status = status(&line(from)?)?;
            let headers = lines(from)?;
            // An interim response; the one that answers is still to come. After 101 the bytes are
            // not HTTP.
            if (100..200).contains(&status) && status != 101 {
                continue;
            }
            let (mut body, mut trailers) = (Vec::new(), Vec::new());
            if !to_head && !matches!(status, 101 | 204 | 304) {
                match Length::of(&headers)? {
                    Length::Chunked => (body, trailers) = message::read_chunks(from)?,
                    Length::Bytes(length) => message::read_exactly(from, length, &mut body)?,
                    Length::Unsaid => drop(from.read_to_end(&mut body)?),
                }
            }
            return Ok(Self { status, headers, body, trailers });
        }
    }
}

fn status(line: &[u8]) -> Result<u16, Error> {
    let code = line
        .strip_prefix(b"HTTP/1.1 ")
        .or_else(|| line.strip_prefix(b"HTTP/1.0 "))
        .and_then(|rest| rest.get(..3));
    code.and_then(|code| std::str::from_utf8(code).ok()?.parse().ok())
        .ok_or(Error::Malformed("no status line"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(mut bytes: &[u8]) -> Result<Response, Error> {
        Response::read(&mut bytes, false)
    }

    #[test]
    fn a_response_is_read_up_to_its_end_and_no_further() {
        let two = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX-A: \xff \r\nx-a: 2\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 204 No Content\r\ncontent-length: 7\r\n\r\n";
        let mut rest = &two[..];
        let first = Response::read(&mut rest, false).unwrap();
        assert_eq!((first.status, first.text().as_str()), (200, "ok"));
        assert_eq!(first.header_all("x-A"), [&b"\xff"[..], b"2"]);
        assert_eq!(Response::read(&mut rest, false).unwrap().status, 204);
        assert!(rest.is_empty());
    }

    #[test]
    fn a_chunked_body_is_joined_and_its_trailers_kept() {
        let response =
            read(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nx-t: 1\r\n\r\n")
                .unwrap();
        assert_eq!(response.text(), "abc0123456789");
        assert_eq!(response.trailers, [(b"x-t".to_vec(), b"1".to_vec())]);
    }

    #[test]
    fn what_is_cut_short_or_no_response_is_an_error() {
        for (bytes, want) in [
            (&b""[..], "closed"),
            (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab", "closed"),
            (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab", "closed"),
            (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", "chunk size"),
            (b"SSH-2.0\r\n", "no status line"),
            (b"HTTP/1.1 2\r\n", "no status line"),
            (b"HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", "without a colon"),
        ] {
            let got = read(bytes).unwrap_err().to_string();
            assert!(got.contains(want), "{}: {got}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn without_a_length_the_body_ends_with_the_connection() {
        assert_eq!(read(b"HTTP/1.1 200 OK\r\n\r\nall of it").unwrap().text(), "all of it");
    }
}
