//! Dates in the three forms of RFC 9110 §5.6.7.

use gatehouse_filter::Date as Calendar;

use crate::harness::token;

/// Seconds from now, in one of the forms.
#[derive(Clone, Copy, Debug)]
pub(super) struct Date {
    from_now: i64,
    form: Form,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    Imf,
    Rfc850,
    Asctime,
}

/// As it should be written: `Sun, 06 Nov 1994 08:49:37 GMT`.
pub(super) fn at(from_now: i64) -> Date {
    Date { from_now, form: Form::Imf }
}

/// As RFC 850 had it: `Sunday, 06-Nov-94 08:49:37 GMT`.
pub(super) fn rfc850(from_now: i64) -> Date {
    Date { from_now, form: Form::Rfc850 }
}

/// As ANSI C's `asctime` writes it: `Sun Nov  6 08:49:37 1994`.
pub(super) fn asctime(from_now: i64) -> Date {
    Date { from_now, form: Form::Asctime }
}

impl Date {
    /// The date as text, of the time at which this is called.
    pub(super) fn text(self) -> String {
        let now = i64::try_from(token::now()).expect("it is before the year 292 billion");
        text(now + self.from_now, self.form)
    }
}

const DAYS: [&str; 7] =
    ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

fn text(unix: i64, form: Form) -> String {
    let (days, second) = (unix.div_euclid(86_400), unix.rem_euclid(86_400));
    let time = format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
    let date = Calendar::from_days_since_1970(days);
    let (year, day) = (date.year(), date.day());
    let weekday = DAYS[usize::try_from(days.rem_euclid(7)).expect("a day of the week")];
    let month = MONTHS[usize::from(date.month()) - 1];
    let short: String = weekday.chars().take(3).collect();
    match form {
        Form::Imf => format!("{short}, {day:02} {month} {year} {time} GMT"),
        Form::Rfc850 => format!("{weekday}, {day:02}-{month}-{:02} {time} GMT", year % 100),
        Form::Asctime => format!("{short} {month} {day:2} {time} {year}"),
    }
}

#[test]
fn a_date_is_written_in_three_forms() {
    for (unix, form, want) in [
        (784_111_777, Form::Imf, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (784_111_777, Form::Rfc850, "Sunday, 06-Nov-94 08:49:37 GMT"),
        (784_111_777, Form::Asctime, "Sun Nov  6 08:49:37 1994"),
        (0, Form::Imf, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (951_782_400, Form::Imf, "Tue, 29 Feb 2000 00:00:00 GMT"),
    ] {
        assert_eq!(text(unix, form), want);
    }
}
