//! JSON Schema (draft 2020-12) of what the filters take, made of what their readers themselves say:
//! see [`gatehouse_filter::config::outline()`].
//!
//! A schema takes more than a reader where several values are judged together, and never less.
//! Development only: no module has it.

mod draft;

use gatehouse_filter::config::outline;
use gatehouse_gateway::Registered;
use serde_json::Value;

/// The schema of a filter's configuration.
pub fn of_filter(filter: &Registered) -> Value {
    let outline = outline(|node| (filter.configure)(node).map(|_| ()));
    draft::document(filter.name, &outline, &|_| None)
}

/// The schema of the configuration of `gateway.wasm`.
pub fn of_gateway() -> Value {
    draft::document(gatehouse_gateway::NAME, &gatehouse_gateway::outline(), &|_| None)
}

#[cfg(test)]
mod tests {
    #[test]
    fn show() {
        for filter in gatehouse_gateway::FILTERS {
            let s = super::of_filter(filter);
            std::fs::write(
                format!("/tmp/schema-{}.json", filter.name),
                serde_json::to_string_pretty(&s).unwrap(),
            )
            .unwrap();
        }
        std::fs::write(
            "/tmp/schema-gateway.json",
            serde_json::to_string_pretty(&super::of_gateway()).unwrap(),
        )
        .unwrap();
    }
}
