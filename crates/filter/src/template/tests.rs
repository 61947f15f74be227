mod made;
mod own;

use super::*;
use crate::rules::Rules;
use crate::{
    Attribute, Attributes, Clock, Expressions, Hash, Headers, Identity, NoRandom, NoVerifier,
    Random, SetError, Signatures, Store, StoreError, Timestamp, Version, config,
};
use serde_json::json;

/// A host that knows an identity, or none, and nothing else.
#[derive(Default)]
struct Identified(Option<Identity>);

impl Attributes for Identified {
    fn attribute(&self, attribute: Attribute<'_>) -> Option<Vec<u8>> {
        match attribute {
            Attribute::FilterState(Identity::STATE) => self.0.as_ref().map(Identity::to_bytes),
            _ => None,
        }
    }
}

impl Clock for Identified {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }
}

impl Store for Identified {
    fn get(&self, _key: &[u8]) -> Result<Option<(Vec<u8>, Version)>, StoreError> {
        Err(StoreError)
    }

    fn set(&self, _key: &[u8], _value: &[u8], _version: Option<Version>) -> Result<(), SetError> {
        Err(SetError::Failed)
    }
}

impl Random for Identified {
    fn fill(&self, _bytes: &mut [u8]) -> Result<(), NoRandom> {
        Err(NoRandom)
    }
}

impl crate::Meter for Identified {
    fn add(&self, _counter: crate::Counter, _by: u64) {}

    fn record(&self, _histogram: crate::Histogram, _value: u64) {}

    fn define_counter(&self, _name: &str, _labels: &[(&str, &str)]) -> crate::Counter {
        crate::Counter::Defined(None)
    }

    fn define_histogram(&self, _name: &str, _labels: &[(&str, &str)]) -> crate::Histogram {
        crate::Histogram(None)
    }
}

impl Expressions for Identified {}

impl crate::Callouts for Identified {}

impl Signatures for Identified {
    fn verify(&self, _: Hash, _: &[u8], _: &[u8], _: &[u8]) -> Result<bool, NoVerifier> {
        Err(NoVerifier)
    }
}

const SCOPE: Scope<'_> =
    Scope { response: true, captures: &["id", "rest"], pattern: None, own: None };

fn template(text: &str) -> Template {
    Template::parse(text, &SCOPE).unwrap()
}

fn alice() -> Identity {
    let claims = json!({
        "email": "a,b@example.com", "age": 42, "big": 12_345_678_901_234_567_890_u64, "half": 0.5, "admin": true,
        "none": null, "teams": ["red", 7, {"a": [1]}], "no_teams": [], "org": {"id": 9, "name": "Ö"},
        "https://example.com/tier": "gold", "line": "a\r\nb",
    });
    Identity {
        subject: Some("alice".into()),
        issuer: Some("https://auth".into()),
        roles: vec!["admin".into(), "user".into()],
        scopes: vec!["read".into()],
        claims: claims.as_object().unwrap().clone(),
        ..Identity::default()
    }
}

/// Renders with a request for `target` at `/users/{id}/{rest=**}`, if it is there.
fn rendered(text: &str, target: &str, fields: &[(&str, &[u8])]) -> Option<String> {
    let host = Identified(Some(alice()));
    let mut head = vec![(":method", &b"GET"[..]), (":authority", b"API.Example.:8080")];
    head.push((":path", target.as_bytes()));
    head.extend(fields);
    let request = Request::new(Headers::from_list(&head), &host);
    let response =
        Response::new(Headers::from_list(&[(":status", "404"), ("via", "a"), ("via", "b")]), &host);
    let rules =
        config::read(br#"[{"match": {"path": {"template": "/users/{id}/{rest=**}"}}}]"#, |node| {
            Rules::read(node, |_| Some(()))
        });
    let captures = rules.unwrap().find(&request).map(|(_, captures)| captures);
    let sources = Sources {
        request: Some(&request),
        captures: captures.as_ref(),
        response: Some(&response),
        ..Sources::default()
    };
    let template = template(text);
    let mut out = b"before:".to_vec();
    let whole = template.render(&sources, &mut out).map(|()| out.clone());
    // What is bound while the request is there renders the same when it is gone.
    let bound = template.bind(&sources).and_then(|bound| {
        assert!(!bound.needs_request(), "{text}");
        let mut out = b"before:".to_vec();
        bound
            .render(&Sources { response: Some(&response), ..Sources::default() }, &mut out)
            .map(|()| out)
    });
    assert_eq!(whole, bound, "{text}");
    if whole.is_none() {
        assert_eq!(out, b"before:", "{text}");
    }
    Some(whole?.strip_prefix(b"before:")?.escape_ascii().to_string())
}

#[test]
fn a_placeholder_stands_for_a_fact() {
    let fields: &[(&str, &[u8])] = &[
        ("x-a", b"1"),
        ("x-a", b"2"),
        ("x-bytes", b"\xff\xfe"),
        ("x-empty", b""),
        ("cookie", b"a=1"),
        ("cookie", b"b=2"),
    ];
    let target = "/users/a%2Fb%20c/x/y?q=1%2B+2&q=3&empty&%71x=enc&b[0]=z&crlf=%0d%0a";
    for (text, want) in [
        ("plain", Some("plain")),
        ("a$$b $${x}", Some("a$b ${x}")),
        ("${header.x-a}", Some("1, 2")),
        ("${header.X-A}", Some("1, 2")),
        ("<${header.x-bytes}>", Some("<\\xff\\xfe>")),
        ("${header.x-empty}", Some("")),
        ("${header.cookie}", Some("a=1; b=2")),
        ("${header.x-none}", None),
        ("some ${header.x-a} and ${header.x-none}", None),
        ("${query.q}", Some("1++2")),
        ("${query.empty}", Some("")),
        ("${query.qx}", Some("enc")),
        ("${query.b[0]}", Some("z")),
        ("${query.Q}", None),
        ("${query.crlf}", Some("\\r\\n")),
        ("${path.id}|${path.rest}", Some("a/b c|x/y")),
        ("${method} ${host} ${path}", Some("GET api.example /users/a%2Fb%20c/x/y")),
        ("${identity.subject}@${identity.issuer}", Some("alice@https://auth")),
        ("${identity.roles}/${identity.scopes}", Some("admin,user/read")),
        ("${identity.groups}", None),
        ("${identity.consumer}", None),
        ("${identity.tier}", None),
        ("${claim.email}", Some("a,b@example.com")),
        (
            "${claim.age} ${claim.big} ${claim.half} ${claim.admin}",
            Some("42 12345678901234567890 0.5 true"),
        ),
        ("${claim.none}", None),
        ("${claim.absent}", None),
        ("${claim.teams}", Some("red,7,{\\\"a\\\":[1]}")),
        ("${claim.no_teams}", None),
        ("${claim.org}", Some("{\\\"id\\\":9,\\\"name\\\":\\\"\\xc3\\x96\\\"}")),
        ("${claim.org.id}", Some("9")),
        ("${claim.org.id.more}", None),
        ("${claim.https://example.com/tier}", Some("gold")),
        ("${claim.line}", Some("a\\r\\nb")),
        ("${response.status}: ${response.header.via}", Some("404: a, b")),
        ("${response.header.absent}", None),
        ("${method}-${response.status}-${header.x-a}", Some("GET-404-1, 2")),
    ] {
        assert_eq!(rendered(text, target, fields).as_deref(), want, "{text}");
    }
}

#[test]
fn functions_change_a_fact_from_left_to_right() {
    let fields: &[(&str, &[u8])] =
        &[("x-a", b" MiXed \xc3\x84 "), ("x-b", b"\xff&/ ~"), ("x-empty", b""), ("x-abc", b"abc")];
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    for (text, want) in [
        ("<${header.x-a|lower}>", Some("< mixed \\xc3\\x84 >")),
        ("<${header.x-a | upper | trim}>", Some("<MIXED \\xc3\\x84>")),
        ("<${header.x-empty | trim}>", Some("<>")),
        ("A${method | lower}B", Some("AgetB")),
        ("${header.x-b | base64}", Some("/yYvIH4=")),
        ("${header.x-b | url_encode}", Some("%FF%26%2F%20~")),
        ("${header.x-b | url_encode | lower | url_encode}", Some("%25ff%2526%252f%2520~")),
        ("${query.crlf | url_encode}", Some("%0D%0A")),
        ("${header.x-abc | sha256}", Some(abc)),
        ("${header.x-empty | sha256}", Some(nothing)),
        ("${header.none | sha256}", None),
        ("${header.none | lower | default: Anonymous User }!", Some("Anonymous User!")),
        ("${header.none | default: Anonymous | lower}", Some("anonymous")),
        ("${header.none | default:}", Some("")),
        ("${header.none | default: a:b/c}", Some("a:b/c")),
        ("${header.none | default: a | default: b}", Some("a")),
        ("${header.x-empty | default: a}", Some("")),
        ("${header.x-abc | default: a}-${header.none}", None),
        ("${claim.none | default: none}", Some("none")),
        (
            "${response.status | default: 0}${response.header.none | default: none | upper}",
            Some("404NONE"),
        ),
        ("${path.id | upper}", Some("A/B")),
    ] {
        assert_eq!(rendered(text, "/users/a%2Fb/x?crlf=%0d%0a", fields).as_deref(), want, "{text}");
    }
}

#[test]
fn a_fact_that_is_too_long_is_missing() {
    let longest = vec![b'a'; MOST_OF_A_FACT];
    let fields: &[(&str, &[u8])] = &[("x-a", &longest)];
    let length = |text: &str| rendered(text, "/users/1/x", fields).map(|text| text.len());
    assert_eq!(length("${header.x-a}"), Some(MOST_OF_A_FACT));
    assert_eq!(length("${header.x-a | sha256}"), Some(64));
    assert_eq!(length("${header.x-a | base64}"), None);
    assert_eq!(length("${header.x-a | base64 | default: long}"), Some(4));
    let fields: &[(&str, &[u8])] = &[("x-a", &longest), ("x-a", b"b")];
    assert_eq!(rendered("${header.x-a}", "/users/1/x", fields), None);
}

#[test]
fn nothing_is_there_without_sources_but_the_literals() {
    for text in [
        "${header.a}",
        "${query.a}",
        "${path.id}",
        "${method}",
        "${host}",
        "${path}",
        "${identity.subject}",
    ] {
        assert_eq!(template(text).render(&Sources::default(), &mut Vec::new()), None, "{text}");
        assert_eq!(template(text).bind(&Sources::default()), None, "{text}");
    }
    assert_eq!(template("a").render(&Sources::default(), &mut Vec::new()), Some(()));
}

#[test]
fn an_anonymous_request_has_no_identity() {
    let host = Identified(None);
    let request = Request::new(Headers::default(), &host);
    let sources = Sources { request: Some(&request), ..Sources::default() };
    for text in ["${identity.subject}", "${claim.sub}", "${method}", "${host}", "${path}"] {
        assert_eq!(template(text).render(&sources, &mut Vec::new()), None, "{text}");
    }
}

#[test]
fn a_wrong_placeholder_is_told_with_its_position_and_what_would_be_right() {
    let scope = Scope { captures: &["id"], ..Scope::default() };
    for (text, want) in [
        (
            "${}",
            "`${}` (character 1): unknown placeholder; known here: header.NAME, query.NAME, path.NAME, method, host, path, cookie.NAME, client_address, time, uuid, identity.PART, claim.PATH",
        ),
        (
            "ä ${headr.x}",
            "`${headr.x}` (character 3): unknown placeholder, did you mean `header`?; known here: header.NAME, query.NAME, path.NAME, method, host, path, cookie.NAME, client_address, time, uuid, identity.PART, claim.PATH",
        ),
        (
            "${identity.role}",
            "`${identity.role}` (character 1): unknown part of an identity, did you mean `roles`?; known: subject, issuer, consumer, tier, scopes, roles, groups",
        ),
        (
            "$${x} ${path.idd}",
            "`${path.idd}` (character 7): is not captured by the rule's path template, which has id",
        ),
        (
            "${header.}",
            "`${header.}` (character 1): must have a name after the dot, without spaces and the characters ${|",
        ),
        (
            "${header.a b}",
            "`${header.a b}` (character 1): must have a name after the dot, without spaces and the characters ${|",
        ),
        (
            "${header.:path}",
            "`${header.:path}` (character 1): must have a name after the dot, without spaces and the characters ${|",
        ),
        (
            "${query.a|lowr}",
            "`${query.a|lowr}` (character 1): unknown function, did you mean `lower`?; known: lower, upper, trim, base64, base64_decode, url_encode, sha256, remove_prefix, replace, default",
        ),
        (
            "${query.a | md5 | lower}",
            "`${query.a | md5 | lower}` (character 1): unknown function; known: lower, upper, trim, base64, base64_decode, url_encode, sha256, remove_prefix, replace, default",
        ),
        (
            "${query.a |}",
            "`${query.a |}` (character 1): unknown function; known: lower, upper, trim, base64, base64_decode, url_encode, sha256, remove_prefix, replace, default",
        ),
        ("${query.a | trim: 1}", "`${query.a | trim: 1}` (character 1): trim takes no argument"),
        (
            "${query.a | default}",
            "`${query.a | default}` (character 1): default must be written as in `| default: none`",
        ),
        (
            "${method|trim|trim|trim|trim|trim|trim|trim|trim|trim}",
            "`${method|trim|trim|trim|trim|trim|trim|trim|trim|trim}` (character 1): must not have more than 8 functions",
        ),
        (
            "${ method}",
            "`${ method}` (character 1): unknown placeholder, did you mean `method`?; known here: header.NAME, query.NAME, path.NAME, method, host, path, cookie.NAME, client_address, time, uuid, identity.PART, claim.PATH",
        ),
        ("${header.Host}", "`${header.Host}` (character 1): the host is ${host}"),
        (
            "${response.status}",
            "`${response.status}` (character 1): there is no response yet: only response operations know it",
        ),
        (
            "${response.header.via}",
            "`${response.header.via}` (character 1): there is no response yet: only response operations know it",
        ),
        (
            "${method.x}",
            "`${method.x}` (character 1): unknown placeholder, did you mean `method`?; known here: header.NAME, query.NAME, path.NAME, method, host, path, cookie.NAME, client_address, time, uuid, identity.PART, claim.PATH",
        ),
        (
            "a $b",
            "`$` (character 3): must be `$$` for a dollar sign, or begin a placeholder `${...}`",
        ),
        (
            "a$",
            "`$` (character 2): must be `$$` for a dollar sign, or begin a placeholder `${...}`",
        ),
        ("${method", "`${method` (character 1): has no closing brace"),
    ] {
        let error = Template::parse(text, &scope).unwrap_err();
        assert_eq!(error.to_string(), want, "{text}");
    }
    let no_captures = Template::parse("${path.id}", &Scope::default()).unwrap_err();
    assert_eq!(no_captures.fault, Fault::UnknownCapture(vec![]));
    let cookies = Template::parse("${response.header.Set-Cookie}", &SCOPE).unwrap_err();
    assert_eq!(cookies.fault, Fault::SetCookie);
}

#[test]
fn a_template_that_speaks_of_no_request_needs_none() {
    for (text, want) in
        [("a", false), ("${response.status}", false), ("${response.status} ${method}", true)]
    {
        assert_eq!(template(text).needs_request(), want, "{text}");
    }
}
