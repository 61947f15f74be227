//! Paths that everybody reads in the same way.

/// Whether everybody who reads this path comes to the same one: it begins with one slash, and has
/// no dot segments (RFC 3986 §5.2.4), no backslashes and nothing that ends a path.
///
/// Encoded dots, slashes and backslashes count as what they stand for, because some upstreams
/// decode before they resolve; `..;x` counts too, because some cut off path parameters first.
pub(super) fn are_plain(path: &[u8]) -> bool {
    let Some(rest) = path.strip_prefix(b"/") else { return false };
    let ends = |byte: &u8| matches!(byte, 0..=0x20 | 0x7f | b'?' | b'#' | b'\\');
    if path.iter().any(ends) || starts_with_slash(rest) {
        return false;
    }
    let mut segment = Segment::default();
    let mut rest = rest;
    while let Some((first, after)) = rest.split_first() {
        let (byte, after) = match rest {
            [b'%', b'2', b'e' | b'E', after @ ..] => (b'.', after),
            [b'%', b'2', b'f' | b'F', after @ ..] | [b'%', b'5', b'c' | b'C', after @ ..] => {
                (b'/', after)
            }
            _ => (*first, after),
        };
        rest = after;
        if byte == b'/' {
            if segment.is_dots() {
                return false;
            }
            segment = Segment::default();
        } else {
            segment.push(byte);
        }
    }
    !segment.is_dots()
}

/// What there is of a segment so far.
#[derive(Default)]
struct Segment {
    dots: usize,
    /// Something else than dots, before any parameter.
    other: bool,
    parameters: bool,
}

impl Segment {
    fn push(&mut self, byte: u8) {
        match byte {
            _ if self.parameters => {}
            b';' => self.parameters = true,
            b'.' => self.dots = self.dots.saturating_add(1),
            _ => self.other = true,
        }
    }

    fn is_dots(&self) -> bool {
        !self.other && matches!(self.dots, 1 | 2)
    }
}

fn starts_with_slash(path: &[u8]) -> bool {
    matches!(path, [b'/', ..] | [b'%', b'2', b'f' | b'F', ..] | [b'%', b'5', b'c' | b'C', ..])
}

#[cfg(test)]
mod tests {
    use super::are_plain;

    #[test]
    fn a_path_that_could_be_read_in_two_ways_is_not_plain() {
        for (path, want) in [
            ("/", true),
            ("/a/b", true),
            ("/a//b/", true),
            ("/a..b/.c/d./...", true),
            ("/a;x=../b", true),
            ("/%2e%2ea", true),
            ("/a%20b%252e%252e", true),
            ("/\u{e4}", true),
            ("/a%2fb", true),
            ("", false),
            ("a", false),
            ("//a", false),
            ("/%2fa", false),
            ("/%5Ca", false),
            ("/\\a", false),
            ("/a\\..\\b", false),
            ("/.", false),
            ("/..", false),
            ("/a/../b", false),
            ("/a/./b", false),
            ("/a/..", false),
            ("/a/%2e%2E/b", false),
            ("/a/.%2e", false),
            ("/a/%2e", false),
            ("/a/..;x/b", false),
            ("/a/%2e.;", false),
            ("/a%2f../b", false),
            ("/a/..%2Fb", false),
            ("/a%5c..%5Cb", false),
            ("/a b", false),
            ("/a?b", false),
            ("/a#b", false),
            ("/a\r\nb", false),
            ("/a\0b", false),
        ] {
            assert_eq!(are_plain(path.as_bytes()), want, "{}", path.escape_debug());
        }
    }
}
