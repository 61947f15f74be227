//! How changes to fields are configured.

use super::{HeadOperation, Keep, Pattern, Removal, Table};
use gatehouse_filter::config::{Fields, Node};
use gatehouse_filter::template::{Scope, Template};
use gatehouse_filter::{FieldChange, Head, HeaderName, HeaderValue};
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
        let head = if scope.response { Head::Response } else { Head::Request };
        let written = |node: Node<'_>| written(&node, head, scope);
        let operations = [
            fields.optional("set", written)?.map(|(name, value)| Self::Set { name, value }),
            fields.optional("append", written)?.map(|(name, value)| Self::Append { name, value }),
            fields
                .optional("add_if_absent", written)?
                .map(|(name, value)| Self::AddIfAbsent { name, value }),
            fields
                .optional("replace_if_present", written)?
                .map(|(name, value)| Self::ReplaceIfPresent { name, value }),
            fields.optional("remove", |node| removal(&node, head))?.map(Self::Remove),
            fields
                .optional("rename", |node| moved(&node, head, removable))?
                .map(|(from, to)| Self::Rename { from, to }),
            fields
                .optional("copy", |node| copied(&node, head))?
                .map(|(from, to)| Self::Copy { from, to }),
            fields.optional("dedupe", |node| dedupe(&node, head))?,
            fields.optional("map", |node| map(&node, head))?,
        ];
        Some(operations.into_iter().flatten().next())
    }
}

fn written(node: &Node<'_>, head: Head, scope: &Scope<'_>) -> Option<(HeaderName, Template)> {
    let scheme = node.value().get("value").and_then(|value| value.as_str());
    let mut fields = node.fields()?;
    let name = fields.required("name", |node| match (head, node.value().as_str(), scheme) {
        // A fixed scheme: Envoy always finds one then.
        (Head::Request, Some(name), Some("http" | "https"))
            if name.eq_ignore_ascii_case(FORWARDED_PROTO) =>
        {
            Some(HeaderName::from_static(FORWARDED_PROTO))
        }
        _ => writable(&node, head),
    });
    let value = fields.required("value", |node| {
        // The literal parts, that is: placeholders have no control characters in their names.
        value(&node)?;
        Template::read(&node, scope)
    });
    fields.finish();
    Some((name?, value?))
}

fn removal(node: &Node<'_>, head: Head) -> Option<Removal> {
    let of_head = |pattern| Removal::Pattern(head, pattern);
    let mut fields = node.fields()?;
    let removals = [
        fields.optional("name", |node| removable(&node, head))?.map(Removal::Name),
        fields.optional("prefix", |node| prefix(&node))?.map(Pattern::Prefix).map(of_head),
        fields.optional("regex", |node| regex(&node))?.map(Pattern::Regex).map(of_head),
    ];
    fields.finish();
    let mut removals = removals.into_iter().flatten();
    match (removals.next(), removals.next()) {
        (Some(removal), None) => Some(removal),
        _ => node.not_exactly_one(&["name", "prefix", "regex"]),
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

fn moved(
    node: &Node<'_>,
    head: Head,
    from: impl FnOnce(&Node<'_>, Head) -> Option<HeaderName>,
) -> Option<(HeaderName, HeaderName)> {
    let mut fields = node.fields()?;
    let from = fields.required("from", |node| from(&node, head));
    let to = fields.required("to", |node| writable(&node, head));
    fields.finish();
    let (from, to) = (from?, to?);
    if from == to {
        return node.fault("from and to must differ");
    }
    Some((from, to))
}

fn copied(node: &Node<'_>, head: Head) -> Option<(HeaderName, HeaderName)> {
    let (from, to) = moved(node, head, readable)?;
    if head == Head::Request && from.is_read_as(&to) {
        return node.fault(format!(
            "many upstreams read `{}` as `{}`, so that only one of them can stay: use `rename`",
            from.as_str(),
            to.as_str()
        ));
    }
    Some((from, to))
}

fn dedupe(node: &Node<'_>, head: Head) -> Option<HeadOperation> {
    let mut fields = node.fields()?;
    let name = fields.required("name", |node| writable(&node, head));
    let keep = fields.required("keep", |node| {
        node.one_of(&[("first", Keep::First), ("last", Keep::Last), ("unique", Keep::Unique)])
    });
    let list = fields.with_default("list", false, |node| node.boolean());
    fields.finish();
    Some(HeadOperation::Dedupe { name: name?, keep: keep?, list: list? })
}

fn map(node: &Node<'_>, head: Head) -> Option<HeadOperation> {
    let mut fields = node.fields()?;
    let from = fields.required("from", |node| readable(&node, head));
    let to = fields.required("to", |node| writable(&node, head));
    let entries = fields.required("table", |node| {
        node.table(|key, node| Some((Box::from(key.as_bytes()), value(&node)?)))
    });
    let default = fields.optional("default", |node| value(&node));
    fields.finish();
    let table = Table { entries: entries?.into_iter().collect(), default: default? };
    Some(HeadOperation::Map { from: from?, to: to?, table: Rc::new(table) })
}

fn value(node: &Node<'_>) -> Option<HeaderValue> {
    HeaderValue::try_from(node.secret()?.as_bytes())
        .map_or_else(|invalid| node.fault(invalid.to_string()), Some)
}

const FORWARDED_PROTO: &str = "x-forwarded-proto";

/// The name of a field that this filter may give a value.
fn writable(node: &Node<'_>, head: Head) -> Option<HeaderName> {
    no_pseudo_header(node)?;
    head.field(FieldChange::Write, node)
}

/// The name of a field that this filter may take away.
fn removable(node: &Node<'_>, head: Head) -> Option<HeaderName> {
    no_pseudo_header(node)?;
    head.field(FieldChange::Remove, node)
}

/// The name of a field whose values are written to another one: not what is of one connection.
fn readable(node: &Node<'_>, _head: Head) -> Option<HeaderName> {
    no_pseudo_header(node)?;
    match HeaderName::try_from(node.text()?) {
        Ok(name) if name.as_str() == "host" => node.fault("a template reads it as ${host}"),
        Ok(name) if name.is_framing() => {
            node.fault("belongs to the connection or frames the message")
        }
        Ok(name) => Some(name),
        Err(invalid) => node.fault(invalid.to_string()),
    }
}

fn no_pseudo_header(node: &Node<'_>) -> Option<()> {
    if node.text()?.starts_with(':') {
        return node.fault(
            "pseudo-header fields are changed by operations of their own: path, query, method, \
             host, status",
        );
    }
    Some(())
}
