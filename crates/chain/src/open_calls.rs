//! The calls of a request that its filter has not had the answers to.

use gatehouse_filter::{Answer, Answered, Ask, CallId};
use std::collections::BTreeMap;

/// The open calls of one request. They are of one filter: who decides without them gives them up.
#[derive(Default)]
pub(crate) struct OpenCalls {
    /// In the order of their numbers.
    calls: Vec<(usize, State)>,
    /// By the filter's position: how many calls it has made, refused ones with them.
    made: BTreeMap<usize, usize>,
}

enum State {
    UnderWay(CallId),
    Answered(Answer),
}

impl OpenCalls {
    /// The filter at this position has made a call, or the host has refused it.
    pub(crate) fn add(&mut self, at: usize, call: Result<CallId, Answer>) {
        let made = self.made.entry(at).or_default();
        let number = *made;
        *made = made.saturating_add(1);
        let state = call.map_or_else(State::Answered, State::UnderWay);
        self.calls.push((number, state));
    }

    /// Whether this call is under way, and its answer still wanted.
    pub(crate) fn awaits(&self, call: CallId) -> bool {
        self.calls.iter().any(|(_, state)| state.is_of(call))
    }

    /// A call that is under way was answered.
    pub(crate) fn answer(&mut self, call: CallId, answer: Answer) {
        if let Some((_, state)) = self.calls.iter_mut().find(|(_, state)| state.is_of(call)) {
            *state = State::Answered(answer);
        }
    }

    /// Whether there is nothing to wait for, and nothing to decide on.
    pub(crate) fn are_none(&self) -> bool {
        self.calls.is_empty()
    }

    /// Whether there is what a filter that wants to be asked so can be asked about.
    pub(crate) fn are_due(&self, ask: Ask) -> bool {
        let mut states = self.calls.iter().map(|(_, state)| state);
        match ask {
            Ask::AtEach => states.any(State::is_answered),
            Ask::AtAll => states.all(State::is_answered),
        }
    }

    /// Takes the answers that are there, in the order of the calls.
    pub(crate) fn take_answered(&mut self) -> Vec<Answered> {
        let answered = self.calls.extract_if(.., |(_, state)| state.is_answered());
        answered.filter_map(|(call, state)| state.into_answer(call)).collect()
    }

    /// Nobody wants the answers that are still to come.
    pub(crate) fn give_up(&mut self) {
        self.calls.clear();
    }
}

impl State {
    fn is_of(&self, call: CallId) -> bool {
        matches!(self, Self::UnderWay(known) if *known == call)
    }

    fn into_answer(self, call: usize) -> Option<Answered> {
        match self {
            Self::Answered(answer) => Some(Answered { call, answer }),
            Self::UnderWay(_) => None,
        }
    }

    fn is_answered(&self) -> bool {
        matches!(self, Self::Answered(_))
    }
}
