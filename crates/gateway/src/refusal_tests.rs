//! Own words for refusals: which codes have them, as `docs/refusals.md` says.

use gatehouse_aggregate::Aggregate;
use gatehouse_api_key_auth::ApiKeyAuth;
use gatehouse_authorization::Authorization;
use gatehouse_body_transform::BodyTransform;
use gatehouse_filter::config::{self, json_value};
use gatehouse_filter::{Codes as _, Filter};
use gatehouse_header_transform::HeaderTransform;
use gatehouse_jwt_auth::JwtAuth;
use gatehouse_rate_limit::RateLimit;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;

/// The codes that the document has for a filter.
fn documented<F: Filter>() -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/refusals.md");
    let page = std::fs::read_to_string(path).unwrap();
    let row = format!("| `{}` | ", F::NAME);
    let row = page.lines().find_map(|line| line.strip_prefix(&row)).unwrap();
    row.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The codes of a filter for which its configuration has words, and those without.
fn worded<F: Filter>(block: &str) -> BTreeSet<String> {
    let mut block = json_value(block.as_bytes()).unwrap();
    let read = |block: &serde_json::Value| {
        config::read_value(block, F::configure).unwrap_or_else(|faults| panic!("{faults:?}"))
    };
    let without = read(&block);
    let has = |filter: &F, code: &F::Code| filter.wording(*code).is_some();
    assert!(!F::Code::ALL.iter().any(|code| has(&without, code)), "{}", F::NAME);
    block["refusal"] = json!({"title": "No"});
    let filter = read(&block);
    let codes = F::Code::ALL.iter().filter(|code| has(&filter, code));
    codes.map(|code| code.name().to_owned()).collect()
}

#[test]
fn the_codes_that_have_other_words_are_those_of_the_document() {
    fn holds<F: Filter>(block: &str) {
        assert_eq!(worded::<F>(block), documented::<F>(), "{}", F::NAME);
    }
    holds::<Aggregate>(
        r#"{"rules": [{"match": {"path": {"exact": "/a"}}, "calls": [{"name": "a", "cluster": "a", "path": "/a"}]}]}"#,
    );
    holds::<ApiKeyAuth>(
        r#"{"consumers": [{"name": "a", "keys": [{"digest": "sha256:7a25f2d0eef2a409489420852076494650d8d0c087f2c0a95cc9cedc68518ae1"}]}]}"#,
    );
    holds::<Authorization>(r#"{"rules": [{"action": "allow"}]}"#);
    holds::<BodyTransform>(r#"{"rules": [{"request": {}}]}"#);
    holds::<HeaderTransform>(r#"{"rules": [{"request": [{"remove": {"name": "x-a"}}]}]}"#);
    holds::<JwtAuth>(
        r#"{"providers": [{"name": "a", "issuer": "a", "audiences": ["a"], "jwks": {"cluster": "a", "path": "/a"}}]}"#,
    );
    holds::<RateLimit>(r#"{"rules": [{"limits": [{"requests": 1, "window": "1s"}]}]}"#);
}
