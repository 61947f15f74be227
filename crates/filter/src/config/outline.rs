//! What configurations a reader takes, as the reader itself tells it.

use super::Kind;
use std::collections::{BTreeMap, BTreeSet};

/// The forms that a value may have: one of them, at least.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outline {
    /// Those without parts.
    pub forms: BTreeSet<Form>,
    /// A list of such items, where it may be one.
    pub list: Option<Box<List>>,
    /// A mapping with these members, where it may be one.
    pub mapping: Option<Mapping>,
    /// A mapping from whatever the user likes to such values, where it may be one.
    pub table: Option<Box<Table>>,
    /// The name by which [`Form::Nested`] refers to it.
    pub name: Option<&'static str>,
}

/// A form without parts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// Whatever JSON can say.
    Any,
    /// Text.
    Text {
        /// Whether it may be without characters.
        may_be_empty: bool,
    },
    /// Text, or `{env: NAME}`.
    Secret,
    /// This very text.
    Word(String),
    /// `true` or `false`.
    Boolean,
    /// A whole number from the one to the other, both of them included; in quotes, too.
    Integer(u64, u64),
    /// Any number.
    Number,
    /// A number with a unit of time: `30s`.
    Duration,
    /// A number with a unit of bytes: `64KiB`.
    Size,
    /// A mapping with any members.
    Members,
    /// What stands further out under this name.
    Nested(&'static str),
}

impl Form {
    pub(super) fn is_of(&self, kind: Kind) -> bool {
        match self {
            Self::Any | Self::Nested(_) => true,
            Self::Text { .. } | Self::Word(_) | Self::Duration | Self::Size => kind == Kind::Text,
            Self::Secret => matches!(kind, Kind::Text | Kind::Mapping),
            Self::Boolean => kind == Kind::Boolean,
            Self::Integer(..) | Self::Number => kind == Kind::Number,
            Self::Members => kind == Kind::Mapping,
        }
    }
}

/// A list.
#[derive(Clone, Debug, PartialEq)]
pub struct List {
    /// Each of its items.
    pub item: Outline,
    /// Whether it may be without any.
    pub may_be_empty: bool,
}

/// A mapping whose keys are the user's.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Each of its values.
    pub value: Outline,
    /// Whether it may be without any.
    pub may_be_empty: bool,
}

/// A mapping of fields that the reader knows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mapping {
    /// By name.
    pub fields: BTreeMap<&'static str, Field>,
    /// Of each of these, exactly one must be there.
    pub exactly_one: BTreeSet<Vec<String>>,
}

/// A member of a [`Mapping`].
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Whether it must be there, whatever the others say.
    pub is_required: bool,
    /// What it may be.
    pub value: Outline,
}

impl Outline {
    /// Whether it may be nothing at all: the reader refuses whatever stands there.
    pub fn is_nothing(&self) -> bool {
        self.forms.is_empty()
            && self.list.is_none()
            && self.mapping.is_none()
            && self.table.is_none()
    }
}
