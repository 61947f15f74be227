//! What Envoy's admin interface answers, within bounds of time and size.

use std::fmt;
use std::io;
use std::time::Duration;

use axum::body::Bytes;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderValue};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// An admin interface.
#[derive(Clone, Debug)]
pub(crate) struct Admin {
    /// `host:port`.
    pub(crate) authority: String,
}

/// Why there is no answer that can be used.
#[derive(Debug)]
pub(crate) enum Fault {
    Unreachable(io::ErrorKind),
    TooSlow,
    NotHttp,
    Status(StatusCode),
    TooLong,
    NotJson,
    /// JSON, but not what Envoy says there.
    OtherShape,
}

impl Admin {
    /// The JSON at this path.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, Fault> {
        let body = tokio::time::timeout(DEADLINE, self.body(path)).await;
        let body = body.map_err(|_| Fault::TooSlow)??;
        serde_json::from_slice(&body).map_err(|_| Fault::NotJson)
    }

    async fn body(&self, path: &str) -> Result<Bytes, Fault> {
        let stream = TcpStream::connect(&self.authority).await;
        let stream = stream.map_err(|error| Fault::Unreachable(error.kind()))?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|_| Fault::NotHttp)?;
        let connection = tokio::spawn(connection);
        let answer =
            async {
                let host = HeaderValue::try_from(&self.authority).map_err(|_| Fault::NotHttp)?;
                let mut request = Request::new(Empty::<Bytes>::new());
                *request.uri_mut() = path.parse().map_err(|_| Fault::NotHttp)?;
                request.headers_mut().insert(HOST, host);
                let answer = sender.send_request(request).await.map_err(|_| Fault::NotHttp)?;
                if answer.status() != StatusCode::OK {
                    return Err(Fault::Status(answer.status()));
                }
                let body = Limited::new(answer.into_body(), LONGEST).collect().await;
                Ok(body
                    .map_err(|error| {
                        if error.is::<hyper::Error>() { Fault::NotHttp } else { Fault::TooLong }
                    })?
                    .to_bytes())
            };
        let answer = answer.await;
        connection.abort();
        answer
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(kind) => write!(out, "cannot be reached: {kind}"),
            Self::TooSlow => write!(out, "has not answered within {} s", DEADLINE.as_secs()),
            Self::NotHttp => out.write_str("does not speak HTTP/1.1, or broke off"),
            Self::Status(status) => write!(out, "answered {}", status.as_u16()),
            Self::TooLong => write!(out, "answered more than {} MiB", LONGEST >> 20),
            Self::NotJson => out.write_str("answered something that is not JSON"),
            Self::OtherShape => out.write_str("answered JSON that is not Envoy's"),
        }
    }
}

const DEADLINE: Duration = Duration::from_secs(3);
const LONGEST: usize = 32 << 20;
