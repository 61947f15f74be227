//! What the tool writes, in a real Envoy: `gatehouse init` and `gatehouse chain`.

use std::path::{Path, PathBuf};

use clap::Parser as _;
use gatehouse::Gatehouse;
use gatehouse_check::Level;
use gatehouse_sandbox::{Gateway, workspace};
use serde_json::Value;

use crate::harness::token::{self, bearer};
use crate::harness::{start, trap};

/// A file that goes with the case.
struct Written(PathBuf);

impl Written {
    /// What a command line writes to standard output, in a file.
    fn by(name: &str, arguments: &[&str]) -> Self {
        let words = ["gatehouse"].iter().chain(arguments);
        let command = Gatehouse::try_parse_from(words).expect("a command line");
        Self::text(name, &command.run().expect("an answer").text)
    }

    fn text(name: &str, text: &str) -> Self {
        let folder = workspace::target().join("sandbox");
        std::fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join(format!("tool-{name}-{}.yaml", std::process::id()));
        std::fs::write(&path, text).expect("a file");
        Self(path)
    }

    fn assert_checked(&self) {
        let lines = gatehouse_check::file(&self.0, "written");
        assert!(lines.iter().all(|line| line.level == Level::Good), "{lines:#?}");
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn status(gateway: &Gateway, path: &str, token: Option<&str>) -> u16 {
    let authorization = token.map(bearer);
    let headers: Vec<(&str, &str)> =
        authorization.iter().map(|value| ("authorization", value.as_str())).collect();
    gateway.get(path, &headers).status
}

#[test]
fn a_new_gateway_asks_for_tokens_and_limits_who_has_one() {
    for packaging in [&[][..], &["--gateway"]] {
        let options = [
            &["init", "--out", "-", "--limit", "2/day", "--upstream", "echo=echo:8000"][..],
            &["--upstream", "users=users:8000,/users", "--audience", "gatehouse-demo"],
            &["--issuer", "https://auth.gatehouse.example"],
            &["--jwks", "http://auth:8000/auth/.well-known/jwks.json"],
            packaging,
        ];
        let written = Written::by(&format!("tokens{}", packaging.len()), &options.concat());
        written.assert_checked();
        let gateway = start(Gateway::builder(&written.0));
        let (alice, bob) = (token::good("alice"), token::good("bob"));
        for (case, path, token, want) in [
            ("no token", "/", None, 401),
            ("one that somebody changed", "/", Some(token::flipped(&alice)), 401),
            ("a token", "/", Some(alice.clone()), 200),
            ("no token, below", "/users/alice", None, 401),
            // The service is asked for the path as it is, and has no such one.
            ("another upstream", "/users/alice", Some(alice.clone()), 404),
            ("one too many", "/", Some(alice), 429),
            ("somebody else", "/", Some(bob), 200),
        ] {
            assert_eq!(status(&gateway, path, token.as_deref()), want, "{packaging:?}: {case}");
        }
        let carol = bearer(&token::good("carol"));
        let answer = gateway.get("/users/alice", &[("authorization", carol.as_str())]);
        assert_eq!(answer.header_text("x-served-by").as_deref(), Some("users"), "{packaging:?}");
        let field = answer.header_text("x-content-type-options");
        assert_eq!(field.as_deref(), Some("nosniff"), "{packaging:?}");
        trap::assert_none(&gateway);
    }
}

#[test]
fn a_new_gateway_without_an_issuer_limits_by_address() {
    let options = ["init", "--out", "-", "--upstream", "echo=echo:8000", "--limit", "1/day"];
    let written = Written::by("address", &options);
    written.assert_checked();
    let gateway = start(Gateway::builder(&written.0));
    let statuses: Vec<u16> = (0..3).map(|_| status(&gateway, "/", None)).collect();
    assert_eq!(statuses, [200, 429, 429]);
}

/// The pieces that `chain` prints, where their comments say that they go.
fn pasted(chain: &Path) -> Value {
    let read = |path: &Path| {
        gatehouse_sandbox::example::Example::load(path).expect("it is YAML").tree().clone()
    };
    let whole = Written::by("whole", &["init", "--out", "-", "--upstream", "echo=echo:8000"]);
    let (mut whole, chain) = (read(&whole.0), read(chain));
    whole["stats_config"] = chain["stats_config"].clone();
    let manager = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";
    let manager = whole.pointer_mut(manager).expect("a connection manager");
    for piece in ["use_remote_address", "access_log", "http_filters"] {
        assert!(!chain[piece].is_null(), "{piece}");
        manager[piece] = chain[piece].clone();
    }
    // The clusters that the small configurations name.
    let clusters = whole["static_resources"]["clusters"].as_array_mut().expect("clusters");
    for (name, address) in [("issuer", "auth"), ("users", "users"), ("orders", "orders-1")] {
        let mut cluster = clusters[0].clone();
        cluster["name"] = name.into();
        let place = "/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address/socket_address";
        cluster.pointer_mut(place).expect("an address")["address"] = address.into();
        cluster["load_assignment"]["cluster_name"] = name.into();
        clusters.push(cluster);
    }
    whole
}

#[test]
fn what_is_pasted_from_a_chain_starts_and_guards() {
    let filters = [
        "rate-limit",
        "jwt-auth",
        "telemetry",
        "response-cache",
        "header-transform",
        "authorization",
        "audit",
        "body-transform",
        "aggregate",
        "api-key-auth",
    ];
    for options in [&[][..], &["--gateway"], &["--capabilities"], &["--gateway", "--capabilities"]]
    {
        let name = options.concat();
        let chain = Written::by(&format!("chain{name}"), &[&["chain"], options, &filters].concat());
        chain.assert_checked();
        let whole = Written::text(&format!("pasted{name}"), &pasted(&chain.0).to_string());
        whole.assert_checked();
        if name.contains("capabilities") && !knows_capabilities() {
            continue;
        }
        let gateway = start(Gateway::builder(&whole.0));
        for (case, path, want) in [("nobody", "/", 401), ("nobody's overview", "/overview", 401)] {
            assert_eq!(status(&gateway, path, None), want, "{options:?}: {case}");
        }
        trap::assert_none(&gateway);
    }
}

/// Up to 1.39 Envoy has the list elsewhere, and the tool writes it for 1.40.
fn knows_capabilities() -> bool {
    let envoy = gatehouse_sandbox::envoy::locate(|step| eprintln!("{step}")).expect("an Envoy");
    let version = envoy.version().expect("its version");
    !["1.36.", "1.37.", "1.38.", "1.39."].iter().any(|old| version.contains(old))
}
