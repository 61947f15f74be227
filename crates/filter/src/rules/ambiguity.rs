//! Requests that rules and upstreams may read as different ones.

use crate::rules::without_port;
use crate::{hex, percent_encoded_byte};
use gatehouse_steps::took;

/// The forms in which others may read a path: each is the one before with the escapes undone that
/// make no difference to RFC 3986 or that some upstreams undo, and with every form of a slash or a
/// dot as the plain one. None for a path that is its own only form, which most are.
///
/// # Errors
/// [`Disguised`] where no honest client sends such a path: it has a segment `.` or `..` (RFC 3986
/// §5.2.4), plain or in a form that some upstreams take for one; a byte of value 0; text that is
/// UTF-8 for careless decoders only (RFC 3629 §3); or escapes of escapes of escapes.
///
/// Envoy takes plain dot segments out, where it is told to, and leaves others behind: of
/// `/a/%2e%2e;/b` it makes `/a/..;/b`.
pub(super) fn readings(path: &[u8]) -> Result<Vec<Vec<u8>>, Disguised> {
    took(path.len());
    let is_plain = |byte: &u8| matches!(byte, 1..=0x7f) && !matches!(byte, b'%' | b'\\');
    if path.iter().all(is_plain) {
        return if has_dot_segment(path) { Err(Disguised) } else { Ok(Vec::new()) };
    }
    let mut forms = Vec::new();
    let mut text = path.to_vec();
    for _ in 0..DECODINGS {
        let all = read_once(&text, |_| true);
        if all.contains(&0) || has_careless_utf8(&all) || has_dot_segment(&all) {
            return Err(Disguised);
        }
        let form = read_once(&text, is_undone);
        if form == text {
            return Ok(forms);
        }
        text.clone_from(&form);
        forms.push(form);
    }
    Err(Disguised)
}

/// A path that no honest client sends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Disguised;

/// How often escapes of escapes are looked into.
pub(super) const DECODINGS: usize = 4;

/// The escapes that change what the rest is read as: of an escape, of what separates segments and
/// parameters, and of characters that mean the same with and without (RFC 3986 §6.2.2.2).
fn is_undone(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~/\\;%".contains(&byte)
}

/// The text with its escapes undone once: of bytes that `undoes` takes; other escapes get
/// upper-case digits (RFC 3986 §6.2.2.1). A backslash becomes a slash, and characters that
/// upstreams with an eye for compatibility fold into ASCII are folded.
fn read_once(text: &[u8], undoes: impl Fn(u8) -> bool) -> Vec<u8> {
    took(text.len());
    let mut form = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, is_escaped, after)) = next_byte(rest) {
        let (byte, is_escaped, after) = match folded(rest) {
            Some((byte, after)) => (byte, true, after),
            None => (byte, is_escaped, after),
        };
        rest = after;
        match byte {
            b'\\' if !is_escaped || undoes(b'\\') => form.push(b'/'),
            byte if is_escaped && !undoes(byte) => {
                form.extend(percent_encoded_byte(byte));
            }
            byte => form.push(byte),
        }
    }
    form
}

/// The first byte of a text, whether it was escaped, and what follows it.
pub(super) fn next_byte(text: &[u8]) -> Option<(u8, bool, &[u8])> {
    if let [b'%', high, low, after @ ..] = text
        && let Some(byte) = hex::byte(*high, *low)
    {
        return Some((byte, true, after));
    }
    let (first, after) = text.split_first()?;
    Some((*first, false, after))
}

/// The ASCII byte that a text begins with as old JavaScript and IIS escape it, `%u002e`
/// (ECMAScript's `escape`), and what follows.
pub(super) fn legacy_escape(text: &[u8]) -> Option<(u8, &[u8])> {
    let [b'%', b'u' | b'U', digits @ ..] = text else { return None };
    let (digits, after) = digits.split_at_checked(4)?;
    let code = digits
        .iter()
        .try_fold(0_u32, |code, digit| Some(code << 4 | u32::from(hex::value(*digit)?)))?;
    Some((ascii_of(code)?, after))
}

/// The ASCII byte that the text begins with in another form, and what follows: `%uXXXX`, or a
/// character that Unicode's compatibility forms (NFKC) or the best fit of Windows code pages take
/// for one, escaped or not: the full-width forms, and characters that look like a dot or a slash.
fn folded(text: &[u8]) -> Option<(u8, &[u8])> {
    if text.starts_with(b"%") && matches!(text.get(1), Some(b'u' | b'U')) {
        return legacy_escape(text);
    }
    let (first, _, text) = next_byte(text).filter(|(byte, ..)| matches!(byte, 0xe2 | 0xef))?;
    let (second, _, text) = next_byte(text)?;
    let (third, _, after) = next_byte(text)?;
    let bytes = [first, second, third];
    let code = u32::from(std::str::from_utf8(&bytes).ok()?.chars().next()?);
    Some((ascii_of(code)?, after))
}

fn ascii_of(code: u32) -> Option<u8> {
    match code {
        0..=0x7f => u8::try_from(code).ok(),
        0x2024 | 0xfe52 => Some(b'.'),
        0x2044 | 0x2215 | 0x29f8 => Some(b'/'),
        0x2216 | 0x29f5 | 0xfe68 => Some(b'\\'),
        0xfe6a => Some(b'%'),
        0xff01..=0xff5e => u8::try_from(code.checked_sub(0xfee0)?).ok(),
        _ => None,
    }
}

/// Whether there is what careless decoders take for a character of fewer bytes: the bytes that
/// UTF-8 never has, or an overlong sequence (RFC 3629 §3 and §10). `..` in one character (U+2025)
/// belongs here, as it comes apart into two.
fn has_careless_utf8(text: &[u8]) -> bool {
    text.iter().any(|byte| matches!(byte, 0xc0 | 0xc1))
        || text.windows(2).any(|pair| {
            matches!(
                pair,
                [0xe0, 0x80..=0x9f]
                    | [0xf0, 0x80..=0x8f]
                    | [0xf8, 0x80..=0x87]
                    | [0xfc, 0x80..=0x83]
            )
        })
        || text.windows(3).any(|bytes| bytes == "\u{2025}".as_bytes())
}

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
            "/a/%c0%ae%c0%ae/b",
            "/a/%c0%ae./b",
            "/a%c0%afb",
            "/a%C1%9Cb",
            "/a%c0.b",
            "/a/%e0%80%ae%e0%80%ae/b",
            "/a/%f0%80%80%ae/b",
            "/a%f8%80%80%80%afb",
            "/a%fc%80%80%80%80%afb",
            "/a/%25c0%25ae/b",
            "/a/%u002e%u002e/b",
            "/a/%U002E./b",
            "/a/%25u002e./b",
            "/a%u002f..%u005cb",
            "/a/%uff0e%uff0e/b",
            "/a/%ef%bc%8e%ef%bc%8e/b",
            "/a/\u{ff0e}\u{ff0e}/b",
            "/a/\u{ff0e}%EF%BC%8E/b",
            "/a/%25ef%25bc%258e./b",
            "/a/\u{ff05}2e./b",
            "/a/\u{2024}\u{2024}/b",
            "/a/%e2%80%a5/b",
            "/a/\u{fe52}\u{fe52}/b",
            "/a\u{ff0f}..\u{ff3c}b",
            "/a\u{2215}..\u{2216}b",
            "/a%00",
            "/a/7%00/b",
            "/a/7%2500",
            "/a/%u0000",
        ] {
            assert_eq!(readings(path.as_bytes()), Err(Disguised), "{path}");
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
            "/caf%C3%A9",
            "/caf\u{e9}",
            "/%E6%97%A5%E6%9C%AC",
            "/a/%u12",
            "/a/%u00zz",
            "/a\u{2026}b",
            "/\u{1f600}",
        ] {
            assert!(readings(path.as_bytes()).is_ok(), "{path}");
        }
    }

    #[test]
    fn a_path_with_escapes_is_read_in_every_form_that_others_may_make_of_it() {
        for (path, want) in [
            ("/a/b;c=d,e", &[][..]),
            ("/a%20b", &[]),
            ("/caf%C3%A9", &[]),
            ("/caf%c3%a9", &["/caf%C3%A9"]),
            ("/users/7%2Fsecret", &["/users/7/secret"]),
            ("/users/7%5csecret", &["/users/7/secret"]),
            ("/users/7\\secret", &["/users/7/secret"]),
            ("/users/7%252Fsecret", &["/users/7%2Fsecret", "/users/7/secret"]),
            ("/users/7%u002Fsecret", &["/users/7/secret"]),
            ("/users/7%uff0fsecret", &["/users/7/secret"]),
            ("/users/7%EF%BC%8Fsecret", &["/users/7/secret"]),
            ("/users/7\u{ff0f}secret", &["/users/7/secret"]),
            ("/users/7%E2%88%95secret", &["/users/7/secret"]),
            ("/%61dmin", &["/admin"]),
            ("/a%3Bb%3Fc", &["/a;b%3Fc"]),
            ("/100%25", &["/100%"]),
        ] {
            let want: Vec<Vec<u8>> = want.iter().map(|form| form.as_bytes().to_vec()).collect();
            assert_eq!(readings(path.as_bytes()), Ok(want), "{path}");
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
