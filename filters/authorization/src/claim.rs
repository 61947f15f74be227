//! What a claim must be.

use crate::claim_path::ClaimPath;
use crate::pattern::{Pattern, Wanted};
use crate::principal::Facts;
use gatehouse_filter::config::{Kind, Node, same_number};
use gatehouse_filter::truth::Truth;
use gatehouse_filter::{Identity, Members, TextPattern};
use serde_json::{Number, Value, json};
use std::borrow::Cow;

/// A condition on one claim of the credential.
#[derive(Debug, PartialEq)]
pub(crate) struct Claim {
    path: ClaimPath,
    /// What stands between the items of a list that is written as one text.
    separator: Option<Box<str>>,
    test: Test,
}

#[derive(Debug, PartialEq)]
enum Test {
    /// Whether it is there, and not null.
    Present(bool),
    /// A claim that is no list counts as a list of itself.
    Items(Members<Item>),
}

/// What a claim, or an item of it, must be. Types are not converted: the text `1` is not the
/// number 1.
#[derive(Debug, PartialEq)]
enum Item {
    Text(Pattern),
    Number(Number),
    Boolean(bool),
}

impl Claim {
    pub(crate) fn read(node: &Node<'_>, captures: &[&str]) -> Option<Self> {
        let item = |node: Node<'_>| Item::read(&node, captures);
        let mut fields = node.fields()?;
        let path = fields.required("path", |node| ClaimPath::read(&node));
        let separator = fields.optional("separator", |node| node.text().map(Box::from));
        let any = fields.with_default("any", vec![], |node| node.nonempty_list(item));
        let all = fields.with_default("all", vec![], |node| node.nonempty_list(item));
        let present = fields.optional("present", |node| node.boolean());
        fields.finish();
        let test = match (Members::new(any?, all?), present?) {
            (Some(items), None) => Test::Items(items),
            (None, Some(_)) if matches!(separator, Some(Some(_))) => {
                return node.fault("separator has no effect with present");
            }
            (None, Some(present)) => Test::Present(present),
            _ => return node.fault("must have any, all or both, or else present"),
        };
        Some(Self { path: path?, separator: separator?, test })
    }

    /// Where it is, as it was written.
    pub(crate) fn path(&self) -> &str {
        self.path.text()
    }

    /// The claim as it is, in JSON.
    pub(crate) fn seen(&self, identity: &Identity) -> Option<String> {
        if self.path.is_of_several() {
            let values = self.path.values(identity);
            return (!values.is_empty()).then(|| json!(values).to_string());
        }
        self.path.value(identity).map(Value::to_string)
    }

    pub(crate) fn holds(&self, identity: &Identity, facts: &Facts<'_>) -> Truth {
        let items = match &self.test {
            Test::Present(present) => return Some(*present == self.is_there(identity)),
            Test::Items(items) => items,
        };
        if self.path.is_of_several() || self.separator.is_some() {
            return items.hold(&self.items(identity), |item| {
                let wanted = item.wanted(facts);
                move |value: &Cow<'_, Value>| wanted.is(value)
            });
        }
        let values = match self.path.value(identity).unwrap_or(&Value::Null) {
            Value::Array(values) => values,
            value => std::slice::from_ref(value),
        };
        items.hold(values, |item| {
            let wanted = item.wanted(facts);
            move |value: &Value| wanted.is(value)
        })
    }

    fn is_there(&self, identity: &Identity) -> bool {
        match self.path.is_of_several() {
            true => self.path.values(identity).iter().any(|value| !value.is_null()),
            false => self.path.value(identity).is_some_and(|value| !value.is_null()),
        }
    }

    /// What the claim has for items, texts cut where the separator stands.
    fn items<'i>(&self, identity: &'i Identity) -> Vec<Cow<'i, Value>> {
        let values = match (self.path.is_of_several(), self.path.value(identity)) {
            (true, _) => self.path.values(identity),
            (false, Some(Value::Array(values))) => values.iter().collect(),
            (false, value) => value.into_iter().collect(),
        };
        let mut items = Vec::new();
        for value in values {
            match (value, &self.separator) {
                (Value::String(text), Some(separator)) => {
                    let parts = text.split(&**separator).map(str::trim);
                    let parts = parts.filter(|part| !part.is_empty());
                    items.extend(parts.map(|part| Cow::Owned(Value::from(part))));
                }
                (value, _) => items.push(Cow::Borrowed(value)),
            }
        }
        items
    }
}

impl Item {
    fn read(node: &Node<'_>, captures: &[&str]) -> Option<Self> {
        /// Every whole number up to here is exact in YAML and in JSON, whoever writes them.
        const MOST: i64 = 9_007_199_254_740_991;
        match node.kind() {
            Kind::Boolean => node.boolean().map(Self::Boolean),
            Kind::Number => match node.number()?.as_i64() {
                Some(whole) if (-MOST..=MOST).contains(&whole) => {
                    Some(Self::Number(whole.into()))
                }
                _ => node.fault(format!(
                    "must be a whole number from -{MOST} to {MOST}, or {{json: '{}'}}",
                    node.value()
                )),
            },
            Kind::Text if node.may_be_number() => {
                node.ambiguous(node.text()?, "Write a mapping,")
            }
            Kind::Mapping if node.has("json") => {
                let mut fields = node.fields()?;
                let item = fields.required("json", |node| Self::of_json(&node));
                fields.finish();
                item
            }
            Kind::Text | Kind::Mapping => Pattern::read(node, captures).map(Self::Text),
            _ => node.fault(
                "must be text, a whole number, true, false, {json: text}, or one of {prefix: text}, \
                 {suffix: text}, {regex: pattern}, {capture: name}, {header: name}, {query: name} \
                 and {host: '*.example.com'}",
            ),
        }
    }

    /// What a text of JSON says: a number as it stands, or a text that looks like one.
    fn of_json(node: &Node<'_>) -> Option<Self> {
        match node.json()? {
            Value::Number(number) => Some(Self::Number(number)),
            Value::String(text) if !text.is_empty() => {
                Some(Self::Text(Pattern::Text(TextPattern::Exact(text.into_boxed_str()))))
            }
            Value::Bool(boolean) => Some(Self::Boolean(boolean)),
            _ => node.fault("must be the JSON of a text, a number, true or false"),
        }
    }

    /// What is wanted of values for this request.
    fn wanted<'a>(&'a self, facts: &'a Facts<'_>) -> WantedItem<'a> {
        match self {
            Self::Text(pattern) => WantedItem::Text(pattern.wanted(facts)),
            Self::Number(number) => WantedItem::Number(number),
            Self::Boolean(boolean) => WantedItem::Boolean(*boolean),
        }
    }
}

/// What a value must be, for one request.
enum WantedItem<'a> {
    Text(Wanted<'a>),
    Number(&'a Number),
    Boolean(bool),
}

impl WantedItem<'_> {
    fn is(&self, value: &Value) -> Truth {
        match (self, value) {
            (Self::Text(wanted), Value::String(text)) => wanted.is(text),
            (Self::Text(wanted), Value::Number(number)) => wanted.is_number(number),
            (Self::Number(want), Value::Number(number)) => Some(same_number(number, want)),
            (Self::Boolean(want), Value::Bool(boolean)) => Some(boolean == want),
            _ => Some(false),
        }
    }
}
