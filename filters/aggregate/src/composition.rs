//! What a rule does: an answer made of several services.

use crate::call::Call;
use crate::fact::Fact;
use crate::merge::Merge;
use gatehouse_filter::template::Template;
use gatehouse_filter::{Counter, HeaderName, Histogram};
use gatehouse_shape::Shaping;
use std::cell::OnceCell;
use std::rc::Rc;
use std::time::Duration;

/// The action of a rule.
pub(crate) struct Composition {
    /// The rule's name.
    pub(crate) rule: Rc<str>,
    /// In the order in which their answers are merged.
    pub(crate) calls: Vec<Call>,
    /// The calls whose answers are joined, in the order in which that is done.
    pub(crate) joins: Vec<usize>,
    /// For all calls together.
    pub(crate) timeout: Duration,
    /// The most calls that one request may make.
    pub(crate) max_calls: usize,
    /// The most bytes of all answers together, and of the whole.
    pub(crate) max_size: usize,
    /// The most bytes of the request's body, where a call uses it.
    pub(crate) reads_body: Option<usize>,
    /// Whether a template names values of it.
    pub(crate) names_body: bool,
    /// Fields of the request that go with every call.
    pub(crate) passed: Vec<HeaderName>,
    /// Fields of every call.
    pub(crate) headers: Vec<(HeaderName, Template)>,
    pub(crate) merge: Merge,
    pub(crate) shaping: Shaping,
    /// The fields of the answer, and what they name.
    pub(crate) response: Vec<(HeaderName, Template)>,
    pub(crate) response_facts: Vec<Fact>,
    /// Whether the answer is made of who the request is from.
    pub(crate) is_of_somebody: bool,
    /// The fields of the request that it is made of.
    pub(crate) vary: Vec<String>,
    pub(crate) has_entity_tag: bool,
    pub(crate) partial: Partial,
    /// By call; defined when the filter starts.
    pub(crate) meters: OnceCell<Vec<Meters>>,
}

/// How a partial answer is told.
pub(crate) struct Partial {
    /// The field that names the parts which are not whole.
    pub(crate) header: HeaderName,
    /// The member of the document that says how each part went.
    pub(crate) member: Option<Box<str>>,
}

/// What is measured of a call.
pub(crate) struct Meters {
    /// By outcome.
    pub(crate) outcomes: Vec<Counter>,
    pub(crate) milliseconds: Histogram,
}
