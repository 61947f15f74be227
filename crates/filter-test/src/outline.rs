//! What a filter takes by its own word, held against what it does take.

use gatehouse_filter::Filter;
use gatehouse_filter::config::{self, Form, Mapping, Outline};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The outline of a filter's configuration.
pub fn outline<F: Filter>() -> Arc<Outline> {
    /// By the filter's name: it is the same for all tests.
    static KNOWN: Mutex<BTreeMap<&str, Arc<Outline>>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let outline = || Arc::new(config::outline(|node| F::configure(node).map(|_| ())));
    Arc::clone(known.entry(F::NAME).or_insert_with(outline))
}

/// Where a value is not what the outline says; `None` where it is.
pub fn misfit(outline: &Outline, value: &Value) -> Option<String> {
    misfit_at(outline, &[], value, "")
}

/// `outer` are those around it that have names.
fn misfit_at(outline: &Outline, outer: &[&Outline], value: &Value, path: &str) -> Option<String> {
    let outer: Vec<&Outline> =
        outer.iter().copied().chain(outline.name.is_some().then_some(outline)).collect();
    let is_form = |form: &Form| match form {
        Form::Nested(name) => {
            let named = outer.iter().rev().find(|outline| outline.name == Some(name));
            named.is_some_and(|named| misfit_at(named, &outer, value, path).is_none())
        }
        form => is(form, value),
    };
    if outline.forms.iter().any(is_form) {
        return None;
    }
    let among = |(name, outline): (String, &Outline), value: &Value| {
        misfit_at(outline, &outer, value, &name)
    };
    let whole = |what: &str| Some(format!("{path}: {what}: {value}"));
    match (value, &outline.list, &outline.mapping, &outline.table) {
        (Value::Array(items), Some(list), ..) => match items.as_slice() {
            [] if !list.may_be_empty => whole("is an empty list"),
            items => items.iter().find_map(|item| among((format!("{path}[]"), &list.item), item)),
        },
        (Value::Object(members), _, Some(mapping), table) => {
            let misfit = misfit_in(mapping, members, path, &among);
            let Some(table) = table else { return misfit };
            misfit.filter(|_| {
                members.values().any(|value| misfit_at(&table.value, &outer, value, path).is_some())
            })
        }
        (Value::Object(members), _, None, Some(table)) if members.is_empty() => {
            (!table.may_be_empty).then(|| whole("is an empty mapping")).flatten()
        }
        (Value::Object(members), _, None, Some(table)) => members
            .iter()
            .find_map(|(name, value)| among((format!("{path}.{name}"), &table.value), value)),
        _ => whole("has another form"),
    }
}

/// Where the value at a path, which the outline is of, does not fit.
type Among<'a> = &'a dyn Fn((String, &Outline), &Value) -> Option<String>;

fn misfit_in(
    mapping: &Mapping,
    members: &serde_json::Map<String, Value>,
    path: &str,
    among: Among<'_>,
) -> Option<String> {
    for names in &mapping.exactly_one {
        let there = names.iter().filter(|name| members.contains_key(name.as_str())).count();
        if there != 1 {
            return Some(format!("{path}: has {there} of {names:?}"));
        }
    }
    let lacks = |(name, field): &(&&str, &config::Field)| {
        field.is_required && !members.contains_key(**name)
    };
    if let Some((name, _)) = mapping.fields.iter().find(lacks) {
        return Some(format!("{path}: lacks {name}"));
    }
    members.iter().find_map(|(name, value)| match mapping.fields.get(name.as_str()) {
        Some(field) => among((format!("{path}.{name}"), &field.value), value),
        None => Some(format!("{path}: has {name}")),
    })
}

fn is(form: &Form, value: &Value) -> bool {
    let has_unit = |units: &[&str]| {
        let text = value.as_str().unwrap_or_default();
        units.iter().any(|unit| {
            let number = text.strip_suffix(unit).unwrap_or_default();
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    match form {
        Form::Any => true,
        Form::Text { may_be_empty } => {
            value.as_str().is_some_and(|text| *may_be_empty || !text.is_empty())
        }
        Form::Secret => value.is_string() || value.get("env").is_some_and(Value::is_string),
        Form::Word(word) => value.as_str() == Some(word),
        Form::Boolean => value.is_boolean(),
        Form::Integer(least, most) => {
            let number =
                value.as_u64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
            number.is_some_and(|number| (least..=most).contains(&&number))
        }
        Form::Number => value.is_number(),
        Form::Duration => has_unit(&["ms", "s", "m", "h", "d"]),
        Form::Size => has_unit(&["KiB", "MiB", "GiB", "B"]),
        Form::Members => value.is_object(),
        Form::Nested(_) => false,
    }
}
