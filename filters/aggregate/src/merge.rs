//! Puts answers together, in the order of the configuration.

use gatehouse_filter::config::Node;
use gatehouse_json::{Document, Id, Kind, Overgrown, Path};
use std::collections::{HashMap, HashSet};

/// What happens where two answers have something in one place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Merge {
    pub(crate) on_conflict: OnConflict,
    /// Whether objects in one place are merged, however deep, and conflict only in their members.
    pub(crate) merges_objects: bool,
    /// Whether lists in one place become one, and do not conflict.
    pub(crate) joins_lists: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum OnConflict {
    Fails,
    KeepsFirst,
    KeepsLast,
    /// Both, in a list.
    KeepsAll,
}

/// Why answers cannot be put together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unmerged {
    /// Two have something in one place.
    Conflict,
    /// Something is where an object or a list must be.
    Misfit,
    /// The whole would be too long.
    Overgrown,
}

impl Default for Merge {
    fn default() -> Self {
        Self { on_conflict: OnConflict::Fails, merges_objects: false, joins_lists: false }
    }
}

impl Merge {
    pub(crate) fn read(node: &Node<'_>) -> Option<Self> {
        let default = Self::default();
        let mut fields = node.fields()?;
        let on_conflict = fields.with_default("on_conflict", default.on_conflict, |node| {
            node.one_of(&[
                ("error", OnConflict::Fails),
                ("first", OnConflict::KeepsFirst),
                ("last", OnConflict::KeepsLast),
                ("array", OnConflict::KeepsAll),
            ])
        });
        let choice = [("conflict", false), ("merge", true)];
        let objects =
            fields.with_default("objects", default.merges_objects, |node| node.one_of(&choice));
        let lists = fields.with_default("lists", default.joins_lists, |node| {
            node.one_of(&[("conflict", false), ("concatenate", true)])
        });
        fields.finish();
        let (on_conflict, merges_objects, joins_lists) = (on_conflict?, objects?, lists?);
        Some(Self { on_conflict, merges_objects, joins_lists })
    }

    /// Whether it is not enough to know where an answer goes.
    pub(crate) fn looks_into(self) -> bool {
        self.merges_objects || self.joins_lists
    }

    /// Puts a document into the whole at a path.
    ///
    /// # Errors
    /// [`Unmerged`].
    pub(crate) fn put(
        self,
        whole: &mut Whole,
        into: &Path,
        part: &mut Document,
    ) -> Result<(), Unmerged> {
        let (top, root) = (whole.document.root(), part.root());
        if let Some(there) = whole.document.select(top, into).first().copied() {
            return self.both(whole, (there, into.is_root()), part, root);
        }
        let places = whole.document.place(top, into)?;
        let place = *places.ids.first().ok_or(Unmerged::Misfit)?;
        whole.set(place, part, root)
    }

    /// Merges what two have in one place. `must` is for the whole itself, which is an object and
    /// stays one.
    fn both(
        self,
        whole: &mut Whole,
        (at, must): (Id, bool),
        part: &mut Document,
        from: Id,
    ) -> Result<(), Unmerged> {
        // A list of what is left to do, for what nests deep must not fill the stack.
        let mut pairs = vec![(at, from, must || self.merges_objects)];
        while let Some((at, from, merges)) = pairs.pop() {
            match (whole.document.kind(at), part.kind(from)) {
                (Kind::Object, Kind::Object) if merges => {
                    for (at, from) in self.members(whole, at, part, from)? {
                        pairs.push((at, from, self.merges_objects));
                    }
                }
                _ if must && at == whole.document.root() => return Err(Unmerged::Misfit),
                // A list that a conflict has made is of whole answers.
                (Kind::Array, Kind::Array) if self.joins_lists && !whole.lists.contains(&at) => {
                    let items: Vec<Id> = part.children(from).collect();
                    let places = whole.document.add_items(at, items.len());
                    for (place, item) in places.into_iter().zip(items) {
                        whole.set(place, part, item)?;
                    }
                }
                _ => self.conflict(whole, at, part, from)?,
            }
        }
        Ok(())
    }

    /// Puts the members in that are new; those that are there already are left to be merged, in
    /// their order.
    fn members(
        self,
        whole: &mut Whole,
        at: Id,
        part: &mut Document,
        from: Id,
    ) -> Result<Vec<(Id, Id)>, Unmerged> {
        let there: Vec<Id> = whole.document.children(at).collect();
        let names = there.into_iter().map(|id| (whole.document.name(id).into_owned(), id));
        let there: HashMap<Vec<u8>, Id> = names.collect();
        let (mut both, mut new, mut names) = (Vec::new(), Vec::new(), Vec::new());
        let members: Vec<Id> = part.children(from).collect();
        for member in members {
            let name = part.name(member).into_owned();
            match there.get(&name) {
                Some(there) => both.push((*there, member)),
                None => {
                    new.push(member);
                    names.push(name);
                }
            }
        }
        for (place, member) in whole.document.add_members(at, &names).into_iter().zip(new) {
            whole.set(place, part, member)?;
        }
        both.reverse();
        Ok(both)
    }

    fn conflict(
        self,
        whole: &mut Whole,
        at: Id,
        part: &Document,
        from: Id,
    ) -> Result<(), Unmerged> {
        match self.on_conflict {
            OnConflict::Fails => Err(Unmerged::Conflict),
            OnConflict::KeepsFirst => Ok(()),
            OnConflict::KeepsLast => whole.set(at, part, from),
            OnConflict::KeepsAll => {
                if !whole.lists.contains(&at) {
                    let first = whole.document.put_copy(at)?;
                    let list = whole.document.put(b"[]")?;
                    whole.document.set(at, list);
                    whole.append(at, |whole, place| {
                        whole.document.set(place, first);
                        Ok(())
                    })?;
                    whole.lists.insert(at);
                }
                whole.append(at, |whole, place| whole.set(place, part, from))
            }
        }
    }
}

/// An answer that is being put together.
pub(crate) struct Whole {
    pub(crate) document: Document,
    /// The lists that conflicts have made.
    lists: HashSet<Id>,
}

impl Whole {
    /// An empty object, which is going to have about so many bytes and may grow to `most`; `None`
    /// where that is not possible.
    pub(crate) fn new(about: usize, most: usize) -> Option<Self> {
        let mut text = Vec::with_capacity(about.min(most));
        text.extend_from_slice(b"{}");
        let document = Document::read(text, most).ok()?;
        Some(Self { document, lists: HashSet::new() })
    }

    /// Adds an item, which `set` gives its value.
    fn append(
        &mut self,
        list: Id,
        set: impl FnOnce(&mut Self, Id) -> Result<(), Unmerged>,
    ) -> Result<(), Unmerged> {
        match self.document.add_items(list, 1).first() {
            Some(place) => set(self, *place),
            None => Ok(()),
        }
    }

    fn set(&mut self, place: Id, part: &Document, from: Id) -> Result<(), Unmerged> {
        let put = self.document.put_from(part, from)?;
        self.document.set(place, put);
        Ok(())
    }
}

impl From<Overgrown> for Unmerged {
    fn from(_: Overgrown) -> Self {
        Self::Overgrown
    }
}
