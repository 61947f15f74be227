//! What a value of a configuration is: what readers ask that take it in several forms.
//!
//! A reader asks here, and not the value itself, so that it can be asked in turn what it takes: see
//! [`outline`](super::outline()).

use super::outline::Form;
use super::{Node, may_be_number};
use serde_json::{Map, Number, Value};
use std::borrow::Cow;

/// What a value is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// Text. Envoy's YAML makes one of some numbers.
    Text,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A list.
    List,
    /// A mapping.
    Mapping,
    /// Nothing: `null`.
    Null,
}

impl Kind {
    /// Those that a configuration may have: a value that is `null` is a fault wherever it stands.
    pub(super) const GIVEN: [Self; 5] =
        [Self::Text, Self::Mapping, Self::List, Self::Number, Self::Boolean];

    fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Boolean,
            Value::Number(_) => Self::Number,
            Value::String(_) => Self::Text,
            Value::Array(_) => Self::List,
            Value::Object(_) => Self::Mapping,
        }
    }
}

impl<'a> Node<'a> {
    /// What the value is.
    pub fn kind(&self) -> Kind {
        match self.explorer() {
            Some(explorer) => explorer.kind(&self.path),
            None => Kind::of(self.value),
        }
    }

    /// Whether it is text.
    pub fn is_text(&self) -> bool {
        self.kind() == Kind::Text
    }

    /// Whether it is a list.
    pub fn is_list(&self) -> bool {
        self.kind() == Kind::List
    }

    /// Whether it is a mapping.
    pub fn is_mapping(&self) -> bool {
        self.kind() == Kind::Mapping
    }

    /// Whether it is a mapping with this member.
    pub fn has(&self, name: &str) -> bool {
        match self.explorer() {
            Some(explorer) => {
                explorer.kind(&self.path) == Kind::Mapping && explorer.has(&self.path, name)
            }
            None => self.value.get(name).is_some(),
        }
    }

    /// What one of these words means, where it is one. What is none may be something else that the
    /// reader takes: unlike [`one_of`](Node::one_of), this reports nothing.
    pub fn word<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        let text = match self.explorer() {
            Some(explorer) => explorer.word(&self.path, words.iter().map(|(word, _)| *word))?,
            None => self.value.as_str()?,
        };
        words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning)
    }

    /// One of a few words by which the reader goes different ways: it is asked what it takes for
    /// each of them.
    pub fn choice<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        match self.explorer() {
            Some(_) => self.word(words),
            None => self.one_of(words),
        }
    }

    /// The one key of a mapping beside those that may stand there anyway; `None` where it has none
    /// or several. `known` are those that the reader takes.
    pub fn only_key<'n>(&self, known: &'n [&'n str], beside: &[&str]) -> Option<&'n str>
    where
        'a: 'n,
    {
        if let Some(explorer) = self.explorer() {
            return explorer.only_key(&self.path, known);
        }
        let mut keys = self.value.as_object()?.keys().filter(|key| !beside.contains(&key.as_str()));
        match (keys.next(), keys.next()) {
            (Some(key), None) => Some(key),
            _ => None,
        }
    }

    /// Whether it is a list without items. A reader that asks takes one.
    pub fn is_empty_list(&self) -> bool {
        if let Some(explorer) = self.explorer() {
            explorer.notes_list(&self.path, true);
        }
        self.value.as_array().is_some_and(Vec::is_empty)
    }

    /// Whether it is a mapping without members. A reader that asks takes one.
    pub fn is_empty_mapping(&self) -> bool {
        if let Some(explorer) = self.explorer() {
            explorer.notes_table(&self.path, true);
        }
        self.value.as_object().is_some_and(Map::is_empty)
    }

    /// Whether it is text that [may be a number](may_be_number).
    pub fn may_be_number(&self) -> bool {
        self.value.as_str().is_some_and(may_be_number)
    }

    /// A number.
    pub fn number(&self) -> Option<&'a Number> {
        if self.notes(Form::Number) {
            return None;
        }
        match self.value {
            Value::Number(number) => Some(number),
            _ => self.fault("must be a number"),
        }
    }

    /// Text, which may be empty, a number, `true` or `false`.
    pub fn scalar(&self) -> Option<&'a Value> {
        if self.explorer().is_some() {
            self.notes(Form::Text { may_be_empty: true });
            self.notes(Form::Number);
            self.notes(Form::Boolean);
            return None;
        }
        match self.value {
            Value::String(_) | Value::Number(_) | Value::Bool(_) => Some(self.value),
            _ => self.fault("must be text, a number, true or false"),
        }
    }

    /// Any value.
    pub fn any(&self) -> &'a Value {
        self.notes(Form::Any);
        self.value
    }

    /// The members of a mapping that may have any.
    pub fn members(&self) -> Option<&'a Map<String, Value>> {
        if self.notes(Form::Members) {
            return None;
        }
        self.value.as_object().or_else(|| self.fault("must be a mapping"))
    }

    /// A text, or a whole number as the text that it is written as.
    pub fn text_or_number(&self) -> Option<Cow<'a, str>> {
        if self.notes(Form::Text { may_be_empty: false }) {
            self.notes(Form::Integer(0, u64::MAX));
            return None;
        }
        match self.value {
            Value::String(text) => Some(Cow::Borrowed(text.as_str())),
            Value::Number(number) => number.as_u64().map(|number| Cow::Owned(number.to_string())),
            _ => None,
        }
    }

    /// Reads what may have more of its kind in it. Whoever asks the reader what it takes is told
    /// once.
    pub fn nested<T>(
        &self,
        name: &'static str,
        read: impl FnOnce(&Self) -> Option<T>,
    ) -> Option<T> {
        match self.explorer() {
            Some(explorer) => explorer.nested(&self.path, name, || read(self)),
            None => read(self),
        }
    }
}
