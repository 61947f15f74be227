//! Where a token may be, and what is left of the request without it.

use super::*;
use gatehouse_filter::credential::{Source, find, strip};
use gatehouse_filter::{HeaderName, Headers, Repeated, Request};

fn sources() -> Vec<Source> {
    let header = |name: &'static str, prefix: Option<&str>| Source::Header {
        name: HeaderName::from_static(name),
        prefix: prefix.map(str::to_owned),
    };
    vec![
        header("x-api-key", None),
        header("authorization", Some("ApiKey ")),
        Source::Query("api_key".to_owned()),
        Source::Cookie("key".to_owned()),
    ]
}

type Fields<'a> = &'a [(&'a str, &'a str)];

#[test]
fn a_key_is_found_wherever_it_may_be() {
    let cases: &[(Fields<'_>, Result<Option<&str>, Repeated>)] = &[
        (&[], Ok(None)),
        (&[("x-api-key", "k")], Ok(Some("k"))),
        (&[("x-api-key", "")], Ok(Some(""))),
        (&[("authorization", "ApiKey k")], Ok(Some("k"))),
        (&[("authorization", "apikey   k")], Ok(Some("k"))),
        (&[("authorization", "ApiKey")], Ok(Some(""))),
        (&[("authorization", "ApiKeyk")], Ok(None)),
        (&[("authorization", "Bearer k")], Ok(None)),
        (&[("authorization", "")], Ok(None)),
        (&[(":path", "/?api_key=k")], Ok(Some("k"))),
        (&[(":path", "/?a=b&api_key=k&c")], Ok(Some("k"))),
        (&[(":path", "/?api%5fkey=k%20%2B+%")], Ok(Some("k ++%"))),
        (&[(":path", "/?api_key")], Ok(Some(""))),
        (&[(":path", "/?api_key=")], Ok(Some(""))),
        (&[(":path", "/?api_key=a=b")], Ok(Some("a=b"))),
        (&[(":path", "/?API_KEY=k&xapi_key=k&api_keyx=k&=k&&")], Ok(None)),
        (&[(":path", "/api_key=k")], Ok(None)),
        (&[("cookie", "key=k")], Ok(Some("k"))),
        (&[("cookie", "a=b; key=k; c=d")], Ok(Some("k"))),
        (&[("cookie", "a=b;key=k;c=d")], Ok(Some("k"))),
        (&[("cookie", "a"), ("cookie", "; ;=;==;key=a=b")], Ok(Some("a=b"))),
        (&[("cookie", "key")], Ok(Some(""))),
        (&[("cookie", "Key=k; xkey=k; keyx=k")], Ok(None)),
        (&[("cookie", "key=%41")], Ok(Some("%41"))),
        (&[("x-api-key", "k"), ("x-api-key", "k")], Err(Repeated)),
        (&[("x-api-key", "k"), ("x-api-key", "")], Err(Repeated)),
        (&[("authorization", "Bearer j"), ("authorization", "ApiKey k")], Err(Repeated)),
        (&[(":path", "/?api_key=k&api_key=k")], Err(Repeated)),
        (&[(":path", "/?api_key=k&%61pi_key=l")], Err(Repeated)),
        (&[(":path", "/?api_key&api_key")], Err(Repeated)),
        (&[("cookie", "key=k; key=k")], Err(Repeated)),
        (&[("cookie", "key=k"), ("cookie", "key=k")], Err(Repeated)),
        (&[("x-api-key", "k"), ("authorization", "ApiKey k")], Err(Repeated)),
        (&[("x-api-key", "k"), (":path", "/?api_key=k")], Err(Repeated)),
        (&[("x-api-key", "k"), ("cookie", "key=k")], Err(Repeated)),
        (&[(":path", "/?api_key="), ("cookie", "key=")], Err(Repeated)),
    ];
    let (host, sources) = (FakeHost::default(), sources());
    for (fields, want) in cases {
        let request = Request::new(Headers::from_list(fields), &host);
        let found = find(&sources, &request, 64).map(|key| key.map(|key| key.escape_ascii().to_string()));
        assert_eq!(found, want.map(|key| key.map(str::to_owned)), "{fields:?}");
    }
}

#[test]
fn everything_but_the_key_is_left_byte_by_byte() {
    let cases: &[(Fields<'_>, Fields<'_>)] = &[
        (&[("x-api-key", "k"), ("x-a", "1")], &[("x-a", "1")]),
        (&[("x-api-key", "k"), ("x-api-key", "l")], &[]),
        (&[("authorization", "ApiKey k")], &[]),
        (&[("authorization", "Bearer k")], &[("authorization", "Bearer k")]),
        (&[("authorization", "Bearer j"), ("authorization", "APIKEY k")], &[("authorization", "Bearer j")]),
        (&[(":path", "/a?api_key=k")], &[(":path", "/a")]),
        (&[(":path", "/a?api_key")], &[(":path", "/a")]),
        (&[(":path", "/a?")], &[(":path", "/a?")]),
        (&[(":path", "/a?x=1&api_key=k")], &[(":path", "/a?x=1")]),
        (&[(":path", "/a?api_key=k&x=1")], &[(":path", "/a?x=1")]),
        (&[(":path", "/%61/b;c?x=%20+&api_key=k&y&&=z")], &[(":path", "/%61/b;c?x=%20+&y&&=z")]),
        (&[(":path", "/?&api_key=k&")], &[(":path", "/?&")]),
        (&[(":path", "/?api_key=k&%61pi%5Fkey=k&api_keys=1")], &[(":path", "/?api_keys=1")]),
        (&[(":path", "/?x=/?api_key=k")], &[(":path", "/?x=/?api_key=k")]),
        (&[(":path", "/api_key=k?x")], &[(":path", "/api_key=k?x")]),
        (&[("cookie", "key=k")], &[]),
        (&[("cookie", "key=k;")], &[]),
        (&[("cookie", "key=k; a=1")], &[("cookie", "a=1")]),
        (&[("cookie", "a=1; key=k")], &[("cookie", "a=1")]),
        (&[("cookie", "a=1; key=k; b=2")], &[("cookie", "a=1; b=2")]),
        (&[("cookie", "a=1;key=k;b=2")], &[("cookie", "a=1;b=2")]),
        (&[("cookie", "a=\"1 ;  key=k; b; =c;;d=\u{e9}")], &[("cookie", "a=\"1 ; b; =c;;d=\u{e9}")]),
        (&[("cookie", " a=1; b=2")], &[("cookie", " a=1; b=2")]),
        (
            &[("cookie", "a=1"), ("cookie", "key=k"), ("cookie", "b=2; key=l")],
            &[("cookie", "a=1"), ("cookie", "b=2")],
        ),
        (&[("cookie", "Key=k; key2=l")], &[("cookie", "Key=k; key2=l")]),
    ];
    let (host, sources) = (FakeHost::default(), sources());
    for (fields, want) in cases {
        let mut request = Request::new(Headers::from_list(fields), &host);
        strip(&sources, &mut request).unwrap();
        for name in ["x-api-key", "authorization", ":path", "cookie", "x-a"] {
            let have: Vec<_> = request.headers.values(name).map(<[u8]>::to_vec).collect();
            let want = want.iter().filter(|(this, _)| *this == name);
            let want: Vec<_> = want.map(|(_, value)| value.as_bytes().to_vec()).collect();
            assert_eq!(have, want, "{name} of {fields:?}");
        }
        if fields == want {
            assert!(request.headers.edits().is_empty(), "{fields:?}");
        }
    }
}

#[test]
fn two_prefixes_of_one_field_are_two_places() {
    let header = |prefix: &str| Source::Header {
        name: HeaderName::from_static("authorization"),
        prefix: Some(prefix.to_owned()),
    };
    let (host, sources) = (FakeHost::default(), [header("ApiKey "), header("Token ")]);
    let mut request = Request::new(Headers::from_list(&[("authorization", "token k")]), &host);
    assert_eq!(find(&sources, &request, 64).unwrap().as_deref(), Some(&b"k"[..]));
    strip(&sources, &mut request).unwrap();
    assert_eq!(request.headers.first("authorization"), None);
}

#[test]
fn a_long_value_is_not_decoded() {
    let (host, sources) = (FakeHost::default(), sources());
    for (repeated, want) in [(64, 64), (65, 65 * 3)] {
        let target = format!("/?api_key={}", "%41".repeat(repeated));
        let request = Request::new(Headers::from_list(&[(":path", target)]), &host);
        assert_eq!(find(&sources, &request, 64).unwrap().unwrap().len(), want);
    }
}

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
    assert_eq!(ask(&cookie_only, &host, &[("authorization", &bearer)]).decision.code.name(), "token_missing");
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
            "sources[0].header: must not be a field that frames or routes the request, or holds cookies",
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
        let faults = configured::<JwtAuth>(&json!({"providers": [provider], "sources": sources}).to_string());
        assert_eq!(faults.err().unwrap(), [want]);
    }
}
