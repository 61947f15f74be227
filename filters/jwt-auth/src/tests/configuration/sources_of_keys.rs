//! Where keys are to be fetched from, and how.

use super::*;

#[test]
fn what_is_wrong_with_a_source_of_keys_is_told_where_it_is() {
    let source = json!({"cluster": "auth", "authority": "auth:8000", "path": "/jwks?x",
        "refresh": "10m", "timeout": "500ms", "max_age": "7d", "max_size": "256KiB", "retry": "1s"});
    assert_eq!(
        faults(
            &json!({"providers": [provider(json!({"jwks": source, "algorithms": ["HS256", "ES256"]}))]})
        ),
        [""; 0]
    );
    for (changes, want) in [
        (json!({"cluster": ""}), ".cluster: must not be empty"),
        (
            json!({"jwks_cluster": "keys"}),
            ": jwks_cluster is for keys without path: a document says where they are",
        ),
        (
            json!({"discovery": "oauth"}),
            ": discovery is for keys without path: a document says where they are",
        ),
        (
            json!({"discovery_path": "/x"}),
            ": discovery_path is for keys without path: a document says where they are",
        ),
        (json!({"path": null, "discovery": "oidc"}), ".discovery: must be one of openid, oauth"),
        (
            json!({"path": null, "discovery_path": "https://a.example/x"}),
            ".discovery_path: must begin with /",
        ),
        (
            json!({"path": null, "discovery": "openid", "discovery_path": "/x"}),
            ": discovery says where a document is that has no discovery_path",
        ),
        (
            json!({"headers": [{"name": "host", "value": "a"}]}),
            ".headers[0].name: is what authority says",
        ),
        (json!({"refresh": {"usual": "0s"}}), ".refresh.usual: must be from 1s to 86400s"),
        (json!({"refresh": {"most": "2d"}}), ".refresh.most: must be from 1s to 86400s"),
        (
            json!({"refresh": {"max": "1h"}}),
            ".refresh.max: unknown field; known here: usual, least, most",
        ),
        (
            json!({"refresh": {"least": "10s"}, "retry": "20s"}),
            ".refresh: least must not be less than retry, which holds all the same",
        ),
        (
            json!({"refresh": {"usual": "1m", "least": "2m"}}),
            ".refresh: usual must be between least and most",
        ),
        (
            json!({"refresh": {"usual": "2h", "most": "1h"}}),
            ".refresh: usual must be between least and most",
        ),
        (
            json!({"refresh": {"most": "1h"}, "max_age": "1h"}),
            ": max_age must be longer than refresh: what is in use would be too old before \
             something new comes",
        ),
        (
            json!({"refresh": 300}),
            ".refresh: must be a duration with a unit (ms, s, m, h, d), such as 30s",
        ),
        (json!({"path": "jwks"}), ".path: must begin with /"),
        (json!({"path": "/a b"}), ".path: must be printable ASCII without spaces"),
        (json!({"authority": "a\r\nb"}), ".authority: must be printable ASCII without spaces"),
        (json!({"refresh": "0s"}), ".refresh: must be from 1s to 86400s"),
        (json!({"timeout": "0ms"}), ".timeout: must be from 10ms to 60s"),
        (json!({"retry": "10ms"}), ".retry: must be from 1s to 3600s"),
        (json!({"max_age": "31d"}), ".max_age: must be from 1s to 2592000s"),
        (
            json!({"max_age": "10m"}),
            ": max_age must be longer than refresh: what is in use would be too old before \
             something new comes",
        ),
        (json!({"max_size": "1MiB"}), ".max_size: must be from 1B to 256KiB"),
        (
            json!({"keys": []}),
            ".keys: unknown field; known here: cluster, authority, path, jwks_cluster, discovery, \
             discovery_path, headers, timeout, max_age, max_size, retry, refresh",
        ),
        (json!({"refrsh": "1s"}), ".refrsh: unknown field, did you mean `refresh`?"),
    ] {
        let mut jwks = source.clone();
        gatehouse_filter_test::change(&mut jwks, &changes);
        let found = faults(&json!({"providers": [provider(json!({"jwks": jwks}))]}));
        assert_eq!(found, [format!("providers[0].jwks{want}")]);
    }
    for good in [
        json!({"refresh": {}}),
        json!({"refresh": {"usual": "2s"}}),
        json!({"refresh": {"usual": "1d"}, "max_age": "2d"}),
        json!({"refresh": {"usual": "1m", "least": "1m", "most": "1m"}}),
        json!({"refresh": {"usual": "1m"}, "max_age": "90s"}),
        json!({"refresh": {"least": "1s", "most": "1d"}, "retry": "1s"}),
        json!({"path": null, "discovery": "oauth", "jwks_cluster": "keys"}),
        json!({"path": null, "discovery_path": "/x?y"}),
        json!({"headers": [{"name": "x-key", "value": "a"}]}),
    ] {
        let mut jwks = source.clone();
        gatehouse_filter_test::change(&mut jwks, &good);
        let found = faults(&json!({"providers": [provider(json!({"jwks": jwks}))]}));
        assert_eq!(found, [""; 0], "{good}");
    }
    for (issuer, want) in [
        ("https://issuer.example/tenant", vec![]),
        ("http://issuer", vec![]),
        (
            "issuer.example",
            vec![
                "providers[0].jwks: must have path or discovery_path: the issuer is no URL (https \
                 or http, without query) that a document could be below",
            ],
        ),
        ("", vec!["providers[0].issuer: must not be empty"]),
    ] {
        let jwks = json!({"cluster": "auth", "jwks_cluster": "keys"});
        assert_eq!(
            faults(&json!({"providers": [provider(json!({"issuer": issuer, "jwks": jwks}))]})),
            want
        );
    }
    assert_eq!(
        faults(&json!({"providers": [provider(json!({"jwks": source, "algorithms": ["HS256"]}))]})),
        ["providers[0].algorithms: no key of `jwks` can be used with any of these"],
    );
}
