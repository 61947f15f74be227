//! The host's callbacks (proxy-wasm ABI 0.2.1), under names of their own: the SDK has functions of
//! the host's names already. `cargo xtask build` exports these under the host's names instead of
//! the SDK's.
#![allow(unsafe_code, reason = "exported functions have no mangled names")]

use crate::calls::{self, HeaderMap};
use crate::configuration;
use crate::environment::OfVm;
use crate::envoy::Envoy;
use gatehouse_chain::{Configure, EVERY, Vm, lacking};
use gatehouse_filter::{Answer, CallId, GrpcAnswer, Headers};
use proxy_wasm::traits::{Context, RootContext};
use proxy_wasm::types::LogLevel;
use std::cell::RefCell;

thread_local! {
    static VM: RefCell<Option<Vm>> = const { RefCell::new(None) };
}

/// Makes the VM: what `_initialize` does.
pub fn start(configure: Configure) {
    // The SDK logs nothing below `error` until told; the host's own level is asked for with the
    // configuration.
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|_| Box::new(Unfinished));
    VM.with(|vm| *vm.borrow_mut() = Some(Vm::new(configure)));
}

/// What a configuration meets in a module whose exports are still the SDK's.
struct Unfinished;

impl Context for Unfinished {}

impl RootContext for Unfinished {
    fn on_configure(&mut self, _size: usize) -> bool {
        log::error!("this module is not finished: it must be built with `cargo xtask build`");
        false
    }
}

/// Does something with the VM. The host enters one callback at a time; within one it calls nothing
/// but the allocator.
fn vm<T>(otherwise: T, act: impl FnOnce(&mut Vm) -> T) -> T {
    VM.with(|vm| match vm.try_borrow_mut().as_deref_mut() {
        Ok(Some(vm)) => act(vm),
        Ok(None) | Err(_) => otherwise,
    })
}

#[unsafe(no_mangle)]
extern "C" fn gatehouse_on_context_create(context: u32, parent: u32) {
    vm((), |vm| vm.created(context, parent));
}

#[unsafe(no_mangle)]
extern "C" fn gatehouse_on_delete(context: u32) {
    vm((), |vm| vm.deleted(context, &Envoy));
}

/// Runs on the main thread and on each worker.
#[unsafe(no_mangle)]
extern "C" fn gatehouse_on_configure(context: u32, size: usize) -> u32 {
    proxy_wasm::set_log_level(level(calls::log_level()));
    let configured = readable().and_then(|()| configured(context, size));
    match configured {
        Ok(()) => 1,
        Err(faults) => {
            faults.iter().for_each(|fault| log::error!("{fault}"));
            0
        }
    }
}

/// Whether a configuration can be read at all: without the bytes there is none, and without random
/// numbers no table can be made of it. Then nothing else can be known of what is lacking either.
fn readable() -> Result<(), Vec<String>> {
    let is_refused = |name: &&str| calls::is_refused(name);
    if ["proxy_get_buffer_bytes", "random_get"].iter().any(is_refused) {
        return Err(lacking(EVERY, &Envoy));
    }
    Ok(())
}

fn configured(context: u32, size: usize) -> Result<(), Vec<String>> {
    calls::plugin_configuration(size)
        .map_err(|failed| vec![format!("the host gave no configuration, status {}", failed.0)])
        .and_then(|bytes| {
            configuration::decode(&bytes).map_err(|fault| vec![format!("configuration {fault}")])
        })
        .and_then(|value| vm(Ok(()), |vm| vm.configured(context, &value, &OfVm::default(), &Envoy)))
}

#[unsafe(no_mangle)]
extern "C" fn gatehouse_on_tick(context: u32) {
    vm((), |vm| vm.ticked(context, &Envoy));
}

#[unsafe(no_mangle)]
extern "C" fn gatehouse_on_request_headers(context: u32, _fields: u32, end_of_stream: u32) -> u32 {
    // What cannot be asked about goes nowhere.
    vm(HOLD_ALL, |vm| vm.request_head(context, end_of_stream != 0, &Envoy) as u32)
}

#[unsafe(no_mangle)]
extern "C" fn gatehouse_on_request_body(context: u32, size: usize, end_of_stream: u32) -> u32 {
    vm(DROP, |vm| vm.request_body(context, size, end_of_stream != 0, &Envoy) as u32)
}

#[unsafe(no_mangle)]
extern "C" fn gatehouse_on_request_trailers(context: u32, _fields: u32) -> u32 {
    vm(HOLD, |vm| vm.request_trailers(context, &Envoy) as u32)
}

#[unsafe(no_mangle)]
extern "C" fn gatehouse_on_response_headers(context: u32, _fields: u32, end_of_stream: u32) -> u32 {
    vm(CONTINUE, |vm| vm.response_head(context, end_of_stream != 0, &Envoy) as u32)
}

#[unsafe(no_mangle)]
extern "C" fn gatehouse_on_response_body(context: u32, size: usize, end_of_stream: u32) -> u32 {
    vm(CONTINUE, |vm| vm.response_body(context, size, end_of_stream != 0, &Envoy) as u32)
}

#[unsafe(no_mangle)]
extern "C" fn gatehouse_on_response_trailers(context: u32, _fields: u32) -> u32 {
    vm(CONTINUE, |vm| vm.response_trailers(context, &Envoy) as u32)
}

#[unsafe(no_mangle)]
extern "C" fn gatehouse_on_log(context: u32) {
    vm((), |vm| vm.logged(context, &Envoy));
}

#[unsafe(no_mangle)]
extern "C" fn gatehouse_on_queue_ready(context: u32, _queue: u32) {
    vm((), |vm| vm.queue_ready(context, &Envoy));
}

#[unsafe(no_mangle)]
extern "C" fn gatehouse_on_http_call_response(
    context: u32,
    token: u32,
    fields: u32,
    body: usize,
    _trailers: u32,
) {
    let read = |max_bytes: usize| {
        // A connection that broke off has no head, and asking for one would be an error.
        let headers = match fields {
            0 => Headers::default(),
            _ => calls::header_map(HeaderMap::Answer).map(Headers::from_pairs).unwrap_or_default(),
        };
        let wanted = body.min(max_bytes);
        let bytes = if wanted == 0 { Ok(Vec::new()) } else { calls::answer_body(wanted) };
        match bytes {
            Ok(bytes) => Answer { headers, body: bytes, truncated: body > wanted, refused: None },
            // As if it had broken off.
            Err(_) => Answer::default(),
        }
    };
    vm((), |vm| vm.call_answered(context, CallId(token), read, &Envoy));
}

/// The message that answers a call.
#[unsafe(no_mangle)]
extern "C" fn gatehouse_on_grpc_receive(context: u32, token: u32, size: usize) {
    let read = |max_bytes: usize| {
        let wanted = size.min(max_bytes);
        let message = if wanted == 0 { Ok(Vec::new()) } else { calls::grpc_message(wanted) };
        match message {
            Ok(message) => GrpcAnswer { status: 0, message, truncated: size > wanted },
            Err(_) => GrpcAnswer { status: GRPC_UNKNOWN, ..GrpcAnswer::default() },
        }
    };
    vm((), |vm| vm.grpc_answered(context, CallId(token), read, &Envoy));
}

/// A call has ended: without a message where none came before. The status's own text stays unread:
/// it is the peer's.
#[unsafe(no_mangle)]
extern "C" fn gatehouse_on_grpc_close(context: u32, token: u32, status: u32) {
    let read = |_| GrpcAnswer { status, ..GrpcAnswer::default() };
    vm((), |vm| vm.grpc_answered(context, CallId(token), read, &Envoy));
}

const CONTINUE: u32 = 0;
const HOLD: u32 = gatehouse_chain::TrailersFlow::Hold as u32;
const HOLD_ALL: u32 = gatehouse_chain::HeadFlow::HoldAll as u32;
const DROP: u32 = gatehouse_chain::BodyFlow::Drop as u32;
const GRPC_UNKNOWN: u32 = 2;

/// The SDK's level for the host's number; the SDK reads numbers it does not know into its enum
/// unchecked.
fn level(number: Option<u32>) -> LogLevel {
    match number {
        Some(0) => LogLevel::Trace,
        Some(1) => LogLevel::Debug,
        None | Some(2) => LogLevel::Info,
        Some(3) => LogLevel::Warn,
        Some(4) => LogLevel::Error,
        Some(_) => LogLevel::Critical,
    }
}
