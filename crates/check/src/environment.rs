//! What a filter's configuration may refer to, as far as a file tells.

use std::cell::RefCell;
use std::collections::BTreeSet;

use gatehouse_config_file::WasmFilter;
use gatehouse_filter::config::{Environment, Variable};

/// By these a module reads its environment.
const READING: [&str; 2] = ["environ_sizes_get", "environ_get"];

/// The environment that the VM of a filter will have. What `host_env_keys` take over from Envoy is
/// taken from whoever checks the file, who may not have it.
pub(super) struct Offline<'a> {
    wasm: &'a WasmFilter,
    unknown: RefCell<BTreeSet<String>>,
}

impl<'a> Offline<'a> {
    pub(super) fn of(wasm: &'a WasmFilter) -> Self {
        Self { wasm, unknown: RefCell::default() }
    }

    /// What keeps something from being checked: each variable that was looked for and is not here.
    pub(super) fn unchecked(self) -> Vec<String> {
        let told = |name: &String| {
            format!(
                "`{name}` is not set here, so what refers to it is not checked, nor what the \
                 filter needs: set it to do so"
            )
        };
        self.unknown.into_inner().iter().map(told).collect()
    }
}

impl Environment for Offline<'_> {
    fn variable(&self, name: &str) -> Variable {
        let allowed = self.wasm.allowed.as_ref();
        let is_refused = |call: &&str| allowed.is_some_and(|allowed| !allowed.contains(*call));
        if let Some(call) = READING.into_iter().find(is_refused) {
            return Variable::Refused(call);
        }
        if let Some(value) = self.wasm.environment.key_values.get(name) {
            return Variable::Holds(value.as_bytes().to_vec());
        }
        if !self.wasm.environment.host_env_keys.contains(name) {
            return Variable::Absent;
        }
        match std::env::var_os(name) {
            Some(value) => Variable::Holds(value.into_encoded_bytes()),
            None => {
                self.unknown.borrow_mut().insert(name.to_owned());
                Variable::Unknown
            }
        }
    }
}
