//! The schemas in `docs/schema` are those that the readers tell.

use gatehouse_filter::config::Outline;
use gatehouse_manual::Path;
use serde_json::Value;
use std::path::PathBuf;

#[test]
fn the_schemas_in_the_documentation_are_those_of_the_readers() {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/schema"));
    let all = gatehouse_schema::all();
    for (name, schema) in &all {
        let written =
            std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap_or_default();
        let told = gatehouse_schema::text(schema).unwrap();
        assert!(
            written == told,
            "docs/schema/{name}.json is of other readers: \
             `cargo run -p gatehouse -- schema --out docs/schema`"
        );
    }
    let files = std::fs::read_dir(folder).unwrap().count();
    assert_eq!(files, all.len(), "a file in docs/schema is of no filter");
}

#[test]
fn each_field_at_the_top_is_told_of_by_itself_or_by_what_is_in_it() {
    for filter in gatehouse_gateway::FILTERS {
        let schema = gatehouse_schema::named(filter.name).unwrap();
        let is_told = |field: &&Value| field.to_string().contains("\"description\":");
        let fields = schema["properties"].as_object().unwrap();
        let silent: Vec<&String> =
            fields.iter().filter(|(_, field)| !is_told(field)).map(|(name, _)| name).collect();
        assert!(silent.is_empty(), "{}: nothing is said of {silent:?}", filter.name);
    }
}

#[test]
fn no_readme_tells_of_a_field_that_its_filter_does_not_take() {
    for filter in gatehouse_gateway::FILTERS {
        let mut taken = Vec::new();
        paths(&gatehouse_schema::outline(filter), "", &mut taken);
        let taken: Vec<Path> = taken.iter().map(|path| Path::read(path)).collect();
        let manual = gatehouse_manual::all().into_iter().find(|it| it.name == filter.name).unwrap();
        let own = manual.fields().into_iter().filter(|field| field.document == manual.document());
        let mut looked_at = 0;
        for field in own.filter(|field| !field.default.is_empty()) {
            for path in &field.paths {
                let is_taken = taken.iter().any(|taken| taken.ends_with(path));
                assert!(is_taken, "{}: `{path}` is told of, and not taken", filter.name);
                looked_at += 1;
            }
        }
        assert!(looked_at > 2, "{}: {looked_at}", filter.name);
    }
}

/// The path of every field, in every form of what it is in.
fn paths(outline: &Outline, path: &str, found: &mut Vec<String>) {
    for (name, field) in outline.mapping.iter().flat_map(|mapping| &mapping.fields) {
        let path = format!("{path}.{name}");
        paths(&field.value, &path, found);
        found.push(path);
    }
    if let Some(list) = &outline.list {
        paths(&list.item, path, found);
    }
    if let Some(table) = &outline.table {
        paths(&table.value, path, found);
    }
}
