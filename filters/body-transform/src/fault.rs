//! Why bodies are not transformed, and what everybody is told of it.

use crate::Code;
use gatehouse_coding::Undecoded;
use gatehouse_filter::Problem;
use gatehouse_json::{self as json, Invalid, Overgrown};
use gatehouse_shape as shape;
use std::borrow::Cow;

/// Why a body was not transformed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// It is longer than `max_body`.
    TooLong,
    /// It is longer than `max_body` when decoded.
    ExpandsTooLong,
    /// It is not what `content-type` says.
    NotJson(Invalid),
    /// A form with a name or a value that is not UTF-8.
    NotAForm,
    /// A text that is not UTF-8.
    NotText,
    /// No form with files that every reader reads in one way.
    NotMultipart,
    /// A form of too many parts.
    TooManyParts,
    /// Patterns find so much in a text that the searches would take too long.
    TooManyFinds,
    /// The query that is made of it is too long.
    QueryTooLong,
    /// Its `content-encoding` is not known.
    EncodingUnknown,
    /// It is not what `content-encoding` says.
    EncodingInvalid,
    /// Its type is none that the rule takes.
    TypeRefused,
    /// It is said to be of several types.
    SeveralTypes,
    /// Its type is the rule's, and the head asks for another protocol: nobody could tell where it
    /// ends.
    ProtocolChanges,
    /// Two members of one object would have the same name.
    NameConflict,
    /// It would become longer than four times `max_body`.
    Overgrown,
    /// Something is in the way of a path that is written to.
    Misfit,
    /// What should be written as a form has arrays of arrays or objects in it.
    NoForm,
    /// A value of the body cannot be the value of a header field.
    HeaderInvalid,
}

/// Whose body it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Direction {
    Request,
    Response,
}

/// What the configuration lets a fault be forgiven by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Forgiven {
    OnOversize,
    OnInvalid,
    OnOtherType,
    OnUnknownEncoding,
    Never,
}

impl Fault {
    pub(crate) fn forgiven(self) -> Forgiven {
        match self {
            Self::TooLong | Self::ExpandsTooLong | Self::TooManyParts | Self::TooManyFinds => {
                Forgiven::OnOversize
            }
            Self::NotJson(invalid) if invalid.fault == json::Fault::TooManyValues => {
                Forgiven::OnOversize
            }
            Self::NotJson(_)
            | Self::NotAForm
            | Self::NotText
            | Self::NotMultipart
            | Self::EncodingInvalid => Forgiven::OnInvalid,
            Self::EncodingUnknown => Forgiven::OnUnknownEncoding,
            Self::TypeRefused => Forgiven::OnOtherType,
            Self::SeveralTypes
            | Self::ProtocolChanges
            | Self::NameConflict
            | Self::Overgrown
            | Self::Misfit
            | Self::NoForm
            | Self::QueryTooLong
            | Self::HeaderInvalid => Forgiven::Never,
        }
    }

    /// The one table from faults to what everybody is told.
    pub(crate) fn code(self, direction: Direction) -> Code {
        let (request, response) = match self {
            Self::TooLong => (Code::TooLarge, Code::ResponseTooLarge),
            Self::ExpandsTooLong => (Code::ExpandsTooLarge, Code::ResponseExpandsTooLarge),
            Self::NotJson(invalid) => match invalid.fault {
                json::Fault::DuplicateName => (Code::DuplicateName, Code::ResponseDuplicateName),
                json::Fault::TooManyValues => (Code::TooLarge, Code::ResponseTooLarge),
                json::Fault::TooDeep => (Code::TooDeep, Code::ResponseTooDeep),
                _ => (Code::Invalid, Code::ResponseInvalid),
            },
            Self::NotAForm | Self::NotText | Self::NotMultipart => {
                (Code::Invalid, Code::ResponseInvalid)
            }
            Self::TooManyParts => (Code::TooLarge, Code::ResponseTooLarge),
            Self::TooManyFinds => (Code::TooManyFinds, Code::ResponseTooManyFinds),
            // Nothing becomes the query of a response.
            Self::QueryTooLong => (Code::QueryTooLong, Code::ResponseNoForm),
            Self::EncodingUnknown => (Code::EncodingUnknown, Code::ResponseEncodingUnknown),
            Self::EncodingInvalid => (Code::EncodingInvalid, Code::ResponseEncodingInvalid),
            Self::TypeRefused | Self::SeveralTypes | Self::ProtocolChanges => {
                (Code::TypeRefused, Code::ResponseTypeRefused)
            }
            Self::NameConflict => (Code::NameConflict, Code::ResponseNameConflict),
            Self::Overgrown => (Code::GrownTooLarge, Code::ResponseGrownTooLarge),
            Self::Misfit => (Code::Misfit, Code::ResponseMisfit),
            Self::NoForm => (Code::NoForm, Code::ResponseNoForm),
            Self::HeaderInvalid => (Code::HeaderInvalid, Code::ResponseHeaderInvalid),
        };
        match direction {
            Direction::Request => request,
            Direction::Response => response,
        }
    }

    pub(crate) fn reply(self, direction: Direction) -> Problem {
        if direction == Direction::Response {
            return Problem::new(
                502,
                "the upstream's answer could not be brought into its public form",
            );
        }
        let (status, detail): (u16, Cow<'static, str>) = match self {
            Self::TooLong => (413, "the body is too long".into()),
            Self::ExpandsTooLong => (413, "the body is too long when it is decompressed".into()),
            Self::NotJson(invalid) if invalid.fault == json::Fault::TooManyValues => {
                (413, "the body has too many values".into())
            }
            Self::NotJson(invalid) => (400, format!("the body cannot be read: {invalid}").into()),
            Self::NotAForm => (400, "the body cannot be read: the form is not UTF-8".into()),
            Self::NotText => (400, "the body cannot be read: the text is not UTF-8".into()),
            Self::NotMultipart => (
                400,
                "the body cannot be read: it is no multipart/form-data, or could be read in two ways"
                    .into(),
            ),
            Self::TooManyParts => (413, "the body has too many parts".into()),
            Self::TooManyFinds => (413, "the body has too much in it that must be replaced".into()),
            Self::QueryTooLong => (414, "the body is too long for a query".into()),
            Self::EncodingUnknown => (415, "send the body plain, or in gzip, deflate or br".into()),
            Self::EncodingInvalid => {
                (400, "the body is not in the encoding that content-encoding says".into())
            }
            Self::TypeRefused => (415, "the body must have another content-type".into()),
            Self::SeveralTypes => (415, "send one content-type".into()),
            Self::ProtocolChanges => {
                (415, "a body of this type cannot come with a change of the protocol".into())
            }
            Self::NameConflict => {
                (400, "two members of an object in the body have the same meaning".into())
            }
            Self::Overgrown => (413, "the body becomes too long when it is transformed".into()),
            Self::Misfit => (
                400,
                "the body has another shape: something is where an object or a list must be".into(),
            ),
            Self::NoForm => (400, "the body must be an object of texts and lists of texts".into()),
            Self::HeaderInvalid => (
                400,
                "the body has a control character where the value of a header is taken from".into(),
            ),
        };
        Problem::new(status, detail)
    }
}

impl From<Invalid> for Fault {
    fn from(invalid: Invalid) -> Self {
        Self::NotJson(invalid)
    }
}

impl From<shape::Fault> for Fault {
    fn from(fault: shape::Fault) -> Self {
        match fault {
            shape::Fault::NameConflict => Self::NameConflict,
            shape::Fault::Overgrown => Self::Overgrown,
            shape::Fault::Misfit => Self::Misfit,
            shape::Fault::HeaderInvalid => Self::HeaderInvalid,
        }
    }
}

impl From<Overgrown> for Fault {
    fn from(_: Overgrown) -> Self {
        Self::Overgrown
    }
}

impl From<Undecoded> for Fault {
    fn from(undecoded: Undecoded) -> Self {
        match undecoded {
            Undecoded::Invalid => Self::EncodingInvalid,
            Undecoded::TooLong => Self::ExpandsTooLong,
        }
    }
}
