//! Hexadecimal digits: of escapes in URLs, of digests.

/// The value of a digit in either case; `None` for what is no digit.
///
/// ```
/// use gatehouse_filter::hex;
/// assert_eq!(hex::value(b'f'), hex::value(b'F'));
/// assert_eq!(hex::byte(b'e', b'9'), Some(0xe9));
/// assert_eq!((hex::lower(0xe9), hex::upper(0xe9)), (*b"e9", *b"E9"));
/// ```
pub fn value(digit: u8) -> Option<u8> {
    u8::try_from(char::from(digit).to_digit(16)?).ok()
}

/// The byte that two digits write.
pub fn byte(high: u8, low: u8) -> Option<u8> {
    Some(value(high)? << 4 | value(low)?)
}

/// Bytes as text: two lower-case digits each.
///
/// ```
/// assert_eq!(gatehouse_filter::hex::text(&[0, 0x1f, 0xe9]), "001fe9");
/// ```
pub fn text(bytes: &[u8]) -> String {
    bytes.iter().copied().flat_map(lower).map(char::from).collect()
}

/// A byte as two lower-case digits.
pub fn lower(byte: u8) -> [u8; 2] {
    [digit(byte >> 4, b'a'), digit(byte & 15, b'a')]
}

/// A byte as two upper-case digits.
pub fn upper(byte: u8) -> [u8; 2] {
    [digit(byte >> 4, b'A'), digit(byte & 15, b'A')]
}

fn digit(nibble: u8, ten: u8) -> u8 {
    match nibble.checked_sub(10) {
        None => b'0'.saturating_add(nibble),
        Some(over) => ten.saturating_add(over),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_written_as_the_standard_library_writes_it_and_read_back() {
        for number in 0..=u8::MAX {
            let text = |digits: [u8; 2]| String::from_utf8(digits.to_vec()).unwrap();
            assert_eq!(text(lower(number)), format!("{number:02x}"));
            assert_eq!(text(upper(number)), format!("{number:02X}"));
            for [high, low] in [lower(number), upper(number)] {
                assert_eq!(byte(high, low), Some(number));
            }
        }
        for none in [b'g', b'G', b' ', b'+', b'-', b'@', b'`', b'/', b':', 0, 0xff] {
            assert_eq!((value(none), byte(none, b'0'), byte(b'0', none)), (None, None, None));
        }
    }
}
