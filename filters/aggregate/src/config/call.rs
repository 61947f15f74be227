//! One call.

use super::fields;
use crate::call::{Call, Fate, NotJson, Payload};
use crate::each::{Each, How, Join};
use crate::fact::{self, Fact, Names};
use crate::noted::Noted;
use crate::target::Target;
use crate::when::Condition;
use gatehouse_filter::Statuses;
use gatehouse_filter::config::{Fields, Kind, Node};
use gatehouse_filter::fetched::Location;
use gatehouse_filter::template::Scope;
use gatehouse_json::{Document, Path};
use gatehouse_shape::{Editable, Shaping, Value};
use std::rc::Rc;
use std::time::Duration;

/// A call, and what it takes of the request's body.
pub(super) struct Read {
    pub(super) call: Call,
    pub(super) reads_body: bool,
    pub(super) names_body: bool,
}

/// Reads a call: `(calls, number)` are the names of all calls and the position of this one.
pub(super) fn read(
    node: &Node<'_>,
    (calls, number): (&[String], usize),
    captures: &[&str],
    noted: &Noted,
) -> Option<Read> {
    let mut fields = node.fields()?;
    let is_for_items = node.has("for_each");
    let scope = if is_for_items { fact::Scope::Items } else { fact::Scope::Request };
    let own = Names::new(calls, Some(number), scope, noted);
    let scope = Scope { captures, own: Some(&own), ..Scope::default() };
    let name = fields.required("name", |node| name(&node, calls.get(..number)?));
    // Before all that is read for each item: there are none yet when it is asked.
    let when = fields.with_default("when", Vec::new(), |node| {
        let when = Condition::read_all(&node, &scope, &own);
        match own.has(&Fact::Item) || own.has(&Fact::Items) {
            true => node.fault("is asked once for all items, and cannot name them"),
            false => when,
        }
    });
    let cluster = fields.required("cluster", |node| node.text().map(str::to_owned));
    let authority = fields.optional("authority", Location::read_authority);
    let method = fields.with_default("method", "GET", |node| node.one_of(&METHODS));
    let target = fields.required("path", |node| Target::read(&node, &scope));
    let passed = fields.with_default("pass_headers", Vec::new(), |node| fields::all_passed(&node));
    let headers =
        fields.with_default("headers", Vec::new(), |node| fields::templates(&node, &scope));
    let body = payload(&mut fields, &scope, &own);
    let timeout = fields.with_default("timeout", Duration::from_secs(5), |node| super::time(&node));
    let max_size = fields.with_default("max_size", 1 << 20, |node| super::size(&node));
    let statuses = fields.with_default("statuses", vec![Statuses::SUCCESSFUL], |node| {
        node.nonempty_list(|node| Statuses::read(&node))
    });
    let not_json = fields.with_default("not_json", NotJson::Fails, |node| {
        node.one_of(&[
            ("fail", NotJson::Fails),
            ("text", NotJson::Text),
            ("base64", NotJson::Base64),
        ])
    });
    let fate = fate(&mut fields);
    let each = fields.optional("for_each", |node| Each::read(&node, &own));
    let join = fields.optional("join", |node| Join::read(&node, &own));
    let after = fields.with_default("after", Vec::new(), |node| {
        node.nonempty_list(|node| {
            own.call(node.text()?).map_or_else(|fault| node.fault(fault), Some)
        })
    });
    let shaping = fields.with_default("operations", Shaping::default(), |node| {
        let scope = Scope { captures, own: Some(noted), ..Scope::default() };
        Shaping::read(&node, &scope, Editable::Nothing)
    });
    let into = fields.optional("into", |node| place(&node));
    let is_hidden = fields.with_default("hidden", false, |node| node.boolean());
    fields.finish();
    let (name, method, body, join) = (name?, method?, body?, join?);
    if matches!(method, "GET" | "HEAD" | "DELETE") && !matches!(body, Payload::Nothing) {
        return node.fault(format!("a body of a {method} has no meaning (RFC 9110 §9.3.1)"));
    }
    let each = match each? {
        Some(each) => Some(Each { how: how(node, &own, &each)?, ..each }),
        None => None,
    };
    let into = destination(node, &name, into?, is_hidden?, join.is_some())?;
    if join.is_some() && each.is_none() {
        return node.fault("join is for calls with for_each: their answers go to its items");
    }
    let (when, after) = (when?, after?);
    let (passed, headers) = (passed?, headers?);
    fields::apart(&passed, &headers, node)?;
    let (reads_body, names_body) =
        (own.reads_body() || matches!(body, Payload::OfRequest), own.reads_body());
    let facts = own.into_facts();
    let needs = needs(&facts, &when, &join, after);
    let cluster = cluster?;
    let call = Call {
        authority: authority?.unwrap_or_else(|| cluster.clone()),
        name,
        cluster,
        method,
        target: target?,
        passed,
        headers,
        body,
        timeout: timeout?,
        max_size: max_size?,
        statuses: statuses?,
        not_json: not_json?,
        fate: fate?,
        when,
        each,
        join,
        shaping: shaping?,
        into,
        facts,
        needs,
        is_looked_into: false,
    };
    Some(Read { call, reads_body, names_body })
}

const METHODS: [(&str, &str); 7] = [
    ("GET", "GET"),
    ("HEAD", "HEAD"),
    ("POST", "POST"),
    ("PUT", "PUT"),
    ("PATCH", "PATCH"),
    ("DELETE", "DELETE"),
    ("OPTIONS", "OPTIONS"),
];

/// A name of which templates, metrics and the field of partial answers can be made.
fn name(node: &Node<'_>, before: &[String]) -> Option<Rc<str>> {
    let name = node.text()?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !name.bytes().all(is_plain) {
        return node.fault("must be made of letters, digits, - and _");
    }
    if before.iter().any(|other| other == name) {
        return node.fault("must be unique: an earlier call has this name");
    }
    Some(Rc::from(name))
}

fn payload(fields: &mut Fields<'_>, scope: &Scope<'_>, own: &Names<'_>) -> Option<Payload> {
    let value = fields.optional("body", |node| {
        // A value of the body alone is no template, and keeps its type.
        if node.value().to_string().contains("${body") {
            own.note_body();
        }
        Value::read(&node, scope).map(|(value, _)| value)
    });
    let forward = fields.with_default("forward_body", false, |node| node.boolean());
    match (value?, forward?) {
        (Some(_), true) => fields.node().fault("must have either body or forward_body"),
        (Some(value), false) => Some(Payload::Json(value)),
        (None, true) => Some(Payload::OfRequest),
        (None, false) => Some(Payload::Nothing),
    }
}

fn fate(fields: &mut Fields<'_>) -> Option<Fate> {
    let optional = fields.optional("optional", |node| match node.kind() {
        Kind::Boolean => Some(node.boolean()?.then_some(None)),
        _ => {
            let mut fields = node.fields()?;
            let default = fields.required("default", |node| json(&node));
            fields.finish();
            Some(Some(Some(default?)))
        }
    });
    let passes = fields.optional("pass_client_errors", |node| node.boolean());
    match (optional?.flatten(), passes?) {
        (Some(_), Some(true)) => fields
            .node()
            .fault("pass_client_errors does nothing: an optional call's failure is no answer"),
        (Some(default), _) => Some(Fate::Optional(default)),
        (None, passes) => Some(Fate::Required { passes_client_errors: passes.unwrap_or_default() }),
    }
}

/// JSON that is always the same.
fn json(node: &Node<'_>) -> Option<Vec<u8>> {
    let json = serde_json::to_vec(node.any()).ok()?;
    match Document::read(json.clone(), 0) {
        Ok(_) => Some(json),
        Err(invalid) => node.fault(invalid.to_string()),
    }
}

/// One call for each item, or one for all: as the templates say.
fn how(node: &Node<'_>, own: &Names<'_>, each: &Each) -> Option<How> {
    let is_written = |pointer| node.value().pointer(pointer).is_some();
    match (own.has(&Fact::Item), own.has(&Fact::Items)) {
        (true, false) if is_written("/join/key") => node
            .fault("join.key does nothing: what a call for `${item}` is answered is that item's"),
        (true, false) => Some(each.how),
        (false, true) if is_written("/for_each/at_once") => {
            node.fault("for_each.at_once does nothing: `${items}` is one call")
        }
        (false, true) => Some(How::All),
        (true, true) => node.fault("must name `${item}` or `${items}`, not both"),
        (false, false) => {
            node.fault("for_each does nothing: name `${item}` (a call each) or `${items}` (one)")
        }
    }
}

/// Where the answer goes: to a member of the call's name where nothing else is said.
fn destination(
    node: &Node<'_>,
    name: &str,
    into: Option<Path>,
    is_hidden: bool,
    is_joined: bool,
) -> Option<Option<Path>> {
    match (into, is_hidden, is_joined) {
        (Some(_), true, _) => node.fault("hidden and into exclude each other"),
        (None, true, true) => node.fault("hidden does nothing: what is joined is nowhere else"),
        (into @ Some(_), ..) => Some(into),
        (None, true, _) | (None, _, true) => Some(None),
        (None, false, false) => match Path::parse(&format!("\"{name}\"")) {
            Ok(path) => Some(Some(path)),
            Err(error) => node.fault(error.to_string()),
        },
    }
}

fn place(node: &Node<'_>) -> Option<Path> {
    match gatehouse_shape::place(node)? {
        path if path.has_wildcard() => node.fault("must name one place, without `*`"),
        path if path.has_end() => node.fault("must name one place, without `-`"),
        path => Some(path),
    }
}

/// The calls that come before, each once.
fn needs(facts: &[Fact], when: &[Condition], join: &Option<Join>, after: Vec<usize>) -> Vec<usize> {
    let named = facts.iter().filter_map(|fact| match fact {
        Fact::Value { call, .. } | Fact::Status(call) => Some(*call),
        Fact::Body(_) | Fact::Item | Fact::Items => None,
    });
    let asked = when.iter().filter_map(Condition::needs);
    let joined = join.iter().map(|join| join.call);
    let mut needs: Vec<usize> = named.chain(asked).chain(joined).chain(after).collect();
    needs.sort_unstable();
    needs.dedup();
    needs
}
