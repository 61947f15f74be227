//! Where a token may be, and what is left of the request without it.

use super::*;

#[test]
fn a_token_is_taken_from_its_sources_and_only_from_them() {
    let sources = json!([
        {"header": "authorization", "prefix": "Bearer "},
        {"header": "x-token"},
        {"query": "access_token"},
        {"cookie": "session"},
    ]);
    let token = token(&claims());
    let bearer = format!("Bearer {token}");
    let (path, cookie) = (format!("/a?x=1&access_token={token}"), format!("a=1; session={token}"));
    let all: [(&str, &str); 4] =
        [("authorization", &bearer), ("x-token", &token), (":path", &path), ("cookie", &cookie)];
    let changed = all.map(|(_, value)| format!("{value}A"));
    let host = FakeHost::at(NOW);
    let kept = filter(json!({"sources": sources}));
    let stripped = filter(json!({"sources": sources, "forward_token": false}));
    for (index, field) in all.iter().enumerate() {
        let outcome = ask(&kept, &host, &[*field]);
        assert_eq!(outcome.decision.code.name(), "allowed", "{}", field.0);
        assert_eq!(outcome.values(field.0), [field.1]);
        let outcome = ask(&stripped, &host, &[*field]);
        let left: &[&str] = match field.0 {
            ":path" => &["/a?x=1"],
            "cookie" => &["a=1"],
            _ => &[],
        };
        assert_eq!(outcome.values(field.0), left);
        assert_eq!(outcome.values("x-user"), ["alice"]);
        for (other, changed) in all.iter().zip(&changed).skip(index + 1) {
            let case = format!("{} {}", field.0, other.0);
            let code = |fields: &[(&str, &str)]| ask(&kept, &host, fields).decision.code.name();
            assert_eq!(code(&[*field, *other]), "allowed", "the same token: {case}");
            let changed = (other.0, &**changed);
            assert_eq!(code(&[*field, changed]), "token_repeated", "another: {case}");
        }
    }
    // A refused token is not for the upstream, but in a dry run the request is as it was.
    let shadow = filter(json!({"sources": sources, "forward_token": false, "mode": "shadow"}));
    let outcome = ask(&shadow, &host, &[("x-token", "garbage")]);
    assert_eq!(
        (outcome.decision.code.name(), outcome.values("x-token")),
        ("token_malformed", vec!["garbage".to_owned()])
    );
    // Not a source: not looked at.
    let cookie_only = filter(json!({"sources": [{"cookie": "session"}]}));
    assert_eq!(
        ask(&cookie_only, &host, &[("authorization", &bearer)]).decision.code.name(),
        "token_missing"
    );
}

#[test]
fn one_field_with_one_bearer_token_is_a_token() {
    let cases: &[(&[&str], &str)] = &[
        (&[], "token_missing"),
        (&["Bearer a.b.c"], "token_malformed"),
        (&["bearer a.b.c"], "token_malformed"),
        (&["BEARER   a.b.c"], "token_malformed"),
        (&["Basic YTpi"], "token_missing"),
        (&["a.b.c"], "token_missing"),
        (&["Bearera.b.c"], "token_missing"),
        (&["Bearer\ta.b.c"], "token_missing"),
        (&["Bearer \ta.b.c"], "token_malformed"),
        (&["Bearer   a.b.c d"], "token_malformed"),
        (&[""], "token_missing"),
        (&["Bearer"], "token_missing"),
        (&["Bearer "], "token_missing"),
        (&["Bearer a.b.c d"], "token_malformed"),
        (&["Bearer a.b.c", "Bearer d.e.f"], "token_repeated"),
        (&["Bearer a.b.c", "Bearer a.b.c"], "token_malformed"),
        (&["Basic YTpi", "Bearer a.b.c"], "token_repeated"),
        (&["Bearer a.b.c,Bearer d.e.f"], "token_repeated"),
        (&["Bearer a.b.c, Basic YTpi"], "token_repeated"),
    ];
    let (filter, host) = (filter(json!({})), FakeHost::at(NOW));
    for (values, want) in cases {
        let fields: Vec<_> = values.iter().map(|value| ("authorization", value)).collect();
        assert_eq!(ask(&filter, &host, &fields).decision.code.name(), *want, "{values:?}");
    }
}

#[test]
fn what_is_wrong_with_a_source_is_told_where_it_is() {
    for (sources, want) in [
        (json!([]), "sources: must not be empty"),
        (json!([{}]), "sources[0]: must have exactly one of header, query, cookie"),
        (
            json!([{"header": "x-a", "cookie": "a"}]),
            "sources[0]: must have exactly one of header, query, cookie",
        ),
        (json!([{"query": "a", "prefix": "b"}]), "sources[0]: `prefix` is for `header` only"),
        (
            json!([{"header": "cookie"}]),
            "sources[0].header: holds cookies: take the credential from one of them by `cookie`",
        ),
        (
            json!([{"query": "a"}, {"query": "a"}]),
            "sources[1]: must be another place: an earlier source takes the same credentials",
        ),
        (
            json!([{"header": "x-token"}, {"header": "x_token", "prefix": "a "}]),
            "sources[1]: must be another field than `x-token`, which upstreams may take it for: \
             an earlier source is that, and every other spelling of it is removed from requests",
        ),
        (
            json!([{"header": "x-user"}]),
            "providers[0].claims_to_headers[0].header: must not be a field that tokens are read from: it is removed before",
        ),
    ] {
        let provider = json!({"name": "main", "issuer": ISSUER, "jwks": key_set(),
            "claims_to_headers": [{"claim": "sub", "header": "x-user"}]});
        let faults = configured::<JwtAuth>(
            &json!({"providers": [provider], "sources": sources}).to_string(),
        );
        assert_eq!(faults.err().unwrap(), [want]);
    }
}

#[test]
fn a_cookie_in_quotes_is_its_value_and_an_empty_one_is_none() {
    let filter = filter(
        json!({"sources": [{"cookie": "session"}, {"query": "token"}], "default": "optional"}),
    );
    let token = token(&claims());
    for (cookie, path, want) in [
        (format!("session=\"{token}\""), "/", "allowed"),
        ("session=".to_owned(), "/", "anonymous"),
        ("session=\"\"; a=1".to_owned(), "/?token=&x", "anonymous"),
        (format!("session=; session={token}"), "/?token", "allowed"),
        (format!("session=\"{token}"), "/", "token_malformed"),
    ] {
        let outcome = ask(&filter, &FakeHost::at(NOW), &[(":path", path), ("cookie", &cookie)]);
        assert_eq!(outcome.decision.code.name(), want, "{cookie} {path}");
    }
}

#[test]
fn fields_that_an_upstream_may_take_for_one_are_one() {
    let provider = |fields: Value| {
        let mut provider = json!({"name": "main", "issuer": ISSUER, "jwks": key_set()});
        gatehouse_filter_test::change(&mut provider, &fields);
        json!({"providers": [provider]})
    };
    let to = |fields: &[&str]| {
        let claims = fields.iter().map(|field| json!({"claim": "sub", "header": field}));
        json!({"claims_to_headers": claims.collect::<Vec<_>>()})
    };
    for (fields, want) in [
        (
            to(&["x-a", "x_a"]),
            "providers[0].claims_to_headers[1].header: must be unique: upstreams may take it for `x-a`",
        ),
        (
            to(&["x-a", "x.a"]),
            "providers[0].claims_to_headers[1].header: must be unique: upstreams may take it for `x-a`",
        ),
        (
            json!({"sources": [{"header": "x_token"}], "claims_to_headers": [{"claim": "sub",
                "header": "x-token"}]}),
            "providers[0].claims_to_headers[0].header: must not be a field that tokens are read from",
        ),
    ] {
        let faults = configured::<JwtAuth>(&provider(fields).to_string()).err().unwrap();
        assert!(faults[0].starts_with(want), "{faults:?}");
    }
    // Nobody has checked what is in them.
    let filter = filter(json!({"sources": [{"header": "x-token"}]}));
    let token = token(&claims());
    let fields =
        [("x-token", &*token), ("x_token", "other"), ("x.token", "other"), ("x--user", "root")];
    let outcome = ask(&filter, &FakeHost::at(NOW), &fields);
    assert_eq!(outcome.decision.code.name(), "allowed");
    assert_eq!(outcome.values("x-token").len(), 1);
    for name in ["x_token", "x.token", "x--user"] {
        assert_eq!(outcome.values(name), [""; 0], "{name}");
    }
}
