//! Carrying out what filters have changed of a head.

use crate::chain::Callback;
use crate::exchange::Exchange;
use crate::fault::Fault;
use crate::{Direction, Proxy};
use gatehouse_filter::Headers;

impl Exchange {
    /// Carries out the edits made so far. An edit that the host refuses would leave a field that a
    /// filter removed or replaced, which may be a forged identity: the request ends there.
    pub(crate) fn carry_out(&mut self, at: usize, callback: &Callback<'_>) -> bool {
        if self.head.is_unread() {
            return self.fail(Fault::HeadUnread, at, callback);
        }
        if !apply(Direction::Request, &self.head, callback.proxy) {
            return self.fail(Fault::EditRefused, at, callback);
        }
        true
    }

    /// Carries out the edits made so far, for a filter that asks for what depends on them.
    pub(crate) fn settle(&mut self, at: usize, callback: &Callback<'_>) -> bool {
        if self.head.edits().is_empty() {
            return true;
        }
        if !self.carry_out(at, callback) {
            return false;
        }
        // What was read is known without asking again.
        self.head = match self.head.is_read() {
            true => self.head.settled(),
            false => callback.proxy.head(Direction::Request),
        };
        self.facts.forget_route();
        true
    }
}

/// Carries out all edits of a head. Whether the host did.
pub(crate) fn apply(of: Direction, head: &Headers, proxy: &dyn Proxy) -> bool {
    head.edits().iter().all(|edit| {
        let name = edit.name.as_str();
        proxy
            .edit(of, edit, head.count_if_read(name))
            .inspect_err(|refused| {
                proxy.error(&format!(
                    "the host refused to change the field {name}, status {}",
                    refused.0
                ));
            })
            .is_ok()
    })
}
