//! The gzip format (RFC 1952), read within bounds.

use flate2::bufread::MultiGzDecoder;
use std::io::Read;

/// Why a body was not decoded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Undecoded {
    /// It is not what `content-encoding` says.
    Invalid,
    /// It is longer than wanted, decoded. No more than that was decoded.
    TooLong,
}

/// Decodes a body in gzip to at most `most` bytes: [`Coding::decode`](crate::Coding::decode), for
/// who reads no other coding and has no room for the others.
///
/// # Errors
/// [`Undecoded`].
pub fn gunzip(body: &[u8], most: usize) -> Result<Vec<u8>, Undecoded> {
    read_at_most(MultiGzDecoder::new(body), most)
}

/// Reads all that a decoder gives, where that is `most` bytes at most.
///
/// # Errors
/// [`Undecoded`].
pub(crate) fn read_at_most(decoder: impl Read, most: usize) -> Result<Vec<u8>, Undecoded> {
    let mut decoded = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    decoder.take(limit).read_to_end(&mut decoded).map_err(|_| Undecoded::Invalid)?;
    if decoded.len() > most { Err(Undecoded::TooLong) } else { Ok(decoded) }
}
