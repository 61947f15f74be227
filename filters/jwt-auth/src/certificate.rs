//! An X.509 certificate (RFC 5280 §4.1), as far as it says which key it is for, and when.
//!
//! Who signed it is not looked at: it is trusted as a bare key is that stands in its place.

use crate::spki::{self, SpkiFault};
use gatehouse_filter::{Date, Timestamp};
use p256::pkcs8::der::asn1::AnyRef;
use p256::pkcs8::der::{self, Decode, ErrorKind, Reader, SliceReader, Tag, TagNumber, Tagged};
use serde_json::{Map, Value};
use std::fmt;

/// A certificate.
pub(crate) struct Certificate<'a> {
    /// Its key, as members of a JSON Web Key.
    pub(crate) key: Map<String, Value>,
    /// When that is good.
    pub(crate) dates: Dates,
    /// The name of whoever signed it, in DER.
    pub(crate) issuer: &'a [u8],
    /// The name of whose it is.
    pub(crate) subject: &'a [u8],
}

impl<'a> Certificate<'a> {
    /// Reads the DER of a certificate.
    pub(crate) fn read(der: &'a [u8]) -> Result<Self, SpkiFault> {
        let parts =
            parts(der).map_err(|_| SpkiFault::Invalid("is no certificate (RFC 5280 4.1)"))?;
        let dates = Dates::of(parts.not_before, parts.not_after)?;
        let Parts { issuer, subject, .. } = parts;
        Ok(Self { key: spki::key(parts.key)?, dates, issuer, subject })
    }

    /// Whether this one signed the other, by their names: one is below the other in a chain.
    pub(crate) fn is_issuer_of(&self, other: &Self) -> bool {
        self.subject == other.issuer && other.issuer != other.subject
    }
}

/// What of a certificate is read, each in DER.
struct Parts<'a> {
    issuer: &'a [u8],
    not_before: AnyRef<'a>,
    not_after: AnyRef<'a>,
    subject: &'a [u8],
    key: &'a [u8],
}

fn parts(der: &[u8]) -> der::Result<Parts<'_>> {
    const VERSION: Tag = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };
    let mut reader = SliceReader::new(der)?;
    let parts = reader.sequence(|certificate| {
        let parts = certificate.sequence(|body| {
            if Tag::peek(body)? == VERSION {
                skip(body)?;
            }
            // The serial number, and what it is signed with.
            skip(body)?;
            skip(body)?;
            let issuer = body.tlv_bytes()?;
            let (not_before, not_after) = body.sequence(|dates| {
                Ok::<_, der::Error>((AnyRef::decode(dates)?, AnyRef::decode(dates)?))
            })?;
            let (subject, key) = (body.tlv_bytes()?, body.tlv_bytes()?);
            while !body.is_finished() {
                skip(body)?;
            }
            Ok::<_, der::Error>(Parts { issuer, not_before, not_after, subject, key })
        })?;
        // What it is signed with, once more, and the signature.
        skip(certificate)?;
        match AnyRef::decode(certificate)?.tag() {
            Tag::BitString => Ok(parts),
            _ => Err(der::Error::from(ErrorKind::Failed)),
        }
    })?;
    reader.finish()?;
    Ok(parts)
}

fn skip<'a>(reader: &mut impl Reader<'a>) -> der::Result<()> {
    AnyRef::decode(reader).map(drop)
}

/// From when until when a key is good, in seconds since 1970; both are part of it (RFC 5280
/// §4.1.2.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Dates {
    from: u64,
    until: u64,
}

impl Dates {
    fn of(not_before: AnyRef<'_>, not_after: AnyRef<'_>) -> Result<Self, SpkiFault> {
        const NONE: SpkiFault =
            SpkiFault::Invalid("is a certificate without dates (RFC 5280 4.1.2.5)");
        let (from, until) = (date(not_before).ok_or(NONE)?, date(not_after).ok_or(NONE)?);
        // Nothing is verified before 1970.
        let seconds = |date: i64| u64::try_from(date).unwrap_or_default();
        match from <= until && until > 0 {
            true => Ok(Self { from: seconds(from), until: seconds(until) }),
            false => Err(SpkiFault::Invalid("is a certificate that ended before it began")),
        }
    }

    fn hold(&self, now: Timestamp) -> bool {
        (self.from..=self.until).contains(&now.seconds())
    }
}

/// When a key is good: by the dates of its certificates, or always, where it does not depend on one.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Term(Vec<Dates>);

impl Term {
    pub(crate) fn of(dates: Dates) -> Self {
        Self(vec![dates])
    }

    pub(crate) fn includes(&self, now: Timestamp) -> bool {
        self.0.is_empty() || self.0.iter().any(|dates| dates.hold(now))
    }

    /// Both, where the same key is listed again, as with a certificate that was renewed.
    pub(crate) fn join(&mut self, again: Self) {
        match self.0.is_empty() || again.0.is_empty() {
            true => self.0.clear(),
            false => self.0.extend(again.0),
        }
    }

    /// The dates that end last.
    pub(crate) fn last(&self) -> Option<&Dates> {
        self.0.iter().max_by_key(|dates| dates.until)
    }
}

impl fmt::Display for Dates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [from, until] = [self.from, self.until].map(Written);
        write!(f, "certified from {from} until {until}")
    }
}

/// Seconds since 1970, in the form of RFC 3339.
struct Written(u64);

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAY: u64 = 24 * 60 * 60;
        let days = self.0.div_euclid(DAY);
        let date = Date::from_days_since_1970(i64::try_from(days).unwrap_or(i64::MAX));
        let second = self.0.rem_euclid(DAY);
        let (hour, minute, second) =
            (second.div_euclid(3600), second.div_euclid(60).rem_euclid(60), second.rem_euclid(60));
        let (year, month, day) = (date.year(), date.month(), date.day());
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// A `Time`, in the one form that each of the two types has in a certificate: in UTC, with seconds
/// and without parts of them (RFC 5280 §4.1.2.5.1, §4.1.2.5.2).
fn date(time: AnyRef<'_>) -> Option<i64> {
    let text = time.value();
    let pairs = |text: &[u8]| {
        let (pairs, rest) = text.as_chunks::<2>();
        let number = |pair: &[u8; 2]| {
            let digit = |byte: u8| byte.is_ascii_digit().then(|| byte.wrapping_sub(b'0'));
            let [tens, ones] = *pair;
            Some(digit(tens)?.wrapping_mul(10).wrapping_add(digit(ones)?))
        };
        let numbers: Vec<u8> = pairs.iter().map(number).collect::<Option<_>>()?;
        (rest == b"Z").then_some(numbers)
    };
    let (year, parts) = match (time.tag(), pairs(text)?.as_slice()) {
        (Tag::UtcTime, &[year, month, day, hour, minute, second]) => {
            let century = if year >= 50 { 1900 } else { 2000 };
            (i32::from(year).saturating_add(century), [month, day, hour, minute, second])
        }
        (Tag::GeneralizedTime, &[century, year, month, day, hour, minute, second]) => {
            let year = i32::from(century).saturating_mul(100).saturating_add(i32::from(year));
            (year, [month, day, hour, minute, second])
        }
        _ => return None,
    };
    let [month, day, hour, minute, second] = parts;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let parts = [(i64::from(hour), 24), (i64::from(minute), 60), (i64::from(second), 60)];
    let days = Date::new(year, month, day)?.days_since_1970();
    Some(
        parts.into_iter().fold(days, |sum, (part, of)| sum.saturating_mul(of).saturating_add(part)),
    )
}
