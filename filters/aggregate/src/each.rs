//! Calls for the items of a list, and where their answers are joined.

use crate::fact::{Fact, Names, text};
use crate::failure::Failure;
use crate::part::Part;
use gatehouse_filter::config::Node;
use gatehouse_filter::template::OwnNames as _;
use gatehouse_json::Path;
use std::collections::HashSet;

/// The values that a call is made for: without repeats, in the order in which they stand.
#[derive(Clone, Debug)]
pub(crate) struct Each {
    pub(crate) call: usize,
    pub(crate) path: Path,
    /// More values than this, and the call has failed.
    pub(crate) most: usize,
    pub(crate) how: How,
}

/// How many calls are made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum How {
    /// One for each item, at most so many at once.
    One { at_once: usize },
    /// One for all of them.
    All,
}

/// Where the answers go, item by item.
#[derive(Clone, Debug)]
pub(crate) struct Join {
    /// The call whose answer gets them.
    pub(crate) call: usize,
    /// The objects in it that get one each.
    pub(crate) to: Path,
    /// What tells in such an object which one.
    pub(crate) by: Path,
    /// Where in such an object it goes.
    pub(crate) into: Path,
    /// What tells in an item of an answer to one call for all which one it is.
    pub(crate) key: Path,
    pub(crate) missing: Missing,
}

/// What becomes of an object that has no partner.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Missing {
    /// It stays as it is.
    Omitted,
    /// It gets `null`.
    Null,
    /// The call has failed.
    Fails,
}

impl Each {
    pub(crate) fn read(node: &Node<'_>, names: &Names<'_>) -> Option<Self> {
        let mut fields = node.fields()?;
        let value = fields.required("value", |node| place(&node, names));
        let most = fields.with_default("most", 32, |node| node.integer(1..=1000));
        let at_once = fields.with_default("at_once", 8, |node| node.integer(1..=1000));
        fields.finish();
        let (call, path) = value?;
        let at_once = usize::try_from(at_once?).ok()?;
        let most = usize::try_from(most?).ok()?;
        Some(Self { call, path, most, how: How::One { at_once } })
    }

    /// The items.
    ///
    /// # Errors
    /// [`Failure::InputMissing`] where the call has no answer, [`Failure::TooManyItems`].
    pub(crate) fn items(&self, parts: &[Part]) -> Result<Vec<Vec<u8>>, Failure> {
        let part = parts.get(self.call).and_then(Part::document);
        let document = part.and_then(|document| document.try_borrow_mut().ok());
        let mut document = document.ok_or(Failure::InputMissing)?;
        let root = document.root();
        let (mut items, mut seen) = (Vec::new(), HashSet::new());
        for id in document.select(root, &self.path) {
            let mut item = Vec::new();
            if text(&mut document, id, &mut item).is_none() || item.is_empty() {
                continue;
            }
            // In a list of all it would be two.
            let is_several = self.how == How::All && item.contains(&b',');
            if !is_several && seen.insert(item.clone()) {
                items.push(item);
            }
            if items.len() > self.most {
                return Err(Failure::TooManyItems);
            }
        }
        Ok(items)
    }
}

impl Join {
    pub(crate) fn read(node: &Node<'_>, names: &Names<'_>) -> Option<Self> {
        let single = |node: Node<'_>| match gatehouse_shape::path(&node)? {
            path if path.has_wildcard() => node.fault("must name one value, without `*`"),
            path => Some(path),
        };
        let mut fields = node.fields()?;
        let to = fields.required("to", |node| place(&node, names));
        let by = fields.required("by", |node| match single(node.clone())? {
            path if path.is_root() => node.fault("must name a value in the object"),
            path => Some(path),
        });
        let into = fields.required("as", |node| match gatehouse_shape::place(&node)? {
            path if path.has_wildcard() || path.is_root() => {
                node.fault("must name one place in the object")
            }
            path => Some(path),
        });
        let key = fields.optional("key", single);
        let missing = fields.with_default("missing", Missing::Omitted, |node| {
            node.one_of(&[
                ("omit", Missing::Omitted),
                ("null", Missing::Null),
                ("fail", Missing::Fails),
            ])
        });
        fields.finish();
        let ((call, to), by) = (to?, by?);
        let key = key?.unwrap_or_else(|| by.clone());
        Some(Self { call, to, by, into: into?, key, missing: missing? })
    }
}

/// A place in the answer to another call: its name, and a path there.
fn place(node: &Node<'_>, names: &Names<'_>) -> Option<(usize, Path)> {
    let text = node.text()?;
    let number = names.number(&format!("call.{text}"))?;
    match number {
        Ok(number) => match names.fact(number)? {
            Fact::Value { call, path } => Some((call, path)),
            _ => None,
        },
        Err(fault) => node.fault(format!("`{text}`: {fault}")),
    }
}
