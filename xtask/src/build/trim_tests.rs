//! Trimming, on small modules written as text.

use super::*;

/// A module as the linker leaves it: the SDK's callbacks, the shell's, and `section`. One of the
/// shell's alone reaches `$big`.
fn module(section: &str) -> Vec<u8> {
    let text = format!(
        r#"(module $demo
             (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
             (memory (export "memory") 1)
             (func (export "_initialize"))
             (func (export "proxy_abi_version_0_2_1"))
             (func (export "proxy_on_memory_allocate") (param i32) (result i32) i32.const 0)
             (func $sdk_create (export "proxy_on_context_create") (param i32 i32))
             (func $sdk_configure (export "proxy_on_configure") (param i32 i32) (result i32) i32.const 0)
             (func $sdk_head (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) i32.const 1)
             (func (export "proxy_on_vm_start") (param i32 i32) (result i32) i32.const 1)
             (func $create (export "gatehouse_on_context_create") (param i32 i32))
             (func $configure (export "gatehouse_on_configure") (param i32 i32) (result i32) i32.const 1)
             (func $delete (export "gatehouse_on_delete") (param i32))
             (func $head (export "gatehouse_on_request_headers") (param i32 i32 i32) (result i32) i32.const 4)
             (func $big (param i32) (result i32) i32.const 1 i32.const 2 i32.const 3 call $log)
             (func $logged (export "gatehouse_on_log") (param i32) i32.const 1 call $big drop)
             {section})"#
    );
    wat::parse_str(text).unwrap()
}

fn section(phases: Phases) -> String {
    format!("(@custom \"{SECTION}\" \"{}\")", String::from_utf8_lossy(&phases.flags()))
}

/// The exported functions: the name outside, and the name inside.
fn exports(wasm: &[u8]) -> Vec<(String, String)> {
    let module = Module::from_buffer(wasm).unwrap();
    let mut names: Vec<(String, String)> = module
        .exports
        .iter()
        .filter_map(|export| match export.item {
            walrus::ExportItem::Function(function) => Some((
                export.name.clone(),
                module.funcs.get(function).name.clone().unwrap_or_default(),
            )),
            _ => None,
        })
        .collect();
    names.sort();
    names
}

const LOGS: Phases = Phases {
    request_body: false,
    request_trailers: false,
    response: false,
    response_body: false,
    answers: false,
    fetching: false,
    grpc_answers: false,
    log: true,
    waking: false,
    ending: false,
};

#[test]
fn the_shells_callbacks_are_exported_under_the_hosts_names_and_the_sdks_are_not() {
    let trimmed = trim(&module(&section(LOGS))).unwrap();
    let named = |name: &str, inside: &str| (name.to_owned(), inside.to_owned());
    assert_eq!(
        exports(&trimmed.wasm),
        [
            named("_initialize", ""),
            named("proxy_abi_version_0_2_1", ""),
            named("proxy_on_configure", "configure"),
            named("proxy_on_context_create", "create"),
            named("proxy_on_delete", "delete"),
            named("proxy_on_log", "logged"),
            named("proxy_on_memory_allocate", ""),
            named("proxy_on_request_headers", "head"),
        ]
    );
    assert_eq!(
        trimmed.callbacks,
        [
            "proxy_on_configure",
            "proxy_on_context_create",
            "proxy_on_delete",
            "proxy_on_log",
            "proxy_on_request_headers"
        ]
    );
}

#[test]
fn what_no_phase_needs_is_gone_with_all_that_it_alone_reached() {
    let with_log = trim(&module(&section(LOGS))).unwrap();
    let without = trim(&module(&section(Phases::default()))).unwrap();
    assert!(exports(&without.wasm).iter().all(|(name, _)| name != "proxy_on_log"));
    assert_eq!(Module::from_buffer(&with_log.wasm).unwrap().imports.iter().count(), 1);
    assert_eq!(Module::from_buffer(&without.wasm).unwrap().imports.iter().count(), 0);
    assert!(without.wasm.len() < with_log.wasm.len());
}

#[test]
fn a_module_that_does_not_say_what_it_takes_part_in_is_refused() {
    let error = trim(&module("")).unwrap_err();
    assert!(matches!(error, TrimError::NoSection), "{error}");
    for flags in ["", "000000", "00000002", "0000002"] {
        let error = trim(&module(&format!("(@custom \"{SECTION}\" \"{flags}\")"))).unwrap_err();
        assert!(matches!(error, TrimError::Unknown), "{flags}: {error}");
    }
}

#[test]
fn a_module_that_lacks_a_callback_that_it_needs_is_refused_by_its_name() {
    let phases = Phases { fetching: true, ..Phases::default() };
    let error = trim(&module(&section(phases))).unwrap_err();
    assert!(error.to_string().contains("`gatehouse_on_http_call_response`"), "{error}");
    // Finished once, it has no callbacks under the shell's names any more.
    let once = trim(&module(&section(LOGS))).unwrap();
    let error = trim(&once.wasm).unwrap_err();
    assert!(error.to_string().contains("`gatehouse_on_configure`"), "{error}");
}

#[test]
fn a_module_that_is_no_filter_is_refused() {
    let text = format!("(module (memory (export \"memory\") 1) {})", section(LOGS));
    let error = trim(&wat::parse_str(text).unwrap()).unwrap_err();
    assert!(matches!(&error, TrimError::NotAFilter(name) if name == "_initialize"), "{error}");
}

#[test]
fn bytes_that_are_no_module_are_refused() {
    let error = trim(b"not wasm").unwrap_err();
    assert!(matches!(error, TrimError::Unreadable(_)), "{error}");
}
