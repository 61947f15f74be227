//! Proof that a trap fails a test.

use std::path::PathBuf;

use gatehouse_sandbox::{Gateway, workspace};

use crate::harness::trapping::{self, Callback};
use crate::harness::{configuration, trap, until};

/// The host's side of a module is there, and every request ends in `unreachable`: what a panic
/// compiles to.
const TRAPS: &str = r#"(module
  (memory (export "memory") 2)
  (func (export "_initialize"))
  (func (export "proxy_abi_version_0_2_1"))
  (func (export "proxy_on_memory_allocate") (param i32) (result i32) i32.const 65536)
  (func (export "proxy_on_context_create") (param i32 i32))
  (func (export "proxy_on_configure") (param i32 i32) (result i32) i32.const 1)
  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) unreachable))"#;

#[test]
fn a_filter_that_traps_is_noticed() {
    let gateway = gateway_with("traps", TRAPS);
    trap::assert_none(&gateway);
    assert_eq!(gateway.get("/", &[]).status, 503);
    let signs = trap::signs(&gateway);
    assert!(signs.iter().any(|sign| sign.contains("proxy_on_request_headers")), "{signs:?}");
    // With the next request Envoy wants the VM back, at once or after a pause: either is counted.
    assert_eq!(gateway.get("/", &[]).status, 503);
    let signs = trap::signs(&gateway);
    assert!(signs.iter().any(|sign| sign.contains("vm_reload")), "{signs:?}");
}

#[test]
#[should_panic(expected = "a filter has trapped")]
fn a_case_that_traps_a_filter_fails() {
    let gateway = gateway_with("fails", TRAPS);
    let _ = gateway.get("/", &[]);
    trap::assert_none(&gateway);
}

#[test]
#[should_panic(expected = "header-transform.wasm is not built: run `cargo xtask build`")]
fn a_module_that_is_not_built_is_named() {
    let elsewhere = |tree: &mut serde_json::Value| {
        let path = workspace::filters().join("nowhere/header-transform.wasm");
        *configuration::module(tree, "header-transform") = path.display().to_string().into();
    };
    let start = Gateway::builder("envoy/header-transform.yaml").edit(elsewhere).start();
    panic!("{}", start.map(|_| "it starts").map_or_else(|fault| fault.to_string(), str::to_owned));
}

/// What a filter that was built does after a trap: all that it did before.
#[test]
fn a_built_module_traps_where_it_is_told_to_and_is_loaded_again() {
    let builder =
        Gateway::builder("envoy/header-transform.yaml").edit(configuration::keep_trailers);
    let gateway = trapping::start(builder, "header-transform", Callback::RequestTrailers);
    let served = gateway.get("/", &[]);
    assert_eq!(served.status, 200);
    trap::assert_none(&gateway);
    assert_ne!(gateway.request(trapping::request("/")).status, 200);
    let signs = trap::signs(&gateway);
    assert!(signs.iter().any(|sign| sign.contains("proxy_on_request_trailers")), "{signs:?}");
    until("a VM is loaded again", || gateway.get("/", &[]).status == 200);
}

/// The gateway of `header-transform`, with this module in its place.
#[track_caller]
fn gateway_with(name: &str, text: &str) -> Gateway {
    let path = module(name, text);
    let used = path.clone();
    let replace = move |tree: &mut serde_json::Value| {
        *configuration::module(tree, "header-transform") = path.display().to_string().into();
    };
    let builder = Gateway::builder("envoy/header-transform.yaml").edit(replace);
    let gateway = builder.start().unwrap_or_else(|fault| panic!("{fault}"));
    // Envoy has read it, and loads a VM again from what it read.
    std::fs::remove_file(used).expect("the module can be removed");
    gateway
}

fn module(name: &str, text: &str) -> PathBuf {
    let folder = workspace::target().join("sandbox");
    std::fs::create_dir_all(&folder).expect("a folder for the module");
    let path = folder.join(format!("{name}-{}.wasm", std::process::id()));
    std::fs::write(&path, wat::parse_str(text).expect("a module"))
        .expect("the module can be written");
    path
}

/// What the linker leaves exports the SDK's callbacks, which know no filter: a gateway of it would
/// guard nothing.
#[test]
fn a_module_that_was_not_finished_stops_the_start_and_says_why() {
    let linked = workspace::target().join("wasm32-wasip1/release/gatehouse_header_transform.wasm");
    assert!(linked.is_file(), "{} is not built: run `cargo xtask build`", linked.display());
    let unfinished = move |tree: &mut serde_json::Value| {
        *configuration::module(tree, "header-transform") = linked.display().to_string().into();
    };
    match Gateway::builder("envoy/header-transform.yaml").edit(unfinished).start() {
        Ok(_) => panic!("it starts"),
        Err(fault) => {
            assert!(fault.to_string().contains("built with `cargo xtask build`"), "{fault}")
        }
    }
}
