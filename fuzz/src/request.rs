use crate::{NOW, filter};
use gatehouse_api_key_auth::ApiKeyAuth;
use gatehouse_authorization::Authorization;
use gatehouse_filter::credential::{self, Mark, Member, Source};
use gatehouse_filter::{
    Attribute, Filter, HeaderName, Headers, Identity, Request, Step, percent_decoded,
};
use gatehouse_filter_test::{FakeHost, Outcome, ask};
use gatehouse_header_transform::HeaderTransform;
use gatehouse_jwt_auth::JwtAuth;
use gatehouse_rate_limit::RateLimit;
use gatehouse_response_cache::{Code, ResponseCache};

/// A request head, a field a line: `name: value`. It passes through a filter of each kind.
pub fn request(data: &[u8]) {
    thread_local! {
        static API_KEYS: ApiKeyAuth = filter(API_KEYS_CONFIGURATION);
        static TOKENS: JwtAuth = filter(TOKENS_CONFIGURATION);
        static RULES: Authorization = filter(RULES_CONFIGURATION);
        static LIMITS: RateLimit = filter(LIMITS_CONFIGURATION);
        static EDITS: HeaderTransform = filter(EDITS_CONFIGURATION);
        static CACHE: ResponseCache = filter(CACHE_CONFIGURATION);
    }
    let host = FakeHost::at(NOW);
    host.set(Attribute::SourceAddress, "192.0.2.1:1234");
    let fields = fields(data);
    API_KEYS.with(|filter| {
        let outcome = ask(filter, &host, &fields);
        has_no_credential(&outcome);
        assert_eq!(outcome.headers.values("x-consumer").count(), 0, "the key is nobody's");
    });
    TOKENS.with(|filter| {
        let outcome = ask(filter, &host, &fields);
        has_no_credential(&outcome);
        assert_eq!(outcome.headers.values("x-user").count(), 0, "no token is good");
    });
    let identity = Identity { subject: Some("alice".to_owned()), ..Identity::default() };
    host.identify(&identity);
    RULES.with(|filter| {
        let outcome = ask(filter, &host, &fields);
        is_her_own(&outcome);
        is_what_careless_readers_see(&outcome);
    });
    LIMITS.with(|filter| {
        filter.start(&host).expect("it compiles nothing");
        ask(filter, &host, &fields)
    });
    EDITS.with(|filter| ask(filter, &host, &fields));
    CACHE.with(|filter| {
        filter.start(&host).expect("it compiles nothing");
        asks_the_upstream(&ask(filter, &host, &fields));
    });
}

/// The fields whose names Envoy lets through.
fn fields(data: &[u8]) -> Vec<(&str, &[u8])> {
    let mut fields: Vec<(&str, &[u8])> = Vec::new();
    for line in data.split(|byte| *byte == b'\n').take(64) {
        // The colon that a pseudo-header begins with is not the one that ends its name.
        let start = usize::from(line.first() == Some(&b':'));
        let Some(colon) = line.iter().skip(start).position(|byte| *byte == b':') else { continue };
        let (name, value) = (&line[..start + colon], &line[start + colon + 1..]);
        let Ok(name) = std::str::from_utf8(name) else { continue };
        let is_pseudo = [":method", ":path", ":authority"].contains(&name);
        let is_known = || fields.iter().any(|(known, _)| *known == name);
        let is_field = HeaderName::try_from(name).is_ok_and(|parsed| parsed.as_str() == name);
        let is_text = value.iter().all(|byte| matches!(byte, b'\t' | 0x20..=0x7e | 0x80..));
        if is_text && (is_field || (is_pseudo && !is_known())) {
            fields.push((name, value.trim_ascii()));
        }
    }
    fields
}

/// Of what passes, nothing is left that the filter would have taken for a credential.
fn has_no_credential<F: Filter>(outcome: &Outcome<F>) {
    if outcome.decision.step != Step::Continue {
        return;
    }
    let host = FakeHost::default();
    let mut request = Request::new(outcome.headers.clone(), &host);
    let sources = [
        Source::Header { name: HeaderName::from_static("x-key"), prefix: None },
        Source::Header {
            name: HeaderName::from_static("authorization"),
            prefix: Some("Key ".to_owned()),
        },
        Source::Query("key".to_owned()),
        Source::Cookie { name: "key".to_owned(), prefix: None },
        Source::Member(Member {
            name: HeaderName::from_static("x-list"),
            mark: Mark::Prefix("key.".to_owned()),
            is_encoded: false,
        }),
    ];
    credential::strip(&sources, &mut request).expect("Envoy lets no control character through");
    assert_eq!(request.headers.edits(), outcome.headers.edits());
}

/// Nothing is stored and nobody has the key: the cache answers nothing itself, but for those who want
/// nothing else, and a client's mark of the gateway's own requests goes.
fn asks_the_upstream(outcome: &Outcome<ResponseCache>) {
    let code = outcome.decision.code;
    match outcome.decision.step {
        Step::Continue | Step::ReadBody(_) => {
            assert_eq!(outcome.headers.values("x-gatehouse-cache-refresh").count(), 0);
            assert!(code != Code::Hit && code != Code::Purged, "{code:?}");
        }
        Step::Reply(_) => assert!(
            matches!(code, Code::NotInStore | Code::PurgeUnauthorized | Code::PurgeForbidden),
            "{code:?}"
        ),
        Step::Wait(_) | Step::Call(_) => panic!("{code:?}: nobody else asks"),
    }
}

/// Alice gets at her own record only, whatever she calls it.
fn is_her_own(outcome: &Outcome<Authorization>) {
    if outcome.decision.step != Step::Continue || outcome.decision.rule.as_deref() != Some("own") {
        return;
    }
    let host = FakeHost::default();
    let request = Request::new(Headers::clone(&outcome.headers), &host);
    let path: Vec<u8> = percent_decoded(request.path()).collect();
    assert_eq!(path, b"/users/alice", "{}", request.path().escape_ascii());
}

/// What a rule is for by its query, or not for by its path, is so for those too who read names
/// without case, semicolons as separators, and paths without case, parameters and empty segments.
fn is_what_careless_readers_see(outcome: &Outcome<Authorization>) {
    let host = FakeHost::default();
    let request = Request::new(Headers::clone(&outcome.headers), &host);
    let values = |wanted: &str| -> Vec<Vec<u8>> {
        let query = request.query().unwrap_or_default();
        let pairs = query.split(|byte| matches!(byte, b'&' | b';')).map(|pair| {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            (halves.next().unwrap_or_default(), halves.next().unwrap_or_default())
        });
        let decoded = |text: &[u8]| percent_decoded(text).collect::<Vec<u8>>();
        let is_wanted = |name: &[u8]| decoded(name).eq_ignore_ascii_case(wanted.as_bytes());
        pairs.filter(|(name, _)| is_wanted(name)).map(|(_, value)| decoded(value)).collect()
    };
    let allowing =
        outcome.decision.rule.as_deref().filter(|_| outcome.decision.step == Step::Continue);
    let has_all = |name: &str, value: &[u8]| {
        let values = values(name);
        assert!(!values.is_empty() && values.iter().all(|it| it == value), "{values:?}");
    };
    match allowing {
        Some("tenant") => has_all("user", b"alice"),
        Some("json") => {
            has_all("format", b"json");
            assert_eq!(values("admin"), Vec::<Vec<u8>>::new());
        }
        Some("rest") => {
            let path: Vec<u8> = percent_decoded(request.path()).collect();
            let segments = path.split(|byte| matches!(byte, b'/' | b'\\')).map(|segment| {
                let name = segment.split(|byte| *byte == b';').next().unwrap_or_default();
                name.trim_ascii_end().to_ascii_lowercase()
            });
            let mut named = segments.filter(|segment| !segment.is_empty());
            assert_ne!(
                named.next().as_deref(),
                Some(&b"admin"[..]),
                "{}",
                request.path().escape_ascii()
            );
        }
        _ => {}
    }
}

const API_KEYS_CONFIGURATION: &str = r#"{
    "sources": [{"header": "x-key"}, {"header": "authorization", "prefix": "Key "},
        {"query": "key"}, {"cookie": "key"}, {"header": "x-list", "list": true, "prefix": "key."}],
    "consumer_header": "x-consumer",
    "consumers": [{"name": "acme", "keys": []}],
    "rules": [{"match": {"hosts": ["*.example.com", "a.example"]}, "require": "optional"}],
    "default": "none"
}"#;

const TOKENS_CONFIGURATION: &str = r#"{
    "sources": [{"header": "x-key"}, {"header": "authorization", "prefix": "Key "}, {"query": "key"}, {"cookie": "key"}],
    "forward_token": false,
    "providers": [{
        "name": "main", "issuer": "issuer",
        "jwks": {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]},
        "claims_to_headers": [{"claim": "sub", "header": "x-user"}]
    }],
    "rules": [{"match": {"path": {"regex": "^/(a|b+)/[^/]*$"}}, "require": "any"}],
    "default": {"lenient": ["main"]}
}"#;

const CACHE_CONFIGURATION: &str = r#"{
    "background": {"cluster": "gateway"},
    "purge": {"path": "/purge",
              "keys": ["sha256:73da68a10c12df8c27816fc9ece0b1b999a9817f9730d31249bc27bff9db0e9e"]},
    "store": {"size": "1MiB", "objects": 64},
    "rules": [
        {"match": {"path": {"prefix": "/own"}}, "identified": "own", "methods": ["GET", "QUERY"],
         "key": {"host": false, "query": {"only": ["a*"]}, "sort_query": true}},
        {"key": {"query": {"without": ["b", "c*"]}, "headers": ["x-host", "x-a"], "cookies": ["a"],
                 "identity": ["subject"]},
         "encodings": ["br", "gzip"], "languages": ["en", "de"], "collapse": "off"}
    ]
}"#;

const RULES_CONFIGURATION: &str = r#"{"rules": [
    {"name": "own", "action": "allow", "match": {"path": {"template": "/users/{id}"}}, "principals": [{"subjects": [{"capture": "id"}]}]},
    {"name": "inside", "action": "allow", "match": {"headers": [{"name": "x-a", "prefix": "a"}]}, "principals": [{"sources": ["10.0.0.0/8", "::/0"]}]},
    {"name": "tenant", "action": "allow", "match": {"path": {"exact": "/tenant"}}, "principals": [{"subjects": [{"query": "user"}]}]},
    {"name": "host", "action": "allow", "match": {"path": {"exact": "/host"}},
     "principals": [{"subjects": [{"host": "*.a.example"}, {"header": "x-user"}], "not": {"sources": ["10.0.0.0/8"]}}]},
    {"name": "json", "action": "allow",
     "match": {"path": {"exact": "/json"}, "query": [{"name": "format", "exact": "json"}, {"name": "admin", "present": false}]}},
    {"name": "rest", "action": "allow",
     "match": {"not": {"paths": [{"prefix": "/admin"}, {"prefix": "/users"}, {"exact": "/tenant"}, {"exact": "/json"}, {"exact": "/host"}]}}}
]}"#;

const LIMITS_CONFIGURATION: &str = r#"{"keys": 64, "apply": "all", "rules": [
    {"key": ["client_address", {"header": "x-key"}, {"cookie": "key"}, {"query": "key"}], "limits": [{"requests": 3, "window": "1s"}]},
    {"match": {"query": [{"name": "free", "regex": "^[a-z]+$"}], "not": {"sources": ["10.0.0.0/8"]}}, "limits": "none"},
    {"key": ["path", "method"], "limits": [{"requests": 3, "per": "minute"}]}
]}"#;

const EDITS_CONFIGURATION: &str = r#"{"rules": [
    {"match": {"path": {"template": "/users/{id}"}}, "reroute": true, "request": [
        {"path": {"prefix": "/users", "to": "/u"}},
        {"set": {"name": "x-id", "value": "${path.id | trim | lower} ${query.key | url_encode} ${host}"}},
        {"query": {"set": {"name": "key", "value": "${header.x-a | default: a}"}}}
    ]},
    {"reroute": true, "request": [
        {"query": {"remove": {"name": "key"}}},
        {"remove": {"prefix": "x-internal-"}},
        {"copy": {"from": "cookie", "to": "x-cookie"}},
        {"rename": {"from": "x-a", "to": "x-b"}}
    ]}
]}"#;
