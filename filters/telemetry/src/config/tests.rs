use crate::Telemetry;
use gatehouse_filter::{Filter as _, Need};
use gatehouse_filter_test::configured;

#[test]
fn a_fault_is_named_with_its_path() {
    for (json, fault) in [
        (
            "{}",
            "does nothing: at least one of `requests`, `bytes`, `duration`, `cost`, `samples` is",
        ),
        (r#"{"requests": {"labels": ["path"]}}"#, "requests.labels[0]: must be one of"),
        (
            r#"{"requests": {"labels": ["route", "tier", "route"]}}"#,
            "requests.labels: has the same label twice",
        ),
        (r#"{"requests": {"label": []}}"#, "requests.label: unknown field"),
        (
            r#"{"bytes": {"labels": ["method"]}}"#,
            "bytes.labels[0]: bytes are told apart by route and caller alone",
        ),
        (
            r#"{"cost": {"labels": ["rule", "status_class"]}}"#,
            "cost.labels[1]: costs are told apart by rule, route and caller alone",
        ),
        (r#"{"requests": {"labels": ["rule"]}}"#, "requests.labels[0]: is a label of `cost` alone"),
        (
            r#"{"requests": {}, "cost": {"labels": []}, "labels": {"rule": {"most": 3}}}"#,
            "`labels.rule` does nothing: no metric has this label",
        ),
        (r#"{"requests": {}, "labels": {"method": {"most": 3}}}"#, "labels.method: unknown field"),
        (
            r#"{"requests": {}, "labels": {"subject": {"most": 3}}}"#,
            "`labels.subject` does nothing: no metric has this label",
        ),
        (
            r#"{"requests": {}, "labels": {"consumer": {"most": 0}}}"#,
            "labels.consumer.most: must be",
        ),
        (
            r#"{"requests": {}, "labels": {"consumer": {"most": 1, "always": ["a", "b"]}}}"#,
            "labels.consumer: has more values in `always` than `most`",
        ),
        (
            r#"{"requests": {}, "labels": {"consumer": {"always": ["_OTHER"]}}}"#,
            "labels.consumer.always[0]: is no value of anybody's own",
        ),
        (
            r#"{"samples": {"errors": false}}"#,
            "samples: does nothing: without `slow` there are samples of `errors` alone",
        ),
        (r#"{"samples": {"per_minute": 0}}"#, "samples.per_minute: must be"),
        (r#"{"request": {}}"#, "request: unknown field"),
    ] {
        let faults = configured::<Telemetry>(json).err().unwrap_or_default();
        assert!(faults.iter().any(|line| line.contains(fault)), "{json}: {faults:?}");
    }
}

#[test]
fn it_needs_what_it_is_configured_to_do_and_no_more() {
    for (json, want) in [
        (r#"{"requests": {"labels": ["method", "status_class"]}}"#, &[][..]),
        (r#"{"requests": {"labels": ["consumer"]}}"#, &[Need::Store, Need::Gauges]),
        (r#"{"cost": {"labels": []}}"#, &[]),
        (r#"{"cost": {"labels": ["rule"]}}"#, &[Need::Store, Need::Gauges]),
        (r#"{"duration": {"labels": []}}"#, &[Need::Gauges, Need::Clock]),
        (r#"{"samples": {}}"#, &[Need::Clock]),
    ] {
        assert_eq!(configured::<Telemetry>(json).unwrap().needs(), want, "{json}");
    }
}
