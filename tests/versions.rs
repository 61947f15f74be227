//! The demo gateway on every version of Envoy that the modules are tested on. All other cases run
//! on each by `cargo xtask test matrix`.

use gatehouse_sandbox::raw::Request;
use gatehouse_sandbox::{Gateway, envoy};
use serde_json::json;

use crate::harness::{Shared, token};

#[test]
fn the_demo_works_on_every_version_that_the_modules_are_tested_on() {
    for version in envoy::TESTED_VERSIONS {
        let binary = envoy::of_version(version, |sentence| println!("{sentence}"))
            .unwrap_or_else(|fault| panic!("{fault:#}"));
        assert_eq!(binary.version().expect("it runs"), version);
        let gateway = Shared::start(Gateway::builder("envoy/envoy.yaml").envoy(&binary));
        let login = json!({"username": "bob", "password": "builder"});
        let login = gateway.ask(Request::post_json("/auth/login", &login)).response;
        assert_eq!(login.status, 200, "{version}: {}", login.text());
        let bearer = token::bearer(login.json()["access_token"].as_str().expect("a token"));
        let with_token = |path: &str| Request::get(path).header("authorization", &bearer);

        // Who it is, what he may do, what his answers look like.
        gateway.ask(Request::get("/orders")).assert_refused(version, 401, "jwt_auth.token_missing");
        gateway.ask(with_token("/users/alice")).assert_refused(
            version,
            403,
            "authorization.no_rule",
        );
        let orders = gateway.ask(with_token("/orders")).response;
        assert_eq!(orders.status, 200, "{version}: {}", orders.text());
        assert_eq!(orders.header_text("x-content-type-options").as_deref(), Some("nosniff"));
        let orders = orders.json();
        assert!(orders["orders"][0]["lineItems"].is_array(), "{version}: {orders}");
        // What was removed on the way.
        assert!(!orders.to_string().contains("internal"), "{version}: {orders}");
        // A key instead of a token.
        let partner = Request::get("/products").header("x-api-key", "acme-partner-demo-key");
        assert_eq!(gateway.ask(partner).response.status, 200, "{version}");
        // Thirty orders a minute, of which he has had one.
        let allowed = (0..40).filter(|_| gateway.send(with_token("/orders")).status == 200).count();
        assert!((28..40).contains(&allowed), "{version}: {allowed} of 40 after the first");
        gateway.assert_no_trap();
    }
}
