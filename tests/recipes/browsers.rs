//! What browsers need: `cors.yaml`, `csrf.yaml`, `error-pages.yaml`, `websocket.yaml`.

use serde_json::json;

use super::{assert_told, of, recipe, request};
use crate::harness::token;
use crate::harness::upstream::{Said, Upstream};
use crate::harness::{received, start, trap};

#[test]
fn scripts_of_a_known_origin_may_call_and_can_read_why_they_were_refused() {
    let gateway = start(recipe("cors"));
    let app = ("origin", "https://app.example.com");
    let alice = of("alice", json!({}));

    let asks = ("access-control-request-method", "PUT");
    let preflight = gateway.request(request("OPTIONS", "/orders", &[app, asks]));
    assert_told("a preflight, which has no token", &preflight, 200, "");
    let allowed = |response: &gatehouse_sandbox::raw::Response| {
        response.header_text("access-control-allow-origin")
    };
    assert_eq!(allowed(&preflight).as_deref(), Some(app.1));
    let methods = preflight.header_text("access-control-allow-methods").unwrap_or_default();
    assert!(methods.contains("PUT"), "{methods}");
    let fields = preflight.header_text("access-control-allow-headers").unwrap_or_default();
    assert!(fields.contains("authorization"), "{fields}");

    let good = gateway.request(request("GET", "/orders", &[app, ("authorization", &alice)]));
    assert_told("with a token", &good, 200, "");
    assert_eq!(allowed(&good).as_deref(), Some(app.1));
    let refused = gateway.request(request("GET", "/orders", &[app]));
    assert_told("without one", &refused, 401, "jwt_auth.token_missing");
    assert_eq!(allowed(&refused).as_deref(), Some(app.1), "else the script sees no status");
    let exposed = refused.header_text("access-control-expose-headers").unwrap_or_default();
    assert!(exposed.contains("www-authenticate") && exposed.contains("ratelimit"), "{exposed}");

    let other = ("origin", "https://app.example.com.evil.example");
    let strange = gateway.request(request("GET", "/orders", &[other, ("authorization", &alice)]));
    assert_eq!(allowed(&strange), None, "another origin");
    let preflight = gateway.request(request("OPTIONS", "/orders", &[other, asks]));
    assert_eq!(allowed(&preflight), None, "a preflight of another origin");
    trap::assert_none(&gateway);
}

#[test]
fn a_session_in_a_cookie_changes_nothing_for_other_sites() {
    let gateway = start(recipe("csrf"));
    let cookie = format!("theme=dark; session={}", token::good("alice"));
    let own = "https://shop.example.com";
    for (case, method, fields, status, code) in [
        ("a page of our own", "POST", vec![("origin", own)], 200, ""),
        ("one that is allowed", "POST", vec![("origin", "https://app.example.com")], 200, ""),
        (
            "by the address of the page",
            "PUT",
            vec![("referer", "https://shop.example.com/x")],
            200,
            "",
        ),
        ("another site reads nothing", "GET", vec![("origin", "https://evil.example")], 200, ""),
        ("another site", "POST", vec![("origin", "https://evil.example")], 403, ""),
        ("another site deletes", "DELETE", vec![("origin", "https://evil.example")], 403, ""),
        ("a page that hides where it is", "POST", vec![("origin", "null")], 403, ""),
        ("neither", "POST", vec![], 403, ""),
    ] {
        let mut fields = fields;
        fields.extend([("host", "shop.example.com"), ("cookie", cookie.as_str())]);
        let response = gateway.request(request(method, "/orders", &fields));
        assert_told(case, &response, status, code);
        if status == 200 {
            assert_eq!(received(&response, "x-user"), ["alice"], "{case}");
            assert_eq!(received(&response, "cookie"), ["theme=dark"], "{case}");
        }
    }
    let stranger = request("POST", "/orders", &[("host", "shop.example.com"), ("origin", own)]);
    let refused = gateway.request(stranger);
    assert_told("no session", &refused, 401, "jwt_auth.token_missing");
    trap::assert_none(&gateway);
}

#[test]
fn who_wants_html_is_refused_with_a_page_and_all_others_with_a_problem() {
    let gateway = start(recipe("error-pages"));
    let page = "text/html; charset=utf-8";
    let browser = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    let alice = of("alice", json!({}));
    let known = ("authorization", alice.as_str());
    for (case, path, fields, status, kind, says) in [
        ("a browser", "/orders", vec![browser], 401, page, "Please log in"),
        ("a program", "/orders", vec![], 401, "application/problem+json", "jwt_auth.token_missing"),
        (
            "a script",
            "/orders",
            vec![("accept", "application/json")],
            401,
            "application/problem+json",
            "jwt_auth.token_missing",
        ),
        ("Envoy's own", "/missing", vec![browser, known], 404, page, "Sorry: 404"),
        (
            "what an upstream says",
            "/orders?status=404",
            vec![browser, known],
            404,
            "application/json",
            "\"path\":\"/orders?status=404\"",
        ),
        ("a good answer", "/orders", vec![browser, known], 200, "application/json", "\"path\""),
    ] {
        let response = gateway.request(request("GET", path, &fields));
        assert_eq!(response.status, status, "{case}: {}", response.text());
        let told = response.header_text("content-type").unwrap_or_default();
        assert_eq!(told, kind, "{case}");
        assert!(response.text().contains(says), "{case}: {}", response.text());
        if status == 401 {
            let challenge = response.header_text("www-authenticate").unwrap_or_default();
            assert!(challenge.starts_with("Bearer"), "{case}: {challenge}");
        }
    }
    let hostile = [browser, ("authorization", "Bearer <script>alert(1)</script>")];
    let refused = gateway.request(request("GET", "/<script>?<script>", &hostile));
    assert_eq!(refused.status, 401);
    assert!(!refused.text().contains("<script>"), "{}", refused.text());
    trap::assert_none(&gateway);
}

#[test]
fn a_websocket_opens_with_a_token_among_its_subprotocols() {
    let upstream = Upstream::start();
    upstream.answer_by(|_| Said {
        bytes: b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                 sec-websocket-protocol: chat\r\n\r\n"
            .to_vec(),
        ..Said::default()
    });
    let gateway = start(recipe("websocket").upstream("echo:8000", upstream.address()));
    let opens = |offered: &str| {
        gateway.request(request(
            "GET",
            "/orders",
            &[
                ("connection", "Upgrade"),
                ("upgrade", "websocket"),
                ("sec-websocket-version", "13"),
                ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
                ("sec-websocket-protocol", offered),
            ],
        ))
    };
    let opened = opens(&format!("chat, bearer, {}", token::good("alice")));
    assert_eq!(opened.status, 101, "{}", opened.text());
    assert_eq!(opened.header_text("sec-websocket-protocol").as_deref(), Some("chat"));
    let handshake = upstream.wait();
    assert_eq!(handshake.header("sec-websocket-protocol"), Some("chat, bearer"));
    assert_eq!(handshake.header("x-user"), Some("alice"));

    assert_told("no token", &opens("chat"), 401, "jwt_auth.token_missing");
    let forged = token::flipped(&token::good("alice"));
    let refused = opens(&format!("chat, bearer, {forged}"));
    assert_told("a forged one", &refused, 401, "jwt_auth.signature_invalid");
    assert!(upstream.take().is_none(), "none of these got there");
    trap::assert_none(&gateway);
}
