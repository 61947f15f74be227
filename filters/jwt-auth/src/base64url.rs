//! Base64url without padding (RFC 7515 §2), as strict as RFC 4648 §3 allows: no padding, no other
//! characters, and zero in the bits that no byte needs. Each byte string has exactly one encoding,
//! so a token cannot be respelled.
//!
//! Not in constant time, which is what makes it fast: what it decodes is known to the client, or
//! read once from the configuration.

/// The bytes of a text; `None` where it is not the encoding of any.
pub(crate) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let (groups, rest) = text.as_chunks::<4>();
    let end = match *rest {
        [] => &[][..],
        [a, b] => match group([a, b, b'A', b'A'])? {
            [_, first, 0, 0] => &[first],
            _ => return None,
        },
        [a, b, c] => match group([a, b, c, b'A'])? {
            [_, first, second, 0] => &[first, second],
            _ => return None,
        },
        _ => return None,
    };
    // Filled in place: a token passes here whole, and growing the list for each group takes longer
    // than decoding.
    let length = groups.len().saturating_mul(3);
    let mut bytes = Vec::with_capacity(length.saturating_add(end.len()));
    bytes.resize(length, 0);
    let (places, _) = bytes.as_chunks_mut::<3>();
    let mut invalid = 0;
    for (place, characters) in places.iter_mut().zip(groups) {
        let (group, marks) = unchecked(*characters);
        invalid |= marks;
        let [_, decoded @ ..] = group;
        *place = decoded;
    }
    if invalid & INVALID != 0 {
        return None;
    }
    bytes.extend_from_slice(end);
    Some(bytes)
}

/// The three bytes of four characters, after a zero byte.
fn group(characters: [u8; 4]) -> Option<[u8; 4]> {
    let (group, marks) = unchecked(characters);
    (marks & INVALID == 0).then_some(group)
}

/// The same, and bits that have [`INVALID`] where one of the characters is none of the alphabet's.
fn unchecked([a, b, c, d]: [u8; 4]) -> ([u8; 4], u8) {
    let value = |character: u8| VALUES.get(usize::from(character)).copied().unwrap_or(INVALID);
    let (a, b, c, d) = (value(a), value(b), value(c), value(d));
    let word = u32::from(a) << 18 | u32::from(b) << 12 | u32::from(c) << 6 | u32::from(d);
    (word.to_be_bytes(), a | b | c | d)
}

/// No value of a character has this bit.
const INVALID: u8 = 0x80;

const VALUES: [u8; 256] = values();

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "evaluated by the compiler, which refuses an index out of bounds and an overflow"
)]
const fn values() -> [u8; 256] {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut values = [INVALID; 256];
    let mut value = 0;
    while value < 64 {
        values[alphabet[value as usize] as usize] = value;
        value += 1;
    }
    values
}

#[cfg(test)]
mod tests {
    use super::decode;
    use ct_codecs::{Base64UrlSafeNoPadding, Decoder, Encoder};

    #[test]
    fn every_byte_string_has_one_encoding() {
        for (text, want) in [
            ("", Some(&b""[..])),
            ("AA", Some(b"\0")),
            ("Zm8", Some(b"fo")),
            ("Zm9v", Some(b"foo")),
            ("_-8", Some(b"\xff\xef")),
            // One character is no byte.
            ("Z", None),
            ("Zm9vZ", None),
            // Bits that no byte needs.
            ("AB", None),
            ("Zm9", None),
            // Padding, the other alphabet, white space, anything else.
            ("Zg==", None),
            ("Zm8=", None),
            ("+/8", None),
            ("Zm9v\n", None),
            (" Zm9v", None),
            ("Zm 9v", None),
            ("Zm9v.", None),
            ("Zm9\u{ff}", None),
        ] {
            assert_eq!(decode(text.as_bytes()).as_deref(), want, "{text:?}");
        }
    }

    #[test]
    fn it_agrees_with_another_decoder_on_every_group() {
        for a in 0..=255_u8 {
            for b in 0..=255_u8 {
                for text in [&[a, b][..], &[b'Z', a, b], &[b'Z', b'm', a, b]] {
                    let want = Base64UrlSafeNoPadding::decode_to_vec(text, None).ok();
                    assert_eq!(decode(text), want, "{}", text.escape_ascii());
                }
                let encoded = Base64UrlSafeNoPadding::encode_to_string([b, a, b, a]).unwrap();
                assert_eq!(decode(encoded.as_bytes()), Some(vec![b, a, b, a]));
            }
        }
    }
}
