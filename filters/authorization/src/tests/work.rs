//! What the longest path costs, whatever the rules are made of: it is read so many times.

use super::*;
use gatehouse_filter_test::{longest, steps_of};

const TEMPLATES: usize = 64;
/// Fewer, as they are slow where nothing is optimised.
const PATTERNS: usize = 8;

/// So many rules that look at the path in this way, and allow nobody.
fn rules(count: usize, path: fn(usize) -> Value) -> Authorization {
    let rule = |number| {
        json!({"match": {"path": path(number)}, "action": "allow",
            "principals": [{"subjects": ["nobody"]}]})
    };
    filter((0..count).map(rule).collect())
}

#[test]
fn the_longest_field_is_read_once_by_each_pattern() {
    let rule = |number| {
        let header = json!({"name": "x-long", "regex": format!("^a*{number}$")});
        json!({"match": {"headers": [header]}, "action": "allow"})
    };
    let filter = filter((0..PATTERNS).map(rule).collect());
    let value = "a".repeat(28 << 10);
    let fields = [(":path", "/"), ("x-long", value.as_str())];
    let (steps, outcome) = steps_of(|| ask(&filter, &FakeHost::default(), &fields));
    assert_eq!(outcome.decision.code, Code::NoRule);
    assert!(steps <= (1 + PATTERNS) * value.len(), "{} times", steps / value.len());
    assert!(steps >= PATTERNS * value.len(), "it is counted");
    let why = outcome.decision.why.unwrap();
    assert!(why.starts_with("the head has 28"), "{why}");
}

#[test]
fn the_longest_path_is_read_a_few_times_and_by_each_rule_only_where_it_takes_all_of_it() {
    let other: fn(usize) -> Value =
        |number| json!({"template": format!("/orders/{{a}}/{number}x/{{rest=**}}")});
    let all: fn(usize) -> Value =
        |number| json!({"template": format!("/{{a{number}}}/{{rest=**}}")});
    let regex: fn(usize) -> Value =
        |number| json!({"regex": format!("^/orders(/[0-9a-f])*/{number}x$")});
    // What a template captures is copied where it fits. A pattern reads the path, and each of the
    // other forms that it may have.
    let (segments, segment, escaped) =
        (longest::path(), longest::segment(), longest::escaped_path());
    let (templates, patterns) = (TEMPLATES, PATTERNS);
    for (case, path, count, rule, most) in [
        ("templates, a path of many segments", &segments, templates, other, 8),
        ("templates, a path of one", &segment, templates, other, 10),
        ("templates, a path in disguise", &escaped, templates, other, 16),
        ("templates that take all, of many segments", &segments, templates, all, 10 + templates),
        ("templates that take all, of one", &segment, templates, all, 10 + templates),
        ("templates that take all, in disguise", &escaped, templates, all, 16 + templates),
        ("patterns, a path of many segments", &segments, patterns, regex, 8 + patterns),
        ("patterns, a path of one", &segment, patterns, regex, 8 + patterns),
        ("patterns, a path in disguise", &escaped, patterns, regex, 16 + 4 * patterns),
    ] {
        let filter = rules(count, rule);
        let (steps, outcome) = steps_of(|| get(&filter, &FakeHost::default(), path));
        assert!(steps <= most * path.len(), "{case}: {} times", steps / path.len());
        assert!(steps >= path.len(), "{case}: it is counted");
        assert_eq!(outcome.status().map(|status| status / 100), Some(4), "{case}");
    }
}

#[test]
fn the_longest_query_is_cut_once_and_each_condition_reads_the_values_of_its_parameter() {
    let condition = |number: usize| json!({"name": format!("p{number}"), "exact": "a"});
    let of_one = |number: usize| json!({"name": "1", "exact": number.to_string()});
    let parameters = longest::parameters();
    let semicolons = parameters.replace('&', ";");
    let escaped = format!("/orders?{}", "%31=%252561&".repeat(3_000));
    for (case, target, condition, most) in [
        ("others", &parameters, &condition as &dyn Fn(usize) -> Value, 8),
        ("others behind semicolons", &semicolons, &condition, 12),
        ("one that is there hundreds of times", &parameters, &of_one, 8 + PATTERNS),
        ("the same behind semicolons", &semicolons, &of_one, 12 + PATTERNS),
        ("one in disguise, thousands of times", &escaped, &of_one, 8 + 8 * PATTERNS),
    ] {
        let rule = |number| json!({"match": {"query": [condition(number)]}, "action": "allow"});
        let filter = filter((0..PATTERNS).map(rule).collect());
        let (steps, outcome) = steps_of(|| get(&filter, &FakeHost::default(), target));
        assert!(steps <= most * target.len(), "{case}: {} times", steps / target.len());
        assert!(steps >= target.len(), "{case}: it is counted");
        assert_eq!(outcome.status().map(|status| status / 100), Some(4), "{case}");
    }
}

#[test]
fn the_longest_path_is_loosened_once_for_all_that_is_not_meant() {
    let rule = |number| {
        let path = json!({"prefix": format!("/orders/{number}x")});
        json!({"match": {"not": {"path": path}}, "action": "allow",
            "principals": [{"subjects": ["nobody"]}]})
    };
    let filter = filter((0..TEMPLATES).map(rule).collect());
    for (path, most) in
        [(longest::path(), 12), (longest::segment(), 12), (longest::escaped_path(), 24)]
    {
        let (steps, outcome) = steps_of(|| get(&filter, &FakeHost::default(), &path));
        assert!(steps <= most * path.len(), "{} times", steps / path.len());
        assert_eq!(outcome.status().map(|status| status / 100), Some(4));
    }
}

#[test]
fn what_the_request_says_is_found_once_for_all_roles_of_a_client() {
    let rule = |number: usize| json!({"action": "allow", "principals": [{"roles": {"any": [{"query": format!("p{number}")}]}}]});
    let filter = filter((0..PATTERNS).map(rule).collect());
    let roles: Vec<String> = (0..500).map(|number| format!("role-{number}")).collect();
    let roles: Vec<&str> = roles.iter().map(String::as_str).collect();
    let (host, target) = (known("alice", &roles), longest::parameters());
    let (steps, outcome) = steps_of(|| get(&filter, &host, &target));
    assert_eq!(outcome.decision.code, Code::NoRule);
    // Once for the decision, and a few times more to say which rule was nearest.
    assert!(steps <= 8 * PATTERNS * target.len(), "{} times", steps / target.len());
    assert!(steps >= PATTERNS * target.len(), "it is counted");
}
