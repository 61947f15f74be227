//! Files of KrakenD's.

use gatehouse_sandbox::raw::Request;
use serde_json::{Value, json};

use super::{asked, echo, started};
use crate::harness::token;
use crate::harness::upstream::{Said, Upstream};

#[test]
fn backends_are_merged_as_they_were() {
    let upstream = Upstream::start();
    upstream.answer_by(|request| {
        let target = request.target();
        let body = match target.split('?').next().unwrap_or_default() {
            "/users/ann" => json!({"name": "Ann", "blog": "b", "email": "e", "target": target,
                "plan": {"name": "gold", "price": 7}}),
            "/users/ann/repos" => json!([{"id": 1, "target": target}]),
            "/coins" => json!([{"id": "a", "roi": 1, "target": target}]),
            "/hotels/1" => json!({"destination_id": 7, "name": "h"}),
            "/destinations/7" => json!({"city": "Vienna"}),
            "/debug/post" => json!({"got": request.text(), "head": request.head}),
            _ => return Said::response(500, "application/json", "", "{}"),
        };
        Said::json(body.to_string())
    });
    let gateway = started("krakend_aggregation.json", &["api.internal:8080"], &upstream);
    for (case, path, want) in [
        (
            "two, grouped and mapped",
            "/git/ann?page=2&secret=1",
            json!({"user": {"name": "Ann", "website": "b", "plan": {"name": "gold"}},
                "repos": [{"id": 1, "target": "/users/ann/repos?sort=new&page=2"}]}),
        ),
        (
            "without the parameter",
            "/git/ann",
            json!({"user": {"name": "Ann", "website": "b", "plan": {"name": "gold"}},
                "repos": [{"id": 1, "target": "/users/ann/repos?sort=new"}]}),
        ),
        (
            "a collection, moved and without what was deleted",
            "/market?evil=1",
            json!({"coins": [{"id": "a", "target": "/coins?vs=eur&ids=a%2Cb"}]}),
        ),
        ("one after the other", "/sequential", json!({"destination_id": 7, "city": "Vienna"})),
    ] {
        let exchange = gateway.ask(Request::get(path));
        let text = exchange.response.text();
        assert_eq!(exchange.response.status, 200, "{case}: {text} {}", exchange.log);
        assert_eq!(exchange.response.json(), want, "{case}");
        let kept = exchange.response.header_text("cache-control");
        assert_eq!(kept.as_deref(), Some("public, max-age=300"), "{case}");
    }
    let partial = gateway.ask(Request::get("/fail")).response;
    assert_eq!((partial.status, &partial.json()["user"]["name"]), (200, &json!("Ann")));
    let statuses: Vec<u16> =
        (0..3).map(|_| gateway.ask(Request::get("/limited")).response.status).collect();
    assert_eq!(statuses, [200, 200, 429], "two an hour for each client");
    let posted = Request::post_json("/post", &json!({"a": 1})).header("x-mine", "m");
    let posted = gateway.ask(posted).response.json();
    assert_eq!(posted["got"], r#"{"a":1}"#);
    assert_eq!(asked(&posted, "x-mine"), None, "fields that are not named stay here");
    for (path, method, status) in
        [("/token", "GET", 503), ("/market", "DELETE", 405), ("/nothing", "GET", 404)]
    {
        let answer = gateway.ask(Request::new(method, path)).response;
        assert_eq!(answer.status, status, "{method} {path}");
    }
    gateway.assert_no_trap();
}

#[test]
fn what_goes_as_it_comes_is_validated_and_stripped_as_it_was() {
    let key = token::es256("k1");
    let set = json!({"keys": [key.jwk]}).to_string();
    let upstream = echo();
    upstream.answer_by(move |request| match request.target() {
        "/keys" => Said::json(&set),
        "/v1/catalogue" => Said::response(
            200,
            "application/json",
            "cache-control: max-age=60\r\n",
            r#"{"data":{"items":[1],"internal":2}}"#,
        ),
        target => Said::json(
            json!({"target": target, "head": request.head, "body": request.text()}).to_string(),
        ),
    });
    let gateway = started("krakend_proxy.json", &["accounts.internal:3000"], &upstream);
    let claims = |roles: Value, audience: &str| {
        json!({"iss": "https://login.example.com", "aud": audience, "sub": "ann",
            "exp": token::now() + 600, "realm_access": {"roles": roles}})
    };
    let with = |path: &str, claims: &Value| {
        Request::get(path).header("authorization", token::bearer(&key.sign(claims)))
    };
    let good = claims(json!(["reader"]), "api");
    for (case, request, status) in [
        ("no token", Request::get("/accounts/7"), 401),
        ("another audience", with("/accounts/7", &claims(json!(["reader"]), "other")), 401),
        ("another role", with("/accounts/7", &claims(json!(["writer"]), "api")), 403),
        ("a good one", with("/accounts/7", &good), 200),
        ("the plain segment goes first", Request::get("/accounts/mine?a=1"), 200),
        ("a secret would be fetched, which is closed", Request::get("/symmetric"), 503),
        ("a condition that is not known is closed", Request::new("POST", "/checked"), 503),
        ("another method", Request::new("PUT", "/accounts"), 405),
    ] {
        let exchange = gateway.ask(request);
        let text = exchange.response.text();
        assert_eq!(exchange.response.status, status, "{case}: {text} {}", exchange.log);
    }
    let request = with("/accounts/7?page=2&secret=1", &good)
        .header("x-trace", "t")
        .header("cookie", "c=1")
        .header("x-user", "forged");
    let body = gateway.ask(request).response.json();
    assert_eq!(body["target"], "/v1/accounts/7?page=2");
    for (field, want) in [
        ("x-trace", Some("t")),
        ("cookie", None),
        ("x-user", Some("ann")),
        ("host", Some("accounts.internal:3000")),
    ] {
        assert_eq!(asked(&body, field).as_deref(), want, "{field}: {body}");
    }
    let mine = Request::get("/accounts/mine?a=1").header("cookie", "c=1");
    let body = gateway.ask(mine).response.json();
    assert_eq!(body["target"], "/v1/mine?a=1");
    assert_eq!(asked(&body, "cookie").as_deref(), Some("c=1"), "all are named");
    for hit in [false, true] {
        let answer = gateway.ask(Request::get("/catalogue")).response;
        assert_eq!(answer.json(), json!({"items": [1]}));
        let status = answer.header_text("cache-status").unwrap_or_default();
        assert_eq!(status.contains("; hit"), hit, "{status}");
    }
    gateway.assert_no_trap();
}
