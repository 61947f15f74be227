//! What a client is told.

use crate::Code;
use gatehouse_filter::{HeaderName, Problem};
use std::borrow::Cow;

/// Why a request cannot be changed as the configuration says: one variant a fault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Refusal {
    /// The value of this field would have a control character.
    ValueInvalid(HeaderName),
    /// The path would be one that upstreams disagree about.
    PathInvalid,
    /// A value that the new path is made of is missing, or more than a part of a segment.
    NoSegment,
}

impl Refusal {
    /// The code that clients, logs and metrics see.
    pub(crate) fn code(&self) -> Code {
        self.row().0
    }

    /// The answer.
    pub(crate) fn reply(&self) -> Problem {
        let (_, status, detail) = self.row();
        Problem::new(status, detail.into_owned())
    }

    /// The table: code, status, and what to mend.
    fn row(&self) -> (Code, u16, Cow<'static, str>) {
        match self {
            Self::ValueInvalid(field) => {
                let detail = format!(
                    "the request has a control character where the value of the header `{}` is \
                     taken from",
                    field.as_str()
                );
                (Code::ValueInvalid, 400, detail.into())
            }
            Self::NoSegment => (
                Code::PathInvalid,
                400,
                "a value of which the path is made is missing, or cannot be a part of one segment"
                    .into(),
            ),
            Self::PathInvalid => (
                Code::PathInvalid,
                400,
                "the path has segments that cannot be sent on: `.`, `..` or an empty first one"
                    .into(),
            ),
        }
    }
}
