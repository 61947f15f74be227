//! YAML as Envoy reads it, with yaml-cpp, and as Kubernetes does: each has rules of its own for
//! what a plain word is, and neither has those of YAML 1.2.
//!
//! To Envoy `<<` is a name like any other, and a file is its first document. Kubernetes merges, and
//! reads all. Who reads a config otherwise says other things of it than its owner does.

mod envoy_words;
mod kubernetes_words;

use std::collections::BTreeMap;
use std::rc::Rc;

use granit_parser::{Event, Marker, Parser, ScalarStyle, Span, Tag};
use serde_json::{Map, Value};

use super::place::{Inside, Item, Place};
use super::{Document, Fault, Places, Position};

/// Aliases repeat what they stand for: a short text can stand for more than a machine holds.
const MOST_VALUES: usize = 1_000_000;

/// Reads the one document of a text of Envoy's.
///
/// # Errors
/// It is not YAML, a name comes twice in a mapping (Envoy takes the last one, and says nothing), or
/// there is another document (Envoy passes over it).
pub(super) fn one(text: &str) -> Result<Document, Fault> {
    let nothing = || Document { tree: Value::Null, places: Places::default() };
    Ok(read(text, Owner::Envoy)?.pop().unwrap_or_else(nothing))
}

/// Reads the documents of a text for Kubernetes, as one list.
///
/// # Errors
/// It is not YAML, or a name comes twice in a mapping.
pub(super) fn all(text: &str) -> Result<Document, Fault> {
    let (mut trees, mut items) = (Vec::new(), Vec::new());
    for Document { tree, places } in read(text, Owner::Kubernetes)? {
        trees.push(tree);
        items.extend(places.0.map(|place| Item { at: place.at, place }));
    }
    let place = Rc::new(Place { at: Position::START, inside: Inside::List(items) });
    Ok(Document { tree: Value::Array(trees), places: Places(Some(place)) })
}

/// Whose file it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    Envoy,
    Kubernetes,
}

fn read(text: &str, owner: Owner) -> Result<Vec<Document>, Fault> {
    let mut reader = Reader::new(owner);
    for event in Parser::new_from_str(text) {
        let (event, span) =
            event.map_err(|error| Fault::at(position(error.marker()), error.info()))?;
        reader.take(event, &span)?;
    }
    Ok(reader.documents)
}

fn position(marker: &Marker) -> Position {
    Position { line: marker.line(), column: marker.col().saturating_add(1) }
}

struct Reader {
    owner: Owner,
    documents: Vec<Document>,
    /// The collections that are open.
    open: Vec<Open>,
    anchors: BTreeMap<usize, Node>,
    /// How many values there are, those that aliases repeat included.
    values: usize,
}

/// A value that has been read.
#[derive(Clone)]
struct Node {
    value: Value,
    place: Rc<Place>,
    /// How many values it is.
    size: usize,
}

struct Open {
    anchor: usize,
    at: Position,
    /// How many values there were before it.
    before: usize,
    items: Items,
}

enum Items {
    List(Vec<Value>, Vec<Item>),
    Mapping(Mapping),
}

#[derive(Default)]
struct Mapping {
    members: Map<String, Value>,
    places: BTreeMap<String, Item>,
    /// What `<<` brings, where the owner merges: of two, the first one counts.
    merged: Vec<(Value, Rc<Place>)>,
    /// The name whose value comes next.
    name: Option<Name>,
}

struct Name {
    text: String,
    at: Position,
    kind: Kind,
}

#[derive(PartialEq, Eq)]
enum Kind {
    Plain,
    /// `!ignore`: Envoy leaves it out.
    Ignored,
    /// `<<`, where the owner merges.
    Merge,
}

impl Reader {
    fn new(owner: Owner) -> Self {
        let (documents, open) = (Vec::new(), Vec::new());
        Self { owner, documents, open, anchors: BTreeMap::new(), values: 0 }
    }

    fn take(&mut self, event: Event<'_>, span: &Span) -> Result<(), Fault> {
        let at = position(&span.start);
        match event {
            Event::DocumentStart(..)
                if self.owner == Owner::Envoy && !self.documents.is_empty() =>
            {
                Err(Fault::at(at, "has another document: Envoy reads the first one only"))
            }
            Event::Scalar(text, style, anchor, tag) => {
                let value = self.scalar(&text, style, tag.as_deref());
                let node = leaf(value, at);
                if anchor != 0 {
                    self.anchors.insert(anchor, node.clone());
                }
                match self.awaits_name() {
                    Some(mapping) => {
                        mapping.name = Some(name(&text, style, tag.as_deref(), at));
                        Ok(())
                    }
                    None => self.add(node, at),
                }
            }
            Event::SequenceStart(_, anchor, _) => {
                self.open(anchor, Items::List(Vec::new(), Vec::new()), at)
            }
            Event::MappingStart(_, anchor, _) => {
                self.open(anchor, Items::Mapping(Mapping::default()), at)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => {
                let Some(node) = self.anchors.get(&anchor).cloned() else {
                    return Err(Fault::at(at, "an alias stands for what is not there yet"));
                };
                match self.awaits_name() {
                    Some(mapping) => {
                        let value = node.value;
                        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                        mapping.name = Some(Name { text, at, kind: Kind::Plain });
                        Ok(())
                    }
                    None => self.add(node, at),
                }
            }
            _ => Ok(()),
        }
    }

    fn scalar(&self, text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
        match self.owner {
            Owner::Envoy => envoy_words::scalar(text, style, tag),
            Owner::Kubernetes => kubernetes_words::scalar(text, style, tag),
        }
    }

    /// The innermost mapping, where a name comes next.
    fn awaits_name(&mut self) -> Option<&mut Mapping> {
        match self.open.last_mut().map(|open| &mut open.items) {
            Some(Items::Mapping(mapping)) if mapping.name.is_none() => Some(mapping),
            _ => None,
        }
    }

    fn open(&mut self, anchor: usize, items: Items, at: Position) -> Result<(), Fault> {
        if self.awaits_name().is_some() {
            return Err(Fault::at(at, "a name must be a word"));
        }
        self.open.push(Open { anchor, at, before: self.values, items });
        Ok(())
    }

    fn close(&mut self) -> Result<(), Fault> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let (value, inside) = match open.items {
            Items::List(values, places) => (Value::Array(values), Inside::List(places)),
            Items::Mapping(mapping) => mapping.finish(),
        };
        let size = self.values.saturating_sub(open.before).saturating_add(1);
        self.values = open.before;
        let node = Node { value, place: Rc::new(Place { at: open.at, inside }), size };
        if open.anchor != 0 {
            self.anchors.insert(open.anchor, node.clone());
        }
        self.add(node, open.at)
    }

    fn add(&mut self, node: Node, at: Position) -> Result<(), Fault> {
        self.values = self.values.saturating_add(node.size);
        if self.values > MOST_VALUES {
            let what = format!("aliases make more than {MOST_VALUES} values of it");
            return Err(Fault::at(at, what));
        }
        let path = self.path();
        let Node { value, place, .. } = node;
        match self.open.last_mut().map(|open| &mut open.items) {
            None => self.documents.push(Document { tree: value, places: Places(Some(place)) }),
            Some(Items::List(values, places)) => {
                values.push(value);
                places.push(Item { at, place });
            }
            Some(Items::Mapping(mapping)) => {
                let Some(name) = mapping.name.take() else { return Ok(()) };
                match name.kind {
                    Kind::Ignored => {}
                    Kind::Merge if self.owner == Owner::Kubernetes => {
                        mapping.merge(value, place, at)?;
                    }
                    Kind::Merge | Kind::Plain => {
                        if mapping.members.contains_key(&name.text) {
                            return Err(Fault::at(name.at, twice(&path, self.owner)));
                        }
                        mapping.places.insert(name.text.clone(), Item { at: name.at, place });
                        mapping.members.insert(name.text, value);
                    }
                }
            }
        }
        Ok(())
    }

    /// Where the value that comes next is.
    fn path(&self) -> String {
        let mut path = String::new();
        for open in &self.open {
            match &open.items {
                Items::List(values, _) => path.push_str(&format!("[{}]", values.len())),
                Items::Mapping(mapping) => {
                    let name = mapping.name.as_ref().map_or("", |name| &name.text);
                    path.push_str(if path.is_empty() { "" } else { "." });
                    path.push_str(name);
                }
            }
        }
        path
    }
}

impl Mapping {
    /// Keeps what a `<<` stands for: a mapping, or a list of them.
    fn merge(&mut self, value: Value, place: Rc<Place>, at: Position) -> Result<(), Fault> {
        match (value, &place.inside) {
            (value @ Value::Object(_), _) => self.merged.push((value, place)),
            (Value::Array(values), Inside::List(items)) if values.iter().all(Value::is_object) => {
                let places = items.iter().map(|item| Rc::clone(&item.place));
                self.merged.extend(values.into_iter().zip(places));
            }
            _ => return Err(Fault::at(at, "`<<` must be a mapping, or a list of mappings")),
        }
        Ok(())
    }

    /// What it has: of its own first.
    fn finish(mut self) -> (Value, Inside) {
        for (value, place) in self.merged {
            let (Value::Object(members), Inside::Mapping(places)) = (value, &place.inside) else {
                continue;
            };
            for (name, value) in members {
                if let Some(item) = places.get(&name)
                    && !self.members.contains_key(&name)
                {
                    self.places.insert(name.clone(), item.clone());
                    self.members.insert(name, value);
                }
            }
        }
        (Value::Object(self.members), Inside::Mapping(self.places))
    }
}

fn leaf(value: Value, at: Position) -> Node {
    Node { value, place: Rc::new(Place { at, inside: Inside::Nothing }), size: 1 }
}

fn name(text: &str, style: ScalarStyle, tag: Option<&Tag>, at: Position) -> Name {
    let kind = match tag {
        Some(tag) if tag.original_parts() == ("!", "ignore") => Kind::Ignored,
        _ if text == "<<" && style == ScalarStyle::Plain => Kind::Merge,
        _ => Kind::Plain,
    };
    Name { text: envoy_words::key(text, style), at, kind }
}

fn twice(path: &str, owner: Owner) -> String {
    match owner {
        Owner::Envoy => format!("`{path}` comes twice: Envoy would take the last one"),
        Owner::Kubernetes => format!("`{path}` comes twice: only one of the two would count"),
    }
}

#[cfg(test)]
mod tests;
