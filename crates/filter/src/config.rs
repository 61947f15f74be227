//! Reading a configuration into types that cannot be wrong.
//!
//! A reader is a function from a [`Node`] to `Option<T>`. It reports what is wrong on the node
//! where it is and goes on, so that one run tells every fault, each with the path of its field.
//! Unknown fields are faults too, with the nearest known name.
//!
//! ```
//! use gatehouse_filter::config::{self, Node};
//! use std::time::Duration;
//!
//! struct Limit { requests: u32, window: Duration }
//!
//! fn limit(node: Node<'_>) -> Option<Limit> {
//!     let mut fields = node.fields()?;
//!     let requests = fields.required("requests", |node| node.integer(1..=1_000_000));
//!     let window = fields.with_default("window", Duration::from_secs(60), |node| node.duration());
//!     fields.finish();
//!     Some(Limit { requests: requests? as u32, window: window? })
//! }
//!
//! let faults = config::read(br#"{"requests": 0, "windw": "1s"}"#, limit).err().unwrap();
//! assert_eq!(faults[0].to_string(), "requests: must be from 1 to 1000000");
//! assert_eq!(faults[1].to_string(), "windw: unknown field, did you mean `window`?");
//! ```

mod environment;
mod explorer;
mod fields;
mod json;
mod kind;
mod number;
mod outline;
mod units;

pub use environment::{Environment, Nowhere, SecretText, Variable};
pub use explorer::outline;
pub use fields::Fields;
pub(crate) use fields::nearest;
pub use json::json_value;
pub use kind::Kind;
pub use number::{may_be_number, same_number};
pub use outline::{Field, Form, List, Mapping, Outline, Table};

use explorer::Explorer;
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

/// A fault in a configuration: where, and what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigError {
    /// The path of the field: `rules[2].limits[0].window`; empty for the whole configuration.
    pub path: String,
    /// What is wrong with it, and what would be right.
    pub message: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => f.write_str(&self.message),
            path => write!(f, "{path}: {}", self.message),
        }
    }
}

impl std::error::Error for ConfigError {}

/// Reads from JSON what is not a plugin's own configuration: it can refer to no variable.
///
/// # Errors
/// Every fault that `read` reports, in the order found; never an empty list.
pub fn read<T>(
    json: &[u8],
    reader: impl FnOnce(Node<'_>) -> Option<T>,
) -> Result<T, Vec<ConfigError>> {
    read_in(json, &Nowhere, reader)
}

/// Reads a configuration from JSON. What it refers to is in this environment.
///
/// # Errors
/// As [`read_value_in`].
pub fn read_in<T>(
    json: &[u8],
    environment: &dyn Environment,
    reader: impl FnOnce(Node<'_>) -> Option<T>,
) -> Result<T, Vec<ConfigError>> {
    match json_value(json) {
        Ok(value) => read_value_in(&value, environment, reader),
        Err(error) => Err(whole(format!("is not JSON: {error}"))),
    }
}

/// Reads what has been parsed already, and is not a plugin's own configuration.
///
/// # Errors
/// As [`read`].
pub fn read_value<T>(
    value: &Value,
    reader: impl FnOnce(Node<'_>) -> Option<T>,
) -> Result<T, Vec<ConfigError>> {
    read_value_in(value, &Nowhere, reader)
}

/// Reads a configuration that has been parsed already. What it refers to is in this environment.
///
/// # Errors
/// Every fault that `read` reports, in the order found. The list is empty where there is none, as
/// far as is known: a value that was needed is [`Variable::Unknown`].
pub fn read_value_in<T>(
    value: &Value,
    environment: &dyn Environment,
    reader: impl FnOnce(Node<'_>) -> Option<T>,
) -> Result<T, Vec<ConfigError>> {
    let reading = Reading {
        environment,
        faults: RefCell::new(Vec::new()),
        lacks_a_value: Cell::new(false),
        explorer: None,
    };
    let read = reader(Node { value, path: String::new(), reading: &reading });
    let is_told = reading.has_told();
    let faults = reading.faults.into_inner();
    match read {
        Some(read) if !is_told => Ok(read),
        // A reader that gives nothing has said why; if it did not, that is still no configuration.
        _ if !is_told => Err(whole("is not valid".to_owned())),
        _ => Err(faults),
    }
}

/// What all nodes of a configuration share while it is read.
struct Reading<'a> {
    environment: &'a dyn Environment,
    faults: RefCell<Vec<ConfigError>>,
    /// Whether something could not be read, and nobody is to blame: [`Variable::Unknown`].
    lacks_a_value: Cell<bool>,
    /// Who asks the reader what it takes, where nothing is read.
    explorer: Option<&'a Explorer>,
}

impl Reading<'_> {
    /// Whether it is known already why nothing can come of it.
    fn has_told(&self) -> bool {
        !self.faults.borrow().is_empty() || self.lacks_a_value.get()
    }
}

fn whole(message: String) -> Vec<ConfigError> {
    vec![ConfigError { path: String::new(), message }]
}

/// A value in a configuration, which knows its path.
#[derive(Clone)]
pub struct Node<'a> {
    value: &'a Value,
    path: String,
    reading: &'a Reading<'a>,
}

impl<'a> Node<'a> {
    /// Reports a fault here. Returns `None`, so that a reader can end with it.
    pub fn fault<T>(&self, message: impl Into<String>) -> Option<T> {
        let fault = ConfigError { path: self.path.clone(), message: message.into() };
        self.reading.faults.borrow_mut().push(fault);
        None
    }

    /// Reports a mapping that has none of these members, or several.
    pub fn not_exactly_one<T>(&self, names: &[&str]) -> Option<T> {
        if let Some(explorer) = self.explorer() {
            explorer.notes_exactly_one(&self.path, names);
        }
        self.fault(format!("must have exactly one of {}", names.join(", ")))
    }

    /// The value as it is. A reader that takes several forms goes by [`kind`](Node::kind) and its
    /// like, not by this.
    pub fn value(&self) -> &'a Value {
        self.value
    }

    /// Text, not empty.
    pub fn text(&self) -> Option<&'a str> {
        if self.notes(Form::Text { may_be_empty: false }) {
            return None;
        }
        match self.value.as_str() {
            None => self.fault("must be text"),
            Some("") => self.fault("must not be empty"),
            Some(text) => Some(text),
        }
    }

    /// Text that needs no escapes between quotes (RFC 9110 §5.6.4): printable ASCII without `"` and
    /// `\\`.
    pub fn quotable(&self) -> Option<&'a str> {
        let text = self.text()?;
        if text.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')) {
            return Some(text);
        }
        self.fault("must be printable ASCII without quotes and backslashes")
    }

    /// Text, which may be empty.
    pub fn text_or_empty(&self) -> Option<&'a str> {
        if self.notes(Form::Text { may_be_empty: true }) {
            return None;
        }
        self.value.as_str().or_else(|| self.fault("must be text"))
    }

    /// `true` or `false`.
    pub fn boolean(&self) -> Option<bool> {
        if self.notes(Form::Boolean) {
            return None;
        }
        self.value.as_bool().or_else(|| self.fault("must be true or false"))
    }

    /// A whole number in a range. One in quotes is one too: Envoy makes a text of a number in YAML
    /// that a double does not hold, such as `9007199254740993`.
    pub fn integer(&self, range: RangeInclusive<u64>) -> Option<u64> {
        if self.notes(Form::Integer(*range.start(), *range.end())) {
            return None;
        }
        let message = format!("must be from {} to {}", range.start(), range.end());
        let (number, is_negative) = match self.value {
            Value::Number(number) => (number.as_u64(), number.as_i64().is_some()),
            Value::String(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                (text.parse().ok(), false)
            }
            _ => (None, false),
        };
        match (number, self.as_float()) {
            (Some(number), _) if range.contains(&number) => Some(number),
            (Some(_), _) => self.fault(message),
            (None, _) if is_negative => self.fault(message),
            (None, Some(number)) if number.fract() == 0.0 && number.abs() < 1e15 => {
                self.fault(format!("must be written in digits alone, as {number:.0}; {message}"))
            }
            (None, _) => self.fault(format!("must be a whole number; {message}")),
        }
    }

    /// A number with a point or an exponent, or a text of one, which is what Envoy makes of some
    /// numbers in YAML (`1.5`, `1e3`).
    fn as_float(&self) -> Option<f64> {
        match self.value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// A duration with its unit, `ms`, `s`, `m`, `h` or `d`: `500ms`, `30s`.
    pub fn duration(&self) -> Option<Duration> {
        if self.notes(Form::Duration) {
            return None;
        }
        units::duration(self.value.as_str().unwrap_or_default())
            .or_else(|| self.fault("must be a duration with a unit (ms, s, m, h, d), such as 30s"))
    }

    /// A size in bytes with its unit, `B`, `KiB`, `MiB` or `GiB`: `64KiB`.
    pub fn size(&self) -> Option<u64> {
        if self.notes(Form::Size) {
            return None;
        }
        units::size(self.value.as_str().unwrap_or_default())
            .or_else(|| self.fault("must be a size with a unit (B, KiB, MiB, GiB), such as 64KiB"))
    }

    /// One of a few words.
    pub fn one_of<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        if let Some(explorer) = self.explorer() {
            for (word, _) in words {
                explorer.notes(&self.path, Form::Word((*word).to_owned()));
            }
            return None;
        }
        let found = words.iter().find(|(word, _)| self.value.as_str() == Some(word));
        found.map(|(_, meaning)| *meaning).or_else(|| {
            let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            self.fault(format!("must be one of {}", words.join(", ")))
        })
    }

    /// A list; the faults of every item are reported.
    pub fn list<T>(&self, item: impl FnMut(Node<'a>) -> Option<T>) -> Option<Vec<T>> {
        self.items(true, item)
    }

    /// A list of at least one item.
    pub fn nonempty_list<T>(&self, item: impl FnMut(Node<'a>) -> Option<T>) -> Option<Vec<T>> {
        self.items(false, item)
    }

    fn items<T>(
        &self,
        may_be_empty: bool,
        mut item: impl FnMut(Node<'a>) -> Option<T>,
    ) -> Option<Vec<T>> {
        if let Some(explorer) = self.explorer() {
            let node = self.at(explorer::item(&self.path), self.value);
            if explorer.notes_list(&self.path, may_be_empty) && explorer.visits(&node.path) {
                let _ = item(node);
            }
            return None;
        }
        let Value::Array(values) = self.value else {
            return self.fault("must be a list");
        };
        if values.is_empty() && !may_be_empty {
            return self.fault("must not be empty");
        }
        let at = |(index, value)| self.at(format!("{}[{index}]", self.path), value);
        // Collecting into `Option` would stop at the first bad item, and hide the faults of the
        // rest.
        let items: Vec<_> = values.iter().enumerate().map(at).map(&mut item).collect();
        items.into_iter().collect()
    }

    /// The members of an object. Call [`Fields::finish`] when all known ones have been read.
    pub fn fields(&self) -> Option<Fields<'a>> {
        if let Some(explorer) = self.explorer() {
            return explorer.notes_mapping(&self.path).then(|| Fields::new(self.clone(), None));
        }
        match self.value {
            Value::Object(members) => Some(Fields::new(self.clone(), Some(members))),
            _ => self.fault("must be a mapping of fields"),
        }
    }

    /// The members of an object whose keys the user chose, in the order of their keys; the faults
    /// of every member are reported. At least one.
    pub fn table<T>(
        &self,
        mut member: impl FnMut(&'a str, Node<'a>) -> Option<T>,
    ) -> Option<Vec<T>> {
        if let Some(explorer) = self.explorer() {
            let node = self.at(explorer::entry(&self.path), self.value);
            if explorer.notes_table(&self.path, false) && explorer.visits(&node.path) {
                let _ = member("name", node);
            }
            return None;
        }
        let Value::Object(members) = self.value else {
            return self.fault("must be a mapping");
        };
        if members.is_empty() {
            return self.fault("must not be empty");
        }
        let members: Vec<_> =
            members.iter().map(|(key, value)| member(key, self.child(key, value))).collect();
        members.into_iter().collect()
    }

    /// Whether it was told already why nothing can come of this configuration.
    fn has_told(&self) -> bool {
        self.reading.has_told()
    }

    fn child(&self, name: &str, value: &'a Value) -> Node<'a> {
        self.at(explorer::member(&self.path, name), value)
    }

    fn at(&self, path: String, value: &'a Value) -> Node<'a> {
        Node { value, path, reading: self.reading }
    }

    /// Who asks the reader what it takes, where nothing is read. No module does.
    fn explorer(&self) -> Option<&'a Explorer> {
        if cfg!(target_family = "wasm") { None } else { self.reading.explorer }
    }

    /// Notes that the value may have this form, where nothing is read.
    fn notes(&self, form: Form) -> bool {
        if let Some(explorer) = self.explorer() {
            explorer.notes(&self.path, form);
        }
        self.explorer().is_some()
    }
}

#[cfg(test)]
mod tests;
