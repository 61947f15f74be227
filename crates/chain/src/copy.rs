//! Copies of bodies of responses, which go on meanwhile.

use crate::Direction;
use crate::chain::Callback;
use crate::exchange::Exchange;
use gatehouse_filter::Copied;
use std::rc::Rc;

/// The copy of a body, as far as it has come.
pub(crate) struct Copy {
    max_bytes: usize,
    /// How much of what is held is in it already.
    seen: usize,
    /// `None` once it is too long.
    bytes: Option<Vec<u8>>,
}

impl Copy {
    pub(crate) fn of_at_most(max_bytes: usize) -> Self {
        Self { max_bytes, seen: 0, bytes: Some(Vec::new()) }
    }

    /// What was held goes on: the next part comes alone.
    pub(crate) fn goes_on(&mut self) {
        self.seen = 0;
    }

    /// Adds what is new of what is held.
    fn push(&mut self, held: &[u8]) {
        let max_bytes = self.max_bytes;
        if let Some(bytes) = &mut self.bytes {
            bytes.extend_from_slice(held.get(self.seen..).unwrap_or_default());
            self.seen = held.len();
            self.bytes = self.bytes.take().filter(|bytes| bytes.len() <= max_bytes);
        }
    }
}

impl Exchange {
    /// Adds what has come to a copy, and hands it over where that was the end. Whether the response
    /// goes on.
    pub(crate) fn copy(&mut self, at: usize, copy: &mut Copy, callback: &Callback<'_>) -> bool {
        let side = &mut self.response;
        if side.body.size > 0 && copy.bytes.is_some() {
            match side.body.held(Direction::Response, callback.proxy) {
                Ok(chunk) => copy.push(&chunk),
                Err(fault) => return self.fail_response(fault, at, callback),
            }
        }
        if side.body.end.is_some() {
            let chain = Rc::clone(&self.chain);
            if let (Some(host), Some(stage)) = (chain.host(at, callback), self.stages.get_mut(at)) {
                stage.on_copied_body(Copied(copy.bytes.take()), &host);
            }
        }
        true
    }
}
