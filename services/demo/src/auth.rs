//! `auth`: logs users in with a signed token and publishes the key that verifies it.

use std::sync::LazyLock;

use axum::extract::DefaultBodyLimit;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jwt_simple::prelude::{Claims, Duration, RS256KeyPair, RSAKeyPairLike};
use serde::{Deserialize, Serialize};

use crate::body::{self, JsonBody};
use crate::problem::Problem;
use crate::users::{ALICE, BOB, User};

/// The `iss` of the tokens.
pub const ISSUER: &str = "https://auth.gatehouse.example";
/// The `aud` of the tokens.
pub const AUDIENCE: &str = "gatehouse-demo";
/// The `kid` of the tokens and of the key in the key set.
pub const KEY_ID: &str = "demo-1";

/// The demo key, for a test that mints tokens that no login would give (expired, for somebody else,
/// ...).
///
/// It is public: anyone can sign with it.
pub fn signing_key() -> &'static RS256KeyPair {
    &SIGNING_KEY
}

pub(crate) fn routes() -> Router {
    Router::new()
        .route("/auth/login", post(login))
        .route("/auth/.well-known/jwks.json", get(key_set))
        .layer(DefaultBodyLimit::max(body::LIMIT))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    username: String,
    password: String,
}

/// RFC 6749 section 5.1.
#[derive(Serialize)]
struct Grant {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
}

async fn login(JsonBody(given): JsonBody<Credentials>) -> Response {
    let Some(account) = ACCOUNTS.iter().find(|account| account.owned_by(&given)) else {
        // One answer for a wrong password and for an unknown user.
        let detail = "wrong username or password: the demo users are alice and bob, see the README";
        let problem = Problem::new(StatusCode::UNAUTHORIZED, "demo.credentials_wrong", detail);
        return ([(header::WWW_AUTHENTICATE, "Bearer realm=\"gatehouse-demo\"")], problem)
            .into_response();
    };
    match account.token() {
        Ok(access_token) => {
            let grant = Grant { access_token, token_type: "Bearer", expires_in: VALID_SECONDS };
            // RFC 6749 section 5.1: a response with a token must not be stored.
            ([(header::CACHE_CONTROL, "no-store")], Json(grant)).into_response()
        }
        Err(error) => {
            let detail = format!("signing the token failed: {error}");
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "demo.signing_failed", detail)
                .into_response()
        }
    }
}

async fn key_set() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], KEY_SET)
}

struct Account {
    user: &'static User,
    password: &'static str,
    scope: &'static str,
}

static ACCOUNTS: [Account; 2] = [
    Account {
        user: &ALICE,
        password: "wonderland",
        scope: "users:read orders:read products:read products:write",
    },
    Account { user: &BOB, password: "builder", scope: "orders:read products:read" },
];

impl Account {
    fn owned_by(&self, given: &Credentials) -> bool {
        // Both are compared whatever the first says.
        same(self.user.id, &given.username) & same(self.password, &given.password)
    }

    /// An access token, valid from now for [`VALID_SECONDS`].
    fn token(&self) -> Result<String, jwt_simple::Error> {
        let custom = Custom { scope: self.scope, roles: self.user.roles };
        let mut claims = Claims::with_custom_claims(custom, Duration::from_secs(VALID_SECONDS))
            .with_issuer(ISSUER)
            .with_audience(AUDIENCE)
            .with_subject(self.user.id);
        // The library's own random value, under the name that RFC 7519 gives to a token's id.
        claims.create_nonce();
        claims.jwt_id = claims.nonce.take();
        SIGNING_KEY.sign(claims)
    }
}

#[derive(Serialize)]
struct Custom {
    scope: &'static str,
    roles: &'static [&'static str],
}

/// Compares without an early exit; only the length of `given` shows in the time taken.
fn same(expected: &str, given: &str) -> bool {
    let differences = expected.len() ^ given.len();
    let given = given.bytes().chain(std::iter::repeat(0));
    expected.bytes().zip(given).fold(differences, |seen, (a, b)| seen | usize::from(a ^ b)) == 0
}

#[expect(
    clippy::expect_used,
    reason = "the key is compiled in, and the tests read it: no input reaches this"
)]
static SIGNING_KEY: LazyLock<RS256KeyPair> = LazyLock::new(|| {
    RS256KeyPair::from_pem(include_str!("../keys/demo-1.pem"))
        .expect("keys/demo-1.pem is an RSA private key in PEM")
        .with_key_id(KEY_ID)
});

/// The public half of the key, as a file so that it can be pasted into a gateway's configuration.
const KEY_SET: &str = include_str!("../keys/jwks.json");
const VALID_SECONDS: u64 = 3_600;

#[cfg(test)]
mod tests {
    use super::*;

    /// After a change of key: `WRITE_JWKS=1 cargo test -p gatehouse-demo`, then paste the file into
    /// `envoy/`.
    #[test]
    fn the_key_set_file_is_the_public_half_of_the_key() {
        let jwk: serde_json::Value =
            serde_json::from_str(&SIGNING_KEY.public_key().to_jwk()).unwrap();
        let members = ["kty", "use", "alg", "kid", "n", "e"];
        assert_eq!(jwk.as_object().unwrap().len(), members.len(), "unexpected member in {jwk}");
        let lines = members.map(|name| format!("      \"{name}\": {}", jwk[name])).join(",\n");
        let derived = format!("{{\n  \"keys\": [\n    {{\n{lines}\n    }}\n  ]\n}}\n");

        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/keys/jwks.json");
        if std::env::var_os("WRITE_JWKS").is_some() {
            std::fs::write(file, &derived).unwrap();
        }
        assert_eq!(
            std::fs::read_to_string(file).unwrap(),
            derived,
            "keys/jwks.json is not of keys/demo-1.pem"
        );
    }

    #[test]
    fn secrets_are_the_same_only_when_every_byte_and_the_length_are() {
        for (given, want) in [
            ("wonderland", true),
            ("wonderlanD", false),
            ("wonderlan", false),
            ("wonderland\0", false),
            ("wonderlandx", false),
            ("", false),
        ] {
            assert_eq!(same("wonderland", given), want, "{given:?}");
        }
    }
}
