//! A part of the host, such as the tenant in `acme.example.com`.

use crate::config::Node;

/// A part of the host: what stands between these texts, in lower case.
#[derive(Debug, PartialEq, Eq)]
pub struct HostPart {
    before: Box<str>,
    after: Box<str>,
}

impl HostPart {
    pub(super) fn read(node: &Node<'_>) -> Option<Self> {
        let text = node.text()?.to_ascii_lowercase();
        let is_of_a_host =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        match text.split_once('*') {
            Some((before, after)) if before.bytes().chain(after.bytes()).all(is_of_a_host) => {
                Some(Self { before: before.into(), after: after.into() })
            }
            _ => node.fault(
                "must be a host with one `*` for the part that is compared, as *.example.com; `*` \
                 alone is the whole host",
            ),
        }
    }

    /// The part of this host; `None` where it is another one, or the part is empty.
    pub(super) fn of<'a>(&self, host: &'a [u8]) -> Option<&'a [u8]> {
        let (before, rest) = host.split_at_checked(self.before.len())?;
        let (part, after) = rest.split_at_checked(rest.len().checked_sub(self.after.len())?)?;
        let fits = before.eq_ignore_ascii_case(self.before.as_bytes())
            && after.eq_ignore_ascii_case(self.after.as_bytes());
        (fits && !part.is_empty()).then_some(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_stands_between_what_is_the_same_for_all() {
        let part =
            |before: &str, after: &str| HostPart { before: before.into(), after: after.into() };
        for (pattern, host, want) in [
            (part("", ".example.com"), "acme.example.com", Some("acme")),
            (part("", ".example.com"), "Acme.EXAMPLE.com", Some("Acme")),
            (part("", ".example.com"), "a.b.example.com", Some("a.b")),
            (part("", ".example.com"), "example.com", None),
            (part("", ".example.com"), ".example.com", None),
            (part("", ".example.com"), "acme.example.org", None),
            (part("api-", ".example"), "api-acme.example", Some("acme")),
            (part("api-", ".example"), "web-acme.example", None),
            (part("api-", ".example"), "api-.example", None),
            (part("", ""), "acme.example.com", Some("acme.example.com")),
            (part("", ""), "", None),
        ] {
            let have = pattern.of(host.as_bytes());
            assert_eq!(have, want.map(str::as_bytes), "{pattern:?} of {host}");
        }
    }
}
