//! How long a response is fresh, and how old it is (RFC 9111 §4.2).

use crate::freshness_options::FreshnessOptions;
use crate::http_date::HttpDate;
use crate::response_directives::ResponseDirectives;
use crate::status::{is_error, is_heuristically_cacheable};
use gatehouse_filter::cache_control::{MOST_SECONDS, delta_seconds};
use gatehouse_filter::{Headers, Repeated, Timestamp, list};

/// When a response was asked for and when it came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Arrival {
    /// When the request was sent.
    pub asked: Timestamp,
    /// When the head of the response came.
    pub received: Timestamp,
}

/// All that decides how long a stored response may be used and for what. Made once, when it is
/// stored; small enough to stand beside it in the index.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lifetime {
    /// When the response came.
    pub received: Timestamp,
    /// How old it was then, in seconds (RFC 9111 §4.2.3).
    pub initial_age: u32,
    /// Up to which age it is fresh, in seconds.
    pub fresh_for: u32,
    /// Where that is from.
    pub source: Source,
    /// For how many seconds after that it may be used while it is validated; 0 where the response
    /// forbids stale answers.
    pub while_revalidate: u32,
    /// For how many seconds after that it may be used where there is an error; `None` where nobody
    /// said.
    pub if_error: Option<u32>,
    /// It may never be used without validation (`no-cache`).
    pub always_validate: bool,
    /// Once stale it may never be used without validation.
    pub never_stale: bool,
    /// It does not change while it is fresh.
    pub immutable: bool,
    /// It has an entity tag or a date of modification.
    pub has_validator: bool,
}

/// Where a freshness lifetime is from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Source {
    /// Nowhere: there is none.
    None = 0,
    /// The operator, whatever the response says.
    Instead = 1,
    /// `s-maxage`.
    SMaxAge = 2,
    /// `max-age`.
    MaxAge = 3,
    /// `Expires`.
    Expires = 4,
    /// The age that the content had (RFC 9111 §4.2.2).
    Heuristic = 5,
    /// The operator, for this status.
    Status = 6,
    /// The operator, for responses that say nothing.
    Default = 7,
}

impl Source {
    const ALL: [Self; 8] = [
        Self::None,
        Self::Instead,
        Self::SMaxAge,
        Self::MaxAge,
        Self::Expires,
        Self::Heuristic,
        Self::Status,
        Self::Default,
    ];

    /// Whether the response said so itself.
    pub fn is_explicit(self) -> bool {
        matches!(self, Self::SMaxAge | Self::MaxAge | Self::Expires)
    }
}

impl Lifetime {
    /// The length of [`to_bytes`](Self::to_bytes).
    pub const LENGTH: usize = 26;

    /// What holds of a response.
    pub fn of(
        status: u16,
        response: &Headers,
        directives: &ResponseDirectives,
        options: &FreshnessOptions,
        arrival: Arrival,
    ) -> Self {
        let initial_age = initial_age(response, response, arrival);
        Self::aged(initial_age, status, response, directives, options, arrival.received)
    }

    /// What holds of a stored response that an update has [`freshened`](crate::freshened): `head`
    /// is what came of it, `directives` are its own, and `arrival` is the update's, whose `age`
    /// counts (RFC 9111 §4.2.3).
    pub fn of_freshened(
        status: u16,
        head: &Headers,
        update: &Headers,
        directives: &ResponseDirectives,
        options: &FreshnessOptions,
        arrival: Arrival,
    ) -> Self {
        let initial_age = initial_age(head, update, arrival);
        Self::aged(initial_age, status, head, directives, options, arrival.received)
    }

    fn aged(
        initial_age: u32,
        status: u16,
        response: &Headers,
        directives: &ResponseDirectives,
        options: &FreshnessOptions,
        received: Timestamp,
    ) -> Self {
        let (seconds, source) = lifetime(status, response, directives, options, received);
        let here = |seconds: u32| initial_age.saturating_add(seconds);
        let fresh_for = match source {
            // What an operator says counts from when the response came, however old it was.
            Source::Instead | Source::Status | Source::Default => here(seconds),
            Source::None => 0,
            _ => options.most.map_or(seconds, |most| seconds.min(here(most))),
        };
        let always_validate = directives.no_cache.is_everything() && source != Source::Instead;
        let never_stale = always_validate || directives.forbids_stale();
        let while_revalidate =
            directives.stale_while_revalidate.or(options.stale_while_revalidate).unwrap_or(0);
        Self {
            received,
            initial_age,
            fresh_for,
            source,
            while_revalidate: if never_stale { 0 } else { while_revalidate },
            if_error: directives.stale_if_error.or(options.stale_if_error),
            always_validate,
            never_stale,
            immutable: directives.immutable,
            has_validator: has_validator(response),
        }
    }

    /// How old the response is, in seconds: what `Age` says (RFC 9111 §4.2.3, §5.1).
    ///
    /// What is to come a minute from now or later came before the clock was set back: nobody knows
    /// when, and it is as old as can be.
    pub fn age(&self, now: Timestamp) -> u32 {
        if self.received.seconds_since(now) >= 60 {
            return MOST_SECONDS;
        }
        let resident = now.seconds_since(self.received);
        self.initial_age.saturating_add(resident).min(MOST_SECONDS)
    }

    /// For how many seconds it stays fresh; of what is stale, for how long it has been, below 0.
    pub fn ttl(&self, now: Timestamp) -> i64 {
        i64::from(self.fresh_for).saturating_sub(self.age(now).into())
    }

    /// Whether it is fresh.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        self.ttl(now) > 0
    }

    /// Whether there is a request that it could ever answer, at once or after validation: what
    /// nobody can use is not stored.
    pub fn is_of_use(&self) -> bool {
        self.has_validator
            || !self.always_validate
                && (self.fresh_for > self.initial_age
                    || self.while_revalidate > 0
                    || self.if_error.is_some_and(|seconds| seconds > 0 && !self.never_stale))
    }

    /// The second up to which it answers requests without having been validated, if not all then
    /// those that the origin answers with an error. Whoever needs room begins with those for which
    /// it is past.
    pub fn last_use(&self) -> u64 {
        let windows = self.while_revalidate.max(self.if_error.unwrap_or(0));
        let windows = if self.never_stale { 0 } else { windows };
        let left = u64::from(self.fresh_for).saturating_add(windows.into());
        let left = left.saturating_sub(self.initial_age.into());
        self.received.seconds().saturating_add(left)
    }

    /// The form in which it is stored.
    pub fn to_bytes(&self) -> [u8; Self::LENGTH] {
        let mut bytes = [0; Self::LENGTH];
        let flags = u8::from(self.always_validate)
            | u8::from(self.never_stale) << 1
            | u8::from(self.immutable) << 2
            | u8::from(self.has_validator) << 3
            | u8::from(self.if_error.is_some()) << 4;
        let parts: [&[u8]; 7] = [
            &self.received.0.to_le_bytes(),
            &self.initial_age.to_le_bytes(),
            &self.fresh_for.to_le_bytes(),
            &self.while_revalidate.to_le_bytes(),
            &self.if_error.unwrap_or(0).to_le_bytes(),
            &[self.source as u8],
            &[flags],
        ];
        for (to, from) in bytes.iter_mut().zip(parts.into_iter().flatten()) {
            *to = *from;
        }
        bytes
    }

    /// Reads that form; `None` where the bytes are no such.
    pub fn from_bytes(bytes: &[u8; Self::LENGTH]) -> Option<Self> {
        let (received, rest) = bytes.split_first_chunk::<8>()?;
        let (numbers, rest) = rest.split_first_chunk::<16>()?;
        let [source, flags] = *rest.first_chunk::<2>()?;
        let mut numbers = numbers.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes));
        let mut number = || numbers.next();
        let (initial_age, fresh_for) = (number()?, number()?);
        let (while_revalidate, if_error) = (number()?, number()?);
        let is_set = |bit: u8| flags & 1 << bit != 0;
        (flags < 1 << 5).then_some(())?;
        Some(Self {
            received: Timestamp(u64::from_le_bytes(*received)),
            initial_age,
            fresh_for,
            source: *Source::ALL.get(usize::from(source))?,
            while_revalidate,
            if_error: is_set(4).then_some(if_error),
            always_validate: is_set(0),
            never_stale: is_set(1),
            immutable: is_set(2),
            has_validator: is_set(3),
        })
    }
}

/// RFC 9111 §4.2.1, with the operator's options around it.
fn lifetime(
    status: u16,
    response: &Headers,
    directives: &ResponseDirectives,
    options: &FreshnessOptions,
    received: Timestamp,
) -> (u32, Source) {
    let said = explicit(response, directives, received);
    let by_status = is_heuristically_cacheable(status);
    if let Some(instead) = options.instead
        && !is_error(status)
        && (by_status || said.is_some())
    {
        return (instead, Source::Instead);
    }
    if let Some(said) = said {
        return said;
    }
    if let Some((_, seconds)) = options.statuses.iter().find(|(some, _)| some.has(status)) {
        return (*seconds, Source::Status);
    }
    if options.heuristic
        && (by_status || directives.public)
        && let Some(seconds) = heuristic(response, received)
    {
        return (seconds, Source::Heuristic);
    }
    match options.default {
        Some(seconds) if by_status && !is_error(status) => (seconds, Source::Default),
        _ => (0, Source::None),
    }
}

/// What the response says.
fn explicit(
    response: &Headers,
    directives: &ResponseDirectives,
    received: Timestamp,
) -> Option<(u32, Source)> {
    if let Some(seconds) = directives.s_maxage {
        return Some((seconds, Source::SMaxAge));
    }
    if let Some(seconds) = directives.max_age {
        return Some((seconds, Source::MaxAge));
    }
    if directives.is_targeted {
        return None;
    }
    match response.only("expires") {
        Ok(None) => None,
        // Of two, the response is stale (§4.2.1); so it is where the date is none (§5.3).
        Err(Repeated) => Some((0, Source::Expires)),
        Ok(Some(text)) => {
            let expires = HttpDate::parse(text, received).map_or(i64::MIN, HttpDate::seconds);
            let seconds = expires.saturating_sub(date(response, received).seconds());
            Some((whole_seconds(seconds), Source::Expires))
        }
    }
}

/// A tenth of the time since the content was changed, at most a day (§4.2.2).
fn heuristic(response: &Headers, received: Timestamp) -> Option<u32> {
    const MOST: u32 = 86_400;
    let modified = HttpDate::parse(response.only("last-modified").ok()??, received)?;
    let unchanged = date(response, received).seconds().saturating_sub(modified.seconds());
    let seconds = whole_seconds(unchanged) / 10;
    (seconds > 0).then_some(seconds.min(MOST))
}

/// How old a response is when it, or the update of it, comes (§4.2.3).
fn initial_age(response: &Headers, update: &Headers, arrival: Arrival) -> u32 {
    let received = HttpDate::at(arrival.received);
    let apparent = received.seconds().saturating_sub(date(response, arrival.received).seconds());
    let delay = arrival.received.seconds_since(arrival.asked);
    let said = age(update).unwrap_or(0).saturating_add(delay);
    whole_seconds(apparent).max(said).min(MOST_SECONDS)
}

/// What the field `Age` says: the first member of its first line; what is no number is passed over
/// (§5.1).
fn age(response: &Headers) -> Option<u32> {
    delta_seconds(list::members(response.first("age")?).next()?)
}

/// When the response was made; where it does not say, when it came (RFC 9110 §6.6.1).
fn date(response: &Headers, received: Timestamp) -> HttpDate {
    let said = response.first("date").and_then(|text| HttpDate::parse(text, received));
    said.unwrap_or_else(|| HttpDate::at(received))
}

fn has_validator(response: &Headers) -> bool {
    response.first("etag").is_some() || response.first("last-modified").is_some()
}

fn whole_seconds(seconds: i64) -> u32 {
    u32::try_from(seconds.clamp(0, MOST_SECONDS.into())).unwrap_or(MOST_SECONDS)
}

trait Since {
    /// Whole seconds from then to now; 0 where then is later.
    fn seconds_since(self, then: Self) -> u32;
}

impl Since for Timestamp {
    fn seconds_since(self, then: Self) -> u32 {
        let seconds = self.0.saturating_sub(then.0) / 1_000_000_000;
        u32::try_from(seconds).unwrap_or(MOST_SECONDS)
    }
}
