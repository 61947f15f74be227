//! Built modules that trap when they are told to: no filter does by itself, so that nobody could
//! see what comes after a trap otherwise.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use gatehouse_sandbox::raw::Request;
use gatehouse_sandbox::{Builder, Gateway, Packaging, workspace};
use walrus::{FunctionBuilder, Module, ModuleConfig, ValType};

/// A callback that can be made `unreachable`: what a panic compiles to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Callback {
    /// Who sends trailers after a body traps the VM, where the gateway keeps those
    /// ([`keep_trailers`](super::configuration::keep_trailers)).
    RequestTrailers,
}

impl Callback {
    fn name(self) -> &'static str {
        match self {
            Self::RequestTrailers => "proxy_on_request_trailers",
        }
    }

    fn parameters(self) -> &'static [ValType] {
        match self {
            // The context, and the number of trailers.
            Self::RequestTrailers => &[ValType::I32, ValType::I32],
        }
    }
}

/// Starts a gateway in which this filter is a copy of what was built, in either packaging, but for
/// one callback: in that it traps. All other modules are as they were built.
#[track_caller]
pub(crate) fn start(builder: Builder, filter: &str, callback: Callback) -> Gateway {
    // Envoy has read them when it has started, and loads a VM again from what it read.
    let modules = Modules::of(filter, callback);
    builder.modules(modules.folder().to_owned()).start().unwrap_or_else(|fault| panic!("{fault}"))
}

/// All modules as they were built, and one that traps, in a folder that goes with this.
pub(crate) struct Modules(PathBuf);

impl Modules {
    /// Those in which this filter traps.
    pub(crate) fn of(filter: &str, callback: Callback) -> Self {
        let traps = match Packaging::from_env().unwrap_or_else(|fault| panic!("{fault}")) {
            Packaging::Separate => format!("{filter}.wasm"),
            Packaging::Gateway => "gateway.wasm".to_owned(),
        };
        let modules = Self(folder());
        for module in built() {
            let name = module.file_name().expect("a file has a name");
            let copy = modules.0.join(name);
            if name == traps.as_str() {
                fs::write(copy, trapping(&module, callback)).expect("it can be written");
            } else {
                fs::copy(&module, copy).expect("it can be copied");
            }
        }
        modules
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.0
    }
}

impl Drop for Modules {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A request that traps a module by [`Callback::RequestTrailers`]: a body in chunks, and a trailer.
pub(crate) fn request(path: &str) -> Request {
    let chunks = "1\r\na\r\n0\r\nx-trailer: a\r\n\r\n";
    Request::new("POST", path).header("transfer-encoding", "chunked").body(chunks)
}

/// All modules that were built.
fn built() -> Vec<PathBuf> {
    let folder = fs::read_dir(workspace::filters()).expect("run `cargo xtask build`");
    let paths = folder.map(|entry| entry.expect("an entry").path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "wasm")).collect()
}

/// The module with that callback, whether it had one or not.
fn trapping(module: &Path, callback: Callback) -> Vec<u8> {
    let bytes = fs::read(module).expect("the module can be read");
    let mut config = ModuleConfig::new();
    config.generate_name_section(true).generate_producers_section(false);
    let mut module = config.parse(&bytes).expect("a module");
    let parameters = callback.parameters();
    let mut traps = FunctionBuilder::new(&mut module.types, parameters, &[ValType::I32]);
    traps.func_body().unreachable();
    let parameters = parameters.iter().map(|kind| module.locals.add(*kind)).collect();
    let traps = traps.finish(parameters, &mut module.funcs);
    replace(&mut module, callback.name(), traps);
    module.emit_wasm()
}

fn replace(module: &mut Module, name: &str, function: walrus::FunctionId) {
    let export = module.exports.iter_mut().find(|export| export.name == name);
    match export {
        Some(export) => export.item = function.into(),
        None => {
            let _ = module.exports.add(name, function);
        }
    }
}

/// A folder for the modules of one gateway.
fn folder() -> PathBuf {
    static STARTS: AtomicU32 = AtomicU32::new(0);
    let start = STARTS.fetch_add(1, Ordering::Relaxed);
    let name = format!("trapping-{}-{start}", std::process::id());
    let folder = workspace::target().join("sandbox").join(name);
    fs::create_dir_all(&folder).expect("a folder for the modules");
    folder
}
