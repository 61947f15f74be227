use crate::names::{self, Names};
use crate::read::{self, Fault, Invalid};
use crate::string;
use gatehouse_steps::took;
use std::borrow::Cow;

/// The most bytes that spans can tell.
const LONGEST: usize = 1 << 31;

/// No node.
pub(crate) const NONE: u32 = u32::MAX;

/// A JSON text and where its values are.
///
/// Whatever is put in is appended to the text, so a value is a span wherever it came from.
#[derive(Debug, Clone)]
pub struct Document {
    pub(crate) text: Vec<u8>,
    pub(crate) nodes: Vec<Node>,
    /// The most bytes that the text may grow to, and that may be written.
    pub(crate) most: usize,
    /// Whether a value could not be looked into: what would be written now is not all of it.
    pub(crate) lost: bool,
    pub(crate) names: Names,
    depth: usize,
}

/// A value of a [`Document`], and the place where it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Id(pub(crate) u32);

/// What a value is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the names are JSON's own")]
pub enum Kind {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

/// A document would grow beyond its limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Overgrown;

/// A part of the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    /// The name with its quotes; of a member of an object only.
    pub(crate) key: Span,
    /// As it was read. Of a container that was changed only the first byte still counts.
    pub(crate) value: Span,
    pub(crate) parent: u32,
    /// The first child; 0 for none.
    pub(crate) first: u32,
    /// The next sibling; 0 for none.
    pub(crate) next: u32,
    pub(crate) flags: u8,
}

impl Node {
    pub(crate) const EMPTY: Self = Self {
        key: Span { start: 0, end: 0 },
        value: Span { start: 0, end: 0 },
        parent: NONE,
        first: 0,
        next: 0,
        flags: 0,
    };
    /// Something in it is no longer as it was read: it is written from its children.
    pub(crate) const CHANGED: u8 = 1;
    /// Its children have not been looked for yet.
    pub(crate) const UNREAD: u8 = 2;
    pub(crate) const KEY_ESCAPED: u8 = 4;
    pub(crate) const VALUE_ESCAPED: u8 = 8;
    /// On its way out of its parent.
    pub(crate) const GONE: u8 = 16;
    /// The names in it are not converted.
    pub(crate) const KEEPS_NAMES: u8 = 32;

    pub(crate) fn is(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

impl Document {
    /// Reads a text. Changes may make it grow to `most` bytes.
    ///
    /// # Errors
    /// [`Invalid`].
    pub fn read(text: Vec<u8>, most: usize) -> Result<Self, Invalid> {
        Self::read_with(text, most, Names::Exact)
    }

    /// The same for a text that is mostly passed on as it is: what is in it is found when it is first
    /// looked into, by reading it once more.
    ///
    /// # Errors
    /// [`Invalid`].
    pub fn check(text: Vec<u8>, most: usize) -> Result<Self, Invalid> {
        if text.len() > LONGEST {
            return Err(Invalid { fault: Fault::TooLong, at: LONGEST });
        }
        let (value, depth) = read::check(&text)?;
        let root = Node { value, flags: Node::UNREAD, ..Node::EMPTY };
        let (most, names) = (most.min(LONGEST), Names::Exact);
        Ok(Self { text, nodes: vec![root], most, lost: false, names, depth })
    }

    /// The same where it is said which names are one: an object may have a name once, and a path
    /// finds all its spellings.
    ///
    /// # Errors
    /// [`Invalid`].
    pub fn read_with(text: Vec<u8>, most: usize, names: Names) -> Result<Self, Invalid> {
        if text.len() > LONGEST {
            return Err(Invalid { fault: Fault::TooLong, at: LONGEST });
        }
        // What objects and arrays of short values need; more is rare.
        let mut nodes = Vec::with_capacity(text.len() / 12);
        nodes.push(Node::EMPTY);
        let whole = Span { start: 0, end: text.len() as u32 };
        let depth = read::read(&text, whole, 0, &mut nodes, names)?;
        Ok(Self { text, nodes, most: most.min(LONGEST), lost: false, names, depth })
    }

    /// How deep arrays and objects are nested in what was read: 0 for a string, 1 for `[]`.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// How many bytes it holds: the text that was read, and all that was put in since.
    pub fn size(&self) -> usize {
        self.text.len()
    }

    /// Lets changes make it grow to so many bytes, where that is more than before.
    pub fn may_grow_to(&mut self, most: usize) {
        self.most = self.most.max(most.min(LONGEST));
    }

    /// The document as a whole.
    pub fn root(&self) -> Id {
        Id(0)
    }

    /// What a value is.
    pub fn kind(&self, id: Id) -> Kind {
        match self.text.get(self.node(id).value.start as usize) {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'"') => Kind::String,
            Some(b't' | b'f') => Kind::Boolean,
            Some(b'n') | None => Kind::Null,
            Some(_) => Kind::Number,
        }
    }

    /// The name of a member.
    pub fn name(&self, id: Id) -> Cow<'_, [u8]> {
        let node = self.node(id);
        names::said(&self.text, node.key, node.is(Node::KEY_ESCAPED))
    }

    /// Whether two names are one in this document.
    pub fn is_name(&self, left: &[u8], right: &[u8]) -> bool {
        self.names.same(left, right)
    }

    /// What a string says; `None` where the value is no string.
    pub fn string(&self, id: Id) -> Option<Cow<'_, [u8]>> {
        if self.kind(id) != Kind::String {
            return None;
        }
        let node = self.node(id);
        let inner = names::inner(&self.text, node.value);
        // A string that was put in may have escapes, too.
        if !node.is(Node::VALUE_ESCAPED | Node::UNREAD) || !inner.contains(&b'\\') {
            return Some(Cow::Borrowed(inner));
        }
        let mut decoded = Vec::with_capacity(inner.len());
        string::push_decoded(inner, &mut decoded);
        Some(Cow::Owned(decoded))
    }

    /// The text of a value as it was read: `1e400`, `"a\n"`, `[ 1 ]`. Of a changed array or object
    /// it is not what would be written.
    pub fn raw(&self, id: Id) -> &[u8] {
        self.span(self.node(id).value)
    }

    /// The items of an array, or the members of an object.
    pub fn children(&mut self, id: Id) -> impl Iterator<Item = Id> + '_ {
        self.look_into(id);
        self.children_read(id)
    }

    /// The member of an object with this name.
    pub fn member(&mut self, id: Id, name: &[u8]) -> Option<Id> {
        self.look_into(id);
        self.member_read(id, name)
    }

    /// The items or members of a value that was read, as in [`children`](Self::children). What was
    /// put in since has none here.
    pub fn children_read(&self, id: Id) -> impl Iterator<Item = Id> + '_ {
        let mut next = self.node(id).first;
        std::iter::from_fn(move || {
            let id = Id(next);
            next = self.node(Some(id).filter(|id| id.0 != 0)?).next;
            Some(id)
        })
    }

    /// The member of an object that was read, as in [`member`](Self::member).
    pub fn member_read(&self, id: Id, name: &[u8]) -> Option<Id> {
        if self.kind(id) != Kind::Object {
            return None;
        }
        let is_named = |member: &Id| {
            let member = self.node(*member);
            match member.is(Node::KEY_ESCAPED) {
                false => self.names.same(names::inner(&self.text, member.key), name),
                true => self.names.same(&names::decoded(&self.text, member.key), name),
            }
        };
        self.children_read(id).find(is_named)
    }

    /// Every value that was read, in the order of the text, the document as a whole first.
    pub fn values_read(&self) -> impl Iterator<Item = Id> + '_ {
        (0..).map_while(|index| self.nodes.get(index as usize).map(|_| Id(index)))
    }

    /// Makes sure that the children of a value that was put in are known.
    pub(crate) fn look_into(&mut self, id: Id) {
        let node = *self.node(id);
        if !node.is(Node::UNREAD) {
            return;
        }
        if matches!(self.kind(id), Kind::Object | Kind::Array) {
            // What is put in is JSON, but there may be too much of it. Its names are those of this
            // document, or of the configuration.
            let read = read::read(&self.text, node.value, id.0, &mut self.nodes, Names::Exact);
            self.lost |= read.is_err();
        }
        self.update(id, |node| node.flags &= !Node::UNREAD);
        if self.text.get(node.value.start as usize) == Some(&b'"')
            && names::inner(&self.text, node.value).contains(&b'\\')
        {
            self.update(id, |node| node.flags |= Node::VALUE_ESCAPED);
        }
    }

    pub(crate) fn span(&self, span: Span) -> &[u8] {
        self.text.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    pub(crate) fn node(&self, id: Id) -> &Node {
        const EMPTY: &Node = &Node::EMPTY;
        took(1);
        self.nodes.get(id.0 as usize).unwrap_or(EMPTY)
    }

    pub(crate) fn update(&mut self, id: Id, change: impl FnOnce(&mut Node)) {
        if let Some(node) = self.nodes.get_mut(id.0 as usize) {
            change(node);
        }
    }
}
