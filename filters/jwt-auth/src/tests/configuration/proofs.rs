//! What is wrong with how tokens are bound and proofs are checked.

use super::*;

#[test]
fn what_is_wrong_with_proofs_is_told_where_it_is() {
    let good = json!({"origins": ["https://api.example"]});
    let with = |change: Value| {
        let mut dpop = good.clone();
        gatehouse_filter_test::change(&mut dpop, &change);
        json!({"dpop": dpop})
    };
    let origin =
        "dpop.origins[0]: must be where the public knows this gateway: https://api.example.com";
    for (binding, changes, want) in [
        ("dpop", with(json!({})), ""),
        (
            "any",
            with(
                json!({"algorithms": ["PS512", "ES512", "Ed25519"], "max_age": "1h", "leeway": "0s",
                "nonce_lifetime": "10s", "proofs": 1_048_576,
                "origins": ["http://localhost:8080", "https://[::1]"]}),
            ),
            "",
        ),
        (
            "dpop",
            json!({}),
            "must have dpop: its origins say for which URLs the proofs of `binding` are",
        ),
        (
            "ignore",
            with(json!({})),
            "has dpop, and no provider has `binding: dpop` or `any`: nothing would be proven",
        ),
        (
            "certificate",
            with(json!({})),
            "has dpop, and no provider has `binding: dpop` or `any`: nothing would be proven",
        ),
        ("dpop", json!({"dpop": {}}), "dpop.origins: is required"),
        ("dpop", with(json!({"origins": []})), "dpop.origins: must not be empty"),
        ("dpop", with(json!({"origins": ["api.example"]})), origin),
        ("dpop", with(json!({"origins": ["https://api.example/v1"]})), origin),
        ("dpop", with(json!({"origins": ["wss://api.example"]})), origin),
        (
            "dpop",
            with(json!({"origin": "https://api.example"})),
            "dpop.origin: unknown field, did you mean `origins`?",
        ),
        (
            "dpop",
            with(json!({"algorithms": ["HS256"]})),
            "dpop.algorithms[0]: must be of a public key: whoever verifies a secret could sign",
        ),
        (
            "dpop",
            with(json!({"algorithms": ["EdDSA", "Ed25519"]})),
            "dpop.algorithms[1]: must be unique: an earlier one is the same",
        ),
        ("dpop", with(json!({"max_age": "2h"})), "dpop.max_age: must be from 1s to 3600s"),
        ("dpop", with(json!({"leeway": "6m"})), "dpop.leeway: must be from 0s to 300s"),
        (
            "dpop",
            with(json!({"nonce_lifetime": "1s"})),
            "dpop.nonce_lifetime: must be from 10s to 3600s",
        ),
        ("dpop", with(json!({"proofs": 8})), "dpop.proofs: must be from 16 to 1048576"),
    ] {
        let mut configuration = json!({"providers": [provider(json!({"binding": binding}))]});
        gatehouse_filter_test::change(&mut configuration, &changes);
        let want: Vec<&str> = Some(want).into_iter().filter(|want| !want.is_empty()).collect();
        assert_eq!(faults(&configuration), want, "{changes}");
    }
}

#[test]
fn tokens_with_proofs_need_places_of_their_own() {
    let dpop = json!({"origins": ["https://api.example"]});
    let bearer = json!({"header": "authorization", "prefix": "Bearer "});
    let proof = json!({"header": "authorization", "prefix": "DPoP "});
    let other = |binding: &str, sources: Value| {
        provider(json!({"name": "other", "issuer": "https://other.example", "binding": binding,
            "sources": sources}))
    };
    for (changes, want) in [
        // Of one provider any bearer's, of the other with a proof: as they come.
        (json!({"providers": [provider(json!({})), other("dpop", Value::Null)]}), None),
        (json!({"providers": [provider(json!({})), other("any", Value::Null)]}), None),
        (
            json!({"sources": [bearer], "providers": [provider(json!({"binding": "dpop"}))]}),
            Some(
                "providers[0]: has no source for its tokens with proofs: one must have the prefix `DPoP `",
            ),
        ),
        (
            json!({"sources": [bearer, proof],
                "providers": [provider(json!({})), other("dpop", Value::Null)]}),
            None,
        ),
        (
            json!({"providers": [other("dpop", json!([bearer, proof]))]}),
            Some(
                "providers[0].sources: must all be with the prefix `DPoP `: a token that is bound to a key is sent there",
            ),
        ),
        (json!({"providers": [other("any", json!([bearer, proof]))]}), None),
        (
            json!({"providers": [other("any", json!([bearer]))]}),
            Some(
                "providers[0]: has no source for its tokens with proofs: one must have the prefix `DPoP `",
            ),
        ),
        (
            json!({"default": {"all": ["main", "other"]}, "providers": [
                provider(json!({"binding": "dpop"})),
                other("dpop", json!([{"header": "x-token", "prefix": "DPoP "}])),
            ]}),
            Some(
                "default.all[1]: must not be of providers with `binding: dpop` alone, as those before it are: a request has one proof, for one token",
            ),
        ),
    ] {
        let mut configuration = json!({"dpop": dpop});
        gatehouse_filter_test::change(&mut configuration, &changes);
        let told = faults(&configuration);
        assert_eq!(told.first().map(String::as_str), want, "{changes}");
    }
}
