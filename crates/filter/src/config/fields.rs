//! The members of a mapping, of which the names are known.

use super::Node;
use serde_json::{Map, Value};

/// The members of an object, read by name. It remembers the names asked for: they are the known
/// ones.
pub struct Fields<'a> {
    node: Node<'a>,
    /// `None` where the reader is asked what it takes, and nothing is read.
    members: Option<&'a Map<String, Value>>,
    known: Vec<&'static str>,
    is_finished: bool,
}

/// A reader that forgets [`finish`](Fields::finish) would take unknown members for none: `mod:
/// shadow` would start and enforce. So nothing that it reads is good. One that gave up before has
/// told why.
impl Drop for Fields<'_> {
    fn drop(&mut self) {
        if !self.is_finished && self.members.is_some() && !self.node.has_told() {
            self.node.fault::<()>("is not read to its end, which is a fault of the filter");
        }
    }
}

impl<'a> Fields<'a> {
    pub(super) fn new(node: Node<'a>, members: Option<&'a Map<String, Value>>) -> Self {
        Self { node, members, known: Vec::new(), is_finished: false }
    }

    /// The object itself, for faults that concern several members.
    pub fn node(&self) -> &Node<'a> {
        &self.node
    }

    /// A member as it is written, where it is, for what it means beside others. It is none the
    /// better known for that.
    pub fn given(&self, name: &str) -> Option<Node<'a>> {
        Some(self.node.child(name, self.members?.get(name)?))
    }

    /// A member that must be there.
    pub fn required<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(Node<'a>) -> Option<T>,
    ) -> Option<T> {
        match self.member(name, true) {
            Some(node) => read(node?),
            None => self.lacks(name),
        }
    }

    /// A member that must be there under a condition, and may be absent otherwise.
    pub fn required_if<T>(
        &mut self,
        name: &'static str,
        is_required: bool,
        read: impl FnOnce(Node<'a>) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.optional(name, read)? {
            None if is_required && self.members.is_some() => self.lacks(name),
            read => Some(read),
        }
    }

    /// Reports a member that must be there beside those that are.
    pub fn lacks<T>(&self, name: &str) -> Option<T> {
        self.node.child(name, &Value::Null).fault("is required")
    }

    /// A member that may be absent: `Some(None)`. `None` means that it is there and wrong.
    pub fn optional<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(Node<'a>) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.member(name, false) {
            // Where nothing is read, what has no value is not there: that leads furthest.
            Some(node) if self.members.is_none() => Some(read(node?)),
            Some(node) => read(node?).map(Some),
            None => Some(None),
        }
    }

    /// A member with a default.
    pub fn with_default<T>(
        &mut self,
        name: &'static str,
        default: T,
        read: impl FnOnce(Node<'a>) -> Option<T>,
    ) -> Option<T> {
        Some(self.optional(name, read)?.unwrap_or(default))
    }

    /// Reports the members that nobody asked for.
    pub fn finish(mut self) {
        self.is_finished = true;
        if let Some(explorer) = self.node.explorer() {
            explorer.notes_end(&self.node.path);
        }
        for (name, value) in self.members.into_iter().flatten() {
            if self.known.contains(&name.as_str()) {
                continue;
            }
            let node = self.node.child(name, value);
            let message = match nearest(name, &self.known) {
                Some(known) => format!("unknown field, did you mean `{known}`?"),
                None => format!("unknown field; known here: {}", self.known.join(", ")),
            };
            node.fault::<()>(message);
        }
    }

    /// The member, where it is there. One that is `null`, which is how YAML writes a key without a
    /// value, is a fault: a list whose items were all commented out must not become whatever its
    /// absence means, such as everybody.
    fn member(&mut self, name: &'static str, is_required: bool) -> Option<Option<Node<'a>>> {
        self.known.push(name);
        if let Some(explorer) = self.node.explorer() {
            explorer.notes_member(&self.node.path, name, is_required);
            let node = self.node.child(name, &Value::Null);
            return explorer.visits(&node.path).then_some(Some(node));
        }
        let node = self.node.child(name, self.members?.get(name)?);
        Some(match node.value() {
            Value::Null => node.fault("has no value: give it one, or take it out"),
            _ => Some(node),
        })
    }
}

/// The known name that a typo most likely meant, if any is near.
pub(crate) fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let near = known.iter().map(|known| (distance(name, known), *known)).min()?;
    let limit = name.len().max(near.1.len()) / 3;
    (near.0 <= limit.max(1)).then_some(near.1)
}

/// The Levenshtein distance: insertions, deletions and replacements.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, left) in left.chars().enumerate() {
        let mut diagonal = line;
        let mut before = line.saturating_add(1);
        for (cell, right) in row.iter_mut().skip(1).zip(&right) {
            let replaced = diagonal.saturating_add(usize::from(left != *right));
            diagonal = *cell;
            before = replaced.min(before.min(diagonal).saturating_add(1));
            *cell = before;
        }
        if let Some(first) = row.first_mut() {
            *first = line.saturating_add(1);
        }
    }
    row.last().copied().unwrap_or_default()
}
