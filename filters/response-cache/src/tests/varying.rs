//! `Vary`: each variant is kept, and answers those that select it.

use super::*;

const VARIES: Fields<'static> = &[("cache-control", "max-age=60"), ("vary", "x-a")];

#[test]
fn variants_stand_beside_each_other() {
    let vm = vm(ALL);
    for value in ["1", "2"] {
        vm.get("/x", &[("x-a", value)]).answer(200, VARIES, value);
    }
    vm.get("/x", &[]).answer(200, VARIES, "none");
    for (what, fields, want) in [
        ("the first", &[("x-a", "1")][..], "200 1"),
        ("the second", &[("x-a", "2")], "200 2"),
        ("without", &[], "200 none"),
        ("none of them", &[("x-a", "3")], "asks: VaryMiss"),
        ("two lines", &[("x-a", "1"), ("x-a", "2")], "asks: VaryMiss"),
        ("white space", &[("x-a", " 1 ")], "200 1"),
        ("other fields do not count", &[("x-a", "1"), ("x-b", "9")], "200 1"),
    ] {
        assert_eq!(told(vm.get("/x", fields)), want, "{what}");
    }
}

#[test]
fn an_origin_that_varies_by_other_fields_has_its_sets_remembered_up_to_four() {
    let vm = vm(ALL);
    for number in 1..=6 {
        let name = format!("x-{number}");
        let vary = [("cache-control", "max-age=60"), ("vary", name.as_str())];
        vm.get("/x", &[(name.as_str(), "v")]).answer(200, &vary, &name);
    }
    for (number, is_known) in [(6, true), (5, true), (4, true), (3, true), (2, false), (1, false)] {
        let name = format!("x-{number}");
        let want = if is_known { format!("200 {name}") } else { "asks: VaryMiss".to_owned() };
        assert_eq!(told(vm.get("/x", &[(name.as_str(), "v")])), want, "{name}");
    }
    assert_eq!(told(vm.get("/x", &[])), "asks: VaryMiss");
}

#[test]
fn an_answer_without_vary_is_for_all_and_one_with_it_takes_its_place() {
    let vm = vm(ALL);
    vm.fill("/x", FRESH, "for all");
    assert_eq!(told(vm.get("/x", &[("x-a", "1")])), "200 for all");
    vm.later(60);
    vm.get("/x", &[("x-a", "1")]).answer(200, VARIES, "1");
    assert_eq!(told(vm.get("/x", &[("x-a", "1")])), "200 1");
    assert_eq!(told(vm.get("/x", &[])), "asks: VaryMiss");
}

#[test]
fn codings_and_languages_are_reduced_to_what_the_origin_has() {
    let rule = r#"{"encodings": ["br", "gzip"], "languages": ["en", "de"]}"#;
    let vm = vm(rule);
    let varies = [("cache-control", "max-age=60"), ("vary", "accept-encoding, accept-language")];
    let sent = vm.get(
        "/x",
        &[("accept-encoding", "gzip, deflate, br"), ("accept-language", "fr, de;q=0.5")],
    );
    assert_eq!(
        sent.sends("accept-encoding").as_deref(),
        Some("br"),
        "the origin is to choose no other"
    );
    assert_eq!(sent.sends("accept-language").as_deref(), Some("de"));
    sent.answer(200, &varies, "br de");
    for (what, coding, language, want) in [
        ("in another order", "br, gzip", "de", "200 br de"),
        ("with others", "zstd, br;q=0.1", "de-AT, de;q=0.1, es", "200 br de"),
        ("another coding", "gzip", "de", "asks: VaryMiss"),
        ("another language", "br", "en, de", "asks: VaryMiss"),
    ] {
        let fields = [("accept-encoding", coding), ("accept-language", language)];
        assert_eq!(told(vm.get("/x", &fields)), want, "{what}");
    }
    let sent = vm.get("/x", &[("accept-encoding", "zstd")]);
    assert_eq!(sent.sends("accept-encoding").as_deref(), Some("identity"));
    sent.leave();
    assert_eq!(vm.get("/x", &[]).sends("accept-encoding"), None);
}

#[test]
fn a_request_that_selects_by_the_host_selects_by_the_authority() {
    let vm = vm(r#"{"key": {"host": false}}"#);
    let varies = [("cache-control", "max-age=60"), ("vary", "host")];
    vm.get("/x", &[]).answer(200, &varies, "a");
    assert_eq!(told(vm.get("/x", &[])), "200 a");
    assert_eq!(told(vm.get("/x", &[(":authority", "b.example")])), "asks: VaryMiss");
}
