//! The phases that a filter may take part in, one trait each.
//!
//! A filter says for each phase of [`Filter`] whether it takes part: `type Response = Self` or
//! `type Response = Never`. The one needs an `impl OnResponse`, and an `impl OnResponse` needs the
//! one: neither can be forgotten, and what a module exports to the host follows from the types.

use crate::{
    Answered, Body, Broken, CallId, Callouts, Copied, Decision, Ended, Filter, GrpcAnswer, Headers,
    Log, Polled, Request, Response, ResponseDecision,
};

/// Who takes no part in a phase.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Never {}

/// Decides on bodies of requests, where the head asked for them
/// ([`Step::ReadBody`](crate::Step::ReadBody)).
pub trait OnRequestBody: Filter<RequestBody = Self> {
    /// Whether [`Filter::on_request`] may ask for this request's body with its head held, as far as
    /// can be told before it is asked: whoever holds the request meanwhile holds it so that the
    /// head can wait on.
    fn may_hold_for_body(&self, request: &Request<'_>) -> bool;

    /// The field of the configuration by which it holds heads for bodies, where it does: then the
    /// plugin needs `allow_on_headers_stop_iteration`, which no filter can see.
    fn holds_heads(&self) -> Option<&'static str>;

    /// Decides on a body that has ended or is longer than wanted. There is a head where it was held
    /// for the body, and none where it has gone on.
    ///
    /// # Errors
    /// [`Broken`] where the filter itself is at fault: the request ends with a 500.
    fn on_request_body(
        &self,
        head: Option<&mut Request<'_>>,
        body: &mut Body,
        callouts: &dyn Callouts,
        state: &mut Self::State,
    ) -> Result<Decision<Self::Code>, Broken>;
}

/// Has fields of requests that come from it or from nobody: what a client sends after the body is
/// no way round it. An upstream may merge trailers into the head (RFC 9110 §6.5.1), and Envoy hands
/// them on to whatever speaks HTTP/2.
pub trait OnRequestTrailers: Filter<RequestTrailers = Self> {
    /// Takes those fields out of the trailers of the request that the state is of. They are fetched
    /// when they are first read. Nothing but removals is carried out.
    fn clear_trailers(&self, trailers: &mut Headers, state: &Self::State);
}

/// Sees the heads of responses: the upstream's, and those that the proxy or a filter made up.
pub trait OnResponse: Filter<Response = Self> {
    /// Sees the head, may edit it, and may decide on the response.
    fn on_response(
        &self,
        response: &mut Response<'_>,
        state: &mut Self::State,
    ) -> ResponseDecision<Self::Code>;
}

/// Decides on bodies of responses, where the head asked for them
/// ([`ResponseStep::ReadBody`](crate::ResponseStep::ReadBody)), or sees them go by: as a copy
/// ([`ResponseStep::CopyBody`](crate::ResponseStep::CopyBody)), or part by part
/// ([`ResponseStep::FollowBody`](crate::ResponseStep::FollowBody)).
pub trait OnResponseBody: Filter<ResponseBody = Self> {
    /// Whether it may ask for bodies of responses at all, as it is configured: where it does not, a
    /// plugin that may not see them does not lack anything.
    fn asks_for_response_bodies(&self) -> bool {
        true
    }

    /// See [`OnRequestBody::holds_heads`]: the same for responses.
    fn holds_response_heads(&self) -> Option<&'static str>;

    /// Decides on a body that has ended or is longer than wanted. There is a head where it was held
    /// for the body, and none where it has gone on.
    ///
    /// # Errors
    /// [`Broken`] where the filter itself is at fault: the response is broken off, or becomes a 500
    /// where its head was held.
    fn on_response_body(
        &self,
        head: Option<&mut Response<'_>>,
        body: &mut Body,
        callouts: &dyn Callouts,
        state: &mut Self::State,
    ) -> Result<ResponseDecision<Self::Code>, Broken>;

    /// Is given the copy of a body that has come to its end; nothing where the response broke off
    /// before.
    fn on_copied_body(&self, copied: Copied, callouts: &dyn Callouts, state: &mut Self::State);

    /// Is shown the next part of a body that it follows, wherever the upstream or the network has
    /// cut it. Parts are never empty.
    fn on_body_part(&self, _part: &[u8], _callouts: &dyn Callouts, _state: &mut Self::State) {}

    /// The body that it follows has come to its end. It is not told where the response breaks off
    /// before: then there is [`OnEnd`] alone.
    fn on_body_end(&self, _callouts: &dyn Callouts, _state: &mut Self::State) {}
}

/// Makes calls for a request and decides on their answers ([`Step::Call`](crate::Step::Call)).
pub trait OnAnswers: Filter<Answers = Self> {
    /// Decides on the answers to calls that it has made for this request, in the order of the
    /// calls: when all are there, or after each, as [`Calls::ask`](crate::Calls::ask) says. It may
    /// call again; with anything else answers still to come are dropped.
    ///
    /// # Errors
    /// [`Broken`] where the filter itself is at fault: the request ends with a 500.
    fn on_answers(
        &self,
        answers: Vec<Answered>,
        request: &mut Request<'_>,
        state: &mut Self::State,
    ) -> Result<Decision<Self::Code>, Broken>;
}

/// Has things fetched in the background.
pub trait Fetches: Filter<Fetching = Self> {
    /// All that it has fetched, in this configuration. The shell prepares, ticks and answers them.
    fn fetched(&self) -> Vec<&dyn Polled>;
}

/// Makes gRPC calls of its own.
pub trait OnGrpcAnswer: Filter<GrpcAnswers = Self> {
    /// The most bytes of a message that are read.
    const MAX_ANSWER_BYTES: usize;

    /// Takes the answer to a call that was made through [`Callouts::grpc`]. Requests that wait for
    /// the call are asked about again afterwards.
    fn on_grpc_answer(&self, call: CallId, answer: &GrpcAnswer, callouts: &dyn Callouts);
}

/// Sees every request when it has ended, whatever its end.
pub trait OnLog: Filter<Logging = Self> {
    /// Sees what there was. Nothing can be changed any more.
    fn on_log(&self, log: &Log<'_>, state: &mut Self::State);
}

/// Holds requests until another one is done, on whatever worker it is ([`Until::Woken`]).
///
/// [`Until::Woken`]: crate::Until::Woken
pub trait OnWake: Filter<Waking = Self> {
    /// Whether it may hold requests so, as it is configured. Whoever waits for a request that is no
    /// more ([`OnEnd`]) is to be [woken](Callouts::wake), or waits for its deadline.
    fn waits_for_others(&self) -> bool;
}

/// Is told that a request is no more: it was answered, or its client has left.
pub trait OnEnd: Filter<Ending = Self> {
    /// Of every request that it was asked about, once. The heads are gone.
    fn on_end(&self, end: &Ended<'_>, state: &mut Self::State);
}

macro_rules! phases {
    ($(
        $(#[$doc:meta])*
        $phase:ident: $on:ident {
            $(fn $method:ident($($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)? = $otherwise:expr;)*
        }
    )*) => { $(
        $(#[$doc])*
        pub trait $phase<F: Filter> {
            /// Whether the filter takes part.
            const TAKES_PART: bool;
            $(
                #[doc(hidden)]
                fn $method(filter: &F $(, $argument: $type)*) $(-> $result)?;
            )*
        }

        impl<F: $on> $phase<F> for F {
            const TAKES_PART: bool = true;
            $(fn $method(filter: &F $(, $argument: $type)*) $(-> $result)? {
                filter.$method($($argument),*)
            })*
        }

        impl<F: Filter> $phase<F> for Never {
            const TAKES_PART: bool = false;
            $(fn $method(_: &F $(, _: $type)*) $(-> $result)? {
                $otherwise
            })*
        }
    )* };
}

phases! {
    /// Either the filter, which is [`OnRequestBody`], or [`Never`].
    RequestBodyPhase: OnRequestBody {
        fn may_hold_for_body(request: &Request<'_>) -> bool = false;
        fn holds_heads() -> Option<&'static str> = None;
        fn on_request_body(
            head: Option<&mut Request<'_>>,
            body: &mut Body,
            callouts: &dyn Callouts,
            state: &mut F::State,
        ) -> Result<Decision<F::Code>, Broken> = Err(Broken("it reads no bodies of requests"));
    }
    /// Either the filter, which is [`OnRequestTrailers`], or [`Never`].
    RequestTrailersPhase: OnRequestTrailers {
        fn clear_trailers(trailers: &mut Headers, state: &F::State) = ();
    }
    /// Either the filter, which is [`OnResponse`], or [`Never`].
    ResponsePhase: OnResponse {
        fn on_response(
            response: &mut Response<'_>,
            state: &mut F::State,
        ) -> ResponseDecision<F::Code> = ResponseDecision::undecided();
    }
    /// Either the filter, which is [`OnResponseBody`], or [`Never`].
    ResponseBodyPhase: OnResponseBody {
        fn holds_response_heads() -> Option<&'static str> = None;
        fn on_response_body(
            head: Option<&mut Response<'_>>,
            body: &mut Body,
            callouts: &dyn Callouts,
            state: &mut F::State,
        ) -> Result<ResponseDecision<F::Code>, Broken> = Err(Broken("it reads no bodies of responses"));
        fn on_copied_body(copied: Copied, callouts: &dyn Callouts, state: &mut F::State) = ();
        fn asks_for_response_bodies() -> bool = false;
        fn on_body_part(part: &[u8], callouts: &dyn Callouts, state: &mut F::State) = ();
        fn on_body_end(callouts: &dyn Callouts, state: &mut F::State) = ();
    }
    /// Either the filter, which is [`OnAnswers`], or [`Never`].
    AnswersPhase: OnAnswers {
        fn on_answers(
            answers: Vec<Answered>,
            request: &mut Request<'_>,
            state: &mut F::State,
        ) -> Result<Decision<F::Code>, Broken> = Err(Broken("it makes no calls for requests"));
    }
    /// Either the filter, which is [`OnLog`], or [`Never`].
    LogPhase: OnLog {
        fn on_log(log: &Log<'_>, state: &mut F::State) = ();
    }
    /// Either the filter, which is [`OnWake`], or [`Never`].
    WakePhase: OnWake {
        fn waits_for_others() -> bool = false;
    }
    /// Either the filter, which is [`OnEnd`], or [`Never`].
    EndPhase: OnEnd {
        fn on_end(end: &Ended<'_>, state: &mut F::State) = ();
    }
}

/// Either the filter, which is [`Fetches`], or [`Never`].
pub trait FetchingPhase<F: Filter> {
    /// Whether the filter takes part.
    const TAKES_PART: bool;
    #[doc(hidden)]
    fn fetched(filter: &F) -> Vec<&dyn Polled>;
}

impl<F: Fetches> FetchingPhase<F> for F {
    const TAKES_PART: bool = true;

    fn fetched(filter: &F) -> Vec<&dyn Polled> {
        filter.fetched()
    }
}

impl<F: Filter> FetchingPhase<F> for Never {
    const TAKES_PART: bool = false;

    fn fetched(_: &F) -> Vec<&dyn Polled> {
        Vec::new()
    }
}

/// Either the filter, which is [`OnGrpcAnswer`], or [`Never`].
pub trait GrpcAnswersPhase<F: Filter> {
    /// Whether the filter takes part.
    const TAKES_PART: bool;
    /// See [`OnGrpcAnswer::MAX_ANSWER_BYTES`].
    const MAX_ANSWER_BYTES: usize;
    #[doc(hidden)]
    fn on_grpc_answer(filter: &F, call: CallId, answer: &GrpcAnswer, callouts: &dyn Callouts);
}

impl<F: OnGrpcAnswer> GrpcAnswersPhase<F> for F {
    const TAKES_PART: bool = true;
    const MAX_ANSWER_BYTES: usize = <F as OnGrpcAnswer>::MAX_ANSWER_BYTES;

    fn on_grpc_answer(filter: &F, call: CallId, answer: &GrpcAnswer, callouts: &dyn Callouts) {
        filter.on_grpc_answer(call, answer, callouts);
    }
}

impl<F: Filter> GrpcAnswersPhase<F> for Never {
    const TAKES_PART: bool = false;
    const MAX_ANSWER_BYTES: usize = 0;

    fn on_grpc_answer(_: &F, _: CallId, _: &GrpcAnswer, _: &dyn Callouts) {}
}
