//! The configuration, read into what a request needs.

mod call;
mod fields;
mod idle;
mod order;

use crate::call::Call;
use crate::composition::{Composition, Partial};
use crate::fact::{self, Fact, Names};
use crate::merge::Merge;
use crate::noted::Noted;
use call::Read;
use gatehouse_filter::config::{Fields, Node};
use gatehouse_filter::rules::{self, Rules};
use gatehouse_filter::template::{Scope, Template};
use gatehouse_filter::{FieldChange, Head, HeaderName, Words};
use gatehouse_json::Path;
use gatehouse_shape::{Editable, Shaping};
use std::cell::OnceCell;
use std::collections::HashSet;
use std::rc::Rc;
use std::time::Duration;

/// Reads the configuration of the filter.
pub(crate) fn read(node: &Node<'_>) -> Option<Rules<Rc<Composition>>> {
    let mut fields = node.fields()?;
    let words = Words::read(&mut fields, false);
    let rules = fields.required("rules", |node| Rules::read_worded(&node, &words, composition));
    fields.finish();
    let rules: Rules<Composition> = rules?;
    // Which rule a request falls under hangs on what those before it ask for, too.
    let mut asked: Vec<String> = Vec::new();
    let mut asks_for_client = false;
    let asked_by = rules.iter().map(|rule| {
        asked.extend(rule.fields().map(str::to_owned));
        asks_for_client |= rule.asks_for_client();
        (asked.clone(), asks_for_client)
    });
    let mut asked_by = asked_by.collect::<Vec<_>>().into_iter();
    Some(rules.map(|name, mut composition| {
        let (asked, is_of_somebody) = asked_by.next().unwrap_or_default();
        composition.is_of_somebody |= is_of_somebody;
        for name in asked {
            if !composition.vary.contains(&name) {
                composition.vary.push(name);
            }
        }
        Rc::new(Composition { rule: Rc::from(name), ..composition })
    }))
}

fn composition(rule: &mut Fields<'_>) -> Option<Composition> {
    let captures = rules::captured_names(rule);
    let names = call_names(rule);
    let noted = Noted::default();
    let scope = Scope { captures: &captures, ..Scope::default() };
    let timeout = rule.with_default("timeout", Duration::from_secs(5), |node| time(&node));
    let max_calls = rule.with_default("max_calls", 64, |node| node.integer(1..=1000));
    let max_size = rule.with_default("max_size", 8 << 20, |node| size(&node));
    let max_body = rule.optional("max_body", |node| size(&node));
    let passed = rule.with_default("pass_headers", Vec::new(), |node| fields::all_passed(&node));
    let headers = rule.with_default("headers", identity_fields(&scope)?, |node| {
        if node.is_empty_mapping() {
            return Some(Vec::new());
        }
        let scope = Scope { own: Some(&noted), ..scope };
        fields::templates(&node, &scope)
    });
    let calls = rule.required("calls", |node| {
        let mut number = 0_usize;
        node.nonempty_list(|node| {
            let call = call::read(&node, (&names, number), &captures, &noted);
            number = number.saturating_add(1);
            call
        })
    });
    let merge = rule.with_default("merge", Merge::default(), |node| Merge::read(&node));
    let shaping = rule.with_default("operations", Shaping::default(), |node| {
        let scope = Scope { own: Some(&noted), ..scope };
        Shaping::read(&node, &scope, Editable::Nothing)
    });
    let own = Names::new(&names, None, fact::Scope::Whole, &noted);
    let response = rule.with_default("response_headers", Vec::new(), |node| {
        let scope = Scope { own: Some(&own), ..scope };
        let fields = node.table(|name, node| response_field(name, &node, &scope))?;
        fields::apart_from_each_other(fields, &node)
    });
    let has_entity_tag = rule.with_default("etag", false, |node| node.boolean());
    let partial = rule.optional("partial", |node| partial(&node));
    let node = rule.node();
    let mut calls = calls?;
    if let Some(cycle) = order::cycle(&calls) {
        return node.fault(format!("calls wait for each other: {cycle}"));
    }
    let merge = merge?;
    let sure = order::sure(&calls);
    if let Some((first, second)) = in_one_place(&calls, &sure, merge) {
        return node.fault(format!(
            "the calls {first} and {second} go to one place, which is always a conflict: give one \
             another `into`, or say in `merge` what happens"
        ));
    }
    let reads_body = calls.iter().any(|read| read.reads_body);
    let max_body = match (max_body?, reads_body) {
        (max_body, true) => Some(max_body.unwrap_or(1 << 20)),
        (None, false) => None,
        (Some(_), false) => return node.fault("max_body does nothing: no call uses the body"),
    };
    let (timeout, max_calls, max_size) = (timeout?, usize::try_from(max_calls?).ok()?, max_size?);
    let (passed, headers, response) = (passed?, headers?, response?);
    let partial = partial?.unwrap_or(Partial { header: PARTIAL, member: None });
    let (has_entity_tag, response_facts) = (has_entity_tag?, own.into_facts());
    tell_looked_into(&mut calls, merge, &response_facts);
    let whole = idle::Whole {
        written: rule.node().value(),
        calls: &calls,
        sure: &sure,
        timeout,
        max_calls,
        max_size,
        merge,
        partial: &partial,
        has_entity_tag,
        response: response.iter().map(|(name, _)| name).collect(),
        facts: &response_facts,
    };
    let faults = whole.faults();
    for fault in &faults {
        let _: Option<()> = node.fault(fault);
    }
    fields::apart(&passed, &headers, node)?;
    if !faults.is_empty() {
        return None;
    }
    Some(Composition {
        rule: Rc::from(""),
        names_body: calls.iter().any(|read| read.names_body),
        joins: order::joins(&calls),
        calls: calls.into_iter().map(|read| read.call).collect(),
        timeout,
        max_calls,
        max_size,
        reads_body: max_body,
        passed,
        headers,
        merge,
        shaping: shaping?,
        response,
        response_facts,
        is_of_somebody: noted.names_identity(),
        vary: noted.into_headers(),
        has_entity_tag,
        partial,
        meters: OnceCell::new(),
    })
}

/// Tells the calls of which more is used than the answer as a whole: by other calls, by fields of the
/// reply, by operations, or where it is merged with others.
fn tell_looked_into(calls: &mut [Read], merge: Merge, response_facts: &[Fact]) {
    let of_fields = response_facts.iter().filter_map(|fact| match fact {
        Fact::Value { call, .. } => Some(*call),
        _ => None,
    });
    let needed = calls.iter().flat_map(|read| read.call.needs.iter().copied());
    let used: HashSet<usize> = of_fields.chain(needed).collect();
    for (number, Read { call, .. }) in calls.iter_mut().enumerate() {
        call.is_looked_into = used.contains(&number)
            || call.join.is_some()
            || !call.shaping.is_empty()
            || call.into.as_ref().is_some_and(Path::is_root)
            || merge.looks_into();
    }
}

/// The names of all calls: templates may name any of them, also a later one. What is wrong with a
/// name is told where the call is read.
fn call_names(rule: &Fields<'_>) -> Vec<String> {
    let calls = rule.node().value().get("calls").and_then(|calls| calls.as_array());
    let name = |call: &serde_json::Value| {
        call.get("name").and_then(|name| name.as_str()).unwrap_or_default().to_owned()
    };
    calls.map(|calls| calls.iter().map(name).collect()).unwrap_or_default()
}

/// Who the request is from, as the other filters' examples tell upstreams.
fn identity_fields(scope: &Scope<'_>) -> Option<Vec<(HeaderName, Template)>> {
    let field =
        |name, text| Some((HeaderName::from_static(name), Template::parse(text, scope).ok()?));
    Some(vec![
        field("x-user", "${identity.subject}")?,
        field("x-consumer", "${identity.consumer}")?,
    ])
}

fn response_field(
    name: &str,
    node: &Node<'_>,
    scope: &Scope<'_>,
) -> Option<(HeaderName, Template)> {
    let name = match HeaderName::try_from(name) {
        Ok(name) => name,
        Err(invalid) => return node.fault(invalid.to_string()),
    };
    if let Some(owner) = Head::Response.owner(FieldChange::Write, &name) {
        return node.fault(owner);
    }
    if matches!(name.as_str(), "content-type" | "content-encoding" | "etag") {
        return node.fault("is written by this filter itself");
    }
    Some((name, Template::read(node, scope)?))
}

fn partial(node: &Node<'_>) -> Option<Partial> {
    let mut fields = node.fields()?;
    let header = fields.with_default("header", PARTIAL, |node| {
        let name = Head::Response.field(FieldChange::Write, &node)?;
        match name.as_str() {
            "content-type" | "content-encoding" | "etag" | "cache-control" | "vary" => {
                node.fault("is written by this filter itself")
            }
            _ => Some(name),
        }
    });
    let member = fields.optional("member", |node| node.text().map(Box::from));
    fields.finish();
    Some(Partial { header: header?, member: member? })
}

/// Two calls whose answers always meet, where that is always an error: what the later one brings
/// goes where the earlier one has put something, or around it.
fn in_one_place<'a>(
    calls: &'a [call::Read],
    sure: &[bool],
    merge: Merge,
) -> Option<(&'a str, &'a str)> {
    if merge != Merge::default() {
        return None;
    }
    let places = calls.iter().zip(sure).filter(|(_, is_sure)| **is_sure);
    let places: Vec<(&Call, &Path)> =
        places.filter_map(|(read, _)| Some((&read.call, read.call.into.as_ref()?))).collect();
    places.iter().enumerate().find_map(|(number, (call, into))| {
        let mut before = places.iter().take(number);
        let (other, _) = before.find(|(_, other)| other.leads_through(into) && !into.is_root())?;
        Some((&*other.name, &*call.name))
    })
}

/// A time of which something is left in milliseconds, and no more than an hour.
fn time(node: &Node<'_>) -> Option<Duration> {
    match node.duration()? {
        time if (MILLISECOND..=HOUR).contains(&time) => Some(time),
        _ => node.fault("must be from 1ms to 1h"),
    }
}

fn size(node: &Node<'_>) -> Option<usize> {
    const MOST: u64 = 32 << 20;
    match node.size()? {
        size @ 1..=MOST => usize::try_from(size).ok(),
        _ => node.fault("must be from 1B to 32MiB, which is all that Envoy keeps of an answer"),
    }
}

const MILLISECOND: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_secs(3600);
const PARTIAL: HeaderName = HeaderName::from_static("x-gatehouse-partial");
