//! Changes to the fields of a head, whichever way it goes.

mod change;
mod read;
mod removal;

pub(crate) use change::Change;
use removal::{Pattern, Removal};

use gatehouse_filter::template::{Sources, Template};
use gatehouse_filter::{HeaderName, HeaderValue, Headers, InvalidValue, list};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;

/// One change to a head, as configured.
///
/// `set`, `rename`, `copy` and `map` own the field that they write: afterwards it holds what the
/// configuration says, or it is gone. What a client sent under that name never survives.
#[derive(Clone, Debug)]
pub(crate) enum HeadOperation {
    /// One value instead of all; the field goes where the value is missing.
    Set { name: HeaderName, value: Template },
    /// One more value; nothing where it is missing.
    Append { name: HeaderName, value: Template },
    /// A value for a field that is not there; nothing where it is missing.
    AddIfAbsent { name: HeaderName, value: Template },
    /// One value instead of all of a field that is there; the field goes where the value is
    /// missing.
    ReplaceIfPresent { name: HeaderName, value: Template },
    /// Fields go.
    Remove(Removal),
    /// All values move to another field, which loses its own.
    Rename { from: HeaderName, to: HeaderName },
    /// All values are written to another field too, which loses its own.
    Copy { from: HeaderName, to: HeaderName },
    /// Some of several values go; of a `list`, the values are what its commas separate.
    Dedupe { name: HeaderName, keep: Keep, list: bool },
    /// What a table says of a field's value is written to a field, which may be the same.
    Map { from: HeaderName, to: HeaderName, table: Rc<Table> },
}

/// Which of a field's values stay.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Keep {
    First,
    Last,
    /// Of equal ones, the first.
    Unique,
}

/// Values for values.
pub(crate) struct Table {
    entries: BTreeMap<Box<[u8]>, HeaderValue>,
    /// For what is not in the table; without it the field goes.
    default: Option<HeaderValue>,
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A value may be the secret that an upstream wants.
        f.write_str("***")
    }
}

impl HeadOperation {
    /// The field that is written; `None` where fields only go.
    pub(crate) fn target(&self) -> Option<&HeaderName> {
        match self {
            Self::Set { name, .. }
            | Self::Append { name, .. }
            | Self::AddIfAbsent { name, .. }
            | Self::ReplaceIfPresent { name, .. }
            | Self::Dedupe { name, .. } => Some(name),
            Self::Rename { to, .. } | Self::Copy { to, .. } | Self::Map { to, .. } => Some(to),
            Self::Remove(_) => None,
        }
    }

    /// Takes out of a request's trailers what it writes into the head or removes from it.
    pub(crate) fn clear(&self, trailers: &mut Headers) {
        match self {
            Self::Set { name, .. } | Self::ReplaceIfPresent { name, .. } => {
                trailers.remove_in_every_spelling(std::slice::from_ref(name));
            }
            Self::Remove(Removal::Name(name)) => {
                trailers.remove_in_every_spelling(std::slice::from_ref(name));
            }
            Self::Remove(Removal::Pattern(head, pattern)) => {
                pattern.remove(*head, trailers);
            }
            Self::Rename { from, to } => {
                trailers.remove_in_every_spelling(&[from.clone(), to.clone()]);
            }
            Self::Copy { to, .. } | Self::Map { to, .. } => {
                trailers.remove_in_every_spelling(std::slice::from_ref(to));
            }
            // They leave what the client sent.
            Self::Append { .. } | Self::AddIfAbsent { .. } | Self::Dedupe { .. } => {}
        }
    }

    /// What it does to a head.
    ///
    /// # Errors
    /// [`InvalidValue`] where it would write a control character.
    pub(crate) fn change(
        &self,
        headers: &Headers,
        sources: &Sources<'_>,
    ) -> Result<Change<'_>, InvalidValue> {
        let is_there = |name: &HeaderName| headers.first(name.as_str()).is_some();
        Ok(match self {
            Self::AddIfAbsent { name, .. } if is_there(name) => Change::Nothing,
            Self::ReplaceIfPresent { name, .. } if !is_there(name) => Change::Nothing,
            Self::Set { name, value } | Self::ReplaceIfPresent { name, value } => {
                match rendered(value, sources)? {
                    Some(value) => Change::Set(name, value),
                    None => Change::Remove(name),
                }
            }
            Self::Append { name, value } | Self::AddIfAbsent { name, value } => {
                match rendered(value, sources)? {
                    Some(value) => Change::Append(name, value),
                    None => Change::Nothing,
                }
            }
            Self::Remove(Removal::Name(name)) => Change::Remove(name),
            Self::Remove(Removal::Pattern(head, pattern)) => Change::RemoveAll(*head, pattern),
            Self::Rename { from, to } => Change::Replace(to, values(headers, from)?, Some(from)),
            Self::Copy { from, to } => Change::Replace(to, values(headers, from)?, None),
            Self::Dedupe { name, keep, list } => match keep.of(headers, name, *list)? {
                Some(values) => Change::Replace(name, values, None),
                None => Change::Nothing,
            },
            Self::Map { from, to, table } => match table.look_up(headers, from) {
                Some(value) => Change::Set(to, value.clone()),
                None => Change::Remove(to),
            },
        })
    }

    /// What it does where the value cannot be written.
    pub(crate) fn change_without_value(&self) -> Change<'_> {
        match self {
            Self::Append { .. } | Self::AddIfAbsent { .. } => Change::Nothing,
            operation => operation.target().map_or(Change::Nothing, Change::Remove),
        }
    }

    /// The same operation for the time when the request is gone; `None` where nothing is left to
    /// do.
    pub(crate) fn bind(&self, sources: &Sources<'_>) -> Option<Self> {
        let name = |name: &HeaderName| name.clone();
        Some(match self {
            Self::Set { name: field, value } => match value.bind(sources) {
                Some(value) => Self::Set { name: name(field), value },
                None => Self::Remove(Removal::Name(name(field))),
            },
            // It is the response that decides whether the field is there.
            Self::ReplaceIfPresent { name: field, value } => match value.bind(sources) {
                Some(value) => Self::ReplaceIfPresent { name: name(field), value },
                None => Self::Remove(Removal::Name(name(field))),
            },
            Self::Append { name: field, value } => {
                Self::Append { name: name(field), value: value.bind(sources)? }
            }
            Self::AddIfAbsent { name: field, value } => {
                Self::AddIfAbsent { name: name(field), value: value.bind(sources)? }
            }
            operation => operation.clone(),
        })
    }

    /// Whether it asks for the time.
    pub(crate) fn needs_clock(&self) -> bool {
        match self {
            Self::Set { value, .. }
            | Self::Append { value, .. }
            | Self::AddIfAbsent { value, .. }
            | Self::ReplaceIfPresent { value, .. } => value.needs_clock(),
            _ => false,
        }
    }

    /// Whether it needs facts about the request, other than those in the head that it changes.
    pub(crate) fn needs_request(&self) -> bool {
        match self {
            Self::Set { value, .. }
            | Self::Append { value, .. }
            | Self::AddIfAbsent { value, .. }
            | Self::ReplaceIfPresent { value, .. } => value.needs_request(),
            Self::Remove(_)
            | Self::Rename { .. }
            | Self::Copy { .. }
            | Self::Dedupe { .. }
            | Self::Map { .. } => false,
        }
    }
}

impl Keep {
    /// The values that stay; `None` where all do.
    fn of(
        self,
        headers: &Headers,
        name: &HeaderName,
        list: bool,
    ) -> Result<Option<Vec<HeaderValue>>, InvalidValue> {
        let lines = headers.values(name.as_str());
        let all: Vec<&[u8]> = match list {
            false => lines.collect(),
            true => lines.flat_map(list::members).collect(),
        };
        let stay: Vec<&[u8]> = match self {
            Self::First => all.first().copied().into_iter().collect(),
            Self::Last => all.last().copied().into_iter().collect(),
            Self::Unique => {
                let mut seen = BTreeSet::new();
                all.iter().copied().filter(|value| seen.insert(*value)).collect()
            }
        };
        if stay.len() == all.len() {
            return Ok(None);
        }
        let stay =
            if list { vec![HeaderValue::try_from(stay.join(&b", "[..]))] } else { copied(stay) };
        stay.into_iter().collect::<Result<_, _>>().map(Some)
    }
}

fn copied(values: Vec<&[u8]>) -> Vec<Result<HeaderValue, InvalidValue>> {
    values.into_iter().map(HeaderValue::try_from).collect()
}

impl Table {
    /// What is written for the field's value. Several values are none: a client that sends two may
    /// not choose which of them counts.
    fn look_up(&self, headers: &Headers, name: &HeaderName) -> Option<&HeaderValue> {
        let value = headers.only(name.as_str()).unwrap_or_default();
        value.and_then(|value| self.entries.get(value)).or(self.default.as_ref())
    }
}

fn rendered(
    template: &Template,
    sources: &Sources<'_>,
) -> Result<Option<HeaderValue>, InvalidValue> {
    // Most values fit, so that the buffer is allocated once.
    let mut text = Vec::with_capacity(64);
    match template.render(sources, &mut text) {
        Some(()) => HeaderValue::try_from(text).map(Some),
        None => Ok(None),
    }
}

fn values(headers: &Headers, name: &HeaderName) -> Result<Vec<HeaderValue>, InvalidValue> {
    headers.values(name.as_str()).map(HeaderValue::try_from).collect()
}
