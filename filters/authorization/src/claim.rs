//! What a claim must be.

use crate::pattern::Pattern;
use gatehouse_filter::config::{Node, may_be_number, same_number};
use gatehouse_filter::rules::Captures;
use gatehouse_filter::truth::Truth;
use gatehouse_filter::{Identity, Members};
use serde_json::{Number, Value};

/// A condition on one claim of the credential.
#[derive(Debug)]
pub(crate) struct Claim {
    /// See [`claim_names`](gatehouse_filter::claim_names).
    path: String,
    test: Test,
}

#[derive(Debug)]
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
        let path = fields.required("path", |node| node.text().map(str::to_owned));
        let any = fields.with_default("any", vec![], |node| node.nonempty_list(item));
        let all = fields.with_default("all", vec![], |node| node.nonempty_list(item));
        let present = fields.optional("present", |node| node.boolean());
        fields.finish();
        let test = match (Members::new(any?, all?), present?) {
            (Some(items), None) => Test::Items(items),
            (None, Some(present)) => Test::Present(present),
            _ => return node.fault("must have any, all or both, or else present"),
        };
        Some(Self { path: path?, test })
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The claim as it is, in JSON.
    pub(crate) fn seen(&self, identity: &Identity) -> Option<String> {
        identity.claim(&self.path).map(Value::to_string)
    }

    pub(crate) fn holds(&self, identity: &Identity, captures: &Captures) -> Truth {
        let value = identity.claim(&self.path).unwrap_or(&Value::Null);
        let items = match (&self.test, value) {
            (Test::Present(present), value) => return Some(*present != value.is_null()),
            (Test::Items(items), _) => items,
        };
        let is = |item: &Item, value: &Value| item.is(value, captures);
        match value {
            Value::Array(values) => items.hold(values, is),
            value => items.hold(std::slice::from_ref(value), is),
        }
    }
}

impl Item {
    fn read(node: &Node<'_>, captures: &[&str]) -> Option<Self> {
        /// Every whole number up to here is exact in YAML and in JSON, whoever writes them.
        const MOST: i64 = 9_007_199_254_740_991;
        match node.value() {
            Value::Bool(boolean) => Some(Self::Boolean(*boolean)),
            Value::Number(number) => match number.as_i64() {
                Some(whole) if (-MOST..=MOST).contains(&whole) => {
                    Some(Self::Number(number.clone()))
                }
                _ => node.fault(format!(
                    "must be a whole number from -{MOST} to {MOST}, or {{json: '{number}'}}"
                )),
            },
            Value::String(text) if may_be_number(text) => node.ambiguous(text, "Write a mapping,"),
            Value::Object(members) if members.contains_key("json") => {
                let mut fields = node.fields()?;
                let item = fields.required("json", |node| Self::of_json(&node));
                fields.finish();
                item
            }
            Value::String(_) | Value::Object(_) => Pattern::read(node, captures).map(Self::Text),
            _ => node.fault(
                "must be text, a whole number, true, false, {prefix: text}, {suffix: text}, \
                 {capture: name} or {json: text}",
            ),
        }
    }

    /// What a text of JSON says: a number as it stands, or a text that looks like one.
    fn of_json(node: &Node<'_>) -> Option<Self> {
        match node.json()? {
            Value::Number(number) => Some(Self::Number(number)),
            Value::String(text) if !text.is_empty() => {
                Some(Self::Text(Pattern::Exact(text.into_boxed_str())))
            }
            Value::Bool(boolean) => Some(Self::Boolean(boolean)),
            _ => node.fault("must be the JSON of a text, a number, true or false"),
        }
    }

    fn is(&self, value: &Value, captures: &Captures) -> Truth {
        match (self, value) {
            (Self::Text(pattern), Value::String(text)) => pattern.matches(text, captures),
            // A path has no types: `/accounts/42` is that of account 42.
            (Self::Text(pattern @ Pattern::Capture(_)), Value::Number(number))
                if !number.is_f64() =>
            {
                pattern.matches(&number.to_string(), captures)
            }
            (Self::Number(want), Value::Number(number)) => Some(same_number(number, want)),
            (Self::Boolean(want), Value::Bool(boolean)) => Some(boolean == want),
            _ => Some(false),
        }
    }
}
