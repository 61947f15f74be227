//! What is fetched, with its type taken off.

use super::Fetched;
use crate::{Answer, CallId, Callouts, Host};

/// What is fetched in the background, whatever it is: the shell prepares it once, lets it tick
/// every [`TICK`](super::TICK), and hands it the answers to its calls.
pub trait Polled {
    /// Makes the shared values, and reads what is in them already: a worker that starts late need
    /// not wait. Whether they are there.
    fn prepare(&self, host: &dyn Host) -> bool;

    /// Follows the other workers, and fetches where it is time and nobody else does.
    fn tick(&self, callouts: &dyn Callouts);

    /// Takes the answer to a fetch. Whether it was this one's.
    fn answered(&self, call: CallId, answer: &Answer, callouts: &dyn Callouts) -> bool;

    /// Whether it ever calls a service; one that does not needs no capability for that.
    fn makes_calls(&self) -> bool {
        true
    }
}

impl<T> Polled for Fetched<T> {
    fn prepare(&self, host: &dyn Host) -> bool {
        Fetched::prepare(self, host)
    }

    fn tick(&self, callouts: &dyn Callouts) {
        Fetched::tick(self, callouts);
    }

    fn answered(&self, call: CallId, answer: &Answer, callouts: &dyn Callouts) -> bool {
        Fetched::answered(self, call, answer, callouts)
    }
}
