//! Tokens that come with proofs (DPoP, RFC 9449): each check of §4.3, and who attacks it.

mod parts;
mod times;

use super::*;
use gatehouse_filter::{Filter, Mode};
use p256::ecdsa::signature::Signer;

const ORIGIN: &str = "https://api.example";

/// A client with a key, of this number.
struct Client {
    key: p256::ecdsa::SigningKey,
    host: FakeHost,
}

impl Client {
    fn new(number: u8) -> Self {
        let key = p256::ecdsa::SigningKey::from_slice(&[number; 32]).unwrap();
        Self { key, host: FakeHost::at(NOW) }
    }

    fn jwk(&self) -> Value {
        let point = self.key.verifying_key().to_sec1_point(false);
        let bytes = point.as_bytes();
        json!({"kty": "EC", "crv": "P-256", "x": base64(&bytes[1..33]), "y": base64(&bytes[33..])})
    }

    fn thumbprint(&self) -> String {
        let jwk = self.jwk();
        let (x, y) = (jwk["x"].as_str().unwrap(), jwk["y"].as_str().unwrap());
        let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        base64(&hmac_sha256::Hash::hash(canonical.as_bytes()))
    }

    /// A token that is bound to the key.
    fn token(&self) -> String {
        token(&claims_with(json!({"cnf": {"jkt": self.thumbprint()}})))
    }

    /// The claims of a proof for `GET /orders` with this token.
    fn claims(&self, token: &str, id: &str) -> Value {
        json!({"jti": id, "htm": "GET", "htu": format!("{ORIGIN}/orders"), "iat": NOW,
            "ath": base64(&hmac_sha256::Hash::hash(token.as_bytes()))})
    }

    fn header(&self) -> Value {
        json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk()})
    }

    /// A proof of these parts, signed with the key.
    fn sign(&self, header: &Value, claims: &Value) -> String {
        self.sign_raw(&header.to_string(), &claims.to_string())
    }

    fn sign_raw(&self, header: &str, claims: &str) -> String {
        let text = format!("{}.{}", base64(header.as_bytes()), base64(claims.as_bytes()));
        let signature: p256::ecdsa::Signature = self.key.sign(text.as_bytes());
        format!("{text}.{}", base64(&signature.to_bytes()))
    }

    /// A good proof of this number.
    fn proof(&self, token: &str, id: &str) -> String {
        self.sign(&self.header(), &self.claims(token, id))
    }

    /// What is decided about `GET /orders?a=b` with these fields.
    fn ask(&self, filter: &JwtAuth, fields: &[(&str, &str)]) -> Outcome<JwtAuth> {
        let mut all = vec![(":method", "GET"), (":path", "/orders?a=b"), (":authority", "inner")];
        for (name, value) in fields {
            match all.iter_mut().find(|(known, _)| known == name && known.starts_with(':')) {
                Some(field) => field.1 = value,
                None => all.push((name, value)),
            }
        }
        ask(filter, &self.host, &all)
    }

    /// The same, with this token and this proof.
    fn send(&self, filter: &JwtAuth, token: &str, proof: &str) -> Outcome<JwtAuth> {
        self.ask(filter, &[("authorization", &format!("DPoP {token}")), ("dpop", proof)])
    }

    fn code(&self, filter: &JwtAuth, token: &str, proof: &str) -> &'static str {
        self.send(filter, token, proof).decision.code.name()
    }
}

fn changed(mut value: Value, changes: Value) -> Value {
    for (name, change) in changes.as_object().unwrap() {
        match change {
            Value::Null => value.as_object_mut().unwrap().remove(name),
            change => value.as_object_mut().unwrap().insert(name.clone(), change.clone()),
        };
    }
    value
}

/// A filter whose provider's tokens come with proofs, with these members of `dpop` besides.
fn filter_with(binding: &str, dpop: Value, more: Value) -> JwtAuth {
    let provider = json!({"name": "main", "issuer": ISSUER, "jwks": key_set(), "binding": binding});
    let dpop = changed(json!({"origins": [ORIGIN]}), dpop);
    let all = changed(json!({"providers": [provider], "dpop": dpop}), more);
    configured(&all.to_string()).unwrap()
}

/// The same, started for this client's host.
fn started(client: &Client, dpop: Value) -> JwtAuth {
    let filter = filter_with("dpop", dpop, json!({}));
    filter.start(&client.host).unwrap();
    filter
}

#[test]
fn a_good_proof_lets_its_token_pass_once() {
    let client = Client::new(7);
    let filter = started(&client, json!({}));
    let token = client.token();
    let proof = client.proof(&token, "1");
    let outcome = client.send(&filter, &token, &proof);
    assert_eq!(outcome.decision.code, Code::Allowed, "{:?}", outcome.decision.why);
    assert_eq!(outcome.decision.caller.unwrap().subject(), Some("alice"));
    assert_eq!(client.code(&filter, &token, &proof), "proof_used");
    // Each request with a proof of its own, by the token that is remembered now.
    for id in ["2", "3", "\u{e9}", &"x".repeat(4_000)] {
        assert_eq!(client.code(&filter, &token, &client.proof(&token, id)), "allowed", "{id:.9}");
        assert_eq!(client.code(&filter, &token, &client.proof(&token, id)), "proof_used");
    }
    // Another worker, whose table is the same.
    let other = started(&client, json!({}));
    assert_eq!(client.code(&other, &token, &proof), "proof_used");
    assert_eq!(client.code(&other, &token, &client.proof(&token, "4")), "allowed");
    assert_eq!(client.code(&filter, &token, &client.proof(&token, "4")), "proof_used");
}

#[test]
fn a_proof_for_one_request_is_none_for_another() {
    let client = Client::new(7);
    let filter = started(&client, json!({}));
    let token = client.token();
    let authorization = format!("DPoP {token}");
    for (field, value) in
        [(":method", "POST"), (":method", "HEAD"), (":path", "/orders/1"), (":path", "/")]
    {
        let proof = client.proof(&token, field);
        let fields = [("authorization", &*authorization), ("dpop", &proof), (field, value)];
        assert_eq!(client.ask(&filter, &fields).decision.code.name(), "proof_invalid", "{value}");
    }
    // The host that the client names says nothing about where the proof was to go.
    for (authority, want) in [("evil.example", "allowed"), ("api.example", "proof_used")] {
        let proof = client.proof(&token, "host");
        let fields =
            [("authorization", &*authorization), ("dpop", &proof), (":authority", authority)];
        assert_eq!(client.ask(&filter, &fields).decision.code.name(), want, "{authority}");
    }
    let evil =
        changed(client.claims(&token, "evil"), json!({"htu": "https://evil.example/orders"}));
    let proof = client.sign(&client.header(), &evil);
    let fields =
        [("authorization", &*authorization), ("dpop", &proof), (":authority", "evil.example")];
    assert_eq!(client.ask(&filter, &fields).decision.code.name(), "proof_invalid");
    // Of another of this client's tokens.
    let claims = claims_with(json!({"cnf": {"jkt": client.thumbprint()}, "jti": "second"}));
    let second = super::token(&claims);
    assert_eq!(client.code(&filter, &second, &client.proof(&token, "9")), "proof_invalid");
    assert_eq!(client.code(&filter, &second, &client.proof(&second, "9")), "allowed");
    assert_eq!(client.code(&filter, &token, &client.proof(&token, "9")), "proof_used");
    // Two clients' numbers are nobody's business but their own.
    let other = Client::new(8);
    let others = other.token();
    let proof = other.proof(&others, "9");
    assert_eq!(client.code(&filter, &others, &proof), "allowed");
    // Who has stolen the token has not its key.
    assert_eq!(client.code(&filter, &token, &other.proof(&token, "10")), "proof_key_mismatch");
}

#[test]
fn challenges_say_how_tokens_are_sent_and_what_was_wrong_with_the_scheme_that_was() {
    let client = Client::new(7);
    let dpop = started(&client, json!({}));
    let any = filter_with("any", json!({"algorithms": ["ES256", "EdDSA"]}), json!({}));
    any.start(&client.host).unwrap();
    let fields = |outcome: &Outcome<JwtAuth>| {
        let Step::Reply(Reply::Problem(reply)) = &outcome.decision.step else { panic!() };
        let fields = reply.headers.iter().filter(|(name, _)| name.as_str() == "www-authenticate");
        fields
            .map(|(_, value)| String::from_utf8(value.as_bytes().to_vec()).unwrap())
            .collect::<Vec<_>>()
    };
    let asked = client.ask(&dpop, &[]);
    assert_eq!(fields(&asked), [r#"DPoP realm="gatehouse", algs="ES256 ES384 RS256 EdDSA""#]);
    let bearer = r#"Bearer realm="gatehouse""#;
    let proofs = r#"DPoP realm="gatehouse", algs="ES256 EdDSA""#;
    assert_eq!(fields(&client.ask(&any, &[])), [bearer, proofs]);
    let expired = token(&claims_with(json!({"exp": 1})));
    let error = r#"error="invalid_token", error_description="The token has expired""#;
    assert_eq!(
        fields(&client.ask(&any, &[("authorization", &format!("Bearer {expired}"))])),
        [&*format!("{bearer}, {error}"), proofs]
    );
    assert_eq!(
        fields(&client.ask(&any, &[("authorization", &format!("dpop {expired}"))])),
        [bearer, &*format!(r#"DPoP realm="gatehouse", {error}, algs="ES256 EdDSA""#)]
    );
}

#[test]
fn what_goes_on_has_no_proof_where_it_has_no_token() {
    let client = Client::new(7);
    let token = client.token();
    for (forwards, want) in [(true, 1), (false, 0)] {
        let filter = filter_with("dpop", json!({}), json!({"forward_token": forwards}));
        filter.start(&client.host).unwrap();
        let outcome = client.send(&filter, &token, &client.proof(&token, &want.to_string()));
        assert_eq!(outcome.decision.code, Code::Allowed);
        let left = |name: &str| outcome.headers.values(name).count();
        assert_eq!((left("authorization"), left("dpop")), (want, want));
    }
    let shadow = filter_with("dpop", json!({}), json!({"mode": "shadow"}));
    shadow.start(&client.host).unwrap();
    let outcome = client.ask(&shadow, &[("authorization", &format!("DPoP {token}"))]);
    assert_eq!((shadow.mode(), outcome.decision.code.name()), (Mode::Shadow, "proof_missing"));
    assert!(matches!(outcome.decision.step, Step::Continue));
}
