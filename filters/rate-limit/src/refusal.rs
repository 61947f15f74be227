//! Why a request is refused, and what its client is told: one table.

use crate::Code;
use gatehouse_filter::rules::AmbiguousTarget;
use gatehouse_filter::{GrpcStatus, Problem};
use std::borrow::Cow;

/// Why a request is not let through: one variant a fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refusal<'a> {
    /// The path, the host or a parameter can be read as another one than the rules read.
    TargetAmbiguous,
    /// A limit is used up.
    Exceeded(Exceeded<'a>),
    /// As many requests of the client are under way as may be.
    Busy(Busy<'a>),
    /// It could not be counted.
    StoreUnavailable,
    /// The rate limit service did not rule.
    ServiceUnavailable,
}

/// How refusals are told, as the configuration says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Manner {
    /// The status of one whose limit is used up.
    pub(crate) status: u16,
    /// Whether it is told when to try again.
    pub(crate) tells_wait: bool,
}

/// The limit that is used up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Exceeded<'a> {
    pub(crate) manner: Manner,
    pub(crate) name: &'a str,
    pub(crate) requests: u32,
    /// In seconds.
    pub(crate) window: u64,
    /// What the request counts for.
    pub(crate) cost: u32,
    /// Seconds until it may pass; `None` where it never may.
    pub(crate) wait: Option<u64>,
}

/// The rule that lets no more requests in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Busy<'a> {
    pub(crate) manner: Manner,
    pub(crate) rule: &'a str,
    /// How many may be under way at once.
    pub(crate) most: u32,
}

impl Refusal<'_> {
    /// The code that clients, logs and metrics see.
    pub(crate) fn code(&self) -> Code {
        self.row().0
    }

    /// The answer. Who may come again is told when (RFC 6585 §4).
    pub(crate) fn reply(&self) -> Problem {
        let (_, status, detail) = self.row();
        let reply = Problem::new(status, detail);
        let exceeded = match self {
            Self::Exceeded(exceeded) => exceeded,
            Self::Busy(busy) => {
                let reply = Problem { grpc: GrpcStatus::ResourceExhausted, ..reply };
                return reply.with_member("policy", busy.rule);
            }
            Self::TargetAmbiguous | Self::StoreUnavailable | Self::ServiceUnavailable => {
                return reply;
            }
        };
        let reply = Problem { grpc: GrpcStatus::ResourceExhausted, ..reply };
        let reply = reply.with_member("policy", exceeded.name);
        match exceeded.wait.filter(|_| exceeded.manner.tells_wait) {
            Some(seconds) => reply.with_retry_after(seconds),
            None => reply,
        }
    }

    /// The table: code, status, and what to mend.
    fn row(&self) -> (Code, u16, Cow<'static, str>) {
        const UNCOUNTED: &str = "the request could not be counted; try again";
        match self {
            Self::TargetAmbiguous => (Code::TargetAmbiguous, 400, AmbiguousTarget::DETAIL.into()),
            Self::Exceeded(exceeded) => {
                (Code::Exceeded, exceeded.manner.status, exceeded.detail().into())
            }
            Self::Busy(busy) => (Code::InFlightExceeded, busy.manner.status, busy.detail().into()),
            Self::StoreUnavailable => (Code::StoreUnavailable, 503, UNCOUNTED.into()),
            Self::ServiceUnavailable => (Code::ServiceUnavailable, 503, UNCOUNTED.into()),
        }
    }
}

impl Exceeded<'_> {
    fn detail(&self) -> String {
        let Self { name, requests, window, cost, .. } = self;
        let noun = if *requests == 1 { "request" } else { "requests" };
        let allows = format!("the policy \"{name}\" allows {requests} {noun} per {window} s");
        match self.wait {
            Some(_) if !self.manner.tells_wait => allows,
            Some(wait) => format!("{allows}; try again in {wait} s"),
            None => format!("{allows}, never as many at once as this one counts for: {cost}"),
        }
    }
}

impl Busy<'_> {
    /// Nobody knows when one of them ends.
    fn detail(&self) -> String {
        let Self { rule, most, .. } = self;
        let noun = if *most == 1 { "request" } else { "requests" };
        format!(
            "the policy \"{rule}\" allows {most} {noun} at a time; try again when one has ended"
        )
    }
}
