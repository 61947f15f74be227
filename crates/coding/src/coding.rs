use crate::gzip::{Undecoded, gunzip, read_at_most};
use flate2::Compression;
use flate2::bufread::{DeflateDecoder, ZlibDecoder};
use flate2::write::{GzEncoder, ZlibEncoder};
use std::io::Write;

/// A content coding that bodies are read from (RFC 9110 §8.4.1, RFC 7932).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Coding {
    /// As it is.
    Plain,
    /// The gzip format (RFC 1952).
    Gzip,
    /// The zlib format (RFC 1950), as HTTP defines it, or the bare one (RFC 1951) that some send
    /// under this name (RFC 9110 §8.4.1.2). It goes on as HTTP defines it.
    Deflate,
    /// The brotli format (RFC 7932).
    Brotli,
}

impl Coding {
    /// The coding that a `content-encoding` names; `None` for one that is not known, and for
    /// several.
    pub fn named(name: &[u8]) -> Option<Self> {
        let is_it = |known: &&(&str, Self)| name.eq_ignore_ascii_case(known.0.as_bytes());
        NAMES.iter().find(is_it).map(|(_, coding)| *coding)
    }

    /// Decodes a body to at most `most` bytes.
    ///
    /// # Errors
    /// [`Undecoded`].
    pub fn decode(self, body: Vec<u8>, most: usize) -> Result<Vec<u8>, Undecoded> {
        let input = body.as_slice();
        match self {
            Self::Plain => Ok(body),
            Self::Gzip => gunzip(input, most),
            // No writer of the bare format begins as zlib does: its padding would not be zeros.
            Self::Deflate if !is_zlib(input) => {
                let mut decoder = DeflateDecoder::new(input);
                let decoded = read_at_most(&mut decoder, most)?;
                let all = decoder.total_in() == input.len() as u64;
                if all { Ok(decoded) } else { Err(Undecoded::Invalid) }
            }
            Self::Deflate => {
                let mut decoder = ZlibDecoder::new(input);
                let decoded = read_at_most(&mut decoder, most)?;
                // What follows the stream is of nobody.
                if decoder.total_in() == input.len() as u64 {
                    Ok(decoded)
                } else {
                    Err(Undecoded::Invalid)
                }
            }
            Self::Brotli => read_at_most(brotli_decompressor::Decompressor::new(input, 4096), most),
        }
    }

    /// Encodes a body. In brotli its bytes stand uncompressed.
    pub fn encode(self, body: Vec<u8>) -> Vec<u8> {
        // Level 1 is most of the gain at a fraction of the time; writing to a `Vec` does not fail.
        match self {
            Self::Plain => body,
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
                let _ = encoder.write_all(&body);
                encoder.finish().unwrap_or_default()
            }
            Self::Deflate => {
                let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
                let _ = encoder.write_all(&body);
                encoder.finish().unwrap_or_default()
            }
            Self::Brotli => stored(&body),
        }
    }
}

/// What `content-encoding` calls them (RFC 9110 §8.4.1, §12.5.3); nothing is no coding.
const NAMES: [(&str, Coding); 6] = [
    ("", Coding::Plain),
    ("identity", Coding::Plain),
    ("gzip", Coding::Gzip),
    ("x-gzip", Coding::Gzip),
    ("deflate", Coding::Deflate),
    ("br", Coding::Brotli),
];

/// RFC 1950 §2.2: the method, and a check of both bytes.
fn is_zlib(body: &[u8]) -> bool {
    body.first_chunk().is_some_and(|head: &[u8; 2]| {
        head.first().is_some_and(|method| method & 15 == 8)
            && u16::from_be_bytes(*head).is_multiple_of(31)
    })
}

/// Brotli's form of bytes that are not compressed (RFC 7932 §9.2): a window of 16 bits, then
/// meta-blocks of at most 2^16 bytes, then an empty last one.
fn stored(body: &[u8]) -> Vec<u8> {
    const MOST: usize = 1 << 16;
    let mut out = Vec::with_capacity(body.len().saturating_add(body.len() >> 14).saturating_add(8));
    // The first meta-block's header shares its first byte with the window: a single 0 bit,
    // WBITS 16.
    let mut first = true;
    for block in body.chunks(MOST) {
        // ISLAST 0, MNIBBLES 0 (four nibbles), MLEN - 1 in 16 bits, ISUNCOMPRESSED 1: 20 bits.
        let length = u32::try_from(block.len().saturating_sub(1)).unwrap_or_default();
        let mut bits = length << 3 | 1 << 19;
        if first {
            bits <<= 1;
        }
        first = false;
        out.extend_from_slice(bits.to_le_bytes().get(..3).unwrap_or_default());
        out.extend_from_slice(block);
    }
    // ISLAST 1, ISLASTEMPTY 1; after the window where there was no block.
    out.push(if first { 0b110 } else { 0b11 });
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brotli(body: &[u8]) -> Vec<u8> {
        let mut writer = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 22);
        writer.write_all(body).unwrap();
        writer.into_inner()
    }

    #[test]
    fn one_coding_is_known_by_its_names_and_several_are_not() {
        for (name, want) in [
            ("", Some(Coding::Plain)),
            ("Identity", Some(Coding::Plain)),
            ("gzip", Some(Coding::Gzip)),
            ("X-GZIP", Some(Coding::Gzip)),
            ("Deflate", Some(Coding::Deflate)),
            ("br", Some(Coding::Brotli)),
            ("zstd", None),
            ("brr", None),
            ("gzip ", None),
            ("gzip, br", None),
            ("gzip,", None),
        ] {
            assert_eq!(Coding::named(name.as_bytes()), want, "{name}");
        }
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        for length in [0, 1, 100, 65_535, 65_536, 65_537, 200_000] {
            let body: Vec<u8> =
                (0..length).map(|at: u32| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
            for coding in [Coding::Plain, Coding::Gzip, Coding::Deflate, Coding::Brotli] {
                let encoded = coding.encode(body.clone());
                assert_eq!(
                    coding.decode(encoded, 200_000).as_deref(),
                    Ok(body.as_slice()),
                    "{coding:?} {length}"
                );
            }
            assert_eq!(Coding::Brotli.decode(brotli(&body), 200_000), Ok(body));
        }
    }

    #[test]
    fn deflate_without_its_zlib_envelope_is_read_too() {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(b"{\"a\":1}").unwrap();
        let bare = encoder.finish().unwrap();
        assert_eq!(Coding::Deflate.decode(bare.clone(), 1000).as_deref(), Ok(&b"{\"a\":1}"[..]));
        assert_eq!(Coding::Deflate.decode(bare.clone(), 3), Err(Undecoded::TooLong));
        for bad in [bare[..bare.len() - 1].to_vec(), [bare.as_slice(), b"x"].concat()] {
            assert_eq!(Coding::Deflate.decode(bad, 1000), Err(Undecoded::Invalid));
        }
    }

    #[test]
    fn a_bomb_is_not_decoded_beyond_the_limit() {
        let zeros = vec![0; 50_000_000];
        for (coding, bomb) in [
            (Coding::Gzip, Coding::Gzip.encode(zeros.clone())),
            (Coding::Deflate, Coding::Deflate.encode(zeros.clone())),
            (Coding::Brotli, brotli(&zeros)),
        ] {
            assert!(bomb.len() < 1_000_000, "{coding:?}: {}", bomb.len());
            assert_eq!(
                coding.decode(bomb.clone(), 1_000_000),
                Err(Undecoded::TooLong),
                "{coding:?}"
            );
            assert_eq!(
                coding.decode(bomb, 50_000_000).map(|body| body.len()),
                Ok(50_000_000),
                "{coding:?}"
            );
        }
    }

    #[test]
    fn what_is_not_the_coding_that_it_is_said_to_be_is_refused() {
        for coding in [Coding::Gzip, Coding::Deflate, Coding::Brotli] {
            let good = coding.encode(b"{\"a\":1}".to_vec());
            for end in 0..good.len() {
                let cut = good.get(..end).unwrap().to_vec();
                assert_eq!(coding.decode(cut, 1000), Err(Undecoded::Invalid), "{coding:?} {end}");
            }
            assert_eq!(
                coding.decode(b"{\"a\":1}".to_vec(), 1000),
                Err(Undecoded::Invalid),
                "{coding:?}"
            );
            let more = [good.as_slice(), b"x"].concat();
            // What follows a brotli stream is not looked at.
            if coding != Coding::Brotli {
                assert_eq!(coding.decode(more, 1000), Err(Undecoded::Invalid), "{coding:?}");
            }
        }
        let mut flipped = Coding::Gzip.encode(b"{\"a\":1}".to_vec());
        let checksum = flipped.len() - 6;
        flipped[checksum] ^= 1;
        assert_eq!(Coding::Gzip.decode(flipped, 1000), Err(Undecoded::Invalid));
    }
}
