//! What the gateway's limits let pass. Each case uses one up, on a gateway of its own.

use std::thread;
use std::time::Instant;

use gatehouse_sandbox::raw::Request;
use serde_json::{Value, json};

use super::{builder, login, start};
use crate::harness::{Exchange, Shared, configuration, token, trap};

#[test]
fn the_31st_request_for_orders_is_the_first_that_is_refused() {
    let gateway = Shared::start(builder());
    let begin = Instant::now();
    let alice = token::bearer(&token::good("alice"));
    let orders = || Request::get("/orders").header("authorization", &alice);
    let mut passed = 0;
    while gateway.send(orders()).status == 200 {
        passed += 1;
        assert!(passed <= ORDERS + refilled(begin), "{passed} have passed");
    }
    assert!(passed >= ORDERS, "only {passed} have passed");
    let refused = exceeded(&gateway, orders());
    refused.assert_refused("the first too many", 429, "rate_limit.exceeded");
    assert_eq!(refused.logged("rate_limit"), "rate_limit.exceeded;rule=orders");
    let field = |name| refused.response.header_text(name).unwrap_or_default();
    let wait: u64 = field("retry-after").parse().expect("a number of seconds");
    assert!((1..=2).contains(&wait), "one more every two seconds: {wait}");
    assert_eq!(field("ratelimit-policy"), "\"orders\";q=30;w=60");
    assert!(field("ratelimit").starts_with("\"orders\";r=0;t="), "{}", field("ratelimit"));

    // The limit is bob's own; login has another.
    let bob = token::bearer(&token::good("bob"));
    let exchange = gateway.ask(Request::get("/orders").header("authorization", bob));
    assert_eq!(exchange.response.status, 200);
    assert_eq!(gateway.ask(login("alice", "wonderland")).response.status, 200);
    gateway.assert_no_trap();
}

#[test]
fn four_workers_share_one_limit() {
    // An hour in place of a minute: however slow the machine, nothing comes back while this runs.
    let slower = |tree: &mut Value| {
        let rules = &mut configuration::shipped(tree, "rate-limit")["rules"];
        let orders = rules
            .as_array_mut()
            .and_then(|rules| rules.iter_mut().find(|rule| rule["name"] == "orders"));
        orders.expect("a rule for orders")["limits"][0]["window"] = json!("1h");
    };
    let gateway = start(builder().concurrency(4).edit(slower));
    let alice = token::bearer(&token::good("alice"));
    // Each on a connection of its own, so that every worker gets some.
    let statuses: Vec<u16> = thread::scope(|scope| {
        let client = || -> Vec<u16> {
            (0..5).map(|_| gateway.get("/orders", &[("authorization", &alice)]).status).collect()
        };
        let clients: Vec<_> = (0..16).map(|_| scope.spawn(client)).collect();
        clients.into_iter().flat_map(|client| client.join().expect("a client")).collect()
    });
    let count = |wanted: u16| statuses.iter().filter(|status| **status == wanted).count();
    assert_eq!((count(200), count(429)), (30, 50), "{statuses:?}");
    let busy = gateway.stats().into_iter().filter(|(name, requests)| {
        name.starts_with("listener.127.0.0.1_0.worker_")
            && name.ends_with(".downstream_cx_total")
            && *requests > 0
    });
    assert!(busy.count() > 1, "the test needs several workers");
    trap::assert_none(&gateway);
}

#[test]
fn passwords_cannot_be_guessed_quickly() {
    let gateway = Shared::start(builder());
    let begin = Instant::now();
    let mut passed = 0;
    while gateway.send(login("alice", "guess")).status == 401 {
        passed += 1;
        assert!(passed <= 10 + begin.elapsed().as_secs() / 6, "{passed} have passed");
    }
    assert!(passed >= 10, "only {passed} have passed");
    let refused = exceeded(&gateway, login("alice", "guess"));
    refused.assert_refused("the first too many", 429, "rate_limit.exceeded");
    assert_eq!(refused.logged("rate_limit"), "rate_limit.exceeded;rule=login");
    gateway.assert_no_trap();
}

#[test]
fn no_spelling_of_the_login_gets_past_its_limit() {
    let gateway = Shared::start(builder());
    while gateway.send(login("alice", "guess")).status == 401 {}
    for path in ["/auth/login/", "/auth/login;x", "/auth//login", "/auth/./login", "/auth/%6cogin"]
    {
        let body = json!({"username": "alice", "password": "guess"});
        let status = gateway.send(Request::post_json(path, &body)).status;
        assert!(matches!(status, 400 | 429), "{path}: {status}");
    }
    gateway.assert_no_trap();
}

#[test]
fn preflights_lock_no_browser_out() {
    let gateway = Shared::start(builder());
    let preflight = || {
        Request::new("OPTIONS", "/orders")
            .header("origin", "https://shop.example")
            .header("access-control-request-method", "PUT")
    };
    for number in 0..50 {
        let status = gateway.send(preflight()).status;
        assert_ne!(status, 429, "preflight {number}");
    }
    let orders =
        Request::get("/orders").header("authorization", token::bearer(&token::good("bob")));
    assert_eq!(gateway.send(orders).status, 200);
    gateway.assert_no_trap();
}

#[test]
fn limits_follow_what_is_known_of_the_client() {
    let by_identity = |tree: &mut Value| {
        configuration::shipped(tree, "api-key-auth")["consumers"][0]["tier"] = json!("gold");
        configuration::shipped(tree, "rate-limit")["rules"] = json!([
            {"name": "consumer", "key": ["consumer", "tier"], "absent": "skip",
             "limits": [{"requests": {"tier": {"gold": 3}, "default": 1}, "window": "30d"}]},
            {"name": "plan", "match": {"path": {"exact": "/products"}}, "key": ["issuer", "subject", {"claim": "org.id"}],
             "limits": [{"requests": {"claim": "plan", "values": {"silver": 2, "none": 0}, "default": 1}, "window": "30d"}]},
            {"name": "token", "key": ["issuer", "subject"],
             "limits": [{"requests": {"claim": "org.quota", "most": 4, "default": 1}, "window": "30d"}]},
        ]);
    };
    let gateway = Shared::start(builder().edit(by_identity));
    let bearer = |claims: Value| {
        let claims = token::with(token::claims("alice"), claims);
        ("authorization", token::bearer(&token::demo(&claims)))
    };
    let subject = |name: &str| ("authorization", token::bearer(&token::good(name)));
    let partner = || ("x-api-key", "acme-partner-demo-key".to_owned());
    for (case, path, (name, value), passing, rule) in [
        ("a consumer of the gold tier", "/products", partner(), 3, "consumer"),
        ("a plan in a claim", "/products", bearer(json!({"plan": "silver"})), 2, "plan"),
        (
            "another organisation",
            "/products",
            bearer(json!({"plan": "silver", "org": {"id": 7}})),
            2,
            "plan",
        ),
        (
            "a plan of nothing",
            "/products",
            bearer(json!({"plan": "none", "org": {"id": 8}})),
            0,
            "plan",
        ),
        ("no plan", "/products", subject("bob"), 1, "plan"),
        ("a number in a claim", "/orders", bearer(json!({"org": {"quota": 2}})), 2, "token"),
        ("no number", "/orders", subject("bob"), 1, "token"),
        (
            "too large a number",
            "/orders",
            bearer(json!({"sub": "eve", "org": {"quota": 99}})),
            4,
            "token",
        ),
    ] {
        for number in 1..=passing + 2 {
            let exchange = gateway.ask(Request::get(path).header(name, &value));
            if number <= passing {
                assert_eq!(
                    exchange.response.status,
                    200,
                    "{case}, {number}: {}",
                    exchange.response.text()
                );
                assert_eq!(
                    exchange.logged("rate_limit"),
                    format!("rate_limit.allowed;rule={rule}"),
                    "{case}"
                );
            } else {
                exchange.assert_refused(case, 429, "rate_limit.exceeded");
            }
        }
    }
    gateway.assert_no_trap();
}

/// Asks until it is refused: while a test is slow, a request may come back.
#[track_caller]
fn exceeded(gateway: &Shared, request: Request) -> Exchange {
    let mut asked = (0..100).map(|_| gateway.ask(request.clone()));
    asked.find(|exchange| exchange.response.status == 429).expect("nothing was refused")
}

/// What a subject may ask of orders at once, and how much has come back since.
const ORDERS: u64 = 30;
fn refilled(begin: Instant) -> u64 {
    begin.elapsed().as_secs() / 2
}
