mod ambiguous;
mod client;
mod negation;
mod never;
mod query;

use super::*;
use crate::config;
use crate::{
    Attribute, Attributes, Callouts, Clock, Counter, Expressions, Hash, Headers, Histogram, Meter,
    NoRandom, NoVerifier, Random, SetError, Signatures, Store, StoreError, Timestamp, Version,
};

/// A host that knows a route, a policy and perhaps the client's address, and nothing else.
struct Routed {
    address: Option<&'static str>,
}

const ROUTED: Routed = Routed { address: Some("192.0.2.7:4711") };

impl Attributes for Routed {
    fn attribute(&self, attribute: Attribute<'_>) -> Option<Vec<u8>> {
        match attribute {
            Attribute::RouteName => Some(b"orders".to_vec()),
            Attribute::RoutePolicy => Some(b"partner".to_vec()),
            Attribute::SourceAddress => self.address.map(|address| address.as_bytes().to_vec()),
            _ => None,
        }
    }
}

impl Clock for Routed {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }
}

impl Store for Routed {
    fn get(&self, _key: &[u8]) -> Result<Option<(Vec<u8>, Version)>, StoreError> {
        Err(StoreError)
    }

    fn set(&self, _key: &[u8], _value: &[u8], _version: Option<Version>) -> Result<(), SetError> {
        Err(SetError::Failed)
    }
}

impl Random for Routed {
    fn fill(&self, _bytes: &mut [u8]) -> Result<(), NoRandom> {
        Err(NoRandom)
    }
}

impl Meter for Routed {
    fn add(&self, _counter: Counter, _by: u64) {}

    fn record(&self, _histogram: Histogram, _value: u64) {}

    fn define_counter(&self, _name: &str, _labels: &[(&str, &str)]) -> Counter {
        Counter::Defined(None)
    }

    fn define_histogram(&self, _name: &str, _labels: &[(&str, &str)]) -> Histogram {
        Histogram(None)
    }
}

impl Expressions for Routed {}

impl Callouts for Routed {}

impl Signatures for Routed {
    fn verify(&self, _: Hash, _: &[u8], _: &[u8], _: &[u8]) -> Result<bool, NoVerifier> {
        Err(NoVerifier)
    }
}

fn rules(json: &str) -> Result<Rules<()>, Vec<String>> {
    config::read(json.as_bytes(), |node| Rules::read(node, |_| Some(())))
        .map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

fn found(condition: &str, head: &[(&str, &[u8])]) -> Option<Captures> {
    let rules = rules(&format!(r#"[{{"match": {condition}}}]"#)).unwrap();
    let request = Request::new(Headers::from_list(head), &ROUTED);
    rules.find(&request).map(|(_, captures)| captures)
}

fn matches(condition: &str, head: &[(&str, &[u8])]) -> bool {
    found(condition, head).is_some()
}

#[test]
fn a_path_matches_by_whole_segments() {
    for (path, target, want) in [
        (r#"{"exact": "/a"}"#, "/a?x=1", true),
        (r#"{"exact": "/a"}"#, "/a/", false),
        (r#"{"prefix": "/a"}"#, "/a", true),
        (r#"{"prefix": "/a"}"#, "/a/b", true),
        (r#"{"prefix": "/a"}"#, "/ab", false),
        (r#"{"prefix": "/a/"}"#, "/a", true),
        (r#"{"prefix": "/"}"#, "/anything", true),
        (r#"{"prefix": "/A"}"#, "/a", false),
        (r#"{"regex": "^/x/[0-9]+$"}"#, "/x/12", true),
        (r#"{"regex": "^/x/[0-9]+$"}"#, "/x/12/3", false),
        (r#"{"template": "/users/{id}"}"#, "/users/7", true),
        (r#"{"template": "/users/{id}"}"#, "/users/", false),
        (r#"{"template": "/users/{id}"}"#, "/users/7/orders", false),
        (r#"{"template": "/users/*/orders"}"#, "/users/7/orders", true),
        (r#"{"template": "/files/{rest=**}"}"#, "/files", true),
        (r#"{"template": "/files/{rest=**}"}"#, "/files/a/b", true),
        (r#"{"template": "/files/{rest=**}"}"#, "/filesystem", false),
    ] {
        let condition = format!(r#"{{"path": {path}}}"#);
        assert_eq!(matches(&condition, &[(":path", target.as_bytes())]), want, "{path} {target}");
    }
}

#[test]
fn one_of_several_paths_is_enough_and_captures() {
    let condition = r#"{"paths": [{"template": "/users/{id}"}, {"template": "/v2/users/{id}"}, {"exact": "/me"}]}"#;
    for (target, want) in [
        ("/users/7", Some(Some("7"))),
        ("/v2/users/8?a=b", Some(Some("8"))),
        ("/me", Some(None)),
        ("/v2/me", None),
    ] {
        let captures = found(condition, &[(":path", target.as_bytes())]);
        let captured = captures.map(|captures| captures.get("id").map(<[u8]>::to_vec));
        let want = want.map(|id| id.map(|id| id.as_bytes().to_vec()));
        assert_eq!(captured, want, "{target}");
    }
}

#[test]
fn a_name_is_captured_that_every_path_of_a_rule_captures() {
    for (condition, want) in [
        (r#"{"path": {"template": "/{a}/{b=**}"}}"#, "a b"),
        (r#"{"path": {"prefix": "/a"}}"#, ""),
        (r#"{"paths": [{"template": "/{a}/{b}"}, {"template": "/x/{b}"}]}"#, "b"),
        (r#"{"paths": [{"template": "/{a}"}, {"prefix": "/x"}]}"#, ""),
        ("{}", ""),
    ] {
        let json = format!(r#"{{"match": {condition}}}"#);
        let names = config::read(json.as_bytes(), |node| {
            let mut fields = node.fields()?;
            let names = captured_names(&fields).join(" ");
            let _ = fields.optional("match", |_| Some(()));
            fields.finish();
            Some(names)
        });
        assert_eq!(names.unwrap(), want, "{condition}");
    }
}

#[test]
fn a_template_captures_what_its_names_stand_for_still_encoded() {
    let condition = r#"{"path": {"template": "/users/{id}/{rest=**}"}}"#;
    let captures = found(condition, &[(":path", b"/users/a%20b/x/y?q=1")]).unwrap();
    assert_eq!(captures.get("id"), Some(&b"a%20b"[..]));
    assert_eq!(captures.get("rest"), Some(&b"x/y"[..]));
    assert_eq!(captures.get("other"), None);
}

#[test]
fn bytes_that_are_not_text_match_no_pattern_and_trap_nothing() {
    assert!(!matches(r#"{"path": {"regex": "."}}"#, &[(":path", b"/\xff")]));
    assert!(matches(r#"{"path": {"prefix": "/"}}"#, &[(":path", b"/\xff")]));
}

#[test]
fn a_host_matches_without_case_port_or_final_dot() {
    for (pattern, authority, want) in [
        ("api.example", "API.Example:8080", true),
        ("api.example", "api.example.", true),
        ("api.example", "xapi.example", false),
        ("*.example", "a.b.example:1", true),
        ("*.example", "example", false),
        ("*.example", ".example", false),
        ("[::1]", "[::1]:8080", true),
        ("[::1]", "[::1]", true),
    ] {
        let condition = format!(r#"{{"hosts": ["{pattern}"]}}"#);
        assert_eq!(
            matches(&condition, &[(":authority", authority.as_bytes())]),
            want,
            "{pattern} {authority}"
        );
    }
}

#[test]
fn every_part_that_is_given_must_hold() {
    let head: &[(&str, &[u8])] =
        &[(":method", b"GET"), (":path", b"/a"), ("x-a", b"one"), ("x-a", b"two")];
    for (condition, want) in [
        ("{}", true),
        (r#"{"methods": ["GET", "HEAD"]}"#, true),
        (r#"{"methods": ["POST"]}"#, false),
        (r#"{"route": "orders"}"#, true),
        (r#"{"route": "users"}"#, false),
        (r#"{"policy": "partner"}"#, true),
        (r#"{"policy": "public"}"#, false),
        (r#"{"methods": ["GET"], "route": "users"}"#, false),
        (r#"{"headers": [{"name": "X-A", "exact": "two"}]}"#, true),
        (r#"{"headers": [{"name": "x-a", "prefix": "o"}]}"#, true),
        (r#"{"headers": [{"name": "x-a", "suffix": "x"}]}"#, false),
        (r#"{"headers": [{"name": "x-a", "regex": "^t.o$"}]}"#, true),
        (r#"{"headers": [{"name": "x-a", "present": true}]}"#, true),
        (r#"{"headers": [{"name": "x-b", "present": false}]}"#, true),
        (r#"{"headers": [{"name": "x-b", "present": true}]}"#, false),
    ] {
        assert_eq!(matches(condition, head), want, "{condition}");
    }
}

#[test]
fn the_first_rule_that_matches_wins() {
    let rules = rules(r#"[{"name": "a", "match": {"path": {"exact": "/a"}}}, {}]"#).unwrap();
    let name = |target: &[u8]| {
        let request = Request::new(Headers::from_list(&[(":path", target)]), &ROUTED);
        rules.find(&request).unwrap().0.name.to_string()
    };
    assert_eq!(name(b"/a"), "a");
    assert_eq!(name(b"/b"), "rules[1]");
}

#[test]
fn the_rules_of_a_path_are_those_that_may_be_for_it() {
    let rules = rules(
        r#"[{"name": "a", "match": {"path": {"prefix": "/a"}, "methods": ["PUT"]}},
            {"name": "any", "match": {"hosts": ["x.example"]}},
            {"name": "b", "match": {"path": {"template": "/a/{id}"}}}]"#,
    )
    .unwrap();
    for (path, want) in [("/a", "a any"), ("/a/b", "a any b"), ("/ab", "any"), ("", "any")] {
        let names: Vec<&str> = rules.of_path(path.as_bytes()).map(|rule| &*rule.name).collect();
        assert_eq!(names.join(" "), want, "{path}");
    }
}

#[test]
fn a_bad_rule_is_told_by_its_path() {
    for (json, want) in [
        (r#"[{"name": "a b"}]"#, "[0].name: must be made of letters, digits and -_./"),
        (
            r#"[{"name": "a"}, {"name": "a"}]"#,
            "[1].name: must be unique: an earlier rule has this name",
        ),
        (r#"[{"match": {"paths": {}}}]"#, "[0].match.paths: must be a list"),
        (r#"[{"match": {"paths": []}}]"#, "[0].match.paths: must not be empty"),
        (
            r#"[{"match": {"paths": [{"prefix": "a"}]}}]"#,
            "[0].match.paths[0].prefix: must begin with a slash",
        ),
        (
            r#"[{"match": {"path": {"exact": "/a"}, "paths": [{"exact": "/b"}]}}]"#,
            "[0].match: must have path or paths, not both",
        ),
        (
            r#"[{"match": {"querry": []}}]"#,
            "[0].match.querry: unknown field, did you mean `query`?",
        ),
        (
            r#"[{"match": {"path": {"prefix": "a"}}}]"#,
            "[0].match.path.prefix: must begin with a slash",
        ),
        (
            r#"[{"match": {"path": {"prefix": "/a", "exact": "/a"}}}]"#,
            "[0].match.path: must have exactly one of exact, prefix, template, regex",
        ),
        (
            r#"[{"match": {"path": "/a"}}]"#,
            "[0].match.path: must have one of exact, prefix, template, regex, as in {prefix: /orders}",
        ),
        (
            r#"[{"match": {"path": {"template": "/a/x{id}"}}}]"#,
            "[0].match.path.template: `x{id}`: braces must enclose a whole segment",
        ),
        (
            r#"[{"match": {"path": {"template": "/{a}/{a}"}}}]"#,
            "[0].match.path.template: `a` is captured twice",
        ),
        (
            r#"[{"match": {"path": {"template": "/**/a"}}}]"#,
            "[0].match.path.template: `**` must be the last segment",
        ),
        (
            r#"[{"match": {"methods": ["get"]}}]"#,
            "[0].match.methods[0]: methods are case-sensitive, did you mean `GET`?",
        ),
        (
            r#"[{"match": {"hosts": ["a.*"]}}]"#,
            "[0].match.hosts[0]: a wildcard must be the whole first label, as in *.example.com",
        ),
        (
            r#"[{"match": {"hosts": ["https://a"]}}]"#,
            "[0].match.hosts[0]: must be a host name, without scheme, port or path",
        ),
        (
            r#"[{"match": {"headers": [{"name": "a:", "exact": "b"}]}}]"#,
            "[0].match.headers[0].name: must be a header field name: letters, digits and !#$%&'*+-.^_`|~",
        ),
        (
            r#"[{"match": {"headers": [{"name": "a"}]}}]"#,
            "[0].match.headers[0]: must have exactly one of exact, prefix, suffix, regex, present",
        ),
    ] {
        assert_eq!(rules(json).unwrap_err(), [want], "{json}");
    }
}

#[test]
fn an_action_can_be_made_from_the_name_of_its_rule() {
    let rules = rules(r#"[{"name": "a", "match": {"methods": ["PUT"]}}, {}]"#).unwrap();
    let rules = rules.map(|name, ()| name.to_uppercase());
    let actions: Vec<_> = rules.iter().map(|rule| rule.action.as_str()).collect();
    assert_eq!(actions, ["A", "RULES[1]"]);
}

#[test]
fn a_path_that_may_lead_elsewhere_is_told() {
    for (path, want) in [
        ("/users/alice", false),
        ("/users/a%20b", false),
        ("/users/a%3Fb%23c%26", false),
        ("/users/%C3%A9", false),
        ("/users/a%25b", false),
        ("/users/..", true),
        ("/users/.", true),
        ("/users/..%3Bx", true),
        ("/users/%2e%2e", true),
        ("/users/a%2Fb", true),
        ("/users/a%5Cb", true),
        ("/users/a%252Fb", true),
        ("/users/%00", true),
        ("/users/\u{ff0e}\u{ff0e}", true),
        ("/users/%EF%BC%8F", true),
    ] {
        assert_eq!(may_lead_elsewhere(path.as_bytes()), want, "{path}");
    }
}
