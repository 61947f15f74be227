//! When a call is made.

use crate::fact::Names;
use crate::part::Part;
use gatehouse_filter::Statuses;
use gatehouse_filter::config::Node;
use gatehouse_filter::template::{Scope, Sources, Template};

/// A condition on a fact, or on the status that an earlier call was answered with.
pub(crate) enum Condition {
    Value { value: Template, test: Test },
    Status { call: usize, statuses: Vec<Statuses> },
}

pub(crate) enum Test {
    OneOf(Vec<Vec<u8>>),
    Exists(bool),
}

impl Condition {
    /// Reads one condition, or a list of which all must hold.
    pub(crate) fn read_all(
        node: &Node<'_>,
        scope: &Scope<'_>,
        names: &Names<'_>,
    ) -> Option<Vec<Self>> {
        if node.is_list() {
            return node.nonempty_list(|node| Self::read(&node, scope, names));
        }
        Some(vec![Self::read(node, scope, names)?])
    }

    fn read(node: &Node<'_>, scope: &Scope<'_>, names: &Names<'_>) -> Option<Self> {
        let mut fields = node.fields()?;
        let value = fields.optional("value", |node| {
            let template = Template::read(&node, scope)?;
            if template.needs_request() {
                return Some(template);
            }
            node.fault("names no fact, so it is always the same: write a placeholder, `${…}`")
        });
        let identity = fields.optional("identity", |node| {
            let text = format!("${{identity.{}}}", node.text()?);
            Template::parse(&text, scope).map_or_else(|error| node.fault(error.to_string()), Some)
        });
        let call = fields.optional("call", |node| {
            names.call(node.text()?).map_or_else(|fault| node.fault(fault), Some)
        });
        let statuses =
            fields.optional("statuses", |node| node.nonempty_list(|node| Statuses::read(&node)));
        let text = |node: Node<'_>| match node.scalar()? {
            serde_json::Value::String(text) => Some(text.clone().into_bytes()),
            value => Some(value.to_string().into_bytes()),
        };
        let equals = fields.optional("equals", text);
        let one_of = fields.optional("one_of", |node| node.nonempty_list(text));
        let exists = fields.optional("exists", |node| node.boolean());
        fields.finish();
        let test = match (equals?, one_of?, exists?) {
            (Some(text), None, None) => Some(Test::OneOf(vec![text])),
            (None, Some(texts), None) => Some(Test::OneOf(texts)),
            (None, None, Some(exists)) => Some(Test::Exists(exists)),
            (None, None, None) => None,
            _ => return node.fault("must have one of equals, one_of and exists"),
        };
        match (value?, identity?, call?, statuses?, test) {
            (Some(value), None, None, None, Some(test)) => Some(Self::Value { value, test }),
            (None, Some(value), None, None, test) => {
                Some(Self::Value { value, test: test.unwrap_or(Test::Exists(true)) })
            }
            (None, None, Some(call), Some(statuses), None) => {
                Some(Self::Status { call, statuses })
            }
            _ => node.fault(
                "must be `value` with equals, one_of or exists; `identity`; or `call` with statuses",
            ),
        }
    }

    /// The call whose status it asks for.
    pub(crate) fn needs(&self) -> Option<usize> {
        match self {
            Self::Status { call, .. } => Some(*call),
            Self::Value { .. } => None,
        }
    }

    pub(crate) fn holds(&self, sources: &Sources<'_>, parts: &[Part]) -> bool {
        match self {
            Self::Status { call, statuses } => {
                let status = parts.get(*call).and_then(Part::status);
                status.is_some_and(|status| statuses.iter().any(|wanted| wanted.has(status)))
            }
            Self::Value { value, test } => {
                let mut text = Vec::new();
                let found = value.render(sources, &mut text);
                match test {
                    Test::Exists(exists) => found.is_some() == *exists,
                    Test::OneOf(texts) => found.is_some() && texts.contains(&text),
                }
            }
        }
    }
}
