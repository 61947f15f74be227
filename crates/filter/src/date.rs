//! Days of the Gregorian calendar.

/// A day that the calendar has, of any year.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Date {
    year: i32,
    /// 1 to 12.
    month: u8,
    /// 1 to 31.
    day: u8,
}

/// 400 years; then the calendar repeats.
const DAYS_OF_ERA: i64 = 146_097;

/// From the first of March of the year 0, which is where counting begins, so that the leap day is a
/// year's last.
const FROM_MARCH_0_TO_1970: i64 = 719_468;

impl Date {
    /// `None` where the calendar has no such day.
    ///
    /// ```
    /// use gatehouse_filter::Date;
    /// assert!(Date::new(2028, 2, 29).is_some());
    /// assert!(Date::new(2100, 2, 29).is_none());
    /// ```
    pub fn new(year: i32, month: u8, day: u8) -> Option<Self> {
        let exists = day >= 1 && day <= days_in(year, month)?;
        exists.then_some(Self { year, month, day })
    }

    /// The day that is so many after 1970-01-01. Years that no `i32` holds are the last that it
    /// does.
    ///
    /// ```
    /// use gatehouse_filter::Date;
    /// assert_eq!(Date::from_days_since_1970(19_723), Date::new(2024, 1, 1).unwrap());
    /// ```
    pub fn from_days_since_1970(days: i64) -> Self {
        // Howard Hinnant, "chrono-compatible low-level date algorithms", civil_from_days.
        let days = days.saturating_add(FROM_MARCH_0_TO_1970);
        let (era, day_of_era) = (days.div_euclid(DAYS_OF_ERA), days.rem_euclid(DAYS_OF_ERA));
        #[expect(
            clippy::arithmetic_side_effects,
            reason = "a day of an era is below 146 097, and all that is made of it below that"
        )]
        let (year_of_era, march_month, day) = {
            let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524
                - day_of_era / 146_096)
                / 365;
            let before_year = 365 * year_of_era + year_of_era / 4 - year_of_era / 100;
            let day_of_year = day_of_era - before_year;
            let march_month = (5 * day_of_year + 2) / 153;
            (year_of_era, march_month, day_of_year - (153 * march_month + 2) / 5 + 1)
        };
        let month = if march_month < 10 {
            march_month.saturating_add(3)
        } else {
            march_month.saturating_sub(9)
        };
        let year = era
            .saturating_mul(400)
            .saturating_add(year_of_era)
            .saturating_add((month <= 2).into())
            .clamp(i32::MIN.into(), i32::MAX.into());
        Self {
            year: i32::try_from(year).unwrap_or_default(),
            month: u8::try_from(month).unwrap_or(1),
            day: u8::try_from(day).unwrap_or(1),
        }
    }

    /// Days from 1970-01-01; of earlier days, less than 0.
    pub fn days_since_1970(self) -> i64 {
        let (year, month) = (i64::from(self.year), i64::from(self.month));
        #[expect(clippy::arithmetic_side_effects, reason = "a year is an i32, a month at most 12")]
        {
            let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
            let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
            // The months from March have 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31 days: 153 in
            // every five.
            let before_month = (153 * month + 2) / 5;
            365 * year + leap_days + before_month + i64::from(self.day) - 1 - FROM_MARCH_0_TO_1970
        }
    }

    /// The first day of the date's month.
    pub fn first_of_month(self) -> Self {
        Self { day: 1, ..self }
    }

    /// The first day of the month after the date's.
    pub fn first_of_next_month(self) -> Self {
        match self.month {
            12 => Self { year: self.year.saturating_add(1), month: 1, day: 1 },
            month => Self { month: month.saturating_add(1), day: 1, ..self },
        }
    }

    /// The year.
    pub fn year(self) -> i32 {
        self.year
    }

    /// The month, 1 to 12.
    pub fn month(self) -> u8 {
        self.month
    }

    /// The day of the month, 1 to 31.
    pub fn day(self) -> u8 {
        self.day
    }
}

fn days_in(year: i32, month: u8) -> Option<u8> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    Some(match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_follow_each_other_over_1600_years() {
        let mut date = Date::new(1199, 12, 31).unwrap();
        let first = date.days_since_1970();
        for days in first..first + 4 * DAYS_OF_ERA {
            assert_eq!(date.days_since_1970(), days, "{date:?}");
            assert_eq!(Date::from_days_since_1970(days), date, "{days}");
            date = Date::new(date.year, date.month, date.day + 1)
                .unwrap_or_else(|| date.first_of_next_month());
        }
        assert_eq!(date, Date::new(2799, 12, 31).unwrap());
    }

    #[test]
    fn known_days_are_where_they_belong() {
        for ((year, month, day), days) in [
            ((1970, 1, 1), 0),
            ((1969, 12, 31), -1),
            ((1970, 3, 1), 59),
            ((2000, 2, 29), 11_016),
            ((2000, 3, 1), 11_017),
            ((2024, 2, 29), 19_782),
            ((2100, 3, 1), 47_541),
            ((0, 3, 1), -719_468),
            ((9999, 12, 31), 2_932_896),
        ] {
            let date = Date::new(year, month, day).unwrap();
            assert_eq!(date.days_since_1970(), days, "{date:?}");
            assert_eq!(Date::from_days_since_1970(days), date);
            assert_eq!((date.year(), date.month(), date.day()), (year, month, day));
            assert_eq!(date.first_of_month(), Date::new(year, month, 1).unwrap());
        }
    }

    #[test]
    fn a_day_that_the_calendar_lacks_is_none() {
        for (year, month, day) in [
            (2027, 2, 29),
            (2100, 2, 29),
            (2028, 2, 30),
            (2027, 4, 31),
            (2027, 1, 32),
            (2027, 0, 1),
            (2027, 13, 1),
            (2027, 1, 0),
        ] {
            assert_eq!(Date::new(year, month, day), None, "{year}-{month}-{day}");
        }
    }

    #[test]
    fn no_number_of_days_is_too_large() {
        for days in [i64::MIN, i64::MIN / 2, i64::MAX / 2, i64::MAX] {
            let date = Date::from_days_since_1970(days);
            assert_eq!(date.year() < 0, days < 0, "{days}");
        }
    }
}
