//! What was decided, each part as a text of its own: what a tag of a span can hold.

use crate::decided::Decided;
use gatehouse_filter::{Callouts, Identity, printable};
use serde_json::{Map, Value};

/// Whether a filter has refused the request: `true` or `false`.
const REFUSED: &str = "gatehouse.refused";

/// What is told of a decision. Whom it was about the identity says.
const OF_A_DECISION: [&str; 4] = ["code", "rule", "mode", "why"];

/// What is told of the identity.
const OF_THE_IDENTITY: [&str; 4] = ["issuer", "subject", "consumer", "tier"];

/// The longest value, in characters: strangers wrote some.
const MOST: usize = 200;

/// Leaves each part in filter state: `gatehouse.authorization.rule`, `gatehouse.identity.subject`.
pub(crate) fn leave(decided: &Decided<'_>, is_refused: bool, host: &dyn Callouts) {
    host.leave(REFUSED, if is_refused { b"true" } else { b"false" });
    for (filter, decision) in &decided.decisions {
        leave_parts(&filter.state, OF_A_DECISION, decision, host);
    }
    if let Some(identity) = &decided.identity {
        leave_parts(Identity::STATE, OF_THE_IDENTITY, identity, host);
    }
}

fn leave_parts(of: &str, names: [&str; 4], parts: &Map<String, Value>, host: &dyn Callouts) {
    for name in names {
        if let Some(part) = parts.get(name).and_then(Value::as_str) {
            host.leave(&format!("{of}.{name}"), printable(part, MOST).as_bytes());
        }
    }
}
