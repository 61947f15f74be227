//! Why a request is refused, and what its client is told: one table.

use crate::Code;
use gatehouse_filter::rules::AmbiguousTarget;
use gatehouse_filter::{Challenge, Problem};

/// Why a request is not let through: one variant a fault. The client is not told which rule it was.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Refusal {
    /// The path, the host or a parameter can be read as another one than the rules read.
    TargetAmbiguous,
    /// The client has not said who it is, and might be allowed if it did.
    Unauthenticated,
    /// Nothing but these scopes is missing.
    InsufficientScope(String),
    /// A rule denies it.
    Denied,
    /// No rule decides, and the default is to deny.
    NoRule,
}

impl Refusal {
    /// The code that clients, logs and metrics see.
    pub(crate) fn code(&self) -> Code {
        self.row().0
    }

    /// The answer. A 401 has a challenge (RFC 9110 §11.6.1); RFC 6750 §3.1: a client that lacks
    /// scopes may come again with a token that has them.
    pub(crate) fn reply(&self, challenge: &Challenge) -> Problem {
        let (_, status, detail) = self.row();
        let reply = Problem::new(status, detail);
        match self {
            Self::Unauthenticated => challenge.ask(reply),
            Self::InsufficientScope(scopes) => {
                let parameters = [("error", "insufficient_scope"), ("scope", scopes.as_str())];
                challenge.tell(reply.with_member("scope", scopes.as_str()), &parameters)
            }
            Self::TargetAmbiguous | Self::Denied | Self::NoRule => reply,
        }
    }

    /// The table: code, status, and what to mend.
    fn row(&self) -> (Code, u16, &'static str) {
        match self {
            Self::TargetAmbiguous => (Code::TargetAmbiguous, 400, AmbiguousTarget::DETAIL),
            Self::Unauthenticated => (Code::Unauthenticated, 401, "this request needs credentials"),
            Self::InsufficientScope(_) => {
                (Code::InsufficientScope, 403, "this request needs other scopes")
            }
            Self::Denied => (Code::Denied, 403, "this request is not allowed"),
            Self::NoRule => (Code::NoRule, 403, "this request is not allowed"),
        }
    }
}
