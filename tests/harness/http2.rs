//! A client for HTTP/2 with prior knowledge: a connection, one request, its answer.

use std::io::Cursor;
use std::net::SocketAddr;
use std::time::Duration;

use http::{HeaderMap, Request};
use tokio::net::TcpStream;

/// An answer, with the trailers that a gRPC status may come in.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: HeaderMap,
}

impl Answer {
    /// A header field's first value as text.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    }

    /// A field of the trailers, or of the head where there are none (gRPC's "Trailers-Only"
    /// answer).
    pub(crate) fn trailer(&self, name: &str) -> Option<String> {
        self.trailers
            .get(name)
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .or_else(|| self.header(name))
    }
}

/// Sends a request without a body.
///
/// # Panics
/// When no whole answer comes in fifteen seconds.
#[track_caller]
pub(crate) fn send(to: SocketAddr, request: Request<()>) -> Answer {
    send_body(to, request, &[], None)
}

/// Sends a request with a body in these frames, and with trailers; a request without either ends
/// with its head.
///
/// # Panics
/// When no whole answer comes in fifteen seconds.
#[track_caller]
pub(crate) fn send_body(
    to: SocketAddr,
    request: Request<()>,
    frames: &[&[u8]],
    trailers: Option<HeaderMap>,
) -> Answer {
    try_send_body(to, request, frames, trailers).unwrap_or_else(|fault| panic!("{fault}"))
}

/// The same, with a word why no whole answer came in fifteen seconds. A body of any size is sent as
/// far as the gateway takes it, and no further once the answer has come.
pub(crate) fn try_send_body(
    to: SocketAddr,
    request: Request<()>,
    frames: &[&[u8]],
    trailers: Option<HeaderMap>,
) -> Result<Answer, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be built");
    let answer = async {
        tokio::time::timeout(Duration::from_secs(15), exchange(to, request, frames, trailers)).await
    };
    match runtime.block_on(answer) {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(fault)) => Err(format!("no answer over HTTP/2: {fault}")),
        Err(_) => Err("no answer over HTTP/2 in time".to_owned()),
    }
}

/// `GET` of a path on the gateway.
pub(crate) fn get(path: &str) -> http::request::Builder {
    Request::get(format!("http://gateway.example{path}"))
}

async fn exchange(
    to: SocketAddr,
    request: Request<()>,
    frames: &[&[u8]],
    trailers: Option<HeaderMap>,
) -> Result<Answer, Box<dyn std::error::Error>> {
    let stream = TcpStream::connect(to).await?;
    let (mut client, connection) =
        h2::client::Builder::new().handshake::<_, Cursor<Vec<u8>>>(stream).await?;
    let driver = async {
        let bare = frames.is_empty() && trailers.is_none();
        let (response, mut body) = client.send_request(request, bare)?;
        for (index, frame) in frames.iter().enumerate() {
            let last = trailers.is_none() && index + 1 == frames.len();
            body.send_data(Cursor::new(frame.to_vec()), last)?;
        }
        if let Some(trailers) = trailers {
            body.send_trailers(trailers)?;
        }
        let (head, mut content) = response.await?.into_parts();
        let mut body = Vec::new();
        while let Some(data) = content.data().await {
            let data = match data {
                // The answer is whole, and the rest of the request is not wanted (RFC 9113 section
                // 8.1).
                Err(end) if end.is_remote() && end.reason() == Some(h2::Reason::NO_ERROR) => {
                    let trailers = HeaderMap::new();
                    return Ok(Answer {
                        status: head.status.as_u16(),
                        headers: head.headers,
                        body,
                        trailers,
                    });
                }
                data => data?,
            };
            body.extend_from_slice(&data);
            content.flow_control().release_capacity(data.len())?;
        }
        let trailers = content.trailers().await?.unwrap_or_default();
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body, trailers })
    };
    let connection = async {
        let _ = connection.await;
        // The answer may have been read when the connection ends.
        std::future::pending::<()>().await;
    };
    tokio::select! {
        answer = driver => answer,
        () = connection => unreachable!("it never ends"),
    }
}
