use super::*;

/// Nanoseconds since 1970 of a date and time in UTC.
fn utc(year: i32, month: u8, day: u8, seconds: i64) -> u64 {
    let days = Date::new(year, month, day).unwrap().days_since_1970();
    u64::try_from(days * DAY + seconds).unwrap() * 1_000_000_000
}

const NOON: i64 = DAY / 2;

fn calendar(period: Period, hours: i32) -> Calendar {
    Calendar { period, offset: hours * 3_600 }
}

/// One request of this cost: whether it passes.
fn ask(calendar: &Calendar, requests: u32, cost: u32, stored: &mut Arrival, now: u64) -> bool {
    let mut level = calendar.level(requests, *stored, now);
    let allowed = level.allows(cost);
    if allowed {
        level.charge(cost.into());
    }
    if allowed || level.corrected() {
        *stored = level.arrival();
    }
    allowed
}

fn passed(calendar: &Calendar, requests: u32, stored: &mut Arrival, now: u64) -> u32 {
    (0..requests + 50).map(|_| u32::from(ask(calendar, requests, 1, stored, now))).sum()
}

#[test]
fn windows_begin_and_end_where_the_calendar_says() {
    let now = utc(2028, 2, 29, NOON + 1_234);
    for (calendar, start, end) in [
        (calendar(Period::Second, 0), now, now + 1_000_000_000),
        (
            calendar(Period::Minute, 0),
            utc(2028, 2, 29, NOON + 1_200),
            utc(2028, 2, 29, NOON + 1_260),
        ),
        (calendar(Period::Hour, 0), utc(2028, 2, 29, NOON), utc(2028, 2, 29, NOON + 3_600)),
        (calendar(Period::Day, 0), utc(2028, 2, 29, 0), utc(2028, 3, 1, 0)),
        (calendar(Period::Month, 0), utc(2028, 2, 1, 0), utc(2028, 3, 1, 0)),
        // At noon in UTC it is two in the morning of the next day and month there.
        (calendar(Period::Day, 14), utc(2028, 2, 29, 10 * 3_600), utc(2028, 3, 1, 10 * 3_600)),
        (calendar(Period::Month, 14), utc(2028, 2, 29, 10 * 3_600), utc(2028, 3, 31, 10 * 3_600)),
        (calendar(Period::Day, -10), utc(2028, 2, 29, 10 * 3_600), utc(2028, 3, 1, 10 * 3_600)),
        (calendar(Period::Month, -10), utc(2028, 2, 1, 10 * 3_600), utc(2028, 3, 1, 10 * 3_600)),
        (
            Calendar { period: Period::Hour, offset: 5 * 3_600 + 1_800 },
            utc(2028, 2, 29, NOON - 1_800),
            utc(2028, 2, 29, NOON + 1_800),
        ),
    ] {
        assert_eq!(calendar.window(now), (start, end), "{calendar:?}");
        assert_eq!(calendar.window(start), (start, end), "{calendar:?}");
        assert_eq!(calendar.window(end - 1), (start, end), "{calendar:?}");
        assert_eq!(calendar.window(end).0, end, "{calendar:?}");
    }
    let december = calendar(Period::Month, 0).window(utc(2027, 12, 31, DAY - 1));
    assert_eq!(december, (utc(2027, 12, 1, 0), utc(2028, 1, 1, 0)));
}

#[test]
fn each_window_passes_its_requests_and_no_more() {
    for period in [Period::Second, Period::Minute, Period::Hour, Period::Day, Period::Month] {
        let calendar = calendar(period, 1);
        let mut stored = Arrival::default();
        let mut now = utc(2026, 11, 24, NOON);
        for _ in 0..30 {
            let (start, end) = calendar.window(now);
            assert_eq!(passed(&calendar, 7, &mut stored, now), 7, "{period:?}");
            for later in [start, now, end - 1] {
                assert!(!ask(&calendar, 7, 1, &mut stored, later.max(now)), "{period:?}");
            }
            now = end;
        }
    }
}

#[test]
fn the_level_tells_what_is_left_and_when() {
    let calendar = calendar(Period::Day, 0);
    let now = utc(2026, 11, 24, DAY - 90);
    let mut stored = Arrival::default();
    assert!(ask(&calendar, 10, 4, &mut stored, now));
    let level = calendar.level(10, stored, now + 1);
    assert_eq!(
        (level.requests(), level.window(), level.remaining(), level.reset()),
        (10, 86_400, 6, 90)
    );
    for (cost, wait) in [(0, Some(0)), (6, Some(0)), (7, Some(90)), (10, Some(90)), (11, None)] {
        assert_eq!(level.retry_after(cost), wait, "{cost}");
    }
    assert_eq!(calendar.level(0, stored, now).retry_after(1), None, "nothing ever passes");
}

#[test]
fn a_cost_that_is_told_afterwards_may_use_more_than_there_is_until_the_window_ends() {
    let calendar = calendar(Period::Minute, 0);
    let now = utc(2026, 11, 24, NOON);
    let mut level = calendar.level(10, Arrival::default(), now);
    level.charge(25);
    assert_eq!((level.remaining(), level.allows(0), level.retry_after(1)), (0, false, Some(60)));
    level.charge(-16);
    assert_eq!(level.remaining(), 1);
    level.charge(i64::MIN);
    assert_eq!(level.remaining(), 10);
    level.charge(i64::MAX);
    assert_eq!(level.arrival().part, u32::MAX);
    let next = calendar.level(10, level.arrival(), now + 60_000_000_000);
    assert_eq!(next.remaining(), 10);
}

#[test]
fn a_clock_that_steps_an_hour_gives_one_window_at_most_and_locks_nobody_out() {
    const HOUR: u64 = 3_600_000_000_000;
    for period in [Period::Minute, Period::Hour, Period::Day, Period::Month] {
        let calendar = calendar(period, 0);
        let (start, end) = calendar.window(utc(2026, 11, 24, NOON));
        // Forward over an edge, and back: the window after the edge is given once.
        let mut stored = Arrival::default();
        let now = end - 1;
        assert_eq!(passed(&calendar, 5, &mut stored, now), 5, "{period:?}");
        assert_eq!(passed(&calendar, 5, &mut stored, now + HOUR), 5, "{period:?}");
        assert_eq!(
            passed(&calendar, 5, &mut stored, now),
            0,
            "{period:?}: what was used stays used"
        );
        assert_eq!(
            passed(&calendar, 5, &mut stored, end),
            5,
            "{period:?}: and the next window comes"
        );
        // Back over an edge: what was used counts in the earlier window.
        let mut stored = Arrival::default();
        assert_eq!(passed(&calendar, 5, &mut stored, start), 5, "{period:?}");
        let back = start - HOUR;
        assert_eq!(passed(&calendar, 5, &mut stored, back), 0, "{period:?}");
        assert_eq!(passed(&calendar, 5, &mut stored, calendar.window(back).1), 5, "{period:?}");
    }
}

#[test]
fn times_at_the_ends_of_their_type_saturate() {
    for now in [0, 1, u64::MAX - 1, u64::MAX] {
        for stored in [Arrival::default(), Arrival { nanoseconds: u64::MAX, part: u32::MAX }] {
            for period in [Period::Second, Period::Month] {
                for hours in [-14, 14] {
                    let mut level = calendar(period, hours).level(u32::MAX, stored, now);
                    level.charge(i64::MAX);
                    let _ = (
                        level.arrival(),
                        level.remaining(),
                        level.reset(),
                        level.retry_after(u32::MAX),
                    );
                }
            }
        }
    }
}

#[test]
fn what_was_used_in_an_earlier_window_is_not_given_back_in_this_one() {
    let calendar = calendar(Period::Day, 0);
    let (evening, morning) = (utc(2026, 11, 24, DAY - 1), utc(2026, 11, 25, 1));
    let mut stored = Arrival::default();
    assert!(ask(&calendar, 10, 4, &mut stored, evening));
    assert!(ask(&calendar, 10, 7, &mut stored, morning));
    let mut level = calendar.level(10, stored, morning + 1);
    level.give_back(4, evening);
    assert_eq!(level.remaining(), 3);
    level.give_back(4, morning);
    assert_eq!(level.remaining(), 7);
}
