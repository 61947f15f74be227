//! How changes to fields are configured.

use super::{HeadOperation, Keep, Removal, Table};
use gatehouse_filter::config::{Fields, Node};
use gatehouse_filter::template::{Scope, Template};
use gatehouse_filter::{HeaderName, HeaderValue};
use regex_lite::RegexBuilder;
use std::rc::Rc;

impl HeadOperation {
    pub(crate) const NAMES: [&'static str; 9] = [
        "set",
        "append",
        "add_if_absent",
        "replace_if_present",
        "remove",
        "rename",
        "copy",
        "dedupe",
        "map",
    ];

    /// Reads the operation that is a member of a mapping: `Some(None)` where none of its members is
    /// one.
    pub(crate) fn read(fields: &mut Fields<'_>, scope: &Scope<'_>) -> Option<Option<Self>> {
        let written = |node: Node<'_>| written(&node, scope);
        let moved = |node: Node<'_>| moved(&node);
        let operations = [
            fields.optional("set", written)?.map(|(name, value)| Self::Set { name, value }),
            fields.optional("append", written)?.map(|(name, value)| Self::Append { name, value }),
            fields
                .optional("add_if_absent", written)?
                .map(|(name, value)| Self::AddIfAbsent { name, value }),
            fields
                .optional("replace_if_present", written)?
                .map(|(name, value)| Self::ReplaceIfPresent { name, value }),
            fields.optional("remove", |node| removal(&node))?.map(Self::Remove),
            fields.optional("rename", moved)?.map(|(from, to)| Self::Rename { from, to }),
            fields.optional("copy", moved)?.map(|(from, to)| Self::Copy { from, to }),
            fields.optional("dedupe", |node| dedupe(&node))?,
            fields.optional("map", |node| map(&node))?,
        ];
        Some(operations.into_iter().flatten().next())
    }
}

fn written(node: &Node<'_>, scope: &Scope<'_>) -> Option<(HeaderName, Template)> {
    let mut fields = node.fields()?;
    let name = fields.required("name", |node| header_name(&node));
    let value = fields.required("value", |node| {
        // The literal parts, that is: placeholders have no control characters in their names.
        value(&node)?;
        Template::read(&node, scope)
    });
    fields.finish();
    Some((name?, value?))
}

fn removal(node: &Node<'_>) -> Option<Removal> {
    let mut fields = node.fields()?;
    let removals = [
        fields.optional("name", |node| header_name(&node))?.map(Removal::Name),
        fields.optional("prefix", |node| prefix(&node))?.map(Removal::Prefix),
        fields.optional("regex", |node| regex(&node))?.map(Removal::Regex),
    ];
    fields.finish();
    let mut removals = removals.into_iter().flatten();
    match (removals.next(), removals.next()) {
        (Some(removal), None) => Some(removal),
        _ => node.fault("must have exactly one of name, prefix, regex"),
    }
}

fn prefix(node: &Node<'_>) -> Option<Rc<str>> {
    match HeaderName::try_from(node.text()?) {
        Ok(name) => Some(name.as_str().into()),
        Err(invalid) => node.fault(invalid.to_string()),
    }
}

/// A pattern for names, which come in lower case.
fn regex(node: &Node<'_>) -> Option<Rc<regex_lite::Regex>> {
    let regex = RegexBuilder::new(node.text()?).case_insensitive(true).build();
    regex
        .map(Rc::new)
        .map_or_else(|error| node.fault(format!("is not a valid pattern: {error}")), Some)
}

fn moved(node: &Node<'_>) -> Option<(HeaderName, HeaderName)> {
    let mut fields = node.fields()?;
    let from = fields.required("from", |node| header_name(&node));
    let to = fields.required("to", |node| header_name(&node));
    fields.finish();
    let (from, to) = (from?, to?);
    if from == to {
        return node.fault("from and to must differ");
    }
    Some((from, to))
}

fn dedupe(node: &Node<'_>) -> Option<HeadOperation> {
    let mut fields = node.fields()?;
    let name = fields.required("name", |node| header_name(&node));
    let keep = fields.required("keep", |node| {
        node.one_of(&[("first", Keep::First), ("last", Keep::Last), ("unique", Keep::Unique)])
    });
    let list = fields.with_default("list", false, |node| node.boolean());
    fields.finish();
    Some(HeadOperation::Dedupe { name: name?, keep: keep?, list: list? })
}

fn map(node: &Node<'_>) -> Option<HeadOperation> {
    let mut fields = node.fields()?;
    let from = fields.required("from", |node| header_name(&node));
    let to = fields.required("to", |node| header_name(&node));
    let entries = fields.required("table", |node| {
        node.table(|key, node| Some((Box::from(key.as_bytes()), value(&node)?)))
    });
    let default = fields.optional("default", |node| value(&node));
    fields.finish();
    let table = Table { entries: entries?.into_iter().collect(), default: default? };
    Some(HeadOperation::Map { from: from?, to: to?, table: Rc::new(table) })
}

fn value(node: &Node<'_>) -> Option<HeaderValue> {
    HeaderValue::try_from(node.text()?.as_bytes())
        .map_or_else(|invalid| node.fault(invalid.to_string()), Some)
}

/// The name of a field that this filter may change.
fn header_name(node: &Node<'_>) -> Option<HeaderName> {
    let text = node.text()?;
    if text.starts_with(':') {
        return node.fault(
            "pseudo-header fields are changed by operations of their own: path, query, method, host, status",
        );
    }
    match HeaderName::try_from(text) {
        Ok(name) if may_change(&name) => Some(name),
        Ok(name) if name.as_str() == "host" => node
            .fault("the host is changed by the operation `host`; a template reads it as ${host}"),
        Ok(_) => {
            node.fault("belongs to the connection or frames the message: Envoy writes it itself")
        }
        Err(invalid) => node.fault(invalid.to_string()),
    }
}

/// Whether a field is neither what Envoy routes by nor what frames the message.
pub(super) fn may_change(name: &HeaderName) -> bool {
    name.as_str() != "host" && !name.is_framing()
}
