//! `freshness` of a rule.

use gatehouse_caching::FreshnessOptions;
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
        node.table(|status, node| {
            let lifetime = seconds(&node);
            Some((statuses_of(status, &node)?, lifetime?))
        })
    });
    let stale_while_revalidate = fields.optional("stale_while_revalidate", |node| seconds(&node));
    let stale_if_error = fields.optional("stale_if_error", |node| seconds(&node));
    fields.finish();
    let (default, instead, most, heuristic) = (default?, instead?, most?, heuristic?);
    if instead.is_some() {
        let useless = [
            ("default", default.is_some()),
            ("most", most.is_some()),
            ("heuristic", heuristic.is_some()),
        ];
        if let Some((name, _)) = useless.iter().find(|(_, is_there)| *is_there) {
            return node.fault(format!("`{name}` does nothing beside `override`"));
        }
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
fn statuses_of(text: &str, node: &Node<'_>) -> Option<Statuses> {
    let value = Value::String(text.to_owned());
    match gatehouse_filter::config::read_value(&value, |node| Statuses::read(&node)) {
        Ok(statuses) => Some(statuses),
        Err(_) => {
            node.fault("must be for a status from 200 to 599, or a class of them such as 5xx")
        }
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
