//! One call of a composition.

use crate::each::{Each, Join};
use crate::fact::{Fact, Known};
use crate::origin::{Origin, culprit};
use crate::target::{Target, Unmade};
use crate::when::Condition;
use gatehouse_filter::template::{Sources, Template};
use gatehouse_filter::{Callout, HeaderName, HeaderValue, Headers, Request, Statuses, list};
use gatehouse_json::{Document, Path};
use gatehouse_shape::{Shaping, Value};
use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// A call, as configured.
pub(crate) struct Call {
    pub(crate) name: Rc<str>,
    pub(crate) cluster: String,
    pub(crate) authority: String,
    pub(crate) method: &'static str,
    pub(crate) target: Target,
    /// The fields of the request that go with it as they are.
    pub(crate) passed: Vec<HeaderName>,
    /// Fields of its own.
    pub(crate) headers: Vec<(HeaderName, Template)>,
    pub(crate) body: Payload,
    pub(crate) timeout: Duration,
    /// The most bytes of an answer, as it comes and decompressed.
    pub(crate) max_size: usize,
    /// The statuses of answers that are used.
    pub(crate) statuses: Vec<Statuses>,
    /// What becomes of an answer that is not JSON.
    pub(crate) not_json: NotJson,
    pub(crate) fate: Fate,
    pub(crate) when: Vec<Condition>,
    pub(crate) each: Option<Each>,
    pub(crate) join: Option<Join>,
    pub(crate) shaping: Shaping,
    /// Where its answer goes; `None` where it is used by other calls only.
    pub(crate) into: Option<Path>,
    /// What its templates name.
    pub(crate) facts: Vec<Fact>,
    /// The calls that come before it.
    pub(crate) needs: Vec<usize>,
    /// Whether what is in its answer is used: others are passed on as they came.
    pub(crate) is_looked_into: bool,
}

/// The body of a call.
pub(crate) enum Payload {
    Nothing,
    Json(Value),
    /// The request's own, as it came.
    OfRequest,
}

/// What becomes of an answer that is not JSON.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NotJson {
    /// The call has failed.
    Fails,
    /// It becomes a text; bytes that are not UTF-8 become U+FFFD.
    Text,
    /// It becomes a text in base64 (RFC 4648 §4).
    Base64,
}

/// What a failed call means for the whole.
pub(crate) enum Fate {
    /// The whole has failed, too.
    Required {
        /// Whether a 4xx of the service is the client's answer.
        passes_client_errors: bool,
    },
    /// The whole goes without, or with this JSON instead.
    Optional(Option<Vec<u8>>),
}

/// What a call is made from.
pub(crate) struct Inputs<'a> {
    pub(crate) request: &'a Request<'a>,
    pub(crate) sources: Sources<'a>,
    pub(crate) known: Known<'a>,
    /// The request's body as it came, and its type.
    pub(crate) body: Option<&'a Body>,
    /// For every call of the rule.
    pub(crate) rule_passed: &'a [HeaderName],
    pub(crate) rule_headers: &'a [(HeaderName, Template)],
}

/// The body of a request.
pub(crate) struct Body {
    pub(crate) bytes: Vec<u8>,
    /// Where a template names values of it.
    pub(crate) document: Option<RefCell<Document>>,
}

impl Call {
    /// Whether an answer with this status is used.
    pub(crate) fn wants(&self, status: u16) -> bool {
        self.statuses.iter().any(|statuses| statuses.has(status))
    }

    pub(crate) fn is_required(&self) -> bool {
        matches!(self.fate, Fate::Required { .. })
    }

    /// The request to make, with no more time than this.
    ///
    /// # Errors
    /// [`Unmade`].
    pub(crate) fn callout(
        &self,
        inputs: &Inputs<'_>,
        most_time: Duration,
    ) -> Result<Callout, Unmade> {
        let path = self.target.render(&inputs.sources, inputs.known.last)?;
        let mut headers = self.fields(inputs)?;
        let body = self.payload(inputs, &mut headers)?;
        Ok(Callout {
            cluster: self.cluster.clone(),
            method: Cow::Borrowed(self.method),
            authority: self.authority.clone(),
            path,
            headers,
            body,
            // The host counts in milliseconds, and takes zero for no limit.
            timeout: self.timeout.min(most_time).max(Duration::from_millis(1)),
            max_answer_bytes: self.max_size,
        })
    }

    /// The fields of the head: what is named later stands in place of what was named before, and
    /// what the call names in place of what the rule does.
    fn fields(&self, inputs: &Inputs<'_>) -> Result<Vec<(HeaderName, HeaderValue)>, Unmade> {
        let head = &inputs.request.headers;
        let mut fields = Vec::with_capacity(8);
        fields.push((ACCEPT, HeaderValue::from_static("application/json")));
        // RFC 9110 §12.5.3: what comes compressed has to be decompressed here.
        fields.push((ACCEPT_ENCODING, HeaderValue::from_static("identity")));
        fields.push((CDN_LOOP, loop_field(head)?));
        for name in ALWAYS_PASSED.map(HeaderName::from_static) {
            pass(&name, head, &mut fields)?;
        }
        for (passed, made) in
            [(inputs.rule_passed, inputs.rule_headers), (&self.passed, &self.headers)]
        {
            for name in passed {
                pass(name, head, &mut fields)?;
            }
            for (name, template) in made {
                make(name, template, inputs, &mut fields)?;
            }
        }
        Ok(fields)
    }

    fn payload(
        &self,
        inputs: &Inputs<'_>,
        fields: &mut Vec<(HeaderName, HeaderValue)>,
    ) -> Result<Vec<u8>, Unmade> {
        let has_type = fields.iter().any(|(name, _)| *name == CONTENT_TYPE);
        match &self.body {
            Payload::Nothing => Ok(Vec::new()),
            Payload::OfRequest => {
                let head = &inputs.request.headers;
                if !has_type {
                    pass(&CONTENT_TYPE, head, fields)?;
                }
                // Without it, what is compressed is garbage.
                pass(&CONTENT_ENCODING, head, fields)?;
                Ok(inputs.body.map(|body| body.bytes.clone()).unwrap_or_default())
            }
            Payload::Json(value) => {
                if !has_type {
                    fields.push((CONTENT_TYPE, HeaderValue::from_static("application/json")));
                }
                // A copy, for the value may name the body in both of its ways.
                let body = inputs.known.body.and_then(|body| body.try_borrow().ok());
                let body = body.map(|body| body.clone());
                let nothing = || Document::read(b"null".to_vec(), 0).ok();
                let last = inputs.known.last;
                last.take();
                let missing = || Unmade::Missing(last.take());
                let mut document = body.or_else(nothing).ok_or_else(missing)?;
                let (root, mut json) = (document.root(), Vec::new());
                value
                    .render(&inputs.sources, &mut document, root, &mut json)
                    .ok_or_else(missing)?;
                Ok(json)
            }
        }
    }
}

/// A field of the request as it is; one that it does not have is left out.
fn pass(
    name: &HeaderName,
    head: &Headers,
    fields: &mut Vec<(HeaderName, HeaderValue)>,
) -> Result<(), Unmade> {
    fields.retain(|(known, _)| known != name);
    for value in head.values(name.as_str()) {
        let value = HeaderValue::try_from(value).map_err(|_| Unmade::Refused(Origin::Request))?;
        fields.push((name.clone(), value));
    }
    Ok(())
}

/// A field of a template; one whose fact is missing is left out.
fn make(
    name: &HeaderName,
    template: &Template,
    inputs: &Inputs<'_>,
    fields: &mut Vec<(HeaderName, HeaderValue)>,
) -> Result<(), Unmade> {
    fields.retain(|(known, _)| known != name);
    let mut value = Vec::new();
    if template.render(&inputs.sources, &mut value).is_some() {
        let value = HeaderValue::try_from(value).map_err(|_| {
            let is_bad = |fact: &[u8]| HeaderValue::try_from(fact).is_err();
            Unmade::Refused(culprit(template, (&inputs.sources, inputs.known.last), is_bad))
        })?;
        fields.push((name.clone(), value));
    }
    Ok(())
}

/// The request's own `cdn-loop` with this gateway in it (RFC 8586 §2).
fn loop_field(head: &Headers) -> Result<HeaderValue, Unmade> {
    let mut value = Vec::new();
    for field in head.values("cdn-loop") {
        value.extend_from_slice(field);
        value.extend_from_slice(b", ");
    }
    if value.is_empty() {
        return Ok(HeaderValue::from_static(LOOP_TOKEN));
    }
    value.extend_from_slice(LOOP_TOKEN.as_bytes());
    HeaderValue::try_from(value).map_err(|_| Unmade::Refused(Origin::Request))
}

/// How often calls of this filter have led to the request (RFC 8586 §2).
pub(crate) fn loops(head: &Headers) -> usize {
    let fields = head.values("cdn-loop");
    let members = fields.flat_map(list::members);
    members.filter(|member| *member == LOOP_TOKEN.as_bytes()).count()
}

const LOOP_TOKEN: &str = "gatehouse";
const ACCEPT: HeaderName = HeaderName::from_static("accept");
const CONTENT_ENCODING: HeaderName = HeaderName::from_static("content-encoding");
const ACCEPT_ENCODING: HeaderName = HeaderName::from_static("accept-encoding");
pub(crate) const CDN_LOOP: HeaderName = HeaderName::from_static("cdn-loop");
pub(crate) const CONTENT_TYPE: HeaderName = HeaderName::from_static("content-type");

/// Trace context (W3C "Trace Context" §2) and the request's id: what ties calls to their request.
pub(crate) const ALWAYS_PASSED: [&str; 3] = ["traceparent", "tracestate", "x-request-id"];
