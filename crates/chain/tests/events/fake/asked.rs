//! What a test can have refused.

/// What a call of the proxy is asked for, to have it refused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Asked {
    Edit,
    Body,
    /// The body is given, without its last byte.
    WholeBody,
    ReplaceBody,
    /// All trailers.
    Trailers,
    /// The removal of one.
    Trailer,
    Reply,
    Resume,
    State,
    Focus,
    Call,
    Grpc,
    Timer,
    Queue,
    Metric,
    Route,
}
