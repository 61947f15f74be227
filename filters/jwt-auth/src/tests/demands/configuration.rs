//! What rules ask that is wrong, or could never hold.

use super::*;

#[test]
fn what_a_rule_asks_that_could_never_hold_is_told_where_it_is() {
    let opaque = json!({"name": "opaque", "issuer": "https://o.example", "introspection": {
        "cluster": "auth", "path": "/introspect", "client_id": "gw", "client_secret": "hush"}});
    let main = json!({"name": "main", "issuer": ISSUER, "jwks": key_set(),
        "types": ["at+jwt"], "subjects": ["service:*"],
        "required_claims": [{"claim": "tier", "equals": "gold"}, {"claim": "level", "type": "number"},
            {"claim": "plan", "any_of": ["a", "b"]}],
        "claims_to_headers": [{"claim": "sub", "header": "x-user"}]});
    let loose = json!({"name": "loose", "issuer": "https://l.example", "jwks": key_set()});
    let others = "the providers of `require` want another value of this claim";
    let fields = "json, prefix, suffix, regex and, in a rule, capture, header, query, host";
    for (rule, want) in [
        (json!({"require": "none", "audiences": ["a"]}),
            "audiences: does nothing: with `require: none` a token is not looked at".to_owned()),
        (json!({"require": "none", "required_claims": [{"claim": "a"}]}),
            "required_claims: does nothing: with `require: none` a token is not looked at".to_owned()),
        (json!({"audiences": []}), "audiences: must not be empty".to_owned()),
        (json!({"types": []}), "types: must not be empty".to_owned()),
        (json!({"required_claims": []}), "required_claims: must not be empty".to_owned()),
        (json!({"types": ["at jwt"]}), "types[0]: must be a media type, such as at+jwt".to_owned()),
        (json!({"types": ["jwt"]}), "types: never fits: no provider of `require` takes tokens of \
            these types; those of one without `jwks` have none".to_owned()),
        (json!({"types": ["at+jwt"], "require": ["opaque"]}), "types: never fits: no provider of \
            `require` takes tokens of these types; those of one without `jwks` have none".to_owned()),
        (json!({"types": ["logout+jwt"], "require": ["loose"]}), "types: never fits: no provider of \
            `require` takes tokens of these types; those of one without `jwks` have none".to_owned()),
        (json!({"required_claims": [{"claim": "tier", "equals": "silver"}]}),
            format!("required_claims[0]: never fits: {others}")),
        (json!({"required_claims": [{"claim": "tier", "prefix": "sil"}]}),
            format!("required_claims[0]: never fits: {others}")),
        (json!({"required_claims": [{"claim": "tier", "type": "list"}]}),
            format!("required_claims[0]: never fits: {others}")),
        (json!({"required_claims": [{"claim": "level", "prefix": "1"}]}),
            format!("required_claims[0]: never fits: {others}")),
        (json!({"required_claims": [{"claim": "level", "type": "text"}]}),
            format!("required_claims[0]: never fits: {others}")),
        (json!({"required_claims": [{"claim": "plan", "equals": "c"}]}),
            format!("required_claims[0]: never fits: {others}")),
        (json!({"required_claims": [{"claim": "iss", "equals": "https://else.example"}]}),
            format!("required_claims[0]: never fits: {others}")),
        (json!({"required_claims": [{"claim": "sub", "equals": "alice"}]}),
            format!("required_claims[0]: never fits: {others}")),
        (json!({"require": {"all": ["main"]}, "required_claims": [{"claim": "tier", "equals": 1}]}),
            format!("required_claims[0]: never fits: {others}")),
        (json!({"required_claims": [{"claim": "a", "equals": 1}, {"claim": "a", "equals": 2}]}),
            "required_claims[1]: never fits: the rule asks for another value of this claim before"
                .to_owned()),
        (json!({"required_claims": [{"claim": "a", "header": "X-User"}]}),
            "required_claims[0]: never fits: the field `x-user` is what `claims_to_headers` writes, \
             and is removed from requests before".to_owned()),
        (json!({"required_claims": [{"claim": "a", "any_of": ["b", {"header": "x_user"}]}]}),
            "required_claims[0]: never fits: the field `x_user` is what `claims_to_headers` writes, \
             and is removed from requests before".to_owned()),
        (json!({"required_claims": [{"claim": "a", "header": "host"}]}),
            "required_claims[0].header: never fits: Envoy makes `:authority` of it, use \
             `{host: '*'}`".to_owned()),
        (json!({"required_claims": [{"claim": "a", "capture": "id"}]}),
            "required_claims[0].capture: nothing is captured: give the rule a path template such \
             as /users/{id}".to_owned()),
        (json!({"match": {"path": {"template": "/{x}"}}, "required_claims": [{"claim": "a",
            "capture": "id"}]}),
            "required_claims[0].capture: is not captured by the rule's path template, which has x"
                .to_owned()),
        (json!({"required_claims": [{"claim": "a", "host": "example.com"}]}),
            "required_claims[0].host: must be a host with one `*` for the part that is compared, \
             as *.example.com; `*` alone is the whole host".to_owned()),
        (json!({"required_claims": [{"claim": "a", "header": "x", "query": "y"}]}),
            "required_claims[0]: must have only one of equals, json, any_of, type, prefix, suffix, \
             regex and, in a rule, capture, header, query, host".to_owned()),
        (json!({"required_claims": [{"claim": "a", "any_of": [{"header": "x", "json": "1"}]}]}),
            format!("required_claims[0].any_of[0]: must have exactly one of {fields}")),
        (json!({"required_claims": [{"claim": "a", "any_of": [{}]}]}),
            format!("required_claims[0].any_of[0]: must have exactly one of {fields}")),
        (json!({"required_claims": [{"claim": "a", "regex": "("}]}),
            "required_claims[0].regex: is not a valid pattern: ".to_owned()),
        (json!({"audience": ["a"]}), "audience: unknown field, did you mean `audiences`?".to_owned()),
    ] {
        let mut configured_rule = json!({"require": ["main"]});
        gatehouse_filter_test::change(&mut configured_rule, &rule);
        let configuration = json!({"providers": [main, loose, opaque], "rules": [configured_rule]});
        let faults = configured::<JwtAuth>(&configuration.to_string()).err();
        let faults = faults.unwrap_or_else(|| panic!("{rule} is taken"));
        assert!(faults.len() == 1 && faults[0].starts_with(&format!("rules[0].{want}")),
            "{rule}: {faults:?}");
    }
    // One provider of several is enough.
    for rule in [
        json!({"require": "any", "types": ["jwt"]}),
        json!({"require": ["main", "loose"], "required_claims": [{"claim": "tier",
            "equals": "silver"}]}),
        json!({"require": ["main"], "required_claims": [{"claim": "tier", "regex": "^g"},
            {"claim": "plan", "any_of": ["c", "b"]}, {"claim": "level", "any_of": [1]},
            {"claim": "sub", "equals": "service:a"}, {"claim": "iss", "host": "*"},
            {"claim": "level", "host": "*.example"}]}),
        json!({"require": ["opaque"], "audiences": ["a"], "required_claims": [{"claim": "client_id",
            "header": "x-client"}]}),
    ] {
        let configuration = json!({"providers": [main, loose, opaque], "rules": [rule]});
        let faults = configured::<JwtAuth>(&configuration.to_string()).err();
        assert_eq!(faults, None, "{rule}");
    }
}

#[test]
fn a_provider_s_claims_are_compared_with_nothing_that_a_request_says() {
    for (name, value) in
        [("header", "x-tenant"), ("query", "tenant"), ("host", "*"), ("capture", "id")]
    {
        let mut required = json!({"claim": "tenant"});
        required[name] = json!(value);
        let provider = json!({"name": "main", "issuer": ISSUER, "jwks": key_set(),
            "required_claims": [required]});
        let faults = configured::<JwtAuth>(&json!({"providers": [provider]}).to_string());
        assert_eq!(
            faults.err().unwrap(),
            [format!(
                "providers[0].required_claims[0].{name}: is for `required_claims` of a rule: what \
                 a request says is not the same for each"
            )]
        );
    }
}
