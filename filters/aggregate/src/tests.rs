//! The filter as a whole, with services that the test plays.

mod attacks;
mod bodies;
mod configuration;
mod fates;
mod heads;
mod joins;
mod lists;
mod merging;
mod order;
mod origins;

use crate::{Aggregate, Code, State};
use gatehouse_filter::{
    Answer, Answered, Callout, Filter as _, Headers, Meter as _, OnAnswers as _,
    OnRequestBody as _, Reply, Request, Step,
};
use gatehouse_filter_test::{FakeHost, configured_in};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::time::Duration;

/// A gateway whose services are a function from calls to answers.
pub(crate) struct Gateway<'a> {
    filter: Aggregate,
    pub(crate) host: FakeHost,
    service: Box<dyn Fn(&Callout) -> Answer + 'a>,
    /// Which of the calls under way is answered next.
    pick: RefCell<Box<dyn FnMut(usize) -> usize + 'a>>,
    /// The calls that were made.
    pub(crate) calls: RefCell<Vec<Callout>>,
    /// How many calls were under way at most.
    pub(crate) most_open: RefCell<usize>,
    /// How long each answer takes.
    takes: Duration,
}

/// What a client got.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) code: Code,
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: String,
    pub(crate) why: Option<String>,
}

impl Got {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.headers.first(name).map(|value| String::from_utf8_lossy(value).into_owned())
    }
}

impl<'a> Gateway<'a> {
    /// A gateway with one rule for `/x`, of these calls and other members.
    pub(crate) fn of(
        calls: Value,
        others: Value,
        service: impl Fn(&Callout) -> Answer + 'a,
    ) -> Self {
        let mut rule = json!({"name": "x", "match": {"path": {"template": "/x/{id}"}}});
        rule["calls"] = calls;
        gatehouse_filter_test::change(&mut rule, &others);
        Self::with(json!({"rules": [rule]}), service)
    }

    /// A gateway of this configuration.
    pub(crate) fn with(configuration: Value, service: impl Fn(&Callout) -> Answer + 'a) -> Self {
        let configuration = configuration.to_string();
        let filter = configured_in::<Aggregate>(&configuration, &[("KEY", "s3cret ${x}")])
            .unwrap_or_else(|faults| panic!("{configuration}: {faults:?}"));
        let host = FakeHost::at(1_000);
        filter.start(&host).expect("it starts");
        Self {
            filter,
            host,
            service: Box::new(service),
            pick: RefCell::new(Box::new(|_| 0)),
            calls: RefCell::default(),
            most_open: RefCell::default(),
            takes: Duration::from_millis(3),
        }
    }

    /// The same, where this tells which of so many calls under way is answered next.
    pub(crate) fn answering(self, pick: impl FnMut(usize) -> usize + 'a) -> Self {
        *self.pick.borrow_mut() = Box::new(pick);
        self
    }

    pub(crate) fn get(&self, path: &str) -> Got {
        self.ask(&[(":path", path)], None)
    }

    pub(crate) fn ask(&self, fields: &[(&str, &str)], body: Option<&[u8]>) -> Got {
        let mut head = vec![(":authority", "gateway.example")];
        if fields.iter().all(|(name, _)| *name != ":method") {
            head.push((":method", "GET"));
        }
        head.extend(fields);
        let mut request =
            Request::new(Headers::from_list(&head), &self.host).with_body(body.is_some());
        let mut state = State::default();
        let mut decision = self.filter.on_request(&mut request, &mut state);
        let (mut open, mut made) = (Vec::new(), 0_usize);
        loop {
            match decision.step {
                Step::Reply(reply) => return got(decision.code, reply, decision.why),
                Step::ReadBody(collect) => {
                    let bytes = body.unwrap_or_default().to_vec();
                    let mut body = match bytes.len() > collect.max_bytes {
                        true => gatehouse_filter::Body::too_long(),
                        false => gatehouse_filter::Body::new(bytes),
                    };
                    decision = self
                        .filter
                        .on_request_body(Some(&mut request), &mut body, &self.host, &mut state)
                        .expect("the filter is not broken");
                    continue;
                }
                Step::Call(calls) => {
                    for callout in calls.callouts {
                        open.push((made, callout.clone()));
                        self.calls.borrow_mut().push(callout);
                        made = made.saturating_add(1);
                    }
                    let mut most = self.most_open.borrow_mut();
                    *most = (*most).max(open.len());
                }
                step => panic!("{step:?}"),
            }
            assert!(!open.is_empty(), "the filter waits for nothing");
            let next = (self.pick.borrow_mut())(open.len());
            let (call, callout) = open.remove(next);
            self.host.clock.advance(self.takes);
            let mut answer = (self.service)(&callout);
            if answer.body.len() > callout.max_answer_bytes {
                answer.body.truncate(callout.max_answer_bytes);
                answer.truncated = true;
            }
            decision = self
                .filter
                .on_answers(vec![Answered { call, answer }], &mut request, &mut state)
                .expect("the filter is not broken");
        }
    }

    /// Has each answer take this long.
    pub(crate) fn takes(&mut self, time: Duration) {
        self.takes = time;
    }

    /// How often an outcome was counted for a call.
    pub(crate) fn counted(&self, call: &str, outcome: &str) -> u64 {
        let labels = [("filter", "aggregate"), ("rule", "x"), ("call", call), ("outcome", outcome)];
        let counter = self.host.define_counter("gatehouse_calls_total", &labels);
        self.host.count_of(counter)
    }

    /// The targets of the calls that were made, with their clusters.
    pub(crate) fn targets(&self) -> Vec<String> {
        self.calls.borrow().iter().map(|call| format!("{}{}", call.cluster, call.path)).collect()
    }
}

fn got(code: Code, reply: Reply, why: Option<String>) -> Got {
    let full = format!("aggregate.{}", gatehouse_filter::Codes::name(code));
    let (status, headers, body) = match reply {
        Reply::Document(document) => (document.status, document.headers, document.body.to_vec()),
        Reply::Problem(problem) => {
            (problem.status, problem.headers.clone(), problem.document(&full))
        }
        Reply::Replay(_) => panic!("it keeps nothing"),
    };
    let headers: Vec<_> =
        headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let body = String::from_utf8(body).expect("UTF-8");
    Got { code, status, headers: Headers::from_list(&headers), body, why }
}

/// An answer with JSON.
pub(crate) fn ok(json: &str) -> Answer {
    answer(200, &[("content-type", "application/json")], json)
}

pub(crate) fn answer(status: u16, fields: &[(&str, &str)], body: impl AsRef<[u8]>) -> Answer {
    let status = status.to_string();
    let mut head = vec![(":status", status.as_str())];
    head.extend(fields);
    Answer { headers: Headers::from_list(&head), body: body.as_ref().to_vec(), ..Answer::default() }
}

#[test]
fn answers_are_put_together_in_the_order_of_the_configuration_whatever_order_they_come_in() {
    let calls = json!([
        {"name": "a", "cluster": "a", "path": "/1"},
        {"name": "b", "cluster": "b", "path": "/2"},
        {"name": "c", "cluster": "c", "path": "/3/${path.id}"},
    ]);
    let service = |call: &Callout| ok(&format!(r#"{{"at": "{}", "n": 1.50}}"#, call.path));
    let want = r#"{"a":{"at": "/1", "n": 1.50},"b":{"at": "/2", "n": 1.50},"c":{"at": "/3/7", "n": 1.50}}"#;
    for turn in 0..6_usize {
        let mut turn = turn;
        let gateway = Gateway::of(calls.clone(), json!({}), service).answering(move |open| {
            let next = turn % open;
            turn /= open;
            next
        });
        let got = gateway.get("/x/7");
        assert_eq!((got.status, got.code, got.body.as_str()), (200, Code::Aggregated, want));
    }
}

#[test]
fn a_request_that_no_rule_is_for_goes_on() {
    let gateway =
        Gateway::of(json!([{"name": "a", "cluster": "a", "path": "/"}]), json!({}), |_| {
            panic!("no call is made")
        });
    let outcome = gatehouse_filter_test::ask(&gateway.filter, &gateway.host, &[(":path", "/y")]);
    assert_eq!((outcome.decision.code, outcome.status()), (Code::Unmatched, None));
}

/// Every number keeps its digits, every string its escapes (`lura` #391: large IDs).
#[test]
fn values_are_the_services_own_text() {
    let json = r#"{"id":12345678901234567890123,"f":1e400,"s":"\u00e9\/"}"#;
    let calls = json!([{"name": "a", "cluster": "a", "path": "/"}]);
    let gateway = Gateway::of(calls, json!({}), |_| ok(json));
    assert_eq!(gateway.get("/x/1").body, format!(r#"{{"a":{json}}}"#));
}
