//! Tokens of browsers that open a WebSocket, whose scripts can set no field but the subprotocols.

use super::*;
use crate::harness::upstream::Upstream;

const FIELD: &str = "sec-websocket-protocol";

/// A gateway that lets clients change to WebSocket, with tokens in this place.
fn start(upstream: &Upstream, source: Value) -> Shared {
    let changes = json!({"sources": [source], "forward_token": false});
    let builder = builder(changes).edit(|tree| {
        let options = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";
        let options = tree.pointer_mut(options).expect("a connection manager");
        options["upgrade_configs"] = json!([{"upgrade_type": "websocket"}]);
    });
    Shared::start(builder.upstream("echo:8000", upstream.address()))
}

/// The handshake of a browser (RFC 6455 §4.1) that offers these subprotocols.
fn handshake(offered: &[&str]) -> Request {
    let request = Request::get("/orders")
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    offered.iter().fold(request, |request, value| request.header("Sec-WebSocket-Protocol", value))
}

/// An upstream that selects the first subprotocol that it is offered.
fn selecting() -> Upstream {
    let upstream = Upstream::start();
    upstream.answer_by(|received| {
        let offered = received.header(FIELD).unwrap_or_default();
        let first = offered.split(',').next().unwrap_or_default().trim();
        let selected = match first {
            "" => String::new(),
            first => format!("sec-websocket-protocol: {first}\r\n"),
        };
        let head = format!(
            "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n{selected}\r\n"
        );
        crate::harness::upstream::Said { bytes: head.into_bytes(), ..Default::default() }
    });
    upstream
}

#[test]
fn a_browser_sends_its_token_among_the_subprotocols_of_a_websocket() {
    let good = KEYS[0].sign(&claims("alice"));
    let other = KEYS[0].sign(&claims("bob"));
    let encoded =
        |token: &str| format!("base64url.bearer.authorization.k8s.io.{}", token::base64url(token));
    let after = json!({"header": FIELD, "list": true, "after": "bearer"});
    let prefix = json!({"header": FIELD, "list": true, "prefix": "bearer."});
    let in_base64 = json!({"header": FIELD, "list": true, "encoding": "base64url",
        "prefix": "base64url.bearer.authorization.k8s.io."});
    for (source, cases) in [
        (
            after,
            vec![
                // new WebSocket(url, ["chat", "bearer", token])
                (vec![format!("chat, bearer, {good}")], Ok(("chat, bearer", "chat"))),
                (vec![format!("bearer, {good}")], Ok(("bearer", "bearer"))),
                (vec![format!("bearer,{good},chat")], Ok(("bearer,chat", "bearer"))),
                (vec!["chat".to_owned()], Err((401, "jwt_auth.token_missing"))),
                (vec![], Err((401, "jwt_auth.token_missing"))),
                (vec!["chat, bearer".to_owned()], Err((401, "jwt_auth.token_missing"))),
                (vec!["bearer, chat".to_owned()], Err((401, "jwt_auth.token_malformed"))),
                (
                    vec![format!("bearer, {good}, bearer, {other}")],
                    Err((400, "jwt_auth.token_repeated")),
                ),
                (
                    vec![format!("bearer, {good}"), format!("bearer, {other}")],
                    Err((400, "jwt_auth.token_repeated")),
                ),
                (vec![format!("bearer, bearer, {good}")], Err((400, "jwt_auth.token_repeated"))),
                (vec![format!("bearer, \"{good}\"")], Err((401, "jwt_auth.token_malformed"))),
                (
                    vec![format!("bearer, {}", token::flipped(&good))],
                    Err((401, "jwt_auth.signature_invalid")),
                ),
            ],
        ),
        (
            prefix,
            vec![
                (vec![format!("chat, bearer.{good}")], Ok(("chat", "chat"))),
                (vec![format!("Bearer.{good}, chat")], Ok(("chat", "chat"))),
                (vec![format!("bearer.{good}")], Ok(("", ""))),
                (vec!["bearer., chat".to_owned()], Err((401, "jwt_auth.token_missing"))),
                (
                    vec![format!("bearer.{good}, BEARER.{other}, chat")],
                    Err((400, "jwt_auth.token_repeated")),
                ),
            ],
        ),
        (
            in_base64,
            vec![
                (
                    vec![format!("{}, v4.channel.k8s.io", encoded(&good))],
                    Ok(("v4.channel.k8s.io", "v4.channel.k8s.io")),
                ),
                (vec![format!("{}=", encoded(&good))], Err((401, "jwt_auth.token_malformed"))),
            ],
        ),
    ] {
        let upstream = selecting();
        let gateway = start(&upstream, source);
        for (offered, want) in cases {
            let offered: Vec<&str> = offered.iter().map(String::as_str).collect();
            upstream.take_all();
            match want {
                Ok((left, selected)) => {
                    let response = gateway.send(handshake(&offered));
                    assert_eq!(response.status, 101, "{offered:?}: {}", response.text());
                    let selection = response.header_text(FIELD).unwrap_or_default();
                    assert_eq!(selection, selected, "{offered:?}");
                    let received = upstream.wait();
                    assert_eq!(received.header(FIELD).unwrap_or_default(), left, "{offered:?}");
                    assert_eq!(received.header("x-user"), Some("alice"), "{offered:?}");
                    assert!(!received.head.contains(&good), "{offered:?}: {}", received.head);
                }
                Err((status, code)) => {
                    let response = gateway.send(handshake(&offered));
                    assert_eq!(response.status, status, "{offered:?}: {}", response.text());
                    assert_eq!(response.json()["code"], code, "{offered:?}");
                    assert!(upstream.take().is_none(), "{offered:?}");
                }
            }
        }
        gateway.assert_no_trap();
    }
}

#[test]
fn a_cookie_may_have_the_scheme_before_its_token() {
    let source = json!({"cookie": "session", "prefix": "Bearer "});
    let gateway = Shared::start(builder(json!({"sources": [source], "forward_token": false})));
    let (good, other) = (KEYS[0].sign(&claims("alice")), KEYS[0].sign(&claims("bob")));
    for (cookie, want) in [
        (format!("a=1; session=Bearer {good}"), Ok("a=1")),
        (format!("session=\"bearer {good}\"; a=1"), Ok("a=1")),
        (format!("session={good}"), Err((401, "jwt_auth.token_missing"))),
        (format!("session=Basic {good}"), Err((401, "jwt_auth.token_missing"))),
        (
            format!("session=Bearer {good}; session=Bearer {other}"),
            Err((400, "jwt_auth.token_repeated")),
        ),
        (format!("session=Bearer {good}; session={other}"), Err((400, "jwt_auth.token_repeated"))),
        ("session=Bearer".to_owned(), Err((401, "jwt_auth.token_missing"))),
    ] {
        let exchange = gateway.ask(Request::get("/orders").header("cookie", &cookie));
        match want {
            Ok(left) => {
                assert_eq!(exchange.response.status, 200, "{cookie}: {}", exchange.response.text());
                assert_eq!(received(&exchange.response, "cookie"), [left], "{cookie}");
                assert_eq!(received(&exchange.response, "x-user"), ["alice"], "{cookie}");
            }
            Err((status, code)) => exchange.assert_refused(&cookie, status, code),
        }
    }
    gateway.assert_no_trap();
}
