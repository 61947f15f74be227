//! Reads what a service answered.

use crate::call::{ALWAYS_PASSED, CONTENT_TYPE, Call, NotJson};
use crate::composition::Composition;
use crate::failure::Failure;
use crate::freshness::Freshness;
use crate::part::{Good, Told};
use ct_codecs::{Base64, Encoder as _};
use gatehouse_coding::gunzip;
use gatehouse_filter::fetched::without_mark;
use gatehouse_filter::template::Sources;
use gatehouse_filter::{Answer, HeaderName, HeaderValue, Headers, essence};
use gatehouse_json::{Document, push_quoted};
use gatehouse_shape::{Fault, Work};

/// An answer that cannot be used.
pub(crate) struct Unusable {
    pub(crate) failure: Failure,
    pub(crate) status: Option<u16>,
    /// What the service said, where that is the client's fault.
    pub(crate) told: Option<Told>,
}

impl Call {
    /// What an answer to this call says, brought into its final form.
    ///
    /// # Errors
    /// [`Unusable`].
    pub(crate) fn read(
        &self,
        answer: Answer,
        facts: Sources<'_>,
        composition: &Composition,
    ) -> Result<Good, Unusable> {
        if let Some(refused) = answer.refused {
            return Err(Unusable { failure: Failure::NotMade(refused), status: None, told: None });
        }
        let Some(status) = answer.status() else {
            return Err(Unusable { failure: Failure::BrokenOff, status: None, told: None });
        };
        if !self.wants(status) {
            let failure = if status == 504 { Failure::TimedOut } else { Failure::Status(status) };
            let told = (400..=499).contains(&status).then(|| told(answer, status)).flatten();
            return Err(Unusable { failure, status: Some(status), told });
        }
        self.good(answer, status, facts, composition).map_err(|failure| Unusable {
            failure,
            status: Some(status),
            told: None,
        })
    }

    fn good(
        &self,
        answer: Answer,
        status: u16,
        facts: Sources<'_>,
        composition: &Composition,
    ) -> Result<Good, Failure> {
        let freshness = self.freshness(&answer.headers, composition);
        let is_json = is_json(&answer.headers);
        let body = plain(answer, self.max_size)?;
        let json = match (body.is_empty(), is_json, self.not_json) {
            // RFC 9110 §15.3.5: there is nothing, and nothing is wrong.
            (true, ..) => b"null".to_vec(),
            (_, true, _) => body,
            (_, false, NotJson::Fails) => return Err(Failure::OtherType),
            (_, false, NotJson::Text) => {
                let mut quoted = Vec::with_capacity(body.len().saturating_add(2));
                push_quoted(&body, &mut quoted);
                quoted
            }
            (_, false, NotJson::Base64) => {
                let text = Base64::encode_to_string(&body).map_err(|_| Failure::TooLarge)?;
                format!("\"{text}\"").into_bytes()
            }
        };
        let size = json.len();
        // One item's answer goes into the list of all, which is read as a whole.
        let is_looked_into = !self.shaping.is_empty() || self.each.is_none() && self.is_looked_into;
        let read = if is_looked_into { Document::read } else { Document::check };
        let document = read(json, self.max_size.saturating_mul(GROWTH))?;
        let document = if self.shaping.is_empty() {
            document
        } else {
            let root = document.root();
            let mut work = Work { document, facts, head: Vec::new(), skips_misfits: false };
            work.run(&self.shaping, root).map_err(|fault| match fault {
                Fault::Overgrown => Failure::TooLarge,
                _ => Failure::Misfit,
            })?;
            work.document
        };
        Ok(Good { status, size, document, freshness })
    }

    /// What the answer's head says of caches. It depends on those fields of the client's request
    /// that went with the call; all others are the same for everybody.
    fn freshness(&self, head: &Headers, composition: &Composition) -> Freshness {
        let mut freshness = Freshness::of(head);
        let is_among = |names: &[HeaderName], name: &str| {
            names.iter().any(|own| own.as_str().eq_ignore_ascii_case(name))
        };
        // Fields that templates make are no fields of the client's, and tell clients apart.
        let mut made = self.headers.iter().chain(&composition.headers);
        freshness.is_private |= !freshness.vary.is_empty()
            && made.any(|(made, _)| {
                freshness.vary.iter().any(|name| made.as_str().eq_ignore_ascii_case(name))
            });
        freshness.vary.retain(|name| {
            let is_always = ALWAYS_PASSED.contains(&name.as_str());
            is_always || is_among(&self.passed, name) || is_among(&composition.passed, name)
        });
        // RFC 9110 §9.2.3: what other methods do is to be done each time.
        freshness.is_unstorable |= !matches!(self.method, "GET" | "HEAD");
        freshness
    }
}

/// The most that operations can make of an answer, in lengths of the answer.
const GROWTH: usize = 4;

/// The body without its content coding, without a byte order mark (RFC 8259 §8.1).
fn plain(answer: Answer, most: usize) -> Result<Vec<u8>, Failure> {
    if answer.truncated {
        return Err(Failure::TooLarge);
    }
    // Of a HEAD there is nothing to decode, whatever its head says (RFC 9110 §9.3.2).
    if answer.body.is_empty() {
        return Ok(Vec::new());
    }
    let coding = answer.headers.only("content-encoding").map_err(|_| Failure::Encoding)?;
    let body = match coding.unwrap_or_default().trim_ascii() {
        b"" | b"identity" => answer.body,
        coding if is_gzip(coding) => gunzip(&answer.body, most)?,
        _ => return Err(Failure::Encoding),
    };
    let text = without_mark(&body);
    if text.len() == body.len() { Ok(body) } else { Ok(text.to_vec()) }
}

/// RFC 9110 §8.4.1.3.
fn is_gzip(coding: &[u8]) -> bool {
    ["gzip", "x-gzip"].iter().any(|name| coding.eq_ignore_ascii_case(name.as_bytes()))
}

/// Whether the type is JSON's, or one of a format made of it (RFC 6839 §3.1). An answer without a
/// type is looked at: it is JSON, or it is not.
fn is_json(head: &Headers) -> bool {
    let Ok(Some(kind)) = head.only("content-type") else {
        return head.first("content-type").is_none();
    };
    let essence = essence(kind);
    let is = |kind: &str| essence.eq_ignore_ascii_case(kind.as_bytes());
    let suffix = essence.last_chunk::<5>();
    is("application/json")
        || is("text/json")
        || suffix.is_some_and(|suffix| suffix.eq_ignore_ascii_case(b"+json"))
}

/// What a service says is wrong with a request, for the client: its problem document, and the
/// fields that a client needs to mend it.
fn told(answer: Answer, status: u16) -> Option<Told> {
    if OF_THE_CALL.contains(&status) {
        return None;
    }
    let headers = TOLD.iter().flat_map(|name| {
        answer.headers.values(name).filter_map(|value| {
            Some((HeaderName::from_static(name), HeaderValue::try_from(value).ok()?))
        })
    });
    let headers: Vec<_> = headers.collect();
    match problem(answer) {
        Some(body) => Some(Told { status, headers, body }),
        None => Some(Told { status, headers: without_type(headers), body: Vec::new() }),
    }
}

/// The document of a refusal, where it has one that a client can read and that is not too long.
fn problem(answer: Answer) -> Option<Vec<u8>> {
    if !is_json(&answer.headers) || answer.headers.first("content-type").is_none() {
        return None;
    }
    let body = plain(answer, MOST_OF_A_PROBLEM).ok()?;
    let is_short = body.len() <= MOST_OF_A_PROBLEM;
    (is_short && Document::read(body.clone(), 0).is_ok()).then_some(body)
}

fn without_type(headers: Vec<(HeaderName, HeaderValue)>) -> Vec<(HeaderName, HeaderValue)> {
    headers.into_iter().filter(|(name, _)| *name != CONTENT_TYPE).collect()
}

/// A longer text about what is wrong is left out.
const MOST_OF_A_PROBLEM: usize = 64 * 1024;

/// What is about the call and not about the request (RFC 9110 §15.5): its method, its connection
/// and its time. A client can mend none of it.
const OF_THE_CALL: [u16; 5] = [405, 407, 408, 421, 426];

/// RFC 9110 §11.6.1 (a 401 has a challenge), §10.2.3, and the type of the document.
const TOLD: [&str; 3] = ["content-type", "www-authenticate", "retry-after"];
