use crate::calls::{self, HeaderMap};
use crate::envoy::Envoy;
use crate::local_reply::LocalReply;
use crate::{configuration, note};
use gatehouse_filter::{
    Decision, DecisionCode, EditKind, Filter, Headers, Identity, Reply, Request, Response, Step, config,
};
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType, LogLevel};
use std::rc::Rc;

/// Registers a filter with the SDK: what `_initialize` does.
pub fn start<F: Filter>() {
    // The SDK logs nothing below `error` until told; the host's own level is asked for with the configuration.
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|_| Box::new(Root::<F> { loaded: None }));
}

/// One configuration of a filter on one worker.
struct Root<F: Filter> {
    loaded: Option<Rc<Loaded<F>>>,
}

/// A configured filter, with the names under which its decisions are known.
struct Loaded<F: Filter> {
    filter: F,
    /// `gatehouse.jwt_auth`.
    state: String,
    /// By the index of the code.
    codes: Vec<Code>,
}

struct Code {
    /// `jwt_auth.token_missing`.
    full: String,
    /// Metric id; `None` where the host defined none.
    counter: Option<u32>,
}

impl<F: Filter> Context for Root<F> {}

impl<F: Filter> RootContext for Root<F> {
    /// Runs on the main thread and on each worker. Must come to the same result on all of them: Envoy
    /// refuses a configuration as a whole only by the first.
    fn on_configure(&mut self, size: usize) -> bool {
        proxy_wasm::set_log_level(level(calls::log_level()));
        let faults = match Loaded::<F>::read(size) {
            Ok(loaded) => {
                loaded.filter.prepare(&Envoy);
                self.loaded = Some(Rc::new(loaded));
                return true;
            }
            Err(faults) => faults,
        };
        for fault in faults {
            log::error!("{}: {fault}", F::NAME);
        }
        false
    }

    fn create_http_context(&self, _context_id: u32) -> Option<Box<dyn HttpContext>> {
        match &self.loaded {
            Some(loaded) => {
                Some(Box::new(Exchange { loaded: Rc::clone(loaded), stream: F::Stream::default() }))
            }
            // Envoy sends no request to a refused configuration. If it did, the SDK would panic on `None`.
            None => Some(Box::new(Unconfigured)),
        }
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

impl<F: Filter> Loaded<F> {
    fn read(size: usize) -> Result<Self, Vec<String>> {
        let texts =
            |faults: Vec<config::ConfigError>| faults.iter().map(ToString::to_string).collect::<Vec<_>>();
        let bytes = calls::plugin_configuration(size)
            .map_err(|failed| vec![format!("the host gave no configuration, status {}", failed.0)])?;
        let value = configuration::decode(&bytes)
            .map_err(|unreadable| vec![format!("configuration {unreadable}")])?;
        let filter = config::read_value(&value, F::configure).map_err(texts)?;
        let name = F::NAME.replace('-', "_");
        let mode = filter.mode().name();
        let define = |code: &F::Code| {
            // The labels are taken out of the name by `stats_config.stats_tags`: the ABI has none.
            let code = code.name();
            let metric = format!("gatehouse_decisions_total.filter={name};.code={code};.mode={mode};");
            Code { full: format!("{name}.{code}"), counter: calls::define_counter(&metric).ok() }
        };
        let codes = F::Code::ALL.iter().map(define).collect();
        Ok(Self { filter, state: format!("gatehouse.{name}"), codes })
    }

    /// Makes the decision known, then does what it says.
    fn carry_out(&self, decision: &Decision<F::Code>, request: &Request<'_>) -> Action {
        let Some(code) = self.codes.get(decision.code.index()) else {
            return Action::Continue;
        };
        if let Some(counter) = code.counter {
            let _ = calls::increment(counter);
        }
        let note = note::note(&code.full, decision, self.filter.mode());
        let _ = calls::set_property(self.state.as_bytes(), &note);
        if let Some(identity) = &decision.identity {
            let _ = calls::set_property(Identity::STATE.as_bytes(), &identity.to_bytes());
        }
        match &decision.step {
            Step::Continue => apply(HeaderMap::Request, &request.headers),
            Step::Reply(reply) => {
                log::debug!("refused: {}", String::from_utf8_lossy(&note));
                answer(reply, &code.full, request.is_grpc())
            }
        }
    }
}

/// One request and its response.
struct Exchange<F: Filter> {
    loaded: Rc<Loaded<F>>,
    stream: F::Stream,
}

impl<F: Filter> Context for Exchange<F> {}

impl<F: Filter> HttpContext for Exchange<F> {
    fn on_http_request_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        let headers = Headers::lazy(|| calls::header_map(HeaderMap::Request));
        let mut request = Request::new(headers, &Envoy);
        let decision = self.loaded.filter.on_request(&mut request, &mut self.stream);
        self.loaded.carry_out(&decision, &request)
    }

    fn on_http_response_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        let headers = Headers::lazy(|| calls::header_map(HeaderMap::Response));
        let mut response = Response::new(headers, &Envoy);
        self.loaded.filter.on_response(&mut response, &mut self.stream);
        apply(HeaderMap::Response, &response.headers)
    }
}

/// What a request meets whose filter has no configuration.
struct Unconfigured;

impl Context for Unconfigured {}

impl HttpContext for Unconfigured {
    fn on_http_request_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        answer(&Reply::new(503, "the gateway is not configured"), "gatehouse.unconfigured", false)
    }
}

/// Carries out the edits that a filter recorded. An edit that the host refuses would leave a field that the
/// filter removed or replaced, which may be a forged identity: the request ends there.
fn apply(map: HeaderMap, headers: &Headers) -> Action {
    for edit in headers.edits() {
        let name = edit.name.as_str();
        let applied = match &edit.kind {
            EditKind::Append(value) => calls::add_header(map, name, value.as_bytes()),
            EditKind::Remove => calls::remove_header(map, name),
            // Replacing changes the first of several values only.
            EditKind::Set(value) => match headers.count_if_read(name) {
                Some(0 | 1) => calls::replace_header(map, name, value.as_bytes()),
                _ => calls::remove_header(map, name)
                    .and_then(|()| calls::add_header(map, name, value.as_bytes())),
            },
        };
        if let Err(failed) = applied {
            log::error!("the host refused to change the field {name}, status {}", failed.0);
            if matches!(map, HeaderMap::Request) {
                return answer(
                    &Reply::new(500, "the gateway could not change the request"),
                    "gatehouse.edit_failed",
                    false,
                );
            }
        }
    }
    Action::Continue
}

fn answer(reply: &Reply, code: &str, grpc: bool) -> Action {
    let local = LocalReply::new(reply, code, grpc);
    if let Err(failed) =
        calls::send_local_response(reply.status, code, &local.body, &local.headers, reply.grpc as i32)
    {
        log::error!("the host refused to answer {code}, status {}", failed.0);
    }
    Action::Pause
}

/// The SDK's level for the host's number; the SDK reads numbers it does not know into its enum unchecked.
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
