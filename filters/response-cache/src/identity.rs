//! Who a request is from, as far as the cache asks.

use gatehouse_filter::{Identity, Request};

/// A member of the identity that is one text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Member {
    Issuer,
    Subject,
    Consumer,
    Tier,
}

impl Member {
    pub(crate) const NAMES: [(&'static str, Self); 4] = [
        ("issuer", Self::Issuer),
        ("subject", Self::Subject),
        ("consumer", Self::Consumer),
        ("tier", Self::Tier),
    ];

    /// As the configuration spells it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Issuer => "issuer",
            Self::Subject => "subject",
            Self::Consumer => "consumer",
            Self::Tier => "tier",
        }
    }

    pub(crate) fn of(self, identity: &Identity) -> Option<&str> {
        match self {
            Self::Issuer => identity.issuer.as_deref(),
            Self::Subject => identity.subject.as_deref(),
            Self::Consumer => identity.consumer.as_deref(),
            Self::Tier => identity.tier.as_deref(),
        }
    }
}

/// Whose a request is: the same bytes for the same identity, or the same credential.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Whose(pub(crate) Vec<u8>);

impl Whose {
    /// Of a request; `None` where it is nobody's: it has neither an identity nor `authorization`
    /// (RFC 9111 §3.5).
    pub(crate) fn of(request: &Request<'_>) -> Option<Self> {
        let credentials: Vec<_> = request.headers.values("authorization").collect();
        let identity = request.identity();
        if credentials.is_empty() && identity.is_none() {
            return None;
        }
        let mut bytes = Vec::new();
        if let Some(identity) = identity {
            let who = [&identity.issuer, &identity.subject, &identity.consumer];
            if who.iter().any(|part| part.is_some()) {
                // Tokens of one subject are one client.
                return Some(Self(serde_json::to_vec(&who).unwrap_or_default()));
            }
            // Where nothing says who it is, all that is known counts.
            bytes.extend(identity.to_bytes());
        }
        for credential in credentials {
            bytes.push(b'\n');
            bytes.extend_from_slice(credential);
        }
        Some(Self(bytes))
    }
}
