//! Trimming, on small modules written as text.

use super::*;

/// A module with the base exports, two callbacks, one of which alone reaches `$big`, and `section`.
fn module(section: &str) -> Vec<u8> {
    let text = format!(
        r#"(module $demo
             (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
             (memory (export "memory") 1)
             (func (export "_initialize"))
             (func (export "proxy_abi_version_0_2_1"))
             (func (export "proxy_on_memory_allocate") (param i32) (result i32) i32.const 0)
             (func (export "proxy_on_context_create") (param i32 i32))
             (func (export "proxy_on_configure") (param i32 i32) (result i32) i32.const 1)
             (func (export "proxy_on_delete") (param i32))
             (func (export "proxy_on_vm_start") (param i32 i32) (result i32) i32.const 1)
             (func $big (param i32) (result i32) i32.const 1 i32.const 2 i32.const 3 call $log)
             (func $head (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) i32.const 0)
             (func $log_callback (export "proxy_on_log") (param i32) i32.const 1 call $big drop)
             {section})"#
    );
    wat::parse_str(text).unwrap()
}

fn exports(wasm: &[u8]) -> Vec<String> {
    let mut names: Vec<String> =
        Module::from_buffer(wasm).unwrap().exports.iter().map(|export| export.name.clone()).collect();
    names.sort();
    names
}

const BASE_SORTED: [&str; 7] = [
    "_initialize",
    "memory",
    "proxy_abi_version_0_2_1",
    "proxy_on_configure",
    "proxy_on_context_create",
    "proxy_on_delete",
    "proxy_on_memory_allocate",
];

fn base_and(more: &[&str]) -> Vec<String> {
    let mut names: Vec<String> = BASE_SORTED.iter().chain(more).map(ToString::to_string).collect();
    names.sort();
    names
}

#[test]
fn only_the_base_and_the_listed_callbacks_stay_exported() {
    let trimmed = trim(&module(r#"(@custom "gatehouse.callbacks" "proxy_on_request_headers")"#)).unwrap();
    assert_eq!(exports(&trimmed.wasm), base_and(&["proxy_on_request_headers"]));
    assert_eq!(
        trimmed.callbacks,
        ["proxy_on_configure", "proxy_on_context_create", "proxy_on_delete", "proxy_on_request_headers"]
    );
}

#[test]
fn several_parts_of_the_list_are_united() {
    for section in [
        r#"(@custom "gatehouse.callbacks" "proxy_on_log") (@custom "gatehouse.callbacks" "proxy_on_request_headers")"#,
        r#"(@custom "gatehouse.callbacks" "proxy_on_log,proxy_on_request_headers,")"#,
        r#"(@custom "gatehouse.callbacks" "proxy_on_request_headers, proxy_on_log,proxy_on_log")"#,
    ] {
        let trimmed = trim(&module(section)).unwrap();
        assert_eq!(
            exports(&trimmed.wasm),
            base_and(&["proxy_on_log", "proxy_on_request_headers"]),
            "{section}"
        );
    }
}

#[test]
fn an_empty_list_leaves_the_base() {
    let trimmed = trim(&module(r#"(@custom "gatehouse.callbacks" "")"#)).unwrap();
    assert_eq!(exports(&trimmed.wasm), base_and(&[]));
}

#[test]
fn what_only_a_dropped_callback_reached_is_gone_with_it() {
    let with_log = trim(&module(r#"(@custom "gatehouse.callbacks" "proxy_on_log")"#)).unwrap();
    let without = trim(&module(r#"(@custom "gatehouse.callbacks" "")"#)).unwrap();
    assert_eq!(Module::from_buffer(&with_log.wasm).unwrap().imports.iter().count(), 1);
    assert_eq!(Module::from_buffer(&without.wasm).unwrap().imports.iter().count(), 0);
    assert!(without.wasm.len() < with_log.wasm.len());
}

#[test]
fn function_names_and_the_list_itself_survive() {
    let trimmed = trim(&module(r#"(@custom "gatehouse.callbacks" "proxy_on_request_headers")"#)).unwrap();
    let module = Module::from_buffer(&trimmed.wasm).unwrap();
    assert!(module.funcs.iter().any(|function| function.name.as_deref() == Some("head")));
    assert_eq!(listed_callbacks(&module), Some(BTreeSet::from(["proxy_on_request_headers".to_owned()])));
}

#[test]
fn trimming_twice_changes_nothing_more() {
    let once = trim(&module(r#"(@custom "gatehouse.callbacks" "proxy_on_request_headers")"#)).unwrap();
    let twice = trim(&once.wasm).unwrap();
    assert_eq!(once.wasm, twice.wasm);
}

#[test]
fn a_module_without_the_list_is_refused() {
    let error = trim(&module("")).unwrap_err();
    assert!(matches!(error, TrimError::NoList), "{error}");
}

#[test]
fn a_listed_callback_that_is_not_exported_is_refused_by_name() {
    let section = r#"(@custom "gatehouse.callbacks" "proxy_on_log,proxy_on_request_header")"#;
    let error = trim(&module(section)).unwrap_err();
    assert!(
        matches!(&error, TrimError::NotExported { listed, .. } if listed == "proxy_on_request_header"),
        "{error}"
    );
    assert!(error.to_string().contains("proxy_on_request_headers"), "{error}");
}

#[test]
fn a_module_that_is_no_filter_is_refused() {
    let wasm = wat::parse_str(r#"(module (memory (export "memory") 1) (@custom "gatehouse.callbacks" ""))"#);
    let error = trim(&wasm.unwrap()).unwrap_err();
    assert!(matches!(error, TrimError::NotAFilter("_initialize")), "{error}");
}

#[test]
fn bytes_that_are_no_module_are_refused() {
    let error = trim(b"not wasm").unwrap_err();
    assert!(matches!(error, TrimError::Unreadable(_)), "{error}");
}
