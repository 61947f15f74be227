//! The values that a label is told apart by: so many at most, the same for all workers.

use crate::label::Label;
use gatehouse_filter::{Gauge, Host, SetError, Store, StoreError, Version};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

/// The values of one label. A value that is new takes a place, until there is none left: then it
/// counts as `_OTHER`. No value ever goes, as no counter does.
#[derive(Debug)]
pub(crate) struct Values {
    pub(crate) label: Label,
    /// How many there may be.
    pub(crate) most: usize,
    /// Those that have their places from the beginning.
    pub(crate) always: Vec<String>,
    /// As far as this VM has read them.
    known: RefCell<Known>,
    gauge: Cell<Gauge>,
}

#[derive(Default, Debug)]
struct Known {
    places: HashMap<Rc<str>, Value>,
    /// In their order.
    values: Vec<Rc<str>>,
}

/// A value of a label.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub(crate) enum Value {
    /// The request has none.
    #[default]
    Absent,
    /// The one at this place.
    At(u16),
    /// One that has no place.
    Other,
}

/// What stands for all values that have no place.
pub(crate) const OTHER: &str = "_OTHER";
/// The longest value that gets a place, in bytes.
const LONGEST: usize = 128;
/// Whoever loses so many races counts as `_OTHER`.
const ATTEMPTS: usize = 64;

impl Values {
    pub(crate) fn new(label: Label, most: usize, always: Vec<String>) -> Self {
        Self { label, most, always, known: RefCell::default(), gauge: Cell::default() }
    }

    /// Makes what is shared.
    ///
    /// # Errors
    /// [`StoreError`]
    pub(crate) fn prepare(&self, host: &dyn Host) -> Result<(), StoreError> {
        let labels = [("label", self.label.name())];
        self.gauge.set(host.define_gauge("gatehouse_label_values", &labels));
        host.create(&self.key(), b"")?;
        for value in &self.always {
            self.place(value.as_bytes(), host)?;
        }
        self.show_last(host)
    }

    /// The place of a value.
    ///
    /// # Errors
    /// [`StoreError`] where it is not known whether it has one.
    pub(crate) fn place(&self, value: &[u8], host: &dyn Host) -> Result<Value, StoreError> {
        let Ok(value) = std::str::from_utf8(value) else { return Ok(Value::Other) };
        if value.is_empty() {
            return Ok(Value::Absent);
        }
        if let Some(place) = self.known.borrow().places.get(value) {
            return Ok(*place);
        }
        // What stands for all others is no value of anybody's own.
        if value.len() > LONGEST || value == OTHER || self.is_full() {
            return Ok(Value::Other);
        }
        for _ in 0..ATTEMPTS {
            let (mut list, version) = self.read(host)?;
            if let Some(place) = self.known.borrow().places.get(value) {
                return Ok(*place);
            }
            if self.is_full() {
                return Ok(Value::Other);
            }
            list.push(u8::try_from(value.len()).unwrap_or_default());
            list.extend_from_slice(value.as_bytes());
            match host.set(&self.key(), &list, Some(version)) {
                Ok(()) => {
                    let place = self.learn(value);
                    self.show_last(host)?;
                    return Ok(place);
                }
                Err(SetError::Conflict) => {}
                Err(SetError::Failed) => return Err(StoreError),
            }
        }
        Ok(Value::Other)
    }

    /// The value as a label's.
    pub(crate) fn text(&self, value: Value) -> Rc<str> {
        match value {
            Value::Absent => Rc::from(""),
            Value::Other => Rc::from(OTHER),
            Value::At(place) => {
                let known = self.known.borrow();
                known.values.get(usize::from(place)).map_or_else(|| Rc::from(OTHER), Rc::clone)
            }
        }
    }

    /// Reads what others have added. The list: of each value its length, and it.
    fn read(&self, host: &dyn Store) -> Result<(Vec<u8>, Version), StoreError> {
        let (list, version) = host.get(&self.key())?.ok_or(StoreError)?;
        let mut rest = list.as_slice();
        let mut place = 0_usize;
        while let Some((length, after)) = rest.split_first() {
            let value = after.split_at_checked(usize::from(*length)).ok_or(StoreError)?;
            if place >= self.known.borrow().values.len() {
                self.learn(std::str::from_utf8(value.0).map_err(|_| StoreError)?);
            }
            place = place.saturating_add(1);
            rest = value.1;
        }
        Ok((list, version))
    }

    /// A place for the next value in the list. Another configuration may have let in more than this
    /// one tells apart.
    fn learn(&self, value: &str) -> Value {
        let mut known = self.known.borrow_mut();
        let value: Rc<str> = Rc::from(value);
        let place = match u16::try_from(known.values.len()) {
            Ok(place) if usize::from(place) < self.most => Value::At(place),
            _ => Value::Other,
        };
        known.values.push(Rc::clone(&value));
        known.places.insert(value, place);
        place
    }

    fn is_full(&self) -> bool {
        self.known.borrow().values.len() >= self.most
    }

    /// Shows how many there are: whoever shows it last has read what all had added by then.
    fn show_last(&self, host: &dyn Host) -> Result<(), StoreError> {
        loop {
            let values = self.known.borrow().values.len();
            let shown = u64::try_from(values.min(self.most)).unwrap_or(u64::MAX);
            host.set_gauge(self.gauge.get(), shown);
            self.read(host)?;
            if self.known.borrow().values.len() == values {
                return Ok(());
            }
        }
    }

    fn key(&self) -> Vec<u8> {
        [b"telemetry/", self.label.name().as_bytes()].concat()
    }
}

#[cfg(test)]
mod tests;
