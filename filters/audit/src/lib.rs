//! `audit`: what was decided about a request, in one place.
//!
//! It decides nothing. When the response passes, every filter behind it has decided: what each has
//! left in filter state becomes one JSON object there, or texts for the tags of a span, and what was
//! refused becomes a line in the log.

mod attributes;
mod codes;
mod config;
mod decided;
mod note;
mod record;
mod refusals;

pub use codes::Code;
use config::Config;
use decided::Decided;
use gatehouse_filter::config::{ConfigError, Node};
use gatehouse_filter::{
    CountedRule, Decision, Filter, Host, Mode, Need, Never, NoCodes, OnResponse, Request,
    RequestLine, Response, ResponseDecision,
};

/// The filter, configured.
pub struct Audit {
    config: Config,
}

impl Filter for Audit {
    const NAME: &'static str = "audit";
    const TELLS: bool = false;

    type Code = Code;
    type Event = NoCodes;
    type RuleEvent = NoCodes;
    type State = Option<Box<RequestLine>>;
    type RequestBody = Never;
    type RequestTrailers = Never;
    type Response = Self;
    type ResponseBody = Never;
    type Answers = Never;
    type Fetching = Never;
    type GrpcAnswers = Never;
    type Logging = Never;
    type Waking = Never;
    type Ending = Never;

    fn configure(node: Node<'_>) -> Option<Self> {
        Some(Self { config: Config::read(&node)? })
    }

    fn mode(&self) -> Mode {
        Mode::Enforce
    }

    fn start(&self, _host: &dyn Host) -> Result<(), Vec<ConfigError>> {
        Ok(())
    }

    fn counted_rules(&self) -> Vec<CountedRule> {
        Vec::new()
    }

    fn asks_for_route(&self) -> bool {
        false
    }

    fn needs(&self) -> Vec<Need> {
        if self.config.refusals.is_some() { vec![Need::Clock] } else { Vec::new() }
    }

    fn on_request(
        &self,
        request: &mut Request<'_>,
        state: &mut Option<Box<RequestLine>>,
    ) -> Decision<Code> {
        *state = Some(Box::new(RequestLine::of(request)));
        Decision::pass(Code::Seen, None)
    }
}

impl OnResponse for Audit {
    fn on_response(
        &self,
        response: &mut Response<'_>,
        state: &mut Option<Box<RequestLine>>,
    ) -> ResponseDecision<Code> {
        let Config { filters, record, attributes, refusals } = &self.config;
        let Some(line) = state.as_deref() else { return ResponseDecision::undecided() };
        if *record || *attributes {
            let host = response.callouts();
            let decided = Decided::read(filters, host);
            if *attributes {
                let is_refused = refusals::refused(filters, response).is_some();
                attributes::leave(&decided, is_refused, host);
            }
            if *record {
                let record = record::of(decided, line, response);
                host.leave(record::STATE, record.to_string().as_bytes());
            }
        }
        if let Some(refusals) = refusals {
            refusals.see(filters, line, response);
        }
        ResponseDecision::undecided()
    }
}

#[cfg(all(target_family = "wasm", feature = "module"))]
gatehouse_host::load!(Audit);

#[cfg(test)]
mod tests;
