//! What the gateway itself can be at fault for in a request, and what the client is told: one
//! table.

use gatehouse_filter::Problem;

/// A fault of the gateway's own. The request ends with a reply, and the log has a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// There is no configuration.
    Unconfigured,
    /// The host did not give the head, and somebody decided on it.
    HeadUnread,
    /// The host did not give the trailers, and a filter has fields to take out of them.
    TrailersUnread,
    /// The host refused to change the trailers.
    TrailerKept,
    /// The host refused to change the head: what a filter removed may be a forged identity.
    EditRefused,
    /// A filter wants a body that has gone past, or that its module cannot read.
    BodyGone,
    /// The host did not give the body.
    BodyUnread,
    /// The host refused to replace the body, or the filter had said that it would not be replaced.
    BodyUnchanged,
    /// The host did not keep who the request is from.
    StateRefused,
    /// A filter says that it is broken.
    Broken(&'static str),
    /// A filter decided what cannot be done where it was asked.
    OutOfPlace(&'static str),
}

impl Fault {
    /// The full code: what the access log has.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Unconfigured => "gatehouse.unconfigured",
            Self::HeadUnread => "gatehouse.head_unread",
            Self::TrailersUnread => "gatehouse.trailers_unread",
            Self::EditRefused | Self::TrailerKept => "gatehouse.edit_failed",
            Self::BodyGone | Self::BodyUnread => "gatehouse.body_unread",
            Self::BodyUnchanged => "gatehouse.body_unchanged",
            Self::StateRefused => "gatehouse.state_failed",
            Self::Broken(_) | Self::OutOfPlace(_) => "gatehouse.broken",
        }
    }

    /// What the client is told.
    pub(crate) fn problem(self) -> Problem {
        match self {
            Self::Unconfigured => Problem::new(503, "the gateway is not configured"),
            Self::HeadUnread | Self::TrailersUnread | Self::BodyGone | Self::BodyUnread => {
                Problem::new(500, "the gateway could not read the message")
            }
            Self::EditRefused | Self::TrailerKept | Self::BodyUnchanged => {
                Problem::new(500, "the gateway could not change the message")
            }
            Self::StateRefused | Self::Broken(_) | Self::OutOfPlace(_) => {
                Problem::new(500, "the gateway is at fault")
            }
        }
    }

    /// What operators are told.
    pub(crate) fn line(self) -> &'static str {
        match self {
            Self::Unconfigured => "there is no configuration",
            Self::HeadUnread => "the host did not give the head",
            Self::TrailersUnread => "the host did not give the trailers",
            Self::TrailerKept => "the host refused to change the trailers",
            Self::EditRefused => "the host refused to change the head",
            Self::BodyGone => {
                "wants a body that it cannot have: it has gone past, or the module reads none"
            }
            Self::BodyUnread => "the host did not give the body",
            Self::BodyUnchanged => "the body could not be replaced",
            Self::StateRefused => {
                "the host did not keep who the request is from: is proxy_set_property allowed?"
            }
            Self::Broken(line) | Self::OutOfPlace(line) => line,
        }
    }
}
