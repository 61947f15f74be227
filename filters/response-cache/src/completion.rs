//! A stored part that becomes whole: the rest of it is asked for, and both are sent as one (RFC
//! 9111 §3.4).

use crate::ResponseCache;
use crate::answer::of;
use crate::ask::{Ask, Method};
use crate::asking::Asking;
use crate::keep::{Anew, Keeping};
use crate::leases::End;
use crate::object::Object;
use crate::status_field::handled;
use crate::work::Work;
use gatehouse_caching::{ContentRange, HeldPart, Part, ResponseDirectives, freshened};
use gatehouse_filter::{
    Body, Collect, HeaderName, HeaderValue, Headers, Response, ResponseDecision, ResponseStep,
};
use std::rc::Rc;

/// What was stored of a response, while the rest is on its way.
#[derive(Debug)]
pub(crate) struct Completion {
    old: Rc<Object>,
    /// The head of the rest.
    head: Headers,
    keeping: Option<Keeping>,
}

const STATUS: HeaderName = HeaderName::from_static(":status");
const CONTENT_RANGE: HeaderName = HeaderName::from_static("content-range");

/// Makes a request for the whole ask for what is missing of a part, where both together are at most
/// so long. Whether it does.
pub(crate) fn ask_for_rest(ask: &Ask, request: &mut Headers, part: &Object, most: usize) -> bool {
    let is_for_whole = ask.method == Method::Get && ask.head.first("range").is_none();
    let is_conditional = gatehouse_caching::is_conditional(&ask.head);
    // Of one whose length nobody said, there may be no rest. What is too long to be made one here
    // is asked for anew.
    let is_short = |whole: u64| usize::try_from(whole).is_ok_and(|whole| whole <= most);
    let rest = held(part)
        .filter(|held| held.whole.is_some_and(is_short))
        .and_then(|held| held.completion(&part.head(), part.fixed().lifetime.received));
    let Some(fields) = rest.filter(|_| is_for_whole && !is_conditional) else { return false };
    for (name, value) in fields {
        request.set(&name, value);
    }
    true
}

fn held(object: &Object) -> Option<Part> {
    Part::of(&object.head(), u64::try_from(object.body().as_slice().len()).ok()?)
}

impl ResponseCache {
    /// The head of the rest has come: it goes on as that of the whole, where both fit together.
    pub(crate) fn complete(
        &self,
        asking: &mut Asking,
        response: &mut Response<'_>,
        work: &Work<'_>,
    ) -> Option<ResponseDecision<crate::Code>> {
        let (old, _) = asking.found.as_ref().filter(|_| response.status() == Some(206))?;
        let head = response.headers.settled();
        // Not every response says its length beside that.
        let length = usize::try_from(ContentRange::of(&head)?.span?.length()).ok()?;
        let most = self.config.max_object;
        if length > most.saturating_sub(old.body().as_slice().len()) {
            return None;
        }
        // Both are of one content, and lie side by side: the bytes themselves say nothing of it.
        let (part, whole) = combined(old, &head, &vec![0; length], work)?;
        if !part.is_whole() {
            return None;
        }
        let keeping = self.keeping_of_whole(asking, old, &head, work);
        let ttl = keeping.as_ref().map(|keeping| keeping.lifetime().ttl(work.now));
        response.headers.set(&STATUS, HeaderValue::from_static("200"));
        response.headers.remove(&CONTENT_RANGE);
        let handling = handled(asking.why, Some(206), keeping.is_some());
        self.tell(response, handling, ttl, None, Some(&asking.ask.key.text));
        asking.completes = Some(Completion { old: Rc::clone(old), head, keeping });
        let collect = Collect { max_bytes: whole.len(), hold_head: false, may_replace: true };
        let step = ResponseStep::ReadBody(collect);
        Some(ResponseDecision { step, ..ResponseDecision::undecided() })
    }

    fn keeping_of_whole(
        &self,
        asking: &Asking,
        old: &Object,
        update: &Headers,
        work: &Work<'_>,
    ) -> Option<Keeping> {
        let told = ResponseDirectives::read(update);
        let stored = old.head();
        let fields = freshened(&stored, update, &told, work.now);
        let mut fields: Vec<(&[u8], &[u8])> =
            fields.iter().map(|(name, value)| (*name, &**value)).collect();
        fields.retain(|(name, _)| *name != b"content-range");
        let anew = Anew { status: 200, fields: &fields, update, asked: of(&asking.ask) };
        Keeping::anew(asking, anew, work).ok()?
    }

    /// The rest has come: the body becomes that of the whole.
    pub(crate) fn completed(
        &self,
        asking: &Asking,
        body: &mut Body,
        work: &Work<'_>,
    ) -> Option<()> {
        let completion = asking.completes.as_ref()?;
        let (_, whole) = combined(&completion.old, &completion.head, &body.bytes()?, work)?;
        if let Some(keeping) = &completion.keeping {
            let _ = self.keep(keeping, &whole, work);
        }
        self.end_leases(asking, End::Free, work.host);
        body.replace(whole);
        Some(())
    }
}

/// Both parts as one.
fn combined(old: &Object, head: &Headers, body: &[u8], work: &Work<'_>) -> Option<(Part, Vec<u8>)> {
    let length = u64::try_from(body.len()).ok()?;
    let (older_head, older_body) = (old.head(), old.body());
    let older = HeldPart {
        part: held(old)?,
        body: older_body.as_slice(),
        head: &older_head,
        received: old.fixed().lifetime.received,
    };
    let newer = HeldPart { part: Part::of(head, length)?, body, head, received: work.now };
    Part::combined(&older, &newer)
}
