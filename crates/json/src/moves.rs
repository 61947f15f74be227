//! Values that leave their place, and come to another or back.

use crate::document::{Document, Id, NONE, Node, Span};

/// A value that was taken out of an object or an array, and where it was.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    place: Id,
    /// Its neighbour.
    before: Option<Id>,
    /// The value, for [`put_into`](Document::put_into).
    pub value: Id,
}

impl Document {
    /// Takes a value out of its place, to be given to another with [`put_into`](Self::put_into).
    pub fn detach(&mut self, id: Id) -> Id {
        let free = self.taken(id);
        self.remove(&[id]);
        free
    }

    /// Takes a value out as [`detach`](Self::detach) does, with what [`restore`](Self::restore)
    /// needs to put it back.
    pub fn cut(&mut self, id: Id) -> Cut {
        let parent = Id(self.node(id).parent);
        let before = self.children(parent).take_while(|child| *child != id).last();
        Cut { place: id, before, value: self.detach(id) }
    }

    /// Puts a value back where it was, if nothing has been changed since.
    pub fn restore(&mut self, Cut { place, before, value }: Cut) {
        let parent = Id(self.node(place).parent);
        self.update(place, |node| node.flags &= !Node::GONE);
        match before {
            Some(before) => self.update(before, |node| node.next = place.0),
            None => self.update(parent, |node| node.first = place.0),
        }
        self.put_into(place, value);
    }

    /// Takes a value and leaves `null` in its place; otherwise as [`detach`](Self::detach). It
    /// costs the same however many neighbours the place has.
    pub fn lift(&mut self, id: Id) -> Id {
        let free = self.taken(id);
        self.empty(id, b"null");
        free
    }

    /// Gives a place the value that was detached.
    pub fn put_into(&mut self, place: Id, value: Id) {
        let from = *self.node(value);
        self.update(place, |node| {
            node.value = from.value;
            node.first = from.first;
            node.flags =
                (node.flags & Node::KEY_ESCAPED) | (from.flags & !(Node::KEY_ESCAPED | Node::GONE));
        });
        self.adopt(place);
        self.mark_parent(place);
    }

    /// Makes the value a member of a new object that takes its place.
    pub fn wrap(&mut self, id: Id, name: &str) {
        let value = self.taken(id);
        self.empty(id, b"{}");
        let member = self.add(id, None, Some(name));
        self.put_into(member, value);
    }

    /// A node of its own with the value of this one.
    fn taken(&mut self, id: Id) -> Id {
        let free = Id(self.nodes.len() as u32);
        let node = *self.node(id);
        let flags = node.flags & !(Node::KEY_ESCAPED | Node::GONE);
        self.nodes.push(Node { key: Span::default(), parent: NONE, next: 0, flags, ..node });
        self.adopt(free);
        free
    }

    /// Tells the children of a node that they are its.
    fn adopt(&mut self, parent: Id) {
        let mut next = self.node(parent).first;
        while next != 0 {
            let id = Id(next);
            next = self.node(id).next;
            self.update(id, |node| node.parent = parent.0);
        }
    }
}
