//! Paths as they are for upstreams that take several spellings for one.

use crate::hex;
use gatehouse_steps::took;

/// The path of which a path is a spelling for upstreams that ignore case, empty segments, a slash
/// at the end, the parameters of segments (RFC 3986 §3.3), and dots and blanks at their ends: of
/// `/Admin.//x;v=1/` it is `/admin/x`.
pub(in crate::rules) fn loosened(path: &[u8]) -> Vec<u8> {
    took(path.len());
    let mut loose = Vec::with_capacity(path.len());
    for segment in path.split(|byte| *byte == b'/') {
        let name = segment.split(|byte| *byte == b';').next().unwrap_or_default();
        let name = without_end(name);
        if !name.is_empty() {
            loose.push(b'/');
            loose.extend(name.iter().map(u8::to_ascii_lowercase));
        }
    }
    if loose.is_empty() {
        loose.push(b'/');
    }
    loose
}

/// A segment without what Windows (dots and blanks) and the frameworks that strip a path (blanks
/// and control characters, those beyond ASCII too) drop from its end, plain or escaped.
fn without_end(mut segment: &[u8]) -> &[u8] {
    let is_dropped = |byte: u8| byte <= b' ' || matches!(byte, b'.' | 0x7f | 0x85 | 0xa0 | 0xc2);
    loop {
        segment = match segment {
            [start @ .., b'%', high, low] if hex::byte(*high, *low).is_some_and(is_dropped) => {
                start
            }
            [start @ .., last] if is_dropped(*last) => start,
            segment => return segment,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::loosened;

    #[test]
    fn spellings_of_one_path_are_one() {
        for (path, want) in [
            ("/admin", "/admin"),
            ("/Admin", "/admin"),
            ("/admin/", "/admin"),
            ("//admin///x", "/admin/x"),
            ("/admin;v=1/x;y", "/admin/x"),
            ("/;v=1/admin", "/admin"),
            ("/ADMIN%2FX", "/admin%2fx"),
            ("/admin./x..", "/admin/x"),
            ("/admin%20", "/admin"),
            ("/admin%09%0A.", "/admin"),
            ("/admin\u{a0}", "/admin"),
            ("/admin%C2%85", "/admin"),
            ("/caf%C3%A9", "/caf%c3%a9"),
            ("/admin.x", "/admin.x"),
            ("/", "/"),
            ("//", "/"),
            ("/;", "/"),
            ("", "/"),
        ] {
            let have = loosened(path.as_bytes());
            assert_eq!(have, want.as_bytes(), "{path}");
        }
    }
}
