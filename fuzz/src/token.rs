use gatehouse_jwt_auth::{KeySet, verify_compact};

/// A compact JWS. Two tokens are good, and nothing else is: no other spelling of theirs, and no
/// other signature.
pub fn token(data: &[u8]) {
    thread_local! {
        static KEYS: [KeySet; 2] = KEY_SETS.map(|set| KeySet::from_json(set.as_bytes()).unwrap());
    }
    KEYS.with(|sets| {
        for keys in sets {
            if verify_compact(data, keys, None).is_ok() {
                assert!(
                    TOKENS.iter().any(|good| good.as_bytes() == data),
                    "{}",
                    data.escape_ascii()
                );
            }
        }
    });
}

/// The keys of RFC 8037 appendix A and of RFC 7515 appendix A.1.
const KEY_SETS: [&str; 2] = [
    r#"{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#,
    r#"{"keys": [{"kty": "oct",
        "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}]}"#,
];

const TOKENS: [&str; 2] = [
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
];
