//! `api-key-auth` on connections with client certificates, over real TLS: who a request without a
//! key is from.

use gatehouse_sandbox::Builder;
use gatehouse_sandbox::raw::Request;
use serde_json::{Value, json};

use crate::harness::mutual_tls::{self, Client, Sessions};
use crate::harness::{Exchange, Shared, configuration, received};

const URI: &str = "spiffe://acme/orders";

#[test]
fn a_certificate_that_envoy_has_verified_names_a_consumer_and_no_other_does() {
    let gateway = start(json!({}), Sessions::New);
    let get = |path: &str| Request::get(path).header("x-consumer", "root");
    for (case, client, request, want) in [
        ("Carol", Client::Carol, get("/orders"), Ok("acme")),
        ("Carol again", Client::Carol, get("/orders"), Ok("acme")),
        ("where her group may", Client::Carol, get("/partners"), Ok("acme")),
        ("who says the same", Client::Mallory, get("/orders"), Err((401, "key_missing"))),
        ("one of nobody's", Client::Bob, get("/orders"), Err((401, "key_missing"))),
        ("no certificate", Client::Nobody, get("/orders"), Err((401, "key_missing"))),
        ("known by a host", Client::Dave, get("/orders"), Ok("dave")),
        ("a disabled one", Client::Alice, get("/orders"), Err((403, "consumer_disabled"))),
        (
            "a field that says it",
            Client::Nobody,
            get("/orders").header(
                "x-forwarded-client-cert",
                "Hash=AA;Subject=\"CN=carol,O=acme\";URI=spiffe://acme/orders",
            ),
            Err((401, "key_missing")),
        ),
        (
            "a field that says it beside one of nobody's",
            Client::Bob,
            get("/orders").header("x-forwarded-client-cert", "URI=spiffe://acme/orders"),
            Err((401, "key_missing")),
        ),
        ("a key", Client::Nobody, get("/orders").header("x-api-key", "good"), Ok("initech")),
        ("a key beside", Client::Carol, get("/orders").header("x-api-key", "good"), Ok("initech")),
        (
            "a wrong key beside",
            Client::Carol,
            get("/orders").header("x-api-key", "bad"),
            Err((401, "key_invalid")),
        ),
        (
            "another's group",
            Client::Nobody,
            get("/partners").header("x-api-key", "good"),
            Err((403, "consumer_not_allowed")),
        ),
    ] {
        let exchange = gateway.ask(client.send(request));
        assert_outcome(case, &exchange, want);
    }
    let events = gateway.gateway().stats();
    let unverified = events
        .iter()
        .find(|(name, _)| name.contains("filter=api_key_auth;.event=certificate_unverified;"));
    assert_eq!(unverified.map(|(_, count)| *count), Some(3), "Mallory, and Bob twice");
    gateway.assert_no_trap();
}

#[test]
fn each_kind_of_name_is_looked_up_as_what_it_is() {
    for (names, carol, dave, erin) in [
        (json!(["uri"]), Some("acme"), None, Some("nameless")),
        (json!(["dns"]), Some("hosts"), Some("dave"), None),
        (json!(["subject"]), Some("subjects"), None, None),
        (json!(["subject", "uri"]), Some("subjects"), None, Some("nameless")),
    ] {
        let gateway = start(json!({"certificate": {"names": names}}), Sessions::New);
        for (client, want) in [(Client::Carol, carol), (Client::Dave, dave), (Client::Erin, erin)] {
            let exchange = gateway.ask(client.send(Request::get("/orders")));
            let want = want.ok_or((403, "consumer_unknown"));
            assert_outcome(&format!("{names} of {client:?}"), &exchange, want);
        }
        gateway.assert_no_trap();
    }
}

#[test]
fn a_certificate_of_nobodys_is_a_subject_where_that_is_wanted() {
    let gateway =
        start(json!({"certificate": {"names": ["subject"], "unknown": "pass"}}), Sessions::New);
    let exchange = gateway.ask(Client::Dave.send(Request::get("/orders")));
    assert_eq!(exchange.response.status, 200, "{}", exchange.response.text());
    assert_eq!(exchange.noted("api_key_auth"), "api_key_auth.allowed;subject=CN=dave");
    let refused = gateway.ask(Client::Dave.send(Request::get("/partners")));
    assert_outcome("a group", &refused, Err((403, "consumer_not_allowed")));
    let refused = gateway.ask(Client::Erin.send(Request::get("/orders")));
    assert_outcome("an empty subject", &refused, Err((403, "consumer_unknown")));
    let refused = gateway.ask(Client::Mallory.send(Request::get("/orders")));
    assert_outcome("not verified", &refused, Err((401, "key_missing")));
    gateway.assert_no_trap();
}

/// Of such a session Envoy says that nothing was verified: the filter does not guess.
#[test]
fn a_session_that_is_resumed_is_not_verified() {
    for version in ["TLSv1_2", "TLSv1_3"] {
        let gateway = Shared::start(builder(json!({}), Sessions::Resumed).edit(move |tree| {
            let clusters = tree.pointer_mut("/static_resources/clusters");
            let clusters = clusters.and_then(Value::as_array_mut).expect("a list of clusters");
            for socket in clusters.iter_mut().filter_map(|it| it.get_mut("transport_socket")) {
                socket["typed_config"]["common_tls_context"]["tls_params"] = json!({
                    "tls_minimum_protocol_version": version,
                    "tls_maximum_protocol_version": version,
                });
            }
        }));
        let asked: Vec<Exchange> =
            (0..4).map(|_| gateway.ask(Client::Carol.send(Request::get("/orders")))).collect();
        assert_outcome(version, &asked[0], Ok("acme"));
        let last = asked.last().expect("four");
        assert_outcome(version, last, Err((401, "key_missing")));
        let why = "the certificate of the connection is not verified in its handshake";
        assert_eq!(last.why("api_key_auth"), why, "{version}");
        gateway.assert_no_trap();
    }
}

/// authorization and rate-limit behind api-key-auth, by whom the certificate names: its name is the
/// subject, and all else is the consumer's.
#[test]
fn the_filters_behind_go_by_whom_a_certificate_names() {
    let gateway = Shared::start(builder(behind(), Sessions::New).edit(put_filters_behind));
    let ask = |client: Client, path: &str, key: Option<&str>| {
        let request = client.send(Request::get(path)).header(
            "x-forwarded-client-cert",
            "Hash=AA;Subject=\"CN=carol,O=acme\";URI=spiffe://acme/orders",
        );
        gateway.ask(key.into_iter().fold(request, |request, key| request.header("x-api-key", key)))
    };
    let (no_rule, unknown) =
        (Some((403, "authorization.no_rule")), Some((401, "authorization.unauthenticated")));
    let exceeded = Some((429, "rate_limit.exceeded"));
    for (case, client, key, wants) in [
        ("a consumer's name", Client::Carol, None, [None, None, None, None, None, no_rule]),
        ("another's", Client::Dave, None, [None, no_rule, no_rule, no_rule, None, no_rule]),
        // `unknown: pass`: who it is, and no more.
        ("nobody's", Client::Erin, None, [no_rule, no_rule, no_rule, no_rule, None, no_rule]),
        (
            "not verified",
            Client::Mallory,
            None,
            [unknown, unknown, unknown, unknown, unknown, None],
        ),
        ("none", Client::Nobody, None, [unknown, unknown, unknown, unknown, unknown, None]),
        (
            "a key beside",
            Client::Carol,
            Some("good"),
            [no_rule, None, no_rule, no_rule, None, no_rule],
        ),
    ] {
        let paths = ["/subject", "/consumer", "/group", "/scope", "/known", "/anybody"];
        for (path, want) in paths.into_iter().zip(wants) {
            assert_refused_or_not(&format!("{case}, {path}"), &ask(client, path, key), want);
        }
    }
    for (case, client, key, most) in [
        ("as many as its tier may", Client::Carol, None, 3),
        ("another's", Client::Dave, None, 1),
        ("nobody's, which is not the other's", Client::Erin, None, 1),
        ("a key beside, which is not the certificate's", Client::Carol, Some("good"), 1),
    ] {
        for number in 1..=most + 1 {
            let want = exceeded.filter(|_| number > most);
            let exchange = ask(client, "/known/few", key);
            assert_refused_or_not(&format!("{case}, request {number}"), &exchange, want);
        }
    }
    gateway.assert_no_trap();
}

fn behind() -> Value {
    json!({
        "certificate": {"unknown": "pass"},
        "default": "optional",
        "consumers": [
            {"name": "acme", "certificates": [{"uri": URI}], "groups": ["partners"],
             "scopes": ["orders:read"], "tier": "gold"},
            {"name": "dave", "certificates": [{"dns": "DAVE.example"}]},
            {"name": "initech", "keys": [{"digest": digest()}]},
        ],
    })
}

fn put_filters_behind(tree: &mut Value) {
    let list = "/static_resources/listeners/1/filter_chains/0/filters/0/typed_config/http_filters";
    let filters = tree.pointer_mut(list).and_then(Value::as_array_mut).expect("a list of filters");
    for filter in ["authorization", "rate-limit"] {
        filters.insert(filters.len() - 1, configuration::of_example(filter));
    }
    let allow = |path: &str, principal: Value| {
        let of_path = json!({"path": {"prefix": path}});
        json!({"match": of_path, "action": "allow", "principals": [principal]})
    };
    let rules = json!([
        allow("/subject", json!({"subjects": [URI, "dave.example"]})),
        allow("/consumer", json!({"consumers": ["acme", "initech"]})),
        allow("/group", json!({"groups": {"any": ["partners"]}})),
        allow("/scope", json!({"scopes": {"all": ["orders:read"]}})),
        allow("/known", json!({"authenticated": true})),
        allow("/anybody", json!({"authenticated": false})),
    ]);
    configuration::set(tree, "authorization", json!({"rules": rules}));
    let limits = json!([{"requests": {"tier": {"gold": 3}, "default": 1}, "window": "1h"}]);
    let few = json!({"match": {"path": {"prefix": "/known/few"}}, "key": ["subject"],
        "absent": "share", "limits": limits});
    configuration::set(tree, "rate-limit", json!({"rules": [few]}));
}

#[track_caller]
fn assert_refused_or_not(case: &str, exchange: &Exchange, want: Option<(u16, &str)>) {
    match want {
        None => {
            assert_eq!(exchange.response.status, 200, "{case}: {}", exchange.response.text());
        }
        Some((status, code)) => exchange.assert_refused(case, status, code),
    }
}

#[track_caller]
fn assert_outcome(case: &str, exchange: &Exchange, want: Result<&str, (u16, &str)>) {
    match want {
        Ok(name) => {
            assert_eq!(exchange.response.status, 200, "{case}: {}", exchange.response.text());
            assert_eq!(received(&exchange.response, "x-consumer"), [name], "{case}");
            let noted = exchange.noted("api_key_auth");
            assert!(noted.ends_with(&format!("consumer={name}")), "{case}: {noted}");
            // Of a key there is none.
            assert_eq!(noted.contains(";subject="), name != "initech", "{case}: {noted}");
        }
        Err((status, code)) => {
            exchange.assert_refused(case, status, &format!("api_key_auth.{code}"));
        }
    }
}

#[track_caller]
fn start(more: Value, sessions: Sessions) -> Shared {
    Shared::start(builder(more, sessions))
}

/// A gateway that knows people by certificates and keys, with these members besides.
fn builder(more: Value, sessions: Sessions) -> Builder {
    let mut value = json!({
        "certificate": {},
        "consumer_header": "x-consumer",
        "consumers": [
            {"name": "acme", "certificates": [{"uri": URI}], "groups": ["partners"]},
            {"name": "hosts", "certificates": [{"dns": "orders.acme.example"}]},
            {"name": "subjects", "certificates": [{"subject": "CN=carol,O=acme"}]},
            {"name": "nameless", "certificates": [{"uri": "spiffe://acme/nameless"}]},
            {"name": "dave", "certificates": [{"dns": "DAVE.example"}]},
            {"name": "initech", "keys": [{"digest": digest()}]},
            {"name": "gone", "certificates": [{"subject": "CN=alice"}], "disabled": true},
        ],
        "rules": [{"match": {"path": {"prefix": "/partners"}}, "groups": ["partners"]}],
    });
    for (name, member) in more.as_object().expect("members") {
        value[name] = member.clone();
    }
    let builder = mutual_tls::builder_of("envoy/api-key-auth.yaml", sessions);
    builder.edit(move |tree| configuration::set(tree, "api-key-auth", value))
}

/// Of the key `good`.
fn digest() -> String {
    gatehouse_api_key_auth::Digest::sha256(b"good").to_string()
}
