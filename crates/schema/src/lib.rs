//! JSON Schema (draft 2020-12) of what the filters take, made of what their readers themselves say
//! ([`gatehouse_filter::config::outline()`]) and of what their READMEs say of each field.
//!
//! A schema takes more than a reader where several values are judged together, and never less.
//! Development only: no module has it.

mod draft;
mod files;

use gatehouse_filter::config::{self, Outline};
use gatehouse_gateway::{FILTERS, Registered};
use gatehouse_manual::{Field, Manual, Path, plain};
use serde_json::Value;

/// The name of the schema of the files that have configurations of filters in them.
pub const ENVOY: &str = "envoy";

/// Every schema, by its name: those of the filters, `gateway` for `gateway.wasm`, and [`ENVOY`].
/// The last refers to the others as files beside it, `jwt-auth.json`.
pub fn all() -> Vec<(&'static str, Value)> {
    let filters = FILTERS.iter().map(|filter| (filter.name, of_filter(filter)));
    let gateway = (gatehouse_gateway::NAME, of_gateway());
    filters.chain([gateway, (ENVOY, of_files())]).collect()
}

/// The schema of this name; `None` where there is none.
pub fn named(name: &str) -> Option<Value> {
    match name {
        ENVOY => Some(of_files()),
        gatehouse_gateway::NAME => Some(of_gateway()),
        name => gatehouse_gateway::filter(name).map(of_filter),
    }
}

/// A schema as it is written to a file.
///
/// # Errors
/// None that is known: a schema has texts for names.
pub fn text(schema: &Value) -> serde_json::Result<String> {
    Ok(serde_json::to_string_pretty(schema)? + "\n")
}

/// What a filter takes.
pub fn outline(filter: &Registered) -> Outline {
    config::outline(|node| (filter.configure)(node).map(|_| ()))
}

fn of_filter(filter: &Registered) -> Value {
    let manuals = gatehouse_manual::all();
    let manual = manuals.iter().find(|manual| manual.name == filter.name);
    let fields = manual.map(Manual::fields).unwrap_or_default();
    let describe = |path: &str| {
        let row = manual?.row(&fields, &Path::read(path))?;
        Some(description(row))
    };
    draft::document(filter.name, &outline(filter), &describe)
}

fn of_gateway() -> Value {
    draft::document(gatehouse_gateway::NAME, &gatehouse_gateway::outline(), &|_| None)
}

fn of_files() -> Value {
    let names = FILTERS.iter().map(|filter| filter.name).chain([gatehouse_gateway::NAME]);
    let modules: Vec<_> = names.map(|name| (name, format!("{name}.json"))).collect();
    files::schema(draft::DIALECT, &modules)
}

/// A row of a table as a text.
fn description(row: &Field) -> String {
    let mut text = plain(&row.meaning);
    for (what, said) in [("Type", &row.kind), ("Default", &row.default)] {
        if !said.is_empty() {
            text.push_str(&format!(" {what}: {}.", plain(said)));
        }
    }
    text.trim().to_owned()
}
