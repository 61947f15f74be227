//! What is told of a list of filters.

use super::*;
use gatehouse_filter::config::Nowhere;
use serde_json::json;

fn told(configuration: &Value) -> Vec<String> {
    let faults = check(configuration.to_string().as_bytes(), &Nowhere).faults;
    faults.iter().map(ToString::to_string).collect()
}

fn taken(name: &str) -> String {
    format!("a filter before this one is called `{name}` too: give this one another `name`")
}

#[test]
fn every_fault_has_the_path_from_the_top() {
    let header = json!({"rules": [{"request": [{"set": {"name": "x-a", "value": "1"}}]}]});
    let rate = json!({"rules": [{"name": "all", "limits": [{"requests": 1, "window": 60}]}]});
    let plain = json!({"header-transform": header});
    let named = |name: &str| json!({"name": name, "header-transform": header});
    let known: Vec<&str> = FILTERS.iter().map(|filter| filter.name).collect();
    let none = format!("must have one filter: {}", known.join(", "));
    let none = none.as_str();
    for (case, filters, want) in [
        ("good", json!([plain]), &[][..]),
        ("good, twice", json!([plain, named("b")]), &[]),
        ("an empty list", json!([]), &[("filters", "must not be empty")]),
        ("no mapping", json!([1]), &[("filters[0]", "must be a mapping of fields")]),
        ("no filter", json!([{}]), &[("filters[0]", none)]),
        (
            "an unknown filter",
            json!([{"rate-limt": {}}]),
            &[("filters[0].rate-limt", "unknown field, did you mean `rate-limit`?")],
        ),
        (
            "a filter without a block",
            json!([{"rate-limit": null}]),
            &[("filters[0].rate-limit", "has no value: give it one, or take it out")],
        ),
        (
            "two filters in one entry",
            json!([{"jwt-auth": {}, "rate-limit": {}}]),
            &[("filters[0]", "has jwt-auth, rate-limit: give each an entry of its own")],
        ),
        (
            "the same filter twice",
            json!([plain, plain]),
            &[("filters[1]", &*taken("header-transform"))],
        ),
        (
            "the same name twice",
            json!([named("a"), named("a")]),
            &[("filters[1].name", &*taken("a"))],
        ),
        (
            "a name that is another filter's",
            json!([named("rate-limit"), {"rate-limit": {"rules": []}}]),
            &[
                ("filters[1]", &*taken("rate-limit")),
                ("filters[1].rate-limit.rules", "must not be empty"),
            ],
        ),
        (
            "a fault of a filter, and one of the list",
            json!([plain, {"rate-limit": rate}, {}]),
            &[
                (
                    "filters[1].rate-limit.rules[0].limits[0].window",
                    "must be a duration with a unit (ms, s, m, h, d), such as 30s",
                ),
                ("filters[2]", none),
            ],
        ),
        (
            "a block of the wrong kind",
            json!([{"rate-limit": []}]),
            &[("filters[0].rate-limit", "must be a mapping of fields")],
        ),
    ] {
        let want: Vec<String> = want.iter().map(|(path, what)| format!("{path}: {what}")).collect();
        assert_eq!(told(&json!({"filters": filters})), want, "{case}");
    }
    assert_eq!(told(&json!({})), ["filters: is required"]);
    let beside = json!({"filter": [], "filters": [plain]});
    assert_eq!(told(&beside), ["filter: unknown field, did you mean `filters`?"]);
}

#[test]
fn what_is_told_in_filter_state_is_chosen_by_the_gateway() {
    let plain =
        json!({"header-transform": {"rules": [{"response": [{"remove": {"name": "x-a"}}]}]}});
    for (tells, want) in [
        (json!({}), None),
        (json!({"identity": false, "decisions": false}), None),
        (json!({"identity": "no"}), Some("filter_state.identity: must be true or false")),
        (
            json!({"notes": false}),
            Some("filter_state.notes: unknown field; known here: identity, decisions"),
        ),
    ] {
        let told = told(&json!({"filters": [plain], "filter_state": tells}));
        assert_eq!(told.first().map(String::as_str), want, "{tells}");
    }
}
