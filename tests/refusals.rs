//! Own words for refusals (`refusal`), in the demo gateway: each filter says what its configuration
//! says, in every form that a client reads, and the code stays.

use std::sync::LazyLock;

use gatehouse_sandbox::raw::Request;
use gatehouse_sandbox::{Builder, Gateway};
use serde_json::{Value, json};

use crate::harness::{Shared, configuration, http2, token};

/// The demo gateway, with words for all filters that guard something.
static GATEWAY: LazyLock<Shared> = LazyLock::new(|| Shared::kept(worded()));

fn worded() -> Builder {
    Gateway::builder("envoy/envoy.yaml").edit(|tree| {
        for (filter, words) in [
            ("jwt-auth", json!({"title": "Log in", "detail": "Log in first (${code})."})),
            (
                "api-key-auth",
                json!({"status": 403, "detail": "${identity.consumer | default: Nobody} has it."}),
            ),
            (
                "authorization",
                json!({"status": 404, "title": "Not Found",
                    "detail": "Nothing for ${identity.consumer | default: users}, $$5."}),
            ),
            (
                "rate-limit",
                json!({"status": 503, "title": "Later", "detail": "${rule}: in ${retry_after} s"}),
            ),
        ] {
            configuration::shipped(tree, filter)["refusal"] = words;
        }
    })
}

/// Fails unless the request is refused in these words.
#[track_caller]
fn assert_told(case: &str, request: Request, code: &str, status: u16, title: &str, detail: &str) {
    let exchange = GATEWAY.ask(request);
    exchange.assert_refused(case, status, code);
    let problem = exchange.response.json();
    assert_eq!(
        (&problem["title"], &problem["detail"]),
        (&json!(title), &json!(detail)),
        "{case}: {problem}"
    );
}

#[test]
fn each_filter_refuses_in_the_words_of_its_configuration() {
    let alice = token::bearer(&token::good("alice"));
    let missing = "jwt_auth.token_missing";
    let words = "Log in first (jwt_auth.token_missing).";
    assert_told("no token", Request::get("/orders"), missing, 401, "Log in", words);
    let challenge = GATEWAY.ask(Request::get("/orders")).response;
    assert!(challenge.header("www-authenticate").is_some(), "a 401 has its challenge still");
    let expired = "jwt_auth.token_malformed";
    let request = Request::get("/orders").header("authorization", "Bearer x");
    let words = "Log in first (jwt_auth.token_malformed).";
    assert_told("a bad token", request, expired, 401, "Log in", words);
    let request = Request::get("/products").header("x-api-key", "nobody-s-key");
    let code = "api_key_auth.key_invalid";
    assert_told("a bad key", request, code, 403, "Forbidden", "Nobody has it.");
    let request = Request::get("/orders").header("x-api-key", "acme-partner-demo-key");
    let code = "authorization.no_rule";
    // Whom another module has found.
    assert_told("not its business", request, code, 404, "Not Found", "Nothing for acme, $5.");
    let request = Request::get("/users/bob").header("authorization", alice);
    assert_told("another's", request, code, 404, "Not Found", "Nothing for users, $5.");
    GATEWAY.assert_no_trap();
}

#[test]
fn a_limit_s_words_know_its_rule_and_when_to_come_back() {
    let login = || Request::post_json("/auth/login", &json!({"username": "eve", "password": "x"}));
    let mut refused = GATEWAY.ask(login());
    for _ in 0..20 {
        if refused.logged("details") == "rate_limit.exceeded" {
            break;
        }
        refused = GATEWAY.ask(login());
    }
    refused.assert_refused("the eleventh", 503, "rate_limit.exceeded");
    let wait = refused.response.header_text("retry-after").expect("it may come back");
    let problem = refused.response.json();
    assert_eq!(problem["title"], "Later");
    assert_eq!(problem["detail"], format!("login: in {wait} s"));
    assert_eq!(problem["policy"], "login");
    GATEWAY.assert_no_trap();
}

/// Rules say it in words of their own; what one does not say, the filter's words at the top say.
#[test]
fn a_rule_s_own_words_take_the_place_of_those_at_the_top() {
    let gateway = Shared::start(worded().edit(|tree| {
        let keys = configuration::shipped(tree, "api-key-auth");
        keys["rules"] = json!([{"name": "stock", "match": {"path": {"prefix": "/products/stock"}},
            "require": "key", "refusal": {"title": "Partners only"}}]);
        let tokens = configuration::shipped(tree, "jwt-auth");
        let rules = tokens["rules"].as_array_mut().expect("rules");
        rules.push(json!({"name": "reports", "match": {"path": {"prefix": "/reports"}},
            "require": "any", "refusal": {"status": 403, "detail": "${rule} is for members."}}));
        let allowed = configuration::shipped(tree, "authorization");
        let rules = allowed["rules"].as_array_mut().expect("rules");
        rules.insert(
            0,
            json!({"name": "closed", "match": {"path": {"exact": "/orders/closed"}},
            "action": "deny", "refusal": {"status": 410, "title": "Gone"}}),
        );
        let limits = configuration::shipped(tree, "rate-limit");
        limits["rules"][0]["refusal"] = json!({"status": 429, "detail": "Slowly, ${code}."});
        let cache = configuration::shipped(tree, "response-cache");
        cache["refusal"] = json!({"title": "Not kept"});
        cache["rules"][0]["refusal"] = json!({"status": 404, "detail": "No ${rule} at hand."});
    }));
    let told = |case: &str, request: Request, code: &str, status: u16, said: (&str, &str)| {
        let exchange = gateway.ask(request);
        exchange.assert_refused(case, status, code);
        let problem = exchange.response.json();
        assert_eq!((&problem["title"], &problem["detail"]), (&json!(said.0), &json!(said.1)));
        exchange
    };
    let alice = token::bearer(&token::good("alice"));
    let by = |path: &str| Request::get(path).header("authorization", alice.clone());
    let missing = "jwt_auth.token_missing";
    let said = ("Log in", "reports is for members.");
    let refused = told("the rule's", Request::get("/reports/1"), missing, 403, said);
    assert!(refused.response.header("www-authenticate").is_some(), "with its challenge still");
    let said = ("Log in", "Log in first (jwt_auth.token_missing).");
    told("no rule's", Request::get("/orders"), missing, 401, said);
    let key = "api_key_auth.key_missing";
    told("a key", Request::get("/products/stock"), key, 403, ("Partners only", "Nobody has it."));
    let said = ("Gone", "Nothing for users, $5.");
    told("denied", by("/orders/closed"), "authorization.denied", 410, said);
    let said = ("Not Found", "Nothing for users, $5.");
    told("no rule", by("/users/bob"), "authorization.no_rule", 404, said);
    let cached = by("/products/never-asked").header("cache-control", "only-if-cached");
    let code = "response_cache.not_in_store";
    told("only if cached", cached, code, 404, ("Not kept", "No products at hand."));
    // What a stranger spells otherwise is not another rule's words: nobody reads it in one way.
    let exchange = gateway.ask(Request::get("/reports/%2e%2e/orders"));
    assert_ne!(exchange.response.json()["detail"], "reports is for members.");
    for _ in 0..12 {
        let body = json!({"username": "eve", "password": "x"});
        let exchange = gateway.ask(Request::post_json("/auth/login", &body));
        if exchange.logged("details") == "rate_limit.exceeded" {
            exchange.assert_refused("the eleventh", 429, "rate_limit.exceeded");
            let problem = exchange.response.json();
            assert_eq!(problem["title"], "Later");
            assert_eq!(problem["detail"], "Slowly, rate_limit.exceeded.");
            return gateway.assert_no_trap();
        }
    }
    panic!("nobody was refused after twelve");
}

#[test]
fn a_grpc_client_reads_them_in_its_status() {
    // A gateway of its own: an HTTP/2 request is not one of the shared gateway's.
    let gateway = worded().start().unwrap_or_else(|fault| panic!("{fault}"));
    let request = http2::get("/orders").method("POST").header("content-type", "application/grpc");
    let request = request.body(()).expect("a request");
    let refused = http2::send(gateway.address(), request);
    assert_eq!(refused.trailer("grpc-status").as_deref(), Some("16"), "{refused:?}");
    let words = "Log in first (jwt_auth.token_missing).";
    assert_eq!(refused.trailer("grpc-message").as_deref(), Some(words));
}

/// What an issuer wrote is a name, whatever is in it: it ends no string of the document.
#[test]
fn no_name_says_more_than_a_name() {
    let hostile = "a\",\"code\":\"x\\\u{1f600}${header.authorization}";
    let gateway = Shared::start(Gateway::builder("envoy/envoy.yaml").edit(|tree| {
        configuration::shipped(tree, "authorization")["refusal"] =
            json!({"detail": "Not for ${identity.subject}."});
    }));
    let token = token::bearer(&token::good(hostile));
    let exchange = gateway.ask(Request::get("/users/bob").header("authorization", token));
    exchange.assert_refused("a hostile subject", 403, "authorization.no_rule");
    let problem: Value = exchange.response.json();
    assert_eq!(problem["detail"], format!("Not for {hostile}."));
    // One that is too long to be a name is not said.
    let token = token::bearer(&token::good(&"a".repeat(1000)));
    let exchange = gateway.ask(Request::get("/users/bob").header("authorization", token));
    assert_eq!(exchange.response.json()["detail"], "this request is not allowed");
    gateway.assert_no_trap();
}
