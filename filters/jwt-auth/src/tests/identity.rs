//! Where an issuer writes who a token is about.

use super::*;
use gatehouse_filter::Identity;

/// What is made of these claims by a provider with these places.
fn identity(places: Value, changes: Value) -> Identity {
    let provider = json!({"name": "main", "issuer": ISSUER, "jwks": key_set(), "identity": places});
    let outcome =
        ask_with(&filter(json!({"providers": [provider]})), &token(&claims_with(changes)));
    Identity { claims: Default::default(), ..outcome.identity().unwrap() }
}

#[test]
fn each_issuer_s_own_places_are_read() {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let alice = Identity {
        issuer: Some(ISSUER.to_owned()),
        subject: Some("alice".to_owned()),
        ..Identity::default()
    };
    for (case, places, claims, want) in [
        (
            "where most write it",
            json!({}),
            json!({"scope": "r w", "roles": ["a"], "groups": ["b"], "azp": "web", "consumer": "x", "tier": "gold"}),
            Identity {
                scopes: texts(&["r", "w"]),
                roles: texts(&["a"]),
                groups: texts(&["b"]),
                ..alice.clone()
            },
        ),
        (
            "Keycloak",
            json!({"roles": "realm_access.roles", "consumer": "azp"}),
            json!({"realm_access": {"roles": ["admin", "user"]}, "azp": "web", "scope": "openid", "groups": ["/staff"]}),
            Identity {
                consumer: Some("web".to_owned()),
                scopes: texts(&["openid"]),
                roles: texts(&["admin", "user"]),
                groups: texts(&["/staff"]),
                ..alice.clone()
            },
        ),
        (
            "a client's roles",
            json!({"roles": "/resource_access/my.client/roles"}),
            json!({"resource_access": {"my.client": {"roles": ["admin"]}}}),
            Identity { roles: texts(&["admin"]), ..alice.clone() },
        ),
        (
            "Auth0, Cognito",
            json!({"scopes": "permissions", "groups": "cognito:groups", "tier": "https://acme.example/plan"}),
            json!({"permissions": ["read:a", "write:a"], "cognito:groups": ["g"], "https://acme.example/plan": "gold"}),
            Identity {
                scopes: texts(&["read:a", "write:a"]),
                groups: texts(&["g"]),
                tier: Some("gold".to_owned()),
                ..alice.clone()
            },
        ),
        (
            "nothing there, and nowhere else instead",
            json!({"scopes": "a", "roles": "b.c", "groups": "d", "consumer": "e", "tier": "f.g"}),
            json!({"scope": "r", "scp": ["r"], "roles": ["admin"], "groups": ["g"], "b": ["admin"], "f": "gold"}),
            alice.clone(),
        ),
        (
            "of another type",
            json!({"scopes": "a", "roles": "b", "groups": "c", "consumer": "d", "tier": "e"}),
            json!({"a": 1, "b": {"admin": true}, "c": [1, "g", null], "d": 17, "e": ["gold"]}),
            Identity { groups: texts(&["g"]), ..alice.clone() },
        ),
        (
            "empty and null",
            json!({"scopes": "a", "roles": "b", "groups": "c", "consumer": "d", "tier": "e"}),
            json!({"a": "", "b": [], "d": "", "e": ""}),
            alice.clone(),
        ),
        (
            "escapes",
            json!({"consumer": "a", "tier": "b", "scopes": "c"}),
            json!({"a": "caf\u{e9} \"x\"", "b": "\u{1f600}", "c": "r\tw  x"}),
            Identity {
                consumer: Some("caf\u{e9} \"x\"".to_owned()),
                tier: Some("\u{1f600}".to_owned()),
                scopes: texts(&["r\tw", "x"]),
                ..alice.clone()
            },
        ),
    ] {
        assert_eq!(identity(places, claims), want, "{case}");
    }
}
