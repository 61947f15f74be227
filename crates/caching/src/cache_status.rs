//! The field `Cache-Status` (RFC 9211): what a cache did with a request.

use crate::structured::is_token;
use gatehouse_filter::HeaderValue;
use std::fmt::Write;

/// One member of the field; whoever sends it appends it to those of the caches nearer to the origin
/// (§2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CacheStatus<'a> {
    /// The name of the cache.
    pub cache: &'a str,
    /// Whether the request went on.
    pub handling: Handling,
    /// How long the response stays fresh, in seconds; below 0 where it is stale (§2.4).
    pub ttl: Option<i64>,
    /// The key of the response (§2.7).
    pub key: Option<&'a [u8]>,
    /// What else there is to say (§2.8).
    pub detail: Option<&'a str>,
}

/// What became of the request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Handling {
    /// It was answered from the store (§2.1).
    Hit,
    /// It went on to the origin.
    Forwarded {
        /// Why (§2.2).
        why: Forward,
        /// What the origin answered, where the client got another status (§2.3).
        status: Option<u16>,
        /// Whether the answer was stored (§2.5).
        stored: bool,
        /// Whether it waited for the answer to another request (§2.6).
        collapsed: bool,
    },
}

/// Why a request went on (RFC 9211 §2.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Forward {
    /// The cache was told not to handle it.
    Bypass,
    /// Its method is one that is not answered from a store.
    Method,
    /// Nothing was stored for its URI.
    UriMiss,
    /// What was stored for its URI was for other selecting fields.
    VaryMiss,
    /// Nothing was stored, and it is not known which of the two it was.
    Miss,
    /// A fresh response was there, and the request did not want it.
    Request,
    /// A response was there that may not be used without validation.
    Stale,
    /// A part of the response was there, and not what was asked for.
    Partial,
}

impl Forward {
    /// The token that the field has for it.
    pub fn token(self) -> &'static str {
        match self {
            Self::Bypass => "bypass",
            Self::Method => "method",
            Self::UriMiss => "uri-miss",
            Self::VaryMiss => "vary-miss",
            Self::Miss => "miss",
            Self::Request => "request",
            Self::Stale => "stale",
            Self::Partial => "partial",
        }
    }
}

impl CacheStatus<'_> {
    /// The value of the member.
    pub fn to_value(&self) -> HeaderValue {
        let mut text = String::with_capacity(64);
        push_token_or_string(&mut text, self.cache.as_bytes());
        match self.handling {
            Handling::Hit => text.push_str("; hit"),
            Handling::Forwarded { why, status, stored, collapsed } => {
                text.push_str("; fwd=");
                text.push_str(why.token());
                if let Some(status) = status {
                    push_number(&mut text, "; fwd-status=", status.into());
                }
                if stored {
                    text.push_str("; stored");
                }
                if collapsed {
                    text.push_str("; collapsed");
                }
            }
        }
        if let Some(ttl) = self.ttl {
            push_number(&mut text, "; ttl=", ttl);
        }
        if let Some(key) = self.key {
            text.push_str("; key=");
            push_string(&mut text, key);
        }
        if let Some(detail) = self.detail {
            text.push_str("; detail=");
            push_token_or_string(&mut text, detail.as_bytes());
        }
        // It is ASCII without control characters.
        HeaderValue::try_from(text.into_bytes()).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

fn push_number(text: &mut String, name: &str, number: i64) {
    // An integer of a structured field has 15 digits at most (RFC 9651 §3.3.1).
    let number = number.clamp(-999_999_999_999_999, 999_999_999_999_999);
    // Writing to text cannot fail.
    let _ = write!(text, "{name}{number}");
}

/// A token where it is one (RFC 9651 §3.3.4), else a string.
fn push_token_or_string(text: &mut String, bytes: &[u8]) {
    if is_token(bytes) {
        text.extend(bytes.iter().map(|byte| char::from(*byte)));
    } else {
        push_string(text, bytes);
    }
}

/// A string (RFC 9651 §3.3.3): what is not printable ASCII stands percent-encoded.
fn push_string(text: &mut String, bytes: &[u8]) {
    text.push('"');
    for byte in bytes {
        match byte {
            b'"' | b'\\' => {
                text.push('\\');
                text.push(char::from(*byte));
            }
            0x20..=0x7e => text.push(char::from(*byte)),
            _ => {
                text.extend(gatehouse_filter::percent_encoded_byte(*byte).map(char::from));
            }
        }
    }
    text.push('"');
}
