//! The configuration.

mod made;

use crate::content_type::TypePattern;
use crate::fault::Direction;
use crate::format::Format;
use crate::patterns::Replacement;
use crate::side::{Passes, Side};
use crate::{BodyTransform, Transform};
use gatehouse_filter::config::{Fields, Node};
use gatehouse_filter::rules::{self, Rules};
use gatehouse_filter::template::Scope;
use gatehouse_filter::{Statuses, Words};
use gatehouse_json::Names;
use gatehouse_shape::{Editable, Shaping};
use std::rc::Rc;

/// Reads the configuration of the filter.
pub(crate) fn read(node: &Node<'_>) -> Option<BodyTransform> {
    let mut fields = node.fields()?;
    let hold_heads = fields.with_default("hold_heads", false, |node| node.boolean());
    let words = Words::read(&mut fields, false);
    let held = hold_heads.unwrap_or_default();
    let rules = fields
        .required("rules", |node| Rules::read_worded(&node, &words, |rule| transform(rule, held)));
    fields.finish();
    Some(BodyTransform { rules: rules?, hold_heads: hold_heads? })
}

fn transform(rule: &mut Fields<'_>, held: bool) -> Option<Rc<Transform>> {
    let captures = rules::captured_names(rule);
    let scope = |response| Scope { response, captures: &captures, ..Scope::default() };
    let request =
        rule.optional("request", |node| side(&node, &scope(false), Direction::Request, held));
    let response =
        rule.optional("response", |node| side(&node, &scope(true), Direction::Response, held));
    let request_body = rule.optional("request_body", |node| made::of_request(&node, &scope(false)));
    let response_bodies = rule.with_default("response_bodies", Vec::new(), |node| {
        made::of_responses(&node, &scope(true))
    });
    let (request, response) = (request?, response?);
    let (request_body, response_bodies) = (request_body?, response_bodies?);
    if request.is_some() && request_body.is_some() {
        return rule.node().fault("request has nothing to read: request_body replaces what came");
    }
    if request.is_none()
        && response.is_none()
        && request_body.is_none()
        && response_bodies.is_empty()
    {
        return rule.node().fault(
            "must say what happens to bodies: request, response, request_body or response_bodies",
        );
    }
    if let (None, None, Some(wording)) = (&request, &request_body, rule.given("refusal")) {
        return wording.fault("does nothing: only bodies of requests are refused in other words");
    }
    Some(Rc::new(Transform { request, response, request_body, response_bodies }))
}

fn side(node: &Node<'_>, scope: &Scope<'_>, direction: Direction, held: bool) -> Option<Side> {
    let mut fields = node.fields()?;
    let texts = fields.optional("text", |node| node.nonempty_list(|node| Replacement::read(&node)));
    let (read, write) = match &texts {
        Some(Some(_)) => {
            for field in ["read", "write", "names", "on_misfit", "operations"] {
                fields.optional(field, |node| {
                    node.fault::<()>("is of values, and a text has none: have a rule for each")
                })?;
            }
            (Some(Format::Text), Some(Format::Text))
        }
        _ => {
            let read = fields.with_default("read", Format::Json, |node| {
                node.one_of(&[
                    ("json", Format::Json),
                    ("form", Format::Form),
                    ("multipart", Format::Multipart),
                ])
            });
            let usual = read.unwrap_or(Format::Json);
            (read, fields.with_default("write", usual, |node| written(&node, direction, usual)))
        }
    };
    let usual_types = read.unwrap_or(Format::Json).usual_types();
    let types =
        fields.with_default("content_types", usual_types, |node| node.nonempty_list(type_pattern));
    let query = (write == Some(Format::Query)).then(|| {
        let most = fields.with_default("max_query", 8 << 10, max_query);
        let reroute = fields.with_default("reroute", false, |node| node.boolean());
        (most, reroute)
    });
    let (most_query, reroute) = match query {
        Some((most, reroute)) => (most?, reroute?),
        None => (0, true),
    };
    let (editable, statuses) = match direction {
        Direction::Request => (Editable::RequestHead, Some(Vec::new())),
        Direction::Response => (
            Editable::ResponseHead,
            fields.with_default("statuses", Vec::new(), |node| {
                node.nonempty_list(|node| Statuses::read(&node))
            }),
        ),
    };
    let most = fields.with_default("max_body", 1 << 20, max_body);
    let pass = |node: Node<'_>| node.one_of(&[("reject", false), ("pass", true)]);
    let oversize = fields.with_default("on_oversize", false, pass);
    let invalid = fields.with_default("on_invalid", false, pass);
    let other_type = fields.with_default("on_other_type", true, pass);
    let unknown_encoding = fields.with_default("on_unknown_encoding", false, pass);
    let keep_encoding = fields.with_default("encoding", !held, |node| {
        let keep = node.one_of(&[("plain", false), ("keep", true)])?;
        if !keep && !held {
            return node
                .fault("plain needs hold_heads: the head has gone on before the body is decoded");
        }
        Some(keep)
    });
    let names = fields.with_default("names", Names::Exact, |node| {
        node.one_of(&[("exact", Names::Exact), ("ignore_case", Names::IgnoreCase)])
    });
    let skips_misfits = fields
        .with_default("on_misfit", false, |node| node.one_of(&[("reject", false), ("skip", true)]));
    let shaping = fields.with_default("operations", Shaping::default(), |node| {
        Shaping::read(&node, scope, editable)
    });
    fields.finish();
    let shaping = shaping?;
    let passes = Passes {
        oversize: oversize?,
        invalid: invalid?,
        other_type: other_type?,
        unknown_encoding: unknown_encoding?,
    };
    if !reroute {
        return node.fault(
            "must say `reroute: true`: it changes the query and the method, and Envoy chooses the \
             route again",
        );
    }
    if !held {
        if write == Some(Format::Query) {
            return node.fault("query needs hold_heads: the head has gone on before the body");
        }
        if shaping.edits_head() {
            return node.fault(
                "set_header and set_status need hold_heads: the head has gone on before the body",
            );
        }
        if read? != write? && (passes.oversize || passes.invalid) {
            return node.fault(
                "cannot pass a body on and change its type without hold_heads: the head has gone \
                 on with the new type",
            );
        }
    }
    Some(Side {
        types: types?,
        statuses: statuses?,
        read: read?,
        write: write?,
        keep_encoding: keep_encoding?,
        most: most?,
        passes,
        names: names?,
        skips_misfits: skips_misfits?,
        shaping,
        texts: texts?.unwrap_or_default(),
        most_query,
    })
}

/// How a body is written that was read in this format.
fn written(node: &Node<'_>, direction: Direction, read: Format) -> Option<Format> {
    let format = node.choice(&[
        ("json", Format::Json),
        ("form", Format::Form),
        ("multipart", Format::Multipart),
        ("query", Format::Query),
    ])?;
    match format {
        Format::Multipart if read != Format::Multipart => {
            node.fault("multipart has the files of what was read: needs `read: multipart`")
        }
        Format::Query if direction == Direction::Response => node.fault("a response has no query"),
        format => Some(format),
    }
}

fn max_query(node: Node<'_>) -> Option<usize> {
    // Heads of 60 KiB are what Envoy and most upstreams take at most.
    const MOST: u64 = 48 << 10;
    match node.size()? {
        size @ 1..=MOST => usize::try_from(size).ok(),
        _ => node.fault("must be from 1B to 48KiB"),
    }
}

fn max_body(node: Node<'_>) -> Option<usize> {
    const MOST: u64 = 64 << 20;
    match node.size()? {
        size @ 1..=MOST => usize::try_from(size).ok(),
        _ => node.fault("must be from 1B to 64MiB"),
    }
}

fn type_pattern(node: Node<'_>) -> Option<TypePattern> {
    let text = node.text()?.to_ascii_lowercase();
    if !text.contains('/') || text.contains([';', ' ']) || text.matches('*').count() > 1 {
        return node.fault(
            "must be a type such as application/json or application/*+json, without parameters",
        );
    }
    Some(match text.split_once('*') {
        None => TypePattern { before: text, after: None },
        Some((before, after)) => {
            TypePattern { before: before.to_owned(), after: Some(after.to_owned()) }
        }
    })
}
