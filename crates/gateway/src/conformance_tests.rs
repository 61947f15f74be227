//! `docs/conformance.md`, held to the cases that it names.

use std::path::Path;

#[test]
fn every_row_of_the_table_names_cases_that_there_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let table = std::fs::read_to_string(root.join("docs/conformance.md")).unwrap();
    let is_row = |line: &&str| {
        line.starts_with('|') && !line.starts_with("|---") && !line.starts_with("| Section")
    };
    let rows: Vec<&str> = table.lines().filter(is_row).collect();
    assert!(rows.len() > 30, "{} rows", rows.len());
    for row in rows {
        let cases = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        let cases: Vec<&str> = cases.split('`').skip(1).step_by(2).collect();
        assert!(!cases.is_empty(), "no case: {row}");
        for case in cases {
            let (file, name) = case.split_once("::").unwrap();
            let text = std::fs::read_to_string(root.join(file));
            let text = text.unwrap_or_else(|fault| panic!("{file}: {fault}"));
            let is_case = |indent: &str| text.contains(&format!("#[test]\n{indent}fn {name}()"));
            assert!(is_case("") || is_case("    "), "{case}");
        }
    }
}
