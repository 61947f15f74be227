//! What a configuration may say, and what is told of one that says something else.

use crate::ResponseCache;
use gatehouse_filter_test::configured;

fn faults(json: &str) -> Vec<String> {
    configured::<ResponseCache>(json).err().unwrap_or_default()
}

fn rule(json: &str) -> String {
    format!(r#"{{"rules": [{json}]}}"#)
}

fn top(member: &str) -> String {
    format!(r#"{{{member}, "rules": [{{}}]}}"#)
}

const KEY: &str = "sha256:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

#[test]
fn good_configurations_are_read() {
    for json in [
        rule("{}"),
        rule(
            r#"{"name": "products", "match": {"path": {"prefix": "/products"}},
            "methods": ["GET", "HEAD", "QUERY", "POST"],
            "key": {"host": false, "query": {"only": ["a", "b*"]}, "sort_query": true,
                "headers": ["X-Tenant"], "cookies": ["currency"], "identity": ["subject", "tier"]},
            "freshness": {"default": "60s", "most": "1h", "heuristic": false,
                "statuses": {"404": "10s", "5xx": "1s"}, "stale_while_revalidate": "30s",
                "stale_if_error": "1h"},
            "client_directives": "ignore", "set_cookie": "strip", "encodings": ["br", "gzip"],
            "languages": ["en", "de-AT"], "tags": ["x-tags"], "collapse": {"wait": "300s"},
            "mode": "shadow"}"#,
        ),
        rule(r#"{"key": {"query": {"without": []}}, "identified": "own", "collapse": "off"}"#),
        rule(r#"{"freshness": {"override": "5m", "stale_if_error": "1s"}, "collapse": false}"#),
        rule(r#"{"key": {"identity": ["issuer"]}, "identified": "strict"}"#),
        top(r#""name": "edge", "mode": "shadow", "cache_status": {"key": true}"#),
        top(r#""store": {"name": "a1", "size": "1MiB", "max_object": "256KiB", "objects": 64}"#),
        top(r#""store": {"size": "64GiB", "max_object": "32MiB", "objects": 1048576}"#),
        top(r#""cache_status": "off", "background": {"cluster": "self"}"#),
        top(&format!(r#""purge": {{"path": "/.cache/purge", "keys": ["{KEY}"]}}"#)),
        top(r#""purge": {"path": "/p", "sources": ["127.0.0.1/32", "::1"]}"#),
    ] {
        assert_eq!(faults(&json), [""; 0], "{json}");
    }
}

#[test]
fn bad_configurations_are_refused_with_the_path_and_the_remedy() {
    for (json, want) in [
        ("{}".to_owned(), "rules: is required"),
        (r#"{"rules": []}"#.to_owned(), "rules: must not be empty"),
        (rule(r#"{"mtach": {}}"#), "rules[0].mtach: unknown field"),
        (top(r#""size": "1MiB""#), "size: unknown field"),
        (top(r#""mode": "dry""#), "mode: must be one of enforce, shadow"),
        (top(r#""store": {"size": "1023KiB"}"#), "store.size: must be from 1MiB to 64GiB"),
        (top(r#""store": {"size": "65GiB"}"#), "store.size: must be from 1MiB to 64GiB"),
        (
            top(r#""store": {"size": "1MiB", "max_object": "257KiB"}"#),
            "store.max_object: must be at most a quarter of `size`",
        ),
        (top(r#""store": {"max_object": "33MiB"}"#), "store.max_object: must be"),
        (top(r#""store": {"max_object": 0}"#), "store.max_object: must be"),
        (top(r#""store": {"objects": 63}"#), "store.objects: must be from 64 to 1048576"),
        (top(r#""store": {"name": "a/b"}"#), "store.name: must be at most 16 letters and digits"),
        (top(r#""background": {}"#), "background.cluster: is required"),
        (top(r#""cache_status": "on""#), "cache_status: must be"),
        (top(r#""cache_status": {"keys": true}"#), "cache_status.keys: unknown field"),
        (top(r#""purge": {"path": "/p"}"#), "purge: must have keys or sources"),
        (top(r#""purge": {"sources": ["::1"]}"#), "purge.path: is required"),
        (top(r#""purge": {"path": "p", "sources": ["::1"]}"#), "purge.path: must be a path"),
        (top(r#""purge": {"path": "/p?a", "sources": ["::1"]}"#), "purge.path: must be a path"),
        (top(r#""purge": {"path": "/%70", "sources": ["::1"]}"#), "purge.path: must be a path"),
        (top(r#""purge": {"path": "//p", "sources": ["::1"]}"#), "purge.path: must be a path"),
        (top(r#""purge": {"path": "/p", "keys": []}"#), "purge.keys: must not be empty"),
        (top(r#""purge": {"path": "/p", "keys": ["secret"]}"#), "purge.keys[0]: must be sha256:"),
        (
            top(
                r#""purge": {"path": "/p", "keys": ["sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]}"#,
            ),
            "purge.keys[0]: is the digest of no key at all",
        ),
        (top(r#""purge": {"path": "/p", "sources": ["here"]}"#), "purge.sources[0]: "),
        (rule(r#"{"methods": []}"#), "rules[0].methods: must not be empty"),
        (rule(r#"{"methods": ["HEAD"]}"#), "rules[0].methods: must have GET"),
        (rule(r#"{"methods": ["GET", "GET"]}"#), "rules[0].methods[1]: is there twice"),
        (rule(r#"{"methods": ["GET", "PUT"]}"#), "rules[0].methods[1]: must be one of"),
        (rule(r#"{"key": {"query": {}}}"#), "rules[0].key.query: must have exactly one of"),
        (
            rule(r#"{"key": {"query": {"only": ["a"], "without": ["b"]}}}"#),
            "rules[0].key.query: must have exactly one of only, without",
        ),
        (rule(r#"{"key": {"query": {"only": ["*"]}}}"#), "rules[0].key.query.only[0]: must be"),
        (rule(r#"{"key": {"query": {"only": ["a*b"]}}}"#), "rules[0].key.query.only[0]: must be"),
        (rule(r#"{"key": {"query": {"only": ["a=b"]}}}"#), "rules[0].key.query.only[0]: must be"),
        (rule(r#"{"key": {"headers": ["host"]}}"#), "rules[0].key.headers[0]: is in the key"),
        (rule(r#"{"key": {"headers": ["Cookie"]}}"#), "rules[0].key.headers[0]: has all cookies"),
        (rule(r#"{"key": {"headers": ["te"]}}"#), "rules[0].key.headers[0]: is of the connection"),
        (rule(r#"{"key": {"headers": ["authorization"]}}"#), "rules[0].key.headers[0]: would be"),
        (rule(r#"{"key": {"headers": ["x y"]}}"#), "rules[0].key.headers[0]: "),
        (
            rule(r#"{"key": {"headers": ["x-a", "X-A"]}}"#),
            "rules[0].key.headers[1]: is there twice",
        ),
        (rule(r#"{"key": {"identity": ["name"]}}"#), "rules[0].key.identity[0]: must be one of"),
        (
            rule(r#"{"key": {"identity": ["subject"]}, "identified": "shared"}"#),
            "rules[0].identified: goes with a key without `identity`",
        ),
        (rule(r#"{"identified": "all"}"#), "rules[0].identified: must be one of"),
        (
            rule(r#"{"freshness": {"override": "5m", "most": "1h"}}"#),
            "rules[0].freshness: `most` does nothing beside `override`",
        ),
        (
            rule(r#"{"freshness": {"default": "500ms"}}"#),
            "rules[0].freshness.default: must be at least 1s, in whole seconds",
        ),
        (rule(r#"{"freshness": {"default": 60}}"#), "rules[0].freshness.default: must be"),
        (rule(r#"{"freshness": {"most": "24856d"}}"#), "rules[0].freshness.most: must be at most"),
        (
            rule(r#"{"freshness": {"statuses": {"6xx": "1s"}}}"#),
            "must be for a status from 200 to 599",
        ),
        (rule(r#"{"encodings": ["br;q=1"]}"#), "rules[0].encodings[0]: must be one coding"),
        (rule(r#"{"languages": []}"#), "rules[0].languages: must not be empty"),
        (rule(r#"{"tags": ["x y"]}"#), "rules[0].tags[0]: "),
        (rule(r#"{"collapse": {"wait": "50ms"}}"#), "rules[0].collapse.wait: must be from 100ms"),
        (rule(r#"{"collapse": {"wait": "301s"}}"#), "rules[0].collapse.wait: must be from 100ms"),
        (rule(r#"{"collapse": "on"}"#), "rules[0].collapse: must be"),
        (rule(r#"{"client_directives": "obey"}"#), "rules[0].client_directives: must be one of"),
        (rule(r#"{"set_cookie": "keep"}"#), "rules[0].set_cookie: must be one of"),
    ] {
        let faults = faults(&json);
        assert!(faults.iter().any(|fault| fault.contains(want)), "{json}: {faults:?}");
    }
}

#[test]
fn all_faults_are_told_at_once_and_none_tells_a_key() {
    let json = r#"{"mode": "x", "store": {"size": "1B"}, "purge": {"path": "/p", "keys": ["topsecret"]},
        "rules": [{"methods": ["PUT"]}, {"collapse": "x"}]}"#;
    let told = faults(json);
    for path in ["mode", "store.size", "purge.keys[0]", "rules[0].methods[0]", "rules[1].collapse"]
    {
        assert!(told.iter().any(|fault| fault.starts_with(path)), "{path}: {told:?}");
    }
    assert!(!told.iter().any(|fault| fault.contains("topsecret")), "{told:?}");
}
