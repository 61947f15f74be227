//! The table read from documents, and who is found in it.

use super::*;
use gatehouse_filter::api_key::Digest;
use gatehouse_filter::config;
use serde_json::{Value, json};

fn digest(key: &str) -> Value {
    json!({"digest": Digest::sha256(key.as_bytes()).to_string()})
}

fn tokens(providers: Option<&[&str]>, required: Required) -> Uses {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Uses { tokens: Tokens::Used { providers: providers.map(names) }, required, ..Uses::default() }
}

fn keys() -> Uses {
    Uses { keys: Keys::Used { has_secret: false }, ..Uses::default() }
}

fn read(json: &Value, uses: &Uses) -> Result<Consumers, String> {
    config::read_value(json, |node| Consumers::read(&node, uses))
        .map_err(|faults| faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
}

/// One document, as two filters read it.
fn both() -> Value {
    json!([
        {"name": "web", "tokens": [{"provider": "a", "value": "client-1"}, {"provider": "b", "value": "x"}]},
        {"name": "acme", "keys": [digest("k")], "tokens": [{"provider": "a", "value": "x"}]},
        {"name": "initech", "disabled": true},
    ])
}

#[test]
fn a_token_means_whoever_has_its_value_with_its_provider() {
    let consumers = read(&both(), &tokens(None, Required::Name)).unwrap();
    for (provider, value, want) in [
        ("a", "client-1", Some("web")),
        ("a", "x", Some("acme")),
        ("b", "x", Some("web")),
        ("b", "client-1", None),
        ("c", "x", None),
        ("a", "X", None),
        ("a", " x", None),
        ("a", "", None),
        ("", "x", None),
        ("a", "x\0", None),
        ("a", "acme", None),
    ] {
        let found = consumers.of_token(provider, value).map(|it| it.name.as_str());
        assert_eq!(found, want, "{provider} {value}");
    }
    for (name, want) in [("web", true), ("acme", true), ("Acme", false), ("", false)] {
        assert_eq!(consumers.named(name).is_some(), want, "{name}");
    }
    assert!(consumers.named("initech").unwrap().is_disabled);
    assert_eq!(consumers.description(), "3 consumers, 3 names in tokens");
}

#[test]
fn what_a_filter_does_not_go_by_is_not_kept_and_has_to_be_right() {
    let consumers = read(&both(), &keys()).unwrap();
    assert_eq!(consumers.description(), "3 consumers, 1 keys");
    assert!(consumers.of_token("a", "x").is_none());
    assert!(consumers.of_key(b"k", None, Timestamp::default()).is_ok());
    let of_tokens = read(&both(), &tokens(None, Required::Name)).unwrap();
    assert!(of_tokens.of_key(b"k", None, Timestamp::default()).is_err());
    let wrong = json!([{"name": "a", "keys": [{"digest": "k"}], "tokens": [{"value": "x"}]}]);
    for uses in [keys(), tokens(None, Required::Name)] {
        let faults = read(&wrong, &uses).unwrap_err();
        assert!(faults.contains("[0].keys[0].digest: must be sha256:"), "{faults}");
        assert!(faults.contains("[0].tokens[0].provider: is required"), "{faults}");
    }
    // Whether there is a secret, only the filter knows that looks at keys.
    let keyed =
        json!([{"name": "a", "keys": [{"digest": format!("hmac_sha256:{}", "ab".repeat(32))}]}]);
    assert!(read(&keyed, &tokens(None, Required::Name)).is_ok());
    assert!(read(&keyed, &keys()).is_err());
}

#[test]
fn a_table_that_cannot_tell_two_apart_or_be_meant_is_refused() {
    let token = |value: &str| json!({"provider": "a", "value": value});
    for (case, json, uses, want) in [
        (
            "two with one name",
            json!([{"name": "a"}, {"name": "a"}]),
            tokens(None, Required::Name),
            "[1].name: must be unique: an earlier consumer has this name",
        ),
        (
            "two that a token calls the same",
            json!([
                {"name": "one", "tokens": [token("x")]},
                {"name": "two", "tokens": [token("y"), token("x")]},
            ]),
            tokens(None, Required::Name),
            "[1].tokens[1]: must be unique: `one` has it too, and it cannot tell `two` from that one",
        ),
        (
            "the same for a filter that looks at keys",
            json!([{"name": "one", "tokens": [token("x")]}, {"name": "two", "tokens": [token("x")]}]),
            keys(),
            "[1].tokens[0]: must be unique: `one` has it too, and it cannot tell `two` from that one",
        ),
        (
            "one that has it twice",
            json!([{"name": "one", "tokens": [token("x"), token("x")]}]),
            tokens(None, Required::Name),
            "[0].tokens[1]: must be unique: `one` has it twice",
        ),
        (
            "a provider whose tokens are not looked up",
            json!([{"name": "one", "tokens": [token("x"), {"provider": "c", "value": "x"}]}]),
            tokens(Some(&["a", "b"]), Required::Name),
            "[0].tokens[1].provider: no provider of this name has `consumer`, with `by: tokens`: `c`",
        ),
        (
            "nobody's token",
            json!([{"name": "one"}]),
            tokens(None, Required::Tokens),
            "[0].tokens: is required",
        ),
        (
            "one that a list has lost the credentials of",
            json!([{"name": "one", "keys": []}, {"name": "two", "tokens": []}, {"name": "three"}]),
            tokens(None, Required::Any),
            "[2]: must have keys, tokens or certificates: an empty list where all have been withdrawn",
        ),
        (
            "nobody's key",
            json!([{"name": "one", "tokens": []}]),
            Uses { required: Required::Keys, ..keys() },
            "[0].keys: is required",
        ),
        (
            "a value that is none",
            json!([{"name": "one", "tokens": [token("")]}]),
            tokens(None, Required::Tokens),
            "[0].tokens[0].value: must not be empty",
        ),
        (
            "a number",
            json!([{"name": "one", "tokens": [{"provider": "a", "value": 17}]}]),
            tokens(None, Required::Tokens),
            "[0].tokens[0].value: must be text",
        ),
        (
            "another field",
            json!([{"name": "one", "tokens": [{"provider": "a", "value": "x", "claim": "azp"}]}]),
            tokens(None, Required::Tokens),
            "[0].tokens[0].claim: unknown field; known here: provider, value",
        ),
        (
            "neither disabled nor not",
            json!([{"name": "one", "disabled": "no"}]),
            keys(),
            "[0].disabled: must be true or false",
        ),
        ("nobody", json!([]), keys(), "must not be empty"),
    ] {
        assert_eq!(read(&json, &uses).unwrap_err(), want, "{case}");
    }
}
