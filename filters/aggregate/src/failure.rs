//! Why a call has no answer that can be used.

use crate::Code;
use crate::origin::Origin;
use crate::target::Unmade;
use gatehouse_coding::Undecoded;
use gatehouse_filter::{CallRefused, Problem};
use gatehouse_json as json;

/// What is wrong with a call, or with its answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Failure {
    /// The host did not make it: a circuit breaker is open, there is no healthy host, or no such
    /// cluster.
    NotMade(CallRefused),
    /// No answer in time.
    TimedOut,
    /// The answer broke off.
    BrokenOff,
    /// The answer has a status that is none of those wanted.
    Status(u16),
    /// The answer is longer than its `max_size`, as it came or decompressed.
    TooLarge,
    /// The answer is not JSON.
    Invalid(json::Invalid),
    /// The answer has a type other than JSON.
    OtherType,
    /// The answer is in a content coding that was not asked for, or not in the one it says.
    Encoding,
    /// The operations cannot be made on the answer.
    Misfit,
    /// What the call needs of another one is not there.
    InputMissing,
    /// What the call needs of the request is not there.
    ValueMissing,
    /// A value of the request would lead the call elsewhere, or cannot stand in a field.
    ValueRefused,
    /// A value of an answer would.
    InputRefused,
    /// A list has more items than `most`.
    TooManyItems,
    /// The request would make more calls than `max_calls`.
    TooManyCalls,
    /// An item has no partner, and `missing` says that it must.
    PartnerMissing,
}

/// Every word that a call can be counted under; the last is for what went well.
pub(crate) const OUTCOMES: [&str; 13] = [
    "not_made",
    "timed_out",
    "broken_off",
    "server_error",
    "client_error",
    "other_status",
    "too_large",
    "invalid",
    "misfit",
    "input_missing",
    "value_refused",
    "too_many",
    "answered",
];

impl Failure {
    /// What it is counted under, and told as in a partial answer.
    pub(crate) fn outcome(self) -> usize {
        match self {
            Self::NotMade(_) => 0,
            Self::TimedOut => 1,
            Self::BrokenOff => 2,
            Self::Status(500..) => 3,
            Self::Status(400..=499) => 4,
            Self::Status(_) => 5,
            Self::TooLarge => 6,
            Self::Invalid(_) | Self::OtherType | Self::Encoding => 7,
            Self::Misfit | Self::PartnerMissing => 8,
            Self::InputMissing | Self::ValueMissing => 9,
            Self::ValueRefused | Self::InputRefused => 10,
            Self::TooManyItems | Self::TooManyCalls => 11,
        }
    }

    pub(crate) fn word(self) -> &'static str {
        OUTCOMES.get(self.outcome()).copied().unwrap_or_default()
    }

    /// The one table from what went wrong with a call that is required to what the client gets.
    fn row(self) -> (Code, u16, &'static str) {
        match self {
            Self::NotMade(_) => {
                (Code::CallNotMade, 503, "A part of the answer cannot be had now; try again")
            }
            Self::TimedOut => {
                (Code::CallTimedOut, 504, "A part of the answer did not come in time; try again")
            }
            Self::BrokenOff | Self::Status(_) => {
                (Code::CallFailed, 502, "A part of the answer could not be had")
            }
            Self::TooLarge
            | Self::Invalid(_)
            | Self::OtherType
            | Self::Encoding
            | Self::Misfit
            | Self::PartnerMissing => {
                (Code::AnswerUnusable, 502, "A part of the answer cannot be read")
            }
            Self::InputMissing => {
                (Code::InputMissing, 502, "A part of the answer lacks what another one needs")
            }
            Self::InputRefused => {
                (Code::InputRefused, 502, "A part of the answer has a value that no other can use")
            }
            Self::TooManyItems | Self::TooManyCalls => {
                (Code::TooManyCalls, 502, "The answer has more parts than may be fetched")
            }
            Self::ValueMissing => {
                (Code::ValueMissing, 400, "The request lacks a value that the answer needs")
            }
            Self::ValueRefused => (
                Code::ValueRefused,
                400,
                "The request has a value that cannot be a name here: no slashes, dots alone or \
                 control characters",
            ),
        }
    }

    /// The code of the reply.
    pub(crate) fn code(self) -> Code {
        self.row().0
    }

    /// What the client is told, and of which part.
    pub(crate) fn problem(self, part: &str) -> Problem {
        let (_, status, detail) = self.row();
        Problem::new(status, detail).with_member("part", part)
    }

    /// What operators are told beside the code.
    pub(crate) fn why(self) -> String {
        match self {
            Self::NotMade(refused) => refused.to_string(),
            Self::Status(status) => format!("status {status}"),
            Self::Invalid(invalid) => format!("not JSON: {invalid}"),
            Self::OtherType => "not JSON by its content-type".to_owned(),
            Self::Encoding => "content-encoding".to_owned(),
            Self::TooManyItems => "more items than `most`".to_owned(),
            Self::TooManyCalls => "more calls than `max_calls`".to_owned(),
            Self::PartnerMissing => "an item has no partner".to_owned(),
            other => other.word().to_owned(),
        }
    }
}

impl From<json::Invalid> for Failure {
    fn from(invalid: json::Invalid) -> Self {
        match invalid.fault {
            json::Fault::TooLong | json::Fault::TooManyValues => Self::TooLarge,
            _ => Self::Invalid(invalid),
        }
    }
}

impl From<Undecoded> for Failure {
    fn from(undecoded: Undecoded) -> Self {
        match undecoded {
            Undecoded::Invalid => Self::Encoding,
            Undecoded::TooLong => Self::TooLarge,
        }
    }
}

impl From<Unmade> for Failure {
    fn from(unmade: Unmade) -> Self {
        match unmade {
            Unmade::Missing(Origin::Request) => Self::ValueMissing,
            Unmade::Missing(Origin::Answer(_) | Origin::Items) => Self::InputMissing,
            Unmade::Refused(Origin::Request) => Self::ValueRefused,
            Unmade::Refused(Origin::Answer(_) | Origin::Items) => Self::InputRefused,
        }
    }
}
