use crate::calls::{self, HeaderMap};
use crate::exchange::{Exchange, Unconfigured, Waiting};
use crate::loaded::Loaded;
use gatehouse_filter::{Answer, CallId, Filter, GrpcAnswer, Headers};
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{ContextType, LogLevel};
use std::rc::Rc;
use std::time::Duration;

/// Registers a filter with the SDK: what `_initialize` does.
pub fn start<F: Filter>() {
    // The SDK logs nothing below `error` until told; the host's own level is asked for with the configuration.
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|context_id| Box::new(Root::<F> { context_id, loaded: None }));
}

/// One configuration of a filter on one worker.
struct Root<F: Filter> {
    context_id: u32,
    loaded: Option<Rc<Loaded<F>>>,
}

impl<F: Filter> Context for Root<F> {
    fn on_http_call_response(&mut self, token: u32, fields: usize, body: usize, _trailers: usize) {
        let Some(loaded) = &self.loaded else { return };
        // A connection that broke off has no head, and asking for one would be an error.
        let headers = if fields == 0 { Vec::new() } else { calls::header_map(HeaderMap::Answer) };
        let read = body.min(F::MAX_ANSWER_BYTES);
        let answer = Answer {
            headers: Headers::from_pairs(headers),
            body: if read == 0 { Vec::new() } else { calls::answer_body(read) },
            truncated: body > read,
        };
        loaded.filter.on_answer(CallId(token), &answer, &loaded.background());
        self.ask_again(loaded);
    }

    /// Both a message and a failure come here. The status's own text stays unread: it is the peer's.
    fn on_grpc_call_response(&mut self, token: u32, status: u32, size: usize) {
        let Some(loaded) = &self.loaded else { return };
        let read = size.min(F::MAX_ANSWER_BYTES);
        let answer = GrpcAnswer {
            status,
            message: if read == 0 { Vec::new() } else { calls::grpc_message(read) },
            truncated: size > read,
        };
        loaded.filter.on_grpc_answer(CallId(token), &answer, &loaded.background());
        self.ask_again(loaded);
    }
}

impl<F: Filter> RootContext for Root<F> {
    /// Runs on the main thread and on each worker. Must come to the same result on all of them: Envoy
    /// refuses a configuration as a whole only by the first.
    fn on_configure(&mut self, size: usize) -> bool {
        proxy_wasm::set_log_level(level(calls::log_level()));
        let started = Loaded::<F>::read(self.context_id, size).and_then(|loaded| {
            let host = loaded.background();
            let faults = loaded.filter.compile(&host);
            faults.map_err(|faults| faults.iter().map(ToString::to_string).collect::<Vec<_>>())?;
            loaded.filter.prepare(&host);
            start_timer(loaded.filter.tick_period())?;
            Ok(loaded)
        });
        match started {
            Ok(loaded) => {
                self.loaded = Some(Rc::new(loaded));
                true
            }
            Err(faults) => {
                faults.iter().for_each(|fault| log::error!("{}: {fault}", F::NAME));
                false
            }
        }
    }

    fn on_tick(&mut self) {
        let Some(loaded) = &self.loaded else { return };
        loaded.filter.on_tick(&loaded.background());
        self.ask_again(loaded);
    }

    fn create_http_context(&self, context_id: u32) -> Option<Box<dyn HttpContext>> {
        match &self.loaded {
            Some(loaded) => Some(Box::new(Exchange::new(context_id, Rc::clone(loaded)))),
            // Envoy sends no request to a refused configuration. If it did, the SDK would panic on `None`.
            None => Some(Box::new(Unconfigured)),
        }
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

impl<F: Filter> Root<F> {
    /// Asks the filter about every request that it held: what it waited for may have come.
    fn ask_again(&self, loaded: &Rc<Loaded<F>>) {
        let waiting = loaded.waiting.take();
        if waiting.is_empty() {
            return;
        }
        let still: Vec<Waiting<F>> =
            waiting.into_iter().filter(|waiting| waiting.ask_again(loaded)).collect();
        loaded.waiting.borrow_mut().extend(still);
        let _ = calls::set_effective_context(self.context_id);
    }
}

/// A filter that waits for its timer in vain would hold requests for ever: better not to start.
fn start_timer(period: Option<Duration>) -> Result<(), Vec<String>> {
    let Some(period) = period else { return Ok(()) };
    let milliseconds = u32::try_from(period.as_millis()).unwrap_or(u32::MAX);
    calls::set_tick_period(milliseconds).map_err(|failed| {
        let capabilities = "proxy_set_tick_period_milliseconds and proxy_on_tick";
        vec![format!(
            "the host refused a timer, status {}: this configuration needs {capabilities}",
            failed.0
        )]
    })
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
