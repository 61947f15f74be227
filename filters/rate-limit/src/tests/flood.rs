//! Clients that nobody has seen, in numbers, against a client that is over its limit.

use super::*;

/// A login of 15 a minute, and another rule for every other path.
fn login_and(other: &str, login: &str) -> String {
    format!(
        r#"{{"keys": 64, "rules": [
            {{"name": "login", "match": {{"path": {{"exact": "/login"}}}},
            "key": [{{"header": "x-key"}}], {login}}},
            {{"name": "other", "key": [{{"header": "x-key"}}], {other}}}]}}"#
    )
}

fn passes(filter: &RateLimit, host: &FakeHost, path: &str, key: &str) -> bool {
    ask(filter, host, &[(":path", path), ("x-key", key)]).decision.code == Code::Allowed
}

#[test]
fn fresh_keys_of_one_rule_never_free_a_client_of_another() {
    const MINUTE: &str = r#""limits": [{"requests": 15, "window": "1m"}]"#;
    const MONTHLY: &str = r#""limits": [{"requests": 100, "window": "30d"}]"#;
    const ONE: &str = r#""limits": [{"requests": 1, "window": "1m"}]"#;
    const CALENDAR: &str = r#""limits": [{"requests": 15, "per": "month"}]"#;
    const SPACED: &str = r#""limits": [{"requests": 15, "window": "30d", "burst": 1}]"#;
    const SLIDING: &str =
        r#""limits": [{"requests": 15, "window": "1m", "algorithm": "sliding_window"}]"#;
    const WIDE: &str =
        r#""limits": [{"requests": 100, "window": "30d", "algorithm": "sliding_window"}]"#;
    const COSTLY: &str = r#""limits": [{"requests": 15, "window": "1m"}], "cost": 15"#;
    for (other, login, most) in [
        (MONTHLY, MINUTE, 15),
        (MINUTE, MONTHLY, 100),
        (CALENDAR, MINUTE, 15),
        (MINUTE, CALENDAR, 15),
        (ONE, MINUTE, 15),
        (SPACED, MINUTE, 15),
        (COSTLY, MINUTE, 15),
        (MINUTE, MINUTE, 15),
        (CALENDAR, CALENDAR, 15),
        (MONTHLY, SLIDING, 15),
        (SLIDING, MINUTE, 15),
        (SLIDING, SLIDING, 15),
        (SLIDING, WIDE, 100),
        (WIDE, SLIDING, 15),
    ] {
        let host = FakeHost::at(NOW);
        let filter = filter(&login_and(other, login), &host);
        let mut passed = 0;
        for round in 0..4 {
            passed += (0..200).filter(|_| passes(&filter, &host, "/login", "victim")).count();
            for number in 0..500 {
                passes(&filter, &host, "/", &format!("fresh-{round}-{number}"));
            }
        }
        assert_eq!(passed, most, "login {login}, flooded with {other}");
    }
}

#[test]
fn fresh_keys_of_the_same_rule_replace_each_other_before_one_that_is_over_its_limit() {
    for limits in [
        r#""limits": [{"requests": 15, "window": "1m"}]"#,
        r#""limits": [{"requests": 15, "per": "day"}]"#,
        r#""limits": [{"requests": 15, "window": "1m"}, {"requests": 900, "per": "day"}]"#,
        r#""limits": [{"requests": 15, "window": "1m", "algorithm": "sliding_window"}]"#,
        r#""limits": [{"requests": 900, "window": "1d", "algorithm": "sliding_window"},
            {"requests": 15, "window": "1m"}]"#,
        // The day is nearly as it was, but the client has nothing left for a second.
        r#""limits": [{"requests": 90000, "per": "day"}, {"requests": 15, "window": "1m",
            "algorithm": "sliding_window"}]"#,
    ] {
        let host = FakeHost::at(NOW);
        let filter = filter(&login_and(limits, limits), &host);
        let mut passed = 0;
        for round in 0..4 {
            passed += (0..50).filter(|_| passes(&filter, &host, "/login", "victim")).count();
            for number in 0..500 {
                passes(&filter, &host, "/login", &format!("fresh-{round}-{number}"));
            }
        }
        assert_eq!(passed, 15, "{limits}");
        assert!(host.counted(Event::EvictedLive) > 1_500, "{limits}");
    }
}

#[test]
fn an_eviction_says_whose_client_it_was_and_of_which_limit() {
    // One table, for the limits are the same; the client is the login's, the flood is the other's.
    const LIMITS: &str = r#""limits": [{"name": "day", "requests": 900, "per": "day"},
        {"name": "minute", "requests": 15, "window": "1m"}]"#;
    let host = FakeHost::at(NOW);
    let filter = filter(&login_and(LIMITS, LIMITS).replace("64", "8"), &host);
    let counted = || [0, 1].map(|rule| host.counted_of_rule(rule, Count::EvictedLive));
    assert!((0..3).all(|_| passes(&filter, &host, "/login", "victim")));
    let spend = |key: &str| assert!((0..4).all(|_| passes(&filter, &host, "/", key)), "{key}");
    (0..7).for_each(|number| spend(&format!("busy-{number}")));
    assert_eq!((counted(), host.take_warnings().len()), ([0, 0], 0));
    spend("one-more");
    assert_eq!((counted(), host.counted(Event::EvictedLive)), ([1, 0], 1));
    let warnings = host.take_warnings();
    assert_eq!(
        warnings,
        [
            "rate-limit: clients that lost their slots before they had paid back: 1; the last was of \
          rule `login` and had used 20 % of limit `minute`: raise `keys`"
        ]
    );
    // A flood is told about once a minute, and counted under the rule that its clients are of.
    for number in 0..500 {
        passes(&filter, &host, "/", &format!("fresh-{number}"));
    }
    assert_eq!((counted(), host.take_warnings().len()), ([1, 500], 0));
    host.clock.advance(Duration::from_secs(59));
    spend("nearly-a-minute-later");
    assert_eq!(host.take_warnings().len(), 0);
    host.clock.advance(Duration::from_secs(1));
    (0..9).for_each(|number| spend(&format!("later-{number}")));
    let warnings = host.take_warnings();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("of rule `other`"), "{warnings:?}");
    assert!(!warnings[0].contains("busy") && !warnings[0].contains("victim"), "{warnings:?}");
}
