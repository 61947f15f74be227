//! Products out of the store: for whom, until when, and how they are purged.

use gatehouse_sandbox::Upstreams;
use gatehouse_sandbox::raw::Request;
use serde_json::json;

use super::builder;
use crate::harness::upstream::{Said, Upstream};
use crate::harness::{Exchange, Shared, token, until};

fn bearer(name: &str) -> String {
    token::bearer(&token::good(name))
}

/// A token of alice's as she gets it when she logs in: logins are limited.
fn admin() -> String {
    let rights = json!({"roles": ["admin", "user"], "scope": "products:read products:write"});
    token::bearer(&token::demo(&token::with(token::claims("alice"), rights)))
}

/// What `Cache-Status` says, but for how long it is fresh.
fn status(exchange: &Exchange) -> String {
    let status = exchange.response.header_text("cache-status").unwrap_or_default();
    assert_eq!(exchange.logged("cache_status"), status, "{}", exchange.log);
    status.split("; ttl=").next().unwrap_or_default().to_owned()
}

const MISS: &str = "gatehouse; fwd=uri-miss; stored";
const HIT: &str = "gatehouse; hit";

#[test]
fn the_service_is_asked_once_whoever_may_have_products() {
    let gateway = Shared::start(builder());
    let (alice, bob) = (bearer("alice"), bearer("bob"));
    let of_alice = |path: &str| Request::get(path).header("authorization", &alice);
    let of_bob = Request::get("/products").header("authorization", &bob);
    let of_acme = Request::get("/products").header("x-api-key", "acme-partner-demo-key");
    let mut tag = None;
    for (case, request, want, note) in [
        ("alice asks first", of_alice("/products"), MISS, "miss;rule=products"),
        ("alice again", of_alice("/products"), HIT, "hit;rule=products"),
        ("bob", of_bob, HIT, "hit;rule=products"),
        ("a partner", of_acme, HIT, "hit;rule=products"),
        ("a parameter that nobody reads", of_alice("/products?a=1"), HIT, "hit;rule=products"),
        ("one product", of_alice("/products/KB-75"), MISS, "miss;rule=products"),
        ("something else", of_alice("/orders"), "", "unmatched"),
    ] {
        let exchange = gateway.ask(request);
        assert_eq!(exchange.response.status, 200, "{case}: {}", exchange.response.text());
        assert_eq!(status(&exchange), want, "{case}");
        assert_eq!(exchange.noted("response_cache"), format!("response_cache.{note}"), "{case}");
        // The filters before have seen the answer, wherever it is from.
        let nosniff = exchange.response.header_text("x-content-type-options");
        assert_eq!(nosniff.as_deref(), Some("nosniff"), "{case}");
        let is_hit = want == HIT;
        assert_eq!(exchange.log["upstream"].is_null(), is_hit, "{case}: {}", exchange.log);
        if is_hit {
            assert_eq!(exchange.logged("details"), "response_cache.hit", "{case}");
            tag = exchange.response.header_text("etag");
        }
    }
    let request = of_alice("/products").header("if-none-match", tag.expect("an entity tag"));
    assert_eq!(gateway.ask(request).response.status, 304);
    // Whoever may have none gets none, stored or not.
    gateway.ask(Request::get("/products")).assert_refused("nobody", 401, "jwt_auth.token_missing");
    gateway.assert_no_trap();
}

#[test]
fn who_deletes_a_product_takes_all_that_shows_it_out_of_the_store() {
    let gateway = Shared::start(builder());
    let alice = admin();
    let paths = ["/products", "/products/KB-75"];
    let ask = |method: &str, path: &str| {
        gateway.ask(Request::new(method, path).header("authorization", &alice))
    };
    for want in [MISS, HIT] {
        for path in paths {
            assert_eq!(status(&ask("GET", path)), want, "{path}");
        }
    }
    let deleted = ask("DELETE", "/products/KB-75");
    assert_eq!(deleted.response.status, 204);
    assert_eq!(status(&deleted), "gatehouse; fwd=method");
    for path in paths {
        assert_eq!(status(&ask("GET", path)), MISS, "{path}");
    }
    gateway.assert_no_trap();
}

#[test]
fn an_admin_purges_by_tag_and_nobody_else_does() {
    let gateway = Shared::start(builder());
    let (alice, bob) = (admin(), bearer("bob"));
    let get = |path: &str| gateway.ask(Request::get(path).header("authorization", &bob));
    let purge = |who: &str, what: &str| {
        let path = format!("/.cache/purge?{what}");
        gateway.ask(Request::new("POST", &path).header("authorization", who))
    };
    for path in ["/products", "/products/KB-75"] {
        assert_eq!(status(&get(path)), MISS, "{path}");
    }
    purge(&bob, "tag=KB-75").assert_refused("bob", 403, "authorization.no_rule");
    let nobody = gateway.ask(Request::new("POST", "/.cache/purge?tag=KB-75"));
    nobody.assert_refused("nobody", 401, "jwt_auth.token_missing");
    assert_eq!(status(&get("/products/KB-75")), HIT);

    let purged = purge(&alice, "tag=KB-75");
    assert_eq!(purged.response.status, 200, "{}", purged.response.text());
    let told = purged.response.json();
    assert_eq!((&told["objects"], &told["tags"]), (&json!(1), &json!({"KB-75": 1})), "{told}");
    assert_eq!(purged.noted("response_cache"), "response_cache.purged");
    assert_eq!(status(&get("/products/KB-75")), MISS);
    assert_eq!(status(&get("/products")), HIT);
    purge(&alice, "tags=a").assert_refused("a typo", 400, "response_cache.purge_invalid");

    let told = purge(&alice, "prefix=/products").response.json();
    assert_eq!((&told["objects"], &told["prefixes"]), (&json!(2), &json!({"/products": 2})));
    gateway.assert_no_trap();
}

/// The token is not in the request any more when the cache sees it: the gateway asks itself inside,
/// where nobody asks for one, and the route is that of the client's request.
#[test]
fn stale_products_are_brought_up_to_date_behind_those_who_get_them() {
    let service = Upstream::start();
    let says = |age: u32, body: &str| {
        let fields = format!(
            "cache-control: public, max-age=60, stale-while-revalidate=600\r\nage: {age}\r\n"
        );
        Said::response(200, "application/json", &fields, body)
    };
    // It is stale when it comes.
    service.answer_by(move |_| says(100, "1"));
    let gateway = Shared::start(builder().upstream("products:8000", service.address()));
    let alice = bearer("alice");
    let get = || gateway.ask(Request::get("/products/KB-75").header("authorization", &alice));
    assert_eq!(status(&get()), MISS);
    let _ = service.take_all();
    service.answer_by(move |_| says(0, "2"));
    let stale = get();
    assert_eq!(stale.noted("response_cache"), "response_cache.stale;rule=products");
    assert_eq!((status(&stale).as_str(), stale.response.text().as_str()), (HIT, "1"));
    let in_background = loop {
        // Health checks come to it, too.
        let request = service.wait();
        if request.target() != "/healthz" {
            break request;
        }
    };
    assert_eq!(in_background.target(), "/KB-75");
    assert_eq!(in_background.header("x-gatehouse-cache-refresh"), None);
    until("the new answer is there", || get().response.text() == "2");
    assert_eq!(get().noted("response_cache"), "response_cache.hit;rule=products");
    gateway.assert_no_trap();
}

#[test]
fn every_service_of_the_demo_can_be_one_upstream_and_a_cluster_finds_its_own_listener() {
    let echo =
        Upstreams::start(&["echo:8000".to_owned()].into(), Default::default()).expect("an echo");
    let at = echo.addresses()["echo:8000"];
    let own = |tree: &mut serde_json::Value| {
        // A route that leads back to the gateway, by the address that its file says.
        let route = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config\
                     /route_config/virtual_hosts/0/routes";
        let routes = tree.pointer_mut(route).and_then(serde_json::Value::as_array_mut);
        let again = json!({"match": {"prefix": "/again"},
            "route": {"cluster": "gateway", "prefix_rewrite": "/once"}});
        routes.expect("a list of routes").insert(0, again);
    };
    let gateway = gatehouse_sandbox::Gateway::builder("envoy/response-cache.yaml")
        .in_place_of_demo(at)
        .edit(own);
    let gateway = Shared::start(gateway);
    assert!(gateway.gateway().upstreams().addresses().values().all(|address| *address == at));
    let response = gateway.gateway().get("/again", &[]);
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(response.json()["path"], "/once");
    gateway.assert_no_trap();
}
