//! What makes a filter crate a module.

use gatehouse_chain::{Chain, Placed, link};
use gatehouse_filter::Filter;
use gatehouse_filter::config::{self, Environment};
use serde_json::Value;

/// Makes a filter crate a module that Envoy loads.
///
/// The phases that the filter takes part in are written to a custom section of the module,
/// `gatehouse.phases`: `cargo xtask build` exports the callbacks that they need and no others, so
/// that Envoy does not enter the VM for nothing.
#[macro_export]
macro_rules! load {
    ($filter:ty) => {
        $crate::module!($crate::filter::Phases::of::<$filter>(), $crate::configure::<$filter>);
    };
}

/// A module of these phases, which configures its filters in this way.
#[macro_export]
macro_rules! module {
    ($phases:expr, $configure:expr $(,)?) => {
        const _: () = {
            #[used]
            #[unsafe(link_section = "gatehouse.phases")]
            static SECTION: [u8; $crate::filter::Phases::COUNT] = $phases.flags();
        };

        #[allow(missing_docs, reason = "the SDK's macro makes `_initialize` public without a word")]
        mod module {
            use super::*;
            $crate::proxy_wasm::main! {{
                $crate::start($configure);
            }}
        }
    };
}

/// Configures a module of one filter.
///
/// # Errors
/// The faults of the configuration, each as a line for operators.
pub fn configure<F: Filter>(
    value: &Value,
    environment: &dyn Environment,
) -> Result<Chain, Vec<String>> {
    match config::read_value_in(value, environment, link::<F>) {
        Ok(link) => Ok(Chain::new(vec![Placed { link, prefix: format!("{}: ", F::NAME) }])),
        Err(faults) => Err(faults.iter().map(|fault| format!("{}: {fault}", F::NAME)).collect()),
    }
}
