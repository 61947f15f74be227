//! `No-Vary-Search`: what a response says of queries, and which requests it then answers.

use super::*;

fn head(says: &str) -> Vec<(&str, &str)> {
    vec![("cache-control", "max-age=60"), ("etag", "\"a\""), ("no-vary-search", says)]
}

#[test]
fn a_response_answers_for_all_queries_that_are_the_same_to_it() {
    for (says, first, second, want) in [
        ("params=(\"utm\")", "/x?a=1&utm=1", "/x?utm=2&a=1", "200 one"),
        ("params=(\"utm\")", "/x?a=1&utm=1", "/x?a=1", "200 one"),
        ("params=(\"utm\")", "/x?a=1", "/x?a=1&utm=1", "200 one"),
        ("params=(\"utm\")", "/x?a=1&utm=1", "/x?a=2&utm=1", "asks: Miss"),
        ("params=(\"utm\")", "/x?a=1&utm=1", "/x", "asks: Miss"),
        ("params=(\"utm\")", "/x?a=1&utm=1", "/y?a=1&utm=1", "asks: Miss"),
        ("params=(\"utm\")", "/x?utm=1", "/x", "200 one"),
        ("params=(\"utm\")", "/x", "/x?utm=1", "200 one"),
        ("key-order", "/x?a=1&b=2", "/x?b=2&a=1", "200 one"),
        ("except=(\"id\")", "/x?id=1&a=2", "/x?b=3&id=1", "200 one"),
        ("except=()", "/x?a=1", "/x?b=2", "200 one"),
        ("params", "/x?a=1", "/x?b=2", "asks: Miss"),
        ("", "/x?a=1", "/x?a=1&b=2", "asks: Miss"),
    ] {
        let vm = vm(ALL);
        vm.fill(first, &head(says), "one");
        assert_eq!(told(vm.get(first, &[])), "200 one", "{says}: the same again");
        assert_eq!(told(vm.get(second, &[])), want, "{says}: {first} {second}");
    }
}

#[test]
fn what_a_path_is_asked_without_a_query_is_not_taken_for_what_a_query_comes_down_to() {
    let vm = vm(ALL);
    vm.fill("/x", FRESH, "without");
    vm.fill("/x?a=1&utm=1", &head("params=(\"utm\")"), "with");
    assert_eq!(told(vm.get("/x?utm=1", &[])), "asks: Miss", "the answer to /x does not say so");
    assert_eq!(told(vm.get("/x", &[])), "200 without");
}

#[test]
fn the_last_four_sayings_of_a_path_are_remembered() {
    let vm = vm(ALL);
    for number in 1..=5 {
        let says = format!("params=(\"p{number}\")");
        vm.fill(&format!("/x?a={number}&p{number}=1"), &head(&says), &format!("{number}"));
    }
    for number in 1..=5 {
        let want = if number > 1 { format!("200 {number}") } else { "asks: Miss".to_owned() };
        assert_eq!(told(vm.get(&format!("/x?a={number}&p{number}=2"), &[])), want, "{number}");
    }
}

#[test]
fn variants_and_identities_are_told_apart_as_ever() {
    let vm = vm(r#"{"identified": "own", "key": {"headers": ["x-tenant"]}}"#);
    let varied = [head("params=(\"utm\")"), vec![("vary", "x-a")]].concat();
    vm.get("/x?utm=1", &[("x-a", "1")]).answer(200, &varied, "one");
    vm.get("/y?utm=1", &[("authorization", "a"), ("x-tenant", "t")]).answer(200, &varied, "own");
    for (what, path, fields, want) in [
        ("the same", "/x?utm=2", &[("x-a", "1")][..], "200 one"),
        ("another variant", "/x?utm=2", &[("x-a", "2")], "asks: VaryMiss"),
        ("somebody", "/x?utm=2", &[("x-a", "1"), ("authorization", "a")], "asks: Miss"),
        ("another field of the key", "/x?utm=2", &[("x-a", "1"), ("x-tenant", "t")], "asks: Miss"),
        ("the same one", "/y?utm=2", &[("authorization", "a"), ("x-tenant", "t")], "200 own"),
        ("another one", "/y?utm=2", &[("authorization", "b"), ("x-tenant", "t")], "asks: Miss"),
        ("nobody", "/y?utm=2", &[("x-tenant", "t")], "asks: Miss"),
    ] {
        assert_eq!(told(vm.get(path, fields)), want, "{what}");
    }
}

#[test]
fn what_is_found_so_is_validated_and_brought_up_to_date_where_it_is() {
    let vm = vm(ALL);
    vm.fill("/x?a=1&utm=1", &head("params=(\"utm\")"), "one");
    vm.later(61);
    let sent = vm.get("/x?a=1&utm=2", &[]);
    assert_eq!(sent.sends("if-none-match").as_deref(), Some("\\\"a\\\""));
    sent.answer(304, &head("params=(\"utm\")"), "");
    for path in ["/x?a=1&utm=1", "/x?a=1&utm=3", "/x?a=1"] {
        assert_eq!(told(vm.get(path, &[])), "200 one", "{path}");
    }
}

#[test]
fn whoever_changes_or_purges_one_of_the_urls_does_so_with_what_answers_for_it() {
    let key = gatehouse_filter::api_key::Digest::sha256(b"k").to_string();
    let members = format!(r#", "purge": {{"path": "/purge", "keys": ["{key}"]}}"#);
    for (what, method, path, want) in [
        ("a change of a URL that it answers for", "PUT", "/x?a=1&utm=9", "asks: Miss"),
        ("a change of another path", "PUT", "/y?a=1&utm=9", "200 one"),
        ("a purge", "POST", "/purge?url=https://a.example/x?a=1%26utm=7", "asks: Miss"),
        ("a purge of the path, of every origin", "POST", "/purge?url=/x?utm=7", "asks: Miss"),
        ("a purge of another path", "POST", "/purge?url=/y?a=1", "200 one"),
        ("a purge of another origin", "POST", "/purge?url=https://b.example/x?a=1", "200 one"),
        ("a purge by a prefix", "POST", "/purge?prefix=/x", "asks: Miss"),
    ] {
        let vm = vm_with(&host(), ALL, &members, 1);
        vm.fill("/x?a=1&utm=1", &head("params=(\"utm\")"), "one");
        let sent = vm.send(&[(":method", method), (":path", path), ("authorization", "Bearer k")]);
        let got = if sent.is_at_origin() { sent.answer(204, &[], "") } else { sent.hit() };
        if method == "POST" {
            let objects = u64::from(want != "200 one");
            let told = format!("\"objects\":{objects},");
            assert!(got.text().contains(&told), "{what}: {}", got.text());
        }
        assert_eq!(told(vm.get("/x?a=1&utm=2", &[])), want, "{what}");
    }
}

#[test]
fn requests_without_a_query_and_hits_cost_nothing_more() {
    let vm = vm(ALL);
    vm.fill("/x?a=1", FRESH, "one");
    let calls = |path: &str| {
        let before = vm.host.store.calls();
        let sent = vm.get(path, &[]);
        let calls = vm.host.store.calls() - before;
        sent.leave();
        calls
    };
    calls("/x?a=1");
    assert_eq!(calls("/x?a=1"), 2, "the index, and the number of purges");
    let with_query = calls("/z?a=1");
    assert_eq!(calls("/z"), with_query - 1);
}
