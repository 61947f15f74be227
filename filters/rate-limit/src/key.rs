//! What tells one client from another: the parts of a request that a rule counts by, as one digest.

use crate::gcra::Limit;
use gatehouse_filter::{HeaderName, Host, Request, StoreError};
use serde_json::Value;
use siphasher::sip128::{Hasher128, SipHasher24};
use std::fmt;
use std::hash::Hasher;
use std::net::IpAddr;

/// What a client is known by in the table. It is not kept with its parts: 128 keyed bits do not collide.
pub(crate) type Digest = [u8; 16];

/// A rule's key: requests with the same parts share its limits.
#[derive(Debug)]
pub(crate) struct Key {
    parts: Vec<Part>,
    /// Tells apart rules, and a rule from itself with other limits or other parts.
    prefix: Vec<u8>,
}

/// One part of a key. A part that a request does not have is a value of its own: all requests without it
/// share a limit.
#[derive(Debug)]
pub(crate) enum Part {
    /// The client's address; of an IPv6 address its /64, which is what one subscriber has.
    ClientAddress,
    /// The subject of the identity that an earlier filter found out.
    Subject,
    /// Every value of a header field.
    Header(HeaderName),
    /// A claim of the identity.
    Claim(String),
}

impl Key {
    /// The key of a rule, with the limits that it counts for.
    pub(crate) fn new<'a>(rule: &str, parts: Vec<Part>, limits: impl Iterator<Item = &'a Limit>) -> Self {
        let mut prefix = Vec::new();
        let mut text = |text: &str| {
            prefix.extend(length(text.as_bytes()));
            prefix.extend(text.as_bytes());
        };
        text(rule);
        for part in &parts {
            let (kind, name) = part.definition();
            text(kind);
            text(name);
        }
        // No kind of part is empty: this is where the parts end.
        text("");
        for limit in limits {
            prefix.extend(limit.requests.to_le_bytes());
            prefix.extend(limit.window.to_le_bytes());
            prefix.extend(limit.burst.to_le_bytes());
        }
        Self { parts, prefix }
    }

    /// The digest of what a request has for the parts.
    pub(crate) fn digest(&self, secret: &Secret, request: &Request<'_>) -> Digest {
        let mut hasher = SipHasher24::new_with_key(&secret.0);
        hasher.write(&self.prefix);
        for part in &self.parts {
            part.hash(request, &mut hasher);
        }
        hasher.finish128().as_bytes()
    }
}

// Every value is written as a mark, its length and its bytes, and a part ends either after its one value
// or with ABSENT: no two different lists of values are the same bytes.
const ABSENT: u8 = 0;
const TEXT: u8 = 1;
const JSON: u8 = 2;
const IPV4: u8 = 4;
const IPV6: u8 = 6;

impl Part {
    fn definition(&self) -> (&'static str, &str) {
        match self {
            Self::ClientAddress => ("client_address", ""),
            Self::Subject => ("subject", ""),
            Self::Header(name) => ("header", name.as_str()),
            Self::Claim(path) => ("claim", path),
        }
    }

    fn hash(&self, request: &Request<'_>, hasher: &mut SipHasher24) {
        let mut write = |mark: u8, value: &[u8]| {
            hasher.write(&[mark]);
            hasher.write(&length(value));
            hasher.write(value);
        };
        match self {
            Self::ClientAddress => match request.client_address() {
                Some(IpAddr::V4(address)) => return write(IPV4, &address.octets()),
                Some(IpAddr::V6(address)) => {
                    let network = u128::from(address).to_be_bytes();
                    return write(IPV6, network.first_chunk::<8>().map_or(&[], |bytes| bytes));
                }
                None => {}
            },
            Self::Subject => {
                let identity = request.identity();
                if let Some(subject) = identity.as_ref().and_then(|identity| identity.subject.as_ref()) {
                    return write(TEXT, subject.as_bytes());
                }
            }
            Self::Header(name) => {
                for value in request.headers.values(name.as_str()) {
                    write(TEXT, value);
                }
            }
            Self::Claim(path) => {
                let identity = request.identity();
                match identity.as_ref().and_then(|identity| identity.claim(path)) {
                    Some(Value::String(text)) => return write(TEXT, text.as_bytes()),
                    None | Some(Value::Null) => {}
                    Some(value) => return write(JSON, value.to_string().as_bytes()),
                }
            }
        }
        hasher.write(&[ABSENT]);
    }
}

fn length(bytes: &[u8]) -> [u8; 8] {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_le_bytes()
}

/// The key of the hash, made at random once a process, so that nobody outside can aim at a slot.
pub(crate) struct Secret([u8; 16]);

impl Secret {
    /// The secret that all workers share; the first one to ask makes it.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be read or made.
    pub(crate) fn agreed(host: &dyn Host) -> Result<Self, StoreError> {
        const KEY: &[u8] = b"rl1/secret";
        let read = || {
            let stored = host.get(KEY)?;
            let secret = stored.map(|(bytes, _)| <[u8; 16]>::try_from(bytes).map_err(|_| StoreError));
            secret.transpose()
        };
        if let Some(secret) = read()? {
            return Ok(Self(secret));
        }
        let mut random = [0; 16];
        host.fill(&mut random).map_err(|_| StoreError)?;
        host.create(KEY, &random)?;
        // Another worker may have been first: what is stored counts.
        read()?.map(Self).ok_or(StoreError)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests;
