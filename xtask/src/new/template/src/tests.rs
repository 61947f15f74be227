use super::*;
use gatehouse_filter_test::{FakeHost, ask, configured};

const RULES: &str =
    r#"[{"name": "open", "match": {"path": {"prefix": "/open"}}, "require": "none"}]"#;

fn filter(mode: &str) -> MyFilter {
    configured(&format!(r#"{{"mode": "{mode}", "rules": {RULES}}}"#)).unwrap()
}

#[test]
fn a_request_names_one_tenant() {
    for (case, fields, code, status) in [
        ("one", &[("x-tenant", &b"acme"[..])][..], Code::Allowed, None),
        ("one that is not UTF-8", &[("x-tenant", b"\xff")], Code::Allowed, None),
        ("none", &[], Code::TenantMissing, Some(400)),
        ("an empty one", &[("x-tenant", b"")], Code::TenantMissing, Some(400)),
        ("two", &[("x-tenant", b"a"), ("x-tenant", b"b")], Code::TenantRepeated, Some(400)),
        ("none where none is needed", &[(":path", b"/open/x")], Code::NotRequired, None),
        (
            "a path that leads elsewhere",
            &[(":path", b"/open/..;/x")],
            Code::TargetAmbiguous,
            Some(400),
        ),
    ] {
        let asked = ask(&filter("enforce"), &FakeHost::default(), fields);
        assert_eq!((asked.decision.code, asked.status()), (code, status), "{case}");
        // A dry run decides the same, and lets the request go on.
        let asked = ask(&filter("shadow"), &FakeHost::default(), fields);
        assert_eq!((asked.decision.code, asked.status()), (code, None), "{case}, shadow");
    }
}

#[test]
fn the_rule_that_decided_is_told() {
    let asked = ask(&filter("enforce"), &FakeHost::default(), &[(":path", "/open")]);
    assert_eq!(asked.decision.rule.as_deref(), Some("open"));
}

#[test]
fn every_fault_of_a_configuration_is_told_in_one_run() {
    for (json, want) in [
        ("{}", &["rules: is required"][..]),
        (r#"{"rules": []}"#, &["rules: must not be empty"]),
        (
            r#"{"mode": "off", "rules": [{"require": "both"}]}"#,
            &[
                "mode: must be one of enforce, shadow",
                "rules[0].require: must be one of none, tenant",
            ],
        ),
    ] {
        assert_eq!(configured::<MyFilter>(json).err().unwrap(), want, "{json}");
    }
}
