mod good;

use crate::RateLimit;
use gatehouse_filter_test::configured;

fn faults(json: &str) -> Vec<String> {
    configured::<RateLimit>(json).err().unwrap_or_default()
}

fn rule(json: &str) -> String {
    format!(r#"{{"rules": [{json}]}}"#)
}

#[test]
fn bad_configurations_are_refused_with_the_path_and_the_remedy() {
    let ok = r#""limits": [{"requests": 1, "window": "1s"}]"#;
    let top = |member: &str| format!(r#"{{{member}, "rules": [{{{ok}}}]}}"#);
    let limits = |limits: &str| rule(&format!(r#"{{"limits": {limits}}}"#));
    let key = |key: &str| rule(&format!(r#"{{"key": {key}, {ok}}}"#));
    let amount = |amount: &str| limits(&format!(r#"[{{"requests": {amount}, "window": "1s"}}]"#));
    let cost = |cost: &str| rule(&format!(r#"{{"cost": {cost}, {ok}}}"#));
    const ONE_PART: &str = "rules[0].key[0]: must have exactly one of client_address, header, \
         query, cookie, capture, claim";
    const OFFSET: &str =
        "rules[0].limits[0].offset: must be a distance from UTC such as +02:00, at most 14:59";
    for (json, want) in [
        ("[]".to_owned(), "must be a mapping of fields"),
        ("{}".to_owned(), "rules: is required"),
        (r#"{"rules": []}"#.to_owned(), "rules: must not be empty"),
        (r#"{"rules": {}}"#.to_owned(), "rules: must be a list"),
        (top(r#""mode": "dry""#), "mode: must be one of enforce, shadow"),
        (top(r#""on_error": "open""#), "on_error: must be one of deny, allow"),
        (top(r#""keys": 7"#), "keys: must be from 8 to 1048576"),
        (top(r#""keys": 1048577"#), "keys: must be from 8 to 1048576"),
        (
            top(r#""response_fields": "x""#),
            "response_fields: must be one of draft, draft-03, x-ratelimit, none",
        ),
        (
            top(r#""response_field": "none""#),
            "response_field: unknown field, did you mean `response_fields`?",
        ),
        (rule("{}"), "rules[0]: must have `limits`, `in_flight`, or both"),
        (limits(r#""nothing""#), "rules[0].limits: must be a list"),
        (
            limits(r#""none""#),
            "rules: the last one has no effect: `limits: none` takes requests out of rules after it",
        ),
        (
            rule(r#"{"limits": "none", "key": ["path"]}"#),
            "rules[0]: key has no effect with `limits: none`",
        ),
        (
            rule(r#"{"limits": "none", "in_flight": 1}"#),
            "rules[0]: in_flight has no effect with `limits: none`",
        ),
        (
            rule(r#"{"limits": "none", "mode": "shadow"}"#),
            "rules[0]: mode has no effect with `limits: none`",
        ),
        (
            rule(r#"{"limits": "none", "refusal": {"title": "No"}}"#),
            "rules[0]: refusal has no effect with `limits: none`",
        ),
        (
            rule(&format!(r#"{{"name": "a", "limits": "none"}}, {{{ok}}}"#)),
            "rules[1]: never fits: `a` before it takes all it is for",
        ),
        (
            rule(&format!(r#"{{"keys": ["subject"], {ok}}}"#)),
            "rules[0].keys: unknown field, did you mean `key`?",
        ),
        (limits("[]"), "rules[0].limits: must not be empty"),
        (limits(r#"[{"window": "1s"}]"#), "rules[0].limits[0].requests: is required"),
        (
            limits(r#"[{"requests": 0, "window": "1s"}]"#),
            "rules[0].limits[0].requests: must be from 1 to 1000000000",
        ),
        (
            limits(r#"[{"requests": 1.5, "window": "1s"}]"#),
            "rules[0].limits[0].requests: must be a whole number; must be from 1 to 1000000000",
        ),
        (
            limits(r#"[{"requests": -1, "window": "1s"}]"#),
            "rules[0].limits[0].requests: must be from 1 to 1000000000",
        ),
        (
            limits(r#"[{"requests": 1000000001, "window": "1s"}]"#),
            "rules[0].limits[0].requests: must be from 1 to 1000000000",
        ),
        (
            limits(r#"[{"requests": 1, "window": 60}]"#),
            "rules[0].limits[0].window: must be a duration with a unit (ms, s, m, h, d), such as 30s",
        ),
        (
            limits(r#"[{"requests": 1, "window": "0s"}]"#),
            "rules[0].limits[0].window: must be whole seconds, from 1s to 30d",
        ),
        (
            limits(r#"[{"requests": 1, "window": "1500ms"}]"#),
            "rules[0].limits[0].window: must be whole seconds, from 1s to 30d",
        ),
        (
            limits(r#"[{"requests": 1, "window": "31d"}]"#),
            "rules[0].limits[0].window: must be whole seconds, from 1s to 30d",
        ),
        (
            limits(r#"[{"requests": 1, "window": "1s", "burst": 0}]"#),
            "rules[0].limits[0].burst: must be from 1 to 1000000000",
        ),
        (
            limits(r#"[{"requests": 1, "window": "30d", "burst": 122}]"#),
            "rules[0].limits[0].burst: must be less: at this rate it takes more than 3650 days to fill",
        ),
        (
            limits(r#"[{"requests": 1, "windw": "1s", "window": "1s"}]"#),
            "rules[0].limits[0].windw: unknown field, did you mean `window`?",
        ),
        (
            limits(r#"[{"requests": 1, "window": "1s", "name": "a\"b"}]"#),
            "rules[0].limits[0].name: must be printable ASCII without quotes and backslashes",
        ),
        (
            limits(r#"[{"requests": 1, "window": "1s", "name": "ä"}]"#),
            "rules[0].limits[0].name: must be printable ASCII without quotes and backslashes",
        ),
        (
            limits(
                r#"[{"requests": 1, "window": "1s", "name": "a"}, {"requests": 1, "window": "2s", "name": "a"}]"#,
            ),
            "rules[0].limits[1].name: must be unique: an earlier limit of the rule has this name",
        ),
        (
            limits(&format!("[{}]", [r#"{"requests": 1, "window": "1s"}"#; 5].join(","))),
            "rules[0].limits: must have at most 4 limits",
        ),
        (
            rule(&format!(r#"{{"key": [], "absent": "skip", {ok}}}"#)),
            "rules[0].absent: does nothing: a key without parts lacks none",
        ),
        (
            amount(r#"{"tier": {"a": 1}, "consumer": {"a": 1}, "default": 1}"#),
            "rules[0].limits[0].requests: must have exactly one of tier, consumer, claim, header",
        ),
        (
            amount(r#"{"header": "x-quota", "default": 1}"#),
            "rules[0].limits[0].requests: needs `most`, and no `values`: a header may say any number",
        ),
        (
            amount(r#"{"header": "x-quota", "most": 5, "values": {"a": 1}, "default": 1}"#),
            "rules[0].limits[0].requests: needs `most`, and no `values`: a header may say any number",
        ),
        (
            amount(r#"{"header": "x quota", "most": 5, "default": 1}"#),
            "rules[0].limits[0].requests.header: must be a header field name: letters, digits and !#$%&'*+-.^_`|~",
        ),
        (
            top(r#""status": 503, "refusal": {"status": 403}"#),
            "refusal: has the `status` that is said beside it: say it once",
        ),
        (
            top(r#""refusal": {"status": 401}"#),
            "refusal.status: cannot be 401: the answer would lack a challenge",
        ),
        (top(r#""refusal": {}"#), "refusal: says nothing: at least one of status, title, detail is needed"),
        (
            top(r#""refusal": {"detail": "${header.x-key}"}"#),
            "refusal.detail: `${header.x-key}` (character 1): is none that a refusal knows; known here: detail, code, rule, retry_after, identity.subject, identity.consumer, identity.tier",
        ),
        (rule("{}"), "rules[0]: must have `limits`, `in_flight`, or both"),
        (rule(r#"{"in_flight": 0}"#), "rules[0].in_flight: must be from 1 to 1000000000"),
        (rule(r#"{"in_flight": []}"#), "rules[0].in_flight: must be a whole number; must be from 1 to 1000000000"),
        (
            rule(r#"{"in_flight": 1, "cost": 5}"#),
            "rules[0]: `cost` does nothing without `limits`: what is under way is one request each",
        ),
        (
            rule(r#"{"in_flight": 1, "counting": {"mode": "local"}}"#),
            "rules[0]: `counting` does nothing without `limits`: what is under way is one request each",
        ),
        (top(r#""retry_after": "no""#), "retry_after: must be true or false"),
        (top(r#""tell_costs": 1"#), "tell_costs: must be true or false"),
        (
            key(r#"["address"]"#),
            "rules[0].key[0]: must be one of client_address, path, method, route, host, subject, consumer, tier, issuer; \
             or a mapping such as {header: name}",
        ),
        (key("[1]"), "rules[0].key[0]: must be a mapping of fields"),
        (key("[{}]"), ONE_PART),
        (key(r#"[{"header": "a", "claim": "b"}]"#), ONE_PART),
        (
            key(r#"[{"header": "Host"}]"#),
            "rules[0].key[0].header: the proxy keeps the host in no header field",
        ),
        (
            key(r#"[{"client_address": {"ipv4_prefix": 33}}]"#),
            "rules[0].key[0].client_address.ipv4_prefix: must be from 1 to 32",
        ),
        (
            key(r#"[{"client_address": {"ipv6_prefix": 0}}]"#),
            "rules[0].key[0].client_address.ipv6_prefix: must be from 1 to 128",
        ),
        (
            key(r#"[{"capture": "id"}]"#),
            "rules[0].key[0].capture: the rule's path captures nothing: give it a template such as /users/{id}",
        ),
        (
            rule(&format!(
                r#"{{"match": {{"path": {{"template": "/a/{{b}}/{{c}}"}}}}, "key": [{{"capture": "id"}}], {ok}}}"#
            )),
            "rules[0].key[0].capture: is not captured by the rule's path, which has b, c",
        ),
        (rule(&format!(r#"{{"absent": "deny", {ok}}}"#)),
            "rules[0].absent: must be one of client_address, share, skip"),
        (rule(&format!(r#"{{"mode": "dry", {ok}}}"#)), "rules[0].mode: must be one of enforce, shadow"),
        (top(r#""apply": "any""#), "apply: must be one of first, all"),
        (top(r#""status": 200"#), "status: must be from 400 to 599"),
        (top(r#""response_fields": []"#), "response_fields: must not be empty"),
        (
            top(r#""response_fields": ["none"]"#),
            "response_fields[0]: must be one of draft, draft-03, x-ratelimit",
        ),
        (
            r#"{"apply": "all", "rules": [{"name": "a", "limits": [{"requests": 1, "window": "1s"}]},
                {"limits": [{"name": "a", "requests": 1, "window": "1s"}]}]}"#
                .to_owned(),
            "rules: with `apply: all`, two limits cannot have the same name: `a`",
        ),
        (limits(r#"[{"requests": 1}]"#), "rules[0].limits[0]: must have exactly one of window, per"),
        (
            limits(r#"[{"requests": 1, "window": "1s", "per": "day"}]"#),
            "rules[0].limits[0]: must have exactly one of window, per",
        ),
        (
            limits(r#"[{"requests": 1, "per": "week"}]"#),
            "rules[0].limits[0].per: must be one of second, minute, hour, day, month",
        ),
        (
            limits(r#"[{"requests": 1, "per": "day", "burst": 2}]"#),
            "rules[0].limits[0]: `burst` goes with `window`: in a period of the calendar, all may come at once",
        ),
        (
            limits(r#"[{"requests": 1, "window": "1s", "algorithm": "leaky_bucket"}]"#),
            "rules[0].limits[0].algorithm: must be one of token_bucket, sliding_window",
        ),
        (
            limits(r#"[{"requests": 1, "window": "1s", "algorithm": "sliding_window", "burst": 2}]"#),
            "rules[0].limits[0]: `burst` goes with `algorithm: token_bucket`: of a sliding \
             window, all may come at once",
        ),
        (
            limits(r#"[{"requests": 1, "per": "day", "algorithm": "sliding_window"}]"#),
            "rules[0].limits[0]: `algorithm` goes with `window`: a period of the calendar begins \
             and ends for all",
        ),
        (
            limits(r#"[{"requests": 1, "algorithm": "sliding_window"}]"#),
            "rules[0].limits[0]: must have exactly one of window, per",
        ),
        (
            rule(
                r#"{"counting": {"mode": "global", "cluster": "rls"}, "limits": [{"requests": 1,
                    "window": "1s", "algorithm": "sliding_window"}]}"#,
            ),
            "rules[0].limits[0].algorithm: goes with `counting: {mode: local}`: a rate limit \
             service counts in its own way",
        ),
        (
            rule(
                r#"{"counting": {"mode": "hybrid", "cluster": "rls"}, "limits": [{"requests": 1,
                    "window": "1s"}, {"requests": 1, "window": "1m",
                    "algorithm": "token_bucket"}]}"#,
            ),
            "rules[0].limits[1].algorithm: goes with `counting: {mode: local}`: a rate limit \
             service counts in its own way",
        ),
        (
            rule(
                r#"{"cost": 2, "limits": [{"requests": 1, "window": "1s",
                    "algorithm": "sliding_window"}]}"#,
            ),
            "rules[0]: cost must not be more than a limit lets pass at once, 1",
        ),
        (
            limits(r#"[{"requests": 1, "window": "1s", "offset": "+01:00"}]"#),
            "rules[0].limits[0]: `offset` goes with `per`: a window begins whenever a client comes",
        ),
        (limits(r#"[{"requests": 1, "per": "day", "offset": "01:00"}]"#), OFFSET),
        (limits(r#"[{"requests": 1, "per": "day", "offset": "+1:00"}]"#), OFFSET),
        (limits(r#"[{"requests": 1, "per": "day", "offset": "+15:00"}]"#), OFFSET),
        (limits(r#"[{"requests": 1, "per": "day", "offset": "+01:60"}]"#), OFFSET),
        (limits(r#"[{"requests": 1, "per": "day", "offset": "ä1:00"}]"#), OFFSET),
        (limits(r#"[{"requests": 1, "per": "day", "offset": "Europe/Berlin"}]"#), OFFSET),
        (amount(r#"{"default": 1}"#), "rules[0].limits[0].requests: must have exactly one of tier, consumer, claim, header"),
        (
            amount(r#"{"tier": {"gold": 1}, "claim": "a", "most": 1, "default": 1}"#),
            "rules[0].limits[0].requests: must have exactly one of tier, consumer, claim, header",
        ),
        (amount(r#"{"tier": {"gold": 1}}"#), "rules[0].limits[0].requests.default: is required"),
        (amount(r#"{"tier": {}, "default": 1}"#), "rules[0].limits[0].requests.tier: must not be empty"),
        (
            amount(r#"{"tier": {"gold": -1}, "default": 1}"#),
            "rules[0].limits[0].requests.tier.gold: must be from 0 to 1000000000",
        ),
        (
            amount(r#"{"tier": ["gold"], "default": 1}"#),
            "rules[0].limits[0].requests.tier: must be a mapping",
        ),
        (
            amount(r#"{"claim": "a", "default": 1}"#),
            "rules[0].limits[0].requests: must have exactly one of values, most: a claim may be whatever somebody put into a token",
        ),
        (
            amount(r#"{"claim": "a", "most": 1, "values": {"b": 1}, "default": 1}"#),
            "rules[0].limits[0].requests: must have exactly one of values, most: a claim may be whatever somebody put into a token",
        ),
        (
            amount(r#"{"tier": {"gold": 1}, "most": 1, "default": 1}"#),
            "rules[0].limits[0].requests: `values` and `most` go with `claim` and `header`",
        ),
        (
            limits(
                r#"[{"requests": {"claim": "a", "most": 9, "default": 1}, "window": "30d", "burst": 122}]"#,
            ),
            "rules[0].limits[0].burst: must be less: at this rate it takes more than 3650 days to fill",
        ),
        (cost("0"), "rules[0].cost: must be from 1 to 1000000000"),
        (cost("2"), "rules[0]: cost must not be more than a limit lets pass at once, 1"),
        (cost(r#"{"header": "a"}"#), "rules[0].cost.most: is required"),
        (
            cost(r#"{"most": 1}"#),
            "rules[0].cost: must have exactly one of header, response_header, response_body",
        ),
        (
            cost(r#"{"header": "a", "response_header": "b", "most": 1}"#),
            "rules[0].cost: must have exactly one of header, response_header, response_body",
        ),
        (
            cost(r#"{"header": "a", "default": 2, "most": 1}"#),
            "rules[0].cost: default must not be more than most",
        ),
        (
            key(r#"[{"header": ":path"}]"#),
            "rules[0].key[0].header: must be a header field name: letters, digits and !#$%&'*+-.^_`|~",
        ),
        (key(r#"[{"claim": ""}]"#), "rules[0].key[0].claim: must not be empty"),
        (key(r#"[{"headr": "a"}]"#), "rules[0].key[0].headr: unknown field, did you mean `header`?"),
    ] {
        assert_eq!(faults(&json).first().map(String::as_str), Some(want), "{json}");
    }
}

#[test]
fn every_fault_is_told_at_once() {
    let json =
        r#"{"keys": 1, "rules": [{"limits": [{"requests": 0}]}, {"limits": []}], "rule": 1}"#;
    assert_eq!(faults(json).len(), 5, "{:?}", faults(json));
    assert!(faults(&rule(r#"{"limits": [{"requests": 1, "window": "1s"}]}"#)).is_empty());
}

#[test]
fn limits_without_a_name_get_the_next_free_one_of_the_rule() {
    let limit = |name: &str| match name {
        "" => r#"{"requests": 1, "window": "1s"}"#.to_owned(),
        name => format!(r#"{{"name": "{name}", "requests": 1, "window": "1s"}}"#),
    };
    for (given, want) in [
        (vec![""], vec!["orders"]),
        (vec!["", "", ""], vec!["orders", "orders-2", "orders-3"]),
        (vec!["", "burst", ""], vec!["orders", "burst", "orders-2"]),
        (vec!["", "orders", ""], vec!["orders-2", "orders", "orders-3"]),
    ] {
        let limits: Vec<_> = given.iter().map(|name| limit(name)).collect();
        let json = rule(&format!(r#"{{"name": "orders", "limits": [{}]}}"#, limits.join(",")));
        let filter = configured::<RateLimit>(&json).unwrap();
        let quotas = filter.rules.iter().flat_map(|rule| &rule.action.quotas);
        assert_eq!(quotas.map(|quota| quota.name.as_str()).collect::<Vec<_>>(), want, "{given:?}");
    }
}
