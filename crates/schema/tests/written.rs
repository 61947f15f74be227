//! The schemas in `docs/schema` are those that the readers tell.

use std::path::PathBuf;

#[test]
fn the_schemas_in_the_documentation_are_those_of_the_readers() {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/schema"));
    let all = gatehouse_schema::all();
    for (name, schema) in &all {
        let written = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap_or_default();
        let told = gatehouse_schema::text(schema).unwrap();
        assert!(
            written == told,
            "docs/schema/{name}.json is of other readers: `cargo run -p gatehouse -- schema --out docs/schema`"
        );
    }
    let files = std::fs::read_dir(folder).unwrap().count();
    assert_eq!(files, all.len(), "a file in docs/schema is of no filter");
}

#[test]
fn each_filter_says_of_its_fields_what_its_readme_says() {
    for filter in gatehouse_gateway::FILTERS {
        let schema = gatehouse_schema::named(filter.name).unwrap();
        let fields = schema["properties"].as_object().unwrap();
        let silent: Vec<&String> = fields
            .iter()
            .filter(|(_, field)| field.get("description").is_none())
            .map(|(name, _)| name)
            .collect();
        assert!(silent.is_empty(), "{}: nothing is said of {silent:?}", filter.name);
    }
}
