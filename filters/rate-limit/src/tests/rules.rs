//! Several rules for one request, rules in shadow mode, limits that depend on the client.

use super::*;
use gatehouse_filter::{Attribute, Codes};

/// Asks for `path` as the tenant, if any.
fn code(filter: &RateLimit, host: &FakeHost, path: &str, tenant: Option<&str>) -> (Code, String) {
    let mut head = vec![(":path", path)];
    head.extend(tenant.map(|tenant| ("x-tenant", tenant)));
    let decision = ask(filter, host, &head).decision;
    (decision.code, decision.rule.as_deref().unwrap_or_default().to_owned())
}

/// What was counted for the n-th rule: allowed, exceeded, uncounted.
fn counted(host: &FakeHost, rule: usize) -> [u64; 3] {
    [Count::Allowed, Count::Exceeded, Count::Uncounted]
        .map(|count| host.counted_of_rule(rule, count))
}

/// A rule for each tenant, one for each address, and one for what is under /orders.
fn three_rules(more: &str, mode: &str) -> String {
    format!(
        r#"{{"keys": 64, {more} "rules": [
            {{"name": "tenant", "key": [{{"header": "x-tenant"}}], "absent": "skip", "mode": "{mode}",
              "limits": [{{"requests": 2, "window": "1m"}}]}},
            {{"name": "orders", "match": {{"path": {{"prefix": "/orders"}}}}, "limits": [{{"requests": 3, "window": "1h"}}]}},
            {{"name": "address", "limits": [{{"requests": 5, "per": "day"}}]}}]}}"#
    )
}

#[test]
fn a_rule_that_lacks_a_part_is_skipped_where_it_says_so() {
    let host = FakeHost::at(NOW);
    let filter = filter(&three_rules("", "enforce"), &host);
    let is = |code, rule: &str| (code, rule.to_owned());
    assert_eq!(code(&filter, &host, "/", Some("a")), is(Code::Allowed, "tenant"));
    assert_eq!(code(&filter, &host, "/", None), is(Code::Allowed, "address"));
    assert_eq!(code(&filter, &host, "/orders", None), is(Code::Allowed, "orders"));
    assert_eq!(
        code(&filter, &host, "/", Some("")),
        is(Code::Allowed, "tenant"),
        "empty is not absent"
    );
}

#[test]
fn all_rules_that_match_are_spent_together_or_not_at_all() {
    let host = FakeHost::at(NOW);
    let filter = filter(&three_rules(r#""apply": "all","#, "enforce"), &host);
    let is = |code, rule: &str| (code, rule.to_owned());
    // Spends from tenant, orders and address.
    for _ in 0..2 {
        assert_eq!(code(&filter, &host, "/orders", Some("a")), is(Code::Allowed, "tenant"));
    }
    for _ in 0..10 {
        assert_eq!(code(&filter, &host, "/orders", Some("a")), is(Code::Exceeded, "tenant"));
    }
    assert_eq!([0, 1, 2].map(|rule| counted(&host, rule)), [[2, 10, 0], [2, 0, 0], [2, 0, 0]]);
    // What was refused by one rule has spent nothing from the others: orders has one left, address
    // three.
    assert_eq!(code(&filter, &host, "/orders", None), is(Code::Allowed, "orders"));
    assert_eq!(code(&filter, &host, "/orders", None), is(Code::Exceeded, "orders"));
    assert_eq!(code(&filter, &host, "/", None), is(Code::Allowed, "address"));
    assert_eq!(code(&filter, &host, "/", None), is(Code::Allowed, "address"));
    // Of two rules that refuse, the one to wait for longest is told.
    assert_eq!(code(&filter, &host, "/orders", Some("a")), is(Code::Exceeded, "address"));
}

#[test]
fn conflicts_between_rules_of_one_request_are_settled() {
    // All rules in one bucket: each write is a conflict for the next rule's.
    let json = r#"{"keys": 8, "apply": "all", "rules": [
        {"name": "a", "limits": [{"requests": 3, "window": "1m"}]},
        {"name": "b", "limits": [{"requests": 2, "window": "1m"}]}]}"#;
    let host = FakeHost::at(NOW);
    let filter = filter(json, &host);
    let codes = [(); 4].map(|()| code(&filter, &host, "/", None).0);
    assert_eq!(codes, [Code::Allowed, Code::Allowed, Code::Exceeded, Code::Exceeded]);
    assert_eq!([counted(&host, 0), counted(&host, 1)], [[2, 0, 0], [2, 2, 0]]);
}

#[test]
fn what_was_spent_before_the_store_failed_is_given_back() {
    let json = r#"{"keys": 8, "apply": "all", "on_error": "allow", "rules": [
        {"name": "a", "limits": [{"requests": 1, "window": "1m"}]},
        {"name": "b", "limits": [{"requests": 1, "window": "1m"}]}]}"#;
    let host = FakeHost::at(NOW);
    let filter = filter(json, &host);
    // `a` gets through at its 64th attempt, `b` at none.
    host.store.conflict_next(63);
    assert_eq!(code(&filter, &host, "/", None), (Code::Allowed, "a".to_owned()));
    host.clock.advance(Duration::from_secs(60));
    host.store.conflict_next(64);
    assert_eq!(code(&filter, &host, "/", None), (Code::Degraded, "a".to_owned()));
    assert_eq!(counted(&host, 0), [1, 0, 1]);
    assert_eq!(
        code(&filter, &host, "/", None),
        (Code::Allowed, "a".to_owned()),
        "nothing was spent"
    );
}

#[test]
fn a_rule_in_shadow_mode_counts_and_refuses_nobody() {
    let host = FakeHost::at(NOW);
    let filter = filter(&three_rules("", "shadow"), &host);
    for want in [Code::Allowed, Code::Allowed, Code::ShadowExceeded, Code::ShadowExceeded] {
        let outcome = ask(&filter, &host, &[("x-tenant", "a")]);
        assert_eq!((outcome.decision.code, outcome.status()), (want, None));
        assert!(
            answered(&filter, &host, outcome.state, &[]).edits().is_empty(),
            "clients are not told"
        );
    }
    assert_eq!(counted(&host, 0), [2, 2, 0]);
}

#[test]
fn a_rule_in_shadow_mode_beside_others_changes_nothing_for_the_client() {
    let host = FakeHost::at(NOW);
    let filter = filter(&three_rules(r#""apply": "all","#, "shadow"), &host);
    for want in [Code::Allowed, Code::Allowed, Code::ShadowExceeded] {
        let outcome = ask(&filter, &host, &[(":path", "/orders"), ("x-tenant", "a")]);
        assert_eq!(outcome.decision.code, want);
        let headers = answered(&filter, &host, outcome.state, &[]);
        assert_eq!(
            texts(&headers, "ratelimit-policy"),
            [r#""orders";q=3;w=3600, "address";q=5;w=86400"#]
        );
    }
    let refused = ask(&filter, &host, &[(":path", "/orders"), ("x-tenant", "a")]);
    assert_eq!((refused.decision.code, refused.status()), (Code::Exceeded, Some(429)));
    assert_eq!(refused.decision.rule.as_deref(), Some("orders"));
    assert_eq!([counted(&host, 0), counted(&host, 1)], [[2, 2, 0], [3, 1, 0]]);
}

#[test]
fn every_rule_has_its_counters() {
    for (more, mode, modes) in [
        ("", "enforce", [Mode::Enforce, Mode::Enforce, Mode::Enforce]),
        ("", "shadow", [Mode::Shadow, Mode::Enforce, Mode::Enforce]),
        (r#""mode": "shadow","#, "enforce", [Mode::Shadow, Mode::Shadow, Mode::Shadow]),
    ] {
        let filter: RateLimit = configured(&three_rules(more, mode)).unwrap();
        let rules = filter.counted_rules();
        let told: Vec<_> = rules
            .iter()
            .flat_map(|rule| Count::ALL.iter().map(|count| (&*rule.name, count.name(), rule.mode)))
            .collect();
        let want =
            ["tenant", "orders", "address"].into_iter().zip(modes).flat_map(|(rule, mode)| {
                [
                    "allowed",
                    "exceeded",
                    "in_flight_exceeded",
                    "uncounted",
                    "cost_untold",
                    "evicted_live",
                ]
                .map(|event| (rule, event, mode))
            });
        assert_eq!(told, want.collect::<Vec<_>>());
    }
}

#[test]
fn limits_follow_the_tier_and_an_upgrade_does_not_give_them_twice() {
    let json = r#"{"keys": 64, "rules": [{"name": "calls", "key": ["consumer"],
        "limits": [{"requests": {"tier": {"gold": 10, "none": 0}, "default": 2}, "window": "1m"}]}]}"#;
    let host = FakeHost::at(NOW);
    let filter = filter(json, &host);
    let identify = |consumer: &str, tier: &str| {
        let (consumer, tier) = (Some(consumer.to_owned()), Some(tier.to_owned()));
        host.identify(&Identity { consumer, tier, ..Identity::default() });
    };
    let passed = || (0..50).filter(|_| code(&filter, &host, "/", None).0 == Code::Allowed).count();
    for (consumer, tier, want) in
        [("a", "gold", 10), ("b", "free", 2), ("c", "none", 0), ("d", "", 2)]
    {
        identify(consumer, tier);
        assert_eq!(passed(), want, "{tier}");
    }
    let Step::Reply(Reply::Problem(reply)) = ask(&filter, &host, &[(":path", "/")]).decision.step
    else {
        panic!("refused")
    };
    assert_eq!(texts(&reply_headers(&reply), "ratelimit-policy"), [r#""calls";q=2;w=60"#]);
    // Everything was used: what comes back after half a minute is half of what the new tier has.
    identify("b", "gold");
    assert_eq!(passed(), 0);
    host.clock.advance(Duration::from_secs(30));
    assert_eq!(passed(), 5);
}

#[test]
fn a_limit_of_nothing_has_no_burst_either() {
    let json = r#"{"keys": 64, "rules": [{"name": "calls", "key": ["consumer"],
        "limits": [{"requests": {"tier": {"none": 0}, "default": 2}, "window": "1m", "burst": 5}]}]}"#;
    let host = FakeHost::at(NOW);
    let filter = filter(json, &host);
    let passed = || (0..50).filter(|_| code(&filter, &host, "/", None).0 == Code::Allowed).count();
    assert_eq!(passed(), 5);
    host.identify(&Identity {
        consumer: Some("a".to_owned()),
        tier: Some("none".to_owned()),
        ..Identity::default()
    });
    assert_eq!(passed(), 0);
    host.clock.advance(Duration::from_secs(3_600));
    assert_eq!(passed(), 0);
    let Step::Reply(Reply::Problem(reply)) = ask(&filter, &host, &[(":path", "/")]).decision.step
    else {
        panic!("refused")
    };
    assert_eq!(texts(&reply_headers(&reply), "retry-after"), [""; 0]);
}

#[test]
fn the_status_of_a_refusal_can_be_chosen() {
    let host = FakeHost::at(NOW);
    let filter = filter(&of_100(r#""status": 503,"#), &host);
    passed(&filter, &host, 100);
    let Step::Reply(Reply::Problem(reply)) = order(&filter, &host).decision.step else {
        panic!("refused")
    };
    assert_eq!((reply.status, reply.grpc as u8), (503, 8), "gRPC's code stays");
}

#[test]
fn captures_of_each_rule_are_its_own() {
    let json = r#"{"keys": 64, "apply": "all", "rules": [
        {"name": "user", "match": {"path": {"template": "/users/{id}"}}, "key": [{"capture": "id"}],
         "limits": [{"requests": 1, "window": "1m"}]}]}"#;
    let host = FakeHost::at(NOW);
    let filter = filter(json, &host);
    host.set(Attribute::SourceAddress, "192.0.2.1:1000");
    let codes =
        ["/users/a", "/users/b", "/users/%61"].map(|path| code(&filter, &host, path, None).0);
    assert_eq!(codes, [Code::Allowed, Code::Allowed, Code::Exceeded]);
}

#[test]
fn a_path_in_disguise_is_no_way_round_the_limit_of_a_rule() {
    let login = |mode: &str| {
        format!(
            r#"{{"keys": 64, "rules": [{{"name": "login", "mode": "{mode}",
                "match": {{"path": {{"prefix": "/auth/login"}}}},
            "limits": [{{"requests": 2, "window": "1m"}}]}}]}}"#
        )
    };
    let host = FakeHost::at(NOW);
    let enforcing = filter(&login("enforce"), &host);
    for _ in 0..2 {
        assert_eq!(code(&enforcing, &host, "/auth/login", None).0, Code::Allowed);
    }
    for path in [
        "/auth/%6cogin",
        "/auth%2flogin",
        "/auth\\login",
        "/auth/x/../login",
        "/auth/x/..;/login",
        "/auth/%2e/login",
        "/auth/log%25%36%39n",
        "/auth/%u006cogin",
        "/auth/login/%00",
    ] {
        let outcome = ask(&enforcing, &host, &[(":path", path)]);
        assert_eq!(outcome.decision.code, Code::TargetAmbiguous, "{path}");
        assert!(matches!(outcome.decision.step, Step::Reply(_)), "{path}");
    }
    for path in ["/auth/login/", "/auth/login/x", "/auth/login"] {
        assert_eq!(code(&enforcing, &host, path, None).0, Code::Exceeded, "{path}");
    }
    assert_eq!(counted(&host, 0), [2, 3, 0], "a refused disguise spends nothing");
    let looking_on = filter(&login("shadow"), &host);
    let outcome = ask(&looking_on, &host, &[(":path", "/auth%2flogin")]);
    assert!(matches!(outcome.decision.step, Step::Continue), "rules in shadow refuse nobody");
}

#[test]
fn the_login_limit_of_the_demo_counts_every_way_to_write_the_path() {
    let host = FakeHost::at(NOW);
    let json = r#"{"keys": 64, "rules": [{"match": {"path": {"regex": "^/auth/login([/;].*)?$"}},
        "limits": [{"requests": 5, "window": "1m"}]}]}"#;
    let filter = filter(json, &host);
    for path in ["/auth/login", "/auth/login?x", "/auth/login/", "/auth/login;x", "/auth/login/;x"]
    {
        assert_eq!(code(&filter, &host, path, None).0, Code::Allowed, "{path}");
    }
    assert_eq!(code(&filter, &host, "/auth/login", None).0, Code::Exceeded);
    assert_eq!(code(&filter, &host, "/auth/loginx", None).0, Code::Unlimited);
}

#[test]
fn a_rule_without_limits_takes_its_requests_out_of_those_after_it() {
    for (apply, want) in [
        ("first", [(Code::Unlimited, "partners"), (Code::Unlimited, "partners")]),
        // Those before it count all the same.
        ("all", [(Code::Allowed, "orders"), (Code::Exceeded, "orders")]),
    ] {
        let host = FakeHost::at(NOW);
        host.set(Attribute::SourceAddress, "198.51.100.7:1");
        let order = if apply == "all" { ["orders", "partners"] } else { ["partners", "orders"] };
        let rule = |name: &str| match name {
            "orders" => {
                r#"{"name": "orders", "match": {"path": {"prefix": "/orders"}}, "limits": [{"requests": 1, "window": "1h"}]}"#
            }
            _ => {
                r#"{"name": "partners", "match": {"sources": ["198.51.100.0/24"]}, "limits": "none"}"#
            }
        };
        let json = format!(
            r#"{{"apply": "{apply}", "rules": [{}, {}, {{"name": "rest", "limits": [{{"requests": 1, "window": "1h"}}]}}]}}"#,
            rule(order[0]),
            rule(order[1]),
        );
        let filter = filter(&json, &host);
        let decided = want.map(|_| code(&filter, &host, "/orders", None));
        assert_eq!(decided, want.map(|(code, rule)| (code, rule.to_owned())), "{apply}");
        // Nobody else is exempt, nor is a client of whom it cannot be told.
        for address in ["203.0.113.7:1", "/run/client.sock"] {
            host.set(Attribute::SourceAddress, address);
            let decided = [(); 2].map(|()| code(&filter, &host, "/", None).0);
            assert_eq!(decided, [Code::Allowed, Code::Exceeded], "{apply} {address}");
        }
    }
}

#[test]
fn a_limit_is_for_clients_of_whom_it_cannot_be_told_whether_it_is_for_them() {
    let limits = r#""limits": [{"requests": 1, "window": "1h"}]"#;
    for (condition, address, is_limited) in [
        (r#"{"sources": ["198.51.100.0/24"]}"#, "198.51.100.7:1", true),
        (r#"{"sources": ["198.51.100.0/24"]}"#, "203.0.113.7:1", false),
        (r#"{"sources": ["198.51.100.0/24"]}"#, "/run/client.sock", true),
        (r#"{"not": {"sources": ["198.51.100.0/24"]}}"#, "198.51.100.7:1", false),
        (r#"{"not": {"sources": ["198.51.100.0/24"]}}"#, "/run/client.sock", true),
        // Nobody knows whether a client without an identity is one of gold.
        (r#"{"not": {"identity": {"tiers": ["gold"]}}}"#, "203.0.113.7:1", true),
        (r#"{"identity": {"tiers": ["gold"]}}"#, "203.0.113.7:1", false),
    ] {
        let host = FakeHost::at(NOW);
        host.set(Attribute::SourceAddress, address);
        let filter =
            filter(&format!(r#"{{"rules": [{{"match": {condition}, {limits}}}]}}"#), &host);
        let decided = [(); 2].map(|()| code(&filter, &host, "/", None).0);
        let want = match is_limited {
            true => [Code::Allowed, Code::Exceeded],
            false => [Code::Unlimited, Code::Unlimited],
        };
        assert_eq!(decided, want, "{condition} {address}");
    }
}
