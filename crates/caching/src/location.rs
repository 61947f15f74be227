//! References to other resources of the same origin (RFC 3986 §5, RFC 9110 §4.3.1).

/// What a request is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Target<'a> {
    /// `http` or `https`.
    pub scheme: &'a [u8],
    /// Host and port, as in `:authority`.
    pub authority: &'a [u8],
    /// Path and query, as in `:path`.
    pub path: &'a [u8],
}

impl Target<'_> {
    /// The path and query that a reference leads to, where that is of the same origin.
    pub fn resolve(&self, reference: &[u8]) -> Option<Vec<u8>> {
        let reference = before(reference.trim_ascii(), b"#");
        let (scheme, rest) = match scheme(reference) {
            Some((scheme, rest)) => (Some(scheme), rest),
            None => (None, reference),
        };
        let (has_authority, rest) = match (scheme, rest.strip_prefix(b"//")) {
            (_, Some(rest)) => {
                let authority = before(rest, b"/?");
                if !self.is_origin(scheme.unwrap_or(self.scheme), authority) {
                    return None;
                }
                (true, rest.get(authority.len()..).unwrap_or_default())
            }
            // `https:path` has no authority, and so no origin.
            (Some(_), None) => return None,
            (None, None) => (false, rest),
        };
        let path = before(rest, b"?");
        let query = rest.get(path.len()..).unwrap_or_default();
        let base = before(self.path, b"?");
        let mut resolved = if path.starts_with(b"/") || has_authority {
            without_dots(path)
        } else if path.is_empty() {
            if query.is_empty() {
                return Some(self.path.to_vec());
            }
            base.to_vec()
        } else {
            let folder =
                base.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at.saturating_add(1));
            without_dots(&[base.get(..folder).unwrap_or_default(), path].concat())
        };
        if !resolved.starts_with(b"/") {
            resolved.insert(0, b'/');
        }
        resolved.extend_from_slice(query);
        Some(resolved)
    }

    /// Whether a reference leads to the target itself.
    pub fn is(&self, reference: &[u8]) -> bool {
        self.resolve(reference).is_some_and(|path| path == self.path)
    }

    fn is_origin(&self, scheme: &[u8], authority: &[u8]) -> bool {
        let (ours, theirs) =
            (host_and_port(self.scheme, self.authority), host_and_port(scheme, authority));
        self.scheme.eq_ignore_ascii_case(scheme)
            && ours.0.eq_ignore_ascii_case(theirs.0)
            && ours.1 == theirs.1
    }
}

/// Splits off the scheme, where there is one (RFC 3986 §3.1).
fn scheme(reference: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = reference.iter().position(|byte| *byte == b':')?;
    let (scheme, rest) = reference.split_at_checked(colon)?;
    let is_scheme = scheme.first()?.is_ascii_alphabetic()
        && scheme.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte));
    is_scheme.then_some((scheme, rest.get(1..)?))
}

/// The host, and the port that is not the scheme's own. User information is of neither.
fn host_and_port<'a>(scheme: &[u8], authority: &'a [u8]) -> (&'a [u8], &'a [u8]) {
    let authority = match authority.iter().rposition(|byte| *byte == b'@') {
        Some(at) => authority.get(at.saturating_add(1)..).unwrap_or_default(),
        None => authority,
    };
    // An IPv6 address has colons, and a bracket behind them.
    let colon = authority.iter().rposition(|byte| *byte == b':');
    let bracket = authority.iter().rposition(|byte| *byte == b']');
    let Some(colon) = colon.filter(|colon| bracket.is_none_or(|bracket| bracket < *colon)) else {
        return (authority, b"");
    };
    let (host, port) = authority.split_at_checked(colon).unwrap_or((authority, b""));
    let port = port.get(1..).unwrap_or_default();
    let is_own = scheme.eq_ignore_ascii_case(b"http") && port == b"80"
        || scheme.eq_ignore_ascii_case(b"https") && port == b"443";
    (host, if is_own { b"" } else { port })
}

/// The text before the first of these bytes.
fn before<'a>(text: &'a [u8], bytes: &[u8]) -> &'a [u8] {
    let end = text.iter().position(|byte| bytes.contains(byte)).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// RFC 3986 §5.2.4
fn without_dots(path: &[u8]) -> Vec<u8> {
    let mut segments: Vec<&[u8]> = Vec::new();
    let mut ends_in_folder = false;
    for segment in path.strip_prefix(b"/").unwrap_or(path).split(|byte| *byte == b'/') {
        ends_in_folder = matches!(segment, b"." | b"..");
        match segment {
            b"." => {}
            b".." => {
                segments.pop();
            }
            _ => segments.push(segment),
        }
    }
    if ends_in_folder {
        segments.push(b"");
    }
    [b"/", segments.join(&b'/').as_slice()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(path: &str, reference: &str) -> Option<String> {
        let target =
            Target { scheme: b"https", authority: b"A.example:8443", path: path.as_bytes() };
        let resolved = target.resolve(reference.as_bytes())?;
        Some(String::from_utf8_lossy(&resolved).into_owned())
    }

    #[test]
    fn references_are_resolved_within_their_origin() {
        for (reference, want) in [
            // RFC 3986 §5.4.1, with `https` and another base.
            ("g", Some("/b/c/g")),
            ("./g", Some("/b/c/g")),
            ("g/", Some("/b/c/g/")),
            ("/g", Some("/g")),
            ("?y", Some("/b/c/d;p?y")),
            ("g?y", Some("/b/c/g?y")),
            ("#s", Some("/b/c/d;p?q")),
            ("g#s", Some("/b/c/g")),
            (";x", Some("/b/c/;x")),
            ("", Some("/b/c/d;p?q")),
            (".", Some("/b/c/")),
            ("./", Some("/b/c/")),
            ("..", Some("/b/")),
            ("../g", Some("/b/g")),
            ("../..", Some("/")),
            ("../../g", Some("/g")),
            // §5.4.2
            ("../../../g", Some("/g")),
            ("/./g", Some("/g")),
            ("/../g", Some("/g")),
            ("g.", Some("/b/c/g.")),
            ("..g", Some("/b/c/..g")),
            ("./g/.", Some("/b/c/g/")),
            ("g/../h", Some("/b/c/h")),
            ("g?y/../x", Some("/b/c/g?y/../x")),
            // RFC 9110 §4.3.1: the origin is scheme, host and port.
            ("https://a.example:8443/g?h", Some("/g?h")),
            ("HTTPS://A.EXAMPLE:8443/g", Some("/g")),
            ("https://user@a.example:8443/g", Some("/g")),
            ("//a.example:8443/g", Some("/g")),
            ("//a.example:8443", Some("/")),
            ("//a.example:8443?x", Some("/?x")),
            ("https://a.example/g", None),
            ("http://a.example:8443/g", None),
            ("https://b.example:8443/g", None),
            ("https://a.example:8443@b.example/g", None),
            ("//b.example/g", None),
            ("https:g", None),
            ("mailto:a", None),
            ("https://", None),
            ("https://a.example:8443\\@b/g", None),
        ] {
            assert_eq!(resolve("/b/c/d;p?q", reference).as_deref(), want, "{reference}");
        }
    }

    #[test]
    fn the_port_of_the_scheme_says_nothing() {
        for (scheme, authority, reference, want) in [
            ("http", "a", "http://a:80/x", true),
            ("http", "a:80", "http://a/x", true),
            ("http", "a", "http://a:/x", true),
            ("http", "a:443", "http://a/x", false),
            ("https", "[::1]", "https://[::1]:443/x", true),
            ("https", "[::1]", "https://[::2]/x", false),
        ] {
            let (scheme, authority) = (scheme.as_bytes(), authority.as_bytes());
            let target = Target { scheme, authority, path: b"/x" };
            assert_eq!(target.is(reference.as_bytes()), want, "{reference}");
        }
    }
}
