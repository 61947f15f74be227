//! Where a response is, and who waits for its body.

use crate::bodies::Arriving;
use crate::passing::Passing;
use gatehouse_filter::{Collect, Headers};
use std::collections::VecDeque;

/// Where a response is.
#[derive(Default)]
pub(crate) struct ResponseSide {
    pub(crate) progress: Progress,
    pub(crate) head: Headers,
    pub(crate) has_head_gone: bool,
    pub(crate) body_follows: bool,
    pub(crate) body: Arriving,
    pub(crate) takers: VecDeque<(usize, Take)>,
    /// The full code of the decision by which a kept response takes this one's place.
    pub(crate) replaced: Option<String>,
}

#[derive(Default)]
pub(crate) enum Progress {
    /// No filter has been asked.
    #[default]
    Fresh,
    /// The filter at this position holds the head until the body has come.
    Reading { at: usize, collect: Collect },
    /// All filters have let it go on.
    Passed,
    /// The client was answered otherwise.
    Over,
}

/// What a filter gets of the body.
pub(crate) enum Take {
    Collected(Collect),
    Passing(Passing),
}

impl ResponseSide {
    /// What was held goes on: the next part comes alone.
    pub(crate) fn goes_on(&mut self) {
        for (_, take) in &mut self.takers {
            if let Take::Passing(passing) = take {
                passing.goes_on();
            }
        }
    }

    /// Whether the body is held for somebody.
    pub(crate) fn collects(&self) -> bool {
        matches!(self.progress, Progress::Reading { .. })
            || self.takers.iter().any(|(_, take)| matches!(take, Take::Collected(_)))
    }
}
