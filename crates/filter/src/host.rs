//! What a filter may ask of the proxy that it runs in.

use crate::Date;
use std::fmt;
use std::time::Duration;

/// Everything that a filter may ask of the proxy it runs in.
///
/// One trait a need, so that a function says by its argument what it can touch (`&dyn Clock` cannot
/// store).
pub trait Host: Clock + Attributes + Store + Random + Signatures + Expressions + Meter {}

impl<T: Clock + Attributes + Store + Random + Signatures + Expressions + Meter> Host for T {}

/// The wall clock.
pub trait Clock {
    /// The time now. It may step in either direction: whoever stores times must bear that.
    fn now(&self) -> Timestamp;
}

/// Nanoseconds since 1970-01-01T00:00:00Z, without leap seconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// The time `seconds` after 1970, saturating.
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1_000_000_000))
    }

    /// The time that much later, saturating.
    pub fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX)))
    }

    /// Whole seconds since 1970, rounded down: the unit of a JWT's NumericDate (RFC 7519 §2).
    pub const fn seconds(self) -> u64 {
        self.0 / 1_000_000_000
    }
}

/// As RFC 3339 writes it, in UTC and whole seconds: `2027-01-15T08:00:00Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAY: u64 = 24 * 60 * 60;
        let (days, second) = (self.seconds() / DAY, self.seconds() % DAY);
        let date = Date::from_days_since_1970(i64::try_from(days).unwrap_or(i64::MAX));
        let (year, month, day) = (date.year(), date.month(), date.day());
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// Facts about the request that are not in its head.
pub trait Attributes {
    /// The attribute's bytes; `None` where the host has none, or an empty one: the two look the
    /// same.
    fn attribute(&self, attribute: Attribute<'_>) -> Option<Vec<u8>>;
}

/// A fact about the request that the host knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Attribute<'a> {
    /// `address:port` of the client, after Envoy applied its trusted hops (`source.address`).
    SourceAddress,
    /// The name of the matched route (`xds.route_name`).
    RouteName,
    /// The policy that the matched route carries in its metadata
    /// (`filter_metadata.gatehouse.policy`).
    RoutePolicy,
    /// The method of the request's head, as it is by now (`request.method`).
    Method,
    /// The SHA-256 digest of the certificate that the client has shown on its connection, in
    /// hexadecimal digits (`connection.sha256_peer_certificate_digest`): that the client has its
    /// key, TLS has proven, whoever issued it.
    PeerCertificate,
    /// Whether Envoy has verified that certificate in the connection's own handshake
    /// (`connection.peer_certificate_valid`), as one byte. Of a session that was resumed Envoy says
    /// that it has not.
    PeerIsVerified,
    /// A name in that certificate.
    PeerName(PeerName),
    /// What an earlier Gatehouse filter wrote under this name, of one part: `gatehouse.identity`.
    FilterState(&'a str),
    /// The status of the response (`response.code`), as eight bytes, the least significant first:
    /// as all numbers are.
    ResponseCode,
    /// The bytes of the request's body, and those of its head while the proxy has it
    /// (`request.total_size`). What `request.size` gives instead is what the client has declared.
    RequestBytes,
    /// The bytes of the response's body (`response.size`).
    ResponseBytes,
    /// Why the response is what it is (`response.code_details`): `via_upstream`, or what Envoy says
    /// of a response of its own.
    CodeDetails,
}

/// A name in a client's certificate.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum PeerName {
    /// The first URI among its alternative names (`connection.uri_san_peer_certificate`).
    Uri,
    /// The first host among them (`connection.dns_san_peer_certificate`).
    Dns,
    /// Its subject, as RFC 2253 writes it (`connection.subject_peer_certificate`).
    Subject,
}

/// A key-value store shared by all workers of the process, with compare-and-swap and no deletion.
pub trait Store {
    /// The value and its version, or `None` where the key was never set.
    fn get(&self, key: &[u8]) -> Result<Option<(Vec<u8>, Version)>, StoreError>;

    /// Sets the value. With a version, only if the key still has that version; without, always.
    ///
    /// A host gives no guarantee for a version on a key that does not exist:
    /// [`create`](Self::create) keys in [`Filter::start`](crate::Filter::start), before requests
    /// race for them.
    fn set(&self, key: &[u8], value: &[u8], version: Option<Version>) -> Result<(), SetError>;

    /// Sets a key, unless it is there: never overwritten, however many workers start at the same
    /// time.
    ///
    /// Envoy takes any version for a key that does not exist and refuses a wrong one for a key that
    /// does, both under one lock: a version that is never right makes a create that cannot
    /// overwrite. A host that refuses a version for a key that does not exist gets an unconditional
    /// write; there, two workers that start at the same moment could overwrite each other.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read or written.
    fn create(&self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        if self.get(key)?.is_some() {
            return Ok(());
        }
        match self.set(key, value, Some(Version::NEVER)) {
            Ok(()) => Ok(()),
            Err(SetError::Conflict) if self.get(key)?.is_some() => Ok(()),
            Err(SetError::Conflict) => self.set(key, value, None).map_err(|_| StoreError),
            Err(SetError::Failed) => Err(StoreError),
        }
    }
}

/// The version of a stored value: equal exactly while nobody has written it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Version(pub u32);

impl Version {
    /// One that no stored value has: hosts count writes up from 1.
    const NEVER: Self = Self(u32::MAX);
}

/// The store could not be read or written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StoreError;

/// Why a value was not set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SetError {
    /// Somebody else wrote the key since it was read.
    Conflict,
    /// The store could not be written.
    Failed,
}

/// Random bytes fit for keys.
pub trait Random {
    /// Fills `bytes` from the host's cryptographic generator.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandom>;
}

/// The host gave no random bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoRandom;

/// Signature verification by the host's own cryptography.
pub trait Signatures {
    /// Whether `signature` over `text` is that of the key.
    ///
    /// `spki` is a DER SubjectPublicKeyInfo (RFC 5280 §4.1.2.7). RSA signatures are PKCS#1 v1.5;
    /// ECDSA signatures are the DER form, not the `r‖s` form of JWS. Key sizes are not checked
    /// here.
    fn verify(
        &self,
        hash: Hash,
        spki: &[u8],
        signature: &[u8],
        text: &[u8],
    ) -> Result<bool, NoVerifier>;
}

/// A hash function of the SHA-2 family.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

/// The host has no signature verification to offer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoVerifier;

/// Expressions in the Common Expression Language, over the facts that the host knows of a request.
///
/// Unless a host says otherwise, it knows no expressions.
pub trait Expressions {
    /// Compiles an expression; it is kept as long as the configuration that it is compiled for.
    ///
    /// # Errors
    /// [`NoExpression`] where the text is not an expression, or the host has none to offer.
    fn compile(&self, _text: &str) -> Result<Expression, NoExpression> {
        Err(NoExpression)
    }

    /// Evaluates an expression about the request at hand; `None` where it fails or is neither true
    /// nor false.
    fn evaluate(&self, _expression: Expression) -> Option<bool> {
        None
    }
}

/// A compiled expression, as the host knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Expression(pub u32);

/// The host did not compile the expression.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoExpression;

/// Counters and histograms of what a filter does beside deciding.
pub trait Meter {
    /// Adds to a counter. Adding nothing costs nothing.
    fn add(&self, counter: Counter, by: u64);

    /// Puts a value into a histogram.
    fn record(&self, histogram: Histogram, value: u64);

    /// Defines a counter. The labels become parts of its name: a name that was defined is never
    /// freed, so the values that a label can have must be bounded by the configuration.
    fn define_counter(&self, name: &str, labels: &[(&str, &str)]) -> Counter;

    /// Defines a counter of something that the filter counts beside its decisions, for one value of
    /// a label: `keys_fetched`, by `("provider", "demo")`.
    fn define_event(&self, event: &str, label: (&str, &str)) -> Counter {
        self.define_counter(event, &[label])
    }

    /// Defines a histogram, in the same way.
    fn define_histogram(&self, name: &str, labels: &[(&str, &str)]) -> Histogram;

    /// Defines a gauge, in the same way.
    fn define_gauge(&self, _name: &str, _labels: &[(&str, &str)]) -> Gauge {
        Gauge(None)
    }

    /// Says how much there is of something now.
    fn set_gauge(&self, _gauge: Gauge, _value: u64) {}
}

/// Something that is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Counter {
    /// One of [`Filter::Event`](crate::Filter::Event), by its index.
    Event(usize),
    /// One of [`Filter::RuleEvent`](crate::Filter::RuleEvent), for one of the filter's counted
    /// rules.
    OfRule {
        /// The position of the rule in [`Filter::counted_rules`](crate::Filter::counted_rules).
        rule: usize,
        /// The index of the event.
        event: usize,
    },
    /// One that the filter has defined; the number is the host's. `None` where the host defined
    /// none.
    Defined(Option<u32>),
}

/// A gauge that the filter has defined; `None` where the host defined none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Gauge(pub Option<u32>);

/// A histogram that the filter has defined; `None` where the host defined none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Histogram(pub Option<u32>);
