//! Reading operations on documents from a configuration.

use crate::condition::Condition;
use crate::operation::{Operation, Step, Way};
use crate::path;
use crate::shaping::Editable;
use crate::text::{Needs, Text};
use crate::value::Value;
use gatehouse_filter::config::{Fields, Node};
use gatehouse_filter::template::Scope;
use gatehouse_filter::{FieldChange, Head, HeaderName, HeaderValue};
use gatehouse_json::{Case, Naming, Path};

/// The operations on documents.
const NAMES: [&str; 16] = [
    "set",
    "default",
    "remove",
    "rename",
    "move",
    "copy",
    "keep",
    "filter",
    "unique",
    "to_number",
    "to_text",
    "each",
    "case",
    "wrap",
    "unwrap",
    "replace",
];

/// The operations on heads.
const NAMES_OF_HEAD: [&str; 2] = ["set_header", "set_status"];

/// How deep `each` may be in `each`.
const MOST_NESTED: usize = 4;

/// Where an operation stands: what it may name, and the head that it may edit.
#[derive(Clone, Copy)]
struct Place<'a> {
    scope: &'a Scope<'a>,
    head: Option<Head>,
    /// In how many `each`.
    nested: usize,
}

impl Place<'_> {
    /// The operations that there are here.
    fn names(self) -> impl Iterator<Item = &'static str> {
        NAMES.into_iter().chain(NAMES_OF_HEAD.into_iter().filter(move |_| self.head.is_some()))
    }
}

/// Reads a list of operations.
pub(crate) fn steps(node: &Node<'_>, scope: &Scope<'_>, editable: Editable) -> Option<Vec<Step>> {
    let head = match editable {
        Editable::RequestHead => Some(Head::Request),
        Editable::ResponseHead => Some(Head::Response),
        Editable::Nothing => None,
    };
    let here = Place { scope, head, nested: 0 };
    node.list(|node| step(&node, here))
}

/// An operation: a mapping with its name as the only key.
fn step(node: &Node<'_>, here: Place<'_>) -> Option<Step> {
    node.nested("operation", |node| one_step(node, here))
}

fn one_step(node: &Node<'_>, here: Place<'_>) -> Option<Step> {
    let names: Vec<&str> = here.names().collect();
    let Some(name) = node.only_key(&names, &["when"]) else {
        return node.fault(format!(
            "must be a mapping with one key, the operation, and `when` beside it: {}",
            names.join(", ")
        ));
    };
    let mut outer = node.fields()?;
    let mut all = NAMES.into_iter().chain(NAMES_OF_HEAD);
    let Some(known) = all.find(|known| *known == name) else {
        // Makes them the known ones, so that the fault names the nearest.
        for known in here.names() {
            let _ = outer.optional(known, |_| Some(()));
        }
        outer.finish();
        return None;
    };
    let step = outer.required(known, |node| {
        let mut fields = node.fields()?;
        let read = match (NAMES_OF_HEAD.contains(&known), here.head) {
            (false, _) => operation(known, &mut fields, here),
            (true, Some(head)) => of_head(known, &mut fields, here.scope, head),
            (true, None) => {
                return node.fault("has nothing to edit: this document has no head of its own");
            }
        };
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

fn operation(name: &str, fields: &mut Fields<'_>, here: Place<'_>) -> Option<(Operation, Needs)> {
    let path = |node: Node<'_>| path::path(&node);
    let text = |node: Node<'_>| node.text().map(str::to_owned);
    let whole = || Path::parse("$").ok();
    let plain = |operation: Operation| Some((operation, Needs::default()));
    match name {
        "set" | "default" => {
            let path = fields.required("path", |node| path::place(&node));
            let value = value(fields, here.scope);
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
            let from = fields.required("path", |node| match path::path(&node)?.split_name() {
                Some((parents, name)) => Some((parents, name.to_owned())),
                None => node.fault("must end with the name of a member"),
            });
            let to = fields.required("to", text);
            let ((parents, name), to) = (from?, to?);
            plain(Operation::Rename { parents, name, to })
        }
        "move" | "copy" => {
            let from = fields.required("from", path);
            let to = fields.required("to", |node| path::place(&node));
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
        "unique" => plain(Operation::Unique { path: fields.required("path", path)? }),
        "to_number" => plain(Operation::ToNumber { path: fields.required("path", path)? }),
        "to_text" => plain(Operation::ToText { path: fields.required("path", path)? }),
        "each" => {
            let path = fields.required("path", path);
            let steps = fields.required("operations", |node| {
                if here.nested >= MOST_NESTED {
                    return node.fault("each can be in each up to four times");
                }
                let inside = Place { nested: here.nested.saturating_add(1), ..here };
                node.nonempty_list(|node| step(&node, inside))
            });
            let steps = steps?;
            let needs = steps.iter().fold(Needs::default(), |needs, step| needs.and(step.needs));
            Some((Operation::Each { path: path?, steps }, needs))
        }
        "case" => {
            let path = fields.with_default("path", whole()?, path);
            let case = fields.optional("to", |node| {
                node.one_of(&[("camel", Case::Camel), ("snake", Case::Snake)])
            });
            let names = fields.with_default("names", Vec::new(), |node| {
                node.table(|from, node| Some((from.to_owned(), node.text()?.to_owned())))
            });
            let list = |node: Node<'_>| node.nonempty_list(path_of);
            let except = fields.with_default("except", Vec::new(), list);
            let values = fields.with_default("values", Vec::new(), list);
            let (except, values) = (except?, values?);
            let (case, names) = (case?, names?);
            if case.is_none() && names.iter().all(|(from, to)| from == to) {
                return fields.node().fault("must say what names become: to, names or both");
            }
            let naming = Naming::new(case, &names);
            plain(Operation::Case { path: path?, naming, except, values })
        }
        "wrap" => {
            let path = fields.with_default("path", whole()?, path);
            let name = fields.required("name", text);
            plain(Operation::Wrap { path: path?, name: name? })
        }
        "unwrap" => {
            let path = fields.required("path", |node| match path::path(&node)? {
                path if path.has_wildcard() => node.fault("must name one value, without `*`"),
                path => Some(path),
            });
            plain(Operation::Unwrap { path: path? })
        }
        _ => {
            let (value, needs) = value(fields, here.scope)?;
            Some((Operation::Replace { value }, needs))
        }
    }
}

fn of_head(
    name: &str,
    fields: &mut Fields<'_>,
    scope: &Scope<'_>,
    head: Head,
) -> Option<(Operation, Needs)> {
    if name == "set_header" {
        let name = fields.required("name", |node| header_name(&node, head));
        let value = fields.required("value", |node| {
            if let Err(invalid) = HeaderValue::try_from(node.secret()?.as_bytes()) {
                return node.fault(invalid.to_string());
            }
            Text::read(&node, scope)
        });
        let (name, (value, needs)) = (name?, value?);
        return Some((Operation::SetHeader { name, value }, needs));
    }
    let status = fields.required("status", |node| {
        if head == Head::Request {
            return node.fault("a request has no status: set_status is for responses");
        }
        let status = node.integer(200..=599)?;
        // RFC 9110 §15.3.5, §15.3.6, §15.4.5: they have no body, and there is one.
        if matches!(status, 204 | 205 | 304) {
            return node.fault("a response with this status has no body");
        }
        Some(HeaderValue::from_number(status))
    });
    Some((Operation::SetStatus { status: status? }, Needs::default()))
}

fn path_of(node: Node<'_>) -> Option<Path> {
    path::path(&node)
}

/// A value, as YAML or as the text of JSON.
fn value(fields: &mut Fields<'_>, scope: &Scope<'_>) -> Option<(Value, Needs)> {
    let value = fields.optional("value", |node| Value::read(&node, scope));
    let json = fields.optional("json", |node| Value::read_json(&node));
    match (value?, json?) {
        (Some(value), None) => Some(value),
        (None, Some(value)) => Some((value, Needs::default())),
        (None, None) => fields.lacks("value"),
        _ => fields.node().fault("must have either value or json"),
    }
}

/// A field that this filter may write.
fn header_name(node: &Node<'_>, head: Head) -> Option<HeaderName> {
    let name = head.field(FieldChange::Write, node)?;
    if matches!(name.as_str(), "content-type" | "content-encoding") {
        return node.fault("is written by this filter itself");
    }
    Some(name)
}
