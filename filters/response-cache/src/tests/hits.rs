//! What is stored, and what then answers.

use super::*;

#[test]
fn an_answer_is_stored_and_answers_until_it_is_stale() {
    let vm = vm(ALL);
    let missed = vm.fill("/x", FRESH, "one");
    assert_eq!((missed.status, missed.text().as_str()), (200, "one"));
    assert_eq!(missed.status_of_cache(), "fwd=uri-miss; stored; ttl=60");
    vm.later(57);
    let sent = vm.get("/x", &[]);
    assert_eq!(sent.code, Code::Hit);
    let got = sent.hit();
    assert_eq!((got.status, got.text().as_str()), (200, "one"));
    assert_eq!(got.status_of_cache(), "hit; ttl=3");
    assert_eq!(got.field("age").as_deref(), Some("57"));
    assert_eq!(got.field("content-type").as_deref(), Some("text/plain"));
    assert!(got.field("date").is_some());
    vm.later(3);
    assert_eq!(told(vm.get("/x", &[])), "asks: Expired");
    assert_eq!(told(vm.get("/y", &[])), "asks: Miss");
    assert_eq!((vm.host.counted(Event::Stored), vm.host.counted(Event::StoreFailed)), (1, 0));
}

#[test]
fn a_kept_answer_has_the_fields_that_it_came_with_and_no_type_that_it_did_not_have() {
    let vm = vm(ALL);
    let fields = [
        ("cache-control", "max-age=60"),
        ("link", "</a>; rel=a"),
        ("link", "</b>; rel=b"),
        ("x-bytes", "\u{e9}"),
        ("connection", "x-hop"),
        ("x-hop", "1"),
        ("age", "5"),
        ("cache-status", "origin; hit"),
    ];
    let missed = vm.fill("/x", &fields, "one");
    assert_eq!(missed.head.values("cache-status").count(), 2, "appended (RFC 9211 \u{a7}2)");
    let got = vm.get("/x", &[]).hit();
    let links: Vec<_> = got.head.values("link").collect();
    assert_eq!(links, [&b"</a>; rel=a"[..], b"</b>; rel=b"]);
    assert_eq!(got.head.first("x-bytes"), Some("\u{e9}".as_bytes()));
    for name in ["x-hop", "connection", "content-type", "content-length"] {
        assert_eq!(got.field(name), None, "{name}");
    }
    assert_eq!(got.head.values("age").collect::<Vec<_>>(), [b"5"], "one, and ours");
    let told: Vec<_> = got.head.values("cache-status").collect();
    assert_eq!(told, [&b"origin; hit"[..], b"gatehouse; hit; ttl=55"]);
}

#[test]
fn what_the_origin_says_decides_what_is_stored() {
    for (what, status, fields, want) in [
        ("a lifetime", 200, &[("cache-control", "max-age=5")][..], "200 body"),
        ("nothing", 200, &[], "asks: Miss"),
        ("no-store", 200, &[("cache-control", "no-store, max-age=5")], "asks: Miss"),
        ("private", 200, &[("cache-control", "private, max-age=5")], "asks: Miss"),
        ("any", 200, &[("cache-control", "max-age=5"), ("vary", "*")], "asks: Miss"),
        ("a cookie", 200, &[("cache-control", "max-age=5"), ("set-cookie", "a=1")], "asks: Miss"),
        (
            "a cookie for all",
            200,
            &[("cache-control", "public, max-age=5"), ("set-cookie", "a=1")],
            "200 body",
        ),
        ("an error", 500, &[("cache-control", "max-age=5")], "500 body"),
        ("an error that says nothing", 500, &[], "asks: Miss"),
        ("nothing found", 404, &[("cache-control", "max-age=5")], "404 body"),
        ("a new place", 301, &[("cache-control", "max-age=5"), ("location", "/y")], "301 body"),
        ("another status", 299, &[("cache-control", "max-age=5")], "299 body"),
        ("stale at once", 200, &[("cache-control", "max-age=0")], "asks: Miss"),
        (
            "of use with validation",
            200,
            &[("cache-control", "no-cache"), ("etag", "\"a\"")],
            "asks: Expired",
        ),
        ("no cache at all", 200, &[("cache-control", "no-cache")], "asks: Miss"),
        (
            "for caches alone",
            200,
            &[("cache-control", "no-store"), ("cdn-cache-control", "max-age=5")],
            "200 body",
        ),
    ] {
        let vm = vm(ALL);
        vm.get("/x", &[]).answer(status, fields, "body");
        assert_eq!(told(vm.get("/x", &[])), want, "{what}");
    }
}

#[test]
fn what_the_client_says_is_honoured_unless_the_rule_ignores_it() {
    for (what, fields, want) in [
        ("nothing", &[][..], "200 one"),
        ("no-cache", &[("cache-control", "no-cache")], "asks: Reload"),
        ("an old no-cache", &[("pragma", "no-cache")], "asks: Reload"),
        ("max-age", &[("cache-control", "max-age=9")], "asks: Reload"),
        ("max-age that holds", &[("cache-control", "max-age=10")], "200 one"),
        ("min-fresh", &[("cache-control", "min-fresh=51")], "asks: Reload"),
        ("no-store still may be answered", &[("cache-control", "no-store")], "200 one"),
        ("only-if-cached", &[("cache-control", "only-if-cached")], "200 one"),
    ] {
        for (rule, want) in [(ALL, want), (r#"{"client_directives": "ignore"}"#, "200 one")] {
            let vm = vm(rule);
            vm.fill("/x", FRESH, "one");
            vm.later(10);
            assert_eq!(told(vm.get("/x", fields)), want, "{what} {rule}");
        }
    }
}

#[test]
fn only_if_cached_gets_what_is_there_or_a_504() {
    let vm = vm(ALL);
    let only = [("cache-control", "only-if-cached")];
    let got = vm.get("/x", &only).hit();
    assert_eq!((got.code, got.status), (Some(Code::NotInStore), 504));
    vm.fill("/x", FRESH, "one");
    assert_eq!(told(vm.get("/x", &only)), "200 one");
    vm.later(60);
    assert_eq!(vm.get("/x", &only).hit().status, 504);
    assert_eq!(vm.get("/x", &[("cache-control", "only-if-cached, max-stale")]).hit().status, 200);
}

#[test]
fn what_is_larger_than_an_object_may_be_goes_by() {
    let large = "x".repeat((256 << 10) + 1);
    let length = large.len().to_string();
    for fields in [
        &[("cache-control", "max-age=60")][..],
        &[("cache-control", "max-age=60"), ("content-length", &length)],
    ] {
        let vm = vm(ALL);
        assert_eq!(vm.fill("/x", fields, &large).body.len(), large.len());
        assert_eq!(told(vm.get("/x", &[])), "asks: Miss");
        vm.fill("/y", fields.get(..1).unwrap(), &"x".repeat(256 << 10));
        assert_eq!(vm.get("/y", &[]).code, Code::Hit);
    }
}

#[test]
fn an_answer_that_breaks_off_is_not_stored() {
    let vm = vm(ALL);
    vm.get("/x", &[]).breaks_off(FRESH);
    assert_eq!(told(vm.get("/x", &[])), "asks: Miss");
    assert_eq!(vm.host.counted(Event::Stored), 0);
}

#[test]
fn requests_that_the_key_does_not_tell_apart_go_by() {
    for (what, fields, body, want, detail) in [
        ("content", &[][..], Some(&b"x"[..]), Code::BypassContent, "content"),
        (
            "another host",
            &[("x-forwarded-host", "evil")],
            None,
            Code::BypassUnkeyed,
            "x-forwarded-host",
        ),
        (
            "in another spelling",
            &[("x_forwarded_host", "evil")],
            None,
            Code::BypassUnkeyed,
            "x-forwarded-host",
        ),
        (
            "another method",
            &[("x-http-method-override", "POST")],
            None,
            Code::BypassUnkeyed,
            "x-http-method-override",
        ),
        ("another protocol", &[("upgrade", "websocket")], None, Code::BypassUpgrade, "upgrade"),
        ("options", &[(":method", "OPTIONS")], None, Code::BypassMethod, "method"),
    ] {
        let vm = vm(ALL);
        vm.fill("/", FRESH, "one");
        let sent = vm.send_with(fields, body);
        assert_eq!(sent.code, want, "{what}");
        let got = sent.answer(200, FRESH, "poison");
        let told_of = got.status_of_cache();
        assert!(told_of.contains(detail) && !told_of.contains("stored"), "{what}: {told_of}");
        assert_eq!(told(vm.get("/", &[])), "200 one", "{what}");
    }
}

#[test]
fn keys_tell_apart_what_they_say_and_nothing_else() {
    let rule =
        r#"{"key": {"query": {"without": ["utm_*"]}, "headers": ["x-tenant"], "cookies": ["c"]}}"#;
    let vm = vm(rule);
    vm.get("/x?id=1", &[("x-tenant", "a")]).answer(200, FRESH, "one");
    for (what, path, fields, want) in [
        ("the same", "/x?id=1", &[("x-tenant", "a")][..], "200 one"),
        (
            "what does not count",
            "/x?utm_a=1&id=1",
            &[("x-tenant", "a"), ("cookie", "d=1")],
            "200 one",
        ),
        ("another query", "/x?id=2", &[("x-tenant", "a")], "asks: Miss"),
        ("a cloaked query", "/x?id=1&utm_a=1;id=2", &[("x-tenant", "a")], "asks: Miss"),
        ("another field", "/x?id=1", &[("x-tenant", "b")], "asks: Miss"),
        ("without the field", "/x?id=1", &[], "asks: Miss"),
        ("the field twice", "/x?id=1", &[("x-tenant", "a"), ("x-tenant", "b")], "asks: Miss"),
        (
            "the field in another spelling beside",
            "/x?id=1",
            &[("x-tenant", "a"), ("x_tenant", "b")],
            "asks: BypassUnkeyed",
        ),
        ("a cookie", "/x?id=1", &[("x-tenant", "a"), ("cookie", "c=1")], "asks: Miss"),
        (
            "another host",
            "/x?id=1",
            &[("x-tenant", "a"), (":authority", "b.example")],
            "asks: Miss",
        ),
        ("another scheme", "/x?id=1", &[("x-tenant", "a"), (":scheme", "http")], "asks: Miss"),
        ("another path", "/X?id=1", &[("x-tenant", "a")], "asks: Miss"),
    ] {
        assert_eq!(told(vm.get(path, fields)), want, "{what}");
    }
}

#[test]
fn the_host_star_is_not_the_answer_for_all_hosts() {
    let all =
        r#"{"match": {"headers": [{"name": "x-all", "present": true}]}, "key": {"host": false}}"#;
    let vm = vm(&format!("{all}, {ALL}"));
    vm.get("/x", &[(":authority", "*")]).answer(200, FRESH, "poison");
    assert_eq!(told(vm.get("/x", &[("x-all", "1")])), "asks: Miss");
    vm.get("/x", &[("x-all", "1")]).answer(200, FRESH, "good");
    assert_eq!(told(vm.get("/x", &[("x-all", "1"), (":authority", "b.example")])), "200 good");
    assert_eq!(told(vm.get("/x", &[(":authority", "*")])), "200 poison");
}
