use super::*;
use gatehouse_filter_test::configured_in;

const VARIABLES: &[(&str, &str)] =
    &[("KEY", "s3cret ${method} $"), ("LINES", "a\r\nx-admin: 1"), ("GOLD", "g0ld")];

fn read(request: &str) -> Result<HeaderTransform, Vec<String>> {
    configured_in(&format!(r#"{{"rules": [{{"name": "all", "request": {request}}}]}}"#), VARIABLES)
}

#[test]
fn a_value_in_a_variable_is_written_as_it_is() {
    let filter = read(
        r#"[{"set": {"name": "x-key", "value": {"env": "KEY"}}},
            {"map": {"from": "x-plan", "to": "x-plan", "table": {"p1": {"env": "GOLD"}},
                "default": {"env": "KEY"}}}]"#,
    );
    let filter = filter.unwrap();
    let outcome = put(&filter, &[("x-key", b"forged"), ("x-plan", b"p1")]);
    assert_eq!(head(&outcome.headers), ["x-key: s3cret ${method} $", "x-plan: g0ld"]);
    let printed = format!("{filter:?}");
    assert!(!printed.contains("s3cret") && !printed.contains("g0ld"), "{printed}");
}

#[test]
fn a_value_that_is_not_there_or_no_value_is_told_once() {
    for (operation, want) in [
        (r#"{"set": {"name": "a", "value": {"env": "KYE"}}}"#, "the VM has no variable `KYE`"),
        (
            r#"{"set": {"name": "a", "value": {"env": "LINES"}}}"#,
            "must not contain CR, LF, NUL or other control characters",
        ),
        (r#"{"set": {"name": "a", "value": {"evn": "KEY"}}}"#, ".env: is required"),
    ] {
        let faults = read(&format!("[{operation}]")).unwrap_err();
        assert!(faults[0].starts_with("rules[0].request[0].set.value"), "{faults:?}");
        assert!(faults[0].contains(want), "{operation}: {faults:?}");
        assert!(!faults.concat().contains("x-admin"), "{faults:?}");
    }
}
