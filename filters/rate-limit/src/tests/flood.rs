//! Clients that nobody has seen, in numbers, against a client that is over its limit.

use super::*;

/// A login of 15 a minute, and another rule for every other path.
fn login_and(other: &str, login: &str) -> String {
    format!(
        r#"{{"keys": 1024, "rules": [
            {{"name": "login", "match": {{"path": {{"exact": "/login"}}}}, "key": [{{"header": "x-key"}}], {login}}},
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
    ] {
        let host = FakeHost::at(NOW);
        let filter = filter(&login_and(other, login), &host);
        let mut passed = 0;
        for round in 0..4 {
            passed += (0..200).filter(|_| passes(&filter, &host, "/login", "victim")).count();
            for number in 0..5_000 {
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
    ] {
        let host = FakeHost::at(NOW);
        let filter = filter(&login_and(limits, limits), &host);
        let mut passed = 0;
        for round in 0..4 {
            passed += (0..50).filter(|_| passes(&filter, &host, "/login", "victim")).count();
            for number in 0..5_000 {
                passes(&filter, &host, "/login", &format!("fresh-{round}-{number}"));
            }
        }
        assert_eq!(passed, 15, "{limits}");
        assert!(host.counted(Event::EvictedLive) > 15_000, "{limits}");
    }
}
