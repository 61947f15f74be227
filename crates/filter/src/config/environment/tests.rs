use super::*;
use crate::config::{self, read_value_in};
use serde_json::json;

/// An environment in which some names mean something else than a value.
struct Fake;

impl Environment for Fake {
    fn variable(&self, name: &str) -> Variable {
        match name {
            "SECRET" => Variable::Holds(b"s3cret".to_vec()),
            "FROM_FILE" => Variable::Holds(b"s3cret\n".to_vec()),
            "FROM_WINDOWS" => Variable::Holds(b"s3cret\r\n".to_vec()),
            "TWO_LINES" => Variable::Holds(b"a\nb\n\n".to_vec()),
            "EMPTY" => Variable::Holds(Vec::new()),
            "LINE_BREAK" => Variable::Holds(b"\n".to_vec()),
            "BYTES" => Variable::Holds(b"s3cret\xff".to_vec()),
            "FORBIDDEN" => Variable::Refused("environ_get"),
            "ELSEWHERE" => Variable::Unknown,
            _ => Variable::Absent,
        }
    }
}

fn read(value: &Value) -> Result<String, Vec<String>> {
    let read = read_value_in(value, &Fake, |node| {
        let mut fields = node.fields()?;
        let secret = fields.required("secret", |node| node.secret());
        fields.finish();
        Some(secret?.to_string())
    });
    read.map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

#[test]
fn a_secret_is_what_it_says_or_what_its_variable_holds() {
    for (secret, want) in [
        (json!("as it is\n"), "as it is\n"),
        (json!("${SECRET}"), "${SECRET}"),
        (json!({"env": "SECRET"}), "s3cret"),
        (json!({"env": "FROM_FILE"}), "s3cret"),
        (json!({"env": "FROM_WINDOWS"}), "s3cret"),
        (json!({"env": "TWO_LINES"}), "a\nb\n"),
    ] {
        assert_eq!(read(&json!({"secret": secret})).as_deref(), Ok(want), "{secret}");
    }
}

#[test]
fn what_cannot_be_looked_up_is_told_with_its_place_and_never_with_its_value() {
    for (secret, want) in [
        (json!(1), "secret: must be text, or {env: NAME}"),
        (json!(""), "secret: must not be empty"),
        (json!({}), "secret.env: is required"),
        (json!({"evn": "SECRET"}), "secret.env: is required"),
        (json!({"env": ["SECRET"]}), "secret.env: must be text"),
        (json!({"env": ""}), "secret.env: must not be empty"),
        (json!({"env": "A=B"}), "secret.env: must be the name of a variable"),
        (json!({"env": "EMPTY"}), "secret: the variable `EMPTY` is empty"),
        (json!({"env": "LINE_BREAK"}), "secret: the variable `LINE_BREAK` is empty"),
        (json!({"env": "BYTES"}), "secret: the variable `BYTES` holds what is not UTF-8"),
        (
            json!({"env": "SECRETS"}),
            "secret: the VM has no variable `SECRETS`: add it to \
             vm_config.environment_variables, as one of key_values, or, with it in Envoy's own \
             environment, to host_env_keys (Istio: vmConfig.env; Envoy Gateway: env.hostKeys)",
        ),
        (
            json!({"env": "FORBIDDEN"}),
            "secret: cannot be looked up: capability_restriction_config must allow `environ_get`",
        ),
    ] {
        let faults = read(&json!({"secret": secret})).unwrap_err();
        assert_eq!(faults.first().map(String::as_str), Some(want), "{secret}");
        assert!(!faults.concat().contains("s3cret"), "{faults:?}");
    }
}

#[test]
fn what_is_known_elsewhere_alone_is_no_fault_and_hides_none() {
    assert_eq!(read(&json!({"secret": {"env": "ELSEWHERE"}})), Err(vec![]));
    assert_eq!(
        read(&json!({"secret": {"env": "ELSEWHERE"}, "secert": 1})),
        Err(vec!["secert: unknown field, did you mean `secret`?".to_owned()])
    );
}

#[test]
fn what_is_not_the_plugins_own_configuration_names_no_variable() {
    let faults = config::read(br#"{"env": "SECRET"}"#, |node| node.secret().map(drop)).unwrap_err();
    let told: Vec<_> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["must be text: only the plugin's own configuration may refer"]);
}

#[test]
fn references_are_resolved_wherever_they_stand() {
    let value = json!({"keys": [{"kid": "a", "k": {"env": "SECRET"}}, 1, null], "x": {"y": []}});
    let read = read_value_in(&value, &Fake, |node| node.without_references());
    let want = json!({"keys": [{"kid": "a", "k": "s3cret"}, 1, null], "x": {"y": []}});
    assert_eq!(read, Ok(want));
    let value = json!({"a": {"env": "NO"}, "b": [{"env": "EMPTY"}]});
    let faults = read_value_in(&value, &Fake, |node| node.without_references()).unwrap_err();
    let paths: Vec<_> = faults.iter().map(|fault| fault.path.as_str()).collect();
    assert_eq!(paths, ["a", "b[0]"]);
}

#[test]
fn no_secret_is_printed() {
    let printed = format!("{:?}", Variable::Holds(b"s3cret".to_vec()));
    assert_eq!(printed, "Holds(***)");
    let read = read_value_in(&json!({"env": "SECRET"}), &Fake, |node| {
        node.secret().map(|secret| format!("{secret:?}"))
    });
    assert_eq!(read.as_deref(), Ok("***"));
}
