//! YAML as Envoy reads it: with yaml-cpp, and by rules of its own for what a plain word is.
//!
//! They are not those of YAML 1.2: `yes` is a truth, `010` is eight, `1.5` and whatever does not
//! fit 32 bits are texts, tags mean nothing, and `<<` is a name like any other. Who reads a config
//! otherwise says other things of it than Envoy does.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use granit_parser::{Event, Parser, ScalarStyle, Span, Tag};
use serde_json::{Map, Value};

/// Aliases repeat what they stand for: a short text can stand for more than a machine holds.
const MOST_VALUES: usize = 1_000_000;

/// Reads the one document of the text.
///
/// # Errors
/// It is not YAML, a name comes twice in a mapping (Envoy takes the last one, and says nothing), or
/// there is another document (Envoy passes over it).
pub(super) fn read(text: &str) -> Result<Value> {
    let mut tree = Tree::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event?;
        tree.take(event, &span)?;
    }
    Ok(tree.root.unwrap_or_default())
}

#[derive(Default)]
struct Tree {
    root: Option<Value>,
    /// The collections that are open.
    open: Vec<Open>,
    anchors: BTreeMap<usize, (Value, usize)>,
    /// How many values there are, those that aliases repeat included.
    values: usize,
}

struct Open {
    anchor: usize,
    /// How many values there were before it.
    before: usize,
    items: Items,
}

enum Items {
    List(Vec<Value>),
    Mapping {
        members: Map<String, Value>,
        /// The name whose value comes next.
        name: Option<Name>,
    },
}

struct Name {
    text: String,
    /// `!ignore`: Envoy leaves it out.
    is_ignored: bool,
}

impl Tree {
    fn take(&mut self, event: Event<'_>, span: &Span) -> Result<()> {
        match event {
            Event::DocumentStart(..) if self.root.is_some() => {
                bail!(
                    "line {}: has another document: Envoy reads the first one only",
                    span.start.line()
                )
            }
            Event::Scalar(text, style, anchor, tag) => {
                if let Some(Items::Mapping { name: name @ None, .. }) =
                    self.open.last_mut().map(|open| &mut open.items)
                {
                    *name = Some(Name {
                        text: key(&text, style),
                        is_ignored: tag.as_deref().is_some_and(is_ignore),
                    });
                    if anchor != 0 {
                        self.anchors.insert(anchor, (scalar(&text, style, tag.as_deref()), 1));
                    }
                    return Ok(());
                }
                self.add(scalar(&text, style, tag.as_deref()), anchor, 1, span)
            }
            Event::SequenceStart(_, anchor, _) => self.open(anchor, Items::List(Vec::new()), span),
            Event::MappingStart(_, anchor, _) => {
                self.open(anchor, Items::Mapping { members: Map::new(), name: None }, span)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(anchor) => {
                let Some((value, size)) = self.anchors.get(&anchor).cloned() else {
                    bail!("line {}: an alias stands for what is not there yet", span.start.line())
                };
                if let Some(Items::Mapping { name: name @ None, .. }) =
                    self.open.last_mut().map(|open| &mut open.items)
                {
                    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    *name = Some(Name { text, is_ignored: false });
                    return Ok(());
                }
                self.add(value, 0, size, span)
            }
            _ => Ok(()),
        }
    }

    fn open(&mut self, anchor: usize, items: Items, span: &Span) -> Result<()> {
        if let Some(Items::Mapping { name: None, .. }) = self.open.last().map(|open| &open.items) {
            bail!("line {}: a name must be a word", span.start.line());
        }
        self.open.push(Open { anchor, before: self.values, items });
        Ok(())
    }

    fn close(&mut self, span: &Span) -> Result<()> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let value = match open.items {
            Items::List(items) => Value::Array(items),
            Items::Mapping { members, .. } => Value::Object(members),
        };
        let size = self.values.saturating_sub(open.before).saturating_add(1);
        self.values = open.before;
        self.add(value, open.anchor, size, span)
    }

    fn add(&mut self, value: Value, anchor: usize, size: usize, span: &Span) -> Result<()> {
        let line = span.start.line();
        self.values = self.values.saturating_add(size);
        if self.values > MOST_VALUES {
            bail!("line {line}: aliases make more than {MOST_VALUES} values of it");
        }
        if anchor != 0 {
            self.anchors.insert(anchor, (value.clone(), size));
        }
        let path = self.path();
        match self.open.last_mut().map(|open| &mut open.items) {
            None => self.root = Some(value),
            Some(Items::List(items)) => items.push(value),
            Some(Items::Mapping { members, name }) => match name.take() {
                Some(name) if !name.is_ignored => {
                    if members.contains_key(&name.text) {
                        bail!("line {line}: `{path}` comes twice: Envoy would take the last one");
                    }
                    members.insert(name.text, value);
                }
                _ => {}
            },
        }
        Ok(())
    }

    /// Where the value that comes next is.
    fn path(&self) -> String {
        let mut path = String::new();
        for open in &self.open {
            match &open.items {
                Items::List(items) => path.push_str(&format!("[{}]", items.len())),
                Items::Mapping { name, .. } => {
                    let name = name.as_ref().map_or("", |name| &name.text);
                    path.push_str(if path.is_empty() { "" } else { "." });
                    path.push_str(name);
                }
            }
        }
        path
    }
}

fn is_ignore(tag: &Tag) -> bool {
    tag.original_parts() == ("!", "ignore")
}

/// A name is its text; none at all is `null`.
fn key(text: &str, style: ScalarStyle) -> String {
    if style == ScalarStyle::Plain && is_null(text) { "null".to_owned() } else { text.to_owned() }
}

/// What is quoted is a text, unless it has a tag; what a tag says does not count.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    let is_plain = style == ScalarStyle::Plain;
    let is_text = match tag {
        None => !is_plain,
        Some(tag) => tag.original() == "!",
    };
    if is_text {
        return Value::from(text);
    }
    if tag.is_none() && is_null(text) {
        return Value::Null;
    }
    if let Some(truth) = truth(text) {
        return Value::from(truth);
    }
    match integer(text) {
        Some(number) => match i32::try_from(number) {
            Ok(number) => Value::from(number),
            Err(_) => Value::from(number.to_string()),
        },
        None => Value::from(text),
    }
}

fn is_null(text: &str) -> bool {
    ["", "~", "null", "Null", "NULL"].contains(&text)
}

/// Words of YAML 1.1, in small letters, in capitals, or with one at the start.
fn truth(text: &str) -> Option<bool> {
    let small = text.to_ascii_lowercase();
    let rest = text.get(1..)?;
    let is_spelt =
        text == small || text == text.to_ascii_uppercase() || rest == rest.to_ascii_lowercase();
    let truth = match small.as_str() {
        "y" | "yes" | "true" | "on" => true,
        "n" | "no" | "false" | "off" => false,
        _ => return None,
    };
    is_spelt.then_some(truth)
}

/// As C reads it: `0x` is hexadecimal, another zero at the start octal.
fn integer(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let hexadecimal = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"));
    let (digits, radix) = match (hexadecimal, digits.strip_prefix('0')) {
        (Some(digits), _) => (digits, 16),
        (None, Some(digits)) if !digits.is_empty() => (digits, 8),
        _ => (digits, 10),
    };
    let is_unsigned = digits.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_unsigned.then(|| i64::from_str_radix(&format!("{sign}{digits}"), radix).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// What Envoy 1.40 made of each, in the metadata of its node.
    #[test]
    fn a_plain_word_is_what_envoy_takes_it_for() {
        for (text, want) in [
            ("[y, Y, yes, Yes, YES, on, On, ON, true, True, TRUE]", Value::from(vec![true; 11])),
            ("[n, N, no, No, NO, off, Off, OFF, false, False]", Value::from(vec![false; 10])),
            ("[nO, tRUE, yEs, nULL]", json!(["nO", "tRUE", "yEs", "nULL"])),
            ("[null, ~, Null, NULL, '', \"\"]", json!([null, null, null, null, "", ""])),
            ("[1, -1, +1, 0, 010, 0x1F, 0X1f, -0x1]", json!([1, -1, 1, 0, 8, 31, 31, -1])),
            ("[0o10, 1_000, 0b11, 08, 1:30, 0x, -a]", {
                json!(["0o10", "1_000", "0b11", "08", "1:30", "0x", "-a"])
            }),
            ("[2147483647, 2147483648, -2147483649]", {
                json!([2_147_483_647, "2147483648", "-2147483649"])
            }),
            ("[9007199254740993, 99999999999999999999, 0x100000000]", {
                json!(["9007199254740993", "99999999999999999999", "4294967296"])
            }),
            ("[1.5, 1e3, .5, 5., .inf, .nan, 1.0]", {
                json!(["1.5", "1e3", ".5", "5.", ".inf", ".nan", "1.0"])
            }),
            ("['1', \"yes\", 'null', 2001-01-01]", json!(["1", "yes", "null", "2001-01-01"])),
            ("[!!str 1, !!int \"1\", ! 1, !foo 1, !!str yes, !!null x]", {
                json!([1, 1, "1", 1, true, "x"])
            }),
            ("[!!str null, !!str '', !!bool \"true\"]", json!(["null", "", true])),
            ("a: |\n  1\nb: >-\n  yes\nc:", json!({"a": "1\n", "b": "yes", "c": null})),
            ("[&a yes, *a, &b \"yes\", *b]", json!([true, true, "yes", "yes"])),
            ("{1: a, true: b, 1.5: c, '': d, ~: e}", {
                json!({"1": "a", "true": "b", "1.5": "c", "": "d", "null": "e"})
            }),
            ("{<<: {a: 1}, b: 2}", json!({"<<": {"a": 1}, "b": 2})),
            ("{!ignore a: &x {c: 1}, b: *x}", json!({"b": {"c": 1}})),
            ("%YAML 1.1\n---\na: 1\n...\n", json!({"a": 1})),
            ("", Value::Null),
        ] {
            assert_eq!(
                read(text).unwrap_or_else(|fault| panic!("{text}: {fault}")),
                want,
                "{text}"
            );
        }
    }

    #[test]
    fn what_envoy_passes_over_is_a_fault() {
        let bomb: String =
            (1..30_u32).map(|n| format!("- &a{n} [*a{0}, *a{0}]\n", n - 1)).collect();
        for (text, want) in [
            ("a: {b: 1, b: 2}", "line 1: `a.b` comes twice: Envoy would take the last one"),
            ("a:\n- c: 1\n- d: 1\n  d: 2", "line 4: `a[1].d` comes twice"),
            ("a: 1\n---\nb: 2", "has another document: Envoy reads the first one only"),
            ("a: *x", ""),
            ("? [a]\n: 1", "line 1: a name must be a word"),
            ("a: [", ""),
            ("&a [*a]", "line 1: an alias stands for what is not there yet"),
            (&format!("- &a0 1\n{bomb}"), "aliases make more than 1000000 values"),
        ] {
            let fault = read(text).expect_err(text).to_string();
            assert!(fault.contains(want), "{text}: {fault}");
        }
    }
}
