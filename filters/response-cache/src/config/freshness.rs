//! `freshness` of a rule.

use gatehouse_caching::FreshnessOptions;
use gatehouse_caching::status::{is_heuristically_cacheable, is_never_stored};
use gatehouse_filter::Statuses;
use gatehouse_filter::config::Node;
use serde_json::Value;

pub(super) fn default() -> FreshnessOptions {
    FreshnessOptions { heuristic: true, ..FreshnessOptions::default() }
}

pub(super) fn read(node: &Node<'_>) -> Option<FreshnessOptions> {
    let mut fields = node.fields()?;
    let default = fields.optional("default", |node| seconds(&node));
    let instead = fields.optional("override", |node| seconds(&node));
    let most = fields.optional("most", |node| seconds(&node));
    let heuristic = fields.optional("heuristic", |node| node.boolean());
    let statuses = fields.with_default("statuses", Vec::new(), |node| {
        let overrides = matches!(instead, Some(Some(_)));
        let mut statuses = node.table(|status, node| {
            let lifetime = seconds(&node);
            Some((status, statuses_of(status, &node, overrides)?, lifetime?))
        })?;
        // Of `404` and `4xx`, the one status counts for itself, in whatever order they are told.
        statuses.sort_by_key(|(status, ..)| *status);
        Some(statuses.into_iter().map(|(_, statuses, lifetime)| (statuses, lifetime)).collect())
    });
    let stale_while_revalidate = fields.optional("stale_while_revalidate", |node| seconds(&node));
    let stale_if_error = fields.optional("stale_if_error", |node| seconds(&node));
    fields.finish();
    let (default, instead, most, heuristic) = (default?, instead?, most?, heuristic?);
    if instead.is_some() && default.is_some() {
        return node.fault("`default` does nothing beside `override`");
    }
    Some(FreshnessOptions {
        default,
        instead,
        most,
        heuristic: heuristic.unwrap_or(true),
        statuses: statuses?,
        stale_while_revalidate: stale_while_revalidate?,
        stale_if_error: stale_if_error?,
    })
}

/// `404`, or `5xx`.
fn statuses_of(text: &str, node: &Node<'_>, overrides: bool) -> Option<Statuses> {
    let value = Value::String(text.to_owned());
    let Ok(statuses) = gatehouse_filter::config::read_value(&value, |node| Statuses::read(&node))
    else {
        return node.fault("must be for a status from 200 to 599, or a class of them such as 5xx");
    };
    match text.parse() {
        Ok(status) if is_never_stored(status) => {
            node.fault("does nothing: no response of this status is stored")
        }
        Ok(status) if overrides && status < 400 && is_heuristically_cacheable(status) => {
            node.fault("does nothing beside `override`, which is for this status")
        }
        _ => Some(statuses),
    }
}

/// Caches count in whole seconds (RFC 9111 §1.2.2).
fn seconds(node: &Node<'_>) -> Option<u32> {
    let duration = node.duration()?;
    if duration.subsec_nanos() != 0 || duration.is_zero() {
        return node.fault("must be at least 1s, in whole seconds");
    }
    u32::try_from(duration.as_secs())
        .ok()
        .filter(|seconds| *seconds <= i32::MAX.unsigned_abs())
        .or_else(|| node.fault("must be at most 24855d (RFC 9111 §1.2.2)"))
}
