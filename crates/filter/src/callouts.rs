//! Calls that a filter makes through the proxy.

use crate::{HeaderName, HeaderValue, Headers, Host, Topic, printable};
use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// The proxy, where a filter may also make calls of its own: from its timer, from an answer, or for
/// a request ([`Request::callouts`](crate::Request::callouts)).
///
/// A call belongs to the configuration, not to the request that made it: the answer comes even if
/// that request has ended meanwhile. Unless a host says otherwise, it makes no calls.
pub trait Callouts: Host {
    /// Sends an HTTP request through an Envoy cluster, in the background: the answer comes to what
    /// made the call ([`Polled::answered`](crate::Polled::answered)) later, exactly once. Calls for
    /// a request are made by [`Step::Call`](crate::Step::Call).
    ///
    /// # Errors
    /// [`CallRefused`], and then no answer comes.
    fn call(&self, _callout: &Callout) -> Result<CallId, CallRefused> {
        Err(CallRefused::Failed)
    }

    /// A line in the host's log, a warning, about work of the filter's own: never about what a
    /// client sent. What a peer said may be in it; [`OperatorLog`](crate::OperatorLog) bounds that,
    /// and how often it is said.
    fn warn(&self, _line: &str) {}

    /// A line in the host's log that is no warning, in the same way.
    fn info(&self, _line: &str) {}

    /// Calls a gRPC method of one message through an Envoy cluster. The answer comes to
    /// [`OnGrpcAnswer::on_grpc_answer`](crate::OnGrpcAnswer::on_grpc_answer) later, exactly once.
    ///
    /// # Errors
    /// [`CallRefused`], and then no answer comes.
    fn grpc(&self, _call: &GrpcCall<'_>) -> Result<CallId, CallRefused> {
        Err(CallRefused::Failed)
    }

    /// Leaves something of the request at hand in filter state, under a name of the filter's own:
    /// for the access log, and for traces.
    fn leave(&self, _name: &str, _value: &[u8]) {}

    /// The queue by which this VM is woken, for others to know. `None` where it has none: then
    /// nobody can be woken here, and what waits is asked again at each tick.
    fn queue(&self) -> Option<Queue> {
        None
    }

    /// Has all requests asked about again that wait in that VM until they are woken for this topic
    /// ([`Until::Woken`](crate::Until::Woken)). A VM that is no more is not woken.
    fn wake(&self, _queue: Queue, _topic: Topic) {}
}

/// A VM's queue, known by this number to all VMs of the process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Queue(pub u32);

/// An HTTP request of the filter's own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Callout {
    /// The name of an Envoy cluster.
    pub cluster: String,
    /// The method.
    pub method: Cow<'static, str>,
    /// The authority: what `host` says to the server.
    pub authority: String,
    /// The path, with the query.
    pub path: String,
    /// Further header fields.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body; empty for none.
    pub body: Vec<u8>,
    /// After this the answer is a 504. More than zero: zero would wait for ever.
    pub timeout: Duration,
    /// The most bytes of the answer's body that are read into the VM; what is beyond shows as
    /// [`Answer::truncated`].
    pub max_answer_bytes: usize,
}

/// A gRPC call of the filter's own, of one message with one message for an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GrpcCall<'a> {
    /// The name of an Envoy cluster that speaks HTTP/2, [`MOST_OF_A_NAME`](Self::MOST_OF_A_NAME)
    /// bytes at most.
    pub cluster: &'a str,
    /// The full name of the service: `envoy.service.ratelimit.v3.RateLimitService`.
    pub service: &'a str,
    /// The name of the method.
    pub method: &'a str,
    /// The metadata to send with it.
    pub metadata: &'a [(&'a str, &'a [u8])],
    /// The message, in protobuf.
    pub message: &'a [u8],
    /// After this the answer is a [`GrpcAnswer`] with a status other than 0. More than zero.
    pub timeout: Duration,
}

impl GrpcCall<'_> {
    /// The longest name of a cluster, in bytes: what the host's interface can carry.
    pub const MOST_OF_A_NAME: usize = 120;
}

/// What came back from a gRPC call.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GrpcAnswer {
    /// The gRPC status code: 0 for success, and only then is there a message. A connection that
    /// failed is a 14, a call that took too long a 4.
    pub status: u32,
    /// The message, up to [`OnGrpcAnswer::MAX_ANSWER_BYTES`](crate::OnGrpcAnswer::MAX_ANSWER_BYTES)
    /// bytes. Whoever
    /// answered may have sent anything.
    pub message: Vec<u8>,
    /// Whether there was more.
    pub truncated: bool,
}

/// Which call an answer belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct CallId(pub u32);

/// Why a call was not made. As text, what to mend.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallRefused {
    /// There is no such cluster, or the request is malformed.
    BadArgument,
    /// The cluster has no host to send to, or the host could not.
    Failed,
}

impl fmt::Display for CallRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BadArgument => "Envoy has no such cluster",
            Self::Failed => {
                "the call was not made: the cluster has no host, or `proxy_http_call` is not allowed"
            }
        })
    }
}

/// What came back. A connection that failed looks like a 503, one that took too long like a 504:
/// the host makes up an answer, so those bodies are not the server's.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The head, with `:status`; empty where the connection broke off in the middle of the answer.
    pub headers: Headers,
    /// The body, up to [`Callout::max_answer_bytes`].
    pub body: Vec<u8>,
    /// Whether there was more.
    pub truncated: bool,
    /// Why the call was not made, where it was not: then there is nothing else.
    pub refused: Option<CallRefused>,
}

/// The answer to one of a request's calls.
#[derive(Clone, Debug)]
pub struct Answered {
    /// Which call: the filter's calls for one request are numbered from 0, in the order in which it
    /// has made them.
    pub call: usize,
    /// What came back.
    pub answer: Answer,
}

impl Answer {
    /// Of a call that was not made.
    pub fn refused(why: CallRefused) -> Self {
        Self { refused: Some(why), ..Self::default() }
    }

    /// Why it is not what was asked for, where it is not: anything but a 200.
    pub fn failure(&self) -> Option<String> {
        if let Some(refused) = self.refused {
            return Some(refused.to_string());
        }
        match self.status() {
            Some(200) => None,
            // The host makes up answers too, and they look the same.
            Some(503) => Some(format!("status 503: {}", self.unreached())),
            Some(504) => Some("status 504: no answer in time, or the server says so".to_owned()),
            Some(status) => Some(format!("status {status}")),
            None => Some("the answer broke off".to_owned()),
        }
    }

    /// Why nobody answered, as far as a 503 tells: Envoy's own has the reason in its text. A server
    /// may say the same.
    fn unreached(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        if text == "no healthy upstream" {
            return "the cluster has no healthy host".to_owned();
        }
        let Some((_, reason)) = text
            .split_once("reset reason: ")
            .filter(|_| text.starts_with("upstream connect error"))
        else {
            return "nobody answers there, or the server says so".to_owned();
        };
        let has = |part: &str| reason.contains(part);
        let what = match () {
            () if has("TLS_error") => "TLS failed",
            () if has("Connection refused") || has("connect error: 111") => {
                "the connection was refused"
            }
            () if has("connection timeout") => "no connection within `connect_timeout`",
            // From 1.38.1 on Envoy leaves out which, unless its runtime guard
            // `hide_transport_failure_reason_in_response_body` is false.
            () if has("connection failure") => {
                "the connection was refused or TLS failed, as the cluster's `ssl.` counters tell"
            }
            () => "no answer from there",
        };
        format!("{what} ({})", printable(reason.trim(), MOST_OF_A_REASON))
    }

    /// The status code; `None` where there is no answer.
    pub fn status(&self) -> Option<u16> {
        std::str::from_utf8(self.headers.first(":status")?).ok()?.parse().ok()
    }
}

/// The most characters of what Envoy says of a call.
const MOST_OF_A_REASON: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_nobody_answered_is_told_as_far_as_envoy_says_it() {
        let refused = "upstream connect error or disconnect/reset before headers. reset reason: \
             remote connection failure, transport failure reason: delayed connect error: ";
        let reset = "upstream connect error or disconnect/reset before headers. reset reason: ";
        for (status, body, want) in [
            ("503", format!("{refused}Connection refused"), "the connection was refused ("),
            ("503", format!("{refused}111"), "the connection was refused ("),
            (
                "503",
                format!(
                    "{reset}remote connection failure, transport failure reason: \
                     TLS_error:|268435581:SSL \
                     routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:TLS_error_end"
                ),
                "TLS failed (remote connection failure, transport failure reason: TLS_error:|",
            ),
            (
                "503",
                format!("{reset}remote connection failure"),
                "the connection was refused or TLS failed, as the cluster's `ssl.` counters tell (",
            ),
            ("503", format!("{reset}connection timeout"), "no connection within `connect_timeout`"),
            ("503", format!("{reset}connection termination"), "no answer from there (connection"),
            ("503", "no healthy upstream".to_owned(), "the cluster has no healthy host"),
            ("503", "no".to_owned(), "nobody answers there, or the server says so"),
            ("503", "reset reason: TLS_error".to_owned(), "nobody answers there"),
            ("504", "upstream request timeout".to_owned(), "no answer in time, or the server says"),
        ] {
            let answer = Answer {
                headers: Headers::from_list(&[(":status", status)]),
                body: body.clone().into_bytes(),
                ..Answer::default()
            };
            let told = answer.failure().unwrap();
            assert!(told.starts_with(&format!("status {status}: {want}")), "{body}: {told}");
        }
    }
}
