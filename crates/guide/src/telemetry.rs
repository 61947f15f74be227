//! The log, events of rules, and histograms: counts how requests end, by rule and by class of
//! status.

use gatehouse_filter::config::{ConfigError, Node};
use gatehouse_filter::rules::Rules;
use gatehouse_filter::{
    Codes as _, CountedRule, Counter, Decision, Event as _, Filter, Histogram, Host, Log, Mode,
    Never, OnLog, Request,
};
use std::cell::Cell;
use std::rc::Rc;

/// The filter, configured.
pub struct AnswerLog {
    /// Each with its position: the number of its counters.
    rules: Rules<usize>,
    sizes: Cell<Option<[Histogram; 5]>>,
}

/// The values of the label `class`.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

gatehouse_filter::codes! {
    /// What the filter can decide.
    pub enum Code {
        /// Every request goes on.
        Passed = "passed",
    }
}

gatehouse_filter::events! {
    /// What happens, whatever the rule.
    pub enum Event {
        /// A client left before there was an answer.
        Unanswered = "unanswered",
    }
}

gatehouse_filter::codes! {
    /// What happens under a rule.
    pub enum RuleEvent {
        /// An answer.
        Answered = "answered",
        /// An answer of the class 5xx.
        Failed = "failed",
    }
}

impl Filter for AnswerLog {
    const NAME: &'static str = "answer-log";

    type Code = Code;
    type Event = Event;
    type RuleEvent = RuleEvent;
    type State = Option<usize>;
    type RequestBody = Never;
    type RequestTrailers = Never;
    type Response = Never;
    type ResponseBody = Never;
    type Answers = Never;
    type Fetching = Never;
    type GrpcAnswers = Never;
    type Logging = Self;
    type Waking = Never;
    type Ending = Never;

    fn configure(node: Node<'_>) -> Option<Self> {
        let mut fields = node.fields()?;
        let mut position = 0_usize;
        let rules = fields.required("rules", |node| {
            Rules::read(node, |_| {
                let number = position;
                position = position.saturating_add(1);
                Some(number)
            })
        });
        fields.finish();
        Some(Self { rules: rules?, sizes: Cell::new(None) })
    }

    fn mode(&self) -> Mode {
        Mode::Enforce
    }

    fn start(&self, host: &dyn Host) -> Result<(), Vec<ConfigError>> {
        // One for each class of status: as many as there are, whatever upstreams send.
        let sizes = CLASSES.map(|class| {
            host.define_histogram(
                "gatehouse_answer_bytes",
                &[("filter", "answer_log"), ("class", class)],
            )
        });
        self.sizes.set(Some(sizes));
        Ok(())
    }

    fn counted_rules(&self) -> Vec<CountedRule> {
        let names = self.rules.iter().map(|rule| Rc::clone(&rule.name));
        names.map(|name| CountedRule { name, mode: Mode::Enforce }).collect()
    }

    fn asks_for_route(&self) -> bool {
        self.rules.ask_for_route()
    }

    fn on_request(&self, request: &mut Request<'_>, number: &mut Option<usize>) -> Decision<Code> {
        let rule = self.rules.find(request).map(|(rule, _)| rule);
        *number = rule.map(|rule| rule.action);
        Decision::pass(Code::Passed, rule.map(|rule| Rc::clone(&rule.name)))
    }
}

impl OnLog for AnswerLog {
    fn on_log(&self, log: &Log<'_>, number: &mut Option<usize>) {
        let text = |name| std::str::from_utf8(log.response.first(name)?).ok();
        let Some(status) = text(":status").and_then(|status| status.parse::<usize>().ok()) else {
            return Event::Unanswered.count(log.host());
        };
        if let Some(rule) = *number {
            let event = if status < 500 { RuleEvent::Answered } else { RuleEvent::Failed };
            log.host().add(Counter::OfRule { rule, event: event.index() }, 1);
        }
        let class = (status / 100).checked_sub(1);
        if let (Some(class), Some(sizes)) = (class, self.sizes.get())
            && let Some(histogram) = sizes.get(class)
            && let Some(Ok(bytes)) = text("content-length").map(str::parse)
        {
            log.host().record(*histogram, bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatehouse_filter::Headers;
    use gatehouse_filter_test::{FakeHost, ask, configured};

    #[test]
    fn ends_are_counted_for_the_rule_of_the_request() {
        let json = r#"{"rules": [{"match": {"path": {"prefix": "/a"}}}, {"name": "rest"}]}"#;
        let filter: AnswerLog = configured(json).unwrap();
        let host = FakeHost::default();
        filter.start(&host).unwrap();
        assert_eq!(filter.counted_rules().len(), 2);
        for (path, head) in [
            ("/a", vec![(":status", "200"), ("content-length", "7")]),
            ("/b", vec![(":status", "503")]),
            ("/b", vec![]),
        ] {
            let mut state = ask(&filter, &host, &[(":path", path)]).state;
            let log = Log::new(Headers::default(), Headers::from_list(&head), &host);
            filter.on_log(&log, &mut state);
        }
        assert_eq!(host.counted_of_rule(0, RuleEvent::Answered), 1);
        assert_eq!(host.counted_of_rule(1, RuleEvent::Failed), 1);
        assert_eq!(host.counted(Event::Unanswered), 1);
    }
}
