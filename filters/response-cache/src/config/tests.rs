//! Configurations that could do nothing, or not what they say, and what is accepted.

use crate::ResponseCache;
use crate::config::StatusField;
use crate::identity::Member;
use crate::key::{KeyParts, NamePattern, Query};
use crate::rule::Methods;
use gatehouse_caching::{Identified, SetCookie};
use gatehouse_filter::config::{ConfigError, read};
use gatehouse_filter::{Filter as _, Mode, OnRequestBody as _, OnWake as _};
use gatehouse_filter_test::configured_in;
use serde_json::{Value, json};
use std::time::Duration;

/// The filter with one rule, or what is wrong with its configuration.
fn rule(rule: Value) -> Result<ResponseCache, Vec<String>> {
    whole(json!({"rules": [rule]}))
}

fn whole(configuration: Value) -> Result<ResponseCache, Vec<String>> {
    let told = |faults: Vec<ConfigError>| faults.iter().map(ToString::to_string).collect();
    read(configuration.to_string().as_bytes(), ResponseCache::configure).map_err(told)
}

/// The same beside a rule that takes every request.
fn beside_rules(members: Value) -> Result<ResponseCache, Vec<String>> {
    let mut configuration = json!({"rules": [{}]});
    gatehouse_filter_test::change(&mut configuration, &members);
    whole(configuration)
}

#[track_caller]
fn assert_told(configured: Result<ResponseCache, Vec<String>>, case: &Value, want: &str) {
    let faults = configured.err().unwrap_or_else(|| panic!("{case} is taken"));
    assert!(faults.iter().any(|fault| fault.contains(want)), "{case}: {want}: {faults:?}");
}

const DIGEST: &str = "sha256:73da68a10c12df8c27816fc9ece0b1b999a9817f9730d31249bc27bff9db0e9e";
const OF_NOTHING: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[test]
fn a_fault_beside_the_rules_is_told_with_the_path_of_its_field() {
    for (members, want) in [
        (json!({"rules": null}), "rules: is required"),
        (json!({"rules": []}), "rules: must not be empty"),
        (json!({"rules": [{}, {"name": "b"}]}), "rules[1]: never fits: `rules[0]` before it takes"),
        (json!({"mod": "shadow"}), "mod: unknown field, did you mean `mode`?"),
        (json!({"mode": "off"}), "mode: must be one of enforce, shadow"),
        (json!({"name": ""}), "name: must not be empty"),
        (json!({"name": "a\"b"}), "name: must be printable ASCII without quotes"),
        (json!({"name": "a", "cache_status": "off"}), ": does nothing: no field tells it"),
        (json!({"cache_status": "on"}), "cache_status: must be one of off"),
        (json!({"cache_status": true}), "cache_status: must be a mapping of fields"),
        (json!({"cache_status": {"keys": true}}), "cache_status.keys: unknown field"),
        (json!({"background": {}}), "background.cluster: is required"),
        (json!({"background": {"cluster": ""}}), "background.cluster: must not be empty"),
        (json!({"background": "gateway"}), "background: must be a mapping of fields"),
        (json!({"store": {"size": "1023KiB"}}), "store.size: must be from 1MiB to 64GiB"),
        (json!({"store": {"size": "65GiB"}}), "store.size: must be from 1MiB to 64GiB"),
        (json!({"store": {"size": 67_108_864}}), "store.size: must be a size with a unit"),
        (json!({"store": {"max_object": "0B"}}), "store.max_object: must be from 1B to 32MiB"),
        (json!({"store": {"max_object": "33MiB"}}), "store.max_object: must be from 1B to 32MiB"),
        (json!({"store": {"size": "4MiB", "max_object": "2MiB"}}), "at most a quarter of `size`"),
        (json!({"store": {"objects": 63}}), "store.objects: must be from 64 to 1048576"),
        (json!({"store": {"objects": 1_048_577}}), "store.objects: must be from 64 to 1048576"),
        (
            json!({"store": {"size": "1MiB", "objects": 4097}}),
            "store.objects: has more slots than `size` has room for",
        ),
        (json!({"store": {"name": "a b"}}), "store.name: must be at most 16 letters and digits"),
        (json!({"store": {"name": ""}}), "store.name: must not be empty"),
        (json!({"store": {"name": "abcdefghijklmnopq"}}), "store.name: must be at most 16"),
        (json!({"purge": {"keys": [DIGEST]}}), "purge.path: is required"),
        (json!({"purge": {"path": "/p"}}), "purge: must have keys or sources: anybody could"),
        (json!({"purge": {"path": "p", "keys": [DIGEST]}}), "purge.path: must be a path"),
        (json!({"purge": {"path": "/p?a", "keys": [DIGEST]}}), "purge.path: must be a path"),
        (json!({"purge": {"path": "/%70", "keys": [DIGEST]}}), "purge.path: must be a path"),
        (json!({"purge": {"path": "/a//b", "keys": [DIGEST]}}), "purge.path: must be a path"),
        (json!({"purge": {"path": "/p", "keys": []}}), "purge.keys: must not be empty"),
        (json!({"purge": {"path": "/p", "keys": ["sha256:1"]}}), "purge.keys[0]: must be sha256:"),
        (
            json!({"purge": {"path": "/p", "keys": [OF_NOTHING]}}),
            "purge.keys[0]: is the digest of no key at all",
        ),
        (
            json!({"purge": {"path": "/p", "keys": [DIGEST, DIGEST]}}),
            "purge.keys[1]: is there twice",
        ),
        (json!({"purge": {"path": "/p", "sources": []}}), "purge.sources: must not be empty"),
        (json!({"purge": {"path": "/p", "sources": ["a"]}}), "purge.sources[0]: "),
        (
            json!({"purge": {"path": "/p", "sources": ["10.0.0.0/8", "10.0.0.0/8"]}}),
            "purge.sources[1]: is there twice",
        ),
    ] {
        assert_told(beside_rules(members.clone()), &members, want);
    }
}

#[test]
fn a_fault_of_a_rule_is_told_with_the_path_of_its_field() {
    for (members, want) in [
        (json!({"method": ["GET"]}), "rules[0].method: unknown field, did you mean `methods`?"),
        (json!({"methods": []}), "rules[0].methods: must not be empty"),
        (json!({"methods": ["GET", "PUT"]}), "rules[0].methods[1]: must be one of GET, HEAD"),
        (json!({"methods": ["GET", "get"]}), "rules[0].methods[1]: must be one of GET, HEAD"),
        (json!({"methods": ["GET", "GET"]}), "rules[0].methods[1]: is there twice"),
        (json!({"methods": ["HEAD"]}), "rules[0].methods: must have GET"),
        (
            json!({"match": {"methods": ["GET", "PUT"]}}),
            "rules[0]: `methods` has HEAD, and `match` leaves it out",
        ),
        (
            json!({"match": {"methods": ["GET", "HEAD"]}}),
            "rules[0]: `match.methods` leaves out those that change what is stored",
        ),
        (json!({"key": {"query": {}}}), "rules[0].key.query: must have exactly one of only, with"),
        (
            json!({"key": {"query": {"only": ["a"], "without": ["b"]}}}),
            "rules[0].key.query: must have exactly one of only, without",
        ),
        (json!({"key": {"query": {"without": []}}}), "key.query.without: must not be empty"),
        (json!({"key": {"query": {"only": "a"}}}), "key.query.only: must be a list"),
        (json!({"key": {"query": {"only": ["a=b"]}}}), "key.query.only[0]: must be the name of"),
        (json!({"key": {"query": {"only": ["*"]}}}), "key.query.only[0]: must be the name of a"),
        (json!({"key": {"query": {"only": ["a*b"]}}}), "key.query.only[0]: must be the name of"),
        (json!({"key": {"query": {"only": ["a", "a"]}}}), "key.query.only[1]: is there twice"),
        (json!({"key": {"query": {"only": ["utm_a", "utm_*"]}}}), "does nothing: `utm_*` has it"),
        (json!({"key": {"query": {"only": ["u*", "utm_*"]}}}), "does nothing: `u*` has it"),
        (json!({"key": {"headers": []}}), "rules[0].key.headers: must not be empty"),
        (json!({"key": {"headers": ["a b"]}}), "rules[0].key.headers[0]: "),
        (json!({"key": {"headers": ["Host"]}}), "headers[0]: is in the key already: see `host`"),
        (json!({"key": {"headers": ["cookie"]}}), "headers[0]: has all cookies: name those"),
        (json!({"key": {"headers": ["authorization"]}}), "see `identified` and `identity`"),
        (json!({"key": {"headers": ["connection"]}}), "headers[0]: is of the connection"),
        (json!({"key": {"headers": ["x-request-id"]}}), "is another one in each request"),
        (json!({"key": {"headers": ["range"]}}), "asks for a part"),
        (json!({"key": {"headers": ["If-None-Match"]}}), "is a condition"),
        (json!({"key": {"headers": ["x-gatehouse-cache-refresh"]}}), "is taken out of requests"),
        (json!({"key": {"headers": ["x-a", "X-A"]}}), "key.headers[1]: is there twice"),
        (json!({"key": {"cookies": ["a", "a"]}}), "key.cookies[1]: is there twice"),
        (json!({"key": {"cookies": ["a=b"]}}), "key.cookies[0]: must be a cookie's name"),
        (json!({"key": {"identity": ["sub"]}}), "must be one of issuer, subject, consumer, tier"),
        (json!({"key": {"identity": ["tier", "tier"]}}), "key.identity[1]: is there twice"),
        (
            json!({"key": {"identity": ["subject"]}, "identified": "own"}),
            "rules[0].identified: goes with a key without `identity`",
        ),
        (json!({"identified": "yes"}), "identified: must be one of strict, own, shared"),
        (json!({"freshness": {"default": "0s"}}), "freshness.default: must be at least 1s"),
        (json!({"freshness": {"most": "1500ms"}}), "freshness.most: must be at least 1s"),
        (json!({"freshness": {"most": "24856d"}}), "freshness.most: must be at most 24855d"),
        (
            json!({"freshness": {"default": "1s", "override": "1s"}}),
            "rules[0].freshness: `default` does nothing beside `override`",
        ),
        (json!({"freshness": {"statuses": {}}}), "freshness.statuses: must not be empty"),
        (json!({"freshness": {"statuses": {"4x": "1s"}}}), "freshness.statuses.4x: must be for a"),
        (json!({"freshness": {"statuses": {"1xx": "1s"}}}), "statuses.1xx: must be for a status"),
        (json!({"freshness": {"statuses": {"404": 10}}}), "statuses.404: must be a duration with"),
        (
            json!({"freshness": {"statuses": {"429": "1s"}}}),
            "freshness.statuses.429: does nothing: no response of this status is stored",
        ),
        (
            json!({"freshness": {"statuses": {"301": "1s"}, "override": "1s"}}),
            "freshness.statuses.301: does nothing beside `override`",
        ),
        (json!({"client_directives": true}), "must be one of honour, ignore"),
        (json!({"set_cookie": "drop"}), "set_cookie: must be one of refuse, strip, store"),
        (json!({"encodings": []}), "rules[0].encodings: must not be empty"),
        (json!({"encodings": ["gzip;q=1"]}), "encodings[0]: must be one coding or language"),
        (json!({"encodings": [""]}), "encodings[0]: must not be empty"),
        (json!({"encodings": ["br", "BR"]}), "encodings[1]: is there twice"),
        (json!({"languages": ["de", "de"]}), "languages[1]: is there twice"),
        (json!({"tags": []}), "rules[0].tags: must not be empty"),
        (json!({"tags": ["cache tag"]}), "rules[0].tags[0]: "),
        (json!({"tags": ["cache-tag", "Cache-Tag"]}), "rules[0].tags[1]: is there twice"),
        (json!({"collapse": "on"}), "rules[0].collapse: must be one of off"),
        (json!({"collapse": {"wait": "99ms"}}), "collapse.wait: must be from 100ms to 5m"),
        (json!({"collapse": {"wait": "6m"}}), "collapse.wait: must be from 100ms to 5m"),
        (json!({"mode": "dry"}), "rules[0].mode: must be one of enforce, shadow"),
    ] {
        assert_told(rule(members.clone()), &members, want);
    }
}

#[test]
fn all_faults_are_told_at_once_and_none_tells_a_key() {
    let configured = whole(json!({
        "mode": "x",
        "store": {"size": "1B"},
        "purge": {"path": "/p", "keys": ["purge-demo-key"]},
        "rules": [{"methods": ["PUT"]}, {"collapse": "x"}],
    }));
    let faults = configured.err().unwrap_or_default();
    for path in ["mode", "store.size", "purge.keys[0]", "rules[0].methods[0]", "rules[1].collapse"]
    {
        assert!(faults.iter().any(|fault| fault.starts_with(path)), "{path}: {faults:?}");
    }
    assert!(!faults.concat().contains("purge-demo-key"), "{faults:?}");
}

#[test]
fn what_is_not_said_is_as_the_readme_says() {
    let filter = whole(json!({"rules": [{}]})).unwrap();
    assert_eq!(filter.config.name, "gatehouse");
    assert_eq!(filter.config.mode, Mode::Enforce);
    assert_eq!(filter.config.max_object, 1 << 20);
    assert_eq!(filter.config.status, Some(StatusField { key: false }));
    assert_eq!(filter.config.background, None);
    assert!(filter.config.purge.is_none());
    let rule = &filter.config.rules.iter().next().unwrap().action;
    assert_eq!(&*rule.name, "rules[0]");
    assert_eq!(rule.methods, Methods { head: true, query: false, post: false });
    assert_eq!(rule.key, KeyParts::default());
    assert_eq!(rule.storing.identified, Identified::Strict);
    assert_eq!(rule.storing.set_cookie, SetCookie::Refuse);
    assert!(rule.freshness.heuristic && rule.honours_clients && !rule.is_shadow);
    assert_eq!(rule.collapse, Some(Duration::from_secs(10)));
    let tags: Vec<&str> = rule.tags.iter().map(|tag| tag.as_str()).collect();
    assert_eq!(tags, ["surrogate-key", "cache-tag"]);
    // Nothing of it holds a head, and requests wait for each other.
    assert_eq!(filter.holds_heads(), None);
    assert!(filter.waits_for_others());
}

#[test]
fn every_option_is_read_as_what_it_says() {
    let filter = whole(json!({
        "name": "edge",
        "mode": "enforce",
        "store": {"name": "shop", "size": "1MiB", "max_object": "256KiB", "objects": 4096},
        "background": {"cluster": "gateway"},
        "cache_status": {"key": true},
        "purge": {"path": "/.cache/purge", "keys": [DIGEST], "sources": ["127.0.0.1/32", "::1"]},
        "rules": [
            {
                "name": "products",
                "match": {"path": {"prefix": "/products"}},
                "methods": ["GET", "QUERY", "POST"],
                "key": {
                    "host": false,
                    "query": {"only": ["a", "b*"]},
                    "sort_query": true,
                    "headers": ["X-Tenant"],
                    "cookies": ["Currency"],
                    "identity": ["subject", "tier"],
                },
                "freshness": {
                    "override": "5m",
                    "most": "1h",
                    "heuristic": false,
                    "statuses": {"4xx": "1s", "404": "10s", "2xx": "2s"},
                    "stale_while_revalidate": "30s",
                    "stale_if_error": "1h",
                },
                "client_directives": "ignore",
                "set_cookie": "strip",
                "encodings": ["br", "GZIP"],
                "languages": ["en", "de-AT"],
                "tags": ["cache-tag"],
                "collapse": {"wait": "3s"},
                "mode": "shadow",
            },
            {
                "match": {"methods": ["GET", "PUT"], "path": {"prefix": "/b"}},
                "methods": ["GET"],
                "key": {"query": {"only": []}},
                "identified": "own",
                // What Envoy's YAML makes of `off`.
                "collapse": false,
            },
            {"collapse": "off"},
        ],
    }));
    let filter = filter.unwrap();
    assert_eq!(filter.config.name, "edge");
    assert_eq!(filter.config.max_object, 256 << 10);
    assert_eq!(filter.config.background.as_deref(), Some("gateway"));
    assert_eq!(filter.config.status, Some(StatusField { key: true }));
    let purge = filter.config.purge.as_ref().unwrap();
    assert_eq!((&*purge.path, purge.keys.len(), purge.sources.len()), ("/.cache/purge", 1, 2));
    let [products, other, last] =
        &*filter.config.rules.iter().map(|rule| &rule.action).collect::<Vec<_>>()
    else {
        panic!("three rules");
    };
    assert_eq!(products.methods, Methods { head: false, query: true, post: true });
    let name = |text: &str, is_prefix| NamePattern { text: text.to_owned(), is_prefix };
    assert_eq!(products.key.query, Query::Only(vec![name("a", false), name("b", true)]));
    assert_eq!(products.key.headers[0].as_str(), "x-tenant");
    assert_eq!(products.key.cookies, ["Currency"]);
    assert_eq!(products.key.identity, [Member::Subject, Member::Tier]);
    assert!(!products.key.host && products.key.sort_query);
    let freshness = &products.freshness;
    assert_eq!((freshness.instead, freshness.most), (Some(300), Some(3600)));
    assert_eq!(freshness.stale_while_revalidate, Some(30));
    assert_eq!(freshness.stale_if_error, Some(3600));
    // A status by itself goes before its class.
    let lifetime = |status| freshness.statuses.iter().find(|(some, _)| some.has(status));
    assert_eq!(lifetime(404).map(|(_, seconds)| *seconds), Some(10));
    assert_eq!(lifetime(410).map(|(_, seconds)| *seconds), Some(1));
    assert_eq!(products.selection.encodings, ["br", "gzip"]);
    assert_eq!(products.selection.languages, ["en", "de-at"]);
    assert_eq!(products.storing.set_cookie, SetCookie::Strip);
    assert_eq!(products.collapse, Some(Duration::from_secs(3)));
    assert!(!products.honours_clients && products.is_shadow);
    assert_eq!(other.key.query, Query::Only(Vec::new()));
    assert_eq!((other.storing.identified, other.collapse), (Identified::Own, None));
    assert!(!other.is_shadow);
    assert_eq!(last.collapse, None);
    // Contents are a part of the key, and the head is held for them.
    assert_eq!(filter.holds_heads(), Some("rules[].methods"));
}

#[test]
fn the_field_is_off_by_either_word() {
    for off in [json!("off"), json!(false)] {
        let filter = beside_rules(json!({"cache_status": off})).unwrap();
        assert_eq!(filter.config.status, None);
    }
}

#[test]
fn a_shadow_of_all_is_one_of_each_rule() {
    let filter = whole(json!({"mode": "shadow", "rules": [{}]})).unwrap();
    assert!(filter.config.rules.iter().all(|rule| rule.action.is_shadow));
    assert_eq!(filter.mode(), Mode::Shadow);
}

#[test]
fn a_key_that_purges_may_be_in_a_variable() {
    let read = |value: &str| {
        let purge = json!({"path": "/p", "keys": [DIGEST, {"env": "PURGE"}]});
        let configuration = json!({"rules": [{}], "purge": purge}).to_string();
        configured_in::<ResponseCache>(&configuration, &[("PURGE", value)]).map(drop)
    };
    assert_eq!(read(&DIGEST.replace("73da", "0000")), Ok(()));
    for (value, want) in [
        (DIGEST, "purge.keys[1]: is there twice"),
        (OF_NOTHING, "purge.keys[1]: is the digest of no key at all"),
        ("s3cret", "purge.keys[1]: must be sha256:"),
        ("", "purge.keys[1]: the variable `PURGE` is empty"),
    ] {
        let faults = read(value).unwrap_err();
        assert!(matches!(&*faults, [one] if one.starts_with(want)), "{value}: {faults:?}");
        assert!(!faults[0].contains("s3cret"), "{faults:?}");
    }
}
