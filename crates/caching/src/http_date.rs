//! Dates as HTTP writes them (RFC 9110 §5.6.7).

use gatehouse_filter::{Date, Timestamp};
use std::fmt;

/// A time to the second, in seconds from 1970; earlier than that, below 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct HttpDate(i64);

const SECONDS_OF_DAY: i64 = 86_400;

const MONTHS: [&[u8; 3]; 12] = [
    b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec",
];

const SHORT_DAYS: [&[u8]; 7] = [b"sun", b"mon", b"tue", b"wed", b"thu", b"fri", b"sat"];

const LONG_DAYS: [&[u8]; 7] =
    [b"sunday", b"monday", b"tuesday", b"wednesday", b"thursday", b"friday", b"saturday"];

impl HttpDate {
    /// Reads one of the three forms, and nothing that only looks like one: `Expires` of any other
    /// form has passed (RFC 9111 §5.3). Names have no case; whether the day of the week is right is
    /// not asked. A year of two digits is the one nearest to now that is not more than 50 years
    /// ahead.
    pub fn parse(text: &[u8], now: Timestamp) -> Option<Self> {
        imf_fixdate(text).or_else(|| rfc850(text, now)).or_else(|| asctime(text))
    }

    /// The second that a time is in.
    pub fn at(time: Timestamp) -> Self {
        Self(i64::try_from(time.seconds()).unwrap_or(i64::MAX))
    }

    /// Seconds from 1970.
    pub fn seconds(self) -> i64 {
        self.0
    }

    fn of(year: i32, month: u8, day: u8, time: i64) -> Option<Self> {
        let days = Date::new(year, month, day)?.days_since_1970();
        Some(Self(days.saturating_mul(SECONDS_OF_DAY).saturating_add(time)))
    }
}

/// The form in which dates are sent, IMF-fixdate. `Sun, 06 Nov 1994 08:49:37 GMT`.
impl fmt::Display for HttpDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
        const NAMES: [&str; 12] =
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let days = self.0.div_euclid(SECONDS_OF_DAY);
        let seconds = self.0.rem_euclid(SECONDS_OF_DAY);
        let date = Date::from_days_since_1970(days);
        let pick = |names: &[&'static str], at: i64| {
            usize::try_from(at).ok().and_then(|at| names.get(at).copied()).unwrap_or_default()
        };
        let weekday = pick(&DAYS, days.rem_euclid(7));
        let month = pick(&NAMES, i64::from(date.month()).saturating_sub(1));
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        let (day, year) = (date.day(), date.year());
        write!(f, "{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
    }
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`
fn imf_fixdate(text: &[u8]) -> Option<HttpDate> {
    let mut reader = Reader { rest: text };
    reader.name(&SHORT_DAYS)?;
    reader.text(b", ")?;
    let day = reader.number(2)?;
    reader.text(b" ")?;
    let month = reader.month()?;
    reader.text(b" ")?;
    let year = reader.number(4)?;
    reader.text(b" ")?;
    let time = reader.time()?;
    reader.text(b" gmt")?;
    reader.end()?;
    HttpDate::of(i32::from(year), month, u8::try_from(day).ok()?, time)
}

/// `Sunday, 06-Nov-94 08:49:37 GMT`
fn rfc850(text: &[u8], now: Timestamp) -> Option<HttpDate> {
    let mut reader = Reader { rest: text };
    reader.name(&LONG_DAYS)?;
    reader.text(b", ")?;
    let day = reader.number(2)?;
    reader.text(b"-")?;
    let month = reader.month()?;
    reader.text(b"-")?;
    let year = i32::from(reader.number(2)?);
    reader.text(b" ")?;
    let time = reader.time()?;
    reader.text(b" gmt")?;
    reader.end()?;
    let this_year =
        Date::from_days_since_1970(HttpDate::at(now).0.div_euclid(SECONDS_OF_DAY)).year();
    let latest = this_year.saturating_add(50);
    // The last year that ends with these digits and is not after that.
    let back = latest.saturating_sub(year).rem_euclid(100);
    HttpDate::of(latest.saturating_sub(back), month, u8::try_from(day).ok()?, time)
}

/// `Sun Nov  6 08:49:37 1994`
fn asctime(text: &[u8]) -> Option<HttpDate> {
    let mut reader = Reader { rest: text };
    reader.name(&SHORT_DAYS)?;
    reader.text(b" ")?;
    let month = reader.month()?;
    reader.text(b" ")?;
    let day = if reader.text(b" ").is_some() { reader.number(1)? } else { reader.number(2)? };
    reader.text(b" ")?;
    let time = reader.time()?;
    reader.text(b" ")?;
    let year = reader.number(4)?;
    reader.end()?;
    HttpDate::of(i32::from(year), month, u8::try_from(day).ok()?, time)
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// The text, in any case, if it stands here.
    fn text(&mut self, text: &[u8]) -> Option<()> {
        let (taken, rest) = self.rest.split_at_checked(text.len())?;
        taken.eq_ignore_ascii_case(text).then(|| self.rest = rest)
    }

    fn name(&mut self, names: &[&[u8]]) -> Option<()> {
        names.iter().find_map(|name| self.text(name))
    }

    fn month(&mut self) -> Option<u8> {
        let name = self.take(3)?;
        let at = MONTHS.iter().position(|month| name.eq_ignore_ascii_case(*month))?;
        u8::try_from(at).ok()?.checked_add(1)
    }

    fn number(&mut self, digits: usize) -> Option<u16> {
        let digits = self.take(digits)?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        std::str::from_utf8(digits).ok()?.parse().ok()
    }

    /// Seconds of the day; 60 is a leap second.
    fn time(&mut self) -> Option<i64> {
        let hour = self.number(2).filter(|hour| *hour <= 23)?;
        self.text(b":")?;
        let minute = self.number(2).filter(|minute| *minute <= 59)?;
        self.text(b":")?;
        let second = self.number(2).filter(|second| *second <= 60)?;
        let minutes = i64::from(hour).saturating_mul(60).saturating_add(minute.into());
        Some(minutes.saturating_mul(60).saturating_add(second.into()))
    }

    fn end(&self) -> Option<()> {
        self.rest.is_empty().then_some(())
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-29T12:00:00Z
    const NOW: Timestamp = Timestamp::from_seconds(1_795_953_600);

    #[test]
    fn the_three_forms_are_read_and_nothing_else() {
        for (text, want) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(784_111_777)),
            ("Sun Nov  6 08:49:37 1994", Some(784_111_777)),
            ("Sun Nov 06 08:49:37 1994", Some(784_111_777)),
            // Names have no case, and the day of the week is not asked.
            ("SUN, 06 nOV 1994 08:49:37 gMT", Some(784_111_777)),
            ("Mon, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Wed, 31 Dec 1969 23:59:59 GMT", Some(-1)),
            ("Tue, 19 Jan 2038 14:14:08 GMT", Some(2_147_523_248)),
            ("Sun, 21 Nov 2286 04:46:39 GMT", Some(10_000_039_599)),
            ("Fri, 31 Dec 9999 23:59:60 GMT", Some(253_402_300_800)),
            // Two digits: at most 50 years ahead, else of the last century.
            ("Thursday, 18-Aug-50 02:01:18 GMT", Some(2_544_400_878)),
            ("Wednesday, 01-Jan-76 00:00:00 GMT", Some(3_345_062_400)),
            ("Saturday, 01-Jan-77 00:00:00 GMT", Some(220_924_800)),
            ("Sunday, 06-Nov-00 08:49:37 GMT", Some(973_500_577)),
            ("Thu, 18 Aug 2050 02:01:18 UTC", None),
            ("Thu, 18 Aug 2050 02:01:18 AEST", None),
            ("Thu, 18 Aug 2050 02:01:18", None),
            ("Thu, 18 Aug 2050 02:01:18 GMT ", None),
            ("Thu, 18 Aug 50 02:01:18 GMT", None),
            ("Thu 18 Aug 2050 02:01:18 GMT", None),
            ("Thu, 18  Aug  2050 02:01:18 GMT", None),
            ("Thu, 18-Aug-2050 02:01:18 GMT", None),
            ("Thu, 18 Aug 2050 02.01.18 GMT", None),
            ("Thu, 18 Aug 2050 2:01:18 GMT", None),
            ("Thu, 8 Aug 2050 02:01:18 GMT", None),
            ("Thu, 18 Aug 2050 24:01:18 GMT", None),
            ("Thu, 18 Aug 2050 02:60:18 GMT", None),
            ("Thu, 18 Aug 2050 02:01:61 GMT", None),
            ("Thu, 31 Feb 2050 02:01:18 GMT", None),
            ("Thu, +8 Aug 2050 02:01:18 GMT", None),
            ("Thursday, 18 Aug 2050 02:01:18 GMT", None),
            ("Thu, 18-Aug-50 02:01:18 GMT", None),
            ("Thu Aug 8 02:01:18 2050", None),
            ("0", None),
            ("-1", None),
            ("", None),
        ] {
            let have = HttpDate::parse(text.as_bytes(), NOW).map(HttpDate::seconds);
            assert_eq!(have, want, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for (seconds, want) in [
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (1_795_953_600, "Sun, 29 Nov 2026 12:00:00 GMT"),
        ] {
            let date = HttpDate::at(Timestamp::from_seconds(seconds));
            assert_eq!(date.to_string(), want);
            assert_eq!(HttpDate::parse(want.as_bytes(), NOW), Some(date));
        }
    }
}
