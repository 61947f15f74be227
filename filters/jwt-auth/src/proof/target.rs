//! The URL that a proof is for (RFC 9449 §4.3), in the one spelling that is compared (RFC 3986 §6.2.2
//! and §6.2.3).

use gatehouse_filter::{hex, percent_encoded_byte};

/// A scheme, a host and a port, as the public knows them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Origin(String);

impl Origin {
    /// Reads an origin: a URL of `https` or `http` without a path, a query or a fragment.
    pub(crate) fn read(url: &str) -> Option<Self> {
        let (origin, rest) = Self::split(url)?;
        matches!(rest, "" | "/").then_some(origin)
    }

    /// The origin of a URL, and what is behind it.
    fn split(url: &str) -> Option<(Self, &str)> {
        let (scheme, rest) = url.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let default_port = match scheme.as_str() {
            "https" => "443",
            "http" => "80",
            _ => return None,
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at_checked(end)?;
        let authority = authority.to_ascii_lowercase();
        // The colons of an address are in brackets.
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port),
            _ => (authority.as_str(), ""),
        };
        // Neither userinfo nor escapes.
        let is_of_a_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._[]:".contains(&byte);
        let is_address = host.starts_with('[') && host.ends_with(']');
        if host.is_empty()
            || !host.bytes().all(is_of_a_host)
            || (!is_address && host.contains([':', '[', ']']))
            || !port.bytes().all(|byte| byte.is_ascii_digit())
        {
            return None;
        }
        let port = if port.is_empty() || port == default_port {
            String::new()
        } else {
            format!(":{port}")
        };
        Some((Self(format!("{scheme}://{host}{port}")), rest))
    }

    /// As it is compared.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A URL without its query and fragment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Target {
    pub(crate) origin: Origin,
    pub(crate) path: Vec<u8>,
}

impl Target {
    /// Reads a URL. Query and fragment are ignored (RFC 9449 §4.3, point 9).
    pub(crate) fn read(url: &str) -> Option<Self> {
        let (origin, rest) = Origin::split(url)?;
        let path = rest.split(['?', '#']).next().unwrap_or_default();
        Some(Self { origin, path: normal_path(path.as_bytes())? })
    }
}

/// A path in its one spelling: escapes of what needs none undone, those of the rest with upper-case
/// digits, and no dot segments. `None` where an escape is none.
pub(crate) fn normal_path(path: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            plain.push(*first);
            continue;
        }
        let [high, low, after @ ..] = after else { return None };
        rest = after;
        match hex::byte(*high, *low)? {
            byte if is_unreserved(byte) => plain.push(byte),
            byte => plain.extend(percent_encoded_byte(byte)),
        }
    }
    Some(without_dot_segments(&plain))
}

/// RFC 3986 §2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// RFC 3986 §5.2.4, of a path that begins with a slash; an empty one is `/`.
fn without_dot_segments(path: &[u8]) -> Vec<u8> {
    let mut kept: Vec<&[u8]> = Vec::new();
    let segments = path.strip_prefix(b"/").unwrap_or(path).split(|byte| *byte == b'/');
    let mut is_folder = false;
    for segment in segments {
        is_folder = matches!(segment, b"." | b"..");
        match segment {
            b"." => {}
            b".." => {
                kept.pop();
            }
            segment => kept.push(segment),
        }
    }
    if is_folder {
        kept.push(b"");
    }
    let mut path = Vec::with_capacity(path.len());
    for segment in kept {
        path.push(b'/');
        path.extend_from_slice(segment);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_url_are_one_and_others_are_others() {
        let one = Target::read("https://api.example.com/a/b~c/%2F?x").unwrap();
        assert_eq!(one.path, b"/a/b~c/%2F");
        for url in [
            "https://api.example.com/a/b~c/%2F",
            "HTTPS://API.Example.COM/a/b~c/%2F",
            "https://api.example.com:443/a/b~c/%2F",
            "https://api.example.com:/a/b~c/%2F",
            "https://api.example.com/a/b%7Ec/%2f",
            "https://api.example.com/a/%62%7e%63/%2F",
            "https://api.example.com/a/./b~c/%2F",
            "https://api.example.com/x/../a/b~c/%2F",
            "https://api.example.com/x/%2e%2E/a/b~c/%2F",
            "https://api.example.com/../a/b~c/%2F",
            "https://api.example.com/a/b~c/%2F?other=query",
            "https://api.example.com/a/b~c/%2F#fragment",
            "https://api.example.com/a/b~c/%2F?a#b?c",
        ] {
            assert_eq!(Target::read(url).as_ref(), Some(&one), "{url}");
        }
        for url in [
            "http://api.example.com/a/b~c/%2F",
            "https://api.example.com:8443/a/b~c/%2F",
            "https://api.example.com:80/a/b~c/%2F",
            "https://api.example.com./a/b~c/%2F",
            "https://example.com/a/b~c/%2F",
            "https://api.example.com/A/b~c/%2F",
            "https://api.example.com/a/b~c/%2F/",
            "https://api.example.com//a/b~c/%2F",
            "https://api.example.com/a/b~c//",
            "https://api.example.com/a/b~c/%252F",
            "https://api.example.com/a/b~c/%2",
            "https://api.example.com/a/b~c/%2G",
            "https://user@api.example.com/a/b~c/%2F",
            "https://api.example.com@evil.example/a/b~c/%2F",
            "https://api%2Eexample.com/a/b~c/%2F",
            "https://api.example.com:44e3/a/b~c/%2F",
            "https:api.example.com/a/b~c/%2F",
            "//api.example.com/a/b~c/%2F",
            "/a/b~c/%2F",
            "https:///a/b~c/%2F",
            " https://api.example.com/a/b~c/%2F",
            "wss://api.example.com/a/b~c/%2F",
            "",
        ] {
            assert_ne!(Target::read(url).as_ref(), Some(&one), "{url}");
        }
    }

    #[test]
    fn a_path_is_never_empty_and_dots_end_in_a_slash() {
        for (path, want) in [
            ("", "/"),
            ("/", "/"),
            ("/.", "/"),
            ("/..", "/"),
            ("/a/..", "/"),
            ("/a/.", "/a/"),
            ("/a/b/..", "/a/"),
            ("/a//..", "/a/"),
            ("/a/..b", "/a/..b"),
            ("/%41%5f%7E", "/A_~"),
            ("/%c3%a9", "/%C3%A9"),
            ("/\u{e9}", "/\u{e9}"),
        ] {
            let have = normal_path(path.as_bytes()).unwrap();
            assert_eq!(String::from_utf8(have).unwrap(), want, "{path}");
        }
        for path in ["/%", "/%4", "/%zz", "/a%"] {
            assert_eq!(normal_path(path.as_bytes()), None, "{path}");
        }
    }

    #[test]
    fn an_origin_has_no_path() {
        for (url, want) in [
            ("https://Api.Example.com", Some("https://api.example.com")),
            ("https://api.example.com/", Some("https://api.example.com")),
            ("https://api.example.com:443", Some("https://api.example.com")),
            ("http://api.example.com:443", Some("http://api.example.com:443")),
            ("http://localhost:8080", Some("http://localhost:8080")),
            ("https://[::1]", Some("https://[::1]")),
            ("https://[::1]:8443", Some("https://[::1]:8443")),
            ("https://[::1]:443/", Some("https://[::1]")),
            ("https://::1", None),
            ("https://api.example.com/v1", None),
            ("https://api.example.com?x", None),
            ("https://api.example.com#x", None),
            ("https://api_1.example", Some("https://api_1.example")),
            ("api.example.com", None),
            ("https://", None),
            ("https://:443", None),
        ] {
            let origin = Origin::read(url);
            assert_eq!(origin.as_ref().map(Origin::as_str), want, "{url}");
        }
    }
}
