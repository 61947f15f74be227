//! What a log may tell of a request's head.

use crate::{Request, printable};

/// What a request asked for, and its id: what is kept of a head that a line in a log may be about.
/// What strangers wrote is short and printable in it, and there is no query: secrets stand there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RequestLine {
    /// The method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// Envoy's id of the request.
    pub id: Option<String>,
}

/// The longest part that is told, in characters.
const MOST: usize = 200;

impl RequestLine {
    /// That of a request.
    pub fn of(request: &Request<'_>) -> Self {
        let text = |bytes: &[u8]| printable(&String::from_utf8_lossy(bytes), MOST);
        Self {
            method: text(request.method()),
            path: text(request.path()),
            id: request.headers.first("x-request-id").map(text),
        }
    }
}
