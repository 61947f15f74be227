//! The answer to the client, made of all parts.

use crate::call::CONTENT_TYPE;
use crate::fact::Known;
use crate::failure::Failure;
use crate::freshness::Freshness;
use crate::merge::{Unmerged, Whole};
use crate::origin::{Last, Origin, culprit};
use crate::part::Part;
use crate::run::Run;
use gatehouse_filter::template::Sources;
use gatehouse_filter::{Document as Reply, HeaderName, HeaderValue, Request, list};
use gatehouse_json::{Document, Kind, push_quoted};
use gatehouse_shape::{Fault, Work};
use std::rc::Rc;

/// Why there is no whole, though every call is done.
pub(crate) enum Unmade {
    /// Answers cannot be put together, or the whole cannot be brought into its form.
    Whole(Unmerged),
    /// The answers to this call cannot be joined.
    Part(usize, Failure),
    /// A value from there cannot stand in a field of the reply.
    Field(Origin),
}

/// The answer, and what it lacks.
pub(crate) struct Made {
    pub(crate) reply: Reply,
    pub(crate) is_partial: bool,
    pub(crate) is_not_modified: bool,
}

impl Run {
    /// The answer to a request whose calls are all done.
    ///
    /// # Errors
    /// [`Unmade`].
    pub(crate) fn reply(&mut self, request: &Request<'_>) -> Result<Made, Unmade> {
        let composition = Rc::clone(&self.composition);
        composition.join(&mut self.parts).map_err(|(call, failure)| Unmade::Part(call, failure))?;
        let mut document = self.shaped(self.merged()?.document, request)?;
        if let Some(member) = &composition.partial.member {
            self.tell_parts(&mut document, member)?;
        }
        let mut body = Vec::with_capacity(document.size());
        document.write(document.root(), &mut body).map_err(|_| OVERGROWN)?;
        if body.len() > composition.max_size {
            return Err(OVERGROWN);
        }
        let mut headers = self.headers(request)?;
        let is_partial = self.failures().next().is_some();
        // RFC 9110 §8.8.3, §13.1.2: a tag is of what a GET has, and what another method has done
        // already is no more to be prevented.
        let has_tag = composition.has_entity_tag && is_read(request) && !is_partial;
        let tag = has_tag.then(|| entity_tag(&body));
        let is_not_modified = tag.as_ref().is_some_and(|tag| is_known(request, tag));
        if let Some(tag) = tag {
            headers.push((ETAG, field(tag.into_bytes())?));
        }
        let (status, body) = if is_not_modified { (304, Vec::new()) } else { (200, body) };
        if !is_not_modified {
            headers.insert(0, (CONTENT_TYPE, HeaderValue::from_static("application/json")));
        }
        let reply = Reply { status, headers, body: Rc::from(body) };
        Ok(Made { reply, is_partial, is_not_modified })
    }

    /// The parts that are not whole, by their positions.
    pub(crate) fn failures(&self) -> impl Iterator<Item = (usize, Failure)> {
        let failures = self.parts.iter().enumerate();
        failures.filter_map(|(number, part)| Some((number, part.failure()?)))
    }

    fn merged(&self) -> Result<Whole, Unmade> {
        let composition = &self.composition;
        let about = self.grown.saturating_add(composition.calls.len().saturating_mul(A_NAME));
        let mut whole = Whole::new(about, composition.most()).ok_or(OVERGROWN)?;
        for (call, part) in composition.calls.iter().zip(&self.parts) {
            let (Some(into), Some(document)) = (&call.into, part.document()) else { continue };
            let mut document = document.try_borrow_mut().map_err(|_| OVERGROWN)?;
            composition.merge.put(&mut whole, into, &mut document).map_err(Unmade::Whole)?;
        }
        Ok(whole)
    }

    /// Says in the document how each part went, where one is not whole. That is the last thing that
    /// is done to it: no operation takes it out, or changes the names in it.
    fn tell_parts(&self, document: &mut Document, member: &str) -> Result<(), Unmade> {
        let root = document.root();
        // What has become something else has no members.
        if self.failures().next().is_none() || document.kind(root) != Kind::Object {
            return Ok(());
        }
        let mut json = vec![b'{'];
        for (call, part) in self.composition.calls.iter().zip(&self.parts) {
            let outcome = match part {
                Part::Skipped => "skipped",
                part => part.failure().map_or("answered", Failure::word),
            };
            if json.len() > 1 {
                json.push(b',');
            }
            push_quoted(call.name.as_bytes(), &mut json);
            json.extend_from_slice(b":{\"outcome\":");
            push_quoted(outcome.as_bytes(), &mut json);
            if let Some(status) = part.status() {
                json.extend_from_slice(b",\"status\":");
                json.extend_from_slice(status.to_string().as_bytes());
            }
            json.push(b'}');
        }
        json.push(b'}');
        let parts = document.put(&json).map_err(|_| OVERGROWN)?;
        // Whatever a service has put there.
        let place = match document.member(root, member.as_bytes()) {
            Some(there) => Some(there),
            None => document.add_members(root, &[member.as_bytes().to_vec()]).first().copied(),
        };
        if let Some(place) = place {
            document.set(place, parts);
        }
        Ok(())
    }

    fn shaped(&self, document: Document, request: &Request<'_>) -> Result<Document, Unmade> {
        let shaping = &self.composition.shaping;
        if shaping.is_empty() {
            return Ok(document);
        }
        let (root, facts) = (document.root(), self.facts(request));
        let mut work = Work { document, facts, head: Vec::new(), skips_misfits: false };
        work.run(shaping, root).map_err(|fault| match fault {
            Fault::Overgrown => OVERGROWN,
            _ => Unmade::Whole(Unmerged::Misfit),
        })?;
        Ok(work.document)
    }

    fn headers(&self, request: &Request<'_>) -> Result<Vec<(HeaderName, HeaderValue)>, Unmade> {
        let composition = &self.composition;
        let mut headers = Vec::with_capacity(5);
        let mut freshness = self.freshness(request);
        let failures: Vec<&str> = self
            .failures()
            .filter_map(|(number, _)| Some(&*composition.calls.get(number)?.name))
            .collect();
        if !failures.is_empty() {
            freshness.is_unstorable = true;
            let names = field(failures.join(", ").into_bytes())?;
            headers.push((composition.partial.header.clone(), names));
        }
        headers.push((CACHE_CONTROL, field(freshness.cache_control().into_bytes())?));
        if !freshness.vary.is_empty() && !freshness.is_unstorable {
            headers.push((VARY, field(freshness.vary.join(", ").into_bytes())?));
        }
        let last = Last::default();
        let (facts, parts) = (&composition.response_facts, &self.parts);
        let known = Known { facts, parts, body: None, items: &[], last: &last };
        let sources = Sources { own: Some(&known), ..self.facts(request) };
        for (name, template) in &composition.response {
            // A partial answer is not to be kept, whatever whole ones are.
            if *name == CACHE_CONTROL && !failures.is_empty() {
                continue;
            }
            let mut value = Vec::new();
            if template.render(&sources, &mut value).is_some() {
                // What the answer varies with, it varies with.
                headers.retain(|(known, _)| known != name || *name == VARY);
                let value = HeaderValue::try_from(value).map_err(|_| {
                    let is_bad = |fact: &[u8]| HeaderValue::try_from(fact).is_err();
                    Unmade::Field(culprit(template, (&sources, &last), is_bad))
                })?;
                headers.push((name.clone(), value));
            }
        }
        Ok(headers)
    }

    /// The least of the parts. What was made for somebody is for nobody else.
    fn freshness(&self, request: &Request<'_>) -> Freshness {
        let composition = &self.composition;
        let parts = self.parts.iter().filter_map(|part| match part {
            Part::Answered(answered) => Some(&answered.freshness),
            _ => None,
        });
        let own = Freshness { vary: composition.vary.clone(), ..Freshness::ALWAYS };
        let mut whole = parts.clone().fold(own, Freshness::and);
        if parts.count() == 0 {
            whole.seconds = None;
        }
        // RFC 9111 §2: what is kept is what was got, and its key has no body.
        let has_body = self.body.as_ref().is_some_and(|body| !body.bytes.is_empty());
        whole.is_unstorable |= !is_read(request) || has_body;
        // Whose it is costs a call to the host: not where nobody keeps it.
        whole.is_private |= !whole.is_unstorable
            && (composition.is_of_somebody
                || request.headers.first("authorization").is_some()
                || request.identity().is_some());
        whole
    }
}

/// Whether the request is for what caches keep.
fn is_read(request: &Request<'_>) -> bool {
    matches!(request.method(), b"GET" | b"HEAD")
}

fn field(value: Vec<u8>) -> Result<HeaderValue, Unmade> {
    HeaderValue::try_from(value).map_err(|_| Unmade::Field(Origin::Items))
}

/// A strong entity tag (RFC 9110 §8.8.3): equal bytes, equal tags.
fn entity_tag(body: &[u8]) -> String {
    let digest = hmac_sha256::Hash::hash(body);
    let mut tag = String::with_capacity(34);
    tag.push('"');
    for byte in digest.iter().take(16) {
        let [high, low] = gatehouse_filter::hex::upper(*byte);
        tag.push(char::from(high));
        tag.push(char::from(low));
    }
    tag.push('"');
    tag
}

/// Whether the client has this very answer (RFC 9110 §13.1.2: by the weak comparison).
fn is_known(request: &Request<'_>, tag: &str) -> bool {
    let tags = request.headers.values("if-none-match");
    let mut tags = tags.flat_map(list::members);
    tags.any(|known| known == b"*" || known.strip_prefix(b"W/").unwrap_or(known) == tag.as_bytes())
}

/// About what the name of a member takes.
const A_NAME: usize = 24;

const OVERGROWN: Unmade = Unmade::Whole(Unmerged::Overgrown);
const ETAG: HeaderName = HeaderName::from_static("etag");
pub(crate) const CACHE_CONTROL: HeaderName = HeaderName::from_static("cache-control");
const VARY: HeaderName = HeaderName::from_static("vary");
