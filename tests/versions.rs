//! The demo gateway on every version of Envoy that the modules are tested on. All other cases run
//! on each by `cargo xtask test matrix`.

use gatehouse_sandbox::raw::Request;
use gatehouse_sandbox::{Gateway, envoy, workspace};
use serde_json::json;

use crate::harness::{Shared, collector, token};

#[test]
fn the_demo_works_on_every_version_that_the_modules_are_tested_on() {
    let of_all_cases = envoy::locate(|sentence| println!("{sentence}"))
        .and_then(|envoy| envoy.version())
        .unwrap_or_else(|fault| panic!("{fault:#}"));
    for version in envoy::TESTED_VERSIONS {
        let binary = envoy::of_version(version, |sentence| println!("{sentence}"))
            .unwrap_or_else(|fault| panic!("{fault:#}"));
        assert_eq!(binary.version().expect("it runs"), version);
        let builder = Gateway::builder("envoy/envoy.yaml");
        // Of the version that all cases have, there is one that can be lent.
        let builder = if version == of_all_cases { builder } else { builder.envoy(&binary) };
        let gateway = Shared::start(builder);
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
        let told = gateway.gateway().stderr();
        assert!(!told.to_lowercase().contains("deprecated"), "{version}: {told}");
    }
}

/// The next version of Envoy takes away what this one only warns of.
#[test]
fn every_example_starts_where_nothing_deprecated_may_be_used() {
    let mut started = 0;
    let folder = workspace::root().join("envoy");
    for entry in std::fs::read_dir(folder).expect("the examples") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|ending| ending != "yaml") {
            continue;
        }
        let gateway = Gateway::builder(&path)
            // Only asked when a request comes.
            .upstream("rate-limit:8081", ([127, 0, 0, 1], 9).into())
            .upstream(collector::NAME, ([127, 0, 0, 1], 9).into())
            .edit(collector::known_to_this_envoy)
            .edit(|tree| {
                tree["layered_runtime"] = json!({"layers": [{
                    "name": "strict",
                    "static_layer": {"envoy.features.fail_on_any_deprecated_feature": true},
                }]});
            })
            .start();
        let gateway = gateway.unwrap_or_else(|fault| panic!("{}: {fault}", path.display()));
        // Envoy says the flag itself, too.
        let told = gateway.stderr().to_lowercase().replace("fail_on_any_deprecated_feature", "");
        assert!(!told.contains("deprecated"), "{}: {told}", path.display());
        started += 1;
    }
    assert!(started >= 10, "{started}");
}

#[test]
fn the_readme_says_which_versions_are_tested() {
    let readme = std::fs::read_to_string(workspace::root().join("README.md")).expect("the README");
    for version in envoy::TESTED_VERSIONS {
        assert!(readme.contains(version), "{version}");
    }
}
