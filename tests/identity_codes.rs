//! Every code in the READMEs of the identity filters, seen over HTTP: a code that has no case here,
//! and a case whose code is in no README, fail.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use gatehouse_sandbox::raw::Request;
use gatehouse_sandbox::{Gateway, workspace};
use serde_json::{Value, json};

use crate::harness::dpop;
use crate::harness::identity_provider::{Behaviour, IdentityProvider};
use crate::harness::mutual_tls::{self, Client};
use crate::harness::token::{self, bearer, claims, with};

use crate::harness::{Exchange, Shared, configuration, until};

#[test]
fn every_code_of_jwt_auth_is_seen() {
    let key = token::es256("a");
    let mut down = IdentityProvider::start(Behaviour::HangUp);
    down.stop();
    let strict = "https://strict.example";
    let known = "https://known.example";
    let value = json!({
        "providers": [
            {"name": "demo", "issuer": gatehouse_demo::ISSUER, "audiences": [gatehouse_demo::AUDIENCE],
             "jwks": {"keys": [key.jwk]}, "claims_to_headers": [{"claim": "sub", "header": "x-user"}]},
            {"name": "strict", "issuer": strict, "jwks": {"keys": [key.jwk]}, "max_age": "1m", "max_lifetime": "2h",
             "subjects": ["service:*"], "required_claims": [{"claim": "tier", "equals": "gold"}]},
            {"name": "known", "issuer": known, "jwks": {"keys": [key.jwk]},
             "consumer": {"claim": "azp"}},
            {"name": "down", "issuer": "https://down.example",
             "jwks": {"cluster": "auth", "path": "/", "timeout": "100ms"}},
        ],
        "rules": [
            {"match": {"path": {"prefix": "/public"}}, "require": "none"},
            {"match": {"path": {"prefix": "/optional"}}, "require": "optional"},
            {"match": {"path": {"prefix": "/lenient"}}, "require": "lenient"},
        ],
        "revocations": {"cluster": "revocations", "path": "/"},
        "consumers": [{"name": "gone", "disabled": true, "tokens": [{"provider": "known", "value": "gone"}]}],
    });
    let revoked = json!({"revoked": [{"iss": gatehouse_demo::ISSUER, "jti": "stolen"}]});
    let list = IdentityProvider::start(Behaviour::Answer(revoked.to_string()));
    // Of a list that nobody has.
    let mut unlisted = value.clone();
    unlisted["revocations"] = json!({"cluster": "auth", "path": "/", "timeout": "100ms"});
    let mut unknown = value.clone();
    unknown.as_object_mut().expect("a mapping").remove("consumers");
    unknown["consumers_from"] = json!({"cluster": "auth", "path": "/", "timeout": "100ms"});
    let start = |value: Value, list: u16| {
        Shared::start(
            down.gateway(value)
                .edit(move |tree| configuration::add_cluster(tree, "revocations", list)),
        )
    };
    let gateway = start(value, list.address().port());

    let now = token::now();
    let sent = |token: &str| Request::get("/").header("authorization", bearer(token));
    let signed = |changes: Value| sent(&key.sign(&with(claims("alice"), changes)));
    let strictly = |changes: Value| {
        let base = with(claims("service:a"), json!({"iss": strict, "tier": "gold"}));
        sent(&key.sign(&with(base, changes)))
    };
    let headed = |changes: Value| {
        let header = with(json!({"alg": "ES256", "kid": "a"}), changes);
        sent(&token::unsigned(&header, &claims("alice")))
    };
    let preflight = Request::new("OPTIONS", "/")
        .header("origin", "https://app.example")
        .header("access-control-request-method", "GET");
    let good = key.sign(&claims("alice"));
    let mut seen = codes_seen(
        "jwt-auth",
        &gateway,
        vec![
            ("allowed", signed(json!({}))),
            ("allowed", strictly(json!({}))),
            ("anonymous", Request::get("/optional")),
            ("token_ignored", Request::get("/lenient").header("authorization", "Bearer a.b")),
            ("not_required", Request::get("/public")),
            ("preflight", preflight),
            ("target_ambiguous", Request::get("/public/%2e%2e;/")),
            ("token_missing", Request::get("/")),
            ("token_repeated", sent(&good).header("authorization", "Bearer another")),
            ("token_too_large", signed(json!({"a": "a".repeat(16 * 1024)}))),
            ("token_malformed", sent("a.b")),
            ("critical_unsupported", headed(json!({"crit": ["exp"], "exp": now}))),
            ("algorithm_not_allowed", headed(json!({"alg": "none"}))),
            ("key_unknown", headed(json!({"kid": "b"}))),
            ("keys_unavailable", signed(json!({"iss": "https://down.example"}))),
            ("signature_invalid", sent(&token::flipped(&good))),
            ("token_revoked", signed(json!({"jti": "stolen"}))),
            ("token_expired", signed(json!({"exp": now - 120}))),
            ("token_not_yet_valid", signed(json!({"nbf": now + 120}))),
            ("issuer_unknown", signed(json!({"iss": "https://else.example"}))),
            ("audience_mismatch", signed(json!({"aud": "else"}))),
            ("token_too_old", strictly(json!({"iat": now - 300}))),
            ("lifetime_too_long", strictly(json!({"exp": now + 3 * 3600}))),
            ("subject_mismatch", strictly(json!({"sub": "alice"}))),
            ("claim_mismatch", strictly(json!({"tier": "free"}))),
            ("claim_invalid", signed(json!({"exp": null}))),
            ("consumer_unknown", signed(json!({"iss": known, "azp": "nobody"}))),
            ("consumer_disabled", signed(json!({"iss": known, "azp": "gone"}))),
        ],
    );
    // Behind api-key-auth.
    let whole = Shared::start(Gateway::builder("envoy/envoy.yaml"));
    let partner = Request::get("/products").header("x-api-key", "acme-partner-demo-key");
    seen.extend(codes_seen("jwt-auth", &whole, vec![("identified", partner)]));
    let either = Shared::start(Gateway::builder("envoy/envoy.yaml").edit(|tree| {
        configuration::shipped(tree, "jwt-auth")["on_both"] = json!("refuse");
    }));
    let both = Request::get("/products")
        .header("x-api-key", "acme-partner-demo-key")
        .header("authorization", bearer(&token::good("alice")));
    seen.extend(codes_seen("jwt-auth", &either, vec![("two_identities", both)]));
    let unlisted = start(unlisted, list.address().port());
    seen.extend(codes_seen(
        "jwt-auth",
        &unlisted,
        vec![("revocations_unavailable", signed(json!({})))],
    ));
    let unknown = start(unknown, list.address().port());
    let sent = signed(json!({"iss": known, "azp": "gone"}));
    seen.extend(codes_seen("jwt-auth", &unknown, vec![("consumers_unavailable", sent)]));
    seen.extend(codes_of_introspection());
    let exchange = forged_until_busy();
    seen.insert(code_seen("jwt-auth", "verifier_busy", &exchange));
    seen.extend(of_bound_tokens());
    assert_all_seen("jwt-auth", &seen);
}

/// What becomes of tokens that are bound to certificates and keys.
#[track_caller]
fn of_bound_tokens() -> BTreeSet<String> {
    let key = token::es256("a");
    let provider = |name: &str, binding: Option<&str>| {
        let mut provider = json!({"name": name, "issuer": format!("https://{name}.example"),
            "jwks": {"keys": [key.jwk]}});
        if let Some(binding) = binding {
            provider["binding"] = json!(binding);
        }
        provider
    };
    let providers = [
        provider("plain", None),
        provider("certificate", Some("certificate")),
        provider("any", Some("any")),
    ];
    const URL: &str = "https://api.example/";
    let value = |nonce: bool| {
        let mut dpop = json!({"origins": ["https://api.example"]});
        if nonce {
            dpop["nonce_lifetime"] = json!("5m");
        }
        json!({"providers": providers, "dpop": dpop})
    };
    let start = |value: Value| {
        Shared::start(
            mutual_tls::builder().edit(move |tree| configuration::set(tree, "jwt-auth", value)),
        )
    };
    let of = |name: &str, cnf: Value| {
        let issuer = format!("https://{name}.example");
        key.sign(&with(claims("alice"), json!({"iss": issuer, "cnf": cnf})))
    };
    let sent = |client: Client, token: &str| {
        client.send(Request::get("/").header("authorization", bearer(token)))
    };
    let certificate = Client::Alice.confirmation();
    let (owner, thief) = (dpop::Client::new(1), dpop::Client::new(2));
    let bound = of("any", owner.confirmation());
    let with_proof = |proofs: &[String]| {
        let request = Request::get("/").header("authorization", format!("DPoP {bound}"));
        let request = proofs.iter().fold(request, |request, proof| request.header("dpop", proof));
        Client::Nobody.send(request)
    };
    let proof = |id: &str| owner.proof(id, "GET", URL, &bound);
    let mut seen = codes_seen(
        "jwt-auth",
        &start(value(false)),
        vec![
            ("type_not_allowed", {
                let header = json!({"alg": "ES256", "kid": "a", "typ": "logout+jwt"});
                let claims = with(claims("alice"), json!({"iss": "https://plain.example"}));
                sent(Client::Nobody, &token::unsigned(&header, &claims))
            }),
            ("binding_missing", sent(Client::Alice, &of("certificate", Value::Null))),
            ("binding_unchecked", sent(Client::Alice, &of("plain", certificate.clone()))),
            ("certificate_missing", sent(Client::Nobody, &of("certificate", certificate.clone()))),
            ("certificate_mismatch", sent(Client::Bob, &of("certificate", certificate))),
            ("scheme_mismatch", sent(Client::Nobody, &bound)),
            ("proof_missing", with_proof(&[])),
            ("proof_repeated", with_proof(&[proof("1"), proof("2")])),
            ("proof_invalid", with_proof(&["x".to_owned()])),
            ("proof_key_mismatch", with_proof(&[thief.proof("3", "GET", URL, &bound)])),
            ("allowed", with_proof(&[proof("4")])),
            ("proof_used", with_proof(&[proof("4")])),
        ],
    );
    let nonces = start(value(true));
    seen.extend(codes_seen("jwt-auth", &nonces, vec![("nonce_needed", with_proof(&[proof("5")]))]));
    seen
}

/// Of tokens that their issuer is asked about: one that it does not know, one of an issuer that
/// cannot be asked, and one of an issuer that is asked about another one.
#[track_caller]
fn codes_of_introspection() -> BTreeSet<String> {
    let up = IdentityProvider::start(Behaviour::Answer(r#"{"active": false}"#.to_owned()));
    let silent = IdentityProvider::start(Behaviour::Silent);
    let mut down = IdentityProvider::start(Behaviour::HangUp);
    down.stop();
    let names = ["up", "down", "silent"];
    let provider = |name: &str| {
        json!({
            "name": name, "issuer": format!("https://{name}.example"),
            "sources": [{"header": format!("x-{name}")}],
            "introspection": {"cluster": name, "path": "/", "client_id": "gw",
                              "client_secret": "hush", "at_once": 1, "timeout": "1m"},
        })
    };
    let value = json!({"providers": names.map(provider)});
    let ports = [&up, &down, &silent].map(|provider| provider.address().port());
    let gateway = Shared::start(Gateway::builder("envoy/jwt-auth-remote.yaml").edit(move |tree| {
        configuration::set(tree, "jwt-auth", value);
        for (name, port) in names.into_iter().zip(ports) {
            configuration::add_cluster(tree, name, port);
        }
    }));
    let sent = |place: &str, token: &str| Request::get("/").header(place, token);
    let mut seen = codes_seen(
        "jwt-auth",
        &gateway,
        vec![
            ("token_inactive", sent("x-up", "first")),
            ("introspection_unavailable", sent("x-down", "first")),
        ],
    );
    // It is held, and has no line in the access log.
    let mut held = gateway.gateway().connect();
    held.write(&sent("x-silent", "first").bytes()).expect("a request can be sent");
    until("the issuer is asked", || silent.requests() == 1);
    let busy = gateway.ask(sent("x-silent", "second"));
    seen.insert(code_seen("jwt-auth", "introspection_busy", &busy));
    seen
}

/// The first answer to a forged token whose verification its worker has no more time for.
#[track_caller]
fn forged_until_busy() -> Exchange {
    let modulus = token::base64url([0xff; 256]);
    let keys = json!({"keys": [{"kty": "RSA", "alg": "PS256", "e": "AQAB", "n": modulus}]});
    let value = json!({
        "providers": [{"name": "main", "issuer": gatehouse_demo::ISSUER, "jwks": keys}],
        "verification": {"per_second": "10ms"},
    });
    let gateway = Shared::start(
        Gateway::builder("envoy/jwt-auth.yaml")
            .edit(move |tree| configuration::set(tree, "jwt-auth", value)),
    );
    let unsigned = token::unsigned(&json!({"alg": "PS256"}), &claims("alice"));
    let (text, _) = unsigned.rsplit_once('.').expect("a token has dots");
    let forged = format!("{text}.{}", token::base64url([1; 256]));
    let request = Request::get("/").header("authorization", bearer(&forged));
    (0..100)
        .map(|_| gateway.ask(request.clone()))
        .find(|exchange| exchange.response.status == 503)
        .expect("10 ms are enough for few of 100")
}

#[test]
fn every_code_of_api_key_auth_is_seen() {
    let mut down = IdentityProvider::start(Behaviour::HangUp);
    down.stop();
    let digest = |key: &str| gatehouse_api_key_auth::Digest::sha256(key.as_bytes()).to_string();
    let value = json!({
        "sources": [{"header": "x-api-key"}, {"cookie": "key"}],
        "consumers": [
            {"name": "acme", "keys": [{"digest": digest("good")}]},
            {"name": "initech", "keys": [{"digest": digest("other")}]},
            {"name": "gone", "keys": [{"digest": digest("late")}], "disabled": true},
        ],
        "rules": [
            {"match": {"path": {"prefix": "/public"}}, "require": "none"},
            {"match": {"path": {"prefix": "/optional"}}, "require": "optional"},
            {"match": {"path": {"prefix": "/others"}}, "consumers": ["initech"]},
        ],
    });
    let gateway = Shared::start(
        Gateway::builder("envoy/api-key-auth.yaml")
            .edit(move |tree| configuration::set(tree, "api-key-auth", value))
            .edit(|tree| first_filter(tree, spoils_cookies())),
    );
    let preflight = Request::new("OPTIONS", "/")
        .header("origin", "https://app.example")
        .header("access-control-request-method", "GET");
    let sent = |path: &str, key: &str| Request::get(path).header("x-api-key", key);
    let mut seen = codes_seen(
        "api-key-auth",
        &gateway,
        vec![
            ("allowed", sent("/", "good")),
            ("allowed", sent("/others", "other")),
            ("anonymous", Request::get("/optional")),
            ("not_required", Request::get("/public")),
            ("preflight", preflight),
            ("target_ambiguous", Request::get("/public/%2e%2e;/")),
            ("key_missing", Request::get("/")),
            ("key_invalid", sent("/", "wrong")),
            ("key_repeated", sent("/", "good").header("x-api-key", "another")),
            ("consumer_not_allowed", sent("/others", "good")),
            ("consumer_disabled", sent("/", "late")),
            // Envoy refuses such bytes from a client; a filter before this one may have written
            // them.
            (
                "request_malformed",
                Request::get("/").header("x-spoil", "1").header("cookie", "key=good; a=1"),
            ),
        ],
    );

    let value = json!({"certificate": {}, "consumers": [{"name": "acme", "certificates": []}]});
    let certified = Shared::start(
        mutual_tls::builder_of("envoy/api-key-auth.yaml", mutual_tls::Sessions::New)
            .edit(move |tree| configuration::set(tree, "api-key-auth", value)),
    );
    let nobodys = Client::Carol.send(Request::get("/"));
    let unknown = vec![("consumer_unknown", nobodys)];
    seen.extend(codes_seen("api-key-auth", &certified, unknown));

    let port = down.address().port();
    let polled = json!({"consumers_from": {"cluster": "keys", "path": "/", "timeout": "1s"}});
    let waiting = Shared::start(
        Gateway::builder("envoy/api-key-auth.yaml")
            .edit(move |tree| configuration::set(tree, "api-key-auth", polled))
            .edit(move |tree| configuration::add_cluster(tree, "keys", port)),
    );
    seen.extend(codes_seen(
        "api-key-auth",
        &waiting,
        vec![("consumers_unavailable", sent("/", "good"))],
    ));
    assert_all_seen("api-key-auth", &seen);
}

#[test]
fn every_code_of_authorization_is_seen() {
    let rules = json!([
        {"match": {"path": {"prefix": "/open"}}, "action": "allow"},
        {"match": {"path": {"prefix": "/closed"}}, "action": "deny"},
        {"match": {"path": {"prefix": "/users"}}, "action": "allow", "principals": [{"subjects": ["alice"]}]},
    ]);
    let start = |default: &str| {
        let value = json!({"rules": rules, "default": default});
        Shared::start(
            Gateway::builder("envoy/authorization.yaml")
                .edit(move |tree| configuration::set(tree, "authorization", value)),
        )
    };
    let preflight = Request::new("OPTIONS", "/users")
        .header("origin", "https://app.example")
        .header("access-control-request-method", "GET");
    let alice = bearer(&token::good("alice"));
    let mut seen = codes_seen(
        "authorization",
        &start("deny"),
        vec![
            ("allowed", Request::get("/open")),
            ("allowed", Request::get("/users").header("authorization", alice)),
            ("preflight", preflight),
            ("target_ambiguous", Request::get("/open/%2e%2e;/users")),
            ("unauthenticated", Request::get("/users")),
            ("denied", Request::get("/closed")),
            ("no_rule", Request::get("/")),
        ],
    );
    let telling = json!({"tell_scopes": true, "rules": [
        {"action": "allow", "principals": [{"scopes": {"all": ["orders:write", "orders:read"]}}]},
    ]});
    let telling = Shared::start(
        Gateway::builder("envoy/authorization.yaml")
            .edit(move |tree| configuration::set(tree, "authorization", telling)),
    );
    let bob = Request::get("/").header("authorization", bearer(&token::good("bob")));
    seen.extend(codes_seen("authorization", &telling, vec![("insufficient_scope", bob.clone())]));
    assert_eq!(
        telling.ask(bob).response.header_text("www-authenticate").as_deref(),
        Some(r#"Bearer realm="gatehouse", error="insufficient_scope", scope="orders:write""#)
    );
    let watched = json!({"default": "allow", "rules": [{"action": "deny", "mode": "shadow"}]});
    let watched = Shared::start(
        Gateway::builder("envoy/authorization.yaml")
            .edit(move |tree| configuration::set(tree, "authorization", watched)),
    );
    seen.extend(codes_seen("authorization", &watched, vec![("shadow_denied", Request::get("/"))]));
    let default = vec![("default_allowed", Request::get("/"))];
    seen.extend(codes_seen("authorization", &start("allow"), default));
    assert_all_seen("authorization", &seen);
}

#[track_caller]
fn assert_all_seen(filter: &str, seen: &BTreeSet<String>) {
    let documented = documented(filter);
    let unseen: Vec<&String> = documented.keys().filter(|code| !seen.contains(*code)).collect();
    assert!(unseen.is_empty(), "no case for {unseen:?}");
}

/// Sends each request and compares what came of it with what the README of the filter says of the
/// code.
#[track_caller]
fn codes_seen(filter: &str, gateway: &Shared, cases: Vec<(&str, Request)>) -> BTreeSet<String> {
    let seen = cases
        .into_iter()
        .map(|(code, request)| code_seen(filter, code, &gateway.ask(request)))
        .collect();
    gateway.assert_no_trap();
    seen
}

/// Compares what came of a request with what the README of the filter says of the code, which is
/// returned with the filter's name.
#[track_caller]
fn code_seen(filter: &str, code: &str, exchange: &Exchange) -> String {
    let (documented, name) = (documented(filter), filter.replace('-', "_"));
    let code = format!("{name}.{code}");
    let row =
        documented.get(&code).unwrap_or_else(|| panic!("{code} is not in the README of {filter}"));
    let logged = exchange.logged(&name);
    assert_eq!(logged.split(';').next(), Some(code.as_str()), "{}", exchange.log);
    match row.status {
        Some(status) => exchange.assert_refused(&code, status, &code),
        None => assert_eq!(exchange.response.status, 200, "{code}: {}", exchange.response.text()),
    }
    // A field for each scheme, of which one tells what was wrong.
    let challenges = exchange.response.header_all("www-authenticate");
    assert_eq!(!challenges.is_empty(), row.challenge != "none", "{code}: {challenges:?}");
    let error = row.challenge.strip_prefix('`').and_then(|rest| rest.strip_suffix('`'));
    // Of a challenge without an error the table has the challenge itself.
    if let Some(error) = error.filter(|error| !error.contains(' ')) {
        let error = format!("error=\"{error}\"");
        let tells = |challenge: &&[u8]| String::from_utf8_lossy(challenge).contains(&error);
        assert!(challenges.iter().any(tells), "{code}: {error}");
    }
    code
}

/// A row of the table of codes.
struct Row {
    /// `None`: the upstream's.
    status: Option<u16>,
    /// What the last column says of `WWW-Authenticate`.
    challenge: String,
}

/// The table of codes in the filter's README.
#[track_caller]
fn documented(filter: &str) -> BTreeMap<String, Row> {
    let path = workspace::root().join("filters").join(filter).join("README.md");
    let readme =
        fs::read_to_string(&path).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()));
    let code_of = format!("`{}.", filter.replace('-', "_"));
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [code, status, .., challenge] = cells.as_slice() else { return None };
        let code = code.starts_with(&code_of).then(|| code.trim_matches('`').to_owned())?;
        let status = status.get(..3).and_then(|digits| digits.parse().ok());
        Some((code, Row { status, challenge: (*challenge).to_owned() }))
    };
    let rows: BTreeMap<String, Row> = readme.lines().filter_map(row).collect();
    assert!(rows.len() >= 6, "the README of {filter} has a table of codes");
    rows
}

/// Puts a filter before all others.
#[track_caller]
fn first_filter(tree: &mut Value, filter: Value) {
    let filters =
        "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/http_filters";
    let filters =
        tree.pointer_mut(filters).and_then(Value::as_array_mut).expect("the config has filters");
    filters.insert(0, filter);
}

/// Writes a control character into the cookie of the requests that ask for it.
fn spoils_cookies() -> Value {
    let source = "function envoy_on_request(handle)
        local headers = handle:headers()
        if headers:get(\"x-spoil\") then headers:replace(\"cookie\", \"key=good; a=\\1\") end
    end";
    json!({"name": "spoil", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
        "default_source_code": {"inline_string": source},
    }})
}
