//! `my-filter`, on `envoy/my-filter.yaml`.

use std::sync::LazyLock;

use gatehouse_sandbox::Gateway;
use gatehouse_sandbox::raw::Request;
use serde_json::json;

use crate::harness::hostile::{self, Honest};
use crate::harness::{Shared, configuration, received};

const CONFIG: &str = "envoy/my-filter.yaml";

static SHIPPED: LazyLock<Shared> = LazyLock::new(|| Shared::kept(Gateway::builder(CONFIG)));

#[test]
fn hostile_bytes_do_not_trap_it() {
    let gateway = Gateway::builder(CONFIG).start().unwrap_or_else(|fault| panic!("{fault}"));
    let honest = Honest {
        path: "/orders",
        headers: &[("x-tenant", "acme")],
        // A second tenant.
        refused: &[("x-tenant that is not UTF-8", 400)],
    };
    hostile::survive(&gateway, &honest);
}

#[test]
fn a_right_request_reaches_the_upstream() {
    let exchange = SHIPPED.ask(Request::get("/orders").header("x-tenant", "acme"));
    assert_eq!(exchange.response.status, 200, "{}", exchange.response.text());
    assert_eq!(received(&exchange.response, "x-tenant"), ["acme"]);
    assert_eq!(exchange.logged("my_filter"), "my_filter.allowed;rule=all");
    SHIPPED.assert_no_trap();
}

#[test]
fn a_wrong_request_is_refused() {
    for (case, request, code, rule) in [
        ("no tenant", Request::get("/orders"), "tenant_missing", ";rule=all"),
        (
            "two tenants",
            Request::get("/orders").header("x-tenant", "a").header("x-tenant", "b"),
            "tenant_repeated",
            ";rule=all",
        ),
        ("a path that leads elsewhere", Request::get("/about/%2e%2e;/orders"), "target_ambiguous", ""),
    ] {
        let code = format!("my_filter.{code}");
        let exchange = SHIPPED.ask(request);
        exchange.assert_refused(case, 400, &code);
        assert_eq!(exchange.logged("my_filter"), format!("{code}{rule}"), "{case}");
    }
    SHIPPED.assert_no_trap();
}

#[test]
fn a_dry_run_refuses_nothing() {
    let shadow = Gateway::builder(CONFIG)
        .edit(|tree| configuration::shipped(tree, "my-filter")["mode"] = json!("shadow"));
    let gateway = Shared::start(shadow);
    let exchange = gateway.ask(Request::get("/orders"));
    assert_eq!(exchange.response.status, 200, "{}", exchange.response.text());
    assert_eq!(exchange.logged("my_filter"), "my_filter.tenant_missing;rule=all;mode=shadow");
    gateway.assert_no_trap();
}
