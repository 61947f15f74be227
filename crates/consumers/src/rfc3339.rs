use gatehouse_filter::{Date, Timestamp};

/// Reads a time as RFC 3339 writes it: `2027-01-31T00:00:00Z`, with an offset instead of `Z`, with
/// a fraction.
///
/// `None` for everything else, for times before 1970, and for leap seconds: no clock shows them.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let mut rest = text.as_bytes();
    let year = number(&mut rest, 4)?;
    character(&mut rest, b"-")?;
    let month = number(&mut rest, 2)?;
    character(&mut rest, b"-")?;
    let day = number(&mut rest, 2)?;
    let date =
        Date::new(i32::try_from(year).ok()?, u8::try_from(month).ok()?, u8::try_from(day).ok()?)?;
    character(&mut rest, b"Tt")?;
    let hour = number(&mut rest, 2).filter(|hour| *hour < 24)?;
    character(&mut rest, b":")?;
    let minute = number(&mut rest, 2).filter(|minute| *minute < 60)?;
    character(&mut rest, b":")?;
    let second = number(&mut rest, 2).filter(|second| *second < 60)?;
    let nanoseconds = fraction(&mut rest)?;
    let offset = offset(&mut rest)?;
    if !rest.is_empty() {
        return None;
    }
    let minutes = date
        .days_since_1970()
        .checked_mul(24)?
        .checked_add(hour)?
        .checked_mul(60)?
        .checked_add(minute)?
        .checked_sub(offset)?;
    let seconds = minutes.checked_mul(60)?.checked_add(second)?;
    let seconds = Timestamp::from_seconds(u64::try_from(seconds).ok()?);
    Some(Timestamp(seconds.0.saturating_add(nanoseconds)))
}

/// Just so many digits.
fn number(rest: &mut &[u8], digits: usize) -> Option<i64> {
    let (number, after) = rest.split_at_checked(digits)?;
    *rest = after;
    number.iter().try_fold(0_i64, |number, digit| {
        let digit = char::from(*digit).to_digit(10)?;
        number.checked_mul(10)?.checked_add(i64::from(digit))
    })
}

/// One of these bytes.
fn character(rest: &mut &[u8], allowed: &[u8]) -> Option<u8> {
    let (first, after) = rest.split_first()?;
    *rest = after;
    allowed.contains(first).then_some(*first)
}

/// Nanoseconds, none where there is no fraction; what is finer is cut off.
fn fraction(rest: &mut &[u8]) -> Option<u64> {
    let Some(after) = rest.strip_prefix(b".") else { return Some(0) };
    let digits = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (fraction, after) = after.split_at_checked(digits).filter(|_| digits > 0)?;
    *rest = after;
    let mut digits = fraction.iter().map(|digit| u64::from(digit.wrapping_sub(b'0')));
    Some((0..9).fold(0_u64, |number, _| {
        number.saturating_mul(10).saturating_add(digits.next().unwrap_or_default())
    }))
}

/// Minutes that the local time is ahead of UTC.
fn offset(rest: &mut &[u8]) -> Option<i64> {
    let direction = match character(rest, b"Zz+-")? {
        b'+' => 1,
        b'-' => -1,
        _ => return Some(0),
    };
    let hours = number(rest, 2).filter(|hours| *hours < 24)?;
    character(rest, b":")?;
    let minutes = number(rest, 2).filter(|minutes| *minutes < 60)?;
    hours.checked_mul(60)?.checked_add(minutes)?.checked_mul(direction)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn times_are_read_to_the_nanosecond() {
        for (text, seconds, nanoseconds) in [
            ("1970-01-01T00:00:00Z", 0, 0),
            ("1970-01-01T00:00:01.5Z", 1, 500_000_000),
            ("1999-12-31T23:59:59Z", 946_684_799, 0),
            ("2000-02-29T12:00:00Z", 951_825_600, 0),
            ("2000-03-01T00:00:00z", 951_868_800, 0),
            ("2024-02-29t00:00:00Z", 1_709_164_800, 0),
            ("2027-01-31T00:00:00Z", 1_801_353_600, 0),
            ("2027-01-31T01:30:00+01:30", 1_801_353_600, 0),
            ("2027-01-30T16:00:00-08:00", 1_801_353_600, 0),
            ("2027-01-31T00:00:00-00:00", 1_801_353_600, 0),
            ("2027-01-31T00:00:00.123456789Z", 1_801_353_600, 123_456_789),
            ("2027-01-31T00:00:00.1234567899Z", 1_801_353_600, 123_456_789),
            ("2100-03-01T00:00:00Z", 4_107_542_400, 0),
        ] {
            assert_eq!(
                parse(text).map(|time| time.0),
                Some(seconds * 1_000_000_000 + nanoseconds),
                "{text}"
            );
        }
        // Later than the clock can show: never.
        assert_eq!(parse("9999-12-31T23:59:59Z").map(|time| time.0), Some(u64::MAX));
    }

    #[test]
    fn what_is_not_a_time_is_refused() {
        for text in [
            "",
            "2027-01-31",
            "2027-01-31T00:00:00",
            "2027-01-31 00:00:00Z",
            "2027-1-31T00:00:00Z",
            "2027-02-29T00:00:00Z",
            "2100-02-29T00:00:00Z",
            "2027-00-01T00:00:00Z",
            "2027-13-01T00:00:00Z",
            "2027-01-00T00:00:00Z",
            "2027-04-31T00:00:00Z",
            "2027-01-31T24:00:00Z",
            "2027-01-31T00:60:00Z",
            "2026-12-31T23:59:60Z",
            "2027-01-31T00:00:00.Z",
            "2027-01-31T00:00:00+0100",
            "2027-01-31T00:00:00+24:00",
            "2027-01-31T00:00:00Z ",
            "2027-01-31T00:00:00ZZ",
            "+027-01-31T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "1970-01-01T00:00:00+00:01",
            "1801353600",
            "2027-01-31T00:00:00\u{ff3a}",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
