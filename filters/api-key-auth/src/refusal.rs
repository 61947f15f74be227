use crate::{Code, Event};
use gatehouse_consumers::{Unfit, Useless};
use gatehouse_filter::credential::Unclear;
use gatehouse_filter::rules::AmbiguousTarget;
use gatehouse_filter::{Challenge, Explained, Problem};

/// Why a request is not let through: one variant a fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refusal {
    /// The path, the host or a parameter can be read as another one than the rules read.
    TargetAmbiguous,
    /// No key was sent.
    KeyMissing,
    /// No key was sent, and the connection has no certificate that would do instead.
    KeyOrCertificateMissing,
    /// More than one key was sent.
    KeyRepeated,
    /// The key opens nothing.
    KeyInvalid(Useless),
    /// There are credentials of the scheme `Basic`, and no key can be read in them.
    KeyMalformed,
    /// The key or the certificate is good, but not here.
    ConsumerNotAllowed,
    /// The certificate is good, and of no consumer that there is.
    ConsumerUnknown,
    /// The key or the certificate is good, and its consumer is disabled.
    ConsumerDisabled,
    /// There is no list of consumers yet.
    ConsumersUnavailable,
    /// What is left of the request without its key cannot be written.
    RequestMalformed,
}

/// A refusal, with what operators are told of it.
pub(crate) type Refused = Explained<Refusal>;

/// For a key that opens nothing.
pub(crate) fn for_key(Unfit { useless, why }: Unfit) -> Refused {
    Refused::because(Refusal::KeyInvalid(useless), why)
}

/// For credentials that are not looked at.
pub(crate) fn for_unclear(unclear: Unclear) -> Refused {
    match unclear {
        Unclear::Repeated => Refusal::KeyRepeated.into(),
        Unclear::Malformed => {
            let why = "credentials of the scheme Basic that are not base64 of `user:password`";
            Refused::because(Refusal::KeyMalformed, why.to_owned())
        }
    }
}

impl Refusal {
    /// What is counted beside the code: why a key was no good.
    pub(crate) fn event(self) -> Option<Event> {
        Some(match self {
            Self::KeyInvalid(Useless::TooLong) => Event::KeyTooLong,
            Self::KeyInvalid(Useless::Unknown) => Event::KeyUnknown,
            Self::KeyInvalid(Useless::NotYetValid) => Event::KeyNotYetValid,
            Self::KeyInvalid(Useless::Expired) => Event::KeyExpired,
            Self::KeyMalformed => Event::KeyMalformed,
            _ => return None,
        })
    }

    /// The code that clients, logs and metrics see.
    pub(crate) fn code(self) -> Code {
        self.row().0
    }

    /// The answer. A 401 has a challenge (RFC 9110 §11.6.1).
    pub(crate) fn reply(self, challenge: &Challenge) -> Problem {
        let (_, status, detail) = self.row();
        let reply = Problem::new(status, detail);
        match status {
            401 => challenge.ask(reply),
            503 => reply.with_retry_after(RETRY_AFTER),
            _ => reply,
        }
    }

    /// The table: code, status, and what to mend.
    fn row(self) -> (Code, u16, &'static str) {
        match self {
            Self::TargetAmbiguous => (Code::TargetAmbiguous, 400, AmbiguousTarget::DETAIL),
            Self::KeyMissing => (Code::KeyMissing, 401, "Send an API key"),
            Self::KeyOrCertificateMissing => (
                Code::KeyMissing,
                401,
                "Send an API key, or connect with a certificate that can be verified",
            ),
            Self::KeyRepeated => (Code::KeyRepeated, 400, "Send one API key, once"),
            // Not told which: whoever tries keys would learn that one exists.
            Self::KeyInvalid(_) => (Code::KeyInvalid, 401, "The API key is not valid"),
            Self::KeyMalformed => (
                Code::KeyInvalid,
                401,
                "The credentials of the scheme Basic are not base64 of user:password (RFC 7617)",
            ),
            Self::ConsumerNotAllowed => {
                (Code::ConsumerNotAllowed, 403, "This API key or certificate may not be used here")
            }
            Self::ConsumerUnknown => (
                Code::ConsumerUnknown,
                403,
                "Nobody is known here by the certificate of the connection",
            ),
            Self::ConsumerDisabled => {
                (Code::ConsumerDisabled, 403, "Whose key or certificate this is, is disabled here")
            }
            Self::ConsumersUnavailable => {
                (Code::ConsumersUnavailable, 503, "API keys cannot be checked now; try again")
            }
            Self::RequestMalformed => {
                (Code::RequestMalformed, 400, "The query or a cookie has a control character")
            }
        }
    }
}

/// After so many seconds another try may find a list: it is fetched as often, unless `retry` says
/// otherwise.
const RETRY_AFTER: u64 = 5;
