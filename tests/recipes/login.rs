//! A login in a browser, `browser-login.yaml`: from the first page to the end of the session, with
//! an identity provider that says yes to everything.

use std::collections::BTreeMap;

use gatehouse_sandbox::Gateway;
use gatehouse_sandbox::raw::{Request, Response};
use serde_json::{Value, json};

use super::{assert_told, recipe};
use crate::harness::identity_provider::{Behaviour, IdentityProvider, key_set};
use crate::harness::token::{self, Key, bearer, claims, with};
use crate::harness::{received, received_headers, start, trap};

const ISSUER: &str = "https://login.example.com/realms/shop";
const KEYS: &str = "/realms/shop/protocol/openid-connect/certs";
const TOKENS: &str = "/realms/shop/protocol/openid-connect/token";

#[test]
fn who_has_no_session_logs_in_and_what_the_session_holds_is_checked() {
    let key = token::es256("of-the-realm");
    let provider = IdentityProvider::start(issuing(&key, json!({})));
    let gateway =
        start(recipe("browser-login").upstream("login.example.com:443", provider.address()));

    let mut browser = Browser::default();
    let session = browser.logs_in(&gateway);
    assert_eq!(session.status, 200, "{}", session.text());
    assert_eq!(received(&session, "x-user"), ["alice"]);
    let names: Vec<String> = received_headers(&session).into_iter().map(|(name, _)| name).collect();
    assert!(!names.iter().any(|name| name == "cookie" || name == "authorization"), "{names:?}");
    let asked = provider.take_heads();
    assert!(asked.iter().any(|head| head.starts_with(&format!("post {TOKENS}"))), "{asked:?}");
    let readable = browser.cookies.values().any(|value| value.contains("eyJ"));
    assert!(!readable, "no script, and no log, has a token: {:?}", browser.cookies);

    let mut thief = Browser { cookies: browser.cookies.clone() };
    for value in thief.cookies.values_mut() {
        value.insert(0, 'x');
    }
    assert_eq!(thief.asks(&gateway, "/orders").status, 302, "cookies that are not Envoy's own");
    assert_eq!(browser.asks(&gateway, "/signout").status, 302);
    assert_eq!(browser.asks(&gateway, "/orders").status, 302, "the session has ended");

    // What the identity provider hands out may be for another application.
    provider.behave(issuing(&key, json!({"aud": "another"})));
    let refused = Browser::default().logs_in(&gateway);
    assert_told("a session with another's token", &refused, 401, "jwt_auth.audience_mismatch");

    let good = bearer(&key.sign(&of_alice(json!({}))));
    let program = gateway.request(Request::get("/orders").header("authorization", good));
    assert_told("a program with a token", &program, 200, "");
    let other = bearer(&token::es256("of-the-realm").sign(&of_alice(json!({}))));
    let forger = gateway.request(Request::get("/orders").header("authorization", other));
    assert_told("one with a forged token", &forger, 401, "jwt_auth.signature_invalid");
    let script = gateway.request(Request::get("/orders").header("accept", "application/json"));
    assert_eq!(script.status, 401, "a script is not sent to a page");
    trap::assert_none(&gateway);
}

fn of_alice(changes: Value) -> Value {
    with(with(claims("alice"), json!({"iss": ISSUER, "aud": "shop"})), changes)
}

/// A provider that issues tokens with these changes to whoever asks.
fn issuing(key: &Key, changes: Value) -> Behaviour {
    let token = key.sign(&of_alice(changes));
    let answer = json!({"access_token": token, "token_type": "Bearer", "expires_in": 3600});
    let tokens = Behaviour::Headed("content-type: application/json", answer.to_string());
    Behaviour::Site(vec![(KEYS, Behaviour::Answer(key_set(&[key]))), (TOKENS, tokens)])
}

/// It keeps cookies, and follows no redirect by itself.
#[derive(Default)]
struct Browser {
    cookies: BTreeMap<String, String>,
}

impl Browser {
    fn asks(&mut self, gateway: &Gateway, target: &str) -> Response {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = Request::get(target).header("host", "shop.example.com");
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        let response = gateway.request(request);
        for line in response.header_all("set-cookie") {
            let line = String::from_utf8_lossy(line).into_owned();
            let pair = line.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("a cookie has a name");
            match value {
                "" | "deleted" => self.cookies.remove(name),
                value => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        response
    }

    /// Asks for a page, goes to the login page and comes back from it, and asks again.
    #[track_caller]
    fn logs_in(&mut self, gateway: &Gateway) -> Response {
        let sent = self.asks(gateway, "/orders");
        assert_eq!(sent.status, 302, "{}", sent.text());
        let login = sent.header_text("location").unwrap_or_default();
        let (page, query) = login.split_once('?').expect("a login has a query");
        assert_eq!(page, format!("{ISSUER}/protocol/openid-connect/auth"));
        let parameters: BTreeMap<&str, &str> =
            query.split('&').filter_map(|parameter| parameter.split_once('=')).collect();
        assert_eq!(parameters["client_id"], "shop", "{query}");
        assert_eq!(parameters["redirect_uri"], "https%3A%2F%2Fshop.example.com%2Fcallback");
        assert_eq!(parameters["code_challenge_method"], "S256", "{query}");

        let back = format!("/callback?code=granted&state={}", parameters["state"]);
        let returned = self.asks(gateway, &back);
        assert_eq!(returned.status, 302, "{}", returned.text());
        let to = returned.header_text("location").unwrap_or_default();
        assert!(to.ends_with("shop.example.com/orders"), "{to}");
        self.asks(gateway, "/orders")
    }
}
