//! A stored response, in the form in which all workers share it.

use crate::checksum::checksum;
use gatehouse_caching::Lifetime;
use gatehouse_filter::{Bytes, Headers};
use std::ops::Range;
use std::rc::Rc;

/// A stored response, or what a URL's responses vary by.
#[derive(Debug)]
pub(crate) struct Object {
    bytes: Rc<Vec<u8>>,
    fixed: Fixed,
    key: Range<usize>,
    labels: Range<usize>,
    head: Range<usize>,
    body: Range<usize>,
}

/// The part of it that has a fixed length.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Fixed {
    /// No two objects have the same: whoever has read the index finds this very object.
    pub(crate) version: u64,
    /// What the purges were when it was asked for: what was purged since is no good any more.
    pub(crate) purges: u64,
    pub(crate) kind: Kind,
    pub(crate) status: u16,
    /// Whether it may answer requests of others than the one that it answered: the response, or the
    /// rule, says so.
    pub(crate) is_public: bool,
    pub(crate) lifetime: Lifetime,
}

/// What an object is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// A response.
    Response = 1,
    /// The field names by which the responses of a key are told apart, a set a line: each response
    /// has a key of its own. Of a path, what its responses say of queries.
    Variants = 2,
}

/// The parts of an object that have no fixed length.
#[derive(Clone, Copy, Default)]
pub(crate) struct Parts<'a> {
    /// The whole key: two keys of one digest are not taken for the same.
    pub(crate) key: &'a [u8],
    /// Tags and cache groups, a line each.
    pub(crate) labels: &'a [u8],
    /// The fields in the wire form.
    pub(crate) head: &'a [u8],
    pub(crate) body: &'a [u8],
}

/// A number of what the format is: a store may outlive a module.
const FORMAT: u8 = 1;
/// Checksum, format, kind, whether it is public, status, version, purges, lifetime, four lengths.
const FIXED: usize = 8 + 1 + 1 + 1 + 2 + 8 + 8 + Lifetime::LENGTH + 4 * 4;

impl Object {
    /// Writes one.
    pub(crate) fn write(fixed: &Fixed, parts: &Parts<'_>) -> Vec<u8> {
        let all = [parts.key, parts.labels, parts.head, parts.body];
        let size = all.iter().fold(FIXED, |size, part| size.saturating_add(part.len()));
        let mut bytes = Vec::with_capacity(size);
        bytes.extend([0; 8]);
        bytes.extend([FORMAT, fixed.kind as u8, u8::from(fixed.is_public)]);
        bytes.extend(fixed.status.to_le_bytes());
        bytes.extend(fixed.version.to_le_bytes());
        bytes.extend(fixed.purges.to_le_bytes());
        bytes.extend(fixed.lifetime.to_bytes());
        for part in all {
            bytes.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
        }
        for part in all {
            bytes.extend_from_slice(part);
        }
        let sum = checksum(bytes.get(8..).unwrap_or_default());
        if let Some(place) = bytes.first_chunk_mut::<8>() {
            *place = sum.to_le_bytes();
        }
        bytes
    }

    /// Reads one; `None` for anything that is not one, whole and unchanged.
    pub(crate) fn read(bytes: Vec<u8>) -> Option<Self> {
        let (sum, rest) = bytes.split_first_chunk::<8>()?;
        if checksum(rest) != u64::from_le_bytes(*sum) {
            return None;
        }
        Self::read_unchecked(bytes)
    }

    /// The same without the checksum: for its key and its labels, when all are looked through.
    pub(crate) fn read_unchecked(bytes: Vec<u8>) -> Option<Self> {
        let (_, rest) = bytes.split_first_chunk::<8>()?;
        let ([format, kind, is_public], rest) = rest.split_first_chunk::<3>()?;
        if *format != FORMAT {
            return None;
        }
        let kind = match kind {
            1 => Kind::Response,
            2 => Kind::Variants,
            _ => return None,
        };
        let (status, rest) = rest.split_first_chunk::<2>()?;
        let (version, rest) = rest.split_first_chunk::<8>()?;
        let (purges, rest) = rest.split_first_chunk::<8>()?;
        let (lifetime, rest) = rest.split_first_chunk::<{ Lifetime::LENGTH }>()?;
        let (lengths, rest) = rest.split_first_chunk::<16>()?;
        let fixed = Fixed {
            version: u64::from_le_bytes(*version),
            purges: u64::from_le_bytes(*purges),
            kind,
            status: u16::from_le_bytes(*status),
            is_public: *is_public == 1,
            lifetime: Lifetime::from_bytes(lifetime)?,
        };
        let mut start = bytes.len().checked_sub(rest.len())?;
        let mut next = |length: &[u8; 4]| {
            let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
            let range = start..start.checked_add(length)?;
            start = range.end;
            Some(range)
        };
        let [key, labels, head, body] = lengths.as_chunks::<4>().0 else { return None };
        let (key, labels) = (next(key)?, next(labels)?);
        let (head, body) = (next(head)?, next(body)?);
        if body.end != bytes.len() {
            return None;
        }
        Some(Self { bytes: Rc::new(bytes), fixed, key, labels, head, body })
    }

    /// The part of it that has a fixed length.
    pub(crate) fn fixed(&self) -> &Fixed {
        &self.fixed
    }

    /// Its size, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.bytes.len()
    }

    /// The whole key.
    pub(crate) fn key(&self) -> &[u8] {
        self.part(&self.key)
    }

    /// Tags and cache groups, a line each.
    pub(crate) fn labels(&self) -> &[u8] {
        self.part(&self.labels)
    }

    /// Whether it has this label.
    pub(crate) fn has_label(&self, wanted: &[u8]) -> bool {
        self.labels().split(|byte| *byte == b'\n').any(|label| label == wanted)
    }

    /// The fields, as they are sent; of [`Kind::Variants`], the names by line.
    pub(crate) fn head_bytes(&self) -> &[u8] {
        self.part(&self.head)
    }

    /// The fields.
    pub(crate) fn head(&self) -> Headers {
        Headers::from_pairs(self.head_bytes().to_vec())
    }

    /// The body, shared.
    pub(crate) fn body(&self) -> Bytes {
        Bytes::part(&self.bytes, self.body.clone())
    }

    fn part(&self, range: &Range<usize>) -> &[u8] {
        self.bytes.get(range.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
