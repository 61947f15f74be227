//! The same upstream over HTTP/2 with prior knowledge.

use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderMap, Request, Response};

use super::{Received, Shared};

/// Answers every request with 200 and nothing. Ends with the process.
pub(super) fn serve(listener: TcpListener, shared: &Arc<Mutex<Shared>>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime can be built").block_on(async {
        listener.set_nonblocking(true).expect("a socket can be told so");
        let listener = tokio::net::TcpListener::from_std(listener).expect("it listens");
        while let Ok((stream, _)) = listener.accept().await {
            let shared = Arc::clone(shared);
            tokio::spawn(async move {
                let mut connection = h2::server::handshake(stream).await?;
                while let Some(stream) = connection.accept().await {
                    let (request, mut answer) = stream?;
                    let shared = Arc::clone(&shared);
                    tokio::spawn(async move {
                        let received = whole(request).await?;
                        shared.lock().unwrap_or_else(PoisonError::into_inner).keep(received);
                        answer.send_response(Response::new(()), true).map(drop)
                    });
                }
                Ok::<(), h2::Error>(())
            });
        }
    });
}

async fn whole(request: Request<h2::RecvStream>) -> Result<Received, h2::Error> {
    let (head, mut content) = request.into_parts();
    let mut body = Vec::new();
    while let Some(data) = content.data().await {
        let data = data?;
        body.extend_from_slice(&data);
        content.flow_control().release_capacity(data.len())?;
    }
    let trailers = content.trailers().await?.unwrap_or_default();
    let line = format!("{} {} HTTP/2", head.method, head.uri.path());
    let head = [line, lines(&head.headers)].join("\r\n");
    Ok(Received { head, body, trailers: lines(&trailers) })
}

fn lines(fields: &HeaderMap) -> String {
    let line = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        format!("{name}: {}", String::from_utf8_lossy(value.as_bytes()))
    };
    fields.iter().map(line).collect::<Vec<_>>().join("\r\n")
}
