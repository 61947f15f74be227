//! `api-key-auth`, on `envoy/api-key-auth.yaml`, with keys in credentials of HTTP's scheme `Basic`
//! (RFC 7617).

use gatehouse_sandbox::Gateway;
use gatehouse_sandbox::raw::Request;
use jwt_simple::reexports::ct_codecs::{Base64, Encoder as _};
use serde_json::{Value, json};

use crate::harness::{Shared, configuration, received};

#[test]
fn a_key_is_the_user_and_nothing_of_the_credentials_is_handed_on() {
    let gateway = start(json!({"sources": [source(), {"header": "x-api-key"}]}));
    let sent = |value: String| Request::get("/orders").header("authorization", value);
    for (case, request, code) in [
        ("the user", sent(basic(b"good", b"")), None),
        ("whatever the password", sent(basic(b"good", b"x:y")), None),
        ("the scheme in other case", sent(basic(b"good", b"").replace("Basic", "bASIC ")), None),
        ("the same elsewhere", sent(basic(b"good", b"")).header("x-api-key", "good"), None),
        ("nobody's", sent(basic(b"bad", b"")), Some((401, "key_invalid"))),
        ("the password", sent(basic(b"x", b"good")), Some((401, "key_invalid"))),
        ("no user", sent(basic(b"", b"good")), Some((401, "key_missing"))),
        ("nothing", sent("Basic".to_owned()), Some((401, "key_missing"))),
        ("no text", sent(basic(b"good\xff\0", b"")), Some((401, "key_invalid"))),
        ("no base64", sent("Basic good:".to_owned()), Some((401, "key_invalid"))),
        ("no colon", sent("Basic Z29vZA==".to_owned()), Some((401, "key_invalid"))),
        ("no padding", sent("Basic eHg6".to_owned() + "Og"), Some((401, "key_invalid"))),
        (
            "behind it another",
            sent(format!("{}, {}", basic(b"good", b""), basic(b"x", b""))),
            Some((401, "key_invalid")),
        ),
        ("a huge one", sent(basic(&[b'a'; 6000], b"")), Some((401, "key_invalid"))),
        (
            "another elsewhere",
            sent(basic(b"good", b"")).header("x-api-key", "x"),
            Some((400, "key_repeated")),
        ),
        // Envoy makes one field of the two, with a comma between them (RFC 9110 §5.3).
        (
            "a second field",
            sent(basic(b"good", b"")).header("authorization", "Bearer x"),
            Some((401, "key_invalid")),
        ),
        ("another scheme", sent("Bearer Z29vZDo=".to_owned()), Some((401, "key_missing"))),
    ] {
        let exchange = gateway.ask(request);
        match code {
            None => {
                assert_eq!(exchange.response.status, 200, "{case}: {}", exchange.response.text());
                assert_eq!(exchange.noted("api_key_auth"), "api_key_auth.allowed;consumer=acme");
                assert!(received(&exchange.response, "authorization").is_empty(), "{case}");
            }
            Some((status, code)) => {
                exchange.assert_refused(case, status, &format!("api_key_auth.{code}"));
                let asked = exchange.response.header_all("www-authenticate");
                let want: &[&[u8]] = match status {
                    401 => &[b"ApiKey realm=\"gatehouse\"", b"Basic realm=\"gatehouse\""],
                    _ => &[],
                };
                assert_eq!(asked, want, "{case}");
            }
        }
    }
    gateway.assert_no_trap();
}

#[test]
fn with_forward_the_upstream_gets_the_credentials_as_they_came() {
    let gateway = start(json!({"sources": [source()], "forward": true}));
    let value = basic(b"good", b"more");
    let exchange = gateway.ask(Request::get("/orders").header("authorization", value.as_str()));
    assert_eq!(received(&exchange.response, "authorization"), [value]);
    let refused = gateway.ask(Request::get("/orders"));
    refused.assert_refused("none", 401, "api_key_auth.key_missing");
    let asked = refused.response.header_text("www-authenticate");
    assert_eq!(asked.as_deref(), Some("Basic realm=\"gatehouse\""));
    gateway.assert_no_trap();
}

fn source() -> Value {
    json!({"header": "authorization", "basic": "user"})
}

fn basic(user: &[u8], password: &[u8]) -> String {
    let credentials = [user, b":", password].concat();
    format!("Basic {}", Base64::encode_to_string(credentials).expect("it fits"))
}

fn start(mut value: Value) -> Shared {
    let digest = gatehouse_api_key_auth::Digest::sha256(b"good").to_string();
    value["consumers"] = json!([{"name": "acme", "keys": [{"digest": digest}]}]);
    Shared::start(
        Gateway::builder("envoy/api-key-auth.yaml")
            .edit(move |tree| configuration::set(tree, "api-key-auth", value)),
    )
}
