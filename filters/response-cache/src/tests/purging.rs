//! The route of purges, and what it does to what is stored and to what is on its way.

use super::*;

/// Each store's gauges are its own.
#[test]
fn two_stores_on_one_host_are_told_apart() {
    let host = host();
    let vm = vm_with(&host, ALL, "", 1);
    let json = format!(
        r#"{{"store": {{"name": "shop", "size": "2MiB", "objects": 64}}, "rules": [{ALL}]}}"#
    );
    let shop: ResponseCache = configured(&json).unwrap();
    shop.start(&*host).unwrap();
    vm.fill("/a", FRESH, "one");
    vm.later(1);
    vm.get("/", &[]).leave();
    for (store, objects, budget) in [("default", 1, 1 << 20), ("shop", 0, 2 << 20)] {
        let gauge = |name: &str| host.gauge(&format!("gatehouse_cache_{name} store={store}"));
        assert_eq!(gauge("objects"), Some(objects), "{store}");
        assert_eq!(gauge("budget_bytes"), Some(budget), "{store}");
        assert_eq!(gauge("bytes") > Some(0), objects > 0, "{store}");
    }
}
use gatehouse_filter::api_key::Digest;
use serde_json::{Value, json};
use std::cell::Cell;

fn route(more: &str) -> String {
    let key = Digest::sha256(b"secret").to_string();
    format!(r#", "purge": {{"path": "/.cache/purge", "keys": ["{key}"]{more}}}"#)
}

/// A VM with the route; a second one on the same host has another queue.
fn purging(host: &Rc<FakeHost>, rule: &str, queue: u32) -> Vm {
    vm_with(host, rule, &route(""), queue)
}

fn purge(vm: &Vm, query: &str) -> Got {
    let path = format!("/.cache/purge?{query}");
    let fields =
        [(":method", "POST"), (":path", path.as_str()), ("authorization", "Bearer secret")];
    vm.send(&fields).hit()
}

fn answer(got: &Got) -> Value {
    assert_eq!((got.status, got.field("cache-control").as_deref()), (200, Some("no-store")));
    assert_eq!(got.field("content-type").as_deref(), Some("application/json"));
    let mut value: Value = serde_json::from_slice(&got.body).unwrap();
    let bytes = value.as_object_mut().unwrap().remove("bytes").unwrap().as_u64().unwrap();
    assert_eq!(bytes == 0, value["objects"] == 0);
    value
}

#[test]
fn the_route_is_guarded() {
    for (what, method, path, fields, address, want) in [
        (
            "a right key",
            "POST",
            "?all=true",
            &[("authorization", "Bearer secret")][..],
            "10.0.0.1:1",
            200,
        ),
        (
            "the scheme in other case",
            "POST",
            "?all=true",
            &[("authorization", "bearer secret")],
            "10.0.0.1:1",
            200,
        ),
        ("no key", "POST", "?all=true", &[], "10.0.0.1:1", 401),
        (
            "a wrong key",
            "POST",
            "?all=true",
            &[("authorization", "Bearer Secret")],
            "10.0.0.1:1",
            401,
        ),
        ("an empty key", "POST", "?all=true", &[("authorization", "Bearer ")], "10.0.0.1:1", 401),
        (
            "another scheme",
            "POST",
            "?all=true",
            &[("authorization", "Basic secret")],
            "10.0.0.1:1",
            401,
        ),
        (
            "two keys",
            "POST",
            "?all=true",
            &[("authorization", "Bearer secret"), ("authorization", "Bearer secret")],
            "10.0.0.1:1",
            401,
        ),
        (
            "from elsewhere",
            "POST",
            "?all=true",
            &[("authorization", "Bearer secret")],
            "11.0.0.1:1",
            403,
        ),
        ("from nowhere", "POST", "?all=true", &[("authorization", "Bearer secret")], "", 403),
        ("a get", "GET", "?all=true", &[("authorization", "Bearer secret")], "10.0.0.1:1", 405),
        ("a get without a key tells nothing", "GET", "?all=true", &[], "10.0.0.1:1", 401),
        ("nothing", "POST", "", &[("authorization", "Bearer secret")], "10.0.0.1:1", 400),
    ] {
        let host = host();
        let vm = vm_with(&host, ALL, &route(r#", "sources": ["10.0.0.0/8"]"#), 1);
        vm.fill("/x", FRESH, "x");
        host.set(Attribute::SourceAddress, address);
        let path = format!("/.cache/purge{path}");
        let got =
            vm.send(&[&[(":method", method), (":path", path.as_str())], fields].concat()).hit();
        assert_eq!(got.status, want, "{what}");
        let is_gone = vm.get("/x", &[]).code != Code::Hit;
        assert_eq!(is_gone, want == 200, "{what}");
    }
}

#[test]
fn what_cannot_be_meant_is_told_and_nothing_is_purged() {
    for query in [
        "",
        "all=false",
        "all",
        "url=",
        "url=x",
        "url=ftp://a/x",
        "url=https:///x",
        "prefix=",
        "tag=",
        "tag=a%0Ab",
        "what=1",
        "url=/x&what=1",
        "URL=/x",
    ] {
        let vm = purging(&host(), ALL, 1);
        vm.fill("/x", FRESH, "x");
        let got = purge(&vm, query);
        assert_eq!((got.code, got.status), (Some(Code::PurgeInvalid), 400), "{query}");
        assert_eq!(vm.get("/x", &[]).code, Code::Hit, "{query}");
    }
    let vm = purging(&host(), ALL, 1);
    let many =
        |count: usize| (0..count).map(|at| format!("tag={at}")).collect::<Vec<_>>().join("&");
    assert_eq!((purge(&vm, &many(64)).status, purge(&vm, &many(65)).status), (200, 400));
    let long = |count: usize| format!("tag={}", "x".repeat(count));
    assert_eq!((purge(&vm, &long(2048)).status, purge(&vm, &long(2049)).status), (200, 400));
}

#[test]
fn a_purge_hits_what_it_says_and_tells_what_that_was() {
    for (query, gone, want) in [
        (
            "url=https://a.example/x",
            &["/x"][..],
            json!({"objects": 2, "urls": {"https://a.example/x": 2}}),
        ),
        (
            "url=HTTPS://A.example:443/x",
            &["/x"],
            json!({"objects": 2, "urls": {"https://a.example/x": 2}}),
        ),
        ("url=/x", &["/x"], json!({"objects": 2, "urls": {"/x": 2}})),
        ("url=/y%3Fb=1%26a=2", &["/y?a=2&b=1"], json!({"objects": 1, "urls": {"/y?b=1&a=2": 1}})),
        (
            "url=https://a.example/y%3Fb=1%26a=2%26utm=3",
            &["/y?a=2&b=1"],
            json!({"objects": 1, "urls": {"https://a.example/y?b=1&a=2&utm=3": 1}}),
        ),
        ("url=/", &[], json!({"objects": 0, "urls": {"/": 0}})),
        ("url=https://b.example/x", &[], json!({"objects": 0, "urls": {"https://b.example/x": 0}})),
        ("prefix=/y", &["/y?a=2&b=1"], json!({"objects": 1, "prefixes": {"/y": 1}})),
        (
            "prefix=https://a.example/",
            &["/x", "/y?a=2&b=1", "/z"],
            json!({"objects": 4, "prefixes": {"https://a.example/": 4}}),
        ),
        ("prefix=https://a.ex", &[], json!({"objects": 0, "prefixes": {"https://a.ex/": 0}})),
        ("tag=t1", &["/x", "/z"], json!({"objects": 2, "tags": {"t1": 2}})),
        ("tag=t", &[], json!({"objects": 0, "tags": {"t": 0}})),
        ("group=g", &["/z"], json!({"objects": 1, "groups": {"g": 1}})),
        (
            "tag=t1&url=/x",
            &["/x", "/z"],
            json!({"objects": 3, "tags": {"t1": 2}, "urls": {"/x": 2}}),
        ),
        ("all=true", &["/x", "/y?a=2&b=1", "/z"], json!({"objects": 4, "all": 4})),
    ] {
        let host = host();
        let rule = r#"{"key": {"query": {"without": ["utm"]}, "sort_query": true}}"#;
        let (vm, other) = (purging(&host, rule, 1), purging(&host, rule, 2));
        let vary = [FRESH, &[("vary", "x-a"), ("surrogate-key", "t1 t2")]].concat();
        vm.get("/x", &[("x-a", "1")]).answer(200, &vary, "x1");
        vm.get("/x", &[]).answer(200, &[FRESH, &[("vary", "x-a")]].concat(), "x");
        vm.fill("/y?a=2&b=1", FRESH, "y");
        vm.fill("/z", &[FRESH, &[("cache-tag", "t1,t3"), ("cache-groups", "\"g\"")]].concat(), "z");
        // Both VMs have copies of their own.
        let paths = ["/x", "/y?a=2&b=1", "/z"];
        for path in paths {
            assert_eq!((vm.get(path, &[]).code, other.get(path, &[]).code), (Code::Hit, Code::Hit));
        }
        let told = answer(&purge(&vm, query));
        assert_eq!(told, want, "{query}");
        for vm in [&vm, &other] {
            for path in paths {
                let with_a = vm.get(path, &[("x-a", "1")]);
                let is_gone = with_a.is_at_origin();
                with_a.leave();
                assert_eq!(is_gone, gone.contains(&path), "{query} {path}");
            }
        }
        let objects = told["objects"].as_u64().unwrap();
        assert_eq!(host.counted(Event::Purged), objects, "{query}");
        // It is counted at the next occasion.
        vm.later(1);
        vm.get("/", &[]).leave();
        let gauge = |name| host.gauge(&format!("gatehouse_cache_{name} store=default"));
        let left = gauge("objects").unwrap();
        assert!(gauge("budget_bytes") >= gauge("bytes"));
        // What the variants of a URL are told apart by is an object, too.
        assert!((4 - objects..=5 - objects).contains(&left), "{query}: {left}");
    }
}

#[test]
fn an_answer_for_all_hosts_is_purged_by_the_url_of_any_of_them() {
    for query in ["url=https://b.example/x", "url=/x", "prefix=https://b.example/", "prefix=/x"] {
        let vm = purging(&host(), r#"{"key": {"host": false}}"#, 1);
        vm.fill("/x", FRESH, "x");
        assert_eq!(answer(&purge(&vm, query))["objects"], 1, "{query}");
        assert_eq!(told(vm.get("/x", &[])), "asks: Miss", "{query}");
    }
}

#[test]
fn what_a_purge_meets_on_its_way_does_not_come_back() {
    for query in ["url=https://a.example/x", "url=/x", "prefix=/", "tag=t", "all=true"] {
        let host = host();
        let (vm, other) = (purging(&host, ALL, 1), purging(&host, ALL, 2));
        let under_way = vm.get("/x", &[]);
        assert_eq!(purge(&other, query).status, 200);
        let got = under_way.answer(200, &[FRESH, &[("surrogate-key", "t")]].concat(), "old");
        assert_eq!(got.text(), "old", "the client gets what it has asked for");
        for vm in [&vm, &other] {
            assert_eq!(told(vm.get("/x", &[])), "asks: Miss", "{query}");
        }
        assert_eq!(host.counted(Event::PurgedOnItsWay), 1, "{query}");
        vm.fill("/x", &[FRESH, &[("surrogate-key", "t")]].concat(), "new");
        assert_eq!(told(other.get("/x", &[])), "200 new", "{query}");
    }
}

/// What a VM does with an answer; whether the origin was asked for it before `is_purged`.
type Deed = fn(&Vm, &Cell<bool>) -> bool;

const TAGGED: Fields<'static> =
    &[("cache-control", "max-age=60"), ("etag", "\"a\""), ("surrogate-key", "t")];

const DEEDS: [(&str, &str, Deed); 4] = [
    ("a miss", "/new", |vm, is_purged| {
        let sent = vm.get("/new", &[]);
        let is_before = !is_purged.get();
        sent.answer(200, TAGGED, "old");
        is_before
    }),
    ("a variant", "/new", |vm, is_purged| {
        let sent = vm.get("/new", &[("x-a", "1")]);
        let is_before = !is_purged.get();
        sent.answer(200, &[TAGGED, &[("vary", "x-a")]].concat(), "old");
        is_before
    }),
    ("a hit", "/x", |vm, _| {
        told(vm.get("/x", &[]));
        true
    }),
    ("a validation", "/stale", |vm, is_purged| {
        let sent = vm.get("/stale", &[]);
        let is_before = !is_purged.get();
        sent.answer(304, TAGGED, "");
        is_before
    }),
];

/// A purge by one VM at any moment of what another one does: no answer that was asked for before
/// the purge is served after it was answered.
#[test]
fn whenever_a_purge_comes_nothing_older_is_served_after_it() {
    for (what, path, deed) in DEEDS {
        for query in [
            "tag=t",
            "url=https://a.example/x&url=/new&url=/stale",
            "prefix=https://a.example/",
            "all=true",
        ] {
            for calls in 0.. {
                let host = host();
                let (vm, other) = (purging(&host, ALL, 1), Rc::new(purging(&host, ALL, 2)));
                vm.fill("/stale", TAGGED, "old");
                vm.later(61);
                vm.fill("/x", TAGGED, "old");
                assert_eq!(other.get("/x", &[]).code, Code::Hit, "a copy in the other VM");
                let is_purged = Rc::new(Cell::new(false));
                let (purger, query_, done) =
                    (Rc::clone(&other), query.to_owned(), Rc::clone(&is_purged));
                host.store.interrupt_after(calls, move || {
                    assert_eq!(purge(&purger, &query_).status, 200);
                    done.set(true);
                });
                let is_before = deed(&vm, &is_purged);
                if host.store.is_uninterrupted() {
                    break;
                }
                for vm in [&vm, &*other] {
                    let sent = vm.get(path, &[("x-a", "1")]);
                    let is_served = !sent.is_at_origin();
                    sent.leave();
                    assert!(!(is_served && is_before), "{what}, {query}, call {calls}");
                }
            }
        }
    }
}

#[test]
fn what_has_more_tags_than_are_kept_is_not_stored() {
    for (count, want) in [(1000, true), (2000, false)] {
        let vm = vm(ALL);
        let tags = (0..count).map(|at| format!("t{at:05}")).collect::<Vec<_>>().join(" ");
        let got = vm.fill("/x", &[FRESH, &[("surrogate-key", &tags)]].concat(), "x");
        let told_of = got.status_of_cache();
        assert_eq!(told_of.contains("stored"), want, "{count}: {told_of}");
        assert_eq!(told_of.ends_with("detail=too-many-tags"), !want, "{count}: {told_of}");
        let sent = vm.get("/x", &[]);
        assert_eq!(!sent.is_at_origin(), want, "{count}");
        sent.leave();
    }
}

#[test]
fn a_response_can_have_many_groups() {
    let groups = (0..128).map(|at| format!("\"{at:032}\"")).collect::<Vec<_>>().join(", ");
    let vm = purging(&host(), ALL, 1);
    vm.fill("/x", &[FRESH, &[("cache-groups", &groups)]].concat(), "x");
    assert_eq!(told(vm.get("/x", &[])), "200 x");
    assert_eq!(answer(&purge(&vm, &format!("group={:032}", 127)))["objects"], 1);
    assert_eq!(told(vm.get("/x", &[])), "asks: Miss");
}
