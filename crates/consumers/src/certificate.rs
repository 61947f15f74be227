//! What consumers are called in certificates.

use gatehouse_filter::PeerName;
use gatehouse_filter::config::Node;
use std::cmp::Ordering;

/// A name in a certificate.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct CertificateName {
    kind: PeerName,
    /// As it is compared: the names of hosts in small letters (RFC 4343).
    value: String,
}

impl CertificateName {
    /// Where it is beside this name.
    pub(crate) fn beside(&self, kind: PeerName, value: &str) -> Ordering {
        self.kind.cmp(&kind).then_with(|| match kind {
            PeerName::Dns => {
                let small = value.bytes().map(|byte| byte.to_ascii_lowercase());
                self.value.bytes().cmp(small)
            }
            PeerName::Uri | PeerName::Subject => self.value.as_str().cmp(value),
        })
    }

    /// As it is compared.
    pub(crate) fn value(&self) -> &str {
        &self.value
    }
}

/// Reads one: `{uri: spiffe://acme/orders}`, `{dns: orders.acme.example}`, `{subject: "CN=orders"}`.
pub(crate) fn read(node: &Node<'_>) -> Option<CertificateName> {
    let mut fields = node.fields()?;
    let uri = fields.optional("uri", |node| {
        let text = node.text()?;
        // RFC 3986 §4.3: nothing else can be in a certificate (RFC 5280 §4.2.1.6).
        let is_uri = text.split_once(':').is_some_and(|(scheme, rest)| {
            scheme.starts_with(|first: char| first.is_ascii_alphabetic()) && !rest.is_empty()
        });
        match is_uri && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            true => Some(text.to_owned()),
            false => node.fault("must be a URI with its scheme, such as spiffe://acme/orders"),
        }
    });
    let dns = fields.optional("dns", |node| {
        let text = node.text()?;
        let is_of_names = |byte: u8| byte.is_ascii_alphanumeric() || b"-._*".contains(&byte);
        match text.bytes().all(is_of_names) {
            true => Some(text.to_ascii_lowercase()),
            false => node.fault("must be the name of a host, such as orders.acme.example"),
        }
    });
    let subject = fields.optional("subject", |node| {
        let text = node.text()?;
        match text.contains('=') {
            true => Some(text.to_owned()),
            false => node.fault("must be a subject as Envoy writes it, such as CN=orders,O=acme"),
        }
    });
    fields.finish();
    let (kind, value) = match (uri?, dns?, subject?) {
        (Some(uri), None, None) => (PeerName::Uri, uri),
        (None, Some(dns), None) => (PeerName::Dns, dns),
        (None, None, Some(subject)) => (PeerName::Subject, subject),
        _ => return node.not_exactly_one(&["uri", "dns", "subject"]),
    };
    Some(CertificateName { kind, value })
}
