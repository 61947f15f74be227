//! An outline as a JSON Schema (draft 2020-12).

use gatehouse_filter::config::{Form, Mapping, Outline};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The dialect that every schema names.
pub(crate) const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// What there is to say of the field at a path such as `rules.match.path`, for whoever writes it.
pub(crate) type Describe<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The whole schema of what the outline is of.
pub(crate) fn document(title: &str, outline: &Outline, describe: Describe<'_>) -> Value {
    let mut writer = Writer { describe, nested: Vec::new(), definitions: BTreeMap::new() };
    let root = writer.value(outline, "");
    let mut definitions = writer.definitions;
    let root = share(root, &mut definitions);
    let mut document = Map::new();
    document.insert("$schema".to_owned(), json!(DIALECT));
    document.insert("title".to_owned(), json!(title));
    if let Value::Object(members) = root {
        document.extend(members);
    }
    document.insert("$defs".to_owned(), json!(definitions));
    Value::Object(document)
}

struct Writer<'a> {
    describe: Describe<'a>,
    /// The definitions that are being written, by the names that outlines have for them.
    nested: Vec<(&'static str, String)>,
    definitions: BTreeMap<String, Value>,
}

impl Writer<'_> {
    fn value(&mut self, outline: &Outline, path: &str) -> Value {
        let Some(name) = outline.name else { return self.forms(outline, path) };
        let key = self.free_name(name);
        // It takes the name before it is written: there may be more of its kind in it.
        self.definitions.insert(key.clone(), Value::Null);
        self.nested.push((name, key.clone()));
        let schema = self.forms(outline, path);
        self.nested.pop();
        self.definitions.insert(key.clone(), schema);
        reference(&key)
    }

    fn free_name(&self, name: &str) -> String {
        let numbered = (2_u32..).map(|number| format!("{name}{number}"));
        let mut names = std::iter::once(name.to_owned()).chain(numbered);
        names.find(|name| !self.definitions.contains_key(name)).unwrap_or_default()
    }

    /// One form, or whichever of several.
    fn forms(&mut self, outline: &Outline, path: &str) -> Value {
        let mut forms = Vec::new();
        let words: BTreeSet<&str> = outline
            .forms
            .iter()
            .filter_map(|form| match form {
                Form::Word(word) => Some(word.as_str()),
                _ => None,
            })
            .collect();
        if !words.is_empty() {
            forms.push(json!({"enum": words}));
        }
        // A secret is text as well.
        let has_secret = outline.forms.contains(&Form::Secret);
        for form in &outline.forms {
            let is_said = has_secret && matches!(form, Form::Text { .. });
            forms.extend(self.form(form).filter(|_| !is_said));
        }
        if let Some(list) = &outline.list {
            let mut schema = json!({"type": "array", "items": self.value(&list.item, path)});
            at_least_one(&mut schema, "minItems", list.may_be_empty);
            forms.push(schema);
        }
        if let Some(table) = &outline.table {
            let value = self.value(&table.value, path);
            let mut schema = json!({"type": "object", "additionalProperties": value});
            at_least_one(&mut schema, "minProperties", table.may_be_empty);
            forms.push(schema);
        }
        if let Some(mapping) = &outline.mapping {
            forms.push(self.mapping(mapping, path));
        }
        match forms.len() {
            0 => Value::Bool(false),
            1 => forms.pop().unwrap_or_default(),
            _ => json!({"anyOf": forms}),
        }
    }

    fn form(&mut self, form: &Form) -> Option<Value> {
        Some(match form {
            Form::Any => json!({}),
            Form::Text { may_be_empty: true } => json!({"type": "string"}),
            Form::Text { may_be_empty: false } => json!({"type": "string", "minLength": 1}),
            Form::Secret => {
                self.definitions.entry(SECRET.to_owned()).or_insert_with(secret);
                reference(SECRET)
            }
            Form::Word(_) => return None,
            Form::Boolean => json!({"type": "boolean"}),
            // Envoy makes texts of numbers that a double does not hold.
            Form::Integer(least, most) => json!({
                "type": ["integer", "string"], "minimum": least, "maximum": most,
                "pattern": "^[0-9]+$",
            }),
            Form::Number => json!({"type": "number"}),
            Form::Duration => json!({"type": "string", "pattern": "^[0-9]+(ms|s|m|h|d)$"}),
            Form::Size => json!({"type": "string", "pattern": "^[0-9]+(B|KiB|MiB|GiB)$"}),
            Form::Members => json!({"type": "object"}),
            Form::Nested(name) => {
                let (_, key) = self.nested.iter().rev().find(|(known, _)| known == name)?;
                reference(key)
            }
        })
    }

    fn mapping(&mut self, mapping: &Mapping, path: &str) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for (name, field) in &mapping.fields {
            // What the reader refuses whatever it is, it does not know here.
            if field.value.is_nothing() {
                continue;
            }
            let path = if path.is_empty() { (*name).to_owned() } else { format!("{path}.{name}") };
            let mut schema = self.value(&field.value, &path);
            if let (Some(text), Value::Object(members)) = ((self.describe)(&path), &mut schema) {
                members.insert("description".to_owned(), json!(text));
            }
            properties.insert((*name).to_owned(), schema);
            required.extend(field.is_required.then_some(*name));
        }
        let mut schema = json!({
            "type": "object", "properties": properties, "additionalProperties": false,
        });
        let choices = mapping.exactly_one.iter().map(|names| {
            let one = |name: &String| json!({"required": [name]});
            json!({"oneOf": names.iter().map(one).collect::<Vec<_>>()})
        });
        let choices: Vec<Value> = choices.collect();
        if let Value::Object(members) = &mut schema {
            if !required.is_empty() {
                members.insert("required".to_owned(), json!(required));
            }
            match choices.as_slice() {
                [] => {}
                [Value::Object(only)] => members.extend(only.clone()),
                several => {
                    members.insert("allOf".to_owned(), json!(several));
                }
            }
        }
        schema
    }
}

const SECRET: &str = "secret";

/// Text, or where it is.
fn secret() -> Value {
    json!({"anyOf": [
        {"type": "string", "minLength": 1},
        {
            "type": "object",
            "properties": {"env": {"type": "string", "pattern": "^[^=\\u0000]+$"}},
            "required": ["env"],
            "additionalProperties": false,
        },
    ]})
}

fn at_least_one(schema: &mut Value, keyword: &str, may_be_empty: bool) {
    if let (Value::Object(members), false) = (schema, may_be_empty) {
        members.insert(keyword.to_owned(), json!(1));
    }
}

fn reference(key: &str) -> Value {
    json!({"$ref": format!("#/$defs/{key}")})
}

/// Gives what stands there several times a definition, under the name of the field that it is of.
fn share(root: Value, definitions: &mut BTreeMap<String, Value>) -> Value {
    let mut counts = BTreeMap::new();
    count(&root, &mut counts);
    definitions.values().for_each(|definition| count(definition, &mut counts));
    let mut sharing = Sharing { counts, shared: BTreeMap::new(), taken: BTreeSet::new() };
    sharing.taken.extend(definitions.keys().cloned());
    let mut written = BTreeMap::new();
    let root = sharing.parts(root, "", &mut written);
    for (key, definition) in std::mem::take(definitions) {
        let definition = sharing.parts(definition, &key, &mut written);
        definitions.insert(key, definition);
    }
    definitions.extend(written);
    root
}

/// Shorter schemas are as easy to read where they are.
const LEAST_SHARED: usize = 160;

struct Sharing {
    counts: BTreeMap<String, usize>,
    /// The keys of definitions, by what they define.
    shared: BTreeMap<String, String>,
    taken: BTreeSet<String>,
}

impl Sharing {
    /// The same with references in place of what is shared; `name` is of the field that it is of.
    fn value(&mut self, value: Value, name: &str, written: &mut BTreeMap<String, Value>) -> Value {
        let text = value.to_string();
        let is_shared = self.counts.get(&text).is_some_and(|count| *count > 1);
        if !is_shared || text.len() < LEAST_SHARED || !value.is_object() {
            return self.parts(value, name, written);
        }
        if let Some(key) = self.shared.get(&text) {
            return reference(key);
        }
        let numbered = (2_u32..).map(|number| format!("{name}{number}"));
        let mut names = std::iter::once(name.to_owned()).chain(numbered);
        let key = names.find(|name| !self.taken.contains(name)).unwrap_or_default();
        self.taken.insert(key.clone());
        self.shared.insert(text, key.clone());
        let definition = self.parts(value, name, written);
        written.insert(key.clone(), definition);
        reference(&key)
    }

    fn parts(&mut self, value: Value, name: &str, written: &mut BTreeMap<String, Value>) -> Value {
        match value {
            Value::Object(members) => {
                let part = |(keyword, part): (String, Value)| {
                    let part = match (keyword.as_str(), part) {
                        ("properties", Value::Object(fields)) => {
                            let field = |(field, schema): (String, Value)| {
                                let schema = self.field(schema, &field, written);
                                (field, schema)
                            };
                            Value::Object(fields.into_iter().map(field).collect())
                        }
                        ("items" | "additionalProperties", part) => self.value(part, name, written),
                        ("anyOf", part) => self.parts(part, name, written),
                        (_, part) => part,
                    };
                    (keyword, part)
                };
                Value::Object(members.into_iter().map(part).collect())
            }
            Value::Array(items) => {
                items.into_iter().map(|item| self.value(item, name, written)).collect()
            }
            other => other,
        }
    }

    /// A field keeps what is said of it beside the reference.
    fn field(&mut self, schema: Value, name: &str, written: &mut BTreeMap<String, Value>) -> Value {
        let (schema, description) = undescribed(schema);
        let mut schema = self.value(schema, name, written);
        if let (Some(description), Value::Object(members)) = (description, &mut schema) {
            members.insert("description".to_owned(), description);
        }
        schema
    }
}

fn undescribed(mut schema: Value) -> (Value, Option<Value>) {
    let description = schema.as_object_mut().and_then(|members| members.remove("description"));
    (schema, description)
}

/// How often each schema stands in it.
fn count(value: &Value, counts: &mut BTreeMap<String, usize>) {
    let Value::Object(members) = value else { return };
    for (keyword, part) in members {
        let parts: Vec<&Value> = match (keyword.as_str(), part) {
            ("properties", Value::Object(fields)) => fields.values().collect(),
            ("items" | "additionalProperties", part) => vec![part],
            ("anyOf", Value::Array(parts)) => parts.iter().collect(),
            _ => continue,
        };
        for part in parts {
            let text = undescribed(part.clone()).0.to_string();
            let known = counts.entry(text).or_insert(0_usize);
            *known = known.saturating_add(1);
            count(part, counts);
        }
    }
}
