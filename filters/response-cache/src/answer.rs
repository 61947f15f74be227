//! What becomes of the upstream's response.

use crate::ask::{Ask, Method};
use crate::asking::Asking;
use crate::keep::{Anew, Judged, Keeping, is_public};
use crate::key::{Key, digest};
use crate::leases::End;
use crate::object::Object;
use crate::purges::Purged;
use crate::serve::{Served, serve};
use crate::status_field::handled;
use crate::work::Work;
use crate::{Code, Event, ResponseCache, Stage, State};
use gatehouse_caching::{
    Arrival, Asked, Failure, HeadEffect, Lifetime, NotStored, ResponseDirectives, Storable,
    Validators, freshened, head_effect, kept, may_store, on_error, status,
};
use gatehouse_filter::{
    Attribute, Callouts, Copied, Event as _, HeaderName, HeaderValue, Headers, Host, Problem,
    Response, ResponseDecision, ResponseStep,
};
use std::rc::Rc;

/// The response to a request that is at the upstream.
#[derive(Clone, Copy)]
struct Came {
    status: u16,
    /// Whether it is Envoy's own, and none of the upstream's.
    is_own: bool,
}

impl ResponseCache {
    /// The head of the upstream's response has come, or of the proxy's own.
    pub(crate) fn answered(
        &self,
        mut asking: Box<Asking>,
        response: &mut Response<'_>,
        state: &mut State,
    ) -> ResponseDecision<Code> {
        let host = response.callouts();
        let (Some(status), Ok(secret)) = (response.status(), self.secret(host)) else {
            self.give_up(&asking, host);
            state.0 = Stage::Done;
            return ResponseDecision::undecided();
        };
        let work = Work { secret, host, now: host.now() };
        if status == 304 && asking.validates {
            return self.confirmed(*asking, response, &work, state);
        }
        let came = Came { status, is_own: status >= 400 && !is_upstreams(host) };
        if let Some(decision) = self.failed(&asking, came, response, &work, state) {
            return decision;
        }
        if asking.ask.method == Method::Head {
            self.hear_head(&asking, response, &work);
        }
        if asking.asks_for_rest && matches!(status, 206 | 416) {
            if let Some(decision) = self.complete(&mut asking, response, &work) {
                state.0 = Stage::Asking(asking);
                return decision;
            }
            // It does not fit, though the request said to what. Nobody is to ask for more of it, and
            // nobody who asked for the whole is to take it for that.
            self.outdate(&asking.ask.key, &work);
            self.give_up(&asking, host);
            state.0 = Stage::Done;
            let problem = Problem::new(502, "The upstream sent another part than was asked for");
            return ResponseDecision::refuse(
                Code::Partial,
                Some(Rc::clone(&asking.ask.rule.name)),
                problem,
            );
        }
        respell(&mut response.headers);
        self.store(asking, came, response, &work, state)
    }

    /// The upstream says that what is stored still holds.
    fn confirmed(
        &self,
        asking: Asking,
        response: &mut Response<'_>,
        work: &Work<'_>,
        state: &mut State,
    ) -> ResponseDecision<Code> {
        state.0 = Stage::Done;
        let Some((old, key)) = asking.found.as_ref() else {
            self.give_up(&asking, work.host);
            return ResponseDecision::undecided();
        };
        let update = response.headers.settled();
        // One that is about something else tells nothing of what is stored (RFC 9111 §4.3.4).
        let is_about_it = !Validators::selected(&[Validators::of(&old.head())], &update).is_empty();
        let object = match is_about_it {
            true => self.freshen(&asking, old, key, &update, work),
            false => None,
        };
        let object = object.unwrap_or_else(|| Rc::clone(old));
        self.end_leases(&asking, End::Free, work.host);
        let Asking { ask, why, .. } = &asking;
        let rule = Some(Rc::clone(&ask.rule.name));
        let handling = handled(*why, Some(304), is_about_it);
        let ttl = Some(object.fixed().lifetime.ttl(work.now));
        match serve(ask, &object, work.now) {
            // The client has it, and the upstream's own answer says so.
            Served::Answer(replay) if replay.status == 304 => {
                self.tell(response, handled(*why, None, is_about_it), ttl, None, Some(&key.text));
                ResponseDecision::pass(Code::Revalidated, rule)
            }
            Served::Answer(mut replay) => {
                self.tell_in(&mut replay.head, handling, ttl, None, Some(&key.text));
                let step = ResponseStep::Replace(replay);
                ResponseDecision { code: Some(Code::Revalidated), rule, step }
            }
            Served::Nothing => ResponseDecision::undecided(),
        }
    }

    /// Stores an object anew, with what an update says of it. `None` where it may not be stored any
    /// more.
    fn freshen(
        &self,
        asking: &Asking,
        old: &Object,
        key: &Key,
        update: &Headers,
        work: &Work<'_>,
    ) -> Option<Rc<Object>> {
        let stored = with_status(old);
        let fields = freshened(&stored, update, &ResponseDirectives::read(update), work.now);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, &**value)).collect();
        let mut asked = of(&asking.ask);
        if asking.ask.method == Method::Head {
            // What is stored has come by a `GET` (RFC 9111 §4.3.5).
            asked.method = Storable::Always;
        }
        let anew = Anew { status: old.fixed().status, fields: &fields, update, asked };
        match Keeping::anew(asking, anew, work) {
            Ok(keeping) => {
                let object = self.keep(&keeping?, old.body().as_slice(), work);
                Object::read_unchecked(object).map(Rc::new)
            }
            // Of this answer nothing is stored; what is stored is as it was.
            Err(NotStored::RequestNoStore) => None,
            Err(_) => {
                // It answers this request, and no other.
                self.outdate(key, work);
                None
            }
        }
    }

    /// What is stored under a URL no longer holds.
    fn outdate(&self, key: &Key, work: &Work<'_>) {
        let purged = Purged::One(digest(work.secret, key.url()));
        if self.config.purges.purge(work.host, &purged).is_err() {
            Event::StoreFailed.count(work.host);
        }
    }

    /// The upstream has failed: what is stored may do.
    fn failed(
        &self,
        asking: &Asking,
        came: Came,
        response: &Response<'_>,
        work: &Work<'_>,
        state: &mut State,
    ) -> Option<ResponseDecision<Code>> {
        let Came { status, is_own } = came;
        if !status::is_failure(status) {
            return None;
        }
        let Asking { ask, found, why, .. } = asking;
        let (object, key) = found.as_ref()?;
        let lifetime = &object.fixed().lifetime;
        let failure = if is_own { Failure::Unreachable } else { Failure::Status(status) };
        if ask.rule.is_shadow || !on_error(lifetime, work.now, &ask.directives, failure) {
            return None;
        }
        // It may have been purged since the request went on.
        self.is_good_still(object, work).ok().filter(|is_good| *is_good)?;
        let Served::Answer(mut replay) = serve(ask, object, work.now) else { return None };
        let detail = if is_own { "unreachable" } else { "failed" };
        let handling = handled(*why, Some(status), false);
        self.tell_in(
            &mut replay.head,
            handling,
            Some(lifetime.ttl(work.now)),
            Some(detail),
            Some(&key.text),
        );
        self.end_leases(asking, End::Failed, response.callouts());
        state.0 = Stage::Done;
        Some(ResponseDecision {
            code: Some(Code::StaleOnError),
            rule: Some(Rc::clone(&ask.rule.name)),
            step: ResponseStep::Replace(replay),
        })
    }

    /// A response to `HEAD` tells of the stored one to `GET` (RFC 9111 §4.3.5).
    fn hear_head(&self, asking: &Asking, response: &Response<'_>, work: &Work<'_>) {
        // Of a part, it says nothing that could be compared.
        let is_whole = |(object, _): &&(Rc<Object>, Key)| object.fixed().status != 206;
        let Some((object, key)) = asking.found.as_ref().filter(is_whole) else { return };
        let update = response.headers.settled();
        let length = u64::try_from(object.body().as_slice().len()).unwrap_or(u64::MAX);
        match head_effect(&with_status(object), length, &update) {
            HeadEffect::Freshens => {
                let _ = self.freshen(asking, object, key, &update, work);
            }
            HeadEffect::Outdates => self.outdate(key, work),
            HeadEffect::None => {}
        }
    }

    /// Lets a response go on, and stores it where that may be.
    fn store(
        &self,
        mut asking: Box<Asking>,
        came: Came,
        response: &mut Response<'_>,
        work: &Work<'_>,
        state: &mut State,
    ) -> ResponseDecision<Code> {
        asking.status = came.status;
        let why = asking.why;
        match self.may_keep(&asking, came, response, work) {
            Ok(keeping) => {
                let ttl = Some(keeping.lifetime().ttl(work.now));
                let handling = handled(why, None, true);
                self.tell(response, handling, ttl, asking.detail, Some(&keeping.key().text));
                asking.keeping = Some(keeping);
            }
            Err(not_stored) => {
                let key = Some(asking.ask.key.text.as_slice());
                self.tell(response, handled(why, None, false), None, Some(not_stored), key);
                let has_failed = came.is_own || came.status >= 500;
                let how = match came.status {
                    _ if has_failed => End::Failed,
                    // They are about what this client asked for, and not about the resource.
                    304 | 412 | 416 => End::Free,
                    _ => End::Uncacheable,
                };
                self.end_leases(&asking, how, work.host);
                asking.leases.clear();
            }
        }
        let is_wanted = asking.keeping.is_some() || asking.would_hit;
        if !is_wanted || !response.body_follows() {
            state.0 = Stage::Done;
            if is_wanted {
                self.copied(*asking, Copied(Some(Vec::new())), work.host);
            }
            return ResponseDecision::undecided();
        }
        state.0 = Stage::Asking(asking);
        let step = ResponseStep::CopyBody { max_bytes: self.config.max_object };
        ResponseDecision { step, ..ResponseDecision::undecided() }
    }

    /// What is stored of a response, or why nothing is.
    fn may_keep(
        &self,
        asking: &Asking,
        came: Came,
        response: &Response<'_>,
        work: &Work<'_>,
    ) -> Result<Keeping, &'static str> {
        let (ask, status) = (&asking.ask, came.status);
        if came.is_own {
            return Err("not-of-the-upstream");
        }
        let head = response.headers.settled();
        let directives = ResponseDirectives::read(&head);
        let arrival = Arrival { asked: asking.asked, received: work.now };
        let lifetime = Lifetime::of(status, &head, &directives, &ask.rule.freshness, arrival);
        let storing = may_store(&of(ask), &ask.rule.storing, status, &head, &directives, &lifetime)
            .map_err(NotStored::token)?;
        let has_whole = |(object, _): &(Rc<Object>, Key)| object.fixed().status != 206;
        if status == 206 && asking.found.as_ref().is_some_and(has_whole) {
            return Err("is-a-part");
        }
        let most = u64::try_from(self.config.max_object).unwrap_or(u64::MAX);
        if head.content_length().is_some_and(|length| length > most) {
            return Err("too-large");
        }
        let fields = kept(&head, &directives, storing.strip_set_cookie, work.now);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, &**value)).collect();
        let judged = Judged {
            status,
            fields: &fields,
            lifetime,
            partition: storing.partition,
            is_public: is_public(&directives),
            purges: asking.purges,
        };
        Keeping::new(ask, &judged, work.secret).ok_or("too-many-tags")
    }

    /// The body of a response has come to its end, and is stored.
    pub(crate) fn copied(&self, asking: Asking, copied: Copied, host: &dyn Callouts) {
        if let Some(body) = &copied.0 {
            self.compare(&asking, body, host);
        }
        let (Some(keeping), Ok(secret)) = (&asking.keeping, self.secret(host)) else {
            self.give_up(&asking, host);
            return;
        };
        // The head came just before: another look at the clock would tell little.
        let work = Work { secret, host, now: keeping.lifetime().received };
        let how = match copied.0 {
            Some(body) => {
                let _ = self.keep(keeping, &body, &work);
                End::Free
            }
            None => End::Uncacheable,
        };
        self.end_leases(&asking, how, host);
    }

    /// Shadow: whether what would have been the answer is the upstream's.
    fn compare(&self, asking: &Asking, body: &[u8], host: &dyn Host) {
        if !asking.would_hit {
            return;
        }
        let served =
            asking.found.as_ref().map(|(object, _)| serve(&asking.ask, object, asking.asked));
        let Some(Served::Answer(replay)) = served else { return };
        // Of a response to `HEAD` there is no more than that, and each makes up a boundary of its
        // own.
        let kind = replay.head.first("content-type").unwrap_or_default();
        let is_opaque =
            asking.ask.method == Method::Head || kind.starts_with(b"multipart/byteranges");
        let is_same =
            replay.status == asking.status && (is_opaque || replay.body.as_slice() == body);
        if is_same { Event::ShadowSame.count(host) } else { Event::ShadowDiffers.count(host) }
    }
}

/// Whether a response is the upstream's: Envoy makes up some itself.
fn is_upstreams(host: &dyn Host) -> bool {
    let details = host.attribute(Attribute::CodeDetails);
    details.is_none_or(|details| details == b"via_upstream")
}

/// What counts of the request when its response is stored.
pub(crate) fn of(ask: &Ask) -> Asked {
    Asked {
        method: ask.method.storable(),
        no_store: ask.directives.no_store,
        is_identified: ask.whose.is_some(),
    }
}

/// The head of an object as it was received: with its status and its length.
fn with_status(object: &Object) -> Headers {
    let status = object.fixed().status.to_string();
    let length = object.body().as_slice().len().to_string();
    let head = object.head();
    let mut fields =
        vec![(&b":status"[..], status.as_bytes()), (b"content-length", length.as_bytes())];
    fields.extend(head.iter_received());
    Headers::from_list(&fields)
}

/// Envoy joins lines of a field by a comma alone; between the directives of two lines stood more
/// (RFC 9110 §5.3).
fn respell(head: &mut Headers) {
    let Ok(Some(value)) = head.only("cache-control") else { return };
    let mut respelt = Vec::new();
    let mut is_quoted = false;
    for (at, byte) in value.iter().enumerate() {
        is_quoted ^= *byte == b'"';
        respelt.push(*byte);
        let next = value.get(at.saturating_add(1));
        if *byte == b',' && !is_quoted && next.is_some_and(|next| *next != b' ') {
            respelt.push(b' ');
        }
    }
    if respelt.len() != value.len()
        && let Ok(respelt) = HeaderValue::try_from(respelt)
    {
        head.set(&HeaderName::from_static("cache-control"), respelt);
    }
}
