//! Kept responses that take another one's place.

use crate::bodies::{Arriving, CONTENT_LENGTH};
use crate::chain::Callback;
use crate::exchange::Exchange;
use crate::response_side::{Progress, ResponseSide};
use gatehouse_filter::{Headers, Replay};
use std::mem;

impl Exchange {
    /// Answers with the response that takes this one's place, when all filters have seen it.
    pub(crate) fn send_replacement(&mut self, callback: &Callback<'_>) {
        let side = &mut self.response;
        if !matches!(side.progress, Progress::Passed) {
            return;
        }
        let Some(code) = side.replaced.take() else { return };
        let head = mem::take(&mut side.head);
        let status = head.first(":status").and_then(|status| str::from_utf8(status).ok());
        let status = status.and_then(|status| status.parse().ok()).unwrap_or(500);
        let body = mem::take(&mut side.body).into_own().unwrap_or_default();
        let fields = head.settled();
        let is_sent = |(name, _): &(&[u8], &[u8])| {
            *name != b":status" && *name != CONTENT_LENGTH.as_str().as_bytes()
        };
        let fields: Vec<_> = fields.iter_received().filter(is_sent).collect();
        let replay = Replay { status, head: Headers::from_list(&fields), body };
        self.reply_instead(&replay.into(), &code, callback);
    }
}

impl ResponseSide {
    /// A kept response takes this one's place.
    pub(crate) fn replace(&mut self, replay: Replay, code: &str) {
        let status = replay.status.to_string();
        let settled = replay.head.settled();
        let mut fields = vec![(&b":status"[..], status.as_bytes())];
        fields.extend(settled.iter_received());
        self.head = Headers::from_list(&fields);
        self.body_follows = !replay.body.as_slice().is_empty();
        self.body = Arriving::own(replay.body);
        // What filters nearer to the upstream wanted was the other one's.
        self.takers.clear();
        self.replaced = Some(code.to_owned());
    }
}
