//! Delta-seconds (RFC 9111 §1.2.2).

/// What larger numbers of seconds count as (RFC 9111 §1.2.2).
pub(crate) const MOST_SECONDS: u32 = 1 << 31;

/// A number of seconds: digits and nothing else. What is larger than 2^31 is 2^31.
pub(crate) fn delta_seconds(text: &[u8]) -> Option<u32> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let seconds = text.iter().fold(0_u32, |seconds, digit| {
        let digit = u32::from(digit.wrapping_sub(b'0'));
        seconds.saturating_mul(10).saturating_add(digit).min(MOST_SECONDS)
    });
    Some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_digits_and_never_overflow() {
        for (text, want) in [
            ("0", Some(0)),
            ("003600", Some(3600)),
            ("2147483647", Some(2_147_483_647)),
            ("2147483648", Some(MOST_SECONDS)),
            ("2147483649", Some(MOST_SECONDS)),
            ("99999999999999999999999999", Some(MOST_SECONDS)),
            ("", None),
            ("-1", None),
            ("+1", None),
            ("1.0", None),
            (" 1", None),
            ("1a", None),
            ("١", None),
        ] {
            assert_eq!(delta_seconds(text.as_bytes()), want, "{text}");
        }
    }
}
