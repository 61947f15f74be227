//! Envoy's rate limit service protocol (envoy: `api/envoy/service/ratelimit/v3/rls.proto`), as a
//! client speaks it: what `envoyproxy/ratelimit` and Limitador answer.

mod added;

use added::Added;
use gatehouse_filter::Head;
use gatehouse_filter::protobuf::{Fields, Payload, put_bytes, put_varint_field};
use std::time::Duration;

/// The full name of the service.
pub(crate) const SERVICE: &str = "envoy.service.ratelimit.v3.RateLimitService";
/// Its one method.
pub(crate) const METHOD: &str = "ShouldRateLimit";

/// The most bytes of an answer that are read: a status is about 40, and one is asked for; the rest
/// is fields that the service adds.
pub(crate) const MAX_ANSWER_BYTES: usize = 16 * 1024;

/// What a request counts by, as the service knows it: a key and a value for each part.
pub(crate) type Descriptor = Vec<(String, String)>;

/// The message that asks whether so many hits may pass, and counts them where they may.
///
/// `RateLimitRequest { string domain = 1; repeated RateLimitDescriptor descriptors = 2; uint32
/// hits_addend = 3; }`, `RateLimitDescriptor { repeated Entry entries = 1; }`, `Entry { string
/// key = 1; string value = 2; }`.
pub(crate) fn question(domain: &str, descriptor: &[(String, String)], hits: u32) -> Vec<u8> {
    let mut entries = Vec::new();
    for (key, value) in descriptor {
        let mut entry = Vec::with_capacity(key.len().saturating_add(value.len()).saturating_add(8));
        put_bytes(&mut entry, 1, key.as_bytes());
        put_bytes(&mut entry, 2, value.as_bytes());
        put_bytes(&mut entries, 1, &entry);
    }
    let mut message =
        Vec::with_capacity(entries.len().saturating_add(domain.len()).saturating_add(16));
    put_bytes(&mut message, 1, domain.as_bytes());
    put_bytes(&mut message, 2, &entries);
    put_varint_field(&mut message, 3, hits.into());
    message
}

/// What the service says.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Ruling {
    /// Whether the hits pass. They were counted then.
    pub(crate) passed: bool,
    /// The limit that it went by, where it tells.
    pub(crate) told: Option<Told>,
    /// The fields that it adds to the response …
    pub(crate) response: Added,
    /// … and to the request, where that passes.
    pub(crate) request: Added,
}

/// What a service tells of a limit. Limitador tells nothing but in the fields that it adds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Told {
    /// So many requests …
    pub(crate) requests: u32,
    /// … in so many seconds; 0 where the unit is not known.
    pub(crate) window: u64,
    /// How many are left, where it tells.
    pub(crate) remaining: Option<u32>,
    /// When the window ends, from now; `None` where it does not say.
    pub(crate) reset: Option<Duration>,
}

impl Told {
    /// The seconds until the window ends, rounded up.
    pub(crate) fn reset_seconds(&self) -> Option<u64> {
        self.reset.map(seconds)
    }
}

impl Ruling {
    /// Reads a `RateLimitResponse { Code overall_code = 1; repeated DescriptorStatus statuses = 2;
    /// repeated HeaderValue response_headers_to_add = 3; repeated HeaderValue
    /// request_headers_to_add = 4; … }`. `None` for what is none, and for a code that says neither
    /// yes nor no.
    pub(crate) fn read(message: &[u8]) -> Option<Self> {
        const OK: u64 = 1;
        const OVER_LIMIT: u64 = 2;
        let mut code = 0;
        let mut told: Option<Told> = None;
        let (mut response, mut request) = (Added::new(Head::Response), Added::new(Head::Request));
        for field in Fields(message) {
            match field? {
                (1, Payload::Varint(value)) => code = value,
                (2, Payload::Bytes(status)) if told.is_none() => told = Told::read(status)?,
                (3, Payload::Bytes(field)) => response.read(field)?,
                (4, Payload::Bytes(field)) => request.read(field)?,
                _ => {}
            }
        }
        if told.is_none_or(|told| told.reset.is_none())
            && let Some(reset) = response.reset()
        {
            told = Some(Told { reset: Some(reset), ..told.unwrap_or_default() });
        }
        let passed = match code {
            OK => true,
            OVER_LIMIT => false,
            _ => return None,
        };
        Some(Self { passed, told, response, request })
    }
}

impl Told {
    /// `DescriptorStatus { Code code = 1; RateLimit current_limit = 2; uint32 limit_remaining = 3;
    /// Duration duration_until_reset = 4; … }`. Nothing told where it has neither a limit nor a
    /// time, an error where it is malformed. What is left is told of a limit only: none left and
    /// nothing said are the same bytes.
    fn read(status: &[u8]) -> Option<Option<Self>> {
        let mut told = Self::default();
        let (mut has_limit, mut remaining) = (false, 0);
        for field in Fields(status) {
            match field? {
                (2, Payload::Bytes(limit)) => {
                    has_limit = true;
                    (told.requests, told.window) = read_limit(limit)?;
                }
                (3, Payload::Varint(left)) => remaining = narrowed(left),
                (4, Payload::Bytes(duration)) => told.reset = read_duration(duration)?,
                _ => {}
            }
        }
        told.remaining = has_limit.then_some(remaining);
        Some((has_limit || told.reset.is_some()).then_some(told))
    }
}

/// `RateLimit { uint32 requests_per_unit = 1; Unit unit = 2; string name = 3; }`: the requests, and
/// the unit in seconds.
fn read_limit(limit: &[u8]) -> Option<(u32, u64)> {
    let (mut requests, mut window) = (0, 0);
    for field in Fields(limit) {
        match field? {
            (1, Payload::Varint(value)) => requests = narrowed(value),
            (2, Payload::Varint(unit)) => {
                const DAY: u64 = 86_400;
                window = match unit {
                    1 => 1,
                    2 => 60,
                    3 => 3_600,
                    4 => DAY,
                    5 => 30 * DAY,
                    6 => 365 * DAY,
                    7 => 7 * DAY,
                    _ => 0,
                };
            }
            _ => {}
        }
    }
    Some((requests, window))
}

/// `google.protobuf.Duration { int64 seconds = 1; int32 nanos = 2; }`. None for one that is not
/// positive, and for one of more than a year: whoever says that says nothing of use.
fn read_duration(duration: &[u8]) -> Option<Option<Duration>> {
    let (mut seconds, mut nanos) = (0, 0);
    for field in Fields(duration) {
        match field? {
            (1, Payload::Varint(value)) => seconds = value,
            (2, Payload::Varint(value)) => nanos = value,
            _ => {}
        }
    }
    let nanos = u32::try_from(nanos).ok().filter(|nanos| *nanos < 1_000_000_000);
    Some(nanos.and_then(|nanos| sane(Duration::new(seconds, nanos))))
}

/// Whole seconds, rounded up.
pub(crate) fn seconds(time: Duration) -> u64 {
    time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0))
}

/// A time that may be one until a window ends.
fn sane(reset: Duration) -> Option<Duration> {
    const YEAR: Duration = Duration::from_secs(366 * 86_400);
    (!reset.is_zero() && reset <= YEAR).then_some(reset)
}

fn narrowed(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
