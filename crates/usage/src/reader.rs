//! The reader of one answer, whichever form it has.

use crate::Paths;
use crate::document::Document;
use crate::events::Events;
use crate::paths::Set;

/// What an answer has told at one path.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub enum Told {
    /// Nothing, so far: there is no such member, or it is `null`.
    #[default]
    Nothing,
    /// The largest number.
    Units(u64),
    /// Something that is no whole number, or one below zero.
    Nonsense,
}

/// What was found at each path.
#[derive(Default, Debug)]
pub struct Found([Told; Paths::MOST]);

impl Found {
    pub(crate) fn tell(&mut self, at: Set, told: Told) {
        for at in at.indexes() {
            if let Some(known) = self.0.get_mut(at) {
                *known = told.max(*known);
            }
        }
    }

    /// What was found at the path of this index.
    pub fn at(&self, path: usize) -> Told {
        self.0.get(path).copied().unwrap_or_default()
    }
}

/// Reads one answer, part by part.
#[derive(Debug)]
pub struct Reader {
    form: Form,
    found: Found,
}

#[derive(Debug)]
enum Form {
    Document(Document),
    Events(Events),
}

impl Reader {
    /// A reader of an answer with this `content-type`; `None` for one that is neither JSON, nor
    /// lines of JSON, nor an event stream.
    pub fn of(content_type: &[u8]) -> Option<Self> {
        let essence = content_type.split(|byte| *byte == b';').next()?.trim_ascii();
        let is = |name: &str| essence.eq_ignore_ascii_case(name.as_bytes());
        let ends = |end: &str| {
            let at = essence.len().saturating_sub(end.len());
            essence.get(at..).is_some_and(|it| it.eq_ignore_ascii_case(end.as_bytes()))
        };
        let form = if is("text/event-stream") {
            Form::Events(Events::default())
        } else if JSON.into_iter().any(is) || ends("+json") {
            Form::Document(Document::default())
        } else {
            return None;
        };
        Some(Self { form, found: Found::default() })
    }

    /// Reads on. The paths are the same for all parts.
    pub fn read(&mut self, part: &[u8], paths: &Paths) {
        match &mut self.form {
            Form::Document(document) => document.read(part, paths, &mut self.found),
            Form::Events(events) => events.read(part, paths, &mut self.found),
        }
    }

    /// What was found so far at the path of this index.
    pub fn told(&self, path: usize) -> Told {
        self.found.at(path)
    }
}

/// One document, or one on each line.
const JSON: [&str; 6] = [
    "application/json",
    "text/json",
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
    "application/x-jsonlines",
];
