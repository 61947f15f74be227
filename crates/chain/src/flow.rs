//! What a callback answers to the proxy, as the numbers of the ABI.
//!
//! The numbers are Envoy's `FilterHeadersStatus`, `FilterDataStatus` and `FilterTrailersStatus`
//! (`envoy/http/filter.h`), which its wasm host takes as they are.

/// What becomes of a head.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HeadFlow {
    /// It goes on.
    Continue = 0,
    /// It is held, and the body comes to this module (`StopIteration`). Only where the plugin has
    /// `allow_on_headers_stop_iteration`; elsewhere the host takes it for
    /// [`HoldAll`](Self::HoldAll).
    HoldHead = 1,
    /// It is held, and so is all that follows, with flow control and without a limit
    /// (`StopAllIterationAndWatermark`).
    HoldAll = 4,
}

/// What becomes of a part of a body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BodyFlow {
    /// It goes on, with all that was held before it.
    Continue = 0,
    /// It is held, and comes again with the next part (`StopIterationAndBuffer`).
    Hold = 1,
    /// Nobody gets it (`StopIterationNoBuffer`): the request was answered.
    Drop = 3,
}

/// What becomes of trailers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TrailersFlow {
    /// They go on, with all that was held before them.
    Continue = 0,
    /// They are held.
    Hold = 1,
}
