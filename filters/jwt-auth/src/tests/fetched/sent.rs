//! Keys whose server wants to know who asks, and says how long they are good.

use super::*;
use gatehouse_filter_test::configured_in;

#[test]
fn a_key_to_the_key_server_may_be_in_a_variable() {
    let host = FakeHost::at(NOW);
    let headers =
        json!([{"name": "X-Api-Key", "value": {"env": "KEY"}}, {"name": "x-team", "value": "a"}]);
    let jwks = json!({"cluster": "auth", "path": "/jwks.json", "headers": headers});
    let source = json!({"cluster": "auth", "path": "/revoked", "headers": headers});
    let provider = json!({"name": "main", "issuer": ISSUER, "jwks": jwks});
    let configuration = json!({"providers": [provider], "revocations": source}).to_string();
    let worker: JwtAuth = configured_in(&configuration, &[("KEY", "s3cret\n")]).unwrap();
    prepare(&worker, &host);
    tick(&worker, &host);
    let calls = host.take_calls();
    assert_eq!(calls.len(), 2);
    for (_, callout) in &calls {
        let sent: Vec<_> =
            callout.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        assert!(sent.ends_with(&[("x-api-key", b"s3cret"), ("x-team", b"a")]), "{callout:?}");
    }
    let faults = configured::<JwtAuth>(&configuration).err().unwrap();
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(
        faults[0].starts_with("providers[0].jwks.headers[0].value: the VM has no variable"),
        "{faults:?}"
    );
}

#[test]
fn the_key_set_s_answer_counts_and_not_the_document_s() {
    let host = FakeHost::at(NOW);
    let worker =
        worker_with(&host, json!({"path": null, "refresh": {"least": "30s", "most": "1h"}}));
    let saying = |max_age: &str, body: String| Answer {
        headers: Headers::from_list(&[(":status", "200"), ("cache-control", max_age)]),
        body: body.into_bytes(),
        ..Answer::default()
    };
    let document = json!({"issuer": ISSUER, "jwks_uri": "https://keys.example/"}).to_string();
    let pause = |of_document: &str, of_keys: &str| {
        tick(&worker, &host);
        give(&worker, call(&host), &saying(of_document, document.clone()), &host);
        give(&worker, call(&host), &saying(of_keys, key_set().to_string()), &host);
        for passed in 0..10_000 {
            tick(&worker, &host);
            if let [(id, _)] = host.take_calls()[..] {
                give(&worker, id, &Answer::default(), &host);
                host.clock.advance(seconds(5));
                return passed;
            }
            host.clock.advance(seconds(1));
        }
        panic!("nobody asks again");
    };
    assert_eq!(pause("max-age=10", "max-age=200"), 200);
    assert_eq!(pause("max-age=2000", "max-age=200"), 200);
    assert_eq!(pause("max-age=2000", "no-store"), 30);
    assert_eq!(pause("max-age=2000", "public"), 300);
    assert_eq!(pause("no-store", "max-age=100000"), 3600);
}
