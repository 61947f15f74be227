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
        (
            json!([{"query": "a", "prefix": "b"}]),
            "sources[0]: `prefix` is for `header` and `cookie` only",
        ),
        (json!([{"query": "a", "list": true}]), "sources[0]: `list` is for `header` only"),
        (
            json!([{"header": "x-a", "list": true}]),
            "sources[0]: must have one of prefix and after, by which the member is known",
        ),
        (
            json!([{"header": "x-a", "list": true, "prefix": "a.", "after": "b"}]),
            "sources[0]: must have one of prefix and after, by which the member is known",
        ),
        (
            json!([{"header": "x-a", "list": true, "prefix": "Bearer "}]),
            "sources[0]: never fits: no member of a list has a comma or a blank in it",
        ),
        (
            json!([{"header": "x-a", "list": true, "after": "a,b"}]),
            "sources[0]: never fits: no member of a list has a comma or a blank in it",
        ),
        // Nobody's user or password is a token.
        (
            json!([{"header": "authorization", "basic": "user"}]),
            "sources[0].basic: unknown field; known here: header, prefix, list, after, encoding, \
             query, cookie",
        ),
        (
            json!([{"header": "x-a", "after": "bearer"}]),
            "sources[0]: `after` and `encoding` are for `list: true` only",
        ),
        (
            json!([{"header": "x-a", "encoding": "base64url"}]),
            "sources[0]: `after` and `encoding` are for `list: true` only",
        ),
        (
            json!([{"header": "x-a", "list": true, "after": "b", "encoding": "base64"}]),
            "sources[0].encoding: must be one of base64url",
        ),
        (
            json!([{"header": "x-a", "list": true, "prefix": "a."}, {"header": "x-a"}]),
            "sources[1]: must be another place: an earlier source takes the same credentials",
        ),
        (
            json!([{"header": "x-a", "list": true, "prefix": "a."}, {"header": "x-a", "list": true,
                "prefix": "A.b"}]),
            "sources[1]: must be another place: an earlier source takes the same credentials",
        ),
        (
            json!([{"header": "x-a", "list": true, "prefix": "a."}, {"header": "x-a", "list": true,
                "after": "b"}]),
            "sources[1]: must be another place: an earlier source takes the same credentials",
        ),
        (
            json!([{"cookie": "a", "prefix": "Bearer "}, {"cookie": "a"}]),
            "sources[1]: must be another place: an earlier source takes the same credentials",
        ),
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

#[test]
fn a_token_can_be_one_of_the_subprotocols_of_a_websocket() {
    const FIELD: &str = "sec-websocket-protocol";
    let after = json!({"header": FIELD, "list": true, "after": "bearer"});
    let prefix = json!({"header": FIELD, "list": true, "prefix": "bearer."});
    let encoded = json!({"header": FIELD, "list": true, "encoding": "base64url",
        "prefix": "base64url.bearer.authorization.k8s.io."});
    let token = token(&claims());
    let other = super::token(&claims_with(json!({"sub": "bob"})));
    let in_base64 =
        |token: &str| format!("base64url.bearer.authorization.k8s.io.{}", base64(token.as_bytes()));
    for (source, fields, want, left) in [
        (&after, vec![format!("chat, bearer, {token}")], "allowed", vec!["chat, bearer"]),
        (&after, vec!["chat, bearer".to_owned(), token.clone()], "allowed", vec!["chat, bearer"]),
        (&after, vec![format!("bearer, {token}, bearer, {other}")], "token_repeated", vec![]),
        (&after, vec![format!("bearer, bearer, {token}")], "token_repeated", vec![]),
        (&after, vec![format!("bearer, \"{token}\"")], "token_malformed", vec![]),
        (&after, vec!["bearer, chat".to_owned()], "token_malformed", vec![]),
        (&after, vec![format!("chat, {token}")], "token_missing", vec![]),
        (&after, vec!["bearer".to_owned()], "token_missing", vec![]),
        (&prefix, vec![format!("chat, bearer.{token}")], "allowed", vec!["chat"]),
        (&prefix, vec![format!("bearer.{token}")], "allowed", vec![]),
        (&prefix, vec![format!("bearer.{token}, Bearer.{other}")], "token_repeated", vec![]),
        (
            &prefix,
            vec![format!("bearer.{token}"), format!("bearer.{other}")],
            "token_repeated",
            vec![],
        ),
        (&prefix, vec!["bearer., chat".to_owned()], "token_missing", vec![]),
        (&prefix, vec![format!("bearer.{token}=")], "token_malformed", vec![]),
        (&encoded, vec![format!("{}, chat", in_base64(&token))], "allowed", vec!["chat"]),
        (
            &encoded,
            vec![format!("base64url.bearer.authorization.k8s.io.{token}")],
            "token_malformed",
            vec![],
        ),
        (&encoded, vec![format!("{}=", in_base64(&token))], "token_malformed", vec![]),
    ] {
        let filter = filter(json!({"sources": [source], "forward_token": false}));
        let head: Vec<_> = fields.iter().map(|value| (FIELD, value.as_str())).collect();
        let outcome = ask(&filter, &FakeHost::at(NOW), &head);
        assert_eq!(outcome.decision.code.name(), want, "{source} {fields:?}");
        if want == "allowed" {
            assert_eq!(outcome.values(FIELD), left, "{source} {fields:?}");
        }
    }
    // What an upstream may read as that field nobody has checked.
    let filter = filter(json!({"sources": [after]}));
    let value = format!("bearer, {token}");
    let head = [(FIELD, value.as_str()), ("sec_websocket_protocol", "bearer, other")];
    let outcome = ask(&filter, &FakeHost::at(NOW), &head);
    assert_eq!(outcome.decision.code.name(), "allowed");
    assert_eq!(outcome.values(FIELD), [value.as_str()]);
    assert_eq!(outcome.values("sec_websocket_protocol"), [""; 0]);
}
