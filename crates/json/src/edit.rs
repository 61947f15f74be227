use crate::document::{Document, Id, Kind, NONE, Node, Overgrown, Span};
use crate::names::Names;
use crate::path::{Path, Segment};
use crate::string;

/// A text that was put into a document, to be set as a value any number of times.
#[derive(Clone, Copy, Debug)]
pub struct Put(Span);

/// What a path that is written to leads to.
#[derive(Clone, Default, Debug)]
pub struct Places {
    /// The places, in document order.
    pub ids: Vec<Id>,
    /// How often the path does not fit: something is in the way, or an item before it is missing.
    /// Nothing was made there.
    pub misfits: usize,
}

impl Document {
    /// The values at a path below `from`, in document order.
    pub fn select(&mut self, from: Id, path: &Path) -> Vec<Id> {
        if !path.has_wildcard() {
            let mut found = Some(from);
            for segment in &path.segments {
                found = found.and_then(|id| self.step(id, segment));
            }
            return found.into_iter().collect();
        }
        let mut found = vec![from];
        for segment in &path.segments {
            let mut next = Vec::with_capacity(found.len());
            for id in found {
                match segment {
                    Segment::Every => next.extend(self.children(id)),
                    segment => next.extend(self.step(id, segment)),
                }
            }
            found = next;
        }
        found
    }

    /// The places at a path below `from`, made where they are not there yet and all that is missing
    /// can be made: members of objects, and items at the end of an array. What is there is never
    /// replaced to make room, `null` included. New places hold `null`; members have the name that
    /// the path says.
    ///
    /// # Errors
    /// [`Overgrown`].
    pub fn place(&mut self, from: Id, path: &Path) -> Result<Places, Overgrown> {
        self.place_in((from, false), path)
    }

    /// The same below a value that has just been taken away: what the path needs is made in its
    /// place.
    ///
    /// # Errors
    /// [`Overgrown`].
    pub fn place_anew(&mut self, from: Id, path: &Path) -> Result<Places, Overgrown> {
        self.place_in((from, true), path)
    }

    fn place_in(&mut self, from: (Id, bool), path: &Path) -> Result<Places, Overgrown> {
        let mut found = vec![from];
        let mut misfits = 0_usize;
        let mut rest = path.segments.as_slice();
        while let Some((segment, after)) = rest.split_first() {
            let mut next = Vec::with_capacity(found.len());
            for (id, fresh) in found {
                if *segment == Segment::Every {
                    if !matches!(self.kind(id), Kind::Array | Kind::Object) {
                        misfits = misfits.saturating_add(1);
                    }
                    next.extend(self.children(id).map(|id| (id, false)));
                } else if let Some(there) = self.step(id, segment) {
                    self.name_as(there, segment)?;
                    next.push((there, false));
                } else if after.contains(&Segment::Every) && self.takes(id, segment) {
                    // Every one of none.
                } else if let Some(made) = self.made((id, fresh), segment, after) {
                    next.push((made, true));
                } else {
                    misfits = misfits.saturating_add(1);
                }
            }
            found = next;
            rest = after;
        }
        if self.text.len() > self.most {
            return Err(Overgrown);
        }
        Ok(Places { ids: found.into_iter().map(|(id, _)| id).collect(), misfits })
    }

    /// Whether a value can have such a part at all.
    fn takes(&self, id: Id, segment: &Segment) -> bool {
        match segment {
            Segment::Name { index: None, .. } => self.kind(id) == Kind::Object,
            Segment::Name { .. } => matches!(self.kind(id), Kind::Object | Kind::Array),
            Segment::Index(_) | Segment::Append | Segment::Every => self.kind(id) == Kind::Array,
        }
    }

    /// A member that was found under another spelling gets the one that is written.
    fn name_as(&mut self, id: Id, segment: &Segment) -> Result<(), Overgrown> {
        match segment {
            Segment::Name { name, .. }
                if self.names != Names::Exact
                    && self.node(id).key.end != 0
                    && *self.name(id) != *name.as_bytes() =>
            {
                self.rename(id, name)
            }
            _ => Ok(()),
        }
    }

    fn step(&mut self, id: Id, segment: &Segment) -> Option<Id> {
        match (self.kind(id), segment) {
            (Kind::Object, Segment::Name { name, .. }) => self.member(id, name.as_bytes()),
            (Kind::Array, Segment::Name { index: Some(index), .. } | Segment::Index(index)) => {
                self.children(id).nth(*index)
            }
            _ => None,
        }
    }

    /// Makes the place that a segment names, which is not there; `None` where something else is.
    fn made(
        &mut self,
        (id, fresh): (Id, bool),
        segment: &Segment,
        after: &[Segment],
    ) -> Option<Id> {
        if !after.iter().all(Segment::can_be_first) {
            return None;
        }
        let last = self.children(id).last();
        match (self.kind(id), segment) {
            (Kind::Array, Segment::Append) => Some(self.add(id, last, None)),
            (Kind::Array, Segment::Index(index) | Segment::Name { index: Some(index), .. }) => {
                (self.children(id).count() == *index).then(|| self.add(id, last, None))
            }
            (Kind::Object, Segment::Name { name, .. }) => Some(self.add(id, last, Some(name))),
            (Kind::Null, Segment::Name { name, .. }) if fresh => {
                self.empty(id, b"{}");
                Some(self.add(id, None, Some(name)))
            }
            (Kind::Null, Segment::Append | Segment::Index(0)) if fresh => {
                self.empty(id, b"[]");
                Some(self.add(id, None, None))
            }
            _ => None,
        }
    }

    /// Adds a `null` after the last child.
    pub(crate) fn add(&mut self, parent: Id, last: Option<Id>, name: Option<&str>) -> Id {
        let id = Id(self.nodes.len() as u32);
        let key = name.map_or(Span::default(), |name| self.quoted(name.as_bytes()));
        let value = self.append(b"null");
        let flags = if name.is_some_and(needs_escape) { Node::KEY_ESCAPED } else { 0 };
        self.nodes.push(Node { key, value, parent: parent.0, flags, ..Node::EMPTY });
        match last {
            Some(last) => self.update(last, |node| node.next = id.0),
            None => self.update(parent, |node| node.first = id.0),
        }
        self.mark(parent);
        id
    }

    /// Adds members with the value `null` to an object, which must have none of these names. Bytes
    /// of a name that are not UTF-8 become U+FFFD.
    pub fn add_members(&mut self, object: Id, names: &[Vec<u8>]) -> Vec<Id> {
        let mut last = self.children(object).last();
        let add = |name: &Vec<u8>| {
            let id = self.add(object, last, Some(&String::from_utf8_lossy(name)));
            last = Some(id);
            id
        };
        names.iter().map(add).collect()
    }

    /// Adds so many items with the value `null` at the end of an array.
    pub fn add_items(&mut self, array: Id, count: usize) -> Vec<Id> {
        let mut last = self.children(array).last();
        let add = |_| {
            let id = self.add(array, last, None);
            last = Some(id);
            id
        };
        (0..count).map(add).collect()
    }

    /// Puts a JSON text in, which must be one; [`set`](Self::set) makes it a value.
    ///
    /// # Errors
    /// [`Overgrown`].
    pub fn put(&mut self, json: &[u8]) -> Result<Put, Overgrown> {
        if self.text.len().saturating_add(json.len()) > self.most {
            return Err(Overgrown);
        }
        Ok(Put(self.append(json)))
    }

    /// Puts a copy of a value in.
    ///
    /// # Errors
    /// [`Overgrown`].
    pub fn put_copy(&mut self, id: Id) -> Result<Put, Overgrown> {
        let mut json = Vec::new();
        self.write(id, &mut json)?;
        self.put(&json)
    }

    /// Puts a copy of a value of another document in.
    ///
    /// # Errors
    /// [`Overgrown`].
    pub fn put_from(&mut self, other: &Self, id: Id) -> Result<Put, Overgrown> {
        let start = self.text.len();
        let written = other.write(id, &mut self.text);
        if written.is_err() || self.text.len() > self.most {
            self.text.truncate(start);
            return Err(Overgrown);
        }
        Ok(Put(Span { start: start as u32, end: self.text.len() as u32 }))
    }

    /// Replaces a value by what was put in.
    pub fn set(&mut self, id: Id, Put(value): Put) {
        self.update(id, |node| {
            node.value = value;
            node.first = 0;
            node.flags = (node.flags & Node::KEY_ESCAPED) | Node::UNREAD;
        });
        self.mark_parent(id);
    }

    /// Takes values out of what they are in. A document as a whole becomes `null`.
    pub fn remove(&mut self, ids: &[Id]) {
        for id in ids {
            self.update(*id, |node| node.flags |= Node::GONE);
        }
        let mut swept = NONE;
        for id in ids {
            let parent = self.node(*id).parent;
            if parent == NONE {
                let null = self.append(b"null");
                self.set(*id, Put(null));
            } else if parent != swept {
                self.sweep(Id(parent));
                swept = parent;
            }
        }
    }

    /// Unlinks the children that are gone.
    fn sweep(&mut self, parent: Id) {
        let mut last: Option<Id> = None;
        let mut next = self.node(parent).first;
        let mut first = 0;
        while next != 0 {
            let id = Id(next);
            next = self.node(id).next;
            if self.node(id).is(Node::GONE) {
                continue;
            }
            match last {
                Some(last) => self.update(last, |node| node.next = id.0),
                None => first = id.0,
            }
            last = Some(id);
        }
        if let Some(last) = last {
            self.update(last, |node| node.next = 0);
        }
        self.update(parent, |node| node.first = first);
        self.mark(parent);
    }

    /// Gives a member another name. Another member of that name goes.
    ///
    /// # Errors
    /// [`Overgrown`].
    pub fn rename(&mut self, id: Id, name: &str) -> Result<(), Overgrown> {
        let parent = Id(self.node(id).parent);
        if parent.0 == NONE || self.kind(parent) != Kind::Object {
            return Ok(());
        }
        if *self.name(id) == *name.as_bytes() {
            return Ok(());
        }
        match self.member(parent, name.as_bytes()) {
            Some(other) if other != id => self.remove(&[other]),
            _ => {}
        }
        let mut quoted = Vec::with_capacity(name.len().saturating_add(2));
        string::push_quoted(name.as_bytes(), &mut quoted);
        let Put(key) = self.put(&quoted)?;
        self.update(id, |node| {
            node.key = key;
            node.flags &= !Node::KEY_ESCAPED;
            if needs_escape(name) {
                node.flags |= Node::KEY_ESCAPED;
            }
        });
        self.mark(parent);
        Ok(())
    }

    pub(crate) fn empty(&mut self, id: Id, brackets: &[u8]) {
        let value = self.append(brackets);
        self.set(id, Put(value));
        self.update(id, |node| node.flags &= !Node::UNREAD);
    }

    fn quoted(&mut self, name: &[u8]) -> Span {
        let mut quoted = Vec::with_capacity(name.len().saturating_add(2));
        string::push_quoted(name, &mut quoted);
        self.append(&quoted)
    }

    pub(crate) fn append(&mut self, json: &[u8]) -> Span {
        let start = self.text.len() as u32;
        self.text.extend_from_slice(json);
        Span { start, end: self.text.len() as u32 }
    }

    /// A value and all that it is in must be written from their children.
    pub(crate) fn mark(&mut self, id: Id) {
        let mut at = id;
        while at.0 != NONE && !self.node(at).is(Node::CHANGED) {
            self.update(at, |node| node.flags |= Node::CHANGED);
            at = Id(self.node(at).parent);
        }
    }

    pub(crate) fn mark_parent(&mut self, id: Id) {
        self.mark(Id(self.node(id).parent));
    }
}

fn needs_escape(name: &str) -> bool {
    name.bytes().any(|byte| matches!(byte, 0..0x20 | b'"' | b'\\'))
}
