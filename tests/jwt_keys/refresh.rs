//! Key sets that say how long they are good.

use std::thread;
use std::time::Duration;

use serde_json::json;

use super::{ask, builder, start};
use crate::harness::identity_provider::{Behaviour, IdentityProvider, key_set};
use crate::harness::token;
use crate::harness::{trap, until};

#[test]
fn keys_are_fetched_anew_when_their_server_says_so() {
    let (old, new) = (token::es256("old"), token::es256("new"));
    let provider = IdentityProvider::start(Behaviour::Headed(
        "cache-control: public, max-age=2",
        key_set(&[&old]),
    ));
    let jwks = json!({"cluster": "auth", "path": "/keys", "retry": "1s",
        "refresh": {"usual": "1h", "least": "1s", "most": "2h"}});
    let gateway = start(builder(&provider, jwks).concurrency(2));
    assert_eq!(ask(&gateway, &old).status, 200);
    // The old key is withdrawn: nobody would ask for another set because of it.
    provider.behave(Behaviour::Headed("cache-control: max-age=3600", key_set(&[&new])));
    until("the old key is gone", || ask(&gateway, &old).status == 401);
    assert_eq!(ask(&gateway, &new).status, 200);
    trap::assert_none(&gateway);
}

#[test]
fn what_must_not_be_kept_is_used_all_the_same_and_makes_no_storm() {
    let key = token::es256("a");
    for says in [
        "cache-control: no-cache, no-store, max-age=0, must-revalidate\npragma: no-cache\nexpires: 0",
        "cache-control: max-age=-1",
        "cache-control: max-age=\"\"",
    ] {
        let provider = IdentityProvider::start(Behaviour::Headed(says, key_set(&[&key])));
        let jwks = json!({"cluster": "auth", "path": "/keys", "retry": "1s",
            "refresh": {"usual": "1h", "least": "2s"}});
        let gateway = start(builder(&provider, jwks).concurrency(2));
        assert_eq!(ask(&gateway, &key).status, 200, "{says}");
        let before = provider.requests();
        thread::sleep(Duration::from_secs(5));
        // One in two seconds, and each worker's tick may be late.
        assert!(provider.requests() - before <= 3, "{says}: {}", provider.requests() - before);
        until("it is asked again", || provider.requests() > before);
        assert_eq!(ask(&gateway, &key).status, 200, "{says}");
        trap::assert_none(&gateway);
    }
}
