//! What is wrong with a table of consumers, and with who looks in it.

use super::*;
use gatehouse_filter_test::check;

#[test]
fn a_configuration_that_could_know_nobody_is_refused() {
    let usual = json!({"claim": "azp"});
    let by_name = json!({"claim": "azp", "by": "name"});
    let path = "providers[0].consumer";
    for (consumer, more, want) in [
        (json!({}), json!({}), format!("{path}.claim: is required")),
        (json!({"claim": ""}), json!({}), format!("{path}.claim: must not be empty")),
        (json!({"claim": ["azp"]}), json!({}), format!("{path}.claim: must be text")),
        (
            json!({"claim": "azp", "by": "claim"}),
            json!({}),
            format!("{path}.by: must be one of tokens, name"),
        ),
        (
            json!({"claim": "azp", "unknown": "allow"}),
            json!({}),
            format!("{path}.unknown: must be one of refuse, pass"),
        ),
        (
            json!({"claim": "azp", "scopes": "consumer"}),
            json!({}),
            format!("{path}.scopes: must be one of both, token"),
        ),
        (
            json!({"claim": "azp", "form": "x"}),
            json!({}),
            format!("{path}.form: unknown field; known here: claim, by, unknown, scopes"),
        ),
        (
            usual.clone(),
            json!({"consumers": null}),
            "must have consumers or consumers_from: a provider has `consumer`, and nothing says \
             who there is"
                .to_owned(),
        ),
        (
            usual.clone(),
            json!({"consumers_from": {"cluster": "a", "path": "/"}}),
            "must have exactly one of consumers, consumers_from".to_owned(),
        ),
        (
            usual.clone(),
            json!({"consumers": [{"name": "a"}]}),
            "consumers[0].tokens: is required".to_owned(),
        ),
        (
            usual,
            json!({"consumers": [{"name": "a", "tokens": [{"provider": "mian", "value": "x"}]}]}),
            "consumers[0].tokens[0].provider: no provider of this name has `consumer`, with \
             `by: tokens`: `mian`"
                .to_owned(),
        ),
        (
            by_name,
            json!({"consumers": [{"name": "a", "tokens": [{"provider": "main", "value": "x"}]}]}),
            "consumers[0].tokens[0].provider: no provider of this name has `consumer`, with \
             `by: tokens`: `main`"
                .to_owned(),
        ),
    ] {
        let configuration = configuration(consumer.clone(), more.clone());
        let faults = faults(&configuration);
        assert_eq!(faults.first(), Some(&want), "{consumer} {more}: {faults:?}");
    }
    let mut nobody = configuration(json!({"claim": "azp"}), json!({}));
    for provider in nobody["providers"].as_array_mut().unwrap() {
        provider.as_object_mut().unwrap().remove("consumer");
    }
    assert_eq!(
        faults(&nobody),
        ["has consumers, and no provider has `consumer`: no token would be anybody's of them"]
    );
    let mut two = configuration(json!({"claim": "azp"}), json!({}));
    two["providers"][1]["identity"] = json!({"consumer": "azp"});
    assert_eq!(
        faults(&two),
        ["providers[1].consumer: says who the consumer is, and so does `identity.consumer`: take \
          one out"]
    );
    let by_name = configuration(
        json!({"claim": "azp", "by": "name"}),
        json!({"consumers": [{"name": "a", "tier": "gold"}]}),
    );
    assert_eq!(faults(&by_name), [""; 0]);
}

fn faults(configuration: &Value) -> Vec<String> {
    let faults = check::<JwtAuth>(configuration.to_string().as_bytes());
    faults.iter().map(ToString::to_string).collect()
}
