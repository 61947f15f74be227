use super::*;
use gatehouse_filter::Problem;
use gatehouse_filter::{Attribute, Codes, Headers, Identity, Reply, Step};
use gatehouse_filter_test::{FakeHost, Outcome, ask, check, configured};
use serde_json::{Value, json};

mod challenges;
mod condition;
mod configuration;
mod doubt;
mod negation;
mod principals;
mod shadow;
mod tenants;
mod work;

/// A filter with these rules.
fn filter(rules: Value) -> Authorization {
    configured(&json!({"rules": rules}).to_string()).unwrap()
}

fn get(filter: &Authorization, host: &FakeHost, path: &str) -> Outcome<Authorization> {
    ask(filter, host, &[(":path", path)])
}

/// A host in which requests are from a user with this name and these roles.
fn known(subject: &str, roles: &[&str]) -> FakeHost {
    let host = FakeHost::default();
    host.identify(&Identity {
        issuer: Some("https://a.example".to_owned()),
        subject: Some(subject.to_owned()),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        ..Identity::default()
    });
    host
}

fn reply(outcome: &Outcome<Authorization>) -> &Problem {
    match &outcome.decision.step {
        Step::Reply(Reply::Problem(reply)) => reply,
        step => panic!("no reply: {step:?}"),
    }
}

fn challenge(outcome: &Outcome<Authorization>) -> Option<String> {
    let field = reply(outcome).headers.iter().find(|(name, _)| name.as_str() == "www-authenticate");
    field.map(|(_, value)| String::from_utf8(value.as_bytes().to_vec()).unwrap())
}

#[test]
fn the_first_rule_that_means_the_client_decides() {
    let filter = filter(json!([
        {"name": "no-bots", "match": {"headers": [{"name": "user-agent", "prefix": "bot"}]}, "action": "deny"},
        {"name": "banned", "action": "deny", "principals": [{"subjects": ["mallory"]}]},
        {"name": "own", "match": {"path": {"template": "/users/{id}"}}, "action": "allow",
         "principals": [{"subjects": [{"capture": "id"}]}]},
        {"name": "admins", "match": {"path": {"prefix": "/users"}}, "action": "allow",
         "principals": [{"roles": {"any": ["admin"]}}]},
        {"name": "closed", "match": {"path": {"prefix": "/products/secret"}}, "action": "deny"},
        {"name": "browse", "match": {"path": {"prefix": "/products"}, "methods": ["GET"]}, "action": "allow"},
    ]));
    let (alice, bob) = (known("alice", &["admin", "user"]), known("bob", &["user"]));
    let (mallory, nobody) = (known("mallory", &["admin"]), FakeHost::default());
    for (case, host, method, path, code, rule) in [
        ("her own", &alice, "GET", "/users/alice", Code::Allowed, Some("own")),
        ("an admin reads another's", &alice, "GET", "/users/bob", Code::Allowed, Some("admins")),
        ("his own", &bob, "GET", "/users/bob", Code::Allowed, Some("own")),
        ("his own, with a query", &bob, "GET", "/users/bob?id=alice", Code::Allowed, Some("own")),
        ("another's", &bob, "GET", "/users/alice", Code::NoRule, None),
        ("the list", &bob, "GET", "/users", Code::NoRule, None),
        ("below his own", &bob, "GET", "/users/bob/keys", Code::NoRule, None),
        ("his own with a slash at the end", &bob, "GET", "/users/bob/", Code::NoRule, None),
        ("deny before allow", &mallory, "GET", "/users/mallory", Code::Denied, Some("banned")),
        (
            "deny before allow, for anybody",
            &mallory,
            "GET",
            "/products",
            Code::Denied,
            Some("banned"),
        ),
        ("open", &nobody, "GET", "/products/1", Code::Allowed, Some("browse")),
        (
            "a hole in what is open",
            &nobody,
            "GET",
            "/products/secret/1",
            Code::Denied,
            Some("closed"),
        ),
        ("another method", &bob, "DELETE", "/products/1", Code::NoRule, None),
        ("another method, unknown client", &nobody, "DELETE", "/products/1", Code::NoRule, None),
        ("no rule at all", &nobody, "GET", "/orders", Code::NoRule, None),
        ("needs to log in", &nobody, "GET", "/users/bob", Code::Unauthenticated, Some("own")),
        (
            "needs to log in, later rule",
            &nobody,
            "GET",
            "/users",
            Code::Unauthenticated,
            Some("admins"),
        ),
    ] {
        let outcome = ask(&filter, host, &[(":method", method), (":path", path)]);
        assert_eq!(outcome.decision.code, code, "{case}");
        assert_eq!(outcome.decision.rule.as_deref(), rule, "{case}");
        let status = match code {
            Code::Allowed => None,
            Code::Unauthenticated => Some(401),
            _ => Some(403),
        };
        assert_eq!(outcome.status(), status, "{case}");
        assert!(outcome.headers.edits().is_empty(), "{case}");
    }
}

#[test]
fn the_default_is_to_deny_unless_it_is_to_allow() {
    for (configuration, code, status) in [
        (json!({"rules": [nowhere()]}), Code::NoRule, Some(403)),
        (json!({"rules": [nowhere()], "default": "deny"}), Code::NoRule, Some(403)),
        (json!({"rules": [nowhere()], "default": "allow"}), Code::DefaultAllowed, None),
    ] {
        let filter: Authorization = configured(&configuration.to_string()).unwrap();
        let outcome = get(&filter, &known("alice", &[]), "/");
        assert_eq!(outcome.decision.code, code, "{configuration}");
        assert_eq!(outcome.status(), status, "{configuration}");
        assert_eq!(outcome.decision.rule, None);
    }
}

#[test]
fn a_refusal_tells_the_client_nothing_but_what_to_do() {
    let configuration = json!({
        "realm": "Acme API",
        "rules": [
            {"name": "secret-name", "match": {"path": {"prefix": "/a"}}, "action": "deny"},
            {"name": "secret-role", "match": {"path": {"prefix": "/b"}}, "action": "allow",
             "principals": [{"roles": {"all": ["hidden"]}}]},
        ],
    });
    let filter: Authorization = configured(&configuration.to_string()).unwrap();
    let mut details = Vec::new();
    for (host, path, status) in [
        (known("bob", &[]), "/a", 403),
        (known("bob", &[]), "/b", 403),
        (known("bob", &[]), "/c", 403),
        (FakeHost::default(), "/b", 401),
    ] {
        let outcome = get(&filter, &host, path);
        let reply = reply(&outcome);
        assert_eq!(reply.status, status, "{path}");
        let said = String::from_utf8(reply.document(outcome.decision.code.name())).unwrap();
        for secret in ["secret", "hidden", "rules["] {
            assert!(!said.contains(secret), "{said}");
        }
        details.push(reply.detail.clone());
        let realm = (status == 401).then(|| "Bearer realm=\"Acme API\"".to_owned());
        assert_eq!(challenge(&outcome), realm, "{path}");
    }
    assert_eq!(details[0], details[1]);
    assert_eq!(details[0], details[2]);
}

#[test]
fn a_grpc_client_is_told_in_grpc() {
    use gatehouse_filter::GrpcStatus;
    let filter =
        filter(json!([{"action": "allow", "principals": [{"roles": {"any": ["admin"]}}]}]));
    for (host, want) in [
        (FakeHost::default(), GrpcStatus::Unauthenticated),
        (known("bob", &[]), GrpcStatus::PermissionDenied),
    ] {
        let outcome = ask(&filter, &host, &[("content-type", "application/grpc")]);
        assert_eq!(reply(&outcome).grpc, want);
    }
}

#[test]
fn a_dry_run_decides_the_same_and_lets_everything_pass() {
    let rules = json!([
        {"name": "closed", "match": {"path": {"prefix": "/closed"}}, "action": "deny"},
        {"name": "users", "match": {"path": {"prefix": "/users"}}, "action": "allow",
         "principals": [{"authenticated": true}]},
    ]);
    let enforced: Authorization = configured(&json!({"rules": rules}).to_string()).unwrap();
    let shadow: Authorization =
        configured(&json!({"rules": rules, "mode": "shadow"}).to_string()).unwrap();
    assert_eq!((enforced.mode(), shadow.mode()), (Mode::Enforce, Mode::Shadow));
    let host = FakeHost::default();
    for (path, code) in
        [("/closed", Code::Denied), ("/users", Code::Unauthenticated), ("/other", Code::NoRule)]
    {
        let (strict, lenient) = (get(&enforced, &host, path), get(&shadow, &host, path));
        assert_eq!(strict.decision.code, code, "{path}");
        assert_eq!(lenient.decision.code, code, "{path}");
        assert_eq!(lenient.decision.rule, strict.decision.rule, "{path}");
        assert!(strict.status().is_some(), "{path}");
        assert_eq!(lenient.decision.step, Step::Continue, "{path}");
    }
}

#[test]
fn a_preflight_passes_unless_a_rule_denies_it() {
    let rules = json!([
        {"name": "closed", "match": {"path": {"prefix": "/closed"}}, "action": "deny"},
        {"name": "known", "match": {"path": {"prefix": "/known"}}, "action": "deny",
         "principals": [{"authenticated": false}]},
        {"name": "users", "match": {"path": {"prefix": "/users"}}, "action": "allow",
         "principals": [{"authenticated": true}]},
    ]);
    let skipping: Authorization = configured(&json!({"rules": rules}).to_string()).unwrap();
    let strict: Authorization =
        configured(&json!({"rules": rules, "skip_preflight": false}).to_string()).unwrap();
    let host = FakeHost::default();
    let preflight = |path| {
        vec![
            (":method", "OPTIONS"),
            (":path", path),
            ("origin", "https://a.example"),
            ("access-control-request-method", "DELETE"),
        ]
    };
    for (path, code, without) in [
        ("/users", Code::Preflight, Code::Unauthenticated),
        ("/known", Code::Preflight, Code::Unauthenticated),
        ("/other", Code::Preflight, Code::NoRule),
        ("/closed", Code::Denied, Code::Denied),
    ] {
        let fields = preflight(path);
        assert_eq!(ask(&skipping, &host, &fields).decision.code, code, "{path}");
        assert_eq!(ask(&strict, &host, &fields).decision.code, without, "{path}");
        // Every part is needed: an OPTIONS of another kind is a request like any other.
        for missing in [0, 2, 3] {
            let mut fields = fields.clone();
            fields.remove(missing);
            assert_eq!(
                ask(&skipping, &host, &fields).decision.code,
                without,
                "{path} without {missing}"
            );
        }
    }
}

#[test]
fn nothing_a_client_sends_makes_an_identity() {
    let filter = filter(json!([{"action": "allow", "principals": [{"subjects": ["alice"]}]}]));
    let outcome = ask(
        &filter,
        &FakeHost::default(),
        &[
            ("x-user", "alice"),
            ("gatehouse.identity", r#"{"subject":"alice"}"#),
            ("authorization", "Bearer x"),
        ],
    );
    assert_eq!(outcome.decision.code, Code::Unauthenticated);
    // What is no identity is nobody's.
    for state in [&b""[..], b"alice", b"{\"subject\": 1}", b"\xff", b"null"] {
        let host = FakeHost::default();
        host.set(Attribute::FilterState(Identity::STATE), state);
        assert_eq!(
            get(&filter, &host, "/").decision.code,
            Code::Unauthenticated,
            "{}",
            state.escape_ascii()
        );
    }
}

#[test]
fn a_request_without_any_field_is_no_trouble() {
    let filter = filter(json!([
        {"match": {"path": {"template": "/users/{id}"}}, "action": "allow",
         "principals": [{"subjects": [{"capture": "id"}]}]},
    ]));
    let host = known("alice", &[]);
    let mut request = Request::new(Headers::from_pairs(vec![0xff; 64]), &host);
    assert_eq!(filter.on_request(&mut request, &mut ()).code, Code::NoRule);
}

/// `/products/%2e%2e;/users/alice` reaches the filter as `/products/..;/users/alice`: Envoy 1.40
/// makes that of it.
#[test]
fn what_an_upstream_may_read_as_another_path_or_host_is_refused_before_the_rules() {
    let browse = json!([
        {"match": {"path": {"prefix": "/admin"}}, "action": "deny"},
        {"match": {"path": {"prefix": "/products"}}, "action": "allow"},
        {"match": {"hosts": ["admin.example"]}, "action": "deny"},
        {"match": {"hosts": ["*.example"]}, "action": "allow"},
    ]);
    let decided = |rules: &Value, mode: &str, path: &str, host: &str| {
        let filter =
            configured::<Authorization>(&json!({"rules": rules, "mode": mode}).to_string())
                .unwrap();
        let outcome = ask(&filter, &FakeHost::default(), &[(":path", path), (":authority", host)]);
        (outcome.decision.code, outcome.status())
    };
    let ambiguous = (Code::TargetAmbiguous, Some(400));
    for (path, host, want) in [
        ("/products/1", "a.example", (Code::Allowed, None)),
        ("/products/..;/users/alice", "a.example", ambiguous),
        ("/products/%252e%252e/users/alice", "a.example", ambiguous),
        ("/x/..;/admin", "a.example", ambiguous),
        ("/", "a.example", (Code::Allowed, None)),
        ("/", "admin.example:8080", (Code::Denied, Some(403))),
        ("/", "b.example,admin.example", ambiguous),
        ("/", "b@admin.example", ambiguous),
    ] {
        assert_eq!(decided(&browse, "enforce", path, host), want, "{path} at {host}");
    }
    let dry = decided(&browse, "shadow", "/products/..;/users/alice", "a.example");
    assert_eq!(dry, (Code::TargetAmbiguous, None));
    let anywhere = json!([{"action": "allow"}]);
    assert_eq!(decided(&anywhere, "enforce", "/a/..;/b", "a,b"), (Code::Allowed, None));
}

/// A rule that no request here matches.
fn nowhere() -> Value {
    json!({"match": {"path": {"prefix": "/nowhere"}}, "action": "deny"})
}
