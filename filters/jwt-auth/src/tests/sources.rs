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
        for other in all.iter().skip(index + 1) {
            assert_eq!(
                ask(&kept, &host, &[*field, *other]).decision.code.name(),
                "token_repeated",
                "{} {}",
                field.0,
                other.0
            );
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
        (&["Bearer"], "token_malformed"),
        (&["Bearer "], "token_malformed"),
        (&["Bearer a.b.c d"], "token_malformed"),
        (&["Bearer a.b.c", "Bearer d.e.f"], "token_repeated"),
        (&["Bearer a.b.c", "Bearer a.b.c"], "token_repeated"),
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
