//! What a request counts by, in texts that mean the same to every gateway and that a person can
//! read in the service's configuration.

use crate::key::Absent;
use crate::part::{Facts, Kind, Networks, Part};
use crate::service::Descriptor;
use gatehouse_filter::{hex, percent_encoded_byte};
use siphasher::sip128::{Hasher128, SipHasher24};
use std::hash::Hasher;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The entry that every descriptor begins with.
const RULE: &str = "rule";

/// The longest value that is told as it is, in bytes.
const LONGEST: usize = 256;

/// The descriptor of a request under a rule: `rule` with its name, then one entry for each part of
/// its key.
pub(crate) fn descriptor(
    rule: &str,
    parts: &[Part],
    absent: Absent,
    facts: &Facts<'_>,
) -> Descriptor {
    let mut entries = Vec::with_capacity(parts.len().saturating_add(1));
    entries.push((RULE.to_owned(), rule.to_owned()));
    entries.extend(parts.iter().map(|part| (name(part), value(part, absent, facts))));
    entries
}

/// `client_address`, `header.x-tenant`, `claim.org.team`.
fn name(part: &Part) -> String {
    let (kind, name) = part.definition();
    match part {
        Part::ClientAddress(_) => kind.to_owned(),
        _ if name.is_empty() => kind.to_owned(),
        _ => format!("{kind}.{name}"),
    }
}

/// The values, with a comma between them, and another and `%` behind them where there are more than
/// are looked at; `%` alone where there is none, or `%@` and the client's address. What is no plain
/// ASCII is percent-encoded, and so are the comma and the percent sign: no two lists of values are
/// the same text.
fn value(part: &Part, absent: Absent, facts: &Facts<'_>) -> String {
    let mut text: Option<String> = None;
    let is_all = part.values(facts, |kind, value| {
        let text = match &mut text {
            None => text.insert(String::new()),
            Some(text) => {
                text.push(',');
                text
            }
        };
        put(text, kind, value);
    });
    if let (false, Some(text)) = (is_all, &mut text) {
        text.push_str(",%");
    }
    let text = text.unwrap_or_else(|| {
        let mut text = "%".to_owned();
        if absent == Absent::ClientAddress {
            Part::ClientAddress(Networks::default()).values(facts, |kind, value| {
                text.push('@');
                put(&mut text, kind, value);
            });
        }
        text
    });
    // A client may send 60 KiB; whoever makes two such values collide shares a limit with himself.
    if text.len() > LONGEST { digest(&text) } else { text }
}

fn put(text: &mut String, kind: Kind, value: &[u8]) {
    let address = match kind {
        Kind::Ipv4 => {
            <[u8; 4]>::try_from(value).ok().map(|bytes| Ipv4Addr::from(bytes).to_string())
        }
        Kind::Ipv6 => {
            <[u8; 16]>::try_from(value).ok().map(|bytes| Ipv6Addr::from(bytes).to_string())
        }
        Kind::Text | Kind::Json => None,
    };
    if let Some(address) = address {
        return text.push_str(&address);
    }
    for byte in value {
        if byte.is_ascii_graphic() && !matches!(byte, b'%' | b',') {
            text.push(char::from(*byte));
        } else {
            text.extend(percent_encoded_byte(*byte).map(char::from));
        }
    }
}

/// `%h` and 32 digits: no value that is told as it is begins so.
fn digest(text: &str) -> String {
    let mut hasher = SipHasher24::new();
    hasher.write(text.as_bytes());
    format!("%h{}", hex::text(&hasher.finish128().as_bytes()))
}

#[cfg(test)]
mod tests;
