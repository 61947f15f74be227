//! Who may ask: the page itself and people, no page of somebody else's.
//!
//! A page of another origin can send a browser here, by the address or by a name of its own that it
//! has moved to the address (DNS rebinding). The first shows in `Origin` and `Sec-Fetch-Site`, the
//! second in `Host`.

use std::net::IpAddr;

use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, Uri};

/// Whether the request may be answered; if not, with what.
pub(crate) fn judge(
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    names: &[String],
) -> Result<(), (StatusCode, &'static str)> {
    if method != Method::GET && method != Method::HEAD {
        return Err((StatusCode::METHOD_NOT_ALLOWED, "the console is only for reading"));
    }
    let misdirected = (StatusCode::MISDIRECTED_REQUEST, "the console has another name");
    let mut hosts = headers.get_all(HOST).iter();
    let host = match (hosts.next(), hosts.next(), uri.authority()) {
        (Some(host), None, None) => host.to_str().ok(),
        (None, None, Some(authority)) => Some(authority.as_str()),
        _ => None,
    };
    let host = host.filter(|host| is_ours(host, names)).ok_or(misdirected)?;

    let foreign = (StatusCode::FORBIDDEN, "the console answers no other pages");
    for origin in headers.get_all(ORIGIN) {
        let authority = origin.to_str().ok().and_then(|origin| origin.strip_prefix("http://"));
        if !authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host)) {
            return Err(foreign);
        }
    }
    // Old browsers do not send it, and a person who follows a link comes from another site.
    let said = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let is_foreign = matches!(said(SEC_FETCH_SITE), Some("cross-site" | "same-site"));
    let is_visit =
        said(SEC_FETCH_MODE) == Some("navigate") && said(SEC_FETCH_DEST) == Some("document");
    if is_foreign && !is_visit { Err(foreign) } else { Ok(()) }
}

/// A loopback address, `localhost`, or a name that was given, with any port: where a container
/// publishes the console it may have another.
fn is_ours(host: &str, names: &[String]) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (host, None),
    };
    if port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return false;
    }
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    let is_loopback = address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    is_loopback
        || name.eq_ignore_ascii_case("localhost")
        || names.iter().any(|ours| ours.eq_ignore_ascii_case(name))
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn status(method: &Method, headers: &[(&'static str, &'static str)]) -> u16 {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let names = ["console.test".to_owned()];
        let judged = judge(method, &Uri::from_static("/"), &map, &names);
        judged.map_or_else(|(status, _)| status.as_u16(), |()| 200)
    }

    #[test]
    fn only_names_of_the_console_are_answered() {
        for (host, want) in [
            ("127.0.0.1:9902", 200),
            ("127.0.0.1", 200),
            ("localhost:1", 200),
            ("LOCALHOST:9902", 200),
            ("[::1]:9902", 200),
            ("console.test:80", 200),
            ("evil.example:9902", 421),
            ("127.0.0.1.evil.example", 421),
            ("localhost.evil.example:9902", 421),
            ("10.0.0.1:9902", 421),
            ("0.0.0.0:9902", 421),
            ("127.0.0.1:x", 421),
            ("127.0.0.1@evil.example", 421),
            ("", 421),
        ] {
            assert_eq!(status(&Method::GET, &[("host", host)]), want, "{host}");
        }
        assert_eq!(status(&Method::GET, &[]), 421);
        assert_eq!(status(&Method::GET, &[("host", "localhost"), ("host", "evil.example")]), 421);
    }

    #[test]
    fn pages_of_other_origins_are_refused() {
        const HERE: (&str, &str) = ("host", "127.0.0.1:9902");
        let visit = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
        for (headers, want) in [
            (vec![("origin", "http://127.0.0.1:9902")], 200),
            (vec![("origin", "http://127.0.0.1:3000")], 403),
            (vec![("origin", "https://127.0.0.1:9902")], 403),
            (vec![("origin", "http://localhost:9902")], 403),
            (vec![("origin", "http://evil.example")], 403),
            (vec![("origin", "null")], 403),
            (vec![("sec-fetch-site", "same-origin")], 200),
            (vec![("sec-fetch-site", "none")], 200),
            (vec![("sec-fetch-site", "cross-site")], 403),
            (vec![("sec-fetch-site", "same-site"), ("sec-fetch-mode", "cors")], 403),
            (vec![("sec-fetch-site", "cross-site"), visit[0], visit[1]], 200),
            (vec![("sec-fetch-site", "cross-site"), visit[0], ("sec-fetch-dest", "iframe")], 403),
        ] {
            let headers = [vec![HERE], headers].concat();
            assert_eq!(status(&Method::GET, &headers), want, "{headers:?}");
        }
    }

    #[test]
    fn nothing_can_be_written() {
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS, Method::PATCH] {
            assert_eq!(status(&method, &[("host", "localhost")]), 405, "{method}");
        }
        assert_eq!(status(&Method::HEAD, &[("host", "localhost")]), 200);
    }
}
