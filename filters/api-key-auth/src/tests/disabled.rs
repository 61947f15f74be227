//! Consumers that are disabled, and ones that are in the table for other filters.

use super::*;

#[test]
fn no_key_of_a_disabled_consumer_opens_anything() {
    let digest = |key: &str| json!({"digest": sha256(key)});
    let consumers = json!([
        {"name": "acme", "keys": [digest("one"), digest("two")], "disabled": true},
        {"name": "initech", "keys": [digest("other")], "disabled": false},
    ]);
    for (require, forward) in [("key", false), ("optional", true)] {
        let more = json!({"consumers": consumers, "hmac_secret": null, "forward": forward,
            "default": require, "consumer_header": "x-consumer"});
        let filter = filter(more);
        for (key, want) in [
            ("one", "consumer_disabled"),
            ("two", "consumer_disabled"),
            ("other", "allowed"),
            ("wrong", "key_invalid"),
        ] {
            assert_eq!(code(&filter, &[("x-api-key", key)]), want, "{key}");
        }
        let outcome = decide(&filter, &[("x-api-key", "one")]);
        assert_eq!(outcome.decision.why.as_deref(), Some("a key of `acme`"));
        assert!(outcome.decision.caller.is_none());
        let (status, body, challenge) = told(&outcome);
        assert_eq!((status, challenge), (403, None));
        assert!(body.contains("Whose key or certificate this is, is disabled here"), "{body}");
    }
}

#[test]
fn what_consumers_are_called_in_tokens_has_to_be_right_and_opens_nothing() {
    let with = |tokens: Value| {
        let consumers = json!([{"name": "a", "keys": [{"digest": sha256("k")}], "tokens": tokens}]);
        json!({"consumers": consumers}).to_string()
    };
    let right = with(json!([{"provider": "demo", "value": "client-1"}]));
    let filter: ApiKeyAuth = configured(&right).unwrap();
    assert_eq!(code(&filter, &[("x-api-key", "client-1")]), "key_invalid");
    assert_eq!(code(&filter, &[("x-api-key", "k")]), "allowed");
    let wrong = with(json!([{"provider": "demo", "claim": "client-1"}]));
    let faults = configured::<ApiKeyAuth>(&wrong).err().unwrap();
    assert!(faults[0].contains("consumers[0].tokens[0].value: is required"), "{faults:?}");
}
