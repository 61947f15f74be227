use super::*;
use gatehouse_filter_test::{check, configured_in};

fn faults(configuration: &Value) -> Vec<String> {
    check::<ApiKeyAuth>(configuration.to_string().as_bytes())
        .iter()
        .map(ToString::to_string)
        .collect()
}

/// A configuration that is right, with these members changed; `null` removes one.
fn with(changes: Value) -> Value {
    let mut configuration =
        json!({"consumers": [{"name": "acme", "keys": [{"digest": sha256("k")}]}]});
    gatehouse_filter_test::change(&mut configuration, &changes);
    configuration
}

/// A list that is polled in slot of the consumers, with these members changed.
fn polled(changes: Value) -> Value {
    let mut from = json!({"cluster": "keys", "path": "/keys.json"});
    gatehouse_filter_test::change(&mut from, &changes);
    json!({"consumers": null, "consumers_from": from})
}

#[test]
fn the_smallest_and_the_fullest_configuration_are_right() {
    for configuration in [
        with(json!({})),
        with(polled(json!({}))),
        with(polled(json!({
            "authority": "keys.example", "refresh": "10s", "timeout": "1s", "max_age": "1h", "max_size": "4MiB", "retry": "1s",
        }))),
        json!({
            "mode": "shadow",
            "realm": "Orders API",
            "skip_preflight": false,
            "sources": [
                {"header": "X-API-Key"},
                {"header": "authorization", "prefix": "ApiKey "},
                {"header": "authorization", "prefix": "Token "},
                {"query": "api key"},
                {"cookie": "__Host-key"},
            ],
            "forward": true,
            "consumer_header": "X-Consumer",
            "hmac_secret": SECRET,
            "consumers": consumers(),
            "rules": [
                {"name": "open", "match": {"path": {"prefix": "/open"}}, "require": "none"},
                {"require": "optional", "consumers": ["acme", "initech"], "groups": ["eu"]},
            ],
            "default": "none",
        }),
    ] {
        assert_eq!(faults(&configuration), [""; 0], "{configuration}");
    }
}

#[test]
fn what_is_wrong_is_told_where_it_is() {
    for (changes, want) in [
        (json!({"consumers": null}), "must have exactly one of consumers, consumers_from"),
        (
            json!({"consumers_from": {"cluster": "keys", "path": "/"}}),
            "must have exactly one of consumers, consumers_from",
        ),
        (polled(json!({"cluster": null})), "consumers_from.cluster: is required"),
        (polled(json!({"path": "keys"})), "consumers_from.path: must begin with /"),
        (
            polled(json!({"path": "/a b"})),
            "consumers_from.path: must be printable ASCII without spaces",
        ),
        (
            polled(json!({"authority": "a b"})),
            "consumers_from.authority: must be printable ASCII without spaces",
        ),
        (polled(json!({"refresh": "1ms"})), "consumers_from.refresh: must be from 1s to 86400s"),
        (
            polled(json!({"refresh": "1m", "max_age": "1m"})),
            "consumers_from: max_age must be longer than refresh: what is in use would be too old before something new comes",
        ),
        (polled(json!({"timeout": "2m"})), "consumers_from.timeout: must be from 10ms to 60s"),
        (
            polled(json!({"max_size": "5MiB"})),
            "consumers_from.max_size: must be from 1B to 4096KiB",
        ),
        (json!({"consumers": []}), "consumers: must not be empty"),
        (json!({"consumer": []}), "consumer: unknown field, did you mean `consumers`?"),
        (json!({"mode": "dry"}), "mode: must be one of enforce, shadow"),
        (json!({"realm": "a\"b"}), "realm: must be printable ASCII without quotes and backslashes"),
        (json!({"forward": "no"}), "forward: must be true or false"),
        (json!({"default": "any"}), "default: must be one of none, optional, key"),
        (
            json!({"rules": [{"require": ["acme"]}]}),
            "rules[0].require: must be one of none, optional, key",
        ),
        (
            json!({"rules": [{"consumers": ["acne"]}]}),
            "rules[0].consumers[0]: no consumer is called `acne`",
        ),
        (
            json!({"rules": [{"groups": ["eu"]}]}),
            "rules[0].groups[0]: no consumer is in the group `eu`",
        ),
        (json!({"rules": [{"consumers": []}]}), "rules[0].consumers: must not be empty"),
        (
            json!({"rules": [{"require": "none", "consumers": ["acme"]}]}),
            "rules[0].consumers: has no effect with `require: none`",
        ),
        (json!({"hmac_secret": "short"}), "hmac_secret: must be 32 bytes at least, and random"),
        (
            json!({"consumer_header": "host"}),
            "consumer_header: is what Envoy routes by: header-transform changes it by the \
             operation `host`",
        ),
        (
            json!({"consumer_header": "Upgrade"}),
            "consumer_header: belongs to the connection or frames the message: Envoy writes it itself",
        ),
        (
            json!({"consumer_header": "x-envoy-expected-rq-timeout-ms"}),
            "consumer_header: is written by Envoy's router, after all filters: the router's \
             `suppress_envoy_headers` leaves it out",
        ),
        (
            json!({"consumer_header": "Authorization"}),
            "consumer_header: must not be a field that authenticates the request",
        ),
        (
            json!({"consumer_header": "X-Api-Key"}),
            "consumer_header: must not be a field that authenticates the request",
        ),
        (
            json!({"consumer_header": ":path"}),
            "consumer_header: must be a header field name: letters, digits and !#$%&'*+-.^_`|~",
        ),
    ] {
        assert_eq!(faults(&with(changes)), [want]);
    }
}

#[test]
fn what_is_wrong_with_a_source_is_told_where_it_is() {
    for (source, want) in [
        (json!({}), "sources[1]: must have exactly one of header, query, cookie"),
        (
            json!({"query": "a", "cookie": "a"}),
            "sources[1]: must have exactly one of header, query, cookie",
        ),
        (
            json!({"query": "a", "prefix": "b"}),
            "sources[1]: `prefix` is for `header` and `cookie` only",
        ),
        (json!({"headers": "a"}), "sources[1].headers: unknown field, did you mean `header`?"),
        (
            json!({"header": "cookie"}),
            "sources[1].header: holds cookies: take the credential from one of them by `cookie`",
        ),
        (
            json!({"header": "a b"}),
            "sources[1].header: must be a header field name: letters, digits and !#$%&'*+-.^_`|~",
        ),
        (
            json!({"cookie": "a=b"}),
            "sources[1].cookie: must be a cookie's name: letters, digits and !#$%&'*+-.^_`|~",
        ),
        (json!({"query": ""}), "sources[1].query: must not be empty"),
        (
            json!({"header": "X-Key"}),
            "sources[1]: must be another place: an earlier source takes the same credentials",
        ),
        (
            json!({"header": "x-key", "prefix": "Key "}),
            "sources[1]: must be another place: an earlier source takes the same credentials",
        ),
        // One of the two would be removed for the other's sake.
        (json!({"header": "x_key"}), SPELT),
        (json!({"header": "X.Key"}), SPELT),
        (json!({"header": "x--key", "prefix": "Key "}), SPELT),
    ] {
        let mut have = faults(&with(json!({"sources": [{"header": "x-key"}, source]})));
        // A misspelt field also leaves the source without a slot.
        have.retain(|fault| have_is_first(fault, &source));
        assert_eq!(have, [want]);
    }
    let prefixes = json!({
        "sources": [{"header": "a", "prefix": "Key "}, {"header": "a", "prefix": "key Two "}],
    });
    assert_eq!(
        faults(&with(prefixes)),
        ["sources[1]: must be another place: an earlier source takes the same credentials"]
    );
    assert_eq!(faults(&with(json!({"sources": []}))), ["sources: must not be empty"]);
}

fn have_is_first(fault: &str, source: &Value) -> bool {
    source.get("headers").is_none() || fault.contains("unknown field")
}

#[test]
fn what_is_wrong_with_a_consumer_is_told_where_it_is() {
    const TIME: &str = "must be a time as in RFC 3339, such as 2027-01-31T00:00:00Z";
    const DIGEST: &str = "must be sha256:<64 hexadecimal digits> or hmac_sha256:<64 hexadecimal digits>; `gatehouse hash-key` makes one";
    let keyed = sha256("a").replace("sha256", "hmac_sha256");
    for (changes, field, want) in [
        (json!({"name": null}), "name", "is required"),
        (json!({"name": "a b"}), "name", "must be at most 128 letters, digits and -_./@:+"),
        (json!({"name": "a\r\nb"}), "name", "must be at most 128 letters, digits and -_./@:+"),
        (
            json!({"name": "a".repeat(129)}),
            "name",
            "must be at most 128 letters, digits and -_./@:+",
        ),
        (json!({"name": "acme"}), "name", "must be unique: an earlier consumer has this name"),
        (json!({"keys": null}), "keys", "is required"),
        (json!({"keys": [{}]}), "keys[0].digest", "is required"),
        (json!({"keys": [{"digest": "gk_0123456789abcdef"}]}), "keys[0].digest", DIGEST),
        (json!({"keys": [{"digest": "sha256:"}]}), "keys[0].digest", DIGEST),
        (
            json!({"keys": [{"digest": keyed}]}),
            "keys[0].digest",
            "needs `hmac_secret`, which there is none of",
        ),
        (
            json!({"keys": [{"digest": sha256("")}]}),
            "keys[0].digest",
            "is the digest of no key at all",
        ),
        (
            json!({"keys": [{"digest": sha256("k")}]}),
            "keys[0].digest",
            "must be unique: an earlier key has this digest",
        ),
        (
            json!({"keys": [{"digest": sha256("a")}, {"digest": sha256("a").to_uppercase().replace("SHA", "sha")}]}),
            "keys[1].digest",
            "must be unique: an earlier key has this digest",
        ),
        (
            json!({"keys": [{"digest": sha256("a"), "expires_at": "tomorrow"}]}),
            "keys[0].expires_at",
            TIME,
        ),
        (
            json!({"keys": [{"digest": sha256("a"), "not_before": 1_800_000_000}]}),
            "keys[0].not_before",
            "must be text",
        ),
        (
            json!({"keys": [{"digest": sha256("a"), "not_before": "2027-01-01T00:00:00Z", "expires_at": "2027-01-01T00:00:00Z"}]}),
            "keys[0].expires_at",
            "must be later than `not_before`",
        ),
        (json!({"scopes": "a b"}), "scopes", "must be a list"),
        (json!({"groups": [""]}), "groups[0]", "must not be empty"),
        (json!({"tier": 1}), "tier", "must be text"),
        (json!({"metadata": []}), "metadata", "must be a mapping"),
        (json!({"role": []}), "role", "unknown field, did you mean `roles`?"),
    ] {
        let mut consumer = json!({"name": "second", "keys": [{"digest": sha256("second")}]});
        gatehouse_filter_test::change(&mut consumer, &changes);
        let mut configuration = with(json!({}));
        configuration["consumers"].as_array_mut().unwrap().push(consumer);
        assert_eq!(faults(&configuration), [format!("consumers[1].{field}: {want}")]);
    }
}

#[test]
fn a_key_that_was_pasted_by_mistake_is_not_repeated() {
    let key = "gk_live_0123456789abcdef";
    let configuration =
        with(json!({"consumers": [{"name": "a", "keys": [{"digest": key}]}], "hmac_secret": key}));
    let faults = faults(&configuration).join("\n");
    assert!(!faults.is_empty() && !faults.contains("0123456789abcdef"), "{faults}");
}

const SPELT: &str = "sources[1]: must be another field than `x-key`, which upstreams may take it \
 for: an earlier source is that, and every other spelling of it is removed from requests";

#[test]
fn a_secret_and_a_digest_may_be_in_variables() {
    let digest = sha256("acme-new");
    let variables = [("HMAC", SECRET), ("ACME", digest.as_str()), ("SHORT", "s3cret")];
    let read = |changes: Value| configured_in::<ApiKeyAuth>(&with(changes).to_string(), &variables);
    let acme = |digest: Value| json!([{"name": "acme", "keys": [{"digest": digest}]}]);
    let filter = read(json!({"consumers": acme(json!({"env": "ACME"}))})).unwrap();
    assert_eq!(code(&filter, &[("x-api-key", "acme-new")]), "allowed");
    assert_eq!(code(&filter, &[("x-api-key", "acme-old")]), "key_invalid");
    let keyed = json!({"hmac_secret": {"env": "HMAC"}, "consumers": consumers()});
    assert_eq!(code(&read(keyed).unwrap(), &[("x-api-key", "initech-1")]), "allowed");
    for (changes, want) in [
        (json!({"hmac_secret": {"env": "SHORT"}}), "hmac_secret: must be 32 bytes at least"),
        (json!({"hmac_secret": {"env": "HMCA"}}), "hmac_secret: the VM has no variable `HMCA`"),
        (
            json!({"consumers": acme(json!({"env": "SHORT"}))}),
            "consumers[0].keys[0].digest: must be sha256:<64 hexadecimal digits>",
        ),
        (
            json!({"consumers": acme(json!({"env": "ACNE"}))}),
            "consumers[0].keys[0].digest: the VM has no variable `ACNE`",
        ),
    ] {
        let faults = read(changes.clone()).err().unwrap_or_default();
        assert!(matches!(&*faults, [one] if one.starts_with(want)), "{changes}: {faults:?}");
        assert!(!faults[0].contains("s3cret"), "{faults:?}");
    }
}
