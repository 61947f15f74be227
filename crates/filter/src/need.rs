//! What a filter needs of its host beside what its phases tell.

/// What a configured filter does with its host on the way of a request, beside what every filter
/// does, and what its phases and what it fetches tell by themselves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Need {
    /// It changes fields of heads.
    Edits,
    /// It asks for the time.
    Clock,
    /// It keeps what all workers share.
    Store,
    /// It evaluates expressions of the host's.
    Expressions,
    /// It makes gRPC calls for requests.
    GrpcCalls,
    /// It writes bodies.
    Bodies,
    /// It holds requests until others are done ([`OnWake`](crate::OnWake)).
    Queue,
    /// It sets gauges, or puts values into histograms.
    Gauges,
}
