//! The files of a new filter: a filter called `my-filter`, under another name.

use super::File;
use super::name::Name;

/// Where each goes, and what it holds.
const FILES: [(&str, &str); 8] = [
    ("filters/my-filter/Cargo.toml", include_str!("template/manifest.toml")),
    ("filters/my-filter/README.md", include_str!("template/README.md")),
    ("filters/my-filter/src/lib.rs", include_str!("template/src/lib.rs")),
    ("filters/my-filter/src/config.rs", include_str!("template/src/config.rs")),
    ("filters/my-filter/src/refusal.rs", include_str!("template/src/refusal.rs")),
    ("filters/my-filter/src/tests.rs", include_str!("template/src/tests.rs")),
    ("envoy/my-filter.yaml", include_str!("template/envoy.yaml")),
    ("tests/my_filter.rs", include_str!("template/end_to_end.rs")),
];

/// The files of a filter of this name.
pub(super) fn files(name: &Name) -> Vec<File> {
    let filled = |text: &str| filled(text, name);
    FILES.iter().map(|(path, text)| File { path: filled(path), text: filled(text) }).collect()
}

fn filled(text: &str, name: &Name) -> String {
    text.replace("my-filter", name.kebab())
        .replace("my_filter", &name.snake())
        .replace("MyFilter", &name.pascal())
}

/// Whether the templates have this word: a type of the new filter cannot be called so.
pub(super) fn has_word(word: &str) -> bool {
    FILES
        .iter()
        .filter(|(path, _)| path.ends_with(".rs"))
        .any(|(_, text)| super::lists::is_in(word, text))
}
