use crate::condition::{self, Condition};
use crate::operation::{Operation, Step, Way};
use crate::text::{Needs, Text};
use crate::value::Value;
use gatehouse_filter::config::{Fields, Node};
use gatehouse_filter::template::Scope;
use gatehouse_filter::{FieldChange, Head, HeaderName, HeaderValue};
use gatehouse_json::{Case, Path};

const NAMES: [&str; 15] = [
    "set",
    "default",
    "remove",
    "rename",
    "move",
    "copy",
    "keep",
    "filter",
    "each",
    "case",
    "wrap",
    "unwrap",
    "replace",
    "set_header",
    "set_status",
];

/// How deep `each` may be in `each`.
const MOST_NESTED: usize = 4;

/// An operation: a mapping with its name as the only key.
pub(super) fn step(node: &Node<'_>, scope: &Scope<'_>, nested: usize) -> Option<Step> {
    let keys = node
        .value()
        .as_object()
        .map(|members| members.keys().filter(|key| *key != "when").collect::<Vec<_>>());
    let Some([name]) = keys.as_deref() else {
        return node.fault(format!(
            "must be a mapping with one key, the operation, and `when` beside it: {}",
            NAMES.join(", ")
        ));
    };
    let mut outer = node.fields()?;
    let Some(known) = NAMES.iter().find(|known| **known == name.as_str()) else {
        // Makes them the known ones, so that the fault names the nearest.
        for known in NAMES {
            let _ = outer.optional(known, |_| Some(()));
        }
        outer.finish();
        return None;
    };
    let step = outer.required(known, |node| {
        let mut fields = node.fields()?;
        let read = operation(known, &mut fields, scope, nested);
        fields.optional("when", |node| {
            node.fault::<()>(format!(
                "stands beside the operation: `{{{known}: {{…}}, when: {{…}}}}`"
            ))
        })?;
        fields.finish();
        read
    });
    let when = outer.optional("when", |node| Condition::read(&node));
    outer.finish();
    let (operation, needs) = step?;
    Some(Step { when: when?, operation, needs })
}

fn operation(
    name: &str,
    fields: &mut Fields<'_>,
    scope: &Scope<'_>,
    nested: usize,
) -> Option<(Operation, Needs)> {
    let path = |node: Node<'_>| condition::path(&node);
    let text = |node: Node<'_>| node.text().map(str::to_owned);
    let whole = || Path::parse("$").ok();
    let plain = |operation: Operation| Some((operation, Needs::default()));
    match name {
        "set" | "default" => {
            let path = fields.required("path", |node| condition::place(&node));
            let value = value(fields, scope);
            let (path, (value, needs)) = (path?, value?);
            let set = name == "set";
            Some((
                if set {
                    Operation::Set { path, value }
                } else {
                    Operation::Default { path, value }
                },
                needs,
            ))
        }
        "remove" => {
            let one = fields.optional("path", path);
            let many = fields.optional("paths", |node| node.nonempty_list(path));
            match (one?, many?) {
                (Some(path), None) => plain(Operation::Remove { paths: vec![path] }),
                (None, Some(paths)) => plain(Operation::Remove { paths }),
                _ => fields.node().fault("must have either path or paths"),
            }
        }
        "rename" => {
            let from = fields.required("path", |node| match condition::path(&node)?.split_name() {
                Some((parents, name)) => Some((parents, name.to_owned())),
                None => node.fault("must end with the name of a member"),
            });
            let to = fields.required("to", text);
            let ((parents, name), to) = (from?, to?);
            plain(Operation::Rename { parents, name, to })
        }
        "move" | "copy" => {
            let from = fields.required("from", path);
            let to = fields.required("to", |node| condition::place(&node));
            let (from, to) = (from?, to?);
            let Some((common, from, to)) = from.fork(&to) else {
                return fields.node().fault("from and to must be the same up to their last `*`");
            };
            if from == to {
                return fields.node().fault("from and to must differ");
            }
            let way = Way { common, from, to };
            plain(if name == "move" { Operation::Move(way) } else { Operation::Copy(way) })
        }
        "keep" => {
            let path = fields.with_default("path", whole()?, path);
            let names = fields.required("names", |node| node.nonempty_list(text));
            plain(Operation::Keep { path: path?, names: names? })
        }
        "filter" => {
            let path = fields.required("path", path);
            let keep = fields.optional("keep", |node| Condition::read(&node));
            let drop = fields.optional("drop", |node| Condition::read(&node));
            let path = path?;
            match (keep?, drop?) {
                (Some(condition), None) => plain(Operation::Filter { path, want: true, condition }),
                (None, Some(condition)) => {
                    plain(Operation::Filter { path, want: false, condition })
                }
                _ => fields.node().fault("must have either keep or drop"),
            }
        }
        "each" => {
            let path = fields.required("path", path);
            let steps = fields.required("operations", |node| {
                if nested >= MOST_NESTED {
                    return node.fault("each can be in each up to four times");
                }
                node.nonempty_list(|node| step(&node, scope, nested.saturating_add(1)))
            });
            let steps = steps?;
            let needs = steps.iter().fold(Needs::default(), |needs, step| needs.and(step.needs));
            Some((Operation::Each { path: path?, steps }, needs))
        }
        "case" => {
            let path = fields.with_default("path", whole()?, path);
            let case = fields.required("to", |node| {
                node.one_of(&[("camel", Case::Camel), ("snake", Case::Snake)])
            });
            let list = |node: Node<'_>| node.nonempty_list(path_of);
            let except = fields.with_default("except", Vec::new(), list);
            let values = fields.with_default("values", Vec::new(), list);
            let (except, values) = (except?, values?);
            plain(Operation::Case { path: path?, case: case?, except, values })
        }
        "wrap" => {
            let path = fields.with_default("path", whole()?, path);
            let name = fields.required("name", text);
            plain(Operation::Wrap { path: path?, name: name? })
        }
        "unwrap" => {
            let path = fields.required("path", |node| match condition::path(&node)? {
                path if path.has_wildcard() => node.fault("must name one value, without `*`"),
                path => Some(path),
            });
            plain(Operation::Unwrap { path: path? })
        }
        "replace" => {
            let (value, needs) = value(fields, scope)?;
            Some((Operation::Replace { value }, needs))
        }
        "set_header" => {
            let name = fields.required("name", |node| header_name(&node, scope));
            let value = fields.required("value", |node| {
                if let Err(invalid) = HeaderValue::try_from(node.text()?.as_bytes()) {
                    return node.fault(invalid.to_string());
                }
                let text = Text::read(&node, scope)?;
                let needs = text.needs(node.value().as_str().unwrap_or_default());
                Some((text, needs))
            });
            let (name, (value, needs)) = (name?, value?);
            Some((Operation::SetHeader { name, value }, needs))
        }
        _ => {
            let status = fields.required("status", |node| {
                if !scope.response {
                    return node.fault("a request has no status: set_status is for responses");
                }
                let status = node.integer(200..=599)?;
                // RFC 9110 §15.3.5, §15.3.6, §15.4.5: they have no body, and there is one.
                if matches!(status, 204 | 205 | 304) {
                    return node.fault("a response with this status has no body");
                }
                Some(HeaderValue::from_number(status))
            });
            plain(Operation::SetStatus { status: status? })
        }
    }
}

fn path_of(node: Node<'_>) -> Option<Path> {
    condition::path(&node)
}

/// A value, as YAML or as the text of JSON.
fn value(fields: &mut Fields<'_>, scope: &Scope<'_>) -> Option<(Value, Needs)> {
    let value = fields.optional("value", |node| Value::read(&node, scope));
    let json = fields.optional("json", |node| Value::read_json(&node));
    match (value?, json?) {
        (Some(value), None) => Some(value),
        (None, Some(value)) => Some((value, Needs::default())),
        (None, None) => fields.required("value", |_| None),
        _ => fields.node().fault("must have either value or json"),
    }
}

/// A field that this filter may write.
fn header_name(node: &Node<'_>, scope: &Scope<'_>) -> Option<HeaderName> {
    let head = if scope.response { Head::Response } else { Head::Request };
    let name = head.field(FieldChange::Write, node)?;
    if matches!(name.as_str(), "content-type" | "content-encoding") {
        return node.fault("is written by this filter itself");
    }
    Some(name)
}
