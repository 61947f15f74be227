//! One GET, so that a container without curl can have a healthcheck.

use std::fmt;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Succeeds when `url` answers with a 2xx status within [`DEADLINE`].
///
/// Takes `http://host[:port][/path]`, nothing else: no TLS, no redirects.
pub(crate) async fn get(url: &str) -> Result<(), Unhealthy> {
    let (authority, path) = parts(url).ok_or(Unhealthy::UrlInvalid)?;
    let status = tokio::time::timeout(DEADLINE, status(&authority, path))
        .await
        .map_err(|_| Unhealthy::TooSlow)?
        .map_err(Unhealthy::Unreachable)?
        .ok_or(Unhealthy::NotHttp)?;
    if (200..300).contains(&status) { Ok(()) } else { Err(Unhealthy::Status(status)) }
}

/// Why there was no good answer.
#[derive(Debug)]
pub(crate) enum Unhealthy {
    UrlInvalid,
    Unreachable(io::Error),
    TooSlow,
    NotHttp,
    Status(u16),
}

impl fmt::Display for Unhealthy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UrlInvalid => f.write_str("must be http://host[:port][/path]"),
            Self::Unreachable(error) => error.fmt(f),
            Self::TooSlow => write!(f, "no answer in {} seconds", DEADLINE.as_secs()),
            Self::NotHttp => f.write_str("the answer is not HTTP/1"),
            Self::Status(status) => write!(f, "answered {status}"),
        }
    }
}

/// `host:port` and the path. Refuses what would write a second line into the request.
fn parts(url: &str) -> Option<(String, &str)> {
    let rest = url
        .strip_prefix("http://")
        .filter(|rest| rest.bytes().all(|byte| byte.is_ascii_graphic()))?;
    let slash = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(slash)?;
    if authority.is_empty() {
        return None;
    }
    // The colons of an IPv6 address are inside its brackets.
    let port_follows = authority.rsplit(']').next()?.contains(':');
    let authority = if port_follows { authority.to_owned() } else { format!("{authority}:80") };
    Some((authority, if path.is_empty() { "/" } else { path }))
}

/// The status of the answer; `None` when it does not begin as one.
async fn status(authority: &str, path: &str) -> io::Result<Option<u16>> {
    let mut stream = TcpStream::connect(authority).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut start = Vec::new();
    stream.take(STATUS_LINE_START).read_to_end(&mut start).await?;
    Ok(std::str::from_utf8(&start).ok().and_then(status_code))
}

fn status_code(start: &str) -> Option<u16> {
    let (version, code) = start.split_once(' ')?;
    version.starts_with("HTTP/1.").then(|| code.parse().ok()).flatten()
}

const DEADLINE: Duration = Duration::from_secs(3);
/// Bytes of `HTTP/1.1 200`.
const STATUS_LINE_START: u64 = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_a_host_a_port_and_a_path() {
        for (url, want) in [
            ("http://127.0.0.1:8000/healthz", Some(("127.0.0.1:8000", "/healthz"))),
            ("http://orders-1", Some(("orders-1:80", "/"))),
            ("http://[::1]:8000/a?b", Some(("[::1]:8000", "/a?b"))),
            ("http://[::1]/a", Some(("[::1]:80", "/a"))),
            ("https://a/", None),
            ("http:///a", None),
            ("http://a/\r\nx: y", None),
            ("127.0.0.1:8000", None),
        ] {
            let want = want.map(|(authority, path)| (authority.to_owned(), path));
            assert_eq!(parts(url), want, "{url}");
        }
    }

    #[test]
    fn only_an_http_1_status_line_is_an_answer() {
        for (start, want) in [
            ("HTTP/1.1 200", Some(200)),
            ("HTTP/1.0 503", Some(503)),
            ("HTTP/2 200", None),
            ("HTTP/1.1 2xx", None),
            ("SSH-2.0-Open", None),
            ("", None),
        ] {
            assert_eq!(status_code(start), want, "{start}");
        }
    }
}
