//! Conditions on the host.

use super::ambiguity::is_host_disguised;
use crate::config::Node;

/// A host name, or `*.` and a domain: one or more labels in front of it.
#[derive(Debug)]
pub(super) enum HostPattern {
    Exact(String),
    Below(String),
}

impl HostPattern {
    pub(super) fn read(node: Node<'_>) -> Option<Self> {
        let text = node.text()?.to_ascii_lowercase();
        if text.contains([':', '/']) && !text.starts_with('[') {
            return node.fault("must be a host name, without scheme, port or path");
        }
        if !text.is_ascii() {
            return node
                .fault("never fits: clients send the name in ASCII, as xn--bcher-kva.example");
        }
        // Of an absolute name, as of a request's, the dot at the end is not compared.
        let text = text.strip_suffix('.').unwrap_or(&text).to_owned();
        if !text.contains('*') && is_host_disguised(text.as_bytes()) {
            return node.fault("never fits: must be one name or address, an IPv6 one in brackets");
        }
        match text.strip_prefix('*') {
            None if !text.contains('*') => Some(Self::Exact(text)),
            Some(domain)
                if domain.starts_with('.') && domain.len() > 1 && !domain.contains('*') =>
            {
                Some(Self::Below(domain.to_owned()))
            }
            _ => node.fault("a wildcard must be the whole first label, as in *.example.com"),
        }
    }

    /// Whether every host of `other` is one of this pattern's.
    pub(super) fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (_, Self::Exact(host)) => self.matches(host.as_bytes()),
            (Self::Below(domain), Self::Below(other)) => other.ends_with(domain.as_str()),
            (Self::Exact(_), Self::Below(_)) => false,
        }
    }

    /// Hosts are compared without regard to case (RFC 9110 §4.2.3), without the port and without
    /// the dot that ends an absolute domain name.
    pub(super) fn matches(&self, authority: &[u8]) -> bool {
        let host = without_port(authority);
        let host = host.strip_suffix(b".").unwrap_or(host);
        match self {
            Self::Exact(want) => host.eq_ignore_ascii_case(want.as_bytes()),
            Self::Below(domain) => {
                let Some(labels) = host.len().checked_sub(domain.len()) else {
                    return false;
                };
                let (labels, rest) = host.split_at_checked(labels).unwrap_or_default();
                !labels.is_empty() && rest.eq_ignore_ascii_case(domain.as_bytes())
            }
        }
    }
}

/// The host of an authority. An IPv6 literal keeps its brackets, inside which colons are not ports.
pub(crate) fn without_port(authority: &[u8]) -> &[u8] {
    let Some(colon) = authority.iter().rposition(|byte| *byte == b':') else {
        return authority;
    };
    let (host, port) = authority.split_at_checked(colon).unwrap_or_default();
    if port.contains(&b']') { authority } else { host }
}
