//! Why a request is refused, and what its client is told.

use crate::Code;
use gatehouse_filter::{Challenge, HeaderName, HeaderValue, Problem};

/// Why a request is refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Refusal {
    /// The client wants nothing but a stored answer, and there is none.
    NotInStore,
    PurgeUnauthorized,
    PurgeForbidden,
    PurgeMethod,
    /// What is wrong with what is to be purged.
    PurgeInvalid(String),
    StoreFailed,
}

impl Refusal {
    /// The code for it.
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::NotInStore => Code::NotInStore,
            Self::PurgeUnauthorized => Code::PurgeUnauthorized,
            Self::PurgeForbidden => Code::PurgeForbidden,
            Self::PurgeMethod => Code::PurgeMethod,
            Self::PurgeInvalid(_) => Code::PurgeInvalid,
            Self::StoreFailed => Code::StoreFailed,
        }
    }

    /// What the client is told.
    pub(crate) fn problem(self) -> Problem {
        match self {
            // RFC 9111 §5.2.1.7.
            Self::NotInStore => {
                Problem::new(504, "No stored answer can be used, and no other one is wanted")
            }
            Self::PurgeUnauthorized => Challenge::usual("Bearer")
                .ask(Problem::new(401, "Send a key that may purge: authorization: Bearer KEY")),
            Self::PurgeForbidden => Problem::new(403, "Purges are not taken from this address"),
            Self::PurgeMethod => Problem::new(405, "Purge by POST")
                .with_header(HeaderName::from_static("allow"), HeaderValue::from_static("POST")),
            Self::PurgeInvalid(why) => Problem::new(400, why),
            Self::StoreFailed => Problem::new(503, "The store cannot be written; try again"),
        }
    }
}
