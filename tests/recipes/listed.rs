//! The list of recipes, and how short the short example is.

use std::collections::BTreeSet;
use std::fs;

use gatehouse_sandbox::workspace;

#[test]
fn every_recipe_is_in_the_table_of_recipes_with_a_request_to_try() {
    let folder = workspace::root().join("envoy/recipes");
    let files: BTreeSet<String> = fs::read_dir(&folder)
        .expect("the folder")
        .map(|entry| entry.expect("a file").file_name().into_string().expect("a name"))
        .filter(|name| name.ends_with(".yaml"))
        .collect();
    let readme = fs::read_to_string(folder.join("README.md")).expect("the table");
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| [`"));
    let listed: Vec<&str> = rows
        .map(|row| {
            assert!(row.matches(" | ").count() == 2 && row.contains("`curl "), "{row}");
            row.split("`](").next().unwrap_or_default()
        })
        .collect();
    let names: BTreeSet<String> = listed.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(names, files);
    assert_eq!(listed.len(), files.len(), "none is there twice");
}

#[test]
fn seven_functions_are_130_lines_with_everything() {
    let text = fs::read_to_string(workspace::root().join("envoy/short.yaml")).expect("the example");
    assert!(text.lines().count() <= 130, "{} lines", text.lines().count());
    let functions = [
        "telemetry",
        "api-key-auth",
        "jwt-auth",
        "authorization",
        "rate-limit",
        "header-transform",
        "response-cache",
    ];
    for function in functions {
        assert!(text.contains(&format!("- {function}:")), "{function}");
    }
}
