//! `request-size-limiting`: Envoy's own `buffer` filter.

use serde_json::json;

use super::plan::Plan;
use crate::carrying::Carrying;
use crate::envoy::{Filter, kind};
use crate::source::Read;

const NAME: &str = "request-size-limiting";
const FILTER: &str = "envoy.filters.http.buffer";
const CONFIG: &str = "envoy.extensions.filters.http.buffer.v3";

pub(super) fn filter(plans: &mut [Plan<'_>], carrying: &mut Carrying<'_>) -> Read<Option<Filter>> {
    let mut is_used = false;
    for plan in plans.iter_mut() {
        if let Some((_, own)) = plan.of_consumers.iter().find(|(_, plugin)| plugin.name == NAME) {
            let why = "the limit of one consumer: a route has one for all";
            if carrying.cannot_guard(own.node.line, &plan.subject(NAME), NAME, why) {
                plan.close(503);
            }
        }
        let Some(config) = plan.config(NAME) else { continue };
        let size = config.number_of("allowed_payload_size")?.unwrap_or(128);
        // Kong's documentation counts in tens, its code in twos: the smaller is no weaker.
        let unit: u64 = match config.text_of("size_unit")?.unwrap_or("megabytes") {
            "bytes" => 1,
            "kilobytes" => 1_000,
            "megabytes" => 1_000_000,
            other => {
                let fault = format!("bytes, kilobytes or megabytes, not {other}");
                return Err(config.not("size_unit", &fault));
            }
        };
        let most = size.saturating_mul(unit).clamp(1, u64::from(u32::MAX));
        plan.per_filter.insert(
            FILTER.to_owned(),
            json!({"@type": kind(&format!("{CONFIG}.BufferPerRoute")),
                "buffer": {"max_request_bytes": most}}),
        );
        is_used = true;
    }
    if !is_used {
        return Ok(None);
    }
    for plan in plans.iter_mut().filter(|plan| plan.config(NAME).is_none()) {
        plan.per_filter.insert(
            FILTER.to_owned(),
            json!({"@type": kind(&format!("{CONFIG}.BufferPerRoute")), "disabled": true}),
        );
    }
    let config =
        json!({"@type": kind(&format!("{CONFIG}.Buffer")), "max_request_bytes": 1_048_576});
    Ok(Some(Filter::Envoy { name: FILTER, config }))
}
