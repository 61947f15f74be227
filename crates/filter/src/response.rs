//! A response on its way to the client.

use crate::{Callouts, Headers, Host};

/// A response head on its way to the client.
pub struct Response<'h> {
    /// The head's fields, `:status` included; edits are recorded here.
    pub headers: Headers,
    host: &'h dyn Callouts,
    body_follows: bool,
}

impl<'h> Response<'h> {
    /// A response as it reached this filter.
    pub fn new(headers: Headers, host: &'h dyn Callouts) -> Self {
        Self { headers, host, body_follows: false }
    }

    /// The same response, with a body to come or without.
    #[must_use]
    pub fn with_body(self, body_follows: bool) -> Self {
        Self { body_follows, ..self }
    }

    /// The head with the edits on it.
    pub fn into_headers(self) -> Headers {
        self.headers
    }

    /// Whether a body, or trailers, follow the head: then there is a body to ask for.
    pub fn body_follows(&self) -> bool {
        self.body_follows
    }

    /// The proxy that the response goes through.
    pub fn host(&self) -> &'h dyn Host {
        self.host
    }

    /// The same proxy, for a filter that makes calls of its own.
    pub fn callouts(&self) -> &'h dyn Callouts {
        self.host
    }

    /// The status code, `None` where the head has none that is a number.
    pub fn status(&self) -> Option<u16> {
        std::str::from_utf8(self.headers.first(":status")?).ok()?.parse().ok()
    }
}
