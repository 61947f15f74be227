use super::*;

const CEL: &str = "source.port > 1024";

/// What rules with this condition decide, by what the host makes of it.
fn decides(action: &str, principals: Value, host: &FakeHost) -> Code {
    let rule = json!({"action": action, "condition": CEL, "principals": principals});
    let other = if action == "allow" { "deny" } else { "allow" };
    let filter = filter(json!([rule, {"action": other}]));
    filter.start(host).unwrap();
    get(&filter, host, "/").decision.code
}

#[test]
fn a_condition_must_hold_beside_the_principals() {
    let (is, is_not) = (json!([{"subjects": ["alice"]}]), json!([{"subjects": ["bob"]}]));
    for (value, principals, allow, deny) in [
        (Some(true), &is, Code::Allowed, Code::Denied),
        (Some(false), &is, Code::Denied, Code::Allowed),
        (Some(true), &is_not, Code::Denied, Code::Allowed),
        // It failed.
        (None, &is, Code::Denied, Code::Denied),
        (None, &is_not, Code::Denied, Code::Allowed),
    ] {
        let host = known("alice", &[]);
        host.express(CEL, value);
        assert_eq!(
            decides("allow", principals.clone(), &host),
            allow,
            "allow {value:?} {principals}"
        );
        assert_eq!(decides("deny", principals.clone(), &host), deny, "deny {value:?} {principals}");
    }
}

#[test]
fn a_condition_alone_is_about_everybody() {
    let filter = filter(json!([{"action": "allow", "condition": CEL}]));
    let host = FakeHost::default();
    host.express(CEL, Some(true));
    assert_eq!(get(&filter, &host, "/").decision.code, Code::NoRule, "not compiled yet");
    filter.start(&host).unwrap();
    // More than once a process.
    filter.start(&host).unwrap();
    assert_eq!(get(&filter, &host, "/").decision.code, Code::Allowed);
    host.express(CEL, Some(false));
    assert_eq!(get(&filter, &host, "/").decision.code, Code::NoRule);
}

#[test]
fn a_condition_that_does_not_compile_is_a_fault_of_the_configuration() {
    let filter = filter(json!([
        {"action": "allow", "condition": "nonsense ("},
        {"action": "allow", "condition": CEL},
        {"action": "deny"},
    ]));
    let host = FakeHost::default();
    let paths = |faults: Result<(), Vec<ConfigError>>| {
        faults.unwrap_err().into_iter().map(|fault| fault.path).collect::<Vec<_>>()
    };
    assert_eq!(paths(filter.start(&host)), ["rules[0].condition", "rules[1].condition"]);
    host.express(CEL, Some(true));
    assert_eq!(paths(filter.start(&host)), ["rules[0].condition"]);
    for condition in [json!(""), json!(true), json!(null)] {
        let json = json!({"rules": [{"action": "allow", "condition": condition}]}).to_string();
        assert_eq!(check::<Authorization>(json.as_bytes()).len(), 1, "{json}");
    }
}

#[test]
fn no_scope_is_told_where_the_condition_is_missing_too() {
    for (value, want) in
        [(Some(true), Code::InsufficientScope), (Some(false), Code::NoRule), (None, Code::NoRule)]
    {
        let rule = json!({"action": "allow", "condition": CEL, "principals": [{"scopes": {"all": ["a"]}}]});
        let json = json!({"rules": [rule], "tell_scopes": true}).to_string();
        let filter = configured::<Authorization>(&json).unwrap();
        let host = known("alice", &[]);
        host.express(CEL, value);
        filter.start(&host).unwrap();
        assert_eq!(get(&filter, &host, "/").decision.code, want, "{value:?}");
    }
}
