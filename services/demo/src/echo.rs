//! `echo`: answers any request with what arrived, and as the query asks.
//!
//! Query parameters, percent-encoded (`+` is a plus): `status=418` (200 to 599),
//! `header=name:value` (repeatable, any bytes that HTTP allows in a value), `delay_ms=250` (at most
//! 60 000). Others are ignored.

use std::fmt::Write as _;
use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, HttpBody as _};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gatehouse_filter::percent_decoded;
use serde::Serialize;

use crate::problem::Problem;

/// What arrived. Header names are lower case, as HTTP/2 sends them; values of a repeated name stand
/// together where the first of them stood, in the order received.
#[derive(Serialize)]
struct Received {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body_bytes: u64,
}

pub(crate) async fn answer(request: Request) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    let wanted = Wanted::from_query(head.uri.query().unwrap_or_default())
        .map_err(|detail| Problem::new(StatusCode::BAD_REQUEST, "demo.query_invalid", detail))?;
    let body_bytes = length(body).await.map_err(|e| {
        Problem::new(StatusCode::BAD_REQUEST, "demo.body_unreadable", e.to_string())
    })?;
    let received = Received {
        method: head.method.to_string(),
        path: head.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
        headers: head
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), escaped(value)))
            .collect(),
        body_bytes,
    };
    tokio::time::sleep(wanted.delay).await;
    Ok(wanted.response(&received))
}

/// What the query asks of the response.
#[derive(Debug, PartialEq)]
struct Wanted {
    status: StatusCode,
    headers: HeaderMap,
    delay: Duration,
}

impl Wanted {
    /// The error names the parameter: a typo in a test must not look like the gateway's doing.
    fn from_query(query: &str) -> Result<Self, String> {
        let mut wanted =
            Self { status: StatusCode::OK, headers: HeaderMap::new(), delay: Duration::ZERO };
        for parameter in query.split('&') {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match name {
                "status" => wanted.status = status(value)?,
                "header" => wanted.add(&percent_decoded(value.as_bytes()).collect::<Vec<_>>())?,
                "delay_ms" => wanted.delay = delay(value)?,
                _ => {}
            }
        }
        Ok(wanted)
    }

    fn add(&mut self, field: &[u8]) -> Result<(), String> {
        let mut parts = field.splitn(2, |byte| *byte == b':');
        let (Some(name), Some(value)) = (parts.next(), parts.next()) else {
            return Err("header: must be name:value".to_owned());
        };
        let name =
            HeaderName::from_bytes(name).map_err(|_| "header: not a header name".to_owned())?;
        if FRAMING.contains(&name) {
            return Err(format!("header: {name} frames the message and is not for a test to set"));
        }
        let value = HeaderValue::from_bytes(value)
            .map_err(|_| format!("header: the value of {name} has a byte that HTTP forbids"))?;
        self.headers.try_append(name, value).map_err(|_| "header: too many".to_owned())?;
        Ok(())
    }

    fn response(self, received: &Received) -> Response {
        // RFC 9110 sections 15.3.5, 15.3.6 and 15.4.5: these have no content.
        let bodiless =
            [StatusCode::NO_CONTENT, StatusCode::RESET_CONTENT, StatusCode::NOT_MODIFIED]
                .contains(&self.status);
        let mut response =
            if bodiless { ().into_response() } else { Json(received).into_response() };
        *response.status_mut() = self.status;
        if self.headers.contains_key(header::CONTENT_TYPE) {
            response.headers_mut().remove(header::CONTENT_TYPE);
        }
        for (name, value) in &self.headers {
            response.headers_mut().append(name, value.clone());
        }
        response
    }
}

fn status(value: &str) -> Result<StatusCode, String> {
    // 1xx are interim responses, not answers.
    let code = value.parse().ok().filter(|code| (200..600).contains(code));
    code.and_then(|code| StatusCode::from_u16(code).ok())
        .ok_or_else(|| "status: must be 200 to 599".to_owned())
}

fn delay(value: &str) -> Result<Duration, String> {
    let milliseconds = value.parse().ok().filter(|ms| *ms <= LONGEST_DELAY_MS);
    milliseconds
        .map(Duration::from_millis)
        .ok_or_else(|| format!("delay_ms: must be 0 to {LONGEST_DELAY_MS}"))
}

/// The value as text, each byte that is not UTF-8 as `\xff`. A backslash that was sent stays as it
/// is.
fn escaped(value: &HeaderValue) -> String {
    let mut text = String::with_capacity(value.len());
    for chunk in value.as_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a String cannot fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// Reads the body to its end and keeps none of it, so any size will do.
async fn length(mut body: Body) -> Result<u64, axum::Error> {
    let mut bytes = 0_u64;
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let data = frame?.into_data().map_or(0, |data| data.len());
        bytes = bytes.saturating_add(u64::try_from(data).unwrap_or(u64::MAX));
    }
    Ok(bytes)
}

/// Hop-by-hop fields and the length: the server writes them, a second opinion would break the
/// connection.
const FRAMING: [HeaderName; 8] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];
const LONGEST_DELAY_MS: u64 = 60_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_escapes_become_bytes_and_anything_else_stays() {
        for (text, want) in [
            ("a%ffb", &b"a\xffb"[..]),
            ("%0D%0a", b"\r\n"),
            ("a+b", b"a+b"),
            ("100%", b"100%"),
            ("%4", b"%4"),
            ("%+1", b"%+1"),
            ("%zz", b"%zz"),
            ("%%41", b"%A"),
        ] {
            assert_eq!(percent_decoded(text.as_bytes()).collect::<Vec<_>>(), want, "{text}");
        }
    }

    #[test]
    fn a_wish_that_cannot_be_met_is_refused_by_name() {
        for (query, want) in [
            ("status=99", "status: must be 200 to 599"),
            ("status=100", "status: must be 200 to 599"),
            ("status=600", "status: must be 200 to 599"),
            ("status=teapot", "status: must be 200 to 599"),
            ("delay_ms=60001", "delay_ms: must be 0 to 60000"),
            ("delay_ms=", "delay_ms: must be 0 to 60000"),
            ("header=x-a", "header: must be name:value"),
            ("header=x a:b", "header: not a header name"),
            ("header=:b", "header: not a header name"),
            ("header=x-a:b%0d%0ax-c:d", "header: the value of x-a has a byte that HTTP forbids"),
            (
                "header=Content-Length:3",
                "header: content-length frames the message and is not for a test to set",
            ),
        ] {
            assert_eq!(Wanted::from_query(query), Err(want.to_owned()), "{query}");
        }
    }
}
