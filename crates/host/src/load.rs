/// Makes a filter crate a module that Envoy loads.
///
/// The callbacks named are those that the filter implements. They are written to a custom section of the
/// module, `gatehouse.callbacks`; `cargo xtask build` removes every other callback from the exports, so
/// that Envoy does not enter the VM for nothing.
#[macro_export]
macro_rules! load {
    ($filter:ty: $first:ident $(, $callback:ident)* $(,)?) => {
        const _: () = {
            const CALLBACKS: &str =
                concat!($crate::callback!($first) $(, ",", $crate::callback!($callback))*);
            #[used]
            #[unsafe(link_section = "gatehouse.callbacks")]
            static SECTION: [u8; CALLBACKS.len()] = $crate::bytes_of(CALLBACKS);
        };

        #[allow(missing_docs, reason = "the SDK's macro makes `_initialize` public without a word")]
        mod module {
            use super::*;
            $crate::proxy_wasm::main! {{
                $crate::start::<$filter>();
            }}
        }
    };
}

/// The exported function, or functions, behind a method of [`Filter`](gatehouse_filter::Filter).
#[doc(hidden)]
#[macro_export]
macro_rules! callback {
    (on_request) => {
        "proxy_on_request_headers"
    };
    (on_request_body) => {
        "proxy_on_request_body,proxy_on_request_trailers"
    };
    (on_response_body) => {
        "proxy_on_response_body,proxy_on_response_trailers"
    };
    (on_response) => {
        "proxy_on_response_headers"
    };
    (on_tick) => {
        "proxy_on_tick"
    };
    (on_answer) => {
        "proxy_on_http_call_response"
    };
    (on_grpc_answer) => {
        "proxy_on_grpc_receive,proxy_on_grpc_close"
    };
}

/// The bytes of a text, as an array: what a link section holds.
#[doc(hidden)]
pub const fn bytes_of<const LENGTH: usize>(text: &str) -> [u8; LENGTH] {
    match text.as_bytes().first_chunk::<LENGTH>() {
        Some(bytes) => *bytes,
        None => [0; LENGTH],
    }
}
