//! Trailers of requests.

use crate::bodies::End;
use crate::chain::Callback;
use crate::exchange::Exchange;
use crate::fault::Fault;
use crate::flow::TrailersFlow;
use crate::progress::{Hold, Progress};
use gatehouse_filter::Edit;

impl Exchange {
    /// The request's trailers have come: whatever came before is the whole body.
    pub(crate) fn request_trailers(&mut self, callback: &Callback<'_>) -> TrailersFlow {
        self.hold = Some(Hold::Head);
        self.body.end = Some(End::Trailers);
        self.body_came(callback);
        let goes_on = matches!(self.progress, Progress::Passed) && self.takers.is_empty();
        match goes_on && self.clear_trailers(callback) {
            true => TrailersFlow::Continue,
            false => TrailersFlow::Hold,
        }
    }

    /// Takes out of the trailers what comes from the filters or from nobody, when all of them have
    /// seen the request. A field that the host keeps there may be a forged identity: the request
    /// ends there. Whether it goes on.
    pub(crate) fn clear_trailers(&mut self, callback: &Callback<'_>) -> bool {
        let mut trailers = callback.proxy.request_trailers();
        let mut owner = None;
        for (at, stage) in self.stages.iter().enumerate() {
            stage.clear_trailers(&mut trailers);
            if trailers.is_unread() {
                return self.fail(Fault::TrailersUnread, at, callback);
            }
            owner = owner.or((!trailers.edits().is_empty()).then_some(at));
        }
        let Some(owner) = owner else { return true };
        let is_kept = |edit: &Edit| callback.proxy.remove_request_trailer(&edit.name).is_err();
        if trailers.edits().iter().any(is_kept) {
            return self.fail(Fault::TrailerKept, owner, callback);
        }
        true
    }
}
