//! Names of theirs, as ours may be.

/// A name as rules of filters may have one: letters, digits, `-_./`.
pub(crate) fn rule_name(name: &str) -> String {
    name.chars()
        .map(|letter| match letter {
            letter if letter.is_ascii_alphanumeric() || "-_./".contains(letter) => letter,
            _ => '-',
        })
        .take(100)
        .collect()
}
