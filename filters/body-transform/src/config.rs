use crate::content_type::TypePattern;
use crate::fault::Direction;
use crate::side::{Format, Passes, Side};
use crate::{BodyTransform, Transform, form};
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
    let (request, response) = (request?, response?);
    if request.is_none() && response.is_none() {
        return rule.node().fault("must say what happens to bodies: request, response or both");
    }
    if let (None, Some(wording)) = (&request, rule.given("refusal")) {
        return wording.fault("does nothing: only bodies of requests are refused in other words");
    }
    Some(Rc::new(Transform { request, response }))
}

fn side(node: &Node<'_>, scope: &Scope<'_>, direction: Direction, held: bool) -> Option<Side> {
    let mut fields = node.fields()?;
    let read = fields.with_default("read", Format::Json, format);
    let write = fields.with_default("write", read.unwrap_or(Format::Json), format);
    let types = fields.with_default("content_types", default_types(read), |node| {
        node.nonempty_list(type_pattern)
    });
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
    if !held {
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
    })
}

fn format(node: Node<'_>) -> Option<Format> {
    node.one_of(&[("json", Format::Json), ("form", Format::Form)])
}

fn max_body(node: Node<'_>) -> Option<usize> {
    const MOST: u64 = 64 << 20;
    match node.size()? {
        size @ 1..=MOST => usize::try_from(size).ok(),
        _ => node.fault("must be from 1B to 64MiB"),
    }
}

fn default_types(read: Option<Format>) -> Vec<TypePattern> {
    let whole = |text: &str| TypePattern { before: text.to_owned(), after: None };
    match read {
        Some(Format::Form) => vec![whole(form::FORM)],
        _ => vec![
            whole("application/json"),
            TypePattern { before: "application/".to_owned(), after: Some("+json".to_owned()) },
        ],
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
