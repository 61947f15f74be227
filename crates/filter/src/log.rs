//! What is known of a request when it has ended.

use crate::{Headers, Host};

/// A request that has ended, whatever its end was.
pub struct Log<'h> {
    /// The request's head as it went to the upstream.
    pub request: Headers,
    /// The response's head as the client got it; no fields where there was none.
    pub response: Headers,
    host: &'h dyn Host,
}

impl<'h> Log<'h> {
    /// The end of a request with these heads.
    pub fn new(request: Headers, response: Headers, host: &'h dyn Host) -> Self {
        Self { request, response, host }
    }

    /// The proxy that the request went through.
    pub fn host(&self) -> &'h dyn Host {
        self.host
    }
}
