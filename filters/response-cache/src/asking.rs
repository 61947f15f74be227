//! Requests on their way to the store, and on to the upstream where it has no answer.

use crate::ask::{Ask, Method};
use crate::completion::{Completion, ask_for_rest};
use crate::keep::Keeping;
use crate::key::Key;
use crate::leases::{Asker, End, Held, Turn};
use crate::lookup::Lookup;
use crate::object::Object;
use crate::refresh::Mark;
use crate::refusal::Refusal;
use crate::serve::{Served, serve};
use crate::status_field::handled;
use crate::work::Work;
use crate::{Code, Event, ResponseCache, Stage, State, refuse};
use gatehouse_caching::{
    CONDITIONAL, Failure, Forward, Handling, Lifetime, Reuse, Unusable, Validators, on_error, reuse,
};
use gatehouse_filter::{
    Callouts, Decision, Event as _, HeaderName, Headers, Replay, Request, Step, StoreError,
    Timestamp, Until,
};
use std::rc::Rc;

/// A request that is at the upstream.
#[derive(Debug)]
pub(crate) struct Asking {
    pub(crate) ask: Ask,
    /// When it went on.
    pub(crate) asked: Timestamp,
    /// How many purges there were then.
    pub(crate) purges: u64,
    /// The leases that end with it.
    pub(crate) leases: Vec<Held>,
    /// What is stored, and may be used again.
    pub(crate) found: Option<(Rc<Object>, Key)>,
    /// Whether the request asks if that still holds.
    pub(crate) validates: bool,
    /// Whether the request asks for what is missing of that.
    pub(crate) asks_for_rest: bool,
    /// Shadow: whether that would have been the answer.
    pub(crate) would_hit: bool,
    pub(crate) why: Forward,
    pub(crate) detail: Option<&'static str>,
    /// What is stored when the body has come.
    pub(crate) keeping: Option<Keeping>,
    /// The status of the response, once it has come.
    pub(crate) status: u16,
    /// The part that the response completes, where it does.
    pub(crate) completes: Option<Completion>,
}

impl Asking {
    /// Of a request that was not asked about before its response came.
    pub(crate) fn after(ask: Ask, purges: u64, now: Timestamp) -> Self {
        Self {
            ask,
            asked: now,
            purges,
            leases: Vec::new(),
            found: None,
            validates: false,
            asks_for_rest: false,
            would_hit: false,
            why: Forward::Method,
            detail: None,
            keeping: None,
            status: 0,
            completes: None,
        }
    }
}

/// Why a request needs the upstream, and what there is already.
struct Need {
    code: Code,
    why: Forward,
    detail: Option<&'static str>,
    found: Option<(Rc<Object>, Key)>,
    /// Whether others that need the same can wait for it.
    can_wait: bool,
}

impl ResponseCache {
    /// Answers a request from the store, has it wait, or lets it go on.
    pub(crate) fn go_on(
        &self,
        mut ask: Box<Ask>,
        mark: Option<Mark>,
        request: &mut Request<'_>,
        state: &mut State,
    ) -> Decision<Code> {
        let host = request.callouts();
        let Ok(secret) = self.secret(host) else { return self.without_store(state) };
        let work = Work { secret, host, now: host.now() };
        let Ok(lookup) = self.find(&mut ask, request, &work) else {
            return self.without_store(state);
        };
        if let Ok(Some(total)) = self.config.objects.count_the_rest(host, work.now) {
            self.gauges.show(total, host);
        }
        let need = match lookup {
            Lookup::Found(object, key) => match self.use_found(&ask, &object, &key, &work) {
                Ok(_) if ask.rule.is_shadow => Need::of_shadow(object, key),
                Ok((code, replay)) => return self.answer(&ask, code, replay, state),
                Err(need) => need,
            },
            Lookup::OtherVariants => Need::of(Code::VaryMiss, Forward::VaryMiss),
            Lookup::Nothing => Need::of(Code::Miss, Forward::UriMiss),
        };
        self.ask_upstream(ask, mark, need, &work, request, state)
    }

    /// What is stored as an answer, or why it is none.
    fn use_found(
        &self,
        ask: &Ask,
        object: &Rc<Object>,
        key: &Key,
        work: &Work<'_>,
    ) -> Result<(Code, Replay), Need> {
        let found = || Some((Rc::clone(object), key.clone()));
        let lifetime = &object.fixed().lifetime;
        let (code, unusable) = match reuse(lifetime, work.now, &ask.directives) {
            // The gateway asks itself because it is stale.
            Reuse::Fresh | Reuse::Stale | Reuse::WhileRevalidate if ask.is_refresh => {
                (Code::Expired, Some(Unusable::Stale))
            }
            Reuse::Fresh => (Code::Hit, None),
            Reuse::Stale => (Code::Stale, None),
            Reuse::WhileRevalidate => {
                let is_get = matches!(ask.method, Method::Get | Method::Head);
                let is_seen_to = ask.rule.is_shadow || is_get && self.refresh(ask, work);
                (Code::Stale, (!is_seen_to).then_some(Unusable::Stale))
            }
            Reuse::MustValidate(unusable) => (Code::Expired, Some(unusable)),
        };
        if let Some(unusable) = unusable {
            let is_reload = unusable.forward() == Forward::Request;
            return Err(Need {
                code: if is_reload { Code::Reload } else { Code::Expired },
                why: unusable.forward(),
                detail: Some(unusable.token()),
                // Whoever does not want what is stored does not want what was asked for before.
                // And of what each request has to validate, all would wait for each other.
                can_wait: !is_reload && is_ever_fresh(lifetime),
                found: found(),
            });
        }
        match serve(ask, object, work.now) {
            Served::Answer(mut replay) => {
                let ttl = object.fixed().lifetime.ttl(work.now);
                let handling = match ask.waited {
                    // RFC 9211 §2.6.
                    Some(why) => {
                        Event::Collapsed.count(work.host);
                        Handling::Forwarded { why, status: None, stored: false, collapsed: true }
                    }
                    None => Handling::Hit,
                };
                self.tell_in(&mut replay.head, handling, Some(ttl), None, Some(&key.text));
                Ok((code, replay))
            }
            Served::Nothing => {
                let is_part = object.fixed().status == 206;
                Err(match is_part {
                    true => Need { found: found(), ..Need::of(Code::Partial, Forward::Partial) },
                    false => Need::of(Code::Reload, Forward::Request),
                })
            }
        }
    }

    fn answer(&self, ask: &Ask, code: Code, replay: Replay, state: &mut State) -> Decision<Code> {
        let is_untyped = replay.head.first("content-type").is_none();
        state.0 = if is_untyped { Stage::AnsweredUntyped } else { Stage::Done };
        let rule = Some(Rc::clone(&ask.rule.name));
        Decision { step: Step::Reply(replay.into()), ..Decision::pass(code, rule) }
    }

    /// Lets a request go on to the upstream, or has it wait for another one that is there.
    fn ask_upstream(
        &self,
        mut ask: Box<Ask>,
        mark: Option<Mark>,
        need: Need,
        work: &Work<'_>,
        request: &mut Request<'_>,
        state: &mut State,
    ) -> Decision<Code> {
        let rule = Rc::clone(&ask.rule.name);
        let is_shadow = ask.rule.is_shadow;
        if ask.directives.only_if_cached && !is_shadow {
            state.0 = Stage::Done;
            return refuse(Refusal::NotInStore, Some(rule));
        }
        // What is stored of the response depends on it.
        ask.find_whose(request);
        let now = work.now;
        let mut leases = Vec::new();
        if let Some(mark) = &mark {
            leases.push(mark.lease(&ask.key, work.secret));
        } else if let Some(turn) = self.turn(&ask, &need, work) {
            match turn {
                Ok(Turn::Lead(held)) => leases.push(held),
                Ok(Turn::Follow(topic)) => {
                    let wait = ask.rule.collapse.unwrap_or_default();
                    // A clock that is set back makes nobody wait longer.
                    let latest = now.after(wait);
                    let deadline = ask.deadline.unwrap_or(latest).min(latest);
                    ask.deadline = Some(deadline);
                    if now < deadline {
                        ask.waited.get_or_insert(need.why);
                        state.0 = Stage::Waiting(ask, mark);
                        let step = Step::Wait(Until::Woken(topic));
                        return Decision { step, ..Decision::pass(need.code, Some(rule)) };
                    }
                    Event::WaitedInVain.count(work.host);
                }
                Ok(Turn::Failing) => {
                    if let Some(replay) = self.stale_on_error(&ask, &need, now) {
                        return self.answer(&ask, Code::StaleOnError, replay, state);
                    }
                }
                Ok(Turn::Alone) => {}
                Err(StoreError) => return self.without_store(state),
            }
        }
        let Ok(purges) = self.config.purges.count(work.host) else {
            return self.without_store(state);
        };
        let Need { code, why, detail, found, .. } = need;
        let (mut validates, mut completes) = (false, false);
        if !is_shadow {
            ask.narrow(&mut request.headers);
            if let Some((object, _)) = &found {
                match object.fixed().status {
                    206 => {
                        let most = self.config.max_object;
                        completes = ask_for_rest(&ask, &mut request.headers, object, most);
                    }
                    _ => validates = make_conditional(&mut request.headers, object),
                }
            }
        }
        state.0 = Stage::Asking(Box::new(Asking {
            leases,
            found,
            validates,
            asks_for_rest: completes,
            would_hit: code == Code::WouldHit,
            why,
            detail,
            ..Asking::after(*ask, purges, now)
        }));
        Decision::pass(code, Some(rule))
    }

    /// Whose turn it is to ask; `None` where the request asks for itself.
    fn turn(&self, ask: &Ask, need: &Need, work: &Work<'_>) -> Option<Result<Turn, StoreError>> {
        let wait = ask.rule.collapse.filter(|_| !ask.rule.is_shadow)?;
        // What the origin answers under a condition of the client's own is for that client.
        let is_clients = need.found.is_none() && gatehouse_caching::is_conditional(&ask.head);
        let fills_store = ask.method != Method::Head
            && !ask.directives.no_store
            && ask.head.first("range").is_none()
            && !is_clients;
        if !need.can_wait || !fills_store {
            return None;
        }
        // What answers a request of nobody does not answer one of somebody.
        let line = if ask.whose.is_some() { "lease of somebody" } else { "lease" };
        let digest = ask.key.digest_with(work.secret, line);
        let asker = Asker {
            holder: self.config.objects.version(),
            queue: work.host.queue(),
            has_other: need.found.as_ref().is_some_and(|(object, _)| {
                let lifetime = &object.fixed().lifetime;
                on_error(lifetime, work.now, &ask.directives, Failure::Status(503))
            }),
        };
        Some(self.config.leases.turn(work.host, &digest, asker, wait, work.now))
    }

    /// What is stored, while the upstream fails.
    fn stale_on_error(&self, ask: &Ask, need: &Need, now: Timestamp) -> Option<Replay> {
        let (object, key) = need.found.as_ref()?;
        let lifetime = &object.fixed().lifetime;
        if !on_error(lifetime, now, &ask.directives, Failure::Status(503)) {
            return None;
        }
        let Served::Answer(mut replay) = serve(ask, object, now) else { return None };
        let handling = handled(need.why, None, false);
        self.tell_in(
            &mut replay.head,
            handling,
            Some(lifetime.ttl(now)),
            Some("failing"),
            Some(&key.text),
        );
        Some(replay)
    }

    /// A request is no more, or its response cannot be stored.
    pub(crate) fn give_up(&self, asking: &Asking, callouts: &dyn Callouts) {
        self.end_leases(asking, End::Free, callouts);
    }

    pub(crate) fn end_leases(&self, asking: &Asking, how: End, callouts: &dyn Callouts) {
        for held in &asking.leases {
            // One that is free is so from now on, whenever that is.
            let now = if how == End::Free { asking.asked } else { callouts.now() };
            self.config.leases.end(*held, how, callouts, now);
        }
    }
}

impl Need {
    /// What would have been the answer.
    fn of_shadow(object: Rc<Object>, key: Key) -> Self {
        Self {
            found: Some((object, key)),
            detail: Some("would-hit"),
            can_wait: false,
            ..Self::of(Code::WouldHit, Forward::Bypass)
        }
    }

    fn of(code: Code, why: Forward) -> Self {
        Self { code, why, detail: None, found: None, can_wait: true }
    }
}

/// Whether a response was fresh when it came: then one request brings what others can use.
fn is_ever_fresh(lifetime: &Lifetime) -> bool {
    !lifetime.always_validate && lifetime.fresh_for > lifetime.initial_age
}

/// Makes a request ask whether an object still holds. The client's own conditions are evaluated
/// against the answer. Whether it does: there may be nothing to ask by.
fn make_conditional(request: &mut Headers, object: &Object) -> bool {
    let conditions = Validators::conditions(&[Validators::of(&object.head())]);
    let is_for_origin =
        ["if-match", "if-unmodified-since"].iter().any(|name| request.first(name).is_some());
    if conditions.is_empty() || is_for_origin {
        return false;
    }
    for name in CONDITIONAL.into_iter().filter(|name| *name != "if-range") {
        request.remove(&HeaderName::from_static(name));
    }
    for (name, value) in conditions {
        request.set(&name, value);
    }
    true
}
