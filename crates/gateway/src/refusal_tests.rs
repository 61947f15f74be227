//! Own words for refusals: which codes have them, as `docs/refusals.md` says.

use gatehouse_aggregate::Aggregate;
use gatehouse_api_key_auth::ApiKeyAuth;
use gatehouse_authorization::Authorization;
use gatehouse_body_transform::BodyTransform;
use gatehouse_filter::config::{self, json_value};
use gatehouse_filter::{Codes as _, Filter, Wording};
use gatehouse_header_transform::HeaderTransform;
use gatehouse_jwt_auth::JwtAuth;
use gatehouse_rate_limit::RateLimit;
use gatehouse_response_cache::ResponseCache;
use serde_json::{Value, json};
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
    let without = configured::<F>(&block);
    let has = |filter: &F, code: &F::Code| filter.wording(*code, None).is_some();
    assert!(!F::Code::ALL.iter().any(|code| has(&without, code)), "{}", F::NAME);
    block["refusal"] = json!({"title": "No"});
    let filter = configured::<F>(&block);
    let codes = F::Code::ALL.iter().filter(|code| has(&filter, code));
    codes.map(|code| code.name().to_owned()).collect()
}

fn configured<F: Filter>(block: &Value) -> F {
    config::read_value(block, F::configure).unwrap_or_else(|faults| panic!("{faults:?}"))
}

/// Fails unless a rule's words take the place of those at the top, for its own refusals alone.
fn assert_worded_by_rule<F: Filter>(block: &str) {
    let mut block = json_value(block.as_bytes()).unwrap();
    let rules = block["rules"].as_array().cloned().unwrap_or_default();
    let mut rule = rules.first().cloned().unwrap();
    rule["name"] = json!("own");
    rule["refusal"] = json!({"title": "Of the rule"});
    block["rules"] = json!([rule]);
    let said = |words: Value| {
        let read = |node: config::Node<'_>| Wording::read(&node, false);
        Some(config::read_value(&words, read).unwrap())
    };
    let worded = |filter: &F, rule: Option<&str>| {
        let mut all = F::Code::ALL.iter().filter_map(|code| filter.wording(*code, rule).cloned());
        all.next()
    };
    let filter = configured::<F>(&block);
    let name = F::NAME;
    assert_eq!(worded(&filter, Some("own")), said(json!({"title": "Of the rule"})), "{name}");
    assert_eq!(worded(&filter, Some("other")), None, "{name}: another rule's");
    assert_eq!(worded(&filter, None), None, "{name}: the default's");
    block["refusal"] = json!({"title": "Of all", "detail": "Ask us."});
    let filter = configured::<F>(&block);
    let both = json!({"title": "Of the rule", "detail": "Ask us."});
    assert_eq!(worded(&filter, Some("own")), said(both), "{name}: silent about the detail");
    let top = block["refusal"].clone();
    assert_eq!(worded(&filter, Some("other")), said(top.clone()), "{name}: another rule's");
    assert_eq!(worded(&filter, None), said(top), "{name}: the default's");
}

#[test]
fn codes_have_other_words_as_documented_and_rules_have_their_own() {
    fn holds<F: Filter>(block: &str) {
        assert_eq!(worded::<F>(block), documented::<F>(), "{}", F::NAME);
        assert_worded_by_rule::<F>(block);
    }
    holds::<Aggregate>(
        r#"{"rules": [{"match": {"path": {"exact": "/a"}}, "calls": [{"name": "a", "cluster": "a", "path": "/a"}]}]}"#,
    );
    holds::<ApiKeyAuth>(
        r#"{"consumers": [{"name": "a", "keys": [{"digest":
            "sha256:7a25f2d0eef2a409489420852076494650d8d0c087f2c0a95cc9cedc68518ae1"}]}],
            "rules": [{}]}"#,
    );
    holds::<Authorization>(r#"{"rules": [{"action": "deny"}]}"#);
    holds::<BodyTransform>(r#"{"rules": [{"request": {}}]}"#);
    holds::<HeaderTransform>(r#"{"rules": [{"request": [{"remove": {"name": "x-a"}}]}]}"#);
    holds::<JwtAuth>(
        r#"{"providers": [{"name": "a", "issuer": "a", "audiences": ["a"], "jwks": {"cluster": "a",
            "path": "/a"}}], "rules": [{"require": "any"}]}"#,
    );
    holds::<RateLimit>(r#"{"rules": [{"limits": [{"requests": 1, "window": "1s"}]}]}"#);
    holds::<ResponseCache>(r#"{"rules": [{}]}"#);
}
