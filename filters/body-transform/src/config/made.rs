//! Bodies that take the place of others, as a configuration says them.

use super::{max_body, type_pattern};
use crate::made::{Content, Escape, Made, PROBLEM, ProblemDocument, may_have_another_body};
use gatehouse_filter::config::{Fields, Node};
use gatehouse_filter::template::{Scope, Template};
use gatehouse_filter::{HeaderValue, Statuses, essence, is_grpc_or_grpc_web};
use gatehouse_shape::{Needs, Value};
use serde_json::Value as Configured;

/// Reads what takes the place of a request's body.
pub(super) fn of_request(node: &Node<'_>, scope: &Scope<'_>) -> Option<Made> {
    let fields = node.fields()?;
    made(node, fields, scope, Vec::new())
}

/// Reads what takes the place of responses' bodies.
pub(super) fn of_responses(node: &Node<'_>, scope: &Scope<'_>) -> Option<Vec<Made>> {
    let all = node.nonempty_list(|node| {
        let mut fields = node.fields()?;
        let statuses =
            fields.required("statuses", |node| node.nonempty_list(|node| statuses(&node)));
        let made = made(&node, fields, scope, Vec::new());
        Some(Made { statuses: statuses?, ..made? })
    })?;
    for (at, made) in all.iter().enumerate() {
        let before = || all.iter().take(at).filter(|before| before.types.is_none());
        let is_left = |status: &u16| {
            has(made, *status)
                && may_have_another_body(*status)
                && !before().any(|before| has(before, *status))
        };
        if !(200..600).any(|status| is_left(&status)) {
            return node.fault(format!(
                "item {at} is never used: those before it take every status of its own"
            ));
        }
    }
    Some(all)
}

fn has(made: &Made, status: u16) -> bool {
    made.statuses.iter().any(|statuses| statuses.has(status))
}

fn statuses(node: &Node<'_>) -> Option<Statuses> {
    let statuses = Statuses::read(node)?;
    match (200..600).any(|status| statuses.has(status) && may_have_another_body(status)) {
        true => Some(statuses),
        false => node.fault("a response with this status has no body, or a part of one"),
    }
}

fn made(
    node: &Node<'_>,
    mut fields: Fields<'_>,
    scope: &Scope<'_>,
    statuses: Vec<Statuses>,
) -> Option<Made> {
    let types = fields.optional("content_types", |node| node.nonempty_list(type_pattern));
    let most = fields.with_default("max_body", 1 << 20, max_body);
    let content_type = fields.optional("content_type", |node| content_type(&node));
    let said = content_type.as_ref().and_then(|given| given.as_deref());
    let json = [
        fields.optional("value", |node| {
            names_no_body(&node)?;
            Value::read(&node, scope)
        }),
        fields
            .optional("json", |node| Value::read_json(&node).map(|json| (json, Needs::default()))),
    ];
    let text = fields.optional("text", |node| text(&node, scope, said.unwrap_or(PLAIN)));
    let problem = match scope.response {
        true => fields.optional("problem", |node| problem(&node, scope)),
        false => Some(None),
    };
    fields.finish();
    let [value, fixed] = json;
    let json = [value?, fixed?].into_iter().flatten();
    let json = json.map(|(value, needs)| (Content::Value(value), needs, JSON));
    let text = text?.into_iter().map(|(content, needs)| (content, needs, PLAIN));
    let problem = problem?.into_iter().map(|(content, needs)| (content, needs, PROBLEM));
    let mut all = json.chain(text).chain(problem);
    let (Some((content, needs, usual)), None) = (all.next(), all.next()) else {
        let among = if scope.response { "value, json, text, problem" } else { "value, json, text" };
        return node.fault(format!("must have exactly one of {among}"));
    };
    let content_type = content_type?;
    if usual == PROBLEM && content_type.is_some() {
        return node.fault("content_type: a problem has its own type");
    }
    if usual == JSON && content_type.as_deref().is_some_and(|given| !is_json(given)) {
        return node.fault("content_type: must be a type of JSON, or write a text");
    }
    let content_type = HeaderValue::try_from(content_type.as_deref().unwrap_or(usual).as_bytes());
    Some(Made {
        statuses,
        types: types?,
        most: most?,
        content,
        content_type: content_type.ok()?,
        needs,
    })
}

fn content_type(node: &Node<'_>) -> Option<String> {
    let text = node.text()?;
    let is_type = essence(text.as_bytes()).split(|byte| *byte == b'/').count() == 2;
    if !is_type || HeaderValue::try_from(text.as_bytes()).is_err() || text.contains(',') {
        return node.fault("must be a type such as text/html; charset=utf-8");
    }
    if is_grpc_or_grpc_web(&essence(text.as_bytes()).to_ascii_lowercase()) {
        return node.fault("gRPC is no document");
    }
    Some(text.to_owned())
}

fn text(node: &Node<'_>, scope: &Scope<'_>, content_type: &str) -> Option<(Content, Needs)> {
    let template = template(node, scope)?;
    let kind = essence(content_type.as_bytes()).to_ascii_lowercase();
    let kind = String::from_utf8_lossy(&kind);
    let names_facts = node.text()?.replace("$$", "").contains("${");
    let escape = match Escape::of(&kind) {
        Some(escape) => escape,
        None if !names_facts => Escape::Nothing,
        None if is_json(&kind) => {
            return node.fault("cannot be JSON with placeholders: write a value");
        }
        None => {
            return node.fault(
                "has placeholders, which could say anything: they are written into plain text, \
                 HTML, XML and forms",
            );
        }
    };
    let needs = needs_of(&template);
    Some((Content::Text(template, escape), needs))
}

fn problem(node: &Node<'_>, scope: &Scope<'_>) -> Option<(Content, Needs)> {
    let mut fields = node.fields()?;
    let mut read = |name| fields.optional(name, |node| template(&node, scope));
    let (kind, title, detail) = (read("type"), read("title"), read("detail"));
    let members = fields.with_default("members", Vec::new(), |node| members(&node, scope));
    fields.finish();
    let (kind, title, detail, members) = (kind?, title?, detail?, members?);
    let texts = [&kind, &title, &detail].into_iter().flatten().map(needs_of);
    let values = members.iter().map(|(_, (_, needs))| *needs);
    let needs = texts.chain(values).fold(Needs::default(), Needs::and);
    let members = members.into_iter().map(|(name, (value, _))| (name, value)).collect();
    Some((Content::Problem(ProblemDocument { kind, title, detail, members }), needs))
}

type Member = (String, (Value, Needs));

/// Extension members (RFC 9457 §3.2), of other names than the members that there are.
fn members(node: &Node<'_>, scope: &Scope<'_>) -> Option<Vec<Member>> {
    node.table(|name, node| {
        if ["type", "title", "status", "detail"].contains(&name) {
            return node.fault("is a member of every problem, and no extension");
        }
        names_no_body(&node)?;
        Some((name.to_owned(), Value::read(&node, scope)?))
    })
}

fn template(node: &Node<'_>, scope: &Scope<'_>) -> Option<Template> {
    names_no_body(node)?;
    Template::parse(node.text()?, scope).map_or_else(|error| node.fault(error.to_string()), Some)
}

fn needs_of(template: &Template) -> Needs {
    Needs { request: template.needs_request(), response: true, clock: template.needs_clock() }
}

/// The body that came is not read.
fn names_no_body(node: &Node<'_>) -> Option<()> {
    fn names(value: &Configured) -> bool {
        match value {
            Configured::String(text) => {
                let text = text.replace("$$", "");
                text.contains("${body.") || text.contains("${body}")
            }
            Configured::Array(items) => items.iter().any(names),
            Configured::Object(members) => members.values().any(names),
            _ => false,
        }
    }
    if names(node.value()) {
        return node.fault(
            "names a value of the body that came, which is not read here: `operations` with \
             `replace` can",
        );
    }
    Some(())
}

fn is_json(content_type: &str) -> bool {
    let kind = essence(content_type.as_bytes()).to_ascii_lowercase();
    kind == b"application/json" || kind.ends_with(b"+json")
}

const JSON: &str = "application/json";
const PLAIN: &str = "text/plain; charset=utf-8";
