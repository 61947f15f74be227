//! `telemetry`: counts requests, bytes, time and costs by route, method, status and caller.
//!
//! It decides nothing. Each label has a bound on its values, which all workers share; what is beyond
//! counts as `_OTHER`. A request is counted when it is no more, whatever its end, by counters of the
//! proxy: they outlive VMs and configurations.

mod codes;
mod config;
mod label;
mod method;
mod samples;
mod series;
mod values;

pub use codes::{Code, Event};
use config::Config;
use gatehouse_filter::config::{ConfigError, Node};
use gatehouse_filter::{
    CountedRule, Decision, Ended, Event as _, Filter, Host, Mode, Need, Never, NoCodes, OnEnd,
    Request, RequestLine, Timestamp,
};
use method::Method;
use series::Key;

/// The filter, configured.
pub struct Telemetry {
    config: Config,
}

/// What is remembered of a request.
#[derive(Default)]
pub struct State {
    began: Timestamp,
    method: Option<Method>,
    asked: Option<Box<RequestLine>>,
}

impl Filter for Telemetry {
    const NAME: &'static str = "telemetry";
    const TELLS: bool = false;

    type Code = Code;
    type Event = Event;
    type RuleEvent = NoCodes;
    type State = State;
    type RequestBody = Never;
    type RequestTrailers = Never;
    type Response = Never;
    type ResponseBody = Never;
    type Answers = Never;
    type Fetching = Never;
    type GrpcAnswers = Never;
    type Logging = Never;
    type Waking = Never;
    type Ending = Self;

    fn configure(node: Node<'_>) -> Option<Self> {
        Some(Self { config: Config::read(&node)? })
    }

    fn mode(&self) -> Mode {
        Mode::Enforce
    }

    fn start(&self, host: &dyn Host) -> Result<(), Vec<ConfigError>> {
        for values in self.config.series.bounded() {
            // Where the store fails, values count as `_OTHER`, and that is counted.
            let _ = values.prepare(host);
        }
        Ok(())
    }

    fn counted_rules(&self) -> Vec<CountedRule> {
        Vec::new()
    }

    fn asks_for_route(&self) -> bool {
        // Only at the end, of the route that the request went by.
        false
    }

    fn needs(&self) -> Vec<Need> {
        let series = &self.config.series;
        let is_bounded = series.bounded().next().is_some();
        let needs = [
            (is_bounded, Need::Store),
            (is_bounded, Need::Gauges),
            (series.takes_time, Need::Gauges),
            (self.takes_time(), Need::Clock),
        ];
        needs.into_iter().filter(|(is_needed, _)| *is_needed).map(|(_, need)| need).collect()
    }

    fn on_request(&self, request: &mut Request<'_>, state: &mut State) -> Decision<Code> {
        if self.takes_time() {
            state.began = request.host().now();
        }
        if self.config.samples.is_some() {
            state.asked = Some(Box::new(RequestLine::of(request)));
        }
        if self.config.series.tells_method {
            state.method = Some(Method::of(&request.method_alone()));
        }
        Decision::pass(Code::Seen, None)
    }
}

impl OnEnd for Telemetry {
    fn on_end(&self, ended: &Ended<'_>, state: &mut State) {
        let Config { series, samples } = &self.config;
        let needs_status = series.tells_status || samples.is_some();
        let status = needs_status.then(|| ended.status()).flatten();
        let took = self.takes_time().then(|| since(state.began, ended.host().now()));
        if series.count(Key::of(state.method, status), took.unwrap_or_default(), ended).is_err() {
            Event::StoreFailed.count(ended.host());
        }
        if let (Some(samples), Some(took), Some(asked)) = (samples, took, &state.asked) {
            samples.take(asked, status, took, ended);
        }
    }
}

impl Telemetry {
    fn takes_time(&self) -> bool {
        self.config.series.takes_time || self.config.samples.is_some()
    }
}

/// Whole milliseconds. A clock that was set back meanwhile tells nothing.
fn since(began: Timestamp, now: Timestamp) -> u64 {
    now.0.saturating_sub(began.0) / 1_000_000
}

#[cfg(all(target_family = "wasm", feature = "module"))]
gatehouse_host::load!(Telemetry);

#[cfg(test)]
mod tests;
