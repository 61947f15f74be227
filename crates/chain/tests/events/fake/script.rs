//! What the configuration of such a filter says, and what it fetches.

use super::journal::{tell, text};
use super::words::callout;
use gatehouse_filter::config::{self, Node};
use gatehouse_filter::{Answer, Body, CallId, Callouts, HeaderName, Host, Polled, Wording};
use serde_json::Value;
use std::cell::Cell;
use std::collections::BTreeMap;

/// What a filter does, by phase and by the number of times that it was asked.
pub(super) struct Script {
    pub(super) phases: BTreeMap<String, Vec<String>>,
    pub(super) asks_for_route: bool,
    pub(super) may_hold: bool,
    /// How many calls it makes at its first tick, for itself.
    pub(super) fetched: Vec<Feed>,
    pub(super) start_fails: bool,
    /// It does not read heads of responses unasked.
    pub(super) is_blind: bool,
    /// It does not take the bytes of bodies.
    leaves_bytes: bool,
    /// The topic for which it wakes others when a request is no more.
    pub(super) wakes: Option<u64>,
    /// The fields that come from it or from nobody.
    pub(super) owns: Vec<HeaderName>,
    /// Own words for what it refuses.
    pub(super) wording: Option<Wording>,
}

/// How often a filter was asked in each phase.
#[derive(Default)]
pub(crate) struct Turns(pub(super) BTreeMap<&'static str, usize>);

impl Script {
    pub(super) fn read(node: &Node<'_>) -> Self {
        let value = node.value();
        let mut phases = BTreeMap::new();
        for phase in ["head", "body", "answers", "response", "response_body"] {
            let words = match &value[phase] {
                Value::String(one) => vec![one.clone()],
                Value::Array(all) => {
                    all.iter().map(|one| one.as_str().unwrap().to_owned()).collect()
                }
                _ => vec!["pass".to_owned()],
            };
            phases.insert(phase.to_owned(), words);
        }
        let holds = |words: &Vec<String>| words.iter().any(|words| words.contains("read hold"));
        let may_hold =
            ["head", "answers"].iter().any(|phase| phases.get(*phase).is_some_and(holds));
        let calls = value["fetches"].as_u64().unwrap_or_default();
        Self {
            phases,
            asks_for_route: value["asks_for_route"] == true,
            may_hold: may_hold && value["keeps_quiet"] != true,
            fetched: vec![Feed { calls_left: Cell::new(calls), call: Cell::new(None) }],
            start_fails: value["start"] == "fails",
            is_blind: value["blind"] == true,
            leaves_bytes: value["leaves_bytes"] == true,
            wakes: value["wakes"].as_u64(),
            wording: value.get("refusal").map(|words| {
                config::read_value(words, |node| Wording::read(&node, false)).unwrap()
            }),
            owns: match &value["owns"] {
                Value::Array(names) => {
                    names.iter().map(|name| name.as_str().unwrap().try_into().unwrap()).collect()
                }
                _ => Vec::new(),
            },
        }
    }

    pub(super) fn words<'a>(
        &'a self,
        phase: &'static str,
        turns: &mut Turns,
    ) -> impl Iterator<Item = &'a str> {
        let turn = turns.0.entry(phase).or_default();
        let list = &self.phases[phase];
        let words = &list[(*turn).min(list.len() - 1)];
        *turn += 1;
        words.split(' ')
    }

    pub(super) fn see(&self, filter: &str, body: &mut Body, has_head: bool, of: &str) {
        if self.leaves_bytes {
            return;
        }
        let bytes = body.bytes();
        let what =
            bytes.as_deref().map_or("too much".to_owned(), |bytes| format!("[{}]", text(bytes)));
        let head = if has_head { "" } else { ", head gone" };
        tell(format!("{filter} has {of} {what}{head}"));
    }
}

/// Something that is fetched, which tells what happens to it.
pub(super) struct Feed {
    calls_left: Cell<u64>,
    call: Cell<Option<CallId>>,
}

impl Polled for Feed {
    fn prepare(&self, _: &dyn Host) -> bool {
        tell("prepared");
        true
    }

    fn tick(&self, callouts: &dyn Callouts) {
        if self.calls_left.get() > 0 && self.call.get().is_none() {
            self.calls_left.set(self.calls_left.get() - 1);
            self.call.set(callouts.call(&callout("feed", 3)).ok());
        }
    }

    fn answered(&self, call: CallId, answer: &Answer, _: &dyn Callouts) -> bool {
        let is_mine = self.call.get() == Some(call);
        if is_mine {
            self.call.set(None);
            tell(format!("fed {}", text(&answer.body)));
        }
        is_mine
    }
}
