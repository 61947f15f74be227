//! Every way in which a body, or none, follows the head of a request.

use std::net::SocketAddr;
use std::sync::LazyLock;

use gatehouse_sandbox::raw::Connection;
use http::HeaderMap;
use serde_json::Value;

use crate::harness::http2;
use crate::harness::upstream::{Received, chunked};

/// What follows the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    Nothing,
    /// A body whose length the head tells.
    Length,
    /// A body in chunks, or in HTTP/2 in frames.
    Pieces,
    /// The same, and trailers.
    Trailers,
}
use Framing::{Length, Nothing, Pieces, Trailers};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Http1,
    Http2,
}
use Protocol::{Http1, Http2};

/// One way to send a request.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) name: &'static str,
    protocol: Protocol,
    framing: Framing,
    is_large: bool,
}

/// All of them.
pub(super) const SHAPES: [Shape; 13] = [
    shape("GET", Http1, Nothing, false),
    shape("a length", Http1, Length, false),
    shape("chunks", Http1, Pieces, false),
    shape("chunks and trailers", Http1, Trailers, false),
    shape("a length, large", Http1, Length, true),
    shape("chunks, large", Http1, Pieces, true),
    shape("chunks and trailers, large", Http1, Trailers, true),
    shape("HTTP/2, GET", Http2, Nothing, false),
    shape("HTTP/2, a length", Http2, Length, false),
    shape("HTTP/2, frames", Http2, Pieces, false),
    shape("HTTP/2, frames and trailers", Http2, Trailers, false),
    shape("HTTP/2, frames, large", Http2, Pieces, true),
    shape("HTTP/2, frames and trailers, large", Http2, Trailers, true),
];

const fn shape(name: &'static str, protocol: Protocol, framing: Framing, is_large: bool) -> Shape {
    Shape { name, protocol, framing, is_large }
}

/// Sixteen times what Envoy buffers for a connection here.
static LARGE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    (0..1_u32 << 20).map(|n| u8::try_from(n * 31 % 251).expect("a byte")).collect()
});

/// What the client was told.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) status: u16,
    /// The code of the problem document; empty where it is none.
    pub(super) code: String,
}

impl Shape {
    /// The bytes of the body.
    pub(super) fn body(&self) -> &'static [u8] {
        match (self.framing, self.is_large) {
            (Nothing, _) => b"",
            (_, false) => b"a=b&c=\xff\0",
            (_, true) => &LARGE,
        }
    }

    /// Sends it to this target, with one more header field.
    pub(super) fn send(
        &self,
        to: SocketAddr,
        target: &str,
        field: (&str, &str),
    ) -> Result<Told, String> {
        let (status, body) = match self.bytes(target, field) {
            Some(bytes) => {
                let response = Connection::open(to)
                    .and_then(|connection| connection.send_until_answered(&bytes));
                response
                    .map(|response| (response.status, response.body))
                    .map_err(|fault| fault.to_string())?
            }
            None => {
                let answer = self.send_http2(to, target, field)?;
                (answer.status, answer.body)
            }
        };
        let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
        Ok(Told { status, code: problem["code"].as_str().unwrap_or_default().to_owned() })
    }

    /// The request as it goes over the wire; `None` where it is not one of HTTP/1.1.
    pub(super) fn bytes(&self, target: &str, (name, value): (&str, &str)) -> Option<Vec<u8>> {
        if self.protocol != Http1 {
            return None;
        }
        let method = self.method();
        let body = self.body();
        let head =
            format!("{method} {target} HTTP/1.1\r\nhost: gateway.example\r\n{name}: {value}\r\n");
        let length = format!("content-length: {}\r\n\r\n", body.len());
        let (more, rest) = match self.framing {
            Nothing => ("\r\n", Vec::new()),
            Length => (length.as_str(), body.to_vec()),
            Pieces => ("transfer-encoding: chunked\r\n\r\n", chunked(body, piece_of(body), "")),
            Trailers => (
                "transfer-encoding: chunked\r\n\r\n",
                chunked(body, piece_of(body), "x-sum: 1\r\n"),
            ),
        };
        Some([head.as_bytes(), more.as_bytes(), &rest].concat())
    }

    fn send_http2(
        &self,
        to: SocketAddr,
        target: &str,
        (name, value): (&str, &str),
    ) -> Result<http2::Answer, String> {
        let body = self.body();
        let mut request = http2::get(target).method(self.method()).header(name, value);
        if self.framing == Length {
            request = request.header("content-length", body.len());
        }
        let trailers = (self.framing == Trailers).then(|| {
            let mut trailers = HeaderMap::new();
            trailers.insert("x-sum", "1".parse().expect("a value"));
            trailers
        });
        let frames: Vec<&[u8]> = body.chunks(piece_of(body)).collect();
        http2::try_send_body(to, request.body(()).expect("a request"), &frames, trailers)
    }

    fn method(&self) -> &'static str {
        if self.framing == Nothing { "GET" } else { "POST" }
    }

    /// What is wrong with the request as the upstream got it.
    pub(super) fn fault_of(&self, received: &Received) -> Option<String> {
        let (got, want) = (&received.body, self.body());
        if got != want {
            let same = got.iter().zip(want).take_while(|(got, want)| got == want).count();
            let (got, want) = (got.len(), want.len());
            return Some(format!(
                "{got} bytes arrived, not {want}, and the first {same} are right"
            ));
        }
        let has_trailers = !received.trailers.is_empty();
        (has_trailers != (self.framing == Trailers)).then(|| format!("trailers: {has_trailers}"))
    }
}

/// How long a part of a body is that has several: of a small one too.
fn piece_of(body: &[u8]) -> usize {
    (body.len() / 50).max(3)
}
