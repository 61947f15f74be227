//! Secrets in configurations, masked before anything is sent: what is masked never leaves this
//! process.
//!
//! The console does not know what a filter will call its next secret, so it masks by names, with
//! few exceptions that are known to hold none, and what looks like a credential wherever it stands.

use serde_json::{Map, Value};

/// What stands for what is masked.
pub(crate) const MASK: &str = "***";

/// The configuration of this filter without what it keeps secret.
pub(crate) fn masked(filter: &str, value: &Value) -> Value {
    Masker { filter }.value(value, "", false)
}

struct Masker<'a> {
    filter: &'a str,
}

impl Masker<'_> {
    /// `name` is the member that holds the value, through lists; `is_harmless` where an exception
    /// says so of one around it.
    fn value(&self, value: &Value, name: &str, is_harmless: bool) -> Value {
        match value {
            Value::Object(members) => Value::Object(self.object(members, name, is_harmless)),
            Value::Array(items) => {
                Value::Array(items.iter().map(|item| self.value(item, name, is_harmless)).collect())
            }
            Value::String(text) => Value::String(masked_text(text)),
            other => other.clone(),
        }
    }

    fn object(
        &self,
        members: &Map<String, Value>,
        around: &str,
        is_harmless: bool,
    ) -> Map<String, Value> {
        // `{name: x-api-key, exact: …}`: what is called so is compared with, or set to, a secret.
        let called = ["name", "header", "path", "query", "cookie", "claim"];
        let text = |name: &&str| members.get(*name).and_then(Value::as_str);
        let holds_secret = called.iter().filter_map(text).any(is_secret_field);
        let member = |(name, value): (&String, &Value)| {
            let is_known = is_harmless || self.is_known_harmless(around, name);
            let is_secret = (!is_known && is_secret_name(name))
                || (around.ends_with("headers") && is_secret_field(name))
                || (holds_secret && VALUES.contains(&name.as_str()))
                // A key set in the configuration may have symmetric keys; one that is fetched is
                // described by names alone.
                || (name == "jwks" && !value.is_object_with("cluster"));
            let masked = if is_secret { hidden(value) } else { self.value(value, name, is_known) };
            (name.clone(), masked)
        };
        members.iter().map(member).collect()
    }

    /// Members that are called like a secret, and are none: names of what tells clients apart,
    /// numbers and switches.
    fn is_known_harmless(&self, around: &str, name: &str) -> bool {
        matches!(
            (self.filter, around, name),
            ("rate-limit" | "response-cache", "rules", "key")
                | ("rate-limit", "", "keys")
                | ("jwt-auth", "cache", "tokens")
                | ("jwt-auth", "", "forward_token")
                | ("jwt-auth", "providers", "try_named_keys")
        )
    }
}

trait ObjectWith {
    fn is_object_with(&self, name: &str) -> bool;
}

impl ObjectWith for Value {
    fn is_object_with(&self, name: &str) -> bool {
        self.as_object().is_some_and(|members| members.contains_key(name))
    }
}

/// All of the value masked; of a list, how many there are stays to be seen.
fn hidden(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(|_| MASK.into()).collect()),
        Value::Null => Value::Null,
        _ => MASK.into(),
    }
}

/// Members with a value that a secret can be in, beside the name of what it is in.
const VALUES: [&str; 16] = [
    "value", "values", "exact", "prefix", "suffix", "regex", "contains", "equals", "any_of",
    "all_of", "one_of", "json", "default", "append", "add", "set",
];

/// Whether a member called so holds a secret: by the words of its name.
fn is_secret_name(name: &str) -> bool {
    const WORDS: [&str; 27] = [
        "key",
        "keys",
        "secret",
        "secrets",
        "password",
        "passwords",
        "passwd",
        "passphrase",
        "pwd",
        "token",
        "tokens",
        "hash",
        "hashes",
        "digest",
        "digests",
        "credential",
        "credentials",
        "pem",
        "private",
        "apikey",
        "apikeys",
        "signature",
        "salt",
        "hmac",
        "bearer",
        "jwk",
        "k",
    ];
    words(name).any(|word| WORDS.contains(&word.as_str()))
}

/// Whether a header field, a cookie or a parameter called so carries a credential.
fn is_secret_field(name: &str) -> bool {
    const WORDS: [&str; 7] = ["authorization", "cookie", "auth", "session", "sid", "sig", "code"];
    is_secret_name(name) || words(name).any(|word| WORDS.contains(&word.as_str()))
}

/// The words of `hmac_secret`, `x-api-key` and `clientSecret`, in lower case.
fn words(name: &str) -> impl Iterator<Item = String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for letter in name.chars() {
        if !letter.is_ascii_alphanumeric() || (letter.is_ascii_uppercase() && was_lower) {
            words.push(String::new());
        }
        was_lower = letter.is_ascii_lowercase();
        if let Some(word) = words.last_mut().filter(|_| letter.is_ascii_alphanumeric()) {
            word.push(letter.to_ascii_lowercase());
        }
    }
    words.into_iter().filter(|word| !word.is_empty())
}

/// The text, where it does not look like a credential or have one in it.
fn masked_text(text: &str) -> String {
    let looks_secret = text.contains("-----BEGIN ")
        || has_scheme(text)
        || has_userinfo(text)
        || has_long_run(text)
        || compares_with_secret(text);
    if looks_secret { MASK.to_owned() } else { masked_query(text) }
}

/// `Bearer x`, where that is no template.
fn has_scheme(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    ["bearer ", "basic ", "apikey "].iter().any(|scheme| {
        let rest = lower.split_once(scheme).map(|(_, rest)| rest.trim_start());
        rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with("${"))
    })
}

/// `https://user:password@host`.
fn has_userinfo(text: &str) -> bool {
    let authority = text.split_once("://").map(|(_, rest)| rest.split('/').next().unwrap_or(rest));
    authority.is_some_and(|authority| authority.contains('@'))
}

/// 32 and more hexadecimal digits, a token in three parts, or what random bytes look like in
/// base64.
fn has_long_run(text: &str) -> bool {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "-_+/=".contains(letter);
    text.split(|letter| !is_part(letter)).any(|run| {
        let hex = run.len() >= 32 && run.bytes().all(|byte| byte.is_ascii_hexdigit());
        let (digits, lower, upper) =
            run.bytes().fold((0_u32, 0_u32, 0_u32), |(digits, lower, upper), byte| {
                (
                    digits.saturating_add(u32::from(byte.is_ascii_digit())),
                    lower.saturating_add(u32::from(byte.is_ascii_lowercase())),
                    upper.saturating_add(u32::from(byte.is_ascii_uppercase())),
                )
            });
        let mixed = run.len() >= 32 && digits >= 2 && lower >= 4 && upper >= 4;
        hex || mixed || (run.starts_with("eyJ") && run.len() >= 16)
    })
}

/// An expression that has a literal and is about what carries a credential:
/// `request.headers['x-api-key'] == 'abc'`.
fn compares_with_secret(text: &str) -> bool {
    let has_literal = text.contains("==") || text.contains("!=") || text.contains(" in [");
    let has_quotes = text.contains('\'') || text.contains('"');
    has_literal && has_quotes && is_secret_field(text)
}

/// A path whose parameters that carry credentials have no values.
fn masked_query(text: &str) -> String {
    let Some((path, query)) = text.split_once('?') else { return text.to_owned() };
    let pair = |pair: &str| match pair.split_once('=') {
        Some((name, value)) if is_secret_field(name) && !value.starts_with("${") => {
            format!("{name}={MASK}")
        }
        _ => pair.to_owned(),
    };
    let query: Vec<_> = query.split('&').map(pair).collect();
    format!("{path}?{}", query.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_secret_of_every_filter_is_masked_and_the_rest_is_not() {
        for (filter, config, want) in [
            (
                "api-key-auth",
                json!({
                    "hmac_secret": "s3cret",
                    "consumers": [{
                        "name": "acme", "keys": [{"digest": "sha256:ab"}, {"digest": "b"}]
                    }],
                    "sources": [{"header": "x-api-key"}, {"cookie": "session"}],
                    "rules": [{"name": "r", "require": "key"}]
                }),
                json!({
                    "hmac_secret": "***", "consumers": [{"name": "acme", "keys": ["***", "***"]}],
                    "sources": [{"header": "x-api-key"}, {"cookie": "session"}],
                    "rules": [{"name": "r", "require": "key"}]
                }),
            ),
            (
                "jwt-auth",
                json!({
                    "forward_token": false, "cache": {"tokens": 10},
                    "providers": [
                        {
                            "name": "a", "try_named_keys": true,
                            "jwks": {"cluster": "auth", "path": "/auth/.well-known/jwks.json"}
                        },
                        {"name": "b", "jwks": {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}},
                        {"name": "c", "jwks": "{\"keys\":[{\"k\":\"x\"}]}"},
                        {"name": "d", "jwks": {"pem": "-----BEGIN PUBLIC KEY-----"}}
                    ],
                    "rules": [{"require": {"all": ["a", "b"]}}]
                }),
                json!({
                    "forward_token": false, "cache": {"tokens": 10},
                    "providers": [
                        {
                            "name": "a", "try_named_keys": true,
                            "jwks": {"cluster": "auth", "path": "/auth/.well-known/jwks.json"}
                        },
                        {"name": "b", "jwks": "***"}, {"name": "c", "jwks": "***"},
                        {"name": "d", "jwks": "***"}
                    ],
                    "rules": [{"require": {"all": ["a", "b"]}}]
                }),
            ),
            (
                "rate-limit",
                json!({
                    "keys": 1000,
                    "rules": [{
                        "key": ["subject", {"header": "x-tenant"}, {"cookie": "session"}],
                        "limits": [{"requests": 30, "window": "60s"}],
                        "match": {
                            "headers": [
                                {"name": "x-internal-token", "exact": "abc"},
                                {"name": "x-version", "exact": "2"}
                            ]
                        }
                    }]
                }),
                json!({
                    "keys": 1000,
                    "rules": [{
                        "key": ["subject", {"header": "x-tenant"}, {"cookie": "session"}],
                        "limits": [{"requests": 30, "window": "60s"}],
                        "match": {
                            "headers": [
                                {"name": "x-internal-token", "exact": "***"},
                                {"name": "x-version", "exact": "2"}
                            ]
                        }
                    }]
                }),
            ),
            (
                "header-transform",
                json!({
                    "rules": [{
                        "request": [
                            {"remove": {"name": "authorization"}},
                            {"set": {"name": "authorization", "value": "Basic abc"}},
                            {"set": {"name": "x-gateway", "value": "gatehouse"}},
                            {"set": {"name": "x-up", "value": "Bearer ${header.x}"}}
                        ]
                    }]
                }),
                json!({
                    "rules": [{
                        "request": [
                            {"remove": {"name": "authorization"}},
                            {"set": {"name": "authorization", "value": "***"}},
                            {"set": {"name": "x-gateway", "value": "gatehouse"}},
                            {"set": {"name": "x-up", "value": "Bearer ${header.x}"}}
                        ]
                    }]
                }),
            ),
            (
                "aggregate",
                json!({
                    "rules": [{
                        "calls": [{
                            "name": "user", "cluster": "users",
                            "path": "/?api_key=abc&id=${path.user}",
                            "headers": {"cookie": "a=b", "x-user": "${identity.subject}"}
                        }]
                    }]
                }),
                json!({
                    "rules": [{
                        "calls": [{
                            "name": "user", "cluster": "users",
                            "path": "/?api_key=***&id=${path.user}",
                            "headers": {"cookie": "***", "x-user": "${identity.subject}"}
                        }]
                    }]
                }),
            ),
            (
                "response-cache",
                json!({"store": {"size": "16MiB"}, "rules": [{"key": {"query": {"only": []}}}]}),
                json!({"store": {"size": "16MiB"}, "rules": [{"key": {"query": {"only": []}}}]}),
            ),
            (
                "authorization",
                json!({
                    "rules": [
                        {"when": "request.headers['x-api-key'] == 'abc'"},
                        {"when": "request.path == '/a'"}
                    ]
                }),
                json!({"rules": [{"when": "***"}, {"when": "request.path == '/a'"}]}),
            ),
            (
                "a filter that is yet to be written",
                json!({
                    "key": "a", "clientSecret": "b", "Db-Password": {"x": 1}, "token": 7,
                    "hashes": ["a"], "monkey": "c", "rules": [{"key": ["x"]}]
                }),
                json!({
                    "key": "***", "clientSecret": "***", "Db-Password": "***", "token": "***",
                    "hashes": ["***"], "monkey": "c", "rules": [{"key": ["***"]}]
                }),
            ),
        ] {
            assert_eq!(masked(filter, &config), want, "{filter}");
        }
    }

    #[test]
    fn what_looks_like_a_credential_is_masked_wherever_it_stands() {
        for text in [
            "-----BEGIN PRIVATE KEY-----\nabc",
            "https://user:pass@example.com/x",
            "Bearer abc",
            "a text with eyJhbGciOiJSUzI1NiJ9.e30.x in it",
            "sha256:7a25f2d0eef2a409489420852076494650d8d0c087f2c0a95cc9cedc68518ae1",
            "Zm9vYmFyMTIzNDU2Nzg5MEFCQ0RFRkdISUpLTE1O",
        ] {
            assert_eq!(masked_text(text), MASK, "{text}");
        }
        for text in [
            "https://auth.gatehouse.example",
            "/auth/.well-known/jwks.json",
            "^/auth/login([/;].*)?$",
            "a-rule-with-a-name-that-is-really-very-long-indeed",
            "${header.x | lower | default: none}",
            "10.0.0.0/8",
        ] {
            assert_eq!(masked_text(text), text);
        }
    }
}
