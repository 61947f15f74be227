//! Delta-seconds (RFC 9111 §1.2.2), and lists of what fields hold.

use gatehouse_filter::Headers;

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

/// The members of a field that is a list of tokens, over all its lines, without empty ones.
pub(crate) fn list<'a>(headers: &'a Headers, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    headers.values(name).flat_map(members)
}

/// The members of one line of such a list.
pub(crate) fn members(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|member| !member.is_empty())
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
