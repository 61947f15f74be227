//! What has become of each call.

use crate::failure::Failure;
use crate::freshness::Freshness;
use gatehouse_filter::{HeaderName, HeaderValue};
use gatehouse_json::Document;
use std::cell::RefCell;

/// One call of a composition, on its way.
#[derive(Default)]
pub(crate) enum Part {
    /// Calls that it needs have not been answered.
    #[default]
    Waiting,
    UnderWay(UnderWay),
    /// Its `when` does not hold, or that of a call that it needs.
    Skipped,
    Answered(Answered),
    Failed(Failed),
}

/// A call that is made, or several for the items of a list.
pub(crate) struct UnderWay {
    /// What the calls are made for; empty for a call that is for no items.
    pub(crate) items: Vec<Vec<u8>>,
    /// How many have been made.
    pub(crate) made: usize,
    /// The answers that have come, in the order of the items.
    pub(crate) answers: Vec<Option<Result<Good, Failure>>>,
}

/// An answer that is as it should be.
pub(crate) struct Good {
    pub(crate) status: u16,
    /// The bytes of it before its operations, without its content coding.
    pub(crate) size: usize,
    /// In its final form.
    pub(crate) document: Document,
    pub(crate) freshness: Freshness,
}

/// What calls were answered with that went well.
pub(crate) struct Answered {
    pub(crate) status: Option<u16>,
    pub(crate) document: RefCell<Document>,
    pub(crate) freshness: Freshness,
    /// What each item of the document was asked for, where the call was for items: those are its
    /// names in a join.
    pub(crate) items: Option<Vec<Vec<u8>>>,
    /// Why some of the items have no answer: the first of those that failed.
    pub(crate) failure: Option<Failure>,
}

/// A call that went wrong.
pub(crate) struct Failed {
    pub(crate) failure: Failure,
    pub(crate) status: Option<u16>,
    /// What stands in for an answer.
    pub(crate) default: Option<RefCell<Document>>,
    /// The answer itself, where the client is to be told what a service said to it.
    pub(crate) told: Option<Told>,
}

/// What a service said was wrong with a request.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Vec<u8>,
}

impl Part {
    /// Whether nothing more comes.
    pub(crate) fn is_done(&self) -> bool {
        !matches!(self, Self::Waiting | Self::UnderWay(_))
    }

    /// What others see of it: its answer, or what stands in for that.
    pub(crate) fn document(&self) -> Option<&RefCell<Document>> {
        match self {
            Self::Answered(answered) => Some(&answered.document),
            Self::Failed(failed) => failed.default.as_ref(),
            Self::Waiting | Self::UnderWay(_) | Self::Skipped => None,
        }
    }

    /// The status that it was answered with, where it was made once.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Answered(answered) => answered.status,
            Self::Failed(failed) => failed.status,
            Self::Waiting | Self::UnderWay(_) | Self::Skipped => None,
        }
    }

    /// Why it is not whole, where it is not.
    pub(crate) fn failure(&self) -> Option<Failure> {
        match self {
            Self::Answered(answered) => answered.failure,
            Self::Failed(failed) => Some(failed.failure),
            Self::Waiting | Self::UnderWay(_) | Self::Skipped => None,
        }
    }
}
