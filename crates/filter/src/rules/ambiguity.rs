//! Requests that rules and upstreams may read as different ones.

use crate::percent_decoded;
use crate::rules::without_port;
use std::borrow::Cow;

/// Whether a path may be another one for whoever reads it next: it has a segment `.` or `..` (RFC
/// 3986 §5.2.4), plain or in a form that some upstreams take for one. Those are escapes, several
/// times over too, a backslash for a slash, and parameters (`..;x`), blanks and control characters
/// around the dots.
///
/// Envoy takes the plain ones out, where it is told to, and leaves others behind: of `/a/%2e%2e;/b`
/// it makes `/a/..;/b`.
pub(super) fn is_path_disguised(path: &[u8]) -> bool {
    let mut text = Cow::Borrowed(path);
    for _ in 0..DECODINGS {
        if has_dot_segment(&text) {
            return true;
        }
        if !text.contains(&b'%') {
            return false;
        }
        let decoded: Vec<u8> = percent_decoded(&text).collect();
        if decoded.len() == text.len() {
            return false;
        }
        text = Cow::Owned(decoded);
    }
    // Nobody honest encodes so often.
    true
}

/// How often escapes of escapes are looked into.
const DECODINGS: usize = 4;

fn has_dot_segment(path: &[u8]) -> bool {
    let is_blank = |byte: &u8| *byte <= b' ' || *byte == 0x7f;
    path.contains(&b'.')
        && path.split(|byte| matches!(byte, b'/' | b'\\')).any(|segment| {
            let name = segment.split(|byte| *byte == b';').next().unwrap_or_default();
            let mut rest = name.iter().filter(|byte| !is_blank(byte));
            matches!((rest.next(), rest.next(), rest.next()), (Some(b'.'), None | Some(b'.'), None))
        })
}

/// Whether an authority is not a host and perhaps a port: several `host` fields, which Envoy joins
/// with a comma, or one with a user in front.
pub(super) fn is_host_disguised(authority: &[u8]) -> bool {
    let host = without_port(authority);
    let port = authority.get(host.len()..).unwrap_or_default();
    if !port.iter().skip(1).all(u8::is_ascii_digit) {
        return true;
    }
    if let Some(address) = host.strip_prefix(b"[") {
        let address = address.strip_suffix(b"]").unwrap_or_default();
        let is_of_an_address = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
        return address.is_empty() || !address.iter().all(is_of_an_address);
    }
    let is_label = |label: &[u8]| {
        let is_of_a_label = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        !label.is_empty() && label.iter().all(is_of_a_label)
    };
    let host = host.strip_suffix(b".").unwrap_or(host);
    !host.split(|byte| *byte == b'.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dot_segment_is_known_in_every_disguise() {
        for path in [
            "/..",
            "/.",
            "/a/../b",
            "/a/./b",
            "/a/..;/b",
            "/a/..;x=1;y/b",
            "/a/.;/b",
            "/a/%2e%2e/b",
            "/a/.%2E/b",
            "/a/%2e%2e;/b",
            "/a/..%3b/b",
            "/a/%252e%252e/b",
            "/a/%25252e%25252e/b",
            "/a/..%09/b",
            "/a/%20../b",
            "/a/..%00/b",
            "/a/.%0a./b",
            "/a\\..\\b",
            "/a/..\\b",
            "/a%2f..%2fb",
            "/a%2f%2e%2e%5cb",
            "/a%5c..",
            "/a/%252e%252e%253b/b",
            "/%25252525252e",
            "..",
        ] {
            assert!(is_path_disguised(path.as_bytes()), "{path}");
        }
        for path in [
            "",
            "/",
            "/a/b",
            "/a.b/c.js",
            "/.well-known/jwks.json",
            "/a/...",
            "/a/..b",
            "/a/b..",
            "/a/;..",
            "/a/b;..",
            "/a%2fb",
            "/a/%2eb",
            "/100%",
            "/100%25",
            "/%zz",
            "/a/%25zz",
            "//a//b",
            "/a;v=1.2/b",
            "/a/%ff",
            "/a/. .b",
        ] {
            assert!(!is_path_disguised(path.as_bytes()), "{path}");
        }
    }

    #[test]
    fn a_host_is_a_name_or_an_address_and_perhaps_a_port() {
        for host in [
            "a",
            "a.example",
            "A.example.",
            "a.example:80",
            "a.example:",
            "a.example.:80",
            "x_y.example",
            "192.0.2.1",
            "192.0.2.1:80",
            "[::1]",
            "[2001:db8::1]:443",
            "[::ffff:192.0.2.1]",
            "xn--bcher-kva.example",
        ] {
            assert!(!is_host_disguised(host.as_bytes()), "{host}");
        }
        for host in [
            "",
            ":80",
            ".",
            "a..example",
            ".a.example",
            "a.example..",
            "a.example,b.example",
            "a.example, b.example",
            "x@a.example",
            "a.example:x",
            "a.example:80:90",
            "a.example/b",
            "a.example%2e",
            "[::1].example",
            "[::1",
            "::1",
            "[]",
            "a b",
            "b\u{fc}cher.example",
            "a.example\\b",
            "a.example#",
            "a.example?b",
        ] {
            assert!(is_host_disguised(host.as_bytes()), "{host}");
        }
    }
}
