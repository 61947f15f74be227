//! An origin that answers by a script: each row of the tables has a list of answers of its own, and
//! a record of what was asked.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::dates::Date;
use crate::harness::upstream::{Received, Said, Upstream, chunked};

/// Scripts by the second segment of the path.
pub(super) struct Origin {
    upstream: Upstream,
    scripts: Arc<Mutex<HashMap<String, Script>>>,
}

#[derive(Default)]
struct Script {
    answers: Vec<Answer>,
    seen: Vec<Seen>,
}

/// A request that the origin saw, and what it answered.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) request: Received,
    pub(super) status: u16,
    /// Names in lower case.
    pub(super) fields: Vec<(String, String)>,
    /// What a GET would have got.
    pub(super) body: Vec<u8>,
}

/// What a field of an answer says.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(Vec<u8>),
    Date(Date),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.as_bytes().to_vec())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text.into_bytes())
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Text(bytes.to_vec())
    }
}

impl From<Date> for Value {
    fn from(date: Date) -> Self {
        Self::Date(date)
    }
}

impl Value {
    /// The bytes, with `{row}` for the path that all paths of the row begin with.
    pub(super) fn bytes(&self, row: &str) -> Vec<u8> {
        match self {
            Self::Date(date) => date.text().into_bytes(),
            Self::Text(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => text.replace("{row}", row).into_bytes(),
                Err(_) => bytes.clone(),
            },
        }
    }
}

/// How an answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    WithItsLength,
    InChunks,
    InChunksWithTrailers,
    WithTheConnection,
    /// The connection is closed before the head.
    BeforeItsHead,
    /// The connection is closed in the middle of the body.
    InItsMiddle,
}

/// An answer of the origin. Unless it says otherwise, it has a `date` of now, a body with its
/// number, and that number in `x-origin`.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    status: u16,
    fields: Vec<(String, Value)>,
    has_date: bool,
    body: Option<Vec<u8>>,
    ends: Ends,
    interim: String,
    after: Duration,
}

/// An answer with this status.
pub(super) fn status(status: u16) -> Answer {
    Answer {
        status,
        fields: Vec::new(),
        has_date: true,
        body: None,
        ends: Ends::WithItsLength,
        interim: String::new(),
        after: Duration::ZERO,
    }
}

/// A 200.
pub(super) fn ok() -> Answer {
    status(200)
}

/// A 200 with this `cache-control`.
pub(super) fn cached(control: &str) -> Answer {
    ok().control(control)
}

/// A 200 that is fresh for an hour.
pub(super) fn fresh() -> Answer {
    cached("max-age=3600")
}

/// A 200 that is fresh for a second.
pub(super) fn brief() -> Answer {
    cached("max-age=1")
}

/// A 304.
pub(super) fn not_modified() -> Answer {
    status(304)
}

/// No answer: the connection is closed.
pub(super) fn broken() -> Answer {
    Answer { ends: Ends::BeforeItsHead, ..ok() }
}

impl Answer {
    /// One more field; a name may be there several times.
    pub(super) fn field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.push((name.to_owned(), value.into()));
        self
    }

    /// A field `cache-control`.
    pub(super) fn control(self, value: &str) -> Self {
        self.field("cache-control", value)
    }

    /// A field `etag` with this in quotes.
    pub(super) fn tag(self, tag: &str) -> Self {
        self.field("etag", format!("\"{tag}\""))
    }

    /// A field `last-modified` of some years ago.
    pub(super) fn modified(self) -> Self {
        self.field("last-modified", MODIFIED)
    }

    /// Without a `date`, or with one that is said as a field.
    pub(super) fn no_date(self) -> Self {
        Self { has_date: false, ..self }
    }

    pub(super) fn body(self, body: impl AsRef<[u8]>) -> Self {
        Self { body: Some(body.as_ref().to_vec()), ..self }
    }

    pub(super) fn in_chunks(self) -> Self {
        Self { ends: Ends::InChunks, ..self }
    }

    pub(super) fn with_trailers(self) -> Self {
        Self { ends: Ends::InChunksWithTrailers, ..self }
    }

    pub(super) fn until_the_end(self) -> Self {
        Self { ends: Ends::WithTheConnection, ..self }
    }

    pub(super) fn cut(self) -> Self {
        Self { ends: Ends::InItsMiddle, ..self }
    }

    /// Begins with an interim response of this head, lines with their ends.
    pub(super) fn interim(self, head: &str) -> Self {
        Self { interim: format!("HTTP/1.1 {head}\r\n"), ..self }
    }

    /// Comes after this time.
    pub(super) fn after(self, after: Duration) -> Self {
        Self { after, ..self }
    }

    /// The status, the fields and the body of the answer with this number.
    fn seen(&self, number: usize, row: &str, request: Received) -> Seen {
        let mut fields: Vec<(String, String)> = Vec::new();
        if self.has_date {
            fields.push(("date".to_owned(), super::dates::at(0).text()));
        }
        // Where it is not modified the number is that of the answer that is stored.
        if self.status != 304 {
            fields.push(("x-origin".to_owned(), number.to_string()));
        }
        for (name, value) in &self.fields {
            // Latin-1, which has a character for each byte: `bytes` takes them for what they are.
            let text = value.bytes(row).iter().map(|byte| char::from(*byte)).collect();
            fields.push((name.clone(), text));
        }
        let body = match (&self.body, self.status) {
            (_, 204 | 304) => Vec::new(),
            (Some(body), _) => body.clone(),
            (None, _) => format!("answer {number} for {row}").into_bytes(),
        };
        Seen { request, status: self.status, fields, body }
    }

    fn said(&self, seen: &Seen) -> Said {
        let mut bytes = self.interim.clone().into_bytes();
        bytes.extend(format!("HTTP/1.1 {} Whatever\r\n", seen.status).into_bytes());
        for (name, value) in &seen.fields {
            bytes.extend(format!("{name}: ").into_bytes());
            bytes.extend(value.chars().map(|byte| u8::try_from(byte).expect("Latin-1")));
            bytes.extend(b"\r\n");
        }
        let is_head = seen.request.head.starts_with("HEAD ");
        let is_bodiless = is_head || matches!(seen.status, 204 | 304);
        let length = seen.body.len();
        let says_its_length = seen.fields.iter().any(|(name, _)| name == "content-length");
        let body = match self.ends {
            Ends::BeforeItsHead => return self.closes(Vec::new()),
            _ if is_bodiless && (says_its_length || seen.status != 200) => Vec::new(),
            _ if is_bodiless => {
                bytes.extend(format!("content-length: {length}\r\n").into_bytes());
                Vec::new()
            }
            Ends::WithItsLength | Ends::InItsMiddle => {
                bytes.extend(format!("content-length: {length}\r\n").into_bytes());
                let end = if self.ends == Ends::InItsMiddle { length / 2 } else { length };
                seen.body[..end].to_vec()
            }
            Ends::WithTheConnection => seen.body.clone(),
            Ends::InChunks | Ends::InChunksWithTrailers => {
                bytes.extend(b"transfer-encoding: chunked\r\n");
                let has_trailers = self.ends == Ends::InChunksWithTrailers;
                chunked(&seen.body, 7, if has_trailers { "x-sum: 1\r\n" } else { "" })
            }
        };
        bytes.extend(b"\r\n");
        bytes.extend(body);
        match self.ends {
            Ends::WithTheConnection | Ends::InItsMiddle if !is_bodiless => self.closes(bytes),
            _ => Said { after: self.after, bytes, ..Said::default() },
        }
    }

    fn closes(&self, bytes: Vec<u8>) -> Said {
        Said { after: self.after, bytes, closes: true, ..Said::default() }
    }
}

/// When everything was last modified.
pub(super) const MODIFIED: &str = "Wed, 01 Jan 2020 00:00:00 GMT";

impl Origin {
    pub(super) fn start() -> Self {
        let origin = Self { upstream: Upstream::start(), scripts: Arc::default() };
        let scripts = Arc::clone(&origin.scripts);
        origin.upstream.answer_by(move |request| {
            let target = request.target().to_owned();
            let mut segments = target.split(['/', '?']).skip(1);
            let (rule, name) = (segments.next().unwrap_or_default(), segments.next());
            let name = name.unwrap_or_default();
            let mut scripts = scripts.lock().unwrap_or_else(PoisonError::into_inner);
            let script = scripts.entry(name.to_owned()).or_default();
            let number = script.seen.len() + 1;
            let answer = script.answers.get(number - 1).or(script.answers.last()).cloned();
            let answer = answer.unwrap_or_else(|| status(404).control("no-store"));
            let seen = answer.seen(number, &format!("/{rule}/{name}"), request.clone());
            script.seen.push(seen.clone());
            answer.said(&seen)
        });
        origin
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.upstream.address()
    }

    /// What is answered to requests for paths with this second segment: each answer once, the last
    /// one ever after.
    pub(super) fn script(&self, name: &str, answers: Vec<Answer>) {
        self.lock().entry(name.to_owned()).or_default().answers = answers;
    }

    /// What was asked for paths with this second segment.
    pub(super) fn seen(&self, name: &str) -> Vec<Seen> {
        self.lock().get(name).map(|script| script.seen.clone()).unwrap_or_default()
    }

    /// How often.
    pub(super) fn asked(&self, name: &str) -> usize {
        self.lock().get(name).map_or(0, |script| script.seen.len())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Script>> {
        self.scripts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
