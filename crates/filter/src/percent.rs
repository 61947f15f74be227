use crate::hex;

/// The bytes of percent-encoded text (RFC 3986 §2.1), decoded one by one.
///
/// A `%` that two hexadecimal digits do not follow stands for itself. A `+` stays: that it is a
/// space is a rule of forms, not of URLs.
pub fn percent_decoded(text: &[u8]) -> impl Iterator<Item = u8> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if let [b'%', high, low, after @ ..] = rest
            && let Some(byte) = hex::byte(*high, *low)
        {
            rest = after;
            return Some(byte);
        }
        let (first, after) = rest.split_first()?;
        rest = after;
        Some(*first)
    })
}

/// The bytes of a name or a value of a form (WHATWG URL standard,
/// "application/x-www-form-urlencoded"): a `+` is a space there.
///
/// ```
/// assert_eq!(gatehouse_filter::form_decoded(b"a+b%2B").collect::<Vec<_>>(), b"a b+");
/// ```
pub fn form_decoded(text: &[u8]) -> impl Iterator<Item = u8> {
    let parts = text.split(|byte| *byte == b'+').enumerate();
    parts.flat_map(|(number, part)| {
        (number > 0).then_some(b' ').into_iter().chain(percent_decoded(part))
    })
}

/// The bytes of a text in percent-encoded form, safe in every part of a URL: all but letters,
/// digits and `-._~` (RFC 3986 §2.3) become `%` and two upper-case digits.
///
/// ```
/// let encoded: Vec<u8> = gatehouse_filter::percent_encoded(b"a b&c/d").collect();
/// assert_eq!(encoded, b"a%20b%26c%2Fd");
/// ```
pub fn percent_encoded(text: &[u8]) -> impl Iterator<Item = u8> {
    text.iter().flat_map(|byte| {
        let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
        let encoded = percent_encoded_byte(*byte);
        let (plain, encoded) = if plain { (Some(*byte), None) } else { (None, Some(encoded)) };
        plain.into_iter().chain(encoded.into_iter().flatten())
    })
}

/// One byte in percent-encoded form, with upper-case digits (RFC 3986 §2.1).
pub fn percent_encoded_byte(byte: u8) -> [u8; 3] {
    let [high, low] = hex::upper(byte);
    [b'%', high, low]
}

#[cfg(test)]
mod tests {
    use super::percent_decoded;

    #[test]
    fn only_percent_and_two_digits_are_decoded() {
        for (text, want) in [
            (&b"a%20b"[..], &b"a b"[..]),
            (b"%e4%C3", b"\xe4\xc3"),
            (b"a+b", b"a+b"),
            (b"%", b"%"),
            (b"%4", b"%4"),
            (b"%zz%41", b"%zzA"),
            (b"%%34%31", b"%41"),
            (b"%2541", b"%41"),
            (b"\xff", b"\xff"),
            (b"", b""),
        ] {
            let have: Vec<u8> = percent_decoded(text).collect();
            assert_eq!(have, want, "{}", text.escape_ascii());
        }
    }
}
