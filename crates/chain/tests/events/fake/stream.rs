//! One request and its response, as the proxy knows them.

use super::half::Half;
use gatehouse_chain::Direction;
use std::collections::BTreeMap;

/// One request and its response in Envoy.
pub(crate) struct Stream {
    pub(crate) request: Half,
    pub(crate) response: Half,
    pub(crate) state: BTreeMap<String, Vec<u8>>,
    /// A reply that is to be carried out when the callback has returned.
    pub(crate) reply: Option<Reply>,
    pub(crate) is_to_resume: bool,
    /// How often the module has answered.
    pub(crate) replies: usize,
}

/// A reply as the proxy was given it.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) fields: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

impl Stream {
    pub(crate) fn half(&mut self, of: Direction) -> &mut Half {
        match of {
            Direction::Request => &mut self.request,
            Direction::Response => &mut self.response,
        }
    }
}
