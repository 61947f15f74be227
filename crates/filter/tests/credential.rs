//! Where credentials are found in a request, and what is left of it without them.

use gatehouse_filter::credential::{Mark, Member, Part, Source, Unclear, find, strip};
use gatehouse_filter::{HeaderName, Headers, Request};
use gatehouse_filter_test::FakeHost;

fn sources() -> Vec<Source> {
    let header = |name: &'static str, prefix: Option<&str>| Source::Header {
        name: HeaderName::from_static(name),
        prefix: prefix.map(str::to_owned),
    };
    vec![
        header("x-api-key", None),
        header("authorization", Some("ApiKey ")),
        Source::Query("api_key".to_owned()),
        Source::Cookie { name: "key".to_owned(), prefix: None },
    ]
}

type Fields<'a> = &'a [(&'a str, &'a str)];

/// What is found, of values given as text.
type Found<'a> = Result<Option<&'a str>, Unclear>;

#[test]
fn a_key_is_found_wherever_it_may_be() {
    let cases: &[(Fields<'_>, Found<'_>)] = &[
        (&[], Ok(None)),
        (&[("x-api-key", "k")], Ok(Some("k"))),
        (&[("x-api-key", "")], Ok(None)),
        (&[("authorization", "ApiKey k")], Ok(Some("k"))),
        (&[("authorization", "apikey   k")], Ok(Some("k"))),
        (&[("authorization", "ApiKey")], Ok(None)),
        (&[("authorization", "ApiKeyk")], Ok(None)),
        (&[("authorization", "Bearer k")], Ok(None)),
        (&[("authorization", "")], Ok(None)),
        (&[(":path", "/?api_key=k")], Ok(Some("k"))),
        (&[(":path", "/?a=b&api_key=k&c")], Ok(Some("k"))),
        (&[(":path", "/?api%5fkey=k%20%2B+%")], Ok(Some("k ++%"))),
        (&[(":path", "/?api_key")], Ok(None)),
        (&[(":path", "/?api_key=")], Ok(None)),
        (&[(":path", "/?api_key=a=b")], Ok(Some("a=b"))),
        (&[(":path", "/?API_KEY=k&xapi_key=k&api_keyx=k&=k&&")], Ok(None)),
        (&[(":path", "/api_key=k")], Ok(None)),
        (&[("cookie", "key=k")], Ok(Some("k"))),
        (&[("cookie", "a=b; key=k; c=d")], Ok(Some("k"))),
        (&[("cookie", "a=b;key=k;c=d")], Ok(Some("k"))),
        (&[("cookie", "a"), ("cookie", "; ;=;==;key=a=b")], Ok(Some("a=b"))),
        (&[("cookie", "key")], Ok(None)),
        (&[("cookie", "key=")], Ok(None)),
        (&[("cookie", "key=\"\"")], Ok(None)),
        (&[("cookie", "key=\"k\"")], Ok(Some("k"))),
        (&[("cookie", "key=\"k")], Ok(Some("\\\"k"))),
        (&[("x-api-key", "\"k\"")], Ok(Some("\\\"k\\\""))),
        (&[("cookie", "Key=k; xkey=k; keyx=k")], Ok(None)),
        (&[("cookie", "key=%41")], Ok(Some("%41"))),
        (&[("x-api-key", "k"), ("x-api-key", "k")], Ok(Some("k"))),
        (&[("x-api-key", "k"), ("x-api-key", "l")], Err(Unclear::Repeated)),
        (&[("x-api-key", "k"), ("x-api-key", "")], Ok(Some("k"))),
        (&[("authorization", "Bearer j"), ("authorization", "ApiKey k")], Err(Unclear::Repeated)),
        (&[(":path", "/?api_key=k&api_key=k")], Ok(Some("k"))),
        (&[(":path", "/?api_key=k&%61pi_key=l")], Err(Unclear::Repeated)),
        (&[(":path", "/?api_key&api_key")], Ok(None)),
        (&[("cookie", "key=k; key=\"k\"")], Ok(Some("k"))),
        (&[("cookie", "key=k; key=l")], Err(Unclear::Repeated)),
        (&[("cookie", "key=k"), ("cookie", "key=l")], Err(Unclear::Repeated)),
        (&[("x-api-key", "k"), ("authorization", "ApiKey k")], Ok(Some("k"))),
        (&[("x-api-key", "k"), ("authorization", "ApiKey l")], Err(Unclear::Repeated)),
        (&[("x-api-key", "k"), (":path", "/?api_key=%6b")], Ok(Some("k"))),
        (&[("x-api-key", "k"), (":path", "/?api_key=l")], Err(Unclear::Repeated)),
        (&[("x-api-key", "k"), ("cookie", "key=l")], Err(Unclear::Repeated)),
        (&[("x-api-key", "k"), ("cookie", "key=")], Ok(Some("k"))),
        (&[(":path", "/?api_key="), ("cookie", "key=")], Ok(None)),
    ];
    let (host, sources) = (FakeHost::default(), sources());
    for (fields, want) in cases {
        let request = Request::new(Headers::from_list(fields), &host);
        let found =
            find(&sources, &request, 64).map(|key| key.map(|key| key.escape_ascii().to_string()));
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
        (
            &[("authorization", "Bearer j"), ("authorization", "APIKEY k")],
            &[("authorization", "Bearer j")],
        ),
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
        (
            &[("cookie", "a=\"1 ;  key=k; b; =c;;d=\u{e9}")],
            &[("cookie", "a=\"1 ; b; =c;;d=\u{e9}")],
        ),
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

/// A member of this field.
fn member(mark: Mark, is_encoded: bool) -> [Source; 1] {
    let name = HeaderName::from_static("sec-websocket-protocol");
    [Source::Member(Member { name, mark, is_encoded })]
}

#[test]
fn a_member_of_a_list_is_found_and_taken_out_alone() {
    const FIELD: &str = "sec-websocket-protocol";
    let prefix = member(Mark::Prefix("bearer.".to_owned()), false);
    let after = member(Mark::After("bearer".to_owned()), false);
    let encoded = member(Mark::Prefix("b64.".to_owned()), true);
    type Case<'a> = (&'a [Source], &'a [&'a str], Found<'a>, &'a [&'a str]);
    let cases: &[Case<'_>] = &[
        (&prefix, &[], Ok(None), &[]),
        (&prefix, &["chat"], Ok(None), &["chat"]),
        (&prefix, &["bearer.k"], Ok(Some("k")), &[]),
        (&prefix, &["chat, bearer.k"], Ok(Some("k")), &["chat"]),
        (&prefix, &["bearer.k, chat,x"], Ok(Some("k")), &["chat,x"]),
        (&prefix, &["a,\tbearer.k ,  b"], Ok(Some("k")), &["a,  b"]),
        (&prefix, &["BEARER.k"], Ok(Some("k")), &[]),
        (&prefix, &["bearer.k, bearer.k"], Ok(Some("k")), &[]),
        (&prefix, &["bearer.k", "a, bearer.k"], Ok(Some("k")), &["a"]),
        (&prefix, &["bearer.k, Bearer.l, a"], Err(Unclear::Repeated), &["a"]),
        (&prefix, &["bearer.k", "bearer.l"], Err(Unclear::Repeated), &[]),
        (&prefix, &["bearer., a"], Ok(None), &["a"]),
        (&prefix, &["bearer.,bearer.k"], Ok(Some("k")), &[]),
        (&prefix, &["bearer, k"], Ok(None), &["bearer, k"]),
        (&prefix, &["xbearer.k"], Ok(None), &["xbearer.k"]),
        (&prefix, &["\"bearer.k\""], Ok(None), &["\"bearer.k\""]),
        (&prefix, &["\"a, bearer.k\""], Ok(Some("k\\\"")), &["\"a"]),
        (&prefix, &["bearer.k l"], Ok(Some("k l")), &[]),
        (&prefix, &[", ,bearer.k,,"], Ok(Some("k")), &[]),
        (&prefix, &["", "bearer.k"], Ok(Some("k")), &[]),
        (&after, &["bearer, k"], Ok(Some("k")), &["bearer"]),
        (&after, &["chat, bearer, k"], Ok(Some("k")), &["chat, bearer"]),
        (&after, &["bearer, k, chat"], Ok(Some("k")), &["bearer, chat"]),
        (&after, &["Bearer,k"], Ok(Some("k")), &["Bearer"]),
        // Together they are one list.
        (&after, &["chat, bearer", "k, x"], Ok(Some("k")), &["chat, bearer", "x"]),
        (&after, &["bearer,, ,k"], Ok(Some("k")), &["bearer,, "]),
        (&after, &["bearer"], Ok(None), &["bearer"]),
        (&after, &["k, bearer"], Ok(None), &["k, bearer"]),
        (&after, &["bearer, k, bearer, k"], Ok(Some("k")), &["bearer, bearer"]),
        (&after, &["bearer, k, bearer, l"], Err(Unclear::Repeated), &["bearer, bearer"]),
        // Whoever reads on from the second mark reads another one.
        (&after, &["bearer, bearer, k"], Err(Unclear::Repeated), &["bearer"]),
        (&after, &["bearer.k"], Ok(None), &["bearer.k"]),
        (&after, &["x-bearer, k"], Ok(None), &["x-bearer, k"]),
        (&encoded, &["b64.ay5s"], Ok(Some("k.l")), &[]),
        (&encoded, &["b64.ay5s, b64.ay5s"], Ok(Some("k.l")), &[]),
        (&encoded, &["b64.ay5s, b64.ay5t"], Err(Unclear::Repeated), &[]),
        // What is no base64url is nobody's, and does not go on.
        (&encoded, &["b64.ay5s="], Ok(Some("=")), &[]),
        (&encoded, &["b64.k.l"], Ok(Some("=")), &[]),
        (&encoded, &["b64.k.l, b64.ay5s"], Err(Unclear::Repeated), &[]),
    ];
    let host = FakeHost::default();
    for (sources, fields, want, left) in cases {
        let fields: Vec<_> = fields.iter().map(|value| (FIELD, *value)).collect();
        let mut request = Request::new(Headers::from_list(&fields), &host);
        let found =
            find(sources, &request, 64).map(|key| key.map(|key| key.escape_ascii().to_string()));
        assert_eq!(found, want.map(|key| key.map(str::to_owned)), "{fields:?}");
        strip(sources, &mut request).unwrap();
        let rest: Vec<_> = request.headers.values(FIELD).map(<[u8]>::to_vec).collect();
        let want: Vec<_> = left.iter().map(|it| it.as_bytes().to_vec()).collect();
        assert_eq!(rest, want, "{fields:?}");
    }
}

#[test]
fn a_cookie_may_have_something_before_its_credential() {
    let sources =
        [Source::Cookie { name: "session".to_owned(), prefix: Some("Bearer ".to_owned()) }];
    type Case<'a> = (&'a [&'a str], Found<'a>, &'a [&'a str]);
    let cases: &[Case<'_>] = &[
        (&["session=Bearer k; a=1"], Ok(Some("k")), &["a=1"]),
        (&["session=\"Bearer k\""], Ok(Some("k")), &[]),
        (&["session=bearer   k"], Ok(Some("k")), &[]),
        (&["session=k"], Ok(None), &["session=k"]),
        (&["session=Bearer"], Ok(None), &[]),
        (&["session=Bearer k; session=Bearer k"], Ok(Some("k")), &[]),
        (&["session=Bearer k; session=l"], Err(Unclear::Repeated), &["session=l"]),
        (&["session=Bearer k", "session=Bearer l"], Err(Unclear::Repeated), &[]),
        (&["session=; session=Bearer k"], Ok(Some("k")), &["session="]),
        (&["Session=Bearer k"], Ok(None), &["Session=Bearer k"]),
    ];
    let host = FakeHost::default();
    for (fields, want, left) in cases {
        let fields: Vec<_> = fields.iter().map(|value| ("cookie", *value)).collect();
        let mut request = Request::new(Headers::from_list(&fields), &host);
        let found =
            find(&sources, &request, 64).map(|key| key.map(|key| key.escape_ascii().to_string()));
        assert_eq!(found, want.map(|key| key.map(str::to_owned)), "{fields:?}");
        strip(&sources, &mut request).unwrap();
        let rest: Vec<_> = request.headers.values("cookie").map(<[u8]>::to_vec).collect();
        let want: Vec<_> = left.iter().map(|it| it.as_bytes().to_vec()).collect();
        assert_eq!(rest, want, "{fields:?}");
    }
}

#[test]
fn a_key_may_be_a_part_of_basic_credentials_which_go_as_a_whole() {
    let basic = |part| Source::Basic { name: HeaderName::from_static("authorization"), part };
    let api_key = Source::Header { name: HeaderName::from_static("x-api-key"), prefix: None };
    let cases: &[(Fields<'_>, Found<'_>, Fields<'_>)] = &[
        // `k:`, `k:p`, `:k`.
        (&[("authorization", "Basic azo=")], Ok(Some("k")), &[]),
        (&[("authorization", "bASIC   azpw")], Ok(Some("k")), &[]),
        (&[("authorization", "Basic Oms=")], Ok(None), &[]),
        (&[("authorization", "Basic")], Ok(None), &[]),
        (&[("authorization", "Basic azo")], Err(Unclear::Malformed), &[]),
        (&[("authorization", "Basic aw==")], Err(Unclear::Malformed), &[]),
        (
            &[("authorization", "Basicazo="), ("x-a", "1")],
            Ok(None),
            &[("authorization", "Basicazo="), ("x-a", "1")],
        ),
        (&[("authorization", "Bearer azo=")], Ok(None), &[("authorization", "Bearer azo=")]),
        (&[("authorization", "Basic azo="), ("x-api-key", "k")], Ok(Some("k")), &[]),
        (&[("authorization", "Basic azo="), ("x-api-key", "l")], Err(Unclear::Repeated), &[]),
        (
            &[("authorization", "Basic azo="), ("authorization", "Bearer x")],
            Err(Unclear::Repeated),
            &[("authorization", "Bearer x")],
        ),
        (&[("authorization", "Basic azo="), ("authorization", "Basic azo=")], Ok(Some("k")), &[]),
    ];
    let host = FakeHost::default();
    let sources = [basic(Part::User), api_key];
    for (fields, want, left) in cases {
        let mut request = Request::new(Headers::from_list(fields), &host);
        let found =
            find(&sources, &request, 64).map(|key| key.map(|key| key.escape_ascii().to_string()));
        assert_eq!(found, want.map(|key| key.map(str::to_owned)), "{fields:?}");
        strip(&sources, &mut request).unwrap();
        let values = |name: &str| -> Vec<Vec<u8>> {
            request.headers.values(name).map(<[u8]>::to_vec).collect()
        };
        for name in ["authorization", "x-api-key"] {
            let want = left.iter().filter(|(field, _)| *field == name);
            let want: Vec<Vec<u8>> = want.map(|(_, value)| value.as_bytes().to_vec()).collect();
            assert_eq!(values(name), want, "{fields:?}");
        }
    }
    let request = Request::new(Headers::from_list(&[("authorization", "Basic azpw")]), &host);
    assert_eq!(find(&[basic(Part::Password)], &request, 64).unwrap().unwrap(), &b"p"[..]);
}
