//! The calls under way, and who waits for what.

use gatehouse_filter::{CallId, Topic, Until};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::mem;

/// The calls of one configuration that have no answer yet, and the requests that wait.
///
/// In trees: hash tables would need random numbers to begin with.
#[derive(Default, Debug)]
pub(crate) struct Pending {
    calls: RefCell<BTreeMap<u32, Owner>>,
    /// By the filter's position: the requests that wait for what it has fetched.
    for_fetched: RefCell<BTreeMap<usize, Vec<u32>>>,
    for_answers: RefCell<BTreeMap<u32, Vec<u32>>>,
    for_topics: RefCell<BTreeMap<Topic, Vec<u32>>>,
}

/// Whom the answer to a call is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Owner {
    /// What the filter at this position has fetched.
    Fetch { link: usize, max_bytes: usize },
    /// The filter at this position, as a gRPC message.
    Grpc { link: usize },
    /// This request.
    Request { exchange: u32, max_bytes: usize },
}

impl Pending {
    /// A call was made.
    pub(crate) fn made(&self, call: CallId, owner: Owner) {
        self.calls.borrow_mut().insert(call.0, owner);
    }

    /// A call was answered: whose it is, once.
    pub(crate) fn answered(&self, call: CallId) -> Option<Owner> {
        self.calls.borrow_mut().remove(&call.0)
    }

    /// A request waits for the filter at this position.
    pub(crate) fn waits(&self, exchange: u32, link: usize, until: Until) {
        match until {
            Until::Fetched => self.for_fetched.borrow_mut().entry(link).or_default().push(exchange),
            Until::Answered(call) => {
                self.for_answers.borrow_mut().entry(call.0).or_default().push(exchange);
            }
            Until::Woken(topic) => {
                self.for_topics.borrow_mut().entry(topic).or_default().push(exchange);
            }
        }
    }

    /// The requests that wait for what this filter has fetched. Who goes on to wait says so again.
    pub(crate) fn wake_for_fetched(&self, link: usize) -> Vec<u32> {
        self.for_fetched.borrow_mut().get_mut(&link).map(mem::take).unwrap_or_default()
    }

    /// The requests that wait for this call.
    pub(crate) fn wake_for_answer(&self, call: CallId) -> Vec<u32> {
        self.for_answers.borrow_mut().remove(&call.0).unwrap_or_default()
    }

    /// The requests that wait for this topic, in the order in which they came.
    pub(crate) fn wake_for_topic(&self, topic: Topic) -> Vec<u32> {
        self.for_topics.borrow_mut().remove(&topic).unwrap_or_default()
    }

    /// The requests that wait for any topic.
    pub(crate) fn wake_for_topics(&self) -> Vec<u32> {
        self.for_topics.take().into_values().flatten().collect()
    }

    /// Whether the call is still under way: who waits for another would wait for ever.
    pub(crate) fn is_under_way(&self, call: CallId) -> bool {
        self.calls.borrow().contains_key(&call.0)
    }
}
