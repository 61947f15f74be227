use crate::{Headers, Host};
use std::time::Duration;

/// The proxy, where a filter may also make calls of its own: from its timer, never while a request waits
/// in the callback.
pub trait Outside: Host {
    /// Sends an HTTP request through an Envoy cluster. The answer comes to
    /// [`Filter::on_answer`](crate::Filter::on_answer) later, exactly once.
    ///
    /// # Errors
    /// [`CallRefused`], and then no answer comes.
    fn call(&self, callout: &Callout) -> Result<CallId, CallRefused>;
}

/// An HTTP request of the filter's own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Callout {
    /// The name of an Envoy cluster.
    pub cluster: String,
    /// The method.
    pub method: &'static str,
    /// The authority: what `host` says to the server.
    pub authority: String,
    /// The path, with the query.
    pub path: String,
    /// Further header fields.
    pub headers: Vec<(String, String)>,
    /// The body; empty for none.
    pub body: Vec<u8>,
    /// After this the answer is a 504. More than zero: zero would wait for ever.
    pub timeout: Duration,
}

/// Which call an answer belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct CallId(pub u32);

/// Why a call was not made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallRefused {
    /// There is no such cluster, or the request is malformed.
    BadArgument,
    /// The cluster has no host to send to, or the host could not.
    Failed,
}

/// What came back. A connection that failed looks like a 503, one that took too long like a 504: the host
/// makes up an answer, so those bodies are not the server's.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The head, with `:status`; empty where the connection broke off in the middle of the answer.
    pub headers: Headers,
    /// The body, up to [`Filter::MOST_OF_AN_ANSWER`](crate::Filter::MOST_OF_AN_ANSWER) bytes.
    pub body: Vec<u8>,
    /// Whether there was more.
    pub truncated: bool,
}

impl Answer {
    /// The status code; `None` where there is no answer.
    pub fn status(&self) -> Option<u16> {
        std::str::from_utf8(self.headers.first(":status")?).ok()?.parse().ok()
    }
}
