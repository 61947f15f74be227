//! What requests and responses have in common: lines, and bodies (RFC 9112 §2.1, §6).

use std::io::{BufRead, Read as _};

use super::Error;

/// No head line, and no number of head lines, that a sane peer sends is longer.
const LONGEST_LINE: u64 = 1 << 20;
const MOST_LINES: usize = 10_000;

/// Name and value.
pub type Field = (Vec<u8>, Vec<u8>);

/// What a head says of the length of its body.
pub(super) enum Length {
    Chunked,
    Bytes(u64),
    Unsaid,
}

impl Length {
    pub(super) fn of(headers: &[Field]) -> Result<Self, Error> {
        let coding = values(headers, "transfer-encoding").next();
        if coding.is_some_and(|coding| coding.eq_ignore_ascii_case(b"chunked")) {
            return Ok(Self::Chunked);
        }
        let Some(length) = values(headers, "content-length").next() else {
            return Ok(Self::Unsaid);
        };
        std::str::from_utf8(length)
            .ok()
            .and_then(|length| length.parse().ok())
            .map(Self::Bytes)
            .ok_or(Error::Malformed("content-length is not a number"))
    }
}

/// The values of a field, in order, whatever the case of its name.
pub(super) fn values<'a>(headers: &'a [Field], name: &str) -> impl Iterator<Item = &'a [u8]> {
    let named = move |(this, _): &&Field| this.eq_ignore_ascii_case(name.as_bytes());
    headers.iter().filter(named).map(|(_, value)| value.as_slice())
}

/// A body in chunks, and the trailer lines after it.
pub(super) fn read_chunks(from: &mut impl BufRead) -> Result<(Vec<u8>, Vec<Field>), Error> {
    let mut body = Vec::new();
    loop {
        let head = line(from)?;
        let digits = head.split(|byte| *byte == b';').next().unwrap_or_default();
        let size = std::str::from_utf8(digits)
            .ok()
            .and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok());
        match size.ok_or(Error::Malformed("chunk size is not a number"))? {
            0 => break,
            size => read_exactly(from, size, &mut body)?,
        }
        if !line(from)?.is_empty() {
            return Err(Error::Malformed("a chunk is longer than it says"));
        }
    }
    Ok((body, lines(from)?))
}

/// Header or trailer lines up to the empty one.
pub(super) fn lines(from: &mut impl BufRead) -> Result<Vec<Field>, Error> {
    let mut found = Vec::new();
    while found.len() < MOST_LINES {
        let line = line(from)?;
        if line.is_empty() {
            return Ok(found);
        }
        let colon = line
            .iter()
            .position(|byte| *byte == b':')
            .ok_or(Error::Malformed("a header without a colon"))?;
        let (name, value) = line.split_at(colon);
        found
            .push((name.to_vec(), value.strip_prefix(b":").unwrap_or(value).trim_ascii().to_vec()));
    }
    Err(Error::Malformed("too many header lines"))
}

/// One line without its line end.
pub(super) fn line(from: &mut impl BufRead) -> Result<Vec<u8>, Error> {
    let mut line = Vec::new();
    from.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)?;
    match line.strip_suffix(b"\n") {
        Some(line) => Ok(line.strip_suffix(b"\r").unwrap_or(line).to_vec()),
        None if u64::try_from(line.len()).is_ok_and(|length| length < LONGEST_LINE) => {
            Err(Error::Closed)
        }
        None => Err(Error::Malformed("a line is too long")),
    }
}

pub(super) fn read_exactly(
    from: &mut impl BufRead,
    length: u64,
    into: &mut Vec<u8>,
) -> Result<(), Error> {
    let read = from.by_ref().take(length).read_to_end(into)?;
    if u64::try_from(read) == Ok(length) { Ok(()) } else { Err(Error::Closed) }
}
