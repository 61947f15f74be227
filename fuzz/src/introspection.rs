use crate::{NOW, filter};
use gatehouse_filter::{Answer, Filter as _, Headers, Request, Step, form_decoded};
use gatehouse_filter_test::{FakeHost, answer as give, prepare};
use gatehouse_jwt_auth::JwtAuth;
use serde_json::{Map, Value};

/// A token and, behind a zero byte, what its issuer answers when it is asked about it. Nothing but
/// the token's own bytes are asked about, and who is let through is who another reader of JSON finds
/// in the answer, which says `"active": true`.
pub fn introspection(data: &[u8]) {
    let zero = data.iter().position(|byte| *byte == 0);
    let (token, body) = zero.map_or((TOKEN, data), |zero| (&data[..zero], &data[zero + 1..]));
    let filter: JwtAuth = filter(CONFIGURATION);
    let host = FakeHost::at(NOW);
    prepare(&filter, &host);
    let mut slot = None;
    let mut ask = || {
        let head: [(&str, &[u8]); 4] =
            [(":method", b"GET"), (":path", b"/"), ("x-sub", b"root"), ("x-token", token)];
        let mut request = Request::new(Headers::from_list(&head), &host);
        let decision = filter.on_request(&mut request, &mut slot);
        (decision, request.headers)
    };
    let (first, _) = ask();
    let calls = host.take_calls();
    if !matches!(first.step, Step::Wait(_)) {
        assert!(calls.is_empty() && first.caller.is_none(), "nobody vouches for it");
        return;
    }
    let [(id, call)] = &calls[..] else { panic!("one call: {}", calls.len()) };
    let form = call.body.strip_prefix(b"token=").expect("a form");
    let form = form.strip_suffix(b"&token_type_hint=access_token").expect("a form");
    assert!(!form.contains(&b'&'), "one member");
    assert_eq!(form_decoded(form).collect::<Vec<_>>(), token, "the token, and nothing else");
    let answer = Answer {
        headers: Headers::from_list(&[(":status", "200"), ("content-type", "application/json")]),
        body: body.to_vec(),
        ..Answer::default()
    };
    give(&filter, *id, &answer, &host);
    let (judged, headers) = ask();
    let (again, _) = ask();
    assert_eq!(judged.code as usize, again.code as usize, "it is remembered");
    if judged.step != Step::Continue {
        assert!(judged.caller.is_none(), "whoever is refused is nobody");
        return;
    }
    let caller = judged.caller.expect("whoever passes is known");
    let mut said: Map<String, Value> =
        serde_json::from_slice(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body))
            .expect("serde_json reads it, too");
    assert_eq!(said.get("active"), Some(&Value::Bool(true)));
    said.entry("iss").or_insert_with(|| Value::from("issuer"));
    assert_eq!(caller.identity().claims, said);
    assert_eq!(caller.identity().issuer.as_deref(), Some("issuer"));
    assert_eq!(caller.subject(), said.get("sub").and_then(Value::as_str));
    let expires = said.get("exp").map_or(f64::MAX, |exp| exp.as_f64().expect("a number"));
    assert!(expires > NOW as f64 - 60.0, "{expires}");
    let sub: Vec<&[u8]> = caller.subject().iter().map(|sub| sub.as_bytes()).collect();
    assert_eq!(headers.values("x-sub").collect::<Vec<_>>(), sub, "nobody else's word");
}

const TOKEN: &[u8] = b"2YotnFZFEjr1zCsicMWpAA";

const CONFIGURATION: &str = r#"{
    "sources": [{"header": "x-token"}],
    "providers": [{
        "name": "main",
        "issuer": "issuer",
        "introspection": {"cluster": "c", "path": "/", "client_id": "a", "client_secret": "b"},
        "claims_to_headers": [{"claim": "sub", "header": "x-sub"}]
    }]
}"#;
