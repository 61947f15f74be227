//! Bringing a stale response up to date, while it is served.
//!
//! A call of a filter knows nothing of routes: what a route rewrites, a call does not. So the
//! gateway asks itself, through its own listener, and the request goes the way of the client's. A
//! field says that it is the gateway's own, with a secret that no client knows.

use crate::ask::{Ask, From};
use crate::key::{Digest, Key, digest};
use crate::leases::{Asker, End, Held, Turn};
use crate::work::Work;
use crate::{Event, ResponseCache};
use gatehouse_caching::CONDITIONAL;
use gatehouse_filter::{
    Answer, CallId, Callout, Callouts, Event as _, HeaderName, HeaderValue, Headers, Host, Polled,
    Secret, hex,
};
use std::borrow::Cow;
use std::time::Duration;

/// The field of the gateway's own requests.
const NAME: &str = "x-gatehouse-cache-refresh";
pub(crate) const FIELD: HeaderName = HeaderName::from_static(NAME);

/// For how long one that asks is waited for before another may.
const LASTS: Duration = Duration::from_secs(10);

/// The gateway's own mark on a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Mark {
    scheme: Vec<u8>,
    holder: u64,
}

impl Mark {
    /// That of a request; `None` where it is not the gateway's own.
    pub(crate) fn of(request: &Headers, secret: &Secret) -> Option<Self> {
        let text = request.only(NAME).ok()??;
        let text = std::str::from_utf8(text).ok()?;
        let mut words = text.split(' ');
        let (token, scheme, holder) = (words.next()?, words.next()?, words.next()?);
        let is_ours = is_same(token.as_bytes(), token_of(secret).as_bytes());
        let holder = u64::from_str_radix(holder, 16).ok()?;
        is_ours.then(|| Self { scheme: scheme.as_bytes().to_vec(), holder })
    }

    /// Where a request with this mark comes from.
    pub(crate) fn from(mark: Option<&Self>) -> From<'_> {
        From { is_refresh: mark.is_some(), scheme: mark.map(|mark| mark.scheme.as_slice()) }
    }

    /// The lease of the request with this mark.
    pub(crate) fn lease(&self, key: &Key, secret: &Secret) -> Held {
        Held::new(lease_digest(key, secret), self.holder)
    }
}

impl ResponseCache {
    /// Has a response validated in the background, unless another request has just seen to it.
    /// Whether somebody does.
    pub(crate) fn refresh(&self, ask: &Ask, work: &Work<'_>) -> bool {
        let Some(cluster) = &self.config.background else { return false };
        let Work { secret, host, now } = *work;
        let digest = lease_digest(&ask.key, secret);
        let holder = self.config.objects.version();
        let asker = Asker { holder, queue: host.queue(), has_other: true };
        let turn = self.config.leases.turn(host, &digest, asker, LASTS, now);
        match turn {
            Ok(Turn::Lead(held)) => {
                let is_made = host.call(&callout(ask, cluster, holder, secret)).is_ok();
                match is_made {
                    true => Event::Refreshed.count(host),
                    // Nobody does: the next one may try.
                    false => self.config.leases.end(held, End::Free, host, now),
                }
                is_made
            }
            Ok(Turn::Follow(_) | Turn::Alone | Turn::Failing) => true,
            Err(_) => false,
        }
    }
}

/// Answers to the gateway's own requests: what they bring was stored on their way.
#[derive(Debug, Default)]
pub(crate) struct Refreshes;

impl Polled for Refreshes {
    fn prepare(&self, _host: &dyn Host) -> bool {
        true
    }

    fn tick(&self, _callouts: &dyn Callouts) {}

    fn answered(&self, _call: CallId, _answer: &Answer, _callouts: &dyn Callouts) -> bool {
        true
    }
}

fn callout(ask: &Ask, cluster: &str, holder: u64, secret: &Secret) -> Callout {
    let place = ask.place();
    let scheme = String::from_utf8_lossy(&place.scheme);
    let mark = format!("{} {scheme} {holder:x}", token_of(secret));
    let mut headers: Vec<(HeaderName, HeaderValue)> =
        ask.head.iter_received().filter_map(sent).collect();
    if let Ok(mark) = HeaderValue::try_from(mark.into_bytes()) {
        headers.push((FIELD, mark));
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Callout {
        cluster: cluster.to_owned(),
        method: Cow::Borrowed("GET"),
        authority: text(&place.authority),
        path: text(&place.target),
        headers,
        body: Vec::new(),
        timeout: LASTS,
        max_answer_bytes: 0,
    }
}

/// A field as it goes with the gateway's own request: all that select the response, none that are
/// of the connection, or that ask for a part of it or under a condition.
fn sent((name, value): (&[u8], &[u8])) -> Option<(HeaderName, HeaderValue)> {
    let name = std::str::from_utf8(name).ok()?;
    if name.starts_with(':') || name.starts_with("x-envoy-") || CONDITIONAL.contains(&name) {
        return None;
    }
    if matches!(name, "range" | "cache-control" | "pragma" | "x-request-id" | "x-forwarded-proto") {
        return None;
    }
    let name = HeaderName::try_from(name).ok().filter(|name| !name.is_framing())?;
    Some((name, HeaderValue::try_from(value).ok()?))
}

fn lease_digest(key: &Key, secret: &Secret) -> Digest {
    key.digest_with(secret, "refresh")
}

/// What says that a request is the gateway's own.
fn token_of(secret: &Secret) -> String {
    hex::text(&digest(secret, b"refresh"))
}

/// Compares in a time that says nothing of where the first difference is.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let differs = one.iter().zip(other).fold(0, |differs, (one, other)| differs | (one ^ other));
    one.len() == other.len() && differs == 0
}
