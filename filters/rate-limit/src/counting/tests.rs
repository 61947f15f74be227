use super::*;
use crate::RateLimit;
use gatehouse_filter_test::configured;

#[test]
fn a_service_that_fails_is_left_alone_but_for_one_call_now_and_then() {
    let trouble = Trouble::default();
    let now = Timestamp::from_seconds(1_790_000_000);
    for _ in 1..IN_A_ROW {
        trouble.ended(false, now);
    }
    assert!(trouble.lets_call(now), "a few failures are an accident");
    trouble.ended(false, now);
    assert!(!trouble.lets_call(now));
    let later = now.after(PAUSE);
    assert!(trouble.lets_call(later), "one finds out");
    assert!(!trouble.lets_call(later), "and only one");
    assert!(trouble.lets_call(Timestamp::from_seconds(1_789_996_400)), "a clock that was set back");
    trouble.ended(true, later);
    assert!(trouble.lets_call(later) && trouble.lets_call(later));
}

#[test]
fn what_counts_nowhere_is_refused() {
    let rule = |counting: &str| {
        format!(
            r#"{{"rules": [{{"limits": [{{"requests": 40, "window": "1s"}}], "counting": {counting}}}]}}"#
        )
    };
    let of = |more: &str| rule(&format!(r#"{{"mode": "global", "cluster": "rls"{more}}}"#));
    let long = format!(r#"{{"mode": "global", "cluster": "{}"}}"#, "c".repeat(121));
    for (json, fault) in [
        (rule("{}"), "rules[0].counting.mode: is required"),
        (
            rule(r#"{"mode": "globe"}"#),
            "rules[0].counting.mode: must be one of local, global, hybrid",
        ),
        (
            rule(r#"{"mode": "local", "cluster": "rls"}"#),
            "rules[0].counting.cluster: unknown field",
        ),
        (rule(r#"{"mode": "hybrid"}"#), "rules[0].counting.cluster: is required"),
        (rule(r#"{"mode": "global", "cluster": ""}"#), "rules[0].counting.cluster: must"),
        (rule(&long), "rules[0].counting.cluster: must be 1 to 120 bytes"),
        (of(r#", "timeout": "0s""#), "rules[0].counting.timeout: must be from 1ms to 10s"),
        (of(r#", "timeout": "11s""#), "rules[0].counting.timeout: must be from 1ms to 10s"),
        (
            of(r#", "on_error": "pass""#),
            "rules[0].counting.on_error: must be one of deny, allow, local_share",
        ),
        (
            of(r#", "on_error": "local_share""#),
            "rules[0].counting: `on_error: local_share` needs `gateways`",
        ),
        (of(r#", "gateways": 2"#), "rules[0].counting.gateways: goes with `on_error: local_share`"),
        (
            of(r#", "on_error": "local_share", "gateways": 0"#),
            "rules[0].counting.gateways: must be from 1 to 10000",
        ),
        (of(r#", "batch": 2"#), "rules[0].counting.batch: goes with `mode: hybrid`"),
        (
            of("").replace(r#""rules""#, r#""apply": "all", "rules""#),
            "rules: with `apply: all`, every rule counts locally",
        ),
        (
            of("").replace(
                r#""limits""#,
                r#""cost": {"response_header": "x", "default": 0, "most": 2}, "limits""#,
            ),
            "rules[0].counting: a service is asked about the `default` of a cost that the response",
        ),
    ] {
        let faults = configured::<RateLimit>(&json).map(|_| ()).unwrap_err();
        assert!(faults.iter().any(|told| told.starts_with(fault)), "{json}: {faults:?}");
    }
    for json in [
        rule(r#"{"mode": "local"}"#),
        of(""),
        of(r#", "domain": "x", "timeout": "10s", "on_error": "allow""#),
    ] {
        assert!(configured::<RateLimit>(&json).is_ok(), "{json}");
    }
}

#[test]
fn a_batch_is_a_twentieth_of_the_limit_unless_it_is_said() {
    for (more, want) in [("", 2), (r#", "batch": 7"#, 7)] {
        let json = format!(
            r#"{{"rules": [{{"limits": [{{"requests": 40, "window": "1s"}}, {{"requests": 90, "window": "1m"}}],
                "counting": {{"mode": "hybrid", "cluster": "rls"{more}}}}}]}}"#
        );
        let filter = configured::<RateLimit>(&json).unwrap();
        let lease = filter.rules.iter().find_map(|rule| rule.action.remote.as_ref()?.lease);
        assert_eq!(lease.map(|terms| terms.most), Some(want));
    }
}
