//! Tokens as the identity providers of the world issue them: with their claims, and signed with
//! RS256 as theirs are.

mod hosted;
mod organisations;
mod workloads;

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::{assert_told, recipe, request};
use crate::harness::identity_provider::{Behaviour, IdentityProvider, key_set};
use crate::harness::token::{self, Key, bearer, with};
use crate::harness::{received, start, trap};

/// A sentence, what is asked for, how the token differs from the good one, and what is told.
type Case<'a> = (&'a str, &'a str, Value, u16, &'a str);

struct Issuer {
    recipe: &'static str,
    /// Who serves its keys, and where; in lower case.
    host: &'static str,
    keys: &'static str,
    /// A field that the upstream gets with the good token.
    passes: (&'static str, &'static str),
}

impl Issuer {
    /// Starts the recipe, and asks it for each case.
    #[track_caller]
    fn is_asked(&self, good: &Value, cases: &[Case<'_>]) {
        let keys = Behaviour::Answer(key_set(&[&KEY]));
        let provider = IdentityProvider::start(Behaviour::Site(vec![(self.keys, keys)]));
        let builder =
            recipe(self.recipe).upstream(&format!("{}:443", self.host), provider.address());
        let gateway = start(builder);
        let now = token::now();
        let good = with(json!({"iat": now, "exp": now + 600}), good.clone());
        for (case, asked, changes, status, code) in cases {
            let (method, path) = asked.split_once(' ').expect("a method and a path");
            let token = bearer(&KEY.sign(&with(good.clone(), changes.clone())));
            let response = gateway.request(request(method, path, &[("authorization", &token)]));
            assert_told(case, &response, *status, code);
            if changes == &json!({}) && *status == 200 {
                let (name, value) = self.passes;
                assert_eq!(received(&response, name), [value], "{case}");
                assert_eq!(received(&response, "authorization"), [""; 0], "{case}");
            }
        }
        let none = gateway.request(request("GET", "/", &[(self.passes.0, "forged")]));
        assert_told("no token", &none, 401, "jwt_auth.token_missing");
        let heads = provider.take_heads();
        let (line, host) = (format!("get {} http/1.1", self.keys), format!("host: {}", self.host));
        let is_asked = |head: &String| head.starts_with(&line) && head.lines().any(|it| it == host);
        assert!(!heads.is_empty() && heads.iter().all(is_asked), "{heads:?}");
        trap::assert_none(&gateway);
    }
}

/// Making an RSA key takes seconds: this is the demo's, under another name.
static KEY: LazyLock<Key> = LazyLock::new(|| {
    let mut keys = token::a_key_for_every_algorithm();
    keys.retain(|key| key.algorithm == "RS256");
    keys.remove(0)
});
