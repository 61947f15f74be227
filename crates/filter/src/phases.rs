//! The phases that a filter takes part in, as values.

use crate::{
    AnswersPhase, EndPhase, FetchingPhase, Filter, GrpcAnswersPhase, LogPhase, RequestBodyPhase,
    RequestTrailersPhase, ResponseBodyPhase, ResponsePhase, WakePhase,
};

/// Each phase once, in the order of its flag: the field, the type of [`Filter`] that says whether
/// it takes part, and the phase's trait.
macro_rules! phases {
    ($($field:ident: $part:ident, $on:ident;)*) => {
        /// The phases that a filter takes part in: what a module exports follows from them.
        #[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
        pub struct Phases {
            $(
                #[doc = concat!("[`", stringify!($on), "`](crate::", stringify!($on), ")")]
                pub $field: bool,
            )*
        }

        impl Phases {
            /// How many there are.
            pub const COUNT: usize = [$(stringify!($field)),*].len();

            /// Those of a filter.
            pub const fn of<F: Filter>() -> Self {
                Self { $($field: F::$part::TAKES_PART,)* }
            }

            /// Those in which one or the other takes part.
            #[must_use]
            pub const fn or(self, other: Self) -> Self {
                Self { $($field: self.$field || other.$field,)* }
            }

            /// A byte for each, `1` or `0`: what a module says of itself.
            pub const fn flags(self) -> [u8; Self::COUNT] {
                [$(if self.$field { b'1' } else { b'0' },)*]
            }

            /// What [`flags`](Self::flags) has written; `None` for anything else.
            pub fn from_flags(flags: &[u8]) -> Option<Self> {
                let flag = |byte: &u8| match byte {
                    b'0' => Some(false),
                    b'1' => Some(true),
                    _ => None,
                };
                let flags: Option<Vec<bool>> = flags.iter().map(flag).collect();
                let [$($field),*] = flags?.try_into().ok()?;
                Some(Self { $($field),* })
            }
        }
    };
}

phases! {
    request_body: RequestBody, OnRequestBody;
    request_trailers: RequestTrailers, OnRequestTrailers;
    response: Response, OnResponse;
    response_body: ResponseBody, OnResponseBody;
    answers: Answers, OnAnswers;
    fetching: Fetching, Fetches;
    grpc_answers: GrpcAnswers, OnGrpcAnswer;
    log: Logging, OnLog;
    waking: Waking, OnWake;
    ending: Ending, OnEnd;
}

impl Phases {
    /// The host's names of the callbacks that these phases need, each once. What every filter needs
    /// (to be configured, to see request heads) is not among them.
    pub fn callbacks(self) -> impl Iterator<Item = &'static str> {
        let trailers = self.request_body || self.request_trailers;
        let http_answers = self.answers || self.fetching;
        [
            (self.request_body, &["proxy_on_request_body"][..]),
            (trailers, &["proxy_on_request_trailers"]),
            (self.response, &["proxy_on_response_headers"]),
            (self.response_body, &["proxy_on_response_body", "proxy_on_response_trailers"]),
            (http_answers, &["proxy_on_http_call_response"]),
            (self.fetching || self.waking, &["proxy_on_tick"]),
            (self.grpc_answers, &["proxy_on_grpc_receive", "proxy_on_grpc_close"]),
            (self.log, &["proxy_on_log"]),
            (self.waking, &["proxy_on_queue_ready"]),
        ]
        .into_iter()
        .filter(|(takes_part, _)| *takes_part)
        .flat_map(|(_, names)| names.iter().copied())
    }
}
