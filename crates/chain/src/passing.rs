//! Bodies of responses that filters see as they go by: copied, or part by part.

use crate::Direction;
use crate::chain::Callback;
use crate::exchange::Exchange;
use crate::link::Stage;
use crate::link_host::LinkHost;
use gatehouse_filter::Copied;
use std::rc::Rc;

/// A body that goes by a filter, as far as it has come.
pub(crate) struct Passing {
    /// How much of what is held the filter has already.
    seen: usize,
    seen_as: SeenAs,
}

/// How a filter sees it.
enum SeenAs {
    /// As one copy at the end; `None` once that is too long.
    Copy { max_bytes: usize, bytes: Option<Vec<u8>> },
    /// As it comes.
    Parts,
}

impl Passing {
    pub(crate) fn copied(max_bytes: usize) -> Self {
        Self { seen: 0, seen_as: SeenAs::Copy { max_bytes, bytes: Some(Vec::new()) } }
    }

    pub(crate) fn followed() -> Self {
        Self { seen: 0, seen_as: SeenAs::Parts }
    }

    /// What was held goes on: the next part comes alone.
    pub(crate) fn goes_on(&mut self) {
        self.seen = 0;
    }

    /// Whether the filter has a use for more of it.
    fn wants_more(&self) -> bool {
        !matches!(self.seen_as, SeenAs::Copy { bytes: None, .. })
    }

    /// Takes what is new of what is held.
    fn push(&mut self, held: &[u8], stage: &mut dyn Stage, host: &LinkHost<'_>) {
        let new = held.get(self.seen..).unwrap_or_default();
        self.seen = held.len();
        match &mut self.seen_as {
            SeenAs::Copy { max_bytes, bytes } => {
                if let Some(copy) = bytes {
                    copy.extend_from_slice(new);
                    *bytes = bytes.take().filter(|bytes| bytes.len() <= *max_bytes);
                }
            }
            SeenAs::Parts if new.is_empty() => {}
            SeenAs::Parts => stage.on_body_part(new, host),
        }
    }

    fn end(&mut self, stage: &mut dyn Stage, host: &LinkHost<'_>) {
        match &mut self.seen_as {
            SeenAs::Copy { bytes, .. } => stage.on_copied_body(Copied(bytes.take()), host),
            SeenAs::Parts => stage.on_body_end(host),
        }
    }
}

impl Exchange {
    /// Shows a filter what has come, and the end where that was it. Whether the response goes on.
    pub(crate) fn show(
        &mut self,
        at: usize,
        passing: &mut Passing,
        callback: &Callback<'_>,
    ) -> bool {
        let chain = Rc::clone(&self.chain);
        let side = &mut self.response;
        let held = if side.body.size > 0 && passing.wants_more() {
            match side.body.held(Direction::Response, callback.proxy) {
                Ok(held) => Some(held),
                Err(fault) => return self.fail_response(fault, at, callback),
            }
        } else {
            None
        };
        let (Some(host), Some(stage)) = (chain.host(at, callback), self.stages.get_mut(at)) else {
            return true;
        };
        if let Some(held) = held {
            passing.push(&held, &mut **stage, &host);
        }
        if side.body.end.is_some() {
            passing.end(&mut **stage, &host);
        }
        true
    }
}
