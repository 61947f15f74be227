//! `docs/writing-a-filter.md` says what is compiled: each of its Rust blocks is in a file of this
//! crate, or in the template of `cargo xtask new` under the name of the document's example.
#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, reason = "an overflow in a test fails it")]

use std::fs;
use std::path::{Path, PathBuf};

const DOCUMENT: &str = "docs/writing-a-filter.md";
/// Compiled as parts of this crate; but for the end-to-end cases, which the step `new` compiles and
/// runs.
const COMPILED: [&str; 2] = ["crates/guide/src", "xtask/src/new/template"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// The Rust files below a folder, as the document spells them.
fn sources(folder: &Path, all: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, all);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            all.push(
                text.replace("my-filter", "tenant-check")
                    .replace("my_filter", "tenant_check")
                    .replace("MyFilter", "TenantCheck"),
            );
        }
    }
}

/// The blocks of a language, each with the number of its first line.
fn blocks(document: &str, language: &str) -> Vec<(usize, String)> {
    let mut blocks = Vec::new();
    let mut inside: Option<(usize, String, bool)> = None;
    for (number, line) in (1..).zip(document.lines()) {
        let fence = line.strip_prefix("```");
        match (&mut inside, fence) {
            (None, Some(info)) => inside = Some((number + 1, String::new(), info == language)),
            (None, None) => {}
            (Some((first, text, is_wanted)), Some(_)) => {
                if *is_wanted {
                    blocks.push((*first, std::mem::take(text)));
                }
                inside = None;
            }
            (Some((_, text, _)), None) => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    assert!(inside.is_none(), "a block without an end");
    blocks
}

/// Whether these lines stand in the text one after the other, each whole, all indented by the same.
fn holds(text: &str, block: &str) -> bool {
    let lines: Vec<&str> = text.lines().collect();
    let wanted: Vec<&str> = block.lines().collect();
    let first = wanted.first().copied().unwrap_or_default();
    lines.windows(wanted.len()).any(|window| {
        let Some(indent) = window[0].strip_suffix(first).filter(|indent| indent.trim().is_empty())
        else {
            return false;
        };
        window.iter().zip(&wanted).all(|(line, wanted)| match wanted.is_empty() {
            true => line.is_empty(),
            false => line.strip_prefix(indent) == Some(wanted),
        })
    })
}

#[test]
fn every_block_of_the_document_is_compiled() {
    let document = fs::read_to_string(root().join(DOCUMENT)).unwrap();
    let mut all = Vec::new();
    COMPILED.iter().for_each(|folder| sources(&root().join(folder), &mut all));
    let blocks = blocks(&document, "rust");
    assert!(blocks.len() >= 20, "the document has lost its code: {} blocks", blocks.len());
    let strange: Vec<String> = blocks
        .iter()
        .filter(|(_, block)| !all.iter().any(|text| holds(text, block)))
        .map(|(line, block)| format!("{DOCUMENT}:{line} is in no file that is compiled:\n{block}"))
        .collect();
    assert!(strange.is_empty(), "{}", strange.join("\n"));
}

#[test]
fn every_filter_here_is_in_the_document() {
    let document = fs::read_to_string(root().join(DOCUMENT)).unwrap();
    for entry in fs::read_dir(root().join("crates/guide/src")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            name == "lib.rs" || document.contains(&format!("crates/guide/src/{name}")),
            "{name}"
        );
    }
}

#[test]
fn the_lines_of_the_document_are_short() {
    let document = fs::read_to_string(root().join(DOCUMENT)).unwrap();
    let mut is_code = false;
    for (number, line) in (1..).zip(document.lines()) {
        is_code ^= line.starts_with("```");
        // The code is as wide as rustfmt lets it be, and a row of a table is one line.
        let is_free = is_code || line.starts_with('|');
        assert!(is_free || line.chars().count() <= 100, "{DOCUMENT}:{number} is too long");
    }
}

#[test]
fn a_block_that_drifts_is_seen() {
    let text = "fn a() {\n    if b {\n        c();\n    }\n}\n";
    for (block, is_there) in [
        ("if b {\n    c();\n}\n", true),
        ("fn a() {\n    if b {\n", true),
        ("if b {\nc();\n}\n", false),
        ("if b {\n    c()\n}\n", false),
        ("c();\n}\n", false),
        ("b {\n", false),
    ] {
        assert_eq!(holds(text, block), is_there, "{block}");
    }
}
