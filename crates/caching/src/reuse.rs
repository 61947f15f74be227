//! Whether a stored response may be used for a request (RFC 9111 §4, §4.2.4, §5.2.1).

use crate::cache_status::Forward;
use crate::lifetime::Lifetime;
use crate::request_directives::RequestDirectives;
use crate::status::is_failure;
use gatehouse_filter::Timestamp;

/// What a stored response is good for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reuse {
    /// It answers the request.
    Fresh,
    /// It is stale, and the client takes it.
    Stale,
    /// It is stale, and answers the request while it is validated in the background.
    WhileRevalidate,
    /// It answers the request once the origin said that it still holds.
    MustValidate(Unusable),
}

/// Why a response is not used without validation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unusable {
    /// It is stale.
    Stale,
    /// It says `no-cache`.
    NoCache,
    /// The request says `no-cache`.
    RequestNoCache,
    /// It is older than the request wants.
    MaxAge,
    /// It will not be fresh for as long as the request wants.
    MinFresh,
}

impl Unusable {
    /// Why the request went on, as `Cache-Status` says it (RFC 9211 §2.2).
    pub fn forward(self) -> Forward {
        match self {
            Self::Stale | Self::NoCache => Forward::Stale,
            Self::RequestNoCache | Self::MaxAge | Self::MinFresh => Forward::Request,
        }
    }

    /// The same in a word, for its `detail`.
    pub fn token(self) -> &'static str {
        match self {
            Self::Stale => "stale",
            Self::NoCache => "response-no-cache",
            Self::RequestNoCache => "request-no-cache",
            Self::MaxAge => "request-max-age",
            Self::MinFresh => "request-min-fresh",
        }
    }
}

/// How asking the origin went wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// It did not answer, or not to the end of the head.
    Unreachable,
    /// It answered with this status.
    Status(u16),
}

/// Decides about a stored response. Allocates nothing.
pub fn reuse(lifetime: &Lifetime, now: Timestamp, request: &RequestDirectives) -> Reuse {
    if lifetime.always_validate {
        return Reuse::MustValidate(Unusable::NoCache);
    }
    if let Some(unusable) = unwanted(lifetime, now, request) {
        return Reuse::MustValidate(unusable);
    }
    let ttl = lifetime.ttl(now);
    if ttl > 0 {
        return Reuse::Fresh;
    }
    let staleness = ttl.saturating_neg();
    if lifetime.never_stale {
        return Reuse::MustValidate(Unusable::Stale);
    }
    // In its window it is brought up to date, too.
    if staleness < i64::from(lifetime.while_revalidate) {
        return Reuse::WhileRevalidate;
    }
    match request.max_stale {
        Some(seconds) if staleness <= i64::from(seconds) => Reuse::Stale,
        _ => Reuse::MustValidate(Unusable::Stale),
    }
}

/// Whether a stored response answers a request that the origin failed to answer (RFC 9111 §4.2.4,
/// RFC 5861 §4).
///
/// Where it cannot be reached, a stale response is allowed unless a directive forbids it; where it
/// answers with an error, only if the response, the request or the operator says so. How long
/// `stale-if-error` says is the bound in both cases.
pub fn on_error(
    lifetime: &Lifetime,
    now: Timestamp,
    request: &RequestDirectives,
    failure: Failure,
) -> bool {
    let is_one = match failure {
        Failure::Unreachable => true,
        Failure::Status(status) => is_failure(status),
    };
    if !is_one || lifetime.always_validate || request.no_cache {
        return false;
    }
    let ttl = lifetime.ttl(now);
    if ttl <= 0 && lifetime.never_stale {
        return false;
    }
    let staleness = ttl.saturating_neg();
    let is_within = |seconds: Option<u32>| seconds.map(|seconds| staleness < i64::from(seconds));
    // The client's own word on errors is over its other wishes.
    if is_within(request.stale_if_error) == Some(true) {
        return true;
    }
    unwanted(lifetime, now, request).is_none()
        && (ttl > 0 || is_within(lifetime.if_error).unwrap_or(failure == Failure::Unreachable))
}

/// Whether the client does not want the response, fresh or not (§5.2.1.1, §5.2.1.3, §5.2.1.4).
fn unwanted(lifetime: &Lifetime, now: Timestamp, request: &RequestDirectives) -> Option<Unusable> {
    if request.no_cache {
        return Some(Unusable::RequestNoCache);
    }
    let ttl = lifetime.ttl(now);
    if let Some(most) = request.max_age {
        let age = lifetime.age(now);
        // Browsers ask for validation with `max-age=0`, also of what came in this very second. What
        // never changes while it is fresh needs none (RFC 8246 §2).
        let is_too_old = age > most || most == 0;
        let excess = age.saturating_sub(most);
        let is_excused = request.max_stale.is_some_and(|seconds| excess <= seconds);
        if is_too_old && !is_excused && !(lifetime.immutable && ttl > 0) {
            return Some(Unusable::MaxAge);
        }
    }
    match request.min_fresh {
        Some(least) if ttl < i64::from(least) => Some(Unusable::MinFresh),
        _ => None,
    }
}
