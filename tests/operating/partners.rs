//! Partners who come, and keys that are replaced, in a list that the gateway polls.

use gatehouse_sandbox::Gateway;
use serde_json::Value;

use super::page;
use crate::harness::identity_provider::{Behaviour, IdentityProvider};
use crate::harness::load::{Expected, KEYS, Load};
use crate::harness::{configuration, start, trap, until};

/// The keys whose digests the page shows.
const ACME: &str = "acme-demo-key-1";
const ACME_NEXT: &str = "acme-demo-key-2";
const INITECH: &str = "initech-demo-key";

/// The four states of the list are those that the page shows, one after the other.
#[test]
fn a_partner_is_added_and_a_key_replaced_without_one_wrong_answer() {
    let added = page::blocks("Add a partner", "json");
    let rotated = page::blocks("Replace a key", "json");
    let [first, with_initech] = added.as_slice() else { panic!("{added:?}") };
    let [both_keys, next_key] = rotated.as_slice() else { panic!("{rotated:?}") };

    let server = IdentityProvider::start(Behaviour::Answer(first.clone()));
    let gateway = gateway(&server);
    let status = |key: &str| gateway.get("/orders", &[("x-api-key", key)]).status;
    let load = Load::of(KEYS, gateway.address(), 4, vec![good(ACME, "acme"), bad(INITECH)]);
    load.go_round();

    // Whoever is about to come is not asked for while the list is on its way.
    load.send(vec![good(ACME, "acme")]);
    server.behave(Behaviour::Answer(with_initech.clone()));
    until("initech is known", || status(INITECH) == 200);
    until("the log tells it", || gateway.stderr().contains("now in use: 2 consumers, 2 keys"));
    settle();
    load.send(vec![good(ACME, "acme"), good(INITECH, "initech"), bad("nobody's")]);
    load.go_round();

    server.behave(Behaviour::Answer(both_keys.clone()));
    until("the next key is known", || status(ACME_NEXT) == 200);
    settle();
    load.send(vec![good(ACME, "acme"), good(ACME_NEXT, "acme"), good(INITECH, "initech")]);
    load.go_round();

    // The partner has the new key everywhere.
    load.send(vec![good(ACME_NEXT, "acme"), good(INITECH, "initech")]);
    server.behave(Behaviour::Answer(next_key.clone()));
    until("the old key is refused", || status(ACME) == 401);
    settle();
    load.send(vec![bad(ACME), good(ACME_NEXT, "acme"), good(INITECH, "initech")]);
    load.go_round();

    load.assert_no_wrong_answer("all the time");
    drop(load);
    trap::assert_none(&gateway);
}

/// For a tenth of a second one worker may know more than the other.
fn settle() {
    std::thread::sleep(std::time::Duration::from_millis(500));
}

fn good(key: &str, consumer: &str) -> Expected {
    Expected { token: key.to_owned(), subject: Some(consumer.to_owned()) }
}

fn bad(key: &str) -> Expected {
    Expected { token: key.to_owned(), subject: None }
}

/// The example, with the configuration that the page shows, on two workers; the list is asked for
/// sooner than there.
fn gateway(server: &IdentityProvider) -> Gateway {
    let shown = page::blocks("Add a partner", "yaml");
    let [shown] = shown.as_slice() else { panic!("{shown:?}") };
    let mut value: Value = serde_saphyr::from_str(shown).expect("the page shows YAML");
    value["consumers_from"]["refresh"] = "1s".into();
    let port = server.address().port();
    start(Gateway::builder("envoy/api-key-auth.yaml").concurrency(2).edit(move |tree| {
        configuration::set(tree, "api-key-auth", value);
        configuration::add_cluster(tree, "keys", port);
    }))
}
