//! The name of a filter, as each place spells it.

use std::str::FromStr;

use anyhow::{Error, bail};

/// A name in kebab-case, which can be a crate's, a module's and a type's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name(String);

impl Name {
    /// As folders, modules and configurations spell it: `tenant-check`.
    pub(super) fn kebab(&self) -> &str {
        &self.0
    }

    /// As Rust's modules, codes and metrics do: `tenant_check`.
    pub(super) fn snake(&self) -> String {
        self.0.replace('-', "_")
    }

    /// As Rust's types do: `TenantCheck`.
    pub(super) fn pascal(&self) -> String {
        let word = |word: &str| {
            let mut letters = word.chars();
            let first = letters.next().map(|letter| letter.to_ascii_uppercase());
            first.into_iter().chain(letters).collect::<String>()
        };
        self.0.split('-').map(word).collect()
    }
}

impl FromStr for Name {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let is_word = |word: &str| {
            word.starts_with(|letter: char| letter.is_ascii_lowercase())
                && word.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
        };
        if text.len() > MOST || !text.split('-').all(is_word) {
            bail!(
                "`{text}` is no name: it must be words of lower-case letters and digits with a dash between \
                 them, such as tenant-check, {MOST} bytes at most"
            );
        }
        if KEYWORDS.contains(&text) {
            bail!("`{text}` is no name: it is a word of Rust, and a module could not be called so");
        }
        Ok(Self(text.to_owned()))
    }
}

/// The longest name: it is part of the names of counters.
const MOST: usize = 40;

/// The Rust Reference, "Keywords", as far as they are in lower case.
const KEYWORDS: [&str; 51] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];
