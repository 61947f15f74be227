mod proofs;
mod sources_of_keys;

use super::*;
use gatehouse_filter_test::check;

fn faults(configuration: &Value) -> Vec<String> {
    check::<JwtAuth>(configuration.to_string().as_bytes()).iter().map(ToString::to_string).collect()
}

/// A provider that is right, with these members changed; `null` removes one.
fn provider(changes: Value) -> Value {
    let mut provider = json!({"name": "main", "issuer": ISSUER, "jwks": key_set()});
    gatehouse_filter_test::change(&mut provider, &changes);
    provider
}

#[test]
fn the_smallest_and_the_fullest_configuration_are_right() {
    for configuration in [
        json!({"providers": [provider(json!({}))]}),
        json!({"providers": [provider(json!({"jwks": key_set().to_string()}))]}),
        json!({
            "mode": "shadow",
            "realm": "Orders API",
            "resource_metadata": "https://api.example/.well-known/oauth-protected-resource",
            "max_token_size": "256B",
            "skip_preflight": false,
            "sources": [{"header": "authorization", "prefix": "Bearer "}, {"cookie": "token"}],
            "forward_token": false,
            "cache": {"tokens": 65536},
            "providers": [
                provider(json!({
                    "audiences": ["a", "b"],
                    "types": ["at+jwt", "JWT"],
                    "max_token_size": "64KiB",
                    "algorithms": ["EdDSA", "RS256"],
                    "leeway": "1h",
                    "require_expiration": false,
                    "claims_to_headers": [
                        {"claim": "sub", "header": "X-User"},
                        {"claim": "realm_access.roles", "header": "x-roles", "form": "json"},
                    ],
                })),
                provider(json!({"name": "other", "issuer": "https://other.example"})),
            ],
            "rules": [
                {"name": "open", "match": {"path": {"prefix": "/auth/"}}, "require": "none"},
                {"match": {"methods": ["GET"]}, "require": "optional"},
                {"require": ["main", "other"]},
            ],
            "default": ["other"],
        }),
    ] {
        assert_eq!(faults(&configuration), [""; 0], "{configuration}");
    }
}

#[test]
fn what_is_wrong_with_a_provider_is_told_where_it_is() {
    let rsa_1024 = json!({"kty": "RSA", "n": base64(&[0xff; 128]), "e": "AQAB"});
    let good = key_set()["keys"][0].clone();
    for (changes, want) in [
        (json!({"name": null}), "providers[0].name: is required"),
        (json!({"issuer": null}), "providers[0]: must have issuer, or any_issuer: true"),
        (
            json!({"issuer": null, "any_issuer": false}),
            "providers[0]: must have issuer, or any_issuer: true",
        ),
        (json!({"any_issuer": true}), "providers[0]: must have issuer or any_issuer, not both"),
        (
            json!({"issuer": null, "any_issuer": true, "jwks": {"cluster": "auth"}}),
            "providers[0].jwks: must have path: with any_issuer there is nobody whose document tells it",
        ),
        (json!({"issuer": ""}), "providers[0].issuer: must not be empty"),
        (json!({"jwks": null}), "providers[0].jwks: is required"),
        (
            json!({"audience": ["a"]}),
            "providers[0].audience: unknown field, did you mean `audiences`?",
        ),
        (json!({"audiences": []}), "providers[0].audiences: must not be empty"),
        (json!({"audiences": "a"}), "providers[0].audiences: must be a list"),
        (
            json!({"leeway": 60}),
            "providers[0].leeway: must be a duration with a unit (ms, s, m, h, d), such as 30s",
        ),
        (
            json!({"leeway": "2h"}),
            "providers[0].leeway: must be 1h at most: a token would outlive its expiry by that much",
        ),
        (json!({"types": []}), "providers[0].types: must not be empty"),
        (json!({"types": "at+jwt"}), "providers[0].types: must be a list"),
        (
            json!({"types": ["at+jwt", "application/AT+JWT"]}),
            "providers[0].types[1]: must be unique: an earlier one is the same",
        ),
        (
            json!({"types": ["at jwt"]}),
            "providers[0].types[0]: must be a media type, such as at+jwt",
        ),
        (json!({"type": ["at+jwt"]}), "providers[0].type: unknown field, did you mean `types`?"),
        (
            json!({"max_token_size": "128KiB"}),
            "providers[0].max_token_size: must be from 256B to 64KiB",
        ),
        (
            json!({"max_token_size": "255B"}),
            "providers[0].max_token_size: must be from 256B to 64KiB",
        ),
        (
            json!({"max_token_size": 4096}),
            "providers[0].max_token_size: must be a size with a unit (B, KiB, MiB, GiB), such as 64KiB",
        ),
        (
            json!({"binding": "bearer"}),
            "providers[0].binding: must be one of certificate, dpop, any, ignore",
        ),
        (
            json!({"sources": [{"header": "x-token", "prefix": "DPoP "}]}),
            "providers[0].sources: must not have the prefix `DPoP `, which is for tokens with proofs, without `binding: dpop` or `any`",
        ),
        (
            json!({"binding": "certificate", "sources": [{"header": "authorization", "prefix": "dpop "}]}),
            "providers[0].sources: must not have the prefix `DPoP `, which is for tokens with proofs, without `binding: dpop` or `any`",
        ),
        (
            json!({"algorithms": ["none"]}),
            "providers[0].algorithms[0]: unknown algorithm; known: RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519, HS256, HS384, HS512",
        ),
        (
            json!({"algorithms": ["RS256"]}),
            "providers[0].algorithms: no key of `jwks` can be used with any of these",
        ),
        (
            json!({"jwks": []}),
            "providers[0].jwks: must be a key set (RFC 7517 5), a mapping or text that holds JSON; or a mapping with `pem` or `cluster`",
        ),
        (
            json!({"jwks": "https://issuer.example/jwks.json"}),
            "providers[0].jwks: must not be a URL. Keys are fetched through an Envoy cluster, as in {cluster: auth, path: /jwks.json}",
        ),
        (json!({"jwks": "{"}), "providers[0].jwks: is not a JSON object without repeated members"),
        (
            json!({"jwks": {"keys": good}}),
            "providers[0].jwks: must have a list `keys` (RFC 7517 5), or be a mapping of names to \
             keys in PEM",
        ),
        (
            json!({"jwks": {"uri": "https://issuer.example/jwks.json"}}),
            "providers[0].jwks: must have keys, pem or cluster, or be a mapping of names to keys in \
             PEM. Keys are fetched through an Envoy cluster, as in {cluster: auth, path: \
             /jwks.json}",
        ),
        (json!({"jwks": {"keys": []}}), "providers[0].jwks: has no key that can verify signatures"),
        (
            json!({"jwks": {"keys": [rsa_1024]}}),
            "providers[0].jwks: has no key that can verify signatures: keys[0] has a modulus of 1024 bits; 2048 to 4096 are accepted",
        ),
        (
            json!({"jwks": {"keys": [good, rsa_1024]}}),
            "providers[0].jwks: keys[1] has a modulus of 1024 bits; 2048 to 4096 are accepted",
        ),
        (
            json!({"jwks": {"keys": [good, {"kty": "oct", "k": base64(&[1; 32])}]}}),
            "providers[0].jwks: mixes public keys with secrets (`oct`): make one provider for each kind",
        ),
        (
            json!({"identity": {"role": "realm_access.roles"}}),
            "providers[0].identity.role: unknown field, did you mean `roles`?",
        ),
        (
            json!({"identity": {"consumer": ["azp"]}}),
            "providers[0].identity.consumer: must be text",
        ),
        (
            json!({"claims_to_headers": [{"claim": "sub", "header": "x user"}]}),
            "providers[0].claims_to_headers[0].header: must be a header field name: letters, digits and !#$%&'*+-.^_`|~",
        ),
        (
            json!({"claims_to_headers": [{"claim": "sub", "header": "Host"}]}),
            "providers[0].claims_to_headers[0].header: is what Envoy routes by: header-transform \
             changes it by the operation `host`",
        ),
        (
            json!({"claims_to_headers": [{"claim": "sub", "header": "X-Forwarded-Proto"}]}),
            "providers[0].claims_to_headers[0].header: is what Envoy reads the scheme from, and \
             without it Envoy finds no route (404): `request_headers_to_remove` of a route takes \
             it away behind that, and header-transform's `set` takes the values http and https",
        ),
        (
            json!({"claims_to_headers": [{"claim": "sub", "header": "Authorization"}]}),
            "providers[0].claims_to_headers[0].header: must not be a field that authenticates the \
             request",
        ),
        (
            json!({"claims_to_headers": [{"claim": "sub", "header": "x-a"}, {"claim": "iss", "header": "X-A"}]}),
            "providers[0].claims_to_headers[1].header: must be unique: an earlier claim is written to it",
        ),
        (
            json!({"claims_to_headers": [{"claim": "sub", "header": "x-a", "form": "xml"}]}),
            "providers[0].claims_to_headers[0].form: must be one of csv, json, repeated",
        ),
    ] {
        let configuration = json!({"providers": [provider(changes)], "default": ["main"]});
        assert_eq!(faults(&configuration), [want]);
    }
}

#[test]
fn what_is_wrong_with_the_rest_is_told_where_it_is() {
    let with = |changes: Value| {
        let mut configuration = json!({"providers": [provider(json!({}))]});
        gatehouse_filter_test::change(&mut configuration, &changes);
        configuration
    };
    let two = json!([provider(json!({})), provider(json!({}))]);
    for (configuration, want) in [
        (json!({}), vec!["providers: is required"]),
        (json!([]), vec!["must be a mapping of fields"]),
        (with(json!({"providers": []})), vec!["providers: must not be empty"]),
        (
            with(json!({"providers": two})),
            vec![
                "providers[1].name: must be unique: an earlier provider has it",
                "providers[1].issuer: must be unique: an earlier provider has it",
            ],
        ),
        (with(json!({"mode": "off"})), vec!["mode: must be one of enforce, shadow"]),
        (
            with(json!({"realm": "a\"b"})),
            vec!["realm: must be printable ASCII without quotes and backslashes"],
        ),
        (
            with(json!({"realm": "a\\b"})),
            vec!["realm: must be printable ASCII without quotes and backslashes"],
        ),
        (
            with(json!({"realm": "a\r\nb"})),
            vec!["realm: must be printable ASCII without quotes and backslashes"],
        ),
        (with(json!({"provider": []})), vec!["provider: unknown field, did you mean `providers`?"]),
        (
            with(json!({"default": "nobody"})),
            vec![
                "default: must be none, optional, lenient, any, a list of provider names, or a mapping with one of any, optional, lenient, all",
            ],
        ),
        (with(json!({"default": []})), vec!["default: must not be empty"]),
        (with(json!({"default": ["mian"]})), vec!["default[0]: unknown provider; known: main"]),
        (with(json!({"rules": [{"match": {}}]})), vec!["rules[0].require: is required"]),
        (
            with(json!({"rules": [{"require": ["x"]}]})),
            vec!["rules[0].require[0]: unknown provider; known: main"],
        ),
        (
            with(json!({"rules": [{"requires": "any"}]})),
            vec![
                "rules[0].require: is required",
                "rules[0].requires: unknown field, did you mean `require`?",
            ],
        ),
    ] {
        assert_eq!(faults(&configuration), want, "{configuration}");
    }
}

#[test]
fn a_providers_algorithms_narrow_what_its_keys_can() {
    let secret = [5; 64];
    let jwks = json!({"keys": [{"kty": "oct", "k": base64(&secret)}]});
    let filter =
        filter(json!({"providers": [provider(json!({"jwks": jwks, "algorithms": ["HS384"]}))]}));
    use jwt_simple::prelude::{HS256Key, HS384Key, MACLike};
    let token = |alg: &str, tag: &dyn Fn(&[u8]) -> Vec<u8>| {
        let text = format!(
            "{}.{}",
            base64(json!({"alg": alg}).to_string().as_bytes()),
            base64(claims().to_string().as_bytes())
        );
        format!("{text}.{}", base64(&tag(text.as_bytes())))
    };
    let sha256 = |text: &[u8]| HS256Key::from_bytes(&secret).authentication_tag(text);
    let sha384 = |text: &[u8]| HS384Key::from_bytes(&secret).authentication_tag(text);
    assert_eq!(code_for(&filter, &token("HS256", &sha256)), "algorithm_not_allowed");
    assert_eq!(code_for(&filter, &token("HS384", &sha384)), "allowed");
    assert_eq!(code_for(&filter, &token("HS384", &sha256)), "signature_invalid");
}

#[test]
fn a_key_set_as_text_may_have_urls_in_it_and_a_mark_before_it() {
    // As Microsoft Entra publishes it: each key names its issuer.
    let mut keys = key_set();
    keys["keys"][0]["issuer"] = json!("https://login.microsoftonline.com/{tenantid}/v2.0");
    for text in [keys.to_string(), format!("\u{feff}{keys}"), format!("\n  {keys}\n")] {
        let provider = json!({"name": "main", "issuer": ISSUER, "jwks": text});
        let filter = filter(json!({"providers": [provider]}));
        assert_eq!(code_for(&filter, &token(&claims())), "allowed", "{text:?}");
    }
    let url = json!({"name": "main", "issuer": ISSUER, "jwks": "https://login.example/keys"});
    let faults = configured::<JwtAuth>(&json!({"providers": [url]}).to_string()).err().unwrap();
    assert!(faults[0].starts_with("providers[0].jwks: must not be a URL."), "{faults:?}");
}
