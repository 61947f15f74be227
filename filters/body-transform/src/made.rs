//! Bodies that the configuration makes, whatever came.

use crate::content_type::TypePattern;
use crate::form::push_encoded;
use crate::side::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, OF_THE_BYTES};
use gatehouse_filter::template::{Sources, Template};
use gatehouse_filter::{
    HeaderName, HeaderValue, Headers, Statuses, essence, is_grpc_or_grpc_web, status_phrase,
};
use gatehouse_json::{Document, push_quoted};
use gatehouse_shape::{Needs, Value};

/// A body that takes the place of whatever came.
#[derive(Debug)]
pub(crate) struct Made {
    /// Of which responses; empty for requests.
    pub(crate) statuses: Vec<Statuses>,
    /// Which bodies it replaces; `None` for all.
    pub(crate) types: Option<Vec<TypePattern>>,
    /// The longest body that is collected, to be replaced in its place.
    pub(crate) most: usize,
    pub(crate) content: Content,
    pub(crate) content_type: HeaderValue,
    pub(crate) needs: Needs,
}

/// What the body is made of.
#[derive(Debug)]
pub(crate) enum Content {
    /// JSON.
    Value(Value),
    /// Text, and how what placeholders stand for is written in it.
    Text(Template, Escape),
    Problem(ProblemDocument),
}

/// A problem document (RFC 9457) with the status of the response.
#[derive(Debug)]
pub(crate) struct ProblemDocument {
    pub(crate) kind: Option<Template>,
    pub(crate) title: Option<Template>,
    pub(crate) detail: Option<Template>,
    /// Extension members.
    pub(crate) members: Vec<(String, Value)>,
}

/// How a text of a stranger is written where it must not end or begin anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Escape {
    /// In plain text everything is text.
    Nothing,
    /// In HTML and XML, between tags and in attributes.
    Markup,
    /// In forms.
    Form,
}

impl Made {
    /// Whether it takes the place of the body of a response with this head.
    pub(crate) fn is_for_response(&self, status: Option<u16>, head: &Headers) -> bool {
        let Some(status) = status.filter(|status| may_have_another_body(*status)) else {
            return false;
        };
        self.statuses.iter().any(|statuses| statuses.has(status)) && self.is_for_type(head)
    }

    /// Whether it takes the place of a body of the type in this head. gRPC is no document.
    pub(crate) fn is_for_type(&self, head: &Headers) -> bool {
        let mut types =
            head.values("content-type").map(|value| essence(value).to_ascii_lowercase());
        match &self.types {
            Some(patterns) => {
                types.any(|essence| patterns.iter().any(|pattern| pattern.matches(&essence)))
            }
            // Errors in their form keep it, unless they are named.
            None => {
                types.all(|essence| essence != PROBLEM.as_bytes() && !is_grpc_or_grpc_web(&essence))
            }
        }
    }

    /// The body. What is missing is an empty text, and in JSON no member.
    pub(crate) fn render(&self, facts: &Sources<'_>) -> Vec<u8> {
        match &self.content {
            Content::Value(value) => json(value, facts).unwrap_or_else(|| b"null".to_vec()),
            Content::Text(template, escape) => {
                let mut out = Vec::new();
                template.render_all(facts, &mut out, |fact, out| escape.push(fact, out));
                out
            }
            Content::Problem(problem) => problem.render(facts),
        }
    }

    /// What the head says of it, and nothing of the body that came.
    pub(crate) fn relabel(&self, head: &mut Headers) {
        head.set(&CONTENT_TYPE, self.content_type.clone());
        for field in OF_THE_BYTES.iter().chain(&OF_THE_OTHER) {
            if head.first(field.as_str()).is_some() {
                head.remove(field);
            }
        }
    }
}

impl ProblemDocument {
    fn render(&self, facts: &Sources<'_>) -> Vec<u8> {
        let status = facts.response.and_then(|response| response.status()).unwrap_or_default();
        let text = |template: &Option<Template>| {
            let mut text = Vec::new();
            template.as_ref()?.render(facts, &mut text).map(|()| text)
        };
        let mut out = b"{\"type\":".to_vec();
        push_quoted(&text(&self.kind).unwrap_or_else(|| b"about:blank".to_vec()), &mut out);
        out.extend_from_slice(b",\"title\":");
        let title = text(&self.title).unwrap_or_else(|| status_phrase(status).into());
        push_quoted(&title, &mut out);
        out.extend_from_slice(b",\"status\":");
        out.extend_from_slice(status.to_string().as_bytes());
        if let Some(detail) = text(&self.detail) {
            out.extend_from_slice(b",\"detail\":");
            push_quoted(&detail, &mut out);
        }
        for (name, value) in &self.members {
            if let Some(value) = json(value, facts) {
                out.push(b',');
                push_quoted(name.as_bytes(), &mut out);
                out.push(b':');
                out.extend_from_slice(&value);
            }
        }
        out.push(b'}');
        out
    }
}

impl Escape {
    /// How placeholders are written in a text of this type; `None` where none may stand.
    pub(crate) fn of(essence: &str) -> Option<Self> {
        match essence {
            "text/plain" => Some(Self::Nothing),
            "text/html" | "text/xml" | "application/xml" => Some(Self::Markup),
            _ if essence.ends_with("+xml") => Some(Self::Markup),
            crate::form::FORM => Some(Self::Form),
            _ => None,
        }
    }

    fn push(self, fact: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Nothing => out.extend_from_slice(fact),
            // All five, so that they are safe in attributes of either quotes too.
            Self::Markup => {
                // What is not UTF-8 may be read as a tag by who guesses the encoding.
                for char in String::from_utf8_lossy(fact).chars() {
                    match char {
                        '&' => out.extend_from_slice(b"&amp;"),
                        '<' => out.extend_from_slice(b"&lt;"),
                        '>' => out.extend_from_slice(b"&gt;"),
                        '"' => out.extend_from_slice(b"&quot;"),
                        '\'' => out.extend_from_slice(b"&#39;"),
                        char => out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()),
                    }
                }
            }
            Self::Form => push_encoded(fact, out),
        }
    }
}

/// Whether a response of this status has a body that another can take the place of: not an interim
/// one (RFC 9110 §15.2), none of those without content (§15.3.5, §15.3.6, §15.4.5), no part of
/// something (§15.3.7).
pub(crate) fn may_have_another_body(status: u16) -> bool {
    status >= 200 && !matches!(status, 204 | 205 | 206 | 304)
}

fn json(value: &Value, facts: &Sources<'_>) -> Option<Vec<u8>> {
    // The configuration has been refused where it names values of a document.
    let mut document = Document::read(b"null".to_vec(), 0).ok()?;
    let (root, mut out) = (document.root(), Vec::new());
    value.render(facts, &mut document, root, &mut out).map(|()| out)
}

/// RFC 9457 §3.
pub(crate) const PROBLEM: &str = "application/problem+json";

/// What speaks of the body that is no more: its tag and date (RFC 9110 §8.8), where it came from,
/// what language it was in, what file it was, and what part. The length is the proxy's.
const OF_THE_OTHER: [HeaderName; 8] = [
    CONTENT_ENCODING,
    HeaderName::from_static("content-language"),
    HeaderName::from_static("content-location"),
    HeaderName::from_static("content-range"),
    HeaderName::from_static("content-disposition"),
    HeaderName::from_static("etag"),
    HeaderName::from_static("last-modified"),
    CONTENT_LENGTH,
];
