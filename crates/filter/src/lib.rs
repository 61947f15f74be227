//! The vocabulary that every Gatehouse filter shares.
//!
//! A filter takes facts (a [`Request`], a [`Response`], the [`Host`] it runs in) and returns a
//! [`Decision`]. It never acts: the shell (`gatehouse-host`) reads the facts from Envoy and carries
//! the decision out. Nothing here names a host, reads a clock or does I/O, so everything here and
//! in every filter core runs in a native `cargo test`.

pub mod api_key;
pub mod cache_control;
pub mod config;
pub mod credential;
pub mod decimal;
pub mod fetched;
pub mod hex;
pub mod list;
pub mod protobuf;
pub mod rules;
pub mod template;
pub mod truth;

mod body;
mod buckets;
mod callouts;
mod challenge;
mod charges;
mod code;
mod cookie;
mod date;
mod decision;
mod ended;
mod explained;
mod filter;
mod headers;
mod host;
mod identity;
mod lines_a_minute;
mod log;
mod members;
mod need;
mod network;
mod note;
mod operator_log;
mod percent;
mod phase;
mod phases;
mod printable;
mod reference;
mod reply;
mod request;
mod request_line;
mod response;
mod secret;
mod statuses;
mod target;
mod text_pattern;
mod wording;

pub use body::{Body, Collect, Copied};
pub use buckets::{BucketVersion, Buckets};
pub use callouts::{
    Answer, Answered, CallId, CallRefused, Callout, Callouts, GrpcAnswer, GrpcCall, Queue,
};
pub use challenge::Challenge;
pub use charges::Charges;
pub use code::{Codes, Event, NoCodes, are_distinct};
pub use cookie::cookie_values;
pub use date::Date;
pub use decision::{
    Ask, Broken, Calls, Decision, Mode, ResponseDecision, ResponseStep, Step, Topic, Until,
};
pub use ended::Ended;
pub use explained::Explained;
pub use fetched::Polled;
pub use filter::{CountedRule, Filter};
pub use headers::{
    Edit, EditKind, FieldChange, Head, HeaderName, HeaderValue, Headers, InvalidName, InvalidValue,
    Mark, Repeated,
};
pub use host::{
    Attribute, Attributes, Clock, Counter, Expression, Expressions, Gauge, Hash, Histogram, Host,
    Meter, NoExpression, NoRandom, NoVerifier, PeerName, Random, SetError, Signatures, Store,
    StoreError, Timestamp, Version,
};
pub use identity::{Caller, Identity, IdentityPart, RawIdentity, claim_names};
pub use lines_a_minute::LinesAMinute;
pub use log::Log;
pub use members::Members;
pub use need::Need;
pub use network::{InvalidNetwork, Network};
pub use note::Note;
pub use operator_log::OperatorLog;
pub use percent::{form_decoded, percent_decoded, percent_encoded, percent_encoded_byte};
pub use phase::{
    AnswersPhase, EndPhase, Fetches, FetchingPhase, GrpcAnswersPhase, LogPhase, Never, OnAnswers,
    OnEnd, OnGrpcAnswer, OnLog, OnRequestBody, OnRequestTrailers, OnResponse, OnResponseBody,
    OnWake, RequestBodyPhase, RequestTrailersPhase, ResponseBodyPhase, ResponsePhase, WakePhase,
};
pub use phases::Phases;
pub use printable::printable;
pub use reference::{Reference, Said};
pub use reply::{Bytes, Document, GrpcStatus, Problem, Replay, Reply, status_phrase};
pub use request::{Facts, Request, Spoken, essence, is_grpc, is_grpc_or_grpc_web};
pub use request_line::RequestLine;
pub use response::Response;
pub use secret::Secret;
pub use statuses::Statuses;
pub use target::{query_pairs, query_value, query_values, split_target};
pub use text_pattern::TextPattern;
pub use wording::{Refused, Wording, Words};
