//! Fields that a service adds to a head.

use super::sane;
use gatehouse_filter::protobuf::{Fields, Payload};
use gatehouse_filter::{FieldChange, Head, HeaderName, HeaderValue};
use std::time::Duration;

/// Fields for one head, in the order of the service: bounded in number and in size, and none that
/// is another's to write.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Added {
    head: Head,
    fields: Vec<(HeaderName, HeaderValue)>,
    /// Of names and values.
    bytes: usize,
}

/// The most fields for a head; what is more is left out.
const MOST: usize = 16;

/// The most bytes of their names and values together; a field for which there is no room is left
/// out.
const MOST_BYTES: usize = 4096;

impl Added {
    pub(super) fn new(head: Head) -> Self {
        Self { head, fields: Vec::new(), bytes: 0 }
    }

    /// The fields.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &(HeaderName, HeaderValue)> {
        self.fields.iter()
    }

    /// Reads a `HeaderValue { string key = 1; string value = 2; bytes raw_value = 3; }`, and adds
    /// it where it may be there. `None` where it is malformed.
    pub(super) fn read(&mut self, field: &[u8]) -> Option<()> {
        let (mut key, mut value) = (&b""[..], &b""[..]);
        for member in Fields(field) {
            match member? {
                (1, Payload::Bytes(bytes)) => key = bytes,
                (2 | 3, Payload::Bytes(bytes)) if !bytes.is_empty() => value = bytes,
                _ => {}
            }
        }
        let bytes = self.bytes.saturating_add(key.len()).saturating_add(value.len());
        if self.fields.len() >= MOST || bytes > MOST_BYTES {
            return Some(());
        }
        let name = HeaderName::try_from(key).ok().filter(|name| self.may_have(name));
        if let (Some(name), Ok(value)) = (name, HeaderValue::try_from(value)) {
            self.fields.push((name, value));
            self.bytes = bytes;
        }
        Some(())
    }

    /// Whether a service may write it: nothing that the proxy owns, and nothing that says what the
    /// message is or how a call ended.
    fn may_have(&self, name: &HeaderName) -> bool {
        let is_of_message = ["content-", "grpc-"].iter().any(|of| name.as_str().starts_with(of));
        !is_of_message && self.head.owner(FieldChange::Write, name).is_none()
    }

    /// When the window ends, where a field says so in seconds from now, as Limitador and
    /// `envoyproxy/ratelimit` do (draft-ietf-httpapi-ratelimit-headers-03 §3.3).
    pub(super) fn reset(&self) -> Option<Duration> {
        let seconds = |wanted: &str| {
            let (_, value) = self.fields.iter().find(|(name, _)| name.as_str() == wanted)?;
            let text = std::str::from_utf8(value.as_bytes()).ok()?;
            sane(Duration::from_secs(text.trim().parse().ok()?))
        };
        ["retry-after", "ratelimit-reset", "x-ratelimit-reset"].into_iter().find_map(seconds)
    }
}

#[cfg(test)]
mod tests;
