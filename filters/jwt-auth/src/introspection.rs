//! Tokens that say nothing by themselves: their issuer is asked about each (RFC 7662).
//!
//! A worker asks once about a token, however many requests wait for it, and remembers the answer
//! for a while. It is found by a keyed digest of the whole token: the token itself is kept nowhere.
//! The service is anybody's who has the token's issuer for a provider, and strangers have as many
//! tokens to ask about as they like: what they can cause is bounded by [`Bounds`].

mod answer;
mod question;
mod spent;

pub(crate) use question::{Authentication, Credentials, Service};

use crate::JwtAuth;
use crate::cache::Verified;
use crate::claims::Claims;
use crate::event::INTROSPECTION_EVENTS;
use crate::recent::Recent;
use crate::refusal::Refusal;
use gatehouse_filter::fetched::{self, Failure, Polled};
use gatehouse_filter::{
    Answer, CallId, Callouts, Counter, Filter as _, Host, OperatorLog, Secret, Timestamp,
};
use spent::Spent;
use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use std::time::Duration;

/// The service of one provider, as one worker knows it.
pub(crate) struct Introspection {
    service: Service,
    /// The provider's: whose word an answer is that names no issuer.
    issuer: Option<String>,
    bounds: Bounds,
    remembers: Remembers,
    /// Of the digests: made when the filter starts, the same for all workers.
    secret: OnceCell<Secret>,
    answers: Recent<Digest, Rc<Known>>,
    /// The calls under way.
    asked: RefCell<Vec<Asked>>,
    spent: Spent,
    provider: String,
    counters: OnceCell<[Counter; 4]>,
    operator_log: OperatorLog,
    /// What operators are told about: `introspection of the provider `demo` …`.
    what: String,
}

/// How long answers are remembered, and how many.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Remembers {
    /// That a token is active; no longer than until its `exp`.
    pub(crate) active: Duration,
    /// That it is not.
    pub(crate) inactive: Duration,
    pub(crate) tokens: usize,
}

/// What strangers can cause, of each worker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Bounds {
    /// The most calls under way.
    pub(crate) at_once: usize,
    /// The most calls in a second about tokens that turn out not to be active.
    pub(crate) per_second: u64,
}

/// The keyed hash of a token.
type Digest = [u8; 16];

/// A call that has no answer yet.
#[derive(Clone, Copy)]
struct Asked {
    call: CallId,
    digest: Digest,
    at: Timestamp,
}

/// What is known of a token.
pub(crate) struct Known {
    since: Timestamp,
    until: Timestamp,
    pub(crate) said: Said,
}

/// What the service has said of a token.
pub(crate) enum Said {
    /// Boxed, for the others are nothing beside it, and strangers fill the memory with them.
    Active(Box<Active>),
    Inactive,
    /// Nothing that can be used.
    Nothing,
}

/// What the service says of a token that is active.
pub(crate) struct Active {
    /// What a JWT would say; or why that is nothing to go by.
    pub(crate) claims: Result<Claims, Refusal>,
    /// What came of it, once it was judged and is good.
    pub(crate) verified: OnceCell<Rc<Verified>>,
}

/// Why a token was not asked about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unasked {
    /// There are as many calls as there may be.
    Busy,
    /// The call could not be made.
    Unreached,
}

impl Introspection {
    /// The service that vouches for this provider's tokens.
    pub(crate) fn new(
        service: Service,
        (provider, issuer): (String, Option<String>),
        bounds: Bounds,
        remembers: Remembers,
    ) -> Self {
        Self {
            what: format!("introspection of the provider `{provider}` {}", service.place()),
            service,
            issuer,
            bounds,
            remembers,
            secret: OnceCell::new(),
            answers: Recent::new(remembers.tokens),
            asked: RefCell::default(),
            spent: Spent::default(),
            provider,
            counters: OnceCell::new(),
            operator_log: OperatorLog::default(),
        }
    }

    /// What is known of a token, where it still counts.
    pub(crate) fn known(&self, token: &[u8], now: Timestamp) -> Option<Rc<Known>> {
        self.answers.find(&self.digest(token)?, |known| {
            // Where the clock was set back nobody can say how old it is.
            (known.since <= now && now < known.until).then(|| Rc::clone(known))
        })
    }

    /// The call that asks about a token: the one under way, or a new one.
    pub(crate) fn ask(&self, token: &[u8], callouts: &dyn Callouts) -> Result<CallId, Unasked> {
        let digest = self.digest(token).ok_or(Unasked::Unreached)?;
        if let Some(asked) = self.asked.borrow().iter().find(|asked| asked.digest == digest) {
            return Ok(asked.call);
        }
        let now = callouts.now();
        if self.asked.borrow().len() >= self.bounds.at_once
            || !self.spent.may_ask(self.bounds.per_second, now.seconds())
        {
            return Err(Unasked::Busy);
        }
        match callouts.call(&self.service.question(token)) {
            Ok(call) => {
                self.asked.borrow_mut().push(Asked { call, digest, at: now });
                Ok(call)
            }
            Err(refused) => {
                self.fail((fetched::Event::FetchFailed, refused.to_string()), digest, callouts);
                Err(Unasked::Unreached)
            }
        }
    }

    /// `None` where the store that has the secret cannot be used: then nothing is asked either.
    fn digest(&self, token: &[u8]) -> Option<Digest> {
        self.secret.get().map(|secret| secret.digest(&[token]))
    }

    fn read(&self, answer: &Answer) -> Result<Said, Failure> {
        let body = fetched::body_of(answer, self.service.max_size)?;
        answer::read(answer, &body, self.issuer.as_deref())
            .map_err(|reason| (fetched::Event::Refused, reason))
    }

    fn remember(&self, digest: Digest, said: Said, lasts: Duration, now: Timestamp) {
        // Whoever waits for an answer is asked again now, perhaps with another to wait for.
        let until = now.after(lasts.max(SHORTEST));
        self.answers.keep(digest, || Rc::new(Known { since: now, until, said }));
    }

    /// Of an active token: as long as it says that it is good, at most.
    fn lasts(&self, active: &Active, now: Timestamp) -> Duration {
        let expires = active.claims.as_ref().ok().and_then(|claims| claims.validity.expires);
        let left = expires.map(|date| date.saturating_sub(Duration::from_nanos(now.0)));
        left.map_or(self.remembers.active, |left| left.min(self.remembers.active))
    }

    fn fail(&self, (event, reason): Failure, digest: Digest, callouts: &dyn Callouts) {
        let event = if event == fetched::Event::Refused { Event::Refused } else { Event::Failed };
        self.count(event, callouts);
        self.operator_log.failed(&self.what, &reason, callouts);
        self.remember(digest, Said::Nothing, SHORTEST, callouts.now());
    }

    fn count(&self, event: Event, callouts: &dyn Callouts) {
        let counters = self.counters.get();
        if let Some(counter) = counters.and_then(|counters| counters.get(event as usize)) {
            callouts.add(*counter, 1);
        }
    }

    /// Forgets calls whose answer can come no more, so that their tokens are asked about anew.
    fn drop_unanswered(&self, callouts: &dyn Callouts) {
        let mut asked = self.asked.borrow_mut();
        if asked.is_empty() {
            return;
        }
        let (now, patience) = (callouts.now(), self.service.timeout.saturating_add(GRACE));
        let before = asked.len();
        asked.retain(|asked| asked.at <= now && now < asked.at.after(patience));
        if asked.len() < before {
            let reason = "a call was never answered: is `proxy_on_http_call_response` among the \
                 allowed capabilities?";
            self.operator_log.failed(&self.what, reason, callouts);
        }
    }

    #[cfg(test)]
    pub(crate) fn remembered(&self) -> usize {
        self.answers.len()
    }
}

impl Polled for Introspection {
    fn prepare(&self, host: &dyn Host) -> bool {
        self.counters.get_or_init(|| {
            INTROSPECTION_EVENTS.map(|event| host.define_event(event, ("provider", &self.provider)))
        });
        if self.secret.get().is_none()
            && let Ok(secret) = Secret::agreed(host, &[JwtAuth::NAME, SECRET].concat().into_bytes())
        {
            let _ = self.secret.set(secret);
        }
        self.secret.get().is_some()
    }

    fn tick(&self, callouts: &dyn Callouts) {
        if self.secret.get().is_none() && !self.prepare(callouts) {
            self.operator_log.failed(&self.what, "shared data cannot be read or made", callouts);
        }
        self.drop_unanswered(callouts);
    }

    fn answered(&self, call: CallId, answer: &Answer, callouts: &dyn Callouts) -> bool {
        let asked = {
            let mut asked = self.asked.borrow_mut();
            let position = asked.iter().position(|asked| asked.call == call);
            position.map(|position| asked.swap_remove(position))
        };
        let Some(Asked { digest, at, .. }) = asked else { return false };
        let now = callouts.now();
        let said = match self.read(answer) {
            Ok(said) => said,
            Err(failure) => {
                self.fail(failure, digest, callouts);
                return true;
            }
        };
        let (lasts, event) = match &said {
            Said::Active(active) => {
                // Its issuer knows it: no stranger made it up.
                self.spent.give_back(at.seconds());
                (self.lasts(active, now), Event::Active)
            }
            Said::Inactive | Said::Nothing => (self.remembers.inactive, Event::Inactive),
        };
        self.count(event, callouts);
        self.operator_log.succeeded(&self.what, callouts);
        self.remember(digest, said, lasts, now);
        true
    }
}

/// What becomes of a call, in the order of [`INTROSPECTION_EVENTS`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Event {
    Active,
    Inactive,
    Failed,
    Refused,
}

/// What an answer is remembered for at least, and that there was none: whoever waits finds it, and
/// a service that is down is not asked about a token by every request with it.
const SHORTEST: Duration = Duration::from_secs(1);

/// How much later than its timeout the host may answer a call.
const GRACE: Duration = Duration::from_secs(1);

const SECRET: &str = "/introspection-secret";
