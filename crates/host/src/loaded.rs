use crate::calls::{self, HeaderMap};
use crate::envoy::Envoy;
use crate::exchange::{Waiting, answer, apply};
use crate::{configuration, note};
use gatehouse_filter::{Decision, DecisionCode, Filter, Identity, Request, RuleCounter, Step, config};
use proxy_wasm::types::Action;
use std::cell::RefCell;

/// A configured filter, with the names under which its decisions are known.
pub(crate) struct Loaded<F: Filter> {
    pub(crate) filter: F,
    /// The context of the configuration.
    pub(crate) context_id: u32,
    /// The metric ids of the filter's events; `None` where the host defined none.
    pub(crate) events: Vec<Option<u32>>,
    /// The requests that the filter holds.
    pub(crate) waiting: RefCell<Vec<Waiting<F>>>,
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

impl<F: Filter> Loaded<F> {
    /// Reads the plugin configuration, `size` bytes long, in its context.
    pub(crate) fn read(context_id: u32, size: usize) -> Result<Self, Vec<String>> {
        let texts =
            |faults: Vec<config::ConfigError>| faults.iter().map(ToString::to_string).collect::<Vec<_>>();
        let bytes = calls::plugin_configuration(size)
            .map_err(|failed| vec![format!("the host gave no configuration, status {}", failed.0)])?;
        let value = configuration::decode(&bytes).map_err(|fault| vec![format!("configuration {fault}")])?;
        let filter = config::read_value(&value, F::configure).map_err(texts)?;
        let name = F::NAME.replace('-', "_");
        let mode = filter.mode().name();
        // Labels are taken out of a metric's name by `stats_config.stats_tags`: the ABI has none.
        let decision = |code: &F::Code| {
            let code = code.name();
            let metric = format!("gatehouse_decisions_total.filter={name};.code={code};.mode={mode};");
            Code { full: format!("{name}.{code}"), counter: calls::define_counter(&metric).ok() }
        };
        let event = |event: &'static str| {
            calls::define_counter(&format!("gatehouse_events_total.filter={name};.event={event};")).ok()
        };
        let of_rule = |RuleCounter { rule, event, mode }: RuleCounter| {
            let labels = format!(".filter={name};.rule={rule};.event={event};.mode={};", mode.name());
            calls::define_counter(&format!("gatehouse_rule_events_total{labels}")).ok()
        };
        let events = F::events().into_iter().map(event);
        let events = events.chain(filter.rule_counters().into_iter().map(of_rule)).collect();
        Ok(Self {
            context_id,
            events,
            waiting: RefCell::new(Vec::new()),
            state: format!("gatehouse.{name}"),
            codes: F::Code::ALL.iter().map(decision).collect(),
            filter,
        })
    }

    /// Envoy, as the filter sees it in a callback of the configuration's own.
    pub(crate) fn background(&self) -> Envoy<'_> {
        Envoy { filter: F::NAME, events: &self.events, configuration: None }
    }

    /// Envoy, as the filter sees it in a callback of a request.
    pub(crate) fn foreground(&self) -> Envoy<'_> {
        Envoy { filter: F::NAME, events: &self.events, configuration: Some(self.context_id) }
    }

    /// Makes the decision known, then does what it says. `None` where the filter waits.
    pub(crate) fn carry_out(&self, decision: &Decision<F::Code>, request: &Request<'_>) -> Option<Action> {
        if matches!(decision.step, Step::Wait | Step::ReadBody(_)) {
            return None;
        }
        let Some(code) = self.tell(decision, true) else { return Some(Action::Continue) };
        if let Some(caller) = &decision.caller {
            let _ = calls::set_property(Identity::STATE.as_bytes(), caller.json());
        }
        match &decision.step {
            Step::Continue => Some(apply(HeaderMap::Request, &request.headers)),
            Step::Reply(reply) => Some(answer(reply, code, request.is_grpc())),
            Step::Wait | Step::ReadBody(_) => None,
        }
    }

    /// Counts a decision and, with `note`, leaves it in filter state. Its full code.
    pub(crate) fn tell(&self, decision: &Decision<F::Code>, note: bool) -> Option<&str> {
        let code = self.codes.get(decision.code.index())?;
        if let Some(counter) = code.counter {
            let _ = calls::increment(counter);
        }
        if note {
            let note = note::note(&code.full, decision, self.filter.mode());
            let _ = calls::set_property(self.state.as_bytes(), &note);
            if matches!(decision.step, Step::Reply(_)) {
                log::debug!("refused: {}", String::from_utf8_lossy(&note));
            }
        }
        Some(&code.full)
    }
}
