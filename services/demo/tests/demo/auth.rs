use axum::http::StatusCode;
use gatehouse_demo::{AUDIENCE, ISSUER, KEY_ID, Service};
use jwt_simple::prelude::*;
use serde_json::{Value, json};

use crate::ask;

const LOGIN: &str = "POST /auth/login";
const KEY_SET: &str = "GET /auth/.well-known/jwks.json";

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Rights {
    scope: String,
    roles: Vec<String>,
}

/// Logs in and verifies the token with the key set, as the gateway would.
async fn verified(username: &str, password: &str) -> JWTClaims<Rights> {
    let answer =
        ask(Service::Auth, LOGIN, json!({"username": username, "password": password}).to_string())
            .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.json);
    assert_eq!(answer.json["token_type"], "Bearer");
    assert_eq!(answer.json["expires_in"], 3600);
    assert_eq!(answer.header("cache-control"), "no-store");
    let token = answer.json["access_token"].as_str().unwrap();

    let metadata = Token::decode_metadata(token).unwrap();
    assert_eq!(
        (metadata.algorithm(), metadata.key_id(), metadata.signature_type()),
        ("RS256", Some(KEY_ID), Some("JWT"))
    );
    let keys = ask(Service::Auth, KEY_SET, "").await.json;
    let key = RS256PublicKey::from_jwk(&keys["keys"][0].to_string()).unwrap();
    let options = VerificationOptions {
        allowed_issuers: Some(HashSet::from([ISSUER.to_owned()])),
        allowed_audiences: Some(HashSet::from([AUDIENCE.to_owned()])),
        ..Default::default()
    };
    key.verify_token(token, Some(options)).unwrap()
}

#[tokio::test]
async fn a_login_gives_a_token_that_the_published_key_verifies() {
    let cases = [
        (
            "alice",
            "wonderland",
            "users:read orders:read products:read products:write",
            &["admin", "user"][..],
        ),
        ("bob", "builder", "orders:read products:read", &["user"]),
    ];
    for (username, password, scope, roles) in cases {
        let claims = verified(username, password).await;
        assert_eq!(claims.subject.as_deref(), Some(username));
        assert_eq!(claims.custom.scope, scope, "{username}");
        assert_eq!(claims.custom.roles, roles, "{username}");
        let (issued, expires) =
            (claims.issued_at.unwrap().as_secs(), claims.expires_at.unwrap().as_secs());
        assert_eq!(expires - issued, 3600, "{username}");
        assert!(claims.nonce.is_none(), "{username}");
    }
}

#[tokio::test]
async fn two_tokens_never_have_the_same_id() {
    let (first, second) = (verified("bob", "builder").await, verified("bob", "builder").await);
    assert!(first.jwt_id.as_ref().is_some_and(|id| id.len() >= 32));
    assert_ne!(first.jwt_id, second.jwt_id);
}

#[tokio::test]
async fn wrong_credentials_are_401_whichever_part_is_wrong() {
    let mut bodies = Vec::new();
    for (username, password) in
        [("alice", "builder"), ("mallory", "wonderland"), ("", ""), ("Alice", "wonderland")]
    {
        let body = json!({"username": username, "password": password}).to_string();
        let answer = ask(Service::Auth, LOGIN, body).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{username}/{password}");
        assert_eq!(answer.json["code"], "demo.credentials_wrong");
        assert!(answer.header("www-authenticate").starts_with("Bearer"));
        bodies.push(answer.json);
    }
    assert!(
        bodies.windows(2).all(|pair| pair[0] == pair[1]),
        "the answer tells which part was wrong: {bodies:?}"
    );
}

#[tokio::test]
async fn a_body_that_is_no_login_is_400_and_the_answer_names_the_problem() {
    let cases: [(&[u8], &str); 9] = [
        (b"", "EOF"),
        (b"{", "EOF"),
        (b"username=alice&password=wonderland", "expected value"),
        (br#"{"username":"alice"}"#, "missing field `password`"),
        (br#"{"username":"alice","password":1}"#, "expected a string"),
        (br#"{"username":"a","password":"b","otp":"c"}"#, "unknown field `otp`"),
        (br#"{"username":"a","username":"b","password":"c"}"#, "duplicate field `username`"),
        (b"[]", "length 0"),
        (b"{\"username\":\"\xff\",\"password\":\"b\"}", "invalid unicode"),
    ];
    for (body, want) in cases {
        let answer = ask(Service::Auth, LOGIN, body.to_vec()).await;
        let shown = String::from_utf8_lossy(body);
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{shown}");
        assert_eq!(answer.json["code"], "demo.body_invalid", "{shown}");
        let detail = answer.json["detail"].as_str().unwrap();
        assert!(detail.contains(want), "{shown}: {detail}");
    }
}

#[tokio::test]
async fn a_deeply_nested_or_huge_body_is_refused_and_not_read_on() {
    let nested = "[".repeat(15_000);
    assert_eq!(ask(Service::Auth, LOGIN, nested).await.status, StatusCode::BAD_REQUEST);
    let huge = " ".repeat(17 * 1024);
    let answer = ask(Service::Auth, LOGIN, huge).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer.json["code"], "demo.body_unreadable");
}

#[tokio::test]
async fn the_key_set_holds_one_public_signing_key_and_nothing_private() {
    let answer = ask(Service::Auth, KEY_SET, "").await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (StatusCode::OK, "application/json")
    );
    let [key] = answer.json["keys"].as_array().unwrap().as_slice() else {
        panic!("{}", answer.json)
    };
    let mut names: Vec<_> = key.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["alg", "e", "kid", "kty", "n", "use"]);
    for (name, want) in
        [("kty", "RSA"), ("use", "sig"), ("alg", "RS256"), ("kid", KEY_ID), ("e", "AQAB")]
    {
        assert_eq!(key[name], Value::from(want), "{name}");
    }
}
