//! What the templates of this filter can name beside what those of every filter can.

use crate::noted::Noted;
use crate::origin::{Last, Origin};
use crate::part::Part;
use gatehouse_filter::template::{MOST_OF_A_FACT, OwnFacts, OwnNames};
use gatehouse_json::{Document, Id, Kind, Path, push_quoted};
use std::cell::{Cell, RefCell};

/// A fact that a template names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Fact {
    /// `${call.NAME.PATH}`: the value at a path in what a call was answered; with `*` all of them.
    Value { call: usize, path: Path },
    /// `${status.NAME}`: the status that a call was answered with.
    Status(usize),
    /// `${body.PATH}`: the value at a path in the request's body.
    Body(Path),
    /// `${item}`: what the call is made for.
    Item,
    /// `${items}`: all that the call is made for, with commas.
    Items,
}

impl Fact {
    fn origin(&self) -> Origin {
        match self {
            Self::Value { call, .. } | Self::Status(call) => Origin::Answer(*call),
            Self::Body(_) => Origin::Request,
            Self::Item | Self::Items => Origin::Items,
        }
    }
}

/// What a call is made for, as its templates may name it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Scope {
    /// For the request.
    Request,
    /// For each of several items, or for all of them.
    Items,
    /// It is no call that the templates are of: all calls have been answered.
    Whole,
}

/// Reads the placeholders of one call, and keeps which facts they name.
#[derive(Debug)]
pub(crate) struct Names<'a> {
    calls: &'a [String],
    /// The call whose templates they are: its own answer it cannot name.
    own: Option<usize>,
    scope: Scope,
    noted: &'a Noted,
    facts: RefCell<Vec<Fact>>,
    reads_body: Cell<bool>,
}

impl<'a> Names<'a> {
    pub(crate) fn new(
        calls: &'a [String],
        own: Option<usize>,
        scope: Scope,
        noted: &'a Noted,
    ) -> Self {
        let (facts, reads_body) = (RefCell::default(), Cell::new(false));
        Self { calls, own, scope, noted, facts, reads_body }
    }

    /// The facts that were named, by their numbers.
    pub(crate) fn into_facts(self) -> Vec<Fact> {
        self.facts.into_inner()
    }

    /// Whether this fact was named.
    pub(crate) fn has(&self, fact: &Fact) -> bool {
        self.facts.borrow().contains(fact)
    }

    /// That a value names the request's body, without a template of its own for it.
    pub(crate) fn note_body(&self) {
        self.reads_body.set(true);
    }

    /// Whether a value of the request's body was named.
    pub(crate) fn reads_body(&self) -> bool {
        let names_body = |fact: &Fact| matches!(fact, Fact::Body(_));
        self.reads_body.get() || self.facts.borrow().iter().any(names_body)
    }

    /// A fact that was named.
    pub(crate) fn fact(&self, number: usize) -> Option<Fact> {
        self.facts.borrow().get(number).cloned()
    }

    fn read(&self, placeholder: &str) -> Option<Result<Fact, String>> {
        let (kind, rest) = match placeholder.find(['.', '[']) {
            Some(at) => placeholder.split_at_checked(at)?,
            None => (placeholder, ""),
        };
        Some(match (kind, rest) {
            ("item", "") if self.scope == Scope::Items => Ok(Fact::Item),
            ("items", "") if self.scope == Scope::Items => Ok(Fact::Items),
            ("item" | "items", "") => Err("is known to a call with `for_each` only".to_owned()),
            ("call", rest) => self.value(rest),
            ("status", rest) => {
                self.call(rest.strip_prefix('.').unwrap_or_default()).map(Fact::Status)
            }
            ("body", rest) if self.scope != Scope::Whole => path(rest).map(Fact::Body),
            ("body", _) => Err("is known to calls only".to_owned()),
            _ => return None,
        })
    }

    fn value(&self, rest: &str) -> Result<Fact, String> {
        let rest = rest.strip_prefix('.').unwrap_or_default();
        let (name, rest) = match rest.find(['.', '[']) {
            Some(at) => rest.split_at_checked(at).unwrap_or((rest, "")),
            None => (rest, ""),
        };
        Ok(Fact::Value { call: self.call(name)?, path: path(rest)? })
    }

    /// The number of the call with this name.
    pub(crate) fn call(&self, name: &str) -> Result<usize, String> {
        match self.calls.iter().position(|call| call == name) {
            Some(call) if Some(call) == self.own => {
                Err("is the call itself, which has no answer yet".to_owned())
            }
            Some(call) => Ok(call),
            None => Err(format!("names no call: there are {}", self.calls.join(", "))),
        }
    }
}

impl OwnNames for Names<'_> {
    fn number(&self, placeholder: &str) -> Option<Result<usize, String>> {
        self.noted.note(placeholder);
        let fact = match self.read(placeholder)? {
            Ok(fact) => fact,
            Err(fault) => return Some(Err(fault)),
        };
        let mut facts = self.facts.borrow_mut();
        Some(Ok(facts.iter().position(|known| *known == fact).unwrap_or_else(|| {
            facts.push(fact);
            facts.len().saturating_sub(1)
        })))
    }

    fn spellings(&self) -> &'static str {
        match self.scope {
            Scope::Request => "call.NAME.PATH, status.NAME, body.PATH",
            Scope::Items => "call.NAME.PATH, status.NAME, body.PATH, item, items",
            Scope::Whole => "call.NAME.PATH, status.NAME",
        }
    }
}

/// What follows the name of a document: `.a.b`, `[0].a`, or nothing for all of it.
fn path(rest: &str) -> Result<Path, String> {
    let path = match rest.strip_prefix('.') {
        Some(rest) => Path::parse(rest),
        None if rest.is_empty() => Path::parse("$"),
        None => Path::parse(rest),
    };
    match path {
        Ok(path) if path.has_end() => Err("has `-`, the place after the last item".to_owned()),
        Ok(path) => Ok(path),
        Err(error) => Err(format!("the path {error}")),
    }
}

/// What the facts are, while a request is under way.
#[derive(Clone, Copy)]
pub(crate) struct Known<'a> {
    pub(crate) facts: &'a [Fact],
    pub(crate) parts: &'a [Part],
    pub(crate) body: Option<&'a RefCell<Document>>,
    pub(crate) items: &'a [Vec<u8>],
    /// Where the fact that was asked for last comes from.
    pub(crate) last: &'a Last,
}

impl Known<'_> {
    fn document<'f>(&self, fact: &'f Fact) -> Option<(&RefCell<Document>, &'f Path)> {
        match fact {
            Fact::Value { call, path } => Some((self.parts.get(*call)?.document()?, path)),
            Fact::Body(path) => Some((self.body?, path)),
            Fact::Status(_) | Fact::Item | Fact::Items => None,
        }
    }
}

impl OwnFacts for Known<'_> {
    fn render(&self, number: usize, out: &mut Vec<u8>) -> Option<()> {
        let fact = self.facts.get(number)?;
        self.last.set(fact.origin());
        self.render_fact(fact, out)
    }

    fn render_json(&self, number: usize, out: &mut Vec<u8>) -> Option<()> {
        let fact = self.facts.get(number)?;
        let Some((document, path)) = self.document(fact) else {
            let mut text = Vec::new();
            self.render(number, &mut text)?;
            match fact {
                Fact::Status(_) => out.extend_from_slice(&text),
                Fact::Items => list(self.items, out),
                _ => push_quoted(&text, out),
            }
            return Some(());
        };
        self.last.set(fact.origin());
        let mut document = document.try_borrow_mut().ok()?;
        let root = document.root();
        let found = document.select(root, path);
        if !path.has_wildcard() {
            return found.first().and_then(|id| document.write(*id, out).ok());
        }
        out.push(b'[');
        for (position, id) in found.into_iter().enumerate() {
            if position > 0 {
                out.push(b',');
            }
            document.write(id, out).ok()?;
        }
        out.push(b']');
        Some(())
    }
}

impl Known<'_> {
    fn render_fact(&self, fact: &Fact, out: &mut Vec<u8>) -> Option<()> {
        match fact {
            Fact::Status(call) => {
                let status = self.parts.get(*call)?.status()?;
                out.extend_from_slice(status.to_string().as_bytes());
                Some(())
            }
            Fact::Item => {
                out.extend_from_slice(self.items.first()?);
                Some(())
            }
            Fact::Items => {
                out.extend_from_slice(&self.items.join(&b','));
                Some(())
            }
            Fact::Value { path, .. } | Fact::Body(path) => {
                let mut document = self.document(fact)?.0.try_borrow_mut().ok()?;
                let root = document.root();
                let start = out.len();
                let mut is_found = false;
                for id in document.select(root, path) {
                    let before = out.len();
                    // The rest of what is too long anyway is not written, for each of many calls.
                    if before.saturating_sub(start) > MOST_OF_A_FACT {
                        return None;
                    }
                    if is_found {
                        out.push(b',');
                    }
                    match text(&mut document, id, out) {
                        Some(()) => is_found = true,
                        // One that is missing leaves the others.
                        None => out.truncate(before),
                    }
                }
                is_found.then_some(())
            }
        }
    }
}

fn list(items: &[Vec<u8>], out: &mut Vec<u8>) {
    out.push(b'[');
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        push_quoted(item, out);
    }
    out.push(b']');
}

/// Appends a value as text: what a string says, anything else as its JSON. `null` is missing.
pub(crate) fn text(document: &mut Document, id: Id, out: &mut Vec<u8>) -> Option<()> {
    match document.kind(id) {
        Kind::Null => None,
        Kind::String => {
            out.extend_from_slice(&document.string(id)?);
            Some(())
        }
        _ => document.write(id, out).ok(),
    }
}
