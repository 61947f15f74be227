//! What cannot be configured.

use super::*;

#[test]
fn a_service_that_cannot_be_asked_is_a_fault() {
    for (changes, want) in [
        (json!({"cluster": null}), "cluster: is required"),
        (json!({"path": null}), "path: is required"),
        (json!({"path": "introspect"}), "path: must begin with /"),
        (json!({"client_id": null}), "client_id: is required"),
        (json!({"client_secret": null}), "client_secret: is required"),
        (json!({"client_secret": ""}), "client_secret: must not be empty"),
        (
            json!({"client_secret": "hush\n"}),
            "client_secret: must be printable ASCII; it may have a line break at its end",
        ),
        (
            json!({"authentication": "none"}),
            "authentication: must be one of client_secret_basic, client_secret_post",
        ),
        (json!({"timeout": "5ms"}), "timeout: must be from 10ms to 60s"),
        (json!({"max_size": "1MiB"}), "max_size: must be from 1B to 64KiB"),
        (json!({"cache": "0s"}), "cache: must be from 1s to 3600s"),
        (json!({"cache": 30}), "cache: must be a mapping of fields"),
        (json!({"cache": {"active": "2h"}}), "cache.active: must be from 1s to 3600s"),
        (json!({"cache": {"inactive": "0s"}}), "cache.inactive: must be from 1s to 3600s"),
        (json!({"cache": {"tokens": 0}}), "cache.tokens: must be from 64 to 65536"),
        (
            json!({"cache": {"ttl": "1s"}}),
            "cache.ttl: unknown field; known here: active, inactive, tokens",
        ),
        (json!({"at_once": 0}), "at_once: must be from 1 to 256"),
        (json!({"per_second": 0}), "per_second: must be from 1 to 10000"),
        (json!({"secret": "x"}), "secret: unknown field"),
    ] {
        let mut service = service();
        gatehouse_filter_test::change(&mut service, &changes);
        let faults = faults(json!([provider(json!({"introspection": service}))]));
        let want = format!("providers[0].introspection.{want}");
        assert!(faults.len() == 1 && faults[0].starts_with(&want), "{changes}: {faults:?}");
    }
}

#[test]
fn what_would_do_nothing_beside_it_is_a_fault() {
    let other = |changes: Value| {
        let mut other =
            json!({"name": "b", "issuer": "https://b.example", "introspection": service()});
        gatehouse_filter_test::change(&mut other, &changes);
        other
    };
    for (providers, want) in [
        (json!([provider(json!({"introspection": null}))]), "providers[0].jwks: is required"),
        (
            json!([provider(json!({"algorithms": ["ES256"]}))]),
            "providers[0].algorithms: no key of `jwks` can be used with any of these",
        ),
        (
            json!([provider(json!({"try_named_keys": true}))]),
            "providers[0].try_named_keys: does nothing: there are no keys, for there is no `jwks`",
        ),
        (
            json!([provider(json!({})), other(json!({}))]),
            "providers[1]: has its tokens where those of the provider `main` are",
        ),
        (
            json!([provider(json!({})), other(json!({"jwks": key_set()}))]),
            "providers[1]: has its tokens where those of the provider `main` are",
        ),
    ] {
        let faults = faults(providers);
        assert!(faults.len() == 1 && faults[0].starts_with(want), "{want}: {faults:?}");
    }
    assert_eq!(
        faults(json!([provider(json!({})), other(json!({"sources": [{"header": "x-b"}]}))])),
        [""; 0]
    );
}

#[test]
fn the_secret_may_be_in_a_variable() {
    let mut service = service();
    service["client_secret"] = json!({"env": "HUSH"});
    let providers = json!({"providers": [provider(json!({"introspection": service}))]});
    let read = |variables: &[(&str, &str)]| {
        gatehouse_filter_test::configured_in::<JwtAuth>(&providers.to_string(), variables)
    };
    let host = FakeHost::at(NOW);
    let worker = read(&[("HUSH", "hush\n")]).unwrap();
    prepare(&worker, &host);
    assert_eq!(code(&worker, &host, OPAQUE), "wait");
    let (_, callout) = call(&host);
    let sent = callout.headers.iter().find(|(name, _)| name.as_str() == "authorization");
    assert_eq!(sent.unwrap().1.as_bytes(), b"Basic Z3c6aHVzaA==");
    let faults = read(&[]).err().unwrap();
    assert!(faults[0].starts_with("providers[0].introspection.client_secret"), "{faults:?}");
}

fn faults(providers: Value) -> Vec<String> {
    configured::<JwtAuth>(&json!({"providers": providers}).to_string()).err().unwrap_or_default()
}
